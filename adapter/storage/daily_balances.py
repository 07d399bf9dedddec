"""How did the calls of whole days compare with the provider's list? One row for each account and day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from adapter.storage.schema import daily_balances
from adapter.storage.session import Session


@dataclass(frozen=True)
class DailyBalance:
    """The calls that began on this day (UTC).

    provider: its name as people write it. listed: how many the provider lists. tally: how many of them had each
    state when they were compared, in the words of `adapter.reconcile.report.word`.
    """

    account: str
    day: date
    provider: str
    listed: int
    tally: Mapping[str, int]
    compared_at: datetime


class DailyBalances:
    """Keeps and reads the balances. A later comparison of a day replaces the earlier one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, balance: DailyBalance) -> None:
        """Keep this balance. Raise StoreUnavailable."""
        values = {
            "provider": balance.provider,
            "listed": balance.listed,
            "tally": json.dumps(dict(balance.tally)),
            "compared_at": balance.compared_at,
        }
        statement = self._session.insert(daily_balances).values(
            account=balance.account, day=balance.day, **values
        )
        key = [daily_balances.c.account, daily_balances.c.day]
        with self._session.autocommit() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values))

    def since(self, day: date) -> Sequence[DailyBalance]:
        """Return the balances of this day and of later ones: the newest day first, then by account."""
        query = (
            sa.select(daily_balances)
            .where(daily_balances.c.day >= day)
            .order_by(daily_balances.c.day.desc(), daily_balances.c.account)
        )
        with self._session.autocommit() as connection:
            return [
                DailyBalance(
                    row.account,
                    row.day,
                    row.provider,
                    row.listed,
                    json.loads(row.tally),
                    row.compared_at,
                )
                for row in connection.execute(query)
            ]
