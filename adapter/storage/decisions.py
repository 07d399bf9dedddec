"""Who decided what about a call?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.domain.actor import Actor
from adapter.domain.decision import Decision
from adapter.storage.schema import decisions
from adapter.storage.session import Session


class Decisions:
    """The rows of `decisions`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, connection: sa.Connection, key: str, what: str, *, by: Actor, run: int, now: datetime
    ) -> None:
        """Keep a decision about this call. run: as of `Decision`."""
        values = {"this": key, "at_": now, "who_": by.name, "origin_": by.origin}
        self._session.later(connection, _ADD, {**values, "what_": what, "run_": run})

    def last(self, connection: sa.Connection, key: str) -> Decision | None:
        """The newest decision that planned a run of this call, as this transaction sees it."""
        row = connection.execute(_LAST, {"this": key}).one_or_none()
        return _of(row) if row else None

    def of_call(self, key: str) -> Sequence[Decision]:
        """The decisions about this call, the oldest first."""
        query = sa.select(decisions).where(decisions.c.call_key == key).order_by(decisions.c.id)
        with self._session.autocommit() as connection:
            return [_of(row) for row in connection.execute(query)]


def _of(row: sa.Row[Any]) -> Decision:
    return Decision(**row._mapping)


# Built once: SQLAlchemy takes longer to build a statement than to send it.
_ADD = sa.insert(decisions).values(
    call_key=sa.bindparam("this"),
    at=sa.bindparam("at_", type_=decisions.c.at.type),
    who=sa.bindparam("who_"),
    origin=sa.bindparam("origin_"),
    what=sa.bindparam("what_"),
    run=sa.bindparam("run_"),
)
_LAST = (
    sa.select(decisions)
    .where(decisions.c.call_key == sa.bindparam("this"), decisions.c.run > 0)
    .order_by(decisions.c.id.desc())
    .limit(1)
)
