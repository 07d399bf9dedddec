"""Which commands show the provider's numbers, make them call back here, and give back what they had?"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import click
from rich.text import Text

from adapter import bootstrap
from adapter.cli import common
from adapter.cli.as_json import json_option, print_json
from adapter.cli.errors import report_errors
from adapter.cli.render_numbers import (
    named,
    numbers_json,
    print_numbers,
    print_plans,
    print_report_failures,
)
from adapter.cli.terminal import say
from adapter.cli.watch_call import watch_first_call
from adapter.domain.phone import e164, pretty
from adapter.errors import AdapterError, SettingsError
from adapter.operations.numbers.connect import (
    Connector,
    Plan,
    Step,
    choose,
    plans_to_connect,
)
from adapter.operations.numbers.findings import NO_SUCH_NUMBER, NumberCheck, NumbersReport
from adapter.processes.lifetime import stop_signal
from adapter.storage.callback_changes import CallbackChanges
from adapter.text.plain import plain

_all_option = click.option("--all", "is_all", is_flag=True, help="All of them; see above.")
_dry_run_option = click.option("--dry-run", is_flag=True, help="Only say what would be done.")
_yes_option = click.option("--yes", is_flag=True, help="Do not ask first.")


@click.command()
@json_option
@report_errors
def numbers(as_json: bool) -> None:
    """Every number of your Twilio accounts: where it calls back to, and what it lacks."""
    container = common.with_told_address(bootstrap.Container(bootstrap.read_settings()))
    _require_address(container)
    check = (
        container.alerts.numbers
        if _has_database(container)
        else dataclasses.replace(container.alerts.numbers, own=None)
    )
    report = check.report()
    common.say_address(container.settings)
    if as_json:
        print_json(numbers_json(report))
    else:
        print_numbers(common.console, report)
    print_report_failures(report)
    for account in check.unread_subaccounts():
        click.echo(
            f"adapter: the numbers of the subaccount {plain(account)} are not shown: "
            "TWILIO_SUBACCOUNT_TOKENS has no token of it",
            err=True,
        )
    if report.failures:
        sys.exit(1)


@click.command()
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...")
@_all_option
@_dry_run_option
@click.option("--replace", is_flag=True, help="Take over somebody else's callback too; it is kept.")
@_yes_option
@click.option("--watch", is_flag=True, help="Then wait for the first call, and tell its story.")
@report_errors
def connect(
    numbers: tuple[str, ...], is_all: bool, dry_run: bool, replace: bool, yes: bool, watch: bool
) -> None:
    """Make each NUMBER call back here: set its status callback. Safe to run again.

    --all: the numbers that lines.toml names; all of the account where it names none. What was there before
    is kept in the database, and adapter disconnect puts it back.
    """
    if watch and dry_run:
        raise click.UsageError("--watch and --dry-run do not go together")
    wanted = _wanted(numbers, is_all=is_all)
    container = common.container()
    _require_address(container)
    check = container.alerts.numbers
    report = check.report()
    common.say_address(container.settings)
    chosen = choose(report, wanted, is_all=is_all)
    are_named = bool(wanted) or bool(check.lines.by_number)
    plans = plans_to_connect(chosen, replace=replace, are_named=are_named)
    since = datetime.now(UTC)
    is_well = _do(container, check, report, plans, is_all=is_all, dry_run=dry_run, yes=yes)
    if watch:
        connected = [
            n.number for plan in plans for n in plan.numbers if plan.step is not Step.REFUSED
        ]
        if connected:
            stopping = stop_signal()
            watch_first_call(
                container, common.console, connected, since, lambda: stopping.wait(1.0)
            )
    elif is_well and not dry_run and plans:
        common.say("Next: call one of the numbers, and look at adapter calls")
    sys.exit(0 if is_well else 1)


@click.command()
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...")
@_all_option
@_dry_run_option
@_yes_option
@report_errors
def disconnect(numbers: tuple[str, ...], is_all: bool, dry_run: bool, yes: bool) -> None:
    """Give each NUMBER back the status callback that it had before adapter connect.

    --all: all that were connected from this database. A callback that somebody else has changed since stays
    as it is.
    """
    wanted = _wanted(numbers, is_all=is_all)
    container = common.container()
    check = container.alerts.numbers
    report = check.report()
    chosen = None if is_all else choose(report, wanted, is_all=False)
    plans = connector_of(container).plans_to_disconnect(report, chosen)
    is_well = _do(container, check, report, plans, is_all=False, dry_run=dry_run, yes=yes)
    if not plans:
        common.say("No number calls back here: there is nothing to give back.")
    sys.exit(0 if is_well else 1)


def connect_lines(container: bootstrap.Container, *, yes: bool) -> bool:
    """Connect all lines, as `adapter connect --all` does. Return whether all are connected now.

    Raise click.Abort if it is not confirmed, SettingsError, StoreUnavailable.
    """
    check = container.alerts.numbers
    report = check.report()
    chosen = choose(report, (), is_all=True)
    plans = plans_to_connect(chosen, replace=False, are_named=bool(check.lines.by_number))
    return _do(container, check, report, plans, is_all=True, dry_run=False, yes=yes)


def _do(
    container: bootstrap.Container,
    check: NumberCheck,
    report: NumbersReport,
    plans: Sequence[Plan],
    *,
    is_all: bool,
    dry_run: bool,
    yes: bool,
) -> bool:
    """Show the plans, ask, carry them out. Return whether all is now as it was asked for."""
    print_plans(common.console, plans)
    is_well = not report.failures and not any(
        plan.step is Step.REFUSED and plan.is_wanted for plan in plans
    )
    print_report_failures(report)
    for number in report.missing_lines if is_all else ():
        is_well = False
        common.say(f"{pretty(number)}: {NO_SUCH_NUMBER}")
    to_do = [plan for plan in plans if plan.step is Step.CHANGE]
    if dry_run:
        common.say(
            f"{len(to_do)} callback(s) would be changed; nothing was, for --dry-run was given."
        )
        return is_well
    if not to_do:
        return is_well
    _confirm(len(to_do), yes=yes)
    return _carry_out(connector_of(container), to_do) and is_well


def _carry_out(connector: Connector, plans: Sequence[Plan]) -> bool:
    """Make the changes, and say of each what became of it, also where something breaks off."""
    done, told = 0, 0
    try:
        for outcome in connector.carry_out(plans):
            told += 1
            done += outcome.is_done
            mark = Text("ok       ", "green") if outcome.is_done else Text("problem  ", "red")
            say(
                common.console,
                mark.append(f"{named(outcome.plan)}: {plain(outcome.fact)}", "default"),
            )
    except (AdapterError, KeyboardInterrupt) as error:
        why = "stopped" if isinstance(error, KeyboardInterrupt) else plain(str(error))
        rest = ", ".join(named(plan) for plan in plans[told:])
        raise SettingsError(
            f"{why}. Of {len(plans)} callback(s), {done} were changed; not changed, or not known: "
            f"{rest}. Run the same again: it goes on from there"
        ) from error
    common.say(f"{done} of {len(plans)} callback(s) changed.")
    return done == len(plans)


def _confirm(count: int, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        click.echo("adapter: nothing was changed. To do it: the same with --yes", err=True)
        sys.exit(1)
    click.confirm(f"Change {count} callback(s)?", abort=True)


def _wanted(given: Sequence[str], *, is_all: bool) -> list[str]:
    """Return the numbers in E.164. Raise UsageError if nothing is named, or both ways."""
    if bool(given) == is_all:
        raise click.UsageError("name the numbers, such as +16175550100, or give --all")
    return wanted_numbers(given)


def wanted_numbers(given: Sequence[str]) -> list[str]:
    """Return the numbers in E.164. Raise BadParameter if one is none."""
    wanted = []
    for raw in given:
        number = e164(raw)
        if number is None:
            raise click.BadParameter(f"{raw!r} is not a phone number; write it like +16175550100")
        wanted.append(number)
    return wanted


def connector_of(container: bootstrap.Container) -> Connector:
    """Return what makes the changes, in the name of the user of this machine."""
    return Connector(
        providers=container.providers,
        changes=CallbackChanges(container.store),
        by=common.actor(),
        clock=partial(datetime.now, UTC),
    )


def _require_address(container: bootstrap.Container) -> None:
    if container.settings.public_base_url is None:
        raise SettingsError(
            "PUBLIC_BASE_URL is not set: it says where numbers are to call back to; set it to the "
            "adapter's public address, like https://calls.example.com, or start web with this database "
            "first: it keeps its address there"
        )


def _has_database(container: bootstrap.Container) -> bool:
    """Return whether it is known here what was connected; without that, our old addresses are not known."""
    try:
        schema, needed = common.schema_of(container.store)
    except AdapterError:
        return False
    return schema == needed
