"""What did the workers count? Kept in the database, where web reads it: a worker has no port of its own.

docs/decisions/0011 says why. Counts are added to what stands there, so they go on over restarts, and those of
all workers are one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from adapter.observability.metrics import Counts
from adapter.storage.schema import totals
from adapter.storage.session import Session


@dataclass(frozen=True)
class Total:
    """One number by its name and labels."""

    name: str
    labels: Mapping[str, str]
    value: float


class Totals:
    """The numbers. A name with labels is one row."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, counts: Counts) -> None:
        """Add these to what stands there."""
        if not counts:
            return
        rows = [
            {"name": name, "labels": labels, "value": value}
            for (name, labels), value in sorted(
                counts.items()
            )  # one order: no two workers deadlock
        ]
        statement = self._session.insert(totals).values(rows)
        with self._session.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[totals.c.name, totals.c.labels],
                    set_={"value": totals.c.value + statement.excluded.value},
                )
            )

    def put(self, values: Mapping[str, Mapping[str, float]], label: str) -> None:
        """Let these names have these values, by the label's value ("": without one), and no others."""
        rows = [
            {"name": name, "labels": json.dumps({label: of} if of else {}), "value": value}
            for name, by_label in values.items()
            for of, value in by_label.items()
        ]
        with self._session.begin() as connection:
            connection.execute(sa.delete(totals).where(totals.c.name.in_(list(values))))
            statement = self._session.insert(totals)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[totals.c.name, totals.c.labels],
                    set_={"value": statement.excluded.value},
                ),
                rows,
            )

    def all(self) -> list[Total]:
        """Every number, in the order of the names."""
        query = sa.select(totals).order_by(totals.c.name, totals.c.labels)
        with self._session.autocommit() as connection:
            return [
                Total(row.name, json.loads(row.labels), row.value)
                for row in connection.execute(query)
            ]


class Flush:
    """Moves what this process counted into the database, now and then."""

    def __init__(
        self, totals: Totals, take: Callable[[], Counts], put_back: Callable[[Counts], None]
    ) -> None:
        self._totals = totals
        self._take = take
        self._put_back = put_back

    def work(self) -> bool:
        """One pass. Errors: StoreUnavailable; nothing is lost by that."""
        counts = self._take()
        try:
            self._totals.add(counts)
        except BaseException:
            self._put_back(counts)
            raise
        return False
