"""`adapter copy`: how does everything get into another database, and how is that taken back?"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import click
import sqlalchemy as sa
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from adapter import bootstrap
from adapter.cli import common
from adapter.cli.errors import report_errors
from adapter.cli.terminal import Column, Listing
from adapter.config.settings import Settings
from adapter.errors import SettingsError, StoreUnavailable
from adapter.operations.database_copy import DatabaseCopy, Steps, TableCount
from adapter.storage import engine as database
from adapter.storage.moves import Moves, place_of
from adapter.storage.store import Store
from adapter.storage.trouble import trouble
from adapter.worker.migrate import migrate_url


@click.command()
@click.option(
    "--to", "url", metavar="URL", help="The other database: postgres://... or sqlite:///..."
)
@click.option("--undo", is_flag=True, help="Let web and worker use this database again.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@report_errors
def copy(url: str | None, undo: bool, yes: bool) -> None:
    """Move everything to another database: from SQLite to PostgreSQL, or back. Goes on where it was.

    Stop web and worker first. This database is closed, copied, and compared with the other one; then
    nothing starts on it any more. `-` in the place of URL reads it from standard input, so that its password
    stands in no list of processes.
    """
    if undo == (url is not None):
        raise click.UsageError("give either --to URL or --undo")
    if url is None:
        _undo(yes)
        return
    container = common.container()
    target_url = _target_url(sys.stdin.readline() if url == "-" else url)
    place = place_of(target_url)
    if not yes and Moves(container.store).get("out") is None:
        common.say(f"From {place_of(container.settings.database_url)} to {place}.")
        click.confirm("Close this database and move everything?", abort=True)
    counts = _copy(container.store, target_url)
    if counts is None:
        common.say(f"Everything is in {place} already, and this database is closed.")
        return
    _print_counts(counts)
    common.say(f"Everything is in {place}. This database is closed: nothing starts on it any more.")
    common.say("Next: let DATABASE_URL name that one, and start web and worker.")
    common.say("To go back on purpose: adapter copy --undo")


def _target_url(text: str) -> str:
    """Return the URL as SQLAlchemy takes it. Errors: SettingsError, which does not show it."""
    try:
        settings = Settings.from_environ({**os.environ, "DATABASE_URL": text.strip() or "-"})
        sa.make_url(settings.database_url)
    except (SettingsError, sa.exc.ArgumentError, ValueError) as error:
        raise SettingsError(
            "--to is neither a PostgreSQL nor an SQLite database; give it like "
            "postgres://user:password@host/name or sqlite:////srv/adapter.sqlite3"
        ) from error
    settings.require_durable()
    return settings.database_url


def _copy(source: Store, target_url: str) -> Sequence[TableCount] | None:
    target = Store(database.open_engine(target_url))
    try:
        with _progress() as steps:
            return DatabaseCopy(
                source,
                target,
                migrate_target=lambda: migrate_url(target_url, setting="--to"),
                steps=steps,
                clock=lambda: datetime.now(UTC),
            ).run()
    except sa.exc.SQLAlchemyError as error:
        raise StoreUnavailable(trouble(target_url, error, "--to")) from error
    except KeyboardInterrupt:
        click.echo("\nStopped. The same command goes on; adapter copy --undo goes back.", err=True)
        sys.exit(130)
    finally:
        target.engine.dispose()


@contextmanager
def _progress() -> Iterator[Steps]:
    """Show a bar for each table, on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = common.console
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bars:
        bar = bars.add_task("", visible=False)

        def copied(name: str, rows: int, total: int) -> None:
            bars.update(bar, description=name, completed=rows, total=total, visible=True)

        yield Steps(
            waits=lambda seconds: common.say(
                f"A process was at work lately; looking whether it still is, for up to {seconds:.0f} s."
            ),
            begins=lambda place, goes_on: common.say(
                f"The copy into {place} {'goes on' if goes_on else 'begins'}."
            ),
            copied=copied,
        )


def _print_counts(counts: Sequence[TableCount]) -> None:
    table = Listing(
        Column(name="table", is_first=True),
        Column(name="here", is_right=True, is_named=True),
        Column(name="there", is_right=True, is_named=True),
    )
    for count in counts:
        if count.source:
            table.add(count.name, str(count.source), str(count.target))
    common.console.print(table)
    empty = sum(not count.source for count in counts)
    common.say(f"The counts agree. {empty} more table(s) are empty in both.")


def _undo(yes: bool) -> None:
    store = bootstrap.Container(bootstrap.read_settings()).store
    common.schema_of(store)
    moves = Moves(store)
    move = moves.get("out")
    if move is None:
        common.say("This database was not moved; nothing was changed.")
        return
    if move.done_at:
        common.say(
            f"Everything was moved to {move.place} at {move.done_at:%Y-%m-%d %H:%M} UTC. What came in "
            "there since is not here. If web or worker run there, calls can be written twice: stop them "
            "first, for good."
        )
        if not yes:
            click.confirm("Use this database again?", abort=True)
    moves.undo()
    common.say("Web and worker may start on this database again.")
    if not move.done_at:
        common.say(
            f"The unfinished copy in {move.place} cannot be used; the next adapter copy replaces it."
        )
