"""When was the last call on each line? By the index of lines, so that it is cheap with a million calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.storage.schema import UTCDateTime, calls
from adapter.storage.session import Session

_AT_ONCE = 100  # SQLite takes no more than 500 SELECTs in one


def last_calls(session: Session, lines: Sequence[str]) -> Mapping[str, datetime]:
    """Return when the adapter first heard of the newest call on each line that had one. lines: in E.164."""
    newest: dict[str, datetime] = {}
    with session.autocommit() as connection:
        for begin in range(0, len(lines), _AT_ONCE):
            queries = [_newest(line) for line in lines[begin : begin + _AT_ONCE]]
            for line, at in connection.execute(sa.union_all(*queries)):
                if at is not None:
                    newest[line] = at
    return newest


def _newest(line: str) -> Any:
    return sa.select(
        sa.literal(line, sa.Text).label("line"),
        sa.func.max(calls.c.first_seen_at, type_=UTCDateTime).label("at"),
    ).where(calls.c.line == line)
