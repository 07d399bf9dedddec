"""Which call does a leg belong to?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema import legs
from adapter.storage.session import Session


class Legs:
    """The rows of `legs`. A leg whose call is not known yet is stored as its own."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def owner(self, connection: sa.Connection, leg_key: str) -> str | None:
        """The key of the call that this leg was dialled by, if that is known.

        Locks the leg: whoever tells its owner at the same time waits for us, or we for them.
        """
        statement = self._session.insert(legs).values(leg_key=leg_key, call_key=leg_key)
        locked = statement.on_conflict_do_update(
            index_elements=[legs.c.leg_key], set_={"leg_key": leg_key}
        )
        owner = str(connection.execute(locked.returning(legs.c.call_key)).scalar_one())
        return owner if owner != leg_key else None

    def known_owner(self, leg_key: str) -> str | None:
        """The key of the call that this leg was dialled by, if that is known. It is read without a lock."""
        query = sa.select(legs.c.call_key).where(legs.c.leg_key == leg_key)
        with self._session.autocommit() as connection:
            owner: str | None = connection.execute(query).scalar_one_or_none()
        return owner if owner != leg_key else None

    def own(self, connection: sa.Connection, leg_key: str, call_key: str) -> None:
        """Note that this leg was dialled by this call, unless another call is known to have dialled it."""
        statement = self._session.insert(legs).values(leg_key=leg_key, call_key=call_key)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[legs.c.leg_key],
                set_={"call_key": call_key},
                where=legs.c.call_key == legs.c.leg_key,  # its owner was not known until now
            )
        )
