"""How is the adapter moved to another database, with nothing lost and nothing written twice? (`adapter copy`)

The source is closed before its first row is copied, and the target opens after the last one. So at no moment is
there a second database that processes may work with. Each step notes that it is done, so the copy can be killed
anywhere, and the same command goes on. docs/decisions/0025-moving-to-another-database.md
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapter.errors import SettingsError
from adapter.storage.copied_rows import (
    COPIED,
    CopiedRows,
    count_rows,
    delete_all,
    set_sequences,
    tables_with_data,
)
from adapter.storage.engine import refuse_newer, schema_state
from adapter.storage.moves import Move, Moves, place_of
from adapter.storage.store import Store
from adapter.storage.web_processes import WebProcesses
from adapter.storage.workers import DEAD_AFTER

LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class TableCount:
    """How many rows a table has in the source and in the target."""

    name: str
    source: int
    target: int


@dataclass(frozen=True)
class Steps:
    """Whom the copy tells how far it is.

    waits: it looks for so many seconds, at the most, whether processes of this database still live.
    begins: the place of the target, and whether an earlier copy goes on.
    copied: a table's name, how many of its rows are in the target, and how many there are.
    """

    waits: Callable[[float], None]
    begins: Callable[[str, bool], None]
    copied: Callable[[str, int, int], None]


class DatabaseCopy:
    """Moves everything from `source` to `target`.

    migrate_target: brings the target to the current schema. clock: now, in UTC. sleep: lets seconds pass.
    """

    def __init__(
        self,
        source: Store,
        target: Store,
        *,
        migrate_target: Callable[[], None],
        steps: Steps,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source, self._target = source, target
        self._out, self._in = Moves(source), Moves(target)
        self._place = place_of(target.engine.url)
        self._migrate_target = migrate_target
        self._steps = steps
        self._clock = clock
        self._sleep = sleep

    def run(self) -> Sequence[TableCount] | None:
        """Copy what is not copied yet, and let the target take the source's place.

        Return how many rows each table has, or None if all was done before.
        Errors: SettingsError if one of the two cannot be used for it; StoreUnavailable, StoreRefused.
        """
        out = self._out.get("out")
        self._refuse_unfinished_source()
        if out is None:
            self._refuse_living(self._source, "this database")
        is_current = self._has_current_schema()
        into = self._in.get("in") if is_current else None
        goes_on = bool(out and into and into.copy_id == out.copy_id)
        if goes_on and into and into.done_at:
            return None
        if not goes_on:
            if out and out.done_at:
                raise SettingsError(
                    f"this database was moved to {out.place} already; to move it elsewhere, go back first: "
                    "adapter copy --undo"
                )
            if is_current:
                self._refuse_used_target(into)
            else:
                self._migrate_target()
        self._steps.begins(self._place, goes_on)
        return self._move(out or self._new_move(), goes_on=goes_on)

    def _move(self, out: Move, *, goes_on: bool) -> Sequence[TableCount]:
        """Do what is left, in the order of decision 25."""
        if not goes_on:
            out = replace(out, place=self._place)
            self._out.move_out(out)
        into = replace(out, way="in", place=place_of(self._source.engine.url), done_at=None)
        if not goes_on:
            with self._target.begin() as connection:
                delete_all(connection)
                self._in.move_in(connection, into, [table.name for table in COPIED])
        rows = CopiedRows(self._source, self._target)
        for table in COPIED:
            total = count_rows(self._source, table)
            self._steps.copied(table.name, rows.copied(table), total)
            for copied in rows.copy(table):
                self._steps.copied(table.name, copied, total)
        set_sequences(self._target)
        counts = self._same_counts()
        now = self._clock()
        # What was in a worker's hand is not copied: its row says that it is due.
        self._target.runs.requeue_lost(now + timedelta(days=1), now)
        if not self._out.end(out, now):
            raise SettingsError("the copy was undone meanwhile; the target stays unusable")
        self._in.end(into, now)
        return counts

    def _has_current_schema(self) -> bool:
        """Return whether the target needs no migration. Errors: SettingsError if it has data otherwise."""
        engine = self._target.engine
        schema, needed = schema_state(engine)
        if schema == needed:
            return True
        refuse_newer(engine)
        if named := tables_with_data(engine):
            raise SettingsError(
                f"{self._place} has schema {schema or 'none'}, needed is {needed}, and data in "
                f"{', '.join(named)}: give an empty database"
            )
        return False

    def _new_move(self) -> Move:
        instance = self._source.secrets.instance()
        return Move("out", uuid.uuid4().hex, instance, self._place, self._clock())

    def _refuse_unfinished_source(self) -> None:
        into = Moves(self._source).get("in")
        if into and not into.done_at:
            raise SettingsError(
                f"this database holds an unfinished copy of {into.place}: finish that first"
            )

    def _refuse_used_target(self, into: Move | None) -> None:
        """Errors: SettingsError if the target holds anything but an older, unfinished copy of the source."""
        self._refuse_living(self._target, self._place)
        instance = self._source.secrets.known_instance() or self._source.secrets.instance()
        if out := self._in.get("out"):
            raise SettingsError(f"{self._place} was moved to {out.place} itself: give an empty one")
        if into and not into.done_at:
            if into.instance == instance:
                return
            raise SettingsError(
                f"{self._place} holds an unfinished copy of {into.place}, which is another database: "
                "give an empty one"
            )
        if self._target.secrets.known_instance() == instance:
            raise SettingsError(
                f"{self._place} is this database itself, or was restored from a backup of it: give an "
                "empty database"
            )
        if named := tables_with_data(self._target.engine):
            raise SettingsError(
                f"{self._place} has data of its own ({', '.join(named[:3])}): give an empty database"
            )

    def _same_counts(self) -> Sequence[TableCount]:
        """Return how many rows each table has. Errors: SettingsError if the two databases differ."""
        counts = [
            TableCount(t.name, count_rows(self._source, t), count_rows(self._target, t))
            for t in COPIED
        ]
        if wrong := [count for count in counts if count.source != count.target]:
            told = ", ".join(f"{c.name} {c.source} and {c.target}" for c in wrong)
            raise SettingsError(
                f"the tables differ in their rows, here and there: {told}; something else writes into "
                f"{self._place}: stop it, empty that database, and run the same command again"
            )
        return counts

    def _refuse_living(self, store: Store, place: str) -> None:
        """Check that no web process and no worker works with this database.

        One that was alive lately is watched for a while: it has ended, if it gives no more sign of life.
        Errors: SettingsError if one lives.
        """
        before = _signs_of_life(store)
        until = self._clock() + DEAD_AFTER
        recent = self._lately(before)
        if recent:
            self._steps.waits(DEAD_AFTER.total_seconds())
        while recent and self._clock() < until:
            self._sleep(LOOK_SECONDS)
            now = _signs_of_life(store)
            living = sorted(name for name, seen_at in now.items() if seen_at != before.get(name))
            if living:
                raise SettingsError(
                    f"{living[0]} is at work in {place}: stop web and worker everywhere, and run this again"
                )
            recent &= self._lately(now)

    def _lately(self, signs: Mapping[str, datetime]) -> set[str]:
        now = self._clock()
        return {name for name, seen_at in signs.items() if now - seen_at < DEAD_AFTER}


def _signs_of_life(store: Store) -> Mapping[str, datetime]:
    """Return when each process was last seen, by how people are told of it."""
    return {
        **{f"worker {name}": at for name, at in store.workers.seen_at().items()},
        **{f"web {name}": at for name, at in WebProcesses(store).seen_at().items()},
    }
