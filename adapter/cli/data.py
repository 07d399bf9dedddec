"""Which commands look after stored data: the lines, the index of people, the reconciliation, the erasure?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from adapter import bootstrap
from adapter.cli import common
from adapter.cli.as_json import json_option, print_checked_lines, print_reconciliation
from adapter.cli.errors import report_errors
from adapter.cli.render import print_lines
from adapter.cli.render_reconciliation import print_report, progress_bar
from adapter.config.lines_watch import OTHER_LINES
from adapter.domain.lines import Line
from adapter.domain.phone import e164, pretty
from adapter.errors import (
    LocalRateLimit,
    RemoteError,
    SettingsError,
    StoreRefused,
    StoreUnavailable,
)
from adapter.processes.lifetime import stop_signal
from adapter.storage.erasure import Erasure
from adapter.storage.workers import DEAD_AFTER


@click.command()
@json_option
@report_errors
def lines(as_json: bool) -> None:
    """Every line with its integration, the PMS behind it, and what it lacks."""
    container = common.with_told_address(bootstrap.Container(bootstrap.read_settings()))
    checked: list[tuple[Line, str, Sequence[str]]] = []
    for line in container.lines.in_use:
        try:
            checked.append((line, *container.target.line_check.lacking(line)))
        except RemoteError as error:
            checked.append((line, "?", [f"could not be checked: {error}"]))
    if as_json:
        print_checked_lines(checked)
    else:
        print_lines(common.console, checked)
    _say_other_lines(container)
    if any(problems for _, _, problems in checked):
        click.echo("Next: what is said above, then adapter lines again.", err=True)
        sys.exit(1)


@click.command()
@report_errors
def sync() -> None:
    """Read people's phone numbers into the index now; can be stopped and goes on where it was."""
    container = common.container()
    people = container.target.people
    stopping = stop_signal()

    def within_rate_limit(work: Callable[[], bool]) -> bool:
        """Do the work as soon as the rate limit allows it. Return its result; False after a signal to stop."""
        while not stopping.is_set():
            try:
                return work()
            except LocalRateLimit as error:
                stopping.wait(error.retry_after_seconds or 1.0)
        return False

    within_rate_limit(lambda: container.target.line_check.refuse_unknown(container.lines.in_use))
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
            is_more = within_rate_limit(lambda: people.step(timedelta(minutes=1)))
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
@json_option
@report_errors
def reconcile(since: str, dry_run: bool, as_json: bool) -> None:
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
        with progress_bar(common.console, is_shown=not as_json) as watch:
            report = reconciliation.run(begins_at, dry_run=dry_run, goes_on=True, watch=watch)
    except KeyboardInterrupt:
        click.echo("\nStopped. What was taken in stays; the same command goes on.", err=True)
        sys.exit(130)
    if as_json:
        print_reconciliation(report, dry_run=dry_run)
    else:
        print_report(common.console, report, dry_run=dry_run)
    sys.exit(0 if report.adds_up or (dry_run and not report.problems) else 1)


@click.command()
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@report_errors
def forget(number: str, yes: bool) -> None:
    """Remove a person's NUMBER from everything kept here. Calls keep their outcome and time.

    The PMS and Twilio keep what they have; delete it there too.
    """
    e164_number = e164(number)
    if e164_number is None:
        raise click.BadParameter(f"{number!r} is not a phone number; write it like +16175550134")
    container = common.container()
    if container.lines.is_ours(e164_number):
        raise click.BadParameter(
            f"{pretty(e164_number)} is one of our own lines or staff (lines.toml)"
        )
    if calls_on_it := container.store.calls.count_on_line(e164_number):
        raise click.BadParameter(
            f"{pretty(e164_number)} is one of our own lines: {calls_on_it} call(s) were on it"
        )
    if not yes:
        click.confirm(f"Remove {pretty(e164_number)} for good?", abort=True)
    removed = Erasure(container.store, e164_number).run(datetime.now(UTC))
    common.say(
        f"Removed from {removed.calls} call(s), {removed.mentions} that only mention it, "
        f"{removed.attempts} attempt(s), {removed.new_leads} lead(s) asked for and "
        f"{removed.texts} other text(s); "
        f"deleted {removed.hooks} hook(s) and {removed.people} row(s) of the index of people."
    )
    if removed.undelivered:
        common.say(f"{removed.undelivered} call(s) were not written yet and are ignored now.")
    if removed.is_left_in_file:
        raise StoreUnavailable(
            "the number may still stand in the database's files: they could not be emptied of what was "
            "deleted, because another program used them or there was no room; run adapter forget again"
        )
    common.say("The PMS and Twilio keep what they have. Next: delete the number there too.")
    common.say("What backups keep, and PostgreSQL until it is vacuumed: docs/forgetting.md")


def _say_other_lines(container: bootstrap.Container) -> None:
    """Say how many workers use other lines than these. Say nothing if the database cannot be asked."""
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
    moment = cast(datetime, common.moment(since, "--since"))
    if moment < now - timedelta(days=call_days - 2):
        # Such calls may have been written and deleted here since. Taken in again, they would be written twice.
        raise click.BadParameter(
            f"{since!r} reaches back behind CALL_DAYS={call_days}", param_hint="--since"
        )
    return moment
