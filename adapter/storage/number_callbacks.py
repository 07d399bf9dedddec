"""Do the provider's numbers call back to this address? Kept by the provider's ids of the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapter.storage.schema import number_callbacks
from adapter.storage.session import Session


class NumberCallbacks:
    """The rows of `number_callbacks`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, provider: str, account: str, is_here: Mapping[str, bool], now: datetime) -> None:
        """Keep where the numbers of an account call back to. Numbers that it has no longer are dropped."""
        ours = sa.and_(
            number_callbacks.c.provider == provider, number_callbacks.c.account == account
        )
        with self._session.begin() as connection:
            gone = number_callbacks.c.number_id.notin_(list(is_here))
            connection.execute(sa.delete(number_callbacks).where(ours, gone))
            for number_id, here in sorted(is_here.items()):
                statement = self._session.insert(number_callbacks).values(
                    provider=provider,
                    account=account,
                    number_id=number_id,
                    is_here=here,
                    was_here=here,
                    checked_at=now,
                )
                was_here = sa.or_(number_callbacks.c.was_here, statement.excluded.was_here)
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=list(number_callbacks.primary_key),
                        set_={"is_here": here, "was_here": was_here, "checked_at": now},
                    )
                )

    def elsewhere(self) -> Sequence[str]:
        """Return the ids of the numbers that called back here once and do no longer."""
        query = (
            sa.select(number_callbacks.c.number_id)
            .where(number_callbacks.c.was_here, ~number_callbacks.c.is_here)
            .order_by(number_callbacks.c.number_id)
        )
        with self._session.autocommit() as connection:
            return list(connection.execute(query).scalars())
