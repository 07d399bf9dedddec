"""How does storage run a statement, and which errors does the caller get?

A Session hands out connections and translates the driver's errors. The repositories (Calls, Runs, Hooks, ...)
hold the SQL. Their methods that take a connection run inside the caller's transaction
(`with session.begin() as connection`), so that a record and its schedule commit together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapter.errors import DatabaseMoved, StoreRefused, StoreUnavailable
from adapter.storage import fence
from adapter.storage.engine import cause_of, empty_traces
from adapter.storage.schema import refuse_naive

# For those who hand a connection on, and do not import sqlalchemy for that.
Connection: TypeAlias = sa.Connection

# Read-only (a standby, a failover); tables or columns missing (this code is ahead of `migrate`);
# this process was frozen amid a transaction (adapter.storage.pooler.FROZEN_SECONDS).
_NOT_NOW = frozenset({"25006", "42P01", "42703", "25P03"})

# By dialect: the SQL of each statement with these columns, and the parameters that it brings itself. All
# sessions share them, as the statements are constants.
_TEXTS: dict[str, dict[tuple[Any, tuple[str, ...]], tuple[str, dict[str, Any]]]] = {}


class Result(Protocol):
    """What became of a statement, which may be known only when its transaction is over."""

    @property
    def rowcount(self) -> int: ...

    def rows(self) -> Sequence[Any]: ...


class _Known:
    """The result of a statement that ran at once."""

    def __init__(self, result: sa.CursorResult[Any]) -> None:
        self.rowcount = result.rowcount
        self._rows = result.all() if result.returns_rows else []

    def rows(self) -> Sequence[Any]:
        return self._rows


class Session:
    """The database, SQLite or PostgreSQL; the same statements on both."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        # SQLite begins a transaction for each statement that writes anyhow, as its driver was told to.
        # Through a pooler, only a transaction can carry the limit of its statements.
        is_limited = engine.get_execution_options().get("statement_seconds") is not None
        self._autocommit = (
            engine.execution_options(isolation_level="AUTOCOMMIT")
            if self.is_postgresql and not is_limited
            else engine
        )
        self._texts = _TEXTS.setdefault(engine.dialect.name, {})
        self.insert: Any = postgresql.insert if self.is_postgresql else sqlite.insert

    @property
    def is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction, committed at the end of the block.

        Errors: StoreUnavailable when the database cannot be reached, is locked, read-only or full;
        StoreRefused when it does not take what it was given; DatabaseMoved when it was moved to another one.
        """
        with self._errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def autocommit(self) -> Iterator[sa.Connection]:
        """A connection for a single statement: a transaction of its own, in one round trip instead of three.

        Errors: as of `begin`.
        """
        with self._errors(), self._autocommit.begin() as connection:
            yield connection

    def later(
        self, connection: sa.Connection, statement: sa.Executable, values: Mapping[str, Any]
    ) -> Result:
        """Run this statement with the next one of the transaction, or when it commits; return its result.

        On PostgreSQL it costs no round trip of its own, and so the result is not known before. On SQLite
        it runs at once. statement: built once, with the columns to set as its parameters.
        """
        if not self.is_postgresql:
            return _Known(connection.execute(statement, values))
        text, parameters = self._text(statement, values)
        driver: Any = connection.connection.driver_connection
        later: Result = driver.keep(text, parameters)
        return later

    @contextmanager
    def keeping(self, connection: sa.Connection) -> Iterator[None]:
        """In this block all statements that return no rows run later; their results are not known."""
        driver: Any = connection.connection.driver_connection
        if not self.is_postgresql:
            yield
            return
        with driver.keeping():
            yield

    def run_at_once(
        self, statement: sa.Executable, values: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        """Run one statement as a transaction of its own, on PostgreSQL; return its rows by column.

        statement: as for `later`. It runs on the driver's connection, because SQLAlchemy's connection costs
        more time than the statement. Errors: as of `begin`.
        """
        text, parameters = self._text(statement, values)
        with self._errors():
            pooled = self.engine.raw_connection()
            connection: Any = pooled.driver_connection
            try:
                cursor = connection.run_alone(text, parameters)
                if not cursor.rowcount:
                    return []  # naming the columns takes longer than all else here
                names = [column.name for column in cursor.description or ()]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            except self.engine.dialect.loaded_dbapi.Error:
                pooled.invalidate()
                raise
            finally:
                pooled.close()

    def _text(
        self, statement: sa.Executable, values: Mapping[str, Any]
    ) -> tuple[str, Mapping[str, Any]]:
        """The SQL in the driver's own form, and the values of its parameters."""
        key = statement, tuple(values)
        known = self._texts.get(key)
        if known is None:
            compiled: Any = statement
            compiled = compiled.compile(dialect=self.engine.dialect, column_keys=list(values))
            fixed = {name: value for name, value in compiled.params.items() if name not in values}
            known = self._texts[key] = str(compiled), fixed
        text, fixed = known
        refuse_naive(values)
        return text, {**fixed, **values} if fixed else values

    def empty_traces(self) -> bool:
        """See `adapter.storage.engine.empty_traces`. Errors: as of `begin`."""
        with self._errors():
            return empty_traces(self.engine)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        driver = self.engine.dialect.loaded_dbapi
        passing = (driver.OperationalError, driver.InterfaceError, sa.exc.TimeoutError)
        try:
            yield
        except (
            sa.exc.DBAPIError,
            sa.exc.TimeoutError,
            sa.exc.InvalidRequestError,
            driver.Error,
        ) as error:
            cause = getattr(error, "orig", None) or error
            detail = f"{type(cause).__name__}: {cause_of(error)}"
            if str(cause).startswith(fence.WORDS):
                raise DatabaseMoved(cause_of(error)) from error
            if isinstance(cause, passing) or getattr(cause, "sqlstate", None) in _NOT_NOW:
                raise StoreUnavailable(f"the database did not do it: {detail}") from error
            raise StoreRefused(f"the database does not take it: {detail}") from error
