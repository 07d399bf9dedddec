"""Does a pooler stand between this process and PostgreSQL, and what is not done then?

docs/decisions/0009-connection-poolers.md
"""

from __future__ import annotations

import os
import socket
from typing import Any

import sqlalchemy as sa

from adapter.observability.logs import logger

IS_DIRECT = "is_direct"
# A process that is frozen amid a transaction holds its locks; the server takes them from it after so long.
FROZEN_SECONDS = 10

log = logger("adapter.database")


def respect(engine: sa.Engine, statement_seconds: float | None = None) -> None:
    """Look at each new connection of a PostgreSQL engine, and leave nothing in a session that others share.

    Direct: statements are prepared on the server, and the session ends when it does nothing amid a transaction.
    Through a pooler: no statement is prepared, and each transaction carries that limit itself.
    statement_seconds: another limit, of each statement.
    """
    said = False
    limits = {_IDLE_LIMIT: f"{FROZEN_SECONDS}s"}
    if statement_seconds is not None:
        limits["statement_timeout"] = f"{round(statement_seconds * 1000)}ms"
    calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in limits.items())

    @sa.event.listens_for(engine, "connect")
    def _look(connection: Any, record: Any) -> None:
        nonlocal said
        connection.autocommit = True
        record.info[IS_DIRECT] = _is_direct(connection)
        if record.info[IS_DIRECT]:
            for name, value in limits.items():
                connection.execute(f"SET {name} = '{value}'")
        else:
            connection.prepare_threshold = None
            if not said:
                said = True
                log.info("a pooler or proxy is before the database: statements are not prepared")
        connection.autocommit = False

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if not driver.autocommit and not connection.info[IS_DIRECT]:
            driver.begin_with(f"SELECT {calls}")


def is_direct(engine: sa.Engine) -> bool:
    """True if no pooler was found. Errors: SQLAlchemy's, if the server cannot be reached."""
    with engine.connect() as connection:
        return bool(connection.info[IS_DIRECT])


_IDLE_LIMIT = "idle_in_transaction_session_timeout"


def _is_direct(connection: Any) -> bool:
    """True only if the server process that answers is the one we were let in by, and hears our own socket.

    A pooler gives its clients process numbers of its own making, and has its own socket to the server. One
    that handed on the server's number would still be told by the port. An address that is translated on the way
    looks like a pooler; that costs time, and nothing else.
    """
    pid, port = connection.execute("SELECT pg_backend_pid(), inet_client_port()").fetchone()
    return bool(pid == connection.info.backend_pid and port == _own_port(connection.fileno()))


def _own_port(descriptor: int) -> int | None:
    """The port of this socket on our side; None if it is a Unix socket."""
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        name = copy.getsockname()
    return int(name[1]) if isinstance(name, tuple) else None
