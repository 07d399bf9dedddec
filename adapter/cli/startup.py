"""What does a process log when it starts, and which database does it refuse?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from adapter import __version__
from adapter.config.settings import Settings
from adapter.domain.lines import Lines
from adapter.errors import SettingsError
from adapter.observability.logs import logger
from adapter.storage.engine import open_engine, schema_state
from adapter.storage.moves import place_of, refuse_moved
from adapter.storage.trouble import full_disk, is_refusal, refuse_absent, trouble

PATIENCE_SECONDS = 3.0
# A database refuses at once, but a slow machine needs time to ask it.
REFUSAL_SECONDS = 10.0
NAMED = 5

log = logger("adapter")


def say_start(process: str, settings: Settings, lines: Lines) -> None:
    """Log one line: the version, the address, the database, the lines and the accounts."""
    log.info(
        f"{process} starts",
        version=__version__,
        address=settings.public_base_url,
        address_from=settings.public_base_url_from,
        **({"listens_on": f"{settings.host}:{settings.port}"} if process == "web" else {}),
        database=_database(settings),
        schema=_schema(settings),
        lines=_lines(lines),
        accounts=_accounts(settings),
    )


def refuse_unusable(settings: Settings) -> None:
    """Raise SettingsError if no hook can be stored until somebody mends the database.

    A database that is down or hangs is no error. It comes back, and until then hooks are answered with 503.
    """
    url = settings.database_url
    refuse_absent(url)
    if full := full_disk(url):
        raise SettingsError(full)
    errors: list[SettingsError] = []

    def look() -> None:
        engine = open_engine(url, pool_size=1)
        try:
            with engine.begin() as connection:  # in SQLite also that it can be written
                connection.exec_driver_sql("SELECT 1")
            schema_state(engine)
            refuse_moved(engine)
        except SettingsError as error:
            errors.append(error)
        except sa.exc.SQLAlchemyError as error:
            if is_refusal(url, error):
                errors.append(SettingsError(trouble(url, error)))
        finally:
            engine.dispose()

    _patiently(look, REFUSAL_SECONDS)
    if errors:
        raise errors[0]


def _patiently(look: Callable[[], None], seconds: float) -> None:
    """Call `look`, and go on after so many seconds: a database that hangs must not stop the start."""
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)


def _database(settings: Settings) -> str:
    """Return the kind, name and place of the database, without the password."""
    place = place_of(settings.database_url)
    return (
        place if settings.is_sqlite else f"{place} as {sa.make_url(settings.database_url).username}"
    )


def _schema(settings: Settings) -> str:
    """Return the state of the schema, as far as the database tells it within PATIENCE_SECONDS."""
    states = ["not known: the database does not answer"]

    def look() -> None:
        path = sa.make_url(settings.database_url).database or ""
        if settings.is_sqlite and not Path(path).exists():
            states[0] = "none yet: run adapter migrate"
            return
        engine = open_engine(settings.database_url, pool_size=1)
        try:
            schema, needed = schema_state(engine)
        except sa.exc.SQLAlchemyError:
            return
        finally:
            engine.dispose()
        is_current = schema == needed
        states[0] = needed if is_current else f"{schema or 'none yet'}, this code has {needed}"

    _patiently(look, PATIENCE_SECONDS)
    return states[0]


def _lines(lines: Lines) -> str:
    names = [line.name or f"...{number[-2:]}" for number, line in lines.by_number.items()]
    if not names:
        default = lines.defaults.integration_id
        return f"every number, {default}" if default else "none: see adapter lines"
    more = ", ..." if len(names) > NAMED else ""
    return f"{len(names)}: {', '.join(names[:NAMED])}{more}"


def _accounts(settings: Settings) -> str:
    """Return the accounts whose hooks are taken."""
    sids = [settings.twilio_account_sid, *settings.twilio_subaccount_tokens]
    return f"twilio {', '.join(dict.fromkeys(sid for sid in sids if sid)) or 'any'}"
