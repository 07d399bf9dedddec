"""How many hooks were refused lately? By the minute, from all web processes together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.storage.schema import refused_hooks
from adapter.storage.session import Session

KEPT = timedelta(days=1)


class RefusedHooks:
    """The rows of `refused_hooks`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, counts: Mapping[datetime, int]) -> None:
        """Add these counts to what stands there. counts: by the minute. Old minutes are deleted."""
        if not counts:
            return
        statement = self._session.insert(refused_hooks).values(
            [{"minute": minute, "count": count} for minute, count in sorted(counts.items())]
        )
        both = refused_hooks.c.count + statement.excluded.count
        with self._session.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[refused_hooks.c.minute], set_={"count": both}
                )
            )
            old = refused_hooks.c.minute < max(counts) - KEPT
            connection.execute(sa.delete(refused_hooks).where(old))

    def since(self, moment: datetime) -> int:
        """Return how many were refused in the minutes that began then or later."""
        query = sa.select(sa.func.coalesce(sa.func.sum(refused_hooks.c.count), 0))
        with self._session.autocommit() as connection:
            count = connection.execute(query.where(refused_hooks.c.minute >= moment)).scalar_one()
        return int(count)
