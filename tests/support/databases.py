"""Databases that a test makes, empties, and lets fail."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from adapter.config.settings import Settings
from adapter.storage.schema import metadata


class PostgresServer:
    """Makes databases and drops them. url: of a database that one may connect to."""

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(Settings.from_environ({"DATABASE_URL": url}).database_url)

    @property
    def url(self) -> str:
        """Of a database that one may connect to."""
        plain = self._url.set(drivername="postgresql")
        return plain.render_as_string(hide_password=False)

    def problem(self) -> str | None:
        try:
            self._execute("SELECT 1")
        except sa.exc.OperationalError as error:
            return str(error.orig)
        return None

    def create(self) -> str:
        name = f"adapter_test_{uuid.uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name}")
        self._execute(f"ALTER DATABASE {name} SET synchronous_commit = off")  # only for speed
        url = self._url.set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self._execute(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        engine = sa.create_engine(
            self._url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3}
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def empty(engine: sa.Engine) -> None:
    """Delete all rows of ours, and the queue library's runs."""
    is_sqlite = engine.dialect.name == "sqlite"
    tables = [table.name for table in reversed(metadata.sorted_tables)]
    tables.append("workflow_status" if is_sqlite else "dbos.workflow_status")
    deletes = [f"DELETE FROM {table}" for table in tables]
    with engine.begin() as connection:
        # PostgreSQL takes all of them at once; each on its own is a round trip.
        for statement in deletes if is_sqlite else ["; ".join(deletes)]:
            connection.exec_driver_sql(statement)


@contextmanager
def refusing(engine: sa.Engine, table: str) -> Iterator[None]:
    """A database that is there, and takes no new row of this table."""
    if engine.dialect.name == "sqlite":
        refuse = f"CREATE TRIGGER no BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
        allow = "DROP TRIGGER no"
    else:
        refuse = f"ALTER TABLE {table} ADD CONSTRAINT no CHECK (false) NOT VALID"
        allow = f"ALTER TABLE {table} DROP CONSTRAINT no"
    with engine.begin() as connection:
        connection.exec_driver_sql(refuse)
    yield
    with engine.begin() as connection:
        connection.exec_driver_sql(allow)
