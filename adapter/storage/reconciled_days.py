"""Which of these calls are known, and how far has a comparison with the provider's list come?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

import sqlalchemy as sa

from adapter.domain.call import Call, CallState
from adapter.storage.schema import calls, reconciled_days
from adapter.storage.session import Session

BATCH = 500
T = TypeVar("T")


class ReconciledDays:
    """Looks calls up by the hundred, and keeps the cursor of a long comparison."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def calls(self, keys: Sequence[str]) -> Mapping[str, Call]:
        """Those of the calls that are known. keys: not more than a batch."""
        query = sa.select(calls).where(calls.c.key.in_(keys))
        with self._session.begin() as connection:
            return {row.key: Call.of(row._mapping) for row in connection.execute(query)}

    def states(self, keys: Sequence[str]) -> Mapping[str, CallState]:
        """Where those of the calls stand that are known. keys: not more than a batch."""
        query = sa.select(calls.c.key, calls.c.state).where(calls.c.key.in_(keys))
        with self._session.begin() as connection:
            return {row.key: CallState(row.state) for row in connection.execute(query)}

    def days_done(self, account: str, since: datetime) -> Mapping[date, Mapping[str, int]]:
        """The days of this account that were done since then, each with its calls by state."""
        query = sa.select(reconciled_days.c.day, reconciled_days.c.tally).where(
            reconciled_days.c.account == account, reconciled_days.c.done_at >= since
        )
        with self._session.begin() as connection:
            return {row.day: json.loads(row.tally) for row in connection.execute(query)}

    def day_done(self, account: str, day: date, tally: Mapping[str, int], now: datetime) -> None:
        values = {"done_at": now, "tally": json.dumps(dict(tally))}
        statement = self._session.insert(reconciled_days).values(account=account, day=day, **values)
        key = [reconciled_days.c.account, reconciled_days.c.day]
        with self._session.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values))

    def forget_days(self, accounts: Sequence[str]) -> None:
        """The comparison is complete; the next one begins from the start."""
        with self._session.begin() as connection:
            connection.execute(
                sa.delete(reconciled_days).where(reconciled_days.c.account.in_(accounts))
            )


def batches(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """The items in order, so many at a time."""
    for place in range(0, len(items), size):
        yield items[place : place + size]
