"""Is the database in order, and is a worker alive that uses it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from adapter.bootstrap import Container
from adapter.cli.doctor.finding import Finding
from adapter.config.lines_watch import OTHER_LINES
from adapter.errors import SettingsError
from adapter.storage.engine import schema_state, schema_trouble
from adapter.storage.moves import refuse_moved
from adapter.storage.pooler import is_direct
from adapter.storage.trouble import full_disk, refuse_absent, trouble
from adapter.storage.workers import DEAD_AFTER


def check_database(container: Container) -> Iterator[Finding]:
    """Check the database, and if it is in order, the workers and the pauses."""
    fact, is_well = _schema(container)
    yield Finding("database", is_well, fact)
    if is_well:
        beats = container.store.workers.seen_at().values()
        alive = [seen for seen in beats if datetime.now(UTC) - seen < DEAD_AFTER]
        advice = f"{len(alive)} alive" if alive else "none is alive: start adapter run (or worker)"
        yield Finding("worker", bool(alive), advice)
        yield from _lines_in_use(container)
        waiting = container.pauses.waiting()
        for pause in container.pauses.all().values():
            count = waiting.get(pause.name, 0)
            yield Finding("paused", False, f"{pause} ({count} call(s) wait for it)")


def _lines_in_use(container: Container) -> Iterator[Finding]:
    """Check whether workers still use lines that were changed since."""
    try:
        digest = container.lines.digest
    except SettingsError:
        return  # another check says what is wrong with them
    if others := container.store.workers.count_with_other_lines(
        digest, datetime.now(UTC) - DEAD_AFTER
    ):
        yield Finding("lines in use", False, OTHER_LINES.format(others))


def instance_of(container: Container) -> str | None:
    """Return the name of this database, which /readyz shows too; None if it is not in order."""
    _, is_well = _schema(container)
    return container.store.secrets.instance() if is_well else None


def _schema(container: Container) -> tuple[str, bool]:
    """Return the state of the database in words, and whether it can be used."""
    url = container.settings.database_url
    try:
        refuse_absent(url)
        schema, needed = schema_state(container.store.engine)
        refuse_moved(container.store.engine)
    except SettingsError as error:
        return str(error), False
    except sa.exc.SQLAlchemyError as error:
        return trouble(url, error), False
    if full := full_disk(url):
        return full, False
    if wrong := schema_trouble(schema, needed):
        return wrong, False
    return f"reachable, schema {needed}{_way(container)}", True


def _way(container: Container) -> str:
    """Return whether the database is reached through a pooler, in words."""
    settings = container.settings
    if settings.is_sqlite:
        return ""
    if is_direct(container.store.engine):
        return ", without a pooler"
    way = "by way of a pooler or proxy, so statements are not prepared"
    goes = "to DATABASE_DIRECT_URL" if settings.database_direct_url else "the same way"
    return f", {way}; migrate goes {goes}"
