"""Rows in every table that there is, also in those that are new: made from the types of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapter.storage.schema import metadata
from tests.support.environment import NOW

TEXT = "Zoë «1» 'two' % \\ \n"


def fill(
    engine: sa.Engine, tables: Sequence[sa.Table] = metadata.sorted_tables, count: int = 3
) -> None:
    """Add so many rows to each of these tables; each third value that may be null is so."""
    with engine.begin() as connection:
        for table in tables:
            rows = [{c.name: _value(c, place) for c in table.columns} for place in range(count)]
            connection.execute(sa.insert(table), rows)


def rows_by_table(engine: sa.Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows, in the order of their keys as Python has it."""
    with engine.connect() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(sa.select(table))), key=str
            )
            for table in metadata.sorted_tables
        }


def _value(column: sa.Column[Any], place: int) -> Any:
    if column.nullable and (place + len(column.name)) % 3 == 0:
        return None
    kind = column.type.python_type
    if kind is datetime:
        return NOW + timedelta(hours=place, microseconds=place)
    if kind is date:
        return NOW.date() + timedelta(days=place)
    if kind is bytes:
        return bytes([0, 255, place % 256])
    if kind is bool:
        return place % 2 == 0
    if kind is float:
        return place + 0.1
    # Numbers with gaps, as rows that are deleted leave them.
    return kind(7 * place + 5) if kind is int else f"{TEXT}{column.name} {place}"
