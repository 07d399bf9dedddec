"""What did we change at the providers' numbers, and what was there before?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.domain.actor import Actor
from adapter.domain.callback import Callback, CallbackChange, ChangeKind
from adapter.storage.schema import callback_changes
from adapter.storage.session import Session


class CallbackChanges:
    """The rows of `callback_changes`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(
        self,
        provider: str,
        account: str,
        set_at: str,
        *,
        kind: ChangeKind,
        old: Callback,
        new: Callback,
        by: Actor,
        now: datetime,
    ) -> int:
        """Keep a change that is about to be asked for; it is committed. Return its id."""
        statement = sa.insert(callback_changes).values(
            provider=provider,
            account=account,
            set_at=set_at,
            kind=kind.value,
            old_url=old.url,
            old_method=old.method,
            new_url=new.url,
            new_method=new.method,
            who=by.name,
            at=now,
        )
        with self._session.begin() as connection:
            query = statement.returning(callback_changes.c.id)
            return int(connection.execute(query).scalar_one())

    def confirm(self, change_id: int, now: datetime) -> None:
        """Keep that the new value was read back."""
        statement = (
            sa.update(callback_changes)
            .where(callback_changes.c.id == change_id)
            .values(confirmed_at=now)
        )
        with self._session.begin() as connection:
            connection.execute(statement)

    def by_place(self, provider: str, account: str) -> Mapping[str, list[CallbackChange]]:
        """Return the changes in this account by what has the callback, the oldest first."""
        query = (
            sa.select(callback_changes)
            .where(callback_changes.c.provider == provider, callback_changes.c.account == account)
            .order_by(callback_changes.c.id)
        )
        places: dict[str, list[CallbackChange]] = {}
        with self._session.autocommit() as connection:
            for row in connection.execute(query):
                places.setdefault(row.set_at, []).append(_of(row))
        return places

    def own_addresses(self) -> Mapping[str, ChangeKind]:
        """Return the addresses that we connected numbers to, without fragments, and why we last did."""
        query = (
            sa.select(callback_changes.c.new_url, callback_changes.c.kind)
            .where(callback_changes.c.kind.in_([kind.value for kind in ChangeKind if kind.is_ours]))
            .order_by(callback_changes.c.id)
        )
        with self._session.autocommit() as connection:
            rows = connection.execute(query)
            return {Callback(row.new_url).address: ChangeKind(row.kind) for row in rows}


def _of(row: sa.Row[Any]) -> CallbackChange:
    return CallbackChange(
        id=row.id,
        set_at=row.set_at,
        kind=ChangeKind(row.kind),
        old=Callback(row.old_url, row.old_method),
        new=Callback(row.new_url, row.new_method),
        who=row.who,
        at=row.at,
        confirmed_at=row.confirmed_at,
    )
