"""How do calls and workers stand now, in numbers? Cheap also with a million calls.

What is not delivered, not confirmed or waits is read from indexes that hold only such calls. Their conditions
are written out, as the indexes have them: of a parameter a planner may not see that the index is enough.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.domain.call import CallState
from adapter.domain.lifecycle import ALL, SETTLED, States
from adapter.storage.calls import state_in
from adapter.storage.rate_budget import WINDOW_SECONDS
from adapter.storage.schema import UNDELIVERED, breakers, budgets, calls, hooks, jobs, syncs
from adapter.storage.session import Session

# So many of a line's newest calls are looked at for its last hook.
_NEWEST_CALLS = 20
_LINES_AT_ONCE = 100
# Counting the settled ones takes time with a million of them; it may take a hundredth of all time.
_WORTH = 100


@dataclass(frozen=True)
class Undelivered:
    """Calls that are to be written and are not: how many, since when, and how many failed at a try."""

    count: int
    ended_at: datetime | None
    due_at: datetime | None
    retrying: int


class Standing:
    """Reads the numbers. monotonic: seconds by a clock that does not jump."""

    def __init__(self, session: Session, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._monotonic = monotonic
        self._settled: Mapping[tuple[str, str], int] = {}
        self._settled_until = float("-inf")

    def undelivered(self) -> Undelivered:
        """ended_at: of the oldest one, when its end was told; due_at: of the longest due one."""
        row = self._one(
            sa.select(
                sa.func.count(),
                sa.func.min(calls.c.over_at),
                sa.func.min(calls.c.due_at),
                sa.func.coalesce(sa.func.sum(sa.case((calls.c.tries > 0, 1), else_=0)), 0),
            ).where(sa.text(UNDELIVERED))
        )
        return Undelivered(row[0], row[1], row[2], int(row[3]))

    def oldest_unconfirmed(self) -> datetime | None:
        """When the write was accepted that is unconfirmed for the longest time."""
        query = sa.select(sa.func.min(calls.c.posted_at)).where(sa.text("state = 'posted'"))
        row = self._one(query)
        found: datetime | None = row[0]
        return found

    def parked(self) -> int:
        query = sa.select(sa.func.count()).select_from(hooks).where(sa.text("state = 'parked'"))
        return int(self._one(query)[0])

    def held(self) -> int:
        """How many calls wait for a decision."""
        query = sa.select(sa.func.count()).where(calls.c.state == CallState.HELD.value)
        return int(self._one(query)[0])

    def calls(self) -> Mapping[tuple[str, str], int]:
        """How many calls there are by (state, outcome); of settled states as of a while ago."""
        begun = self._monotonic()
        if begun >= self._settled_until:
            self._settled = self._counts(SETTLED)
            now = self._monotonic()
            self._settled_until = now + _WORTH * (now - begun)
        return {**self._settled, **self._counts(ALL - SETTLED)}

    def _counts(self, states: States) -> Mapping[tuple[str, str], int]:
        outcome = sa.func.coalesce(calls.c.outcome, "unknown")
        query = (
            sa.select(calls.c.state, outcome, sa.func.count())
            .where(state_in(states))
            .group_by(calls.c.state, calls.c.outcome)
        )
        return {(row[0], row[1]): row[2] for row in self._rows(query)}

    def breakers(self) -> Sequence[sa.Row[Any]]:
        """Integrations whose last write failed: integration_id, failures, open_until (epoch seconds)."""
        return self._rows(sa.select(breakers))

    def budget(self, name: str, now: float) -> tuple[int, int | None]:
        """Requests of the last minute, and the limit that the other side stated."""
        query = sa.select(budgets.c.counts, budgets.c.allowed).where(budgets.c.name == name)
        for row in self._rows(query):
            counts: Mapping[str, int] = json.loads(row.counts)
            used = sum(n for second, n in counts.items() if now - int(second) < WINDOW_SECONDS)
            return used, row.allowed
        return 0, None

    def last_hooks(self, lines: Sequence[str]) -> Mapping[str, datetime]:
        """When the last hook of each line came, for those that had one lately. lines: numbers in E.164.

        A hook names a call. So it is looked for among those of the line's newest calls.
        """
        found: dict[str, datetime] = {}
        for place in range(0, len(lines), _LINES_AT_ONCE):
            parts = [_last_hook(line) for line in lines[place : place + _LINES_AT_ONCE]]
            rows = self._rows(sa.union_all(*parts))
            found |= {row.line: row.at for row in rows if row.at is not None}
        return found

    def syncs(self) -> Sequence[sa.Row[Any]]:
        """How far people are read: integration_id, kind, is_filled, known_until."""
        return self._rows(
            sa.select(syncs.c.integration_id, syncs.c.kind, syncs.c.is_filled, syncs.c.known_until)
        )

    def jobs(self) -> Mapping[str, datetime]:
        """When the last good run of each job began."""
        query = sa.select(jobs.c.name, jobs.c.ran_at).where(jobs.c.ran_at.isnot(None))
        return {row.name: row.ran_at for row in self._rows(query)}

    def _rows(self, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> Sequence[Any]:
        with self._session.autocommit() as connection:
            return connection.execute(query).all()

    def _one(self, query: sa.Select[Any]) -> Any:
        return self._rows(query)[0]


def _last_hook(line: str) -> sa.Select[Any]:
    newest = (
        sa.select(calls.c.key)
        .where(calls.c.line == line)
        .order_by(calls.c.first_seen_at.desc())
        .limit(_NEWEST_CALLS)
    )
    at = sa.select(sa.func.max(hooks.c.received_at)).where(hooks.c.call_key.in_(newest))
    return sa.select(sa.literal(line).label("line"), at.scalar_subquery().label("at"))
