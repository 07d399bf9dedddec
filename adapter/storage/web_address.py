"""Which public address has web told the other processes?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.storage.schema import web_addresses
from adapter.storage.session import Session

_NAME = "public"


@dataclass(frozen=True)
class ToldAddress:
    """An address that web told. told_by: the variable that web had it from. told_at: when it told it first."""

    address: str
    told_by: str
    told_at: datetime


class WebAddress:
    """The row of `web_addresses`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def told(self) -> ToldAddress | None:
        """Return the address that web told last; None if it told none yet. Raise StoreUnavailable."""
        query = sa.select(web_addresses).where(web_addresses.c.name == _NAME)
        with self._session.autocommit() as connection:
            row = connection.execute(query).one_or_none()
        return ToldAddress(row.address, row.told_by, row.told_at) if row else None

    def tell(self, address: str, told_by: str, now: datetime) -> ToldAddress | None:
        """Keep this address. Return the other one that it replaced, to one caller only.

        Raise StoreUnavailable.
        """
        before = self.told()
        values = {"address": address, "told_by": told_by, "told_at": now}
        if before is None:
            statement = self._session.insert(web_addresses).values(name=_NAME, **values)
            with self._session.autocommit() as connection:
                connection.execute(statement.on_conflict_do_nothing(index_elements=["name"]))
            return None
        if (before.address, before.told_by) == (address, told_by):
            return None
        replace = (
            sa.update(web_addresses)
            .where(web_addresses.c.name == _NAME, web_addresses.c.address == before.address)
            .values(**values)
        )
        with self._session.autocommit() as connection:
            is_replaced = connection.execute(replace).rowcount > 0
        return before if is_replaced and before.address != address else None
