"""What does a process say of itself when it starts?"""

from __future__ import annotations

import threading
from pathlib import Path

import sqlalchemy as sa

from adapter import __version__
from adapter.calls.database import open_engine, schema_state
from adapter.calls.lines import Lines
from adapter.observe import logger
from adapter.settings import Settings

PATIENCE_SECONDS = 3.0
NAMED = 5

log = logger("adapter")


def say_start(process: str, settings: Settings, lines: Lines) -> None:
    """One line of the log: which version this is, where it is reached, and what it works with."""
    log.info(
        f"{process} starts",
        version=__version__,
        address=settings.public_base_url,
        **({"listens_on": f"{settings.host}:{settings.port}"} if process == "web" else {}),
        database=_database(settings),
        schema=_schema(settings),
        lines=_lines(lines),
        accounts=_accounts(settings),
    )


def _database(settings: Settings) -> str:
    """Which database it is, without its password."""
    url = sa.make_url(settings.database_url)
    if settings.is_sqlite:
        return f"SQLite {Path(url.database or '').absolute()}"
    server = f"{url.host or url.query.get('host') or 'local'}:{url.port or 5432}"
    return f"PostgreSQL {url.database} on {server} as {url.username}"


def _schema(settings: Settings) -> str:
    """What is known of it at once: the start does not wait for a database that hangs."""
    said = ["not known: the database does not answer"]

    def look() -> None:
        path = sa.make_url(settings.database_url).database or ""
        if settings.is_sqlite and not Path(path).exists():
            said[0] = "none yet: run adapter migrate"
            return
        engine = open_engine(settings.database_url, pool_size=1)
        try:
            found, needed = schema_state(engine)
        except sa.exc.SQLAlchemyError:
            return
        finally:
            engine.dispose()
        is_current = found == needed
        said[0] = needed if is_current else f"{found or 'none yet'}, this code has {needed}"

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(PATIENCE_SECONDS)
    return said[0]


def _lines(lines: Lines) -> str:
    names = [line.name or f"...{number[-2:]}" for number, line in lines.by_number.items()]
    if not names:
        default = lines.defaults.integration_id
        return f"every number, {default}" if default else "none: see adapter lines"
    more = ", ..." if len(names) > NAMED else ""
    return f"{len(names)}: {', '.join(names[:NAMED])}{more}"


def _accounts(settings: Settings) -> str:
    """The providers' accounts whose hooks are taken."""
    sids = [settings.twilio_account_sid, *settings.twilio_subaccount_tokens]
    return f"twilio {', '.join(dict.fromkeys(sid for sid in sids if sid)) or 'any'}"
