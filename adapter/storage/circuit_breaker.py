"""May an integration be written to now, or do its writes fail?"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from adapter.storage.schema import breakers
from adapter.storage.session import Session

_BREAKER = sa.select(breakers).where(breakers.c.integration_id == sa.bindparam("this"))


class Breakers:
    """Stops writing to an integration whose writes fail, but for a probe now and then."""

    FAILURES = 5
    FIRST_SECONDS = 10.0
    LONGEST_SECONDS = 120.0
    PROBE_SECONDS = 60.0
    LOSER_SECONDS = 5.0
    BELIEVE_SECONDS = 1.0

    def __init__(self, session: Session) -> None:
        self._session = session
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
        with self._session.autocommit() as connection:
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
        with self._session.autocommit() as connection:
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
        with self._session.autocommit() as connection:
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
        statement = self._session.insert(breakers).values(
            integration_id=integration_id, failures=1, opened_at=0.0, open_until=0.0
        )
        with self._session.begin() as connection:
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
        with self._session.autocommit() as connection:
            connection.execute(
                sa.delete(breakers).where(breakers.c.integration_id == integration_id)
            )
