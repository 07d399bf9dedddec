"""How do rows get from one database into another, each once? A batch at a time, with its place noted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from adapter.errors import SettingsError
from adapter.storage.schema import copied_tables, metadata, moves, web_processes, workers
from adapter.storage.session import Session

BATCH = 1000
# They say who is alive in a database and what is done with it, which is not so in another one.
NOT_COPIED = (workers, web_processes, moves, copied_tables)
COPIED = [table for table in metadata.sorted_tables if table not in NOT_COPIED]
# What processes write by themselves where nothing has happened yet.
_OF_ITSELF = {
    *(table.name for table in NOT_COPIED),
    *(
        "secrets",
        "jobs",
        "leases",
        "budgets",
        "totals",
        "provider_health",
        "refused_hooks",
        "web_addresses",
        "set_up_checks",
    ),
}


def count_rows(session: Session, table: sa.Table) -> int:
    with session.autocommit() as connection:
        query = sa.select(sa.func.count()).select_from(table)
        return int(connection.execute(query).scalar_one())


def tables_with_data(engine: sa.Engine) -> Sequence[str]:
    """Return the names of our tables that hold what somebody would miss, whatever schema they have."""
    there = set(sa.inspect(engine).get_table_names())
    with engine.connect() as connection:
        return [
            table.name
            for table in metadata.sorted_tables
            if table.name in there - _OF_ITSELF
            and connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
        ]


def delete_all(connection: sa.Connection) -> None:
    """Empty every table of ours."""
    for table in reversed(metadata.sorted_tables):
        connection.execute(sa.delete(table))


class CopiedRows:
    """Brings the rows of `source` into `target`. The source does not change meanwhile.

    It can be stopped at any point. Another one goes on behind the last row that is there.
    """

    def __init__(self, source: Session, target: Session) -> None:
        self._source = source
        self._target = target

    def copied(self, table: sa.Table) -> int:
        """Return how many rows of this table are in the target."""
        return self._place(table)[0]

    def copy(self, table: sa.Table) -> Iterator[int]:
        """Copy this table; yield how many of its rows are there, after each batch.

        Errors: SettingsError if another process copies the same; StoreUnavailable, StoreRefused.
        """
        rows_before, last_key = self._place(table)
        while batch := self._following(table, last_key):
            last_key = [batch[-1][column.name] for column in table.primary_key]
            rows = rows_before + len(batch)
            with self._target.begin() as connection:
                noted = connection.execute(
                    sa.update(copied_tables)
                    .where(copied_tables.c.name == table.name, copied_tables.c.rows == rows_before)
                    .values(rows=rows, last_key=_to_json(last_key))
                )
                if not noted.rowcount:
                    raise SettingsError("another adapter copy is at work into the same database")
                connection.execute(sa.insert(table), batch)
            rows_before = rows
            yield rows

    def _place(self, table: sa.Table) -> tuple[int, list[Any] | None]:
        """Return how many rows are in the target, and the primary key of the last one."""
        query = sa.select(copied_tables).where(copied_tables.c.name == table.name)
        with self._target.autocommit() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise SettingsError("the copy was begun anew by another adapter copy")
        return row.rows, _from_json(table, row.last_key) if row.last_key else None

    def _following(self, table: sa.Table, last_key: list[Any] | None) -> list[dict[str, Any]]:
        """Return the rows behind this key, by columns."""
        key = list(table.primary_key)
        query = sa.select(table).order_by(*key).limit(BATCH)
        if last_key is not None:
            pairs = zip(key, last_key, strict=True)
            values = (sa.bindparam(None, value, type_=column.type) for column, value in pairs)
            query = query.where(sa.tuple_(*key) > sa.tuple_(*values))
        with self._source.autocommit() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def set_sequences(session: Session) -> None:
    """Let PostgreSQL number new rows behind those that were copied; SQLite does so by itself."""
    if not session.is_postgresql:
        return
    numbered = [(table, table.autoincrement_column) for table in COPIED]
    with session.begin() as connection:
        for table, column in numbered:
            if column is not None:
                last = sa.func.max(column)
                sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
                connection.execute(
                    sa.select(sa.func.setval(sequence, sa.func.coalesce(last, 1), last.isnot(None)))
                )


def _to_json(key: Sequence[Any]) -> str:
    return json.dumps([value.isoformat() if isinstance(value, date) else value for value in key])


def _from_json(table: sa.Table, text: str) -> list[Any]:
    types = [column.type.python_type for column in table.primary_key]
    return [
        kind.fromisoformat(value) if kind in (date, datetime) else value
        for kind, value in zip(types, json.loads(text), strict=True)
    ]
