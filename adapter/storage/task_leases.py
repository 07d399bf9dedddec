"""Which process does a piece of periodic work now?"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.storage.schema import leases
from adapter.storage.session import Session


class Leases:
    """Lets one process at a time do a piece of work, and no more often than is asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, name: str, now: datetime, seconds: float) -> bool:
        """True for the one process that may do it now; nobody else gets it for so many seconds."""
        until = now + timedelta(seconds=seconds)
        statement = (
            self._session.insert(leases)
            .values(name=name, held_until=until)
            .on_conflict_do_update(
                index_elements=[leases.c.name],
                set_={"held_until": until},
                where=leases.c.held_until <= now,
            )
            .returning(leases.c.name)
        )
        with self._session.begin() as connection:
            return connection.execute(statement).one_or_none() is not None

    def renew(self, name: str, now: datetime, seconds: float) -> None:
        """Its holder goes on with it."""
        with self._session.begin() as connection:
            connection.execute(
                sa.update(leases)
                .where(leases.c.name == name)
                .values(held_until=now + timedelta(seconds=seconds))
            )
