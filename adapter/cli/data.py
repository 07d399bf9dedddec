"""Which commands look after what is kept: lines, the index of people, the provider's list, erasure?"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from adapter import bootstrap
from adapter.cli import common
from adapter.cli.errors import report_errors
from adapter.cli.render import tell_lines
from adapter.cli.render_reconciliation import say_done, watched
from adapter.config.lines_watch import OTHER_LINES
from adapter.domain.phone import e164, pretty
from adapter.errors import (
    LocalRateLimit,
    RemoteError,
    SettingsError,
    StoreRefused,
    StoreUnavailable,
)
from adapter.processes.lifetime import stop_signal
from adapter.storage.erasure import Forgetting
from adapter.storage.workers import DEAD_AFTER
from adapter.targets.propexo.requirements import lacking, refuse_unknown


@click.command()
@report_errors
def lines() -> None:
    """Every line with its integration, the PMS behind it, and what it lacks."""
    container = bootstrap.Container(bootstrap.read_settings())
    found: list[tuple[Any, str, list[str]]] = []
    for line in container.lines.in_use:
        try:
            found.append((line, *lacking(line, container.target.directory)))
        except RemoteError as error:
            found.append((line, "?", [f"could not be checked: {error}"]))
    tell_lines(common.console, found)
    _say_other_lines(container)
    if any(problems for _, _, problems in found):
        click.echo("Next: what is said above, then adapter lines again.", err=True)
        sys.exit(1)


@click.command()
@report_errors
def sync() -> None:
    """Read people's phone numbers into the index now; can be stopped and goes on where it was."""
    container = common.container()
    people = container.people_sync
    stopping = stop_signal()

    def when_there_is_room(work: Callable[[], bool]) -> bool:
        """What the work says once the budget has room for it; False if it is to stop."""
        while not stopping.is_set():
            try:
                return work()
            except LocalRateLimit as error:
                stopping.wait(error.retry_after_seconds or 1.0)
        return False

    when_there_is_room(lambda: refuse_unknown(container.lines.in_use, container.target.directory))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=common.console) as progress:
        tasks = {
            (s.integration_id, s.kind): progress.add_task(
                f"{s.integration_id} {s.kind.plural}", total=None
            )
            for s in people.states()
        }
        is_more = True
        while is_more and not stopping.is_set():
            is_more = when_there_is_room(lambda: people.step(timedelta(minutes=1)))
            for state in people.states():
                progress.update(
                    tasks[state.integration_id, state.kind],
                    completed=state.position,
                    total=max(state.total, state.position) or None,
                )
    if stopping.is_set():
        common.say("Stopped; adapter sync goes on from here, and so does the worker.")
        sys.exit(130)
    common.say("The index is up to date; the worker keeps it so.")


@click.command()
@click.option(
    "--since",
    default="24h",
    show_default=True,
    help="How far back: 24h, 3d, 30d, or a date like 2026-11-01.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@report_errors
def reconcile(since: str, dry_run: bool) -> None:
    """Compare Twilio's own list of calls with the records, and take in what no hook told.

    A long one shows how far it is. Ctrl-C stops it; the same command goes on where it was.
    """
    container = common.container()
    begins_at = _begins(since, container.settings.call_days)
    reconciliation = container.reconciliation
    if not reconciliation.accounts:
        raise SettingsError(
            "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are needed to read Twilio's list of calls"
        )
    try:
        with watched(common.console) as watch:
            report = reconciliation.run(begins_at, dry_run=dry_run, goes_on=True, watch=watch)
    except KeyboardInterrupt:
        click.echo("\nStopped. What was taken in stays; the same command goes on.", err=True)
        sys.exit(130)
    say_done(common.console, report, dry_run=dry_run)
    sys.exit(0 if report.adds_up or (dry_run and not report.problems) else 1)


@click.command()
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@report_errors
def forget(number: str, yes: bool) -> None:
    """Remove a person's NUMBER from everything kept here. Calls keep their outcome and time.

    The PMS and Twilio keep what they have; delete it there too.
    """
    found = e164(number)
    if found is None:
        raise click.BadParameter(f"{number!r} is not a phone number; write it like +16175550134")
    container = common.container()
    if container.lines.is_ours(found):
        raise click.BadParameter(f"{pretty(found)} is one of our own lines or staff (lines.toml)")
    if calls_on_it := container.store.calls.count_on_line(found):
        raise click.BadParameter(
            f"{pretty(found)} is one of our own lines: {calls_on_it} call(s) were on it"
        )
    if not yes:
        click.confirm(f"Remove {pretty(found)} for good?", abort=True)
    gone = Forgetting(container.store, found).run(datetime.now(UTC))
    common.say(
        f"Removed from {gone.calls} call(s), {gone.mentions} that only mention it, "
        f"{gone.attempts} attempt(s), {gone.new_leads} lead(s) asked for and {gone.texts} other text(s); "
        f"deleted {gone.hooks} hook(s) and {gone.people} row(s) of the index of people."
    )
    if gone.undelivered:
        common.say(f"{gone.undelivered} call(s) were not written yet and are ignored now.")
    if gone.is_left_in_file:
        raise StoreUnavailable(
            "the number may still stand in the database's files: they could not be emptied of what was "
            "deleted, because another program used them or there was no room; run adapter forget again"
        )
    common.say("The PMS and Twilio keep what they have. Next: delete the number there too.")
    common.say("What backups keep, and PostgreSQL until it is vacuumed: docs/forgetting.md")


def _say_other_lines(container: Any) -> None:
    """Say it if workers go on with lines that were changed since. Without a database nobody knows."""
    try:
        others = container.store.workers.count_with_other_lines(
            container.lines.digest, datetime.now(UTC) - DEAD_AFTER
        )
    except (StoreRefused, StoreUnavailable):
        return
    if others:
        click.echo(OTHER_LINES.format(others), err=True)


def _begins(since: str, call_days: int) -> datetime:
    now = datetime.now(UTC)
    found = cast(datetime, common.moment(since, "--since"))
    if found < now - timedelta(days=call_days - 2):
        # Those calls may have been written and thrown away; taken in again they would be written twice.
        raise click.BadParameter(
            f"{since!r} reaches back behind CALL_DAYS={call_days}", param_hint="--since"
        )
    return found
