"""How does a database that was moved refuse every change, whoever asks for it?

Triggers refuse it, not the processes: so one that nobody thought of, or one of an earlier version, can change
nothing either. What is read stays readable. docs/decisions/0025-moving-to-another-database.md
"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema import copied_tables, metadata, moves

# The error begins with these, by which it is told from others (adapter.storage.session).
WORDS = "this database was moved"
_NAME = "call_adapter_moved"
_LOCK_SECONDS = 10
_CHANGES = ("INSERT", "UPDATE", "DELETE")
# What says that the database was moved has to stay writable.
_OPEN = (moves, copied_tables)
_FENCED = [table for table in metadata.sorted_tables if table not in _OPEN]


def refused_words(place: str) -> str:
    """Return what is said to whoever wants to change something. place: where the database is now."""
    return (
        f"{WORDS} to {place}, and takes nothing any more: let DATABASE_URL name that one, or go back by "
        "adapter copy --undo"
    )


def raise_fence(connection: sa.Connection, place: str) -> None:
    """Refuse every change of our tables from the end of this transaction on.

    It waits for transactions that are under way, up to 10 s. The caller's transaction has written something
    before, so that SQLite has begun it.
    """
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
    lower_fence(connection)
    words = refused_words(place).replace("'", "''")
    if connection.dialect.name == "sqlite":
        for table in _FENCED:
            for change in _CHANGES:
                connection.exec_driver_sql(
                    f"CREATE TRIGGER {_NAME}_{table.name}_{change} BEFORE {change} ON {table.name} "
                    f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
                )
        return
    body = f"BEGIN RAISE EXCEPTION USING MESSAGE = '{words}'; END"
    _run_as_it_is(
        connection,
        f"CREATE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $fence$ {body} $fence$",
    )
    for table in _FENCED:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {_NAME} BEFORE INSERT OR UPDATE OR DELETE ON {table.name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_NAME}()"
        )


def lower_fence(connection: sa.Connection) -> None:
    """Let the tables be changed again, from the end of this transaction on."""
    if connection.dialect.name != "sqlite":
        _run_as_it_is(connection, f"DROP FUNCTION IF EXISTS {_NAME}() CASCADE")
        return
    for table in _FENCED:
        for change in _CHANGES:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {_NAME}_{table.name}_{change}")


def _run_as_it_is(connection: sa.Connection, statement: str) -> None:
    """Run a statement in which a % is no parameter."""
    connection.exec_driver_sql(statement.replace("%", "%%"))
