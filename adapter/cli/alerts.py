"""What does `adapter alerts` say and do? Lists alerts, acknowledges and snoozes them, and sends a test."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

import click

from adapter.cli import common
from adapter.cli.errors import report_errors
from adapter.cli.render import clock
from adapter.cli.terminal import Column, Listing
from adapter.domain.alert_life import Alert
from adapter.domain.alert_rules import title_of
from adapter.domain.alert_words import lasted, state_words
from adapter.errors import SettingsError
from adapter.operations.alerts.manage import AlertList, alert_json, send_test


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON, open alerts first.")
@click.pass_context
@report_errors
def alerts(context: click.Context, as_json: bool) -> None:
    """What is wrong and was wrong: alerts that are open, and those of the last 30 days."""
    if context.invoked_subcommand is not None:
        return
    container = common.container()
    found = container.alerts.desk.list()
    if as_json:
        rows = [alert_json(alert, found.written) for alert in (*found.open, *found.resolved)]
        click.echo(json.dumps(rows, indent=2))
        return
    if found.open or found.resolved:
        common.console.print(_table(found))
    else:
        common.say("No alert is open, and none was in the last 30 days.")
    for state in found.channels:
        if state.off_since is not None:
            common.say(
                f"Nothing goes to {state.title}: {state.error}. It is off; adapter doctor says more."
            )
    if not container.settings.alert_urls:
        common.say("Nobody is told of alerts: ALERT_URLS is not set.")
    elif found.open:
        common.say("Next: put right what is said above; an alert is resolved by itself.")


@alerts.command()
@click.argument("key")
@report_errors
def acknowledge(key: str) -> None:
    """Say that you look after the open alert KEY: no reminders of it are sent."""
    common.container().alerts.desk.acknowledge(key, by=common.actor())
    common.say(f"{key} is acknowledged. It is resolved by itself when all is well.")


@alerts.command()
@click.argument("key")
@click.option("--hours", type=click.IntRange(1, 720), default=24, show_default=True)
@report_errors
def snooze(key: str, hours: int) -> None:
    """Say nothing of the open alert KEY for so many hours."""
    desk = common.container().alerts.desk
    until = desk.snooze(key, timedelta(hours=hours), by=common.actor())
    common.say(f"Nothing is said of {key} until {clock(until)}.")


@alerts.command()
@report_errors
def test() -> None:
    """Send a test message to every channel of ALERT_URLS, also to those that are switched off."""
    container = common.container()
    if not container.settings.alert_urls:
        raise SettingsError(
            "ALERT_URLS is not set: there is no channel to test; https://appriseit.com has the addresses"
        )
    results = send_test(container.alerts.sender, container.alerts.page, by=common.actor())
    table = Listing(Column(name="channel", is_first=True), Column(name="what became of it"))
    for title, error in results:
        table.add(title, error or "sent")
    common.console.print(table)
    if any(error for _, error in results):
        click.echo("Next: put the address in ALERT_URLS right, then adapter alerts test.", err=True)
        sys.exit(1)


def _table(found: AlertList) -> Listing:
    table = Listing(
        Column(name="since", is_first=True),
        Column(name="alert", is_first=True),
        Column(name="state", is_first=True),
        Column(name="lasted"),
        Column(name="calls"),
        Column(name="key"),
        Column(name="what"),
    )
    now = datetime.now(UTC)
    for alert in (*found.open, *found.resolved):
        written = found.written.get(alert.id, 0)
        table.add(
            clock(alert.opened_at),
            title_of(alert.key),
            state_words(alert, now),
            lasted(alert, now),
            _calls(alert, written),
            alert.key,
            alert.words,
        )
    return table


def _calls(alert: Alert, written: int) -> str:
    return f"{alert.calls_hit} hit, {written} written" if alert.calls_hit else ""
