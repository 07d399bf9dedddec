"""What do the worker processes share besides the calls: a rate budget, breakers, leases?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapter.storage.schema import breakers, budgets, leases
from adapter.storage.store import Store

# A worker that was silent for so long is dead, and its work is taken over.
DEAD_AFTER = timedelta(seconds=30)
WINDOW_SECONDS = 60.0
# Answers come late, and are compared with what had been sent by then.
KEPT_SECONDS = 180.0
_BREAKER = sa.select(breakers).where(breakers.c.integration_id == sa.bindparam("this"))


class Budgets:
    """Counts requests over the last minute, whatever moment the other side's minutes begin at.

    Their minutes are fixed, and where they begin is not told. So many requests in any sixty seconds are
    never more in any minute of theirs. Times are epoch seconds; counts are kept by the second.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def spend(self, name: str, *, now: float, allowed: int, share: float) -> float:
        """Take one request; 0.0 if there was one, else how many seconds to wait.

        allowed: the limit, unless the other side has stated one (learn).
        share: which part of it this kind of request may use up. A fiftieth is left unused,
        for requests that are longer under way than others.
        """
        with self._store.begin() as connection:
            row = self._row(connection, name)
            kept = {
                int(second): count
                for second, count in json.loads(row.counts).items()
                if now - int(second) < KEPT_SECONDS
            }
            counts = {s: n for s, n in kept.items() if now - s < WINDOW_SECONDS + 1}
            if row.closed_until > now:
                return float(row.closed_until - now)
            most = row.allowed or allowed
            limit = max(int((most - max(1, most // 50)) * share), 1)
            if sum(counts.values()) >= limit:
                return _until_room(counts, limit, now)
            kept[int(now)] = kept.get(int(now), 0) + 1
            connection.execute(
                sa.update(budgets).where(budgets.c.name == name).values(counts=json.dumps(kept))
            )
        return 0.0

    def learn(
        self, name: str, *, now: float, used: int | None, allowed: int | None, closed_until: float
    ) -> None:
        """What an answer's headers said: the limit, and how many requests of it their minute had seen.

        now: when the request was sent. What they counted beyond our own, others spent with the same key.
        """
        with self._store.begin() as connection:
            row = self._row(connection, name)
            values: dict[str, Any] = {}
            counts = {int(second): count for second, count in json.loads(row.counts).items()}
            ours = sum(n for second, n in counts.items() if now - 61 < second <= now)
            if used is not None and used > ours:
                counts[int(now)] = counts.get(int(now), 0) + used - ours
                values["counts"] = json.dumps(counts)
            if allowed is not None and allowed != row.allowed:
                values["allowed"] = allowed
            if closed_until > row.closed_until:
                values["closed_until"] = closed_until
            if values:
                connection.execute(
                    sa.update(budgets).where(budgets.c.name == name).values(**values)
                )

    def _row(self, connection: sa.Connection, name: str) -> sa.Row[Any]:
        """The budget's row, locked; made if there is none."""
        return connection.execute(
            self._store.insert(budgets)
            .values(name=name, counts="{}", closed_until=0.0)
            .on_conflict_do_update(index_elements=[budgets.c.name], set_={"name": name})
            .returning(*budgets.columns)
        ).one()


def _until_room(counts: Mapping[int, int], limit: int, now: float) -> float:
    """Seconds until enough of these requests are older than a minute."""
    left = sum(counts.values())
    for second in sorted(counts):
        left -= counts[second]
        if left < limit:
            return max(second + 1 + WINDOW_SECONDS - now, 0.01)
    return WINDOW_SECONDS


class Breakers:
    """Stops writing to an integration whose writes fail, but for a probe now and then."""

    FAILURES = 5
    FIRST_SECONDS = 10.0
    LONGEST_SECONDS = 120.0
    PROBE_SECONDS = 60.0
    LOSER_SECONDS = 5.0
    BELIEVE_SECONDS = 1.0

    def __init__(self, store: Store) -> None:
        self._store = store
        # Integrations that had a failure when `wait` last looked: of others nothing need be asked or noted.
        self._troubled: set[str] = set()
        # When `wait` looked and found none, so that not every write needs a look.
        self._well_at: dict[str, float] = {}
        self._failures = 0

    def wait(self, integration_id: str, now: float) -> float:
        """0.0 if a write may be tried, else how many seconds to wait.

        When the time is up one caller may try; the others wait for what becomes of it. Of a failure that
        another process noted it learns within a second.
        """
        age = now - self._well_at.get(integration_id, 0.0)
        if integration_id not in self._troubled and 0 <= age < self.BELIEVE_SECONDS:
            return 0.0
        here, failures = breakers.c.integration_id == integration_id, self._failures
        with self._store.autocommit() as connection:
            row = connection.execute(_BREAKER, {"this": integration_id}).one_or_none()
        if row is None:
            if failures == self._failures:  # else this one may have failed since it was looked at
                self._troubled.discard(integration_id)
                self._well_at[integration_id] = now
            return 0.0
        self._troubled.add(integration_id)
        left = self._left(row, now)
        if row.failures < self.FAILURES or left > 0:
            return left
        with self._store.autocommit() as connection:
            probing = connection.execute(
                sa.update(breakers)
                .where(here, breakers.c.open_until == row.open_until)
                .values(open_until=now + self.PROBE_SECONDS)
            )
        return 0.0 if probing.rowcount else self.LOSER_SECONDS

    def seconds_left(self, integration_id: str, now: float) -> float:
        """How long nothing is to be written; 0.0 also if the next one would be a probe."""
        if integration_id not in self._troubled:
            return 0.0
        with self._store.autocommit() as connection:
            row = connection.execute(_BREAKER, {"this": integration_id}).one_or_none()
        return self._left(row, now)

    def _left(self, row: Any, now: float) -> float:
        if row is None or row.failures < self.FAILURES:
            return 0.0
        return max(float(row.open_until - now), 0.0)

    def failed(self, integration_id: str, now: float, begun: float) -> None:
        """A write that was begun then did not get through; after several in a row the breaker opens.

        What was under way when it opened does not count again: it is the same outage.
        """
        self._failures += 1
        self._troubled.add(integration_id)
        statement = self._store.insert(breakers).values(
            integration_id=integration_id, failures=1, opened_at=0.0, open_until=0.0
        )
        with self._store.begin() as connection:
            failures = connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[breakers.c.integration_id],
                    set_={"failures": breakers.c.failures + 1},
                    where=breakers.c.opened_at < begun,
                ).returning(breakers.c.failures)
            ).scalar_one_or_none()
            if failures is not None and failures >= self.FAILURES:
                wait = self.FIRST_SECONDS * 2 ** min(failures - self.FAILURES, 10)
                connection.execute(
                    sa.update(breakers)
                    .where(breakers.c.integration_id == integration_id)
                    .values(opened_at=now, open_until=now + min(wait, self.LONGEST_SECONDS))
                )

    def succeeded(self, integration_id: str) -> None:
        """A write was answered: the breaker is closed."""
        if integration_id not in self._troubled:
            return
        self._troubled.discard(integration_id)
        with self._store.autocommit() as connection:
            connection.execute(
                sa.delete(breakers).where(breakers.c.integration_id == integration_id)
            )


class Leases:
    """Lets one process at a time do a piece of work, and no more often than is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, name: str, now: datetime, seconds: float) -> bool:
        """True for the one process that may do it now; nobody else gets it for so many seconds."""
        until = now + timedelta(seconds=seconds)
        statement = (
            self._store.insert(leases)
            .values(name=name, held_until=until)
            .on_conflict_do_update(
                index_elements=[leases.c.name],
                set_={"held_until": until},
                where=leases.c.held_until <= now,
            )
            .returning(leases.c.name)
        )
        with self._store.begin() as connection:
            return connection.execute(statement).one_or_none() is not None

    def renew(self, name: str, now: datetime, seconds: float) -> None:
        """Its holder goes on with it."""
        with self._store.begin() as connection:
            connection.execute(
                sa.update(leases)
                .where(leases.c.name == name)
                .values(held_until=now + timedelta(seconds=seconds))
            )
