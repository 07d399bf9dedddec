"""How is the database opened and brought to the current schema?"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from adapter.errors import SettingsError
from adapter.storage import pooler

MIGRATIONS = Path(__file__).parent / "migrations"
REST_SECONDS = 2.0
_LOCK = 7_206_051_410  # any number of our own: pg_advisory_lock


def open_engine(
    url: str,
    *,
    pool_size: int = 10,
    pool_seconds: float = 5.0,
    statement_seconds: float | None = None,
) -> sa.Engine:
    """An engine for SQLite (WAL, every commit on disk) or PostgreSQL.

    url: a SQLAlchemy URL. pool_size: how many connections there are at the most. pool_seconds: how long a
    thread waits for one. statement_seconds: after so long, the database ends a statement (StoreUnavailable).
    Connections that rested are checked before use, so a restarted server is noticed.
    """
    if not url.startswith("sqlite"):
        engine = sa.create_engine(
            url,
            hide_parameters=True,  # numbers and names do not get into logs by way of an error
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_seconds,
            pool_use_lifo=True,  # a few warm sessions of the server do the work of all that were needed once
            connect_args={"connect_timeout": 5, "application_name": "call-adapter"},
        )
        _connect_with_few_trips(engine)
        pooler.respect(engine, statement_seconds)
        engine.update_execution_options(statement_seconds=statement_seconds)
        _check_after_rest(engine)
        return engine
    path = sa.make_url(url).database
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"timeout": 10},
    )

    @sa.event.listens_for(engine, "do_connect")
    def _close_to_others(*_: Any) -> None:
        if path and path != ":memory:" and not path.startswith("file:"):
            with suppress(
                OSError
            ):  # SQLite cannot open it then, and adapter.storage.trouble says why
                Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _keep_private(Path(path))

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        # Writers queue up from their first statement instead of failing at an upgrade of the lock.
        connection.isolation_level = "IMMEDIATE"
        for pragma in (
            f"busy_timeout={int(min(10.0, statement_seconds or 10.0) * 1000)}",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",  # what is deleted is overwritten, not only marked as free
        ):
            connection.execute(f"PRAGMA {pragma}")
        _write_ahead(connection)

    if statement_seconds is not None:
        _end_long_statements(engine, statement_seconds)
    return engine


def _end_long_statements(engine: sa.Engine, seconds: float) -> None:
    """Have SQLite end a statement that takes so long, as it knows no such setting itself."""

    @sa.event.listens_for(engine, "connect")
    def _watch(connection: Any, record: Any) -> None:
        record.info["until"] = float("inf")
        connection.set_progress_handler(lambda: time.monotonic() > record.info["until"], 100_000)

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _begin(connection: sa.Connection, *_: Any) -> None:
        connection.info["until"] = time.monotonic() + seconds


def _connect_with_few_trips(engine: sa.Engine) -> None:
    from adapter.storage.round_trips import FewTripsConnection  # a driver that SQLite does not need

    @sa.event.listens_for(engine, "do_connect")
    def _connect(_: Any, __: Any, arguments: Any, options: Any) -> Any:
        return FewTripsConnection.connect(*arguments, **options)


def _keep_private(path: Path) -> None:
    """The database and the files that SQLite puts beside it can be read by their owner alone.

    Only an SQLite database is touched: a setting may name any file or folder of the machine by mistake.

    A file that is there is opened by SQLite alone: whoever else closes it again ends the locks that SQLite
    holds on it for this process (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    with suppress(OSError):  # that it is there, or cannot be made: SQLite says what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    if not _is_database(path):
        return
    for ending in ("", "-wal", "-shm", "-journal"):
        beside = path.with_name(path.name + ending)
        with suppress(OSError):  # it is not there, or another user's, whose matter it is
            mode = beside.stat().st_mode
            if mode & 0o077:
                beside.chmod(mode & 0o700)


def _is_database(path: Path) -> bool:
    """True for a file that SQLite takes for a database of its own; an empty one is such a file."""
    if not path.is_file():
        return False
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return False
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError as error:
        return "not a database" not in str(error)  # else it is locked, or full
    finally:
        connection.close()
    return True


def empty_traces(engine: sa.Engine) -> bool:
    """Leave nothing of what was deleted in the files of an SQLite database; False if a reader is in the way.

    VACUUM, because what an older version deleted was only marked as free, and pages that were split
    keep copies of rows. Writers wait meanwhile. PostgreSQL does it in its own time (docs/forgetting.md).
    """
    if engine.dialect.name != "sqlite":
        return True
    checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)"  # waits for readers as long as for a lock
    with engine.connect() as connection:
        connection.exec_driver_sql(checkpoint).one()
        connection.exec_driver_sql("VACUUM")
        is_busy = connection.exec_driver_sql(checkpoint).one()[0]
    return not is_busy


def _check_after_rest(engine: sa.Engine) -> None:
    """Check a connection before use if it has rested; under load that would double the round trips."""

    @sa.event.listens_for(engine, "checkin")
    def _put_back(_: Any, record: Any) -> None:
        record.info["rested_since"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def _take_out(connection: Any, record: Any, _: Any) -> None:
        if time.monotonic() - record.info.get("rested_since", time.monotonic()) < REST_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.DisconnectionError("the server is gone; connecting again") from error


def _write_ahead(connection: Any) -> None:
    """Turn on WAL. Only this one statement does not wait for another writer, so we do."""
    until = time.monotonic() + 10
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            is_held = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            if not is_held or time.monotonic() > until:
                raise
            time.sleep(0.05)


def cause_of(error: BaseException) -> str:
    """What the driver says of an error, in one line: without the statement, its values and the row."""
    lines = [
        " ".join(line.split()) for line in str(getattr(error, "orig", None) or error).splitlines()
    ]
    told = [line for line in lines if line]
    fatal = [line for line in told if "FATAL:" in line]
    return (fatal or told or [type(error).__name__])[0]


def refuse_newer(engine: sa.Engine) -> None:
    """Errors: SettingsError if a newer version of the adapter made this schema."""
    found, needed = schema_state(engine)
    if found is not None and found > needed:
        raise SettingsError(
            f"the database has schema {found}, which is newer than this version of the adapter ({needed}): "
            "deploy the version that migrated it, or a later one"
        )


def migrate(engine: sa.Engine) -> None:
    """Bring our tables to the current schema; run it inside `alone`."""
    from alembic import command  # 10 MB that only this needs

    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def schema_state(engine: sa.Engine) -> tuple[str | None, str]:
    """The revision that the database has (None: never migrated) and the one this code needs."""
    # Read without Alembic, which the web process does not need to carry.
    head = max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None, head
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
        return found.scalar_one_or_none(), head


def schema_trouble(found: str | None, needed: str) -> str | None:
    """Return what is wrong with the schema of a database, and the way out; None if it is the one needed."""
    if found == needed:
        return None
    way_out = other_schema_way_out(found, needed)
    return f"the schema is {found or 'missing'}, this code needs {needed}: {way_out}"


def other_schema_way_out(found: str | None, needed: str) -> str:
    """Return what to do about a schema that is not the one needed. `migrate` refuses a newer one."""
    is_newer = found is not None and found > needed
    return "deploy the version that migrated it" if is_newer else "run `adapter migrate`"


def has_queue(engine: sa.Engine) -> bool:
    """True if the tables of the queue library are there."""
    schema = None if engine.dialect.name == "sqlite" else "dbos"
    return sa.inspect(engine).has_table("workflow_status", schema=schema)


@contextmanager
def alone(engine: sa.Engine) -> Iterator[None]:
    """No other migration runs meanwhile. SQLite's own write lock does that for each step."""
    if engine.dialect.name == "sqlite":
        yield
        return
    # The lock is a transaction's, which a pooler keeps on one session of the server; a session's own lock would
    # stay behind there. With READ COMMITTED a transaction that rests has no snapshot: the queue's
    # CREATE INDEX CONCURRENTLY waits for all that have one.
    options = {"isolation_level": "READ COMMITTED"}
    with engine.connect().execution_options(**options) as connection:
        # Asked again and again, not waited for: a waiting statement has a snapshot too.
        lock = sa.text("SELECT pg_try_advisory_xact_lock(:lock)")
        while not connection.execute(lock, {"lock": _LOCK}).scalar_one():
            connection.rollback()  # whoever waits keeps no session from the one who works
            time.sleep(0.1)
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield
        connection.rollback()


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
