"""Which inbound calls on our lines came at about the time of another call?"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.domain.call import Call, CallState
from adapter.domain.parties import Direction
from adapter.storage.schema import calls
from adapter.storage.session import Session

# A call lasts so long at the most, and so its hooks may have been first heard of so long before its end.
LONGEST_CALL = timedelta(hours=5)
_MOST = 100


class RelayedCalls:
    """Reads the calls that a call may have led to on our lines."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def on_line(
        self, line: str | None, callers: Set[str], near: datetime, *, but: str
    ) -> Sequence[Call]:
        """The calls on this line from one of these numbers. near: they were first heard of about then.

        but: the key of the call that is asked about.
        """
        return self._calls(calls.c.line == line, callers, near, but)

    def not_on_line(
        self, line: str, callers: Set[str], near: datetime, *, but: str
    ) -> Sequence[Call]:
        """The same on all our numbers but this one."""
        return self._calls(calls.c.line != line, callers, near, but)

    def _calls(
        self, is_meant: sa.ColumnElement[bool], callers: Set[str], near: datetime, but: str
    ) -> Sequence[Call]:
        query = (
            sa.select(calls)
            .where(
                is_meant,
                calls.c.first_seen_at.between(near - LONGEST_CALL, near + LONGEST_CALL),
                calls.c.direction == Direction.INBOUND.value,
                calls.c.other.in_(sorted(callers)),
                calls.c.key != but,
                calls.c.state != CallState.FOLDED.value,
            )
            .limit(_MOST)
        )
        with self._session.autocommit() as connection:
            return [Call.of(row._mapping) for row in connection.execute(query)]
