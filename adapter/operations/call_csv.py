"""How are calls written as CSV, so that a spreadsheet shows them and runs none of their cells?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from adapter.domain.actor import Role
from adapter.domain.call import Call
from adapter.domain.call_links import Links
from adapter.domain.lines import Lines
from adapter.operations.call_json import call_json

MOST_ROWS = 50_000
ROWS_AT_ONCE = 100
# A cell that begins so is a formula to a spreadsheet (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    *("call_id", "provider", "account", "direction", "outcome", "assumed", "from", "to"),
    *("other_number", "line", "line_name", "started_at", "ended_at", "talk_seconds", "state"),
    *("cause", "reason", "person_kind", "person_id", "person_name", "matched_by", "event_id"),
    *("written_at", "confirmed_at"),
)


def csv_of(calls: Iterable[Call], lines: Lines, links: Links, *, role: Role) -> Iterator[str]:
    """Return the calls as CSV, piece by piece, with a line of headings first."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for place, call in enumerate(calls, start=1):
        writer.writerow(_cells(call_json(call, lines, links, role=role)))
        if place % ROWS_AT_ONCE == 0:
            yield _taken(text)
    yield _taken(text)


def harmless(value: object) -> str:
    """Return the value as a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cells(call: dict[str, Any]) -> list[str]:
    person = call["person"] or {}
    flat = call | {f"person_{key}": person.get(key) for key in ("kind", "id", "name")}
    return [harmless(flat[column]) for column in COLUMNS]


def _taken(text: io.StringIO) -> str:
    piece = text.getvalue()
    text.seek(0)
    text.truncate()
    return piece
