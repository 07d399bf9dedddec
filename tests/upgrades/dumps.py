"""How does a database of an earlier version come back? From its dump, before any migration."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlalchemy as sa

from adapter.config.settings import Settings

FOLDER = Path(__file__).parents[1] / "payloads" / "upgrades"


def restore(version: str, url: str) -> None:
    """Put the dump of this version into the empty database of this DATABASE_URL."""
    parsed = sa.make_url(Settings.from_environ({"DATABASE_URL": url}).database_url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    text = (FOLDER / version / ("sqlite.sql" if is_sqlite else "postgres.sql")).read_text("utf-8")
    if is_sqlite:
        with sqlite3.connect(str(parsed.database)) as connection:
            connection.executescript(text)
        connection.close()
        return
    engine = sa.create_engine(parsed, poolclass=sa.NullPool)
    pooled = engine.raw_connection()
    try:
        # Without parameters the driver sends the whole of it at once, as psql would line by line.
        pooled.driver_connection.execute(text.encode(), prepare=False)  # type: ignore[union-attr]  # SQLAlchemy: a connection may be closed; this is open
        pooled.commit()
    finally:
        pooled.close()
