"""Can hooks be stored in this database as it is?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.engine import other_schema_way_out, schema_state
from adapter.storage.schema import calls, hooks, legs

# What is read and written while a hook is taken in.
_NEEDED = (hooks, calls, legs)


def lacking(engine: sa.Engine) -> str | None:
    """Which table or column is not there, and what to do; None if all are.

    The revision is not asked for: a database that `migrate` has brought further than this code
    takes its hooks as long as these columns are there. Errors: SQLAlchemy's, if it cannot be read.
    """
    try:
        with engine.connect() as connection:
            for table in _NEEDED:
                connection.execute(sa.select(table).where(sa.false()))
        return None
    except sa.exc.DBAPIError:
        missing = _missing(sa.inspect(engine))
        if not missing:
            raise
    way_out = other_schema_way_out(*schema_state(engine))
    return f"{', '.join(missing)} missing in the database: {way_out}"


def _missing(inspector: sa.Inspector) -> list[str]:
    missing = []
    for table in _NEEDED:
        if not inspector.has_table(table.name):
            missing.append(f"table {table.name}")
            continue
        there = {column["name"] for column in inspector.get_columns(table.name)}
        missing += [f"column {column}" for column in table.columns if column.name not in there]
    return missing
