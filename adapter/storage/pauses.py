"""What does the target refuse for now, and which calls wait for it? Shared by all workers, kept over restarts.

A pause has a name (`key/...`, `integration/...`). While it lasts nothing is asked that it forbids, but for one
try a minute. A call that met it says so in its row (`waits_for`) and is run again when it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.storage.schema import calls, pauses
from adapter.storage.session import Session

TRY_EVERY = timedelta(seconds=60)
BELIEVE_SECONDS = 1.0


@dataclass(frozen=True)
class Pause:
    """words: what is refused, what follows from it, and what is to be done. try_at: when it may be tried."""

    name: str
    since: datetime
    try_at: datetime
    words: str

    def __str__(self) -> str:
        return f"since {self.since:%Y-%m-%d %H:%M} UTC {self.words}"


class Pauses:
    """The pauses. clock: aware UTC now."""

    def __init__(self, session: Session, clock: Callable[[], datetime]) -> None:
        self._session = session
        self._clock = clock
        self._known: Mapping[str, Pause] = {}
        self._known_at: datetime | None = None

    def all(self) -> Mapping[str, Pause]:
        """The pauses by name, as they are now."""
        at = self._clock()
        with self._session.autocommit() as connection:
            rows = connection.execute(sa.select(pauses).order_by(pauses.c.since)).all()
        self._known = {row.name: Pause(**row._mapping) for row in rows}
        self._known_at = at
        return self._known

    def known(self) -> Mapping[str, Pause]:
        """The pauses as they were at most a second ago: not every request needs a look."""
        at = self._known_at
        if at is not None and 0 <= (self._clock() - at).total_seconds() < BELIEVE_SECONDS:
            return self._known
        return self.all()

    def begin(self, name: str, words: str) -> Pause:
        """The pause of this name, from now on if there was none."""
        now = self._clock()
        statement = self._session.insert(pauses).values(
            name=name, since=now, try_at=now + TRY_EVERY, words=words
        )
        with self._session.begin() as connection:
            row = connection.execute(
                # As good as no change, so that the row comes back.
                statement.on_conflict_do_update(
                    index_elements=[pauses.c.name], set_={"words": words}
                ).returning(*pauses.columns)
            ).one()
        self._known_at = None
        return Pause(**row._mapping)

    def is_due(self, pause: Pause) -> bool:
        """Whether it may be tried now."""
        return pause.try_at <= self._clock()

    def take_try(self, pause: Pause) -> bool:
        """True for the one caller that may try whether it still holds; the next may in a minute."""
        now = self._clock()
        if not self.is_due(pause):
            return False
        with self._session.autocommit() as connection:
            taken = connection.execute(
                sa.update(pauses)
                .where(pauses.c.name == pause.name, pauses.c.try_at == pause.try_at)
                .values(try_at=now + TRY_EVERY)
            )
        self._known_at = None
        return taken.rowcount > 0

    def end(self, name: str) -> None:
        """It is over."""
        with self._session.autocommit() as connection:
            connection.execute(sa.delete(pauses).where(pauses.c.name == name))
        self._known_at = None

    # The calls that wait ----------------------------------------------------------------------------

    def waiting(self) -> Mapping[str, int]:
        """How many calls wait, by what they wait for."""
        query = (
            sa.select(calls.c.waits_for, sa.func.count())
            .where(calls.c.waits_for.isnot(None), calls.c.due_at.isnot(None))
            .group_by(calls.c.waits_for)
        )
        with self._session.autocommit() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def wake_others(self, paused: Collection[str]) -> int:
        """Let all calls go on that wait for something else than these; how many that were."""
        now = self._clock()
        over = sa.and_(_is_waiting(now), calls.c.waits_for.notin_(list(paused)))
        with self._session.autocommit() as connection:
            if (
                connection.execute(sa.select(calls.c.key).where(over).limit(1)).one_or_none()
                is None
            ):
                return 0  # as nearly always; nothing is written then
            return connection.execute(sa.update(calls).where(over).values(due_at=now)).rowcount

    def wake_one(self, name: str) -> bool:
        """Let one of the calls that wait for this find out whether it is over; False if none waits."""
        now = self._clock()
        waits = sa.and_(calls.c.waits_for == name, calls.c.due_at.isnot(None))
        with self._session.autocommit() as connection:
            # One that was let go already is the first of them.
            query = sa.select(calls.c.key, calls.c.due_at).where(waits).order_by(calls.c.due_at)
            first = connection.execute(query.limit(1)).one_or_none()
            if first is not None and first.due_at > now:
                here = sa.and_(calls.c.key == first.key, _is_waiting(now))
                connection.execute(sa.update(calls).where(here).values(due_at=now))
        return first is not None


def _is_waiting(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        calls.c.waits_for.isnot(None), calls.c.due_at > now, calls.c.queued_run < calls.c.run
    )
