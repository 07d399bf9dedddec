"""Which commands start a process of the adapter, and what do they check first?"""

from __future__ import annotations

import os
import threading

import click

from adapter import bootstrap
from adapter.cli import common
from adapter.cli.errors import report_errors
from adapter.cli.startup import refuse_unusable, say_start
from adapter.config.api_tokens import api_tokens
from adapter.config.settings import Settings
from adapter.errors import StoreUnavailable
from adapter.observability.logs import configure_logging, logger
from adapter.operations.own_address import with_told_address
from adapter.processes.children import (
    GRACE_SECONDS,
    LAST_SECONDS,
    exec_web,
    refuse_taken_port,
)
from adapter.processes.lifetime import end_after, leave, stop_signal
from adapter.storage.moves import refuse_moved
from adapter.storage.trouble import full_disk, named
from adapter.worker.migrate import migrate_database

log = logger("adapter")


@click.command()
@report_errors
def web() -> None:
    """The web server: gunicorn, WEB_CONCURRENCY processes of 6 threads on PORT."""
    settings = Settings.from_environ(os.environ)
    settings.require_for_web()
    api_tokens(settings)
    lines = common.check_lines(settings)
    configure_logging(settings.log_format)
    refuse_taken_port(settings.host, settings.port)
    refuse_unusable(settings)
    say_start("web", settings, lines)
    exec_web()


@click.command()
@report_errors
def worker() -> None:
    """The worker: writes due calls to Propexo. Start as many as you like."""
    stopping = stop_signal()
    end_after(stopping, GRACE_SECONDS + LAST_SECONDS)
    settings = bootstrap.read_settings()
    if settings.public_base_url is not None:
        settings.require_for_worker()
    store = bootstrap.Container(settings).store
    common.schema_of(store)
    refuse_moved(store.engine)
    settings = _with_address(settings, stopping)
    settings.require_for_worker()
    if full := full_disk(settings.database_url):
        raise StoreUnavailable(full)
    say_start("worker", settings, common.check_lines(settings))
    running = bootstrap.worker(settings)
    running.start()
    stopping.wait()
    running.stop(GRACE_SECONDS)
    leave(0)


def _with_address(settings: Settings, stopping: threading.Event) -> Settings:
    """Return the settings with the address that web told. On a host, where web starts beside, wait for it."""
    parts = bootstrap.Container(settings, pool_size=1)
    is_said = False
    while True:
        addressed = with_told_address(settings, parts.store)
        if addressed.public_base_url is not None or settings.host_variable is None:
            parts.store.engine.dispose()
            return addressed
        if not is_said:
            is_said = True
            log.warning("PUBLIC_BASE_URL is not set: waiting for web to tell its address")
        if stopping.wait(1.0):
            leave(0)


@click.command()
@click.option("--quiet", is_flag=True, hidden=True, help="Say nothing when it went well.")
@report_errors
def migrate(quiet: bool) -> None:
    """Bring the database to the current schema. Safe to run again, and twice at once."""
    settings = Settings.from_environ(os.environ)
    migrate_database(settings)
    if quiet:
        return
    place = f" ({named(settings.database_url)})" if settings.is_sqlite else ""
    common.say(
        f"The database is current{place}. Next: adapter run, or adapter web and adapter worker."
    )
