"""How do the provider's numbers, and changes of their callbacks, look at a terminal and as JSON?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from adapter.cli.terminal import Column, Listing, say
from adapter.domain.callback import Place, shown_url
from adapter.domain.phone import pretty
from adapter.operations.numbers.connect import Plan, Step
from adapter.operations.numbers.findings import NO_SUCH_NUMBER, NumberFinding, NumbersReport
from adapter.providers.base import OwnNumber
from adapter.text.phrases import enumeration
from adapter.text.plain import plain

_MOST_SHARED = 20


def print_numbers(console: Console, report: NumbersReport) -> None:
    """Print a table of the numbers, and of the lines that are no number."""
    table = Listing(
        Column(name="number", is_first=True),
        Column(name="name", is_first=True),
        Column(name="calls back to", is_first=True),
        Column(name="how, and what it lacks"),
    )
    for finding in report.numbers:
        name = (
            finding.title if finding.line_name or finding.is_meant else f"{finding.title} (no line)"
        )
        table.add(
            pretty(finding.number.number),
            name.strip(),
            _place(finding),
            ". ".join(_details(finding)),
        )
    for number in report.missing_lines:
        table.add(pretty(number), "", Text("-"), NO_SUCH_NUMBER)
    console.print(table)
    wrong = sum(bool(finding.lacks) for finding in report.numbers) + len(report.missing_lines)
    others = sum(not finding.is_meant for finding in report.numbers)
    counted = f"{len(report.numbers)} number(s), {others} of them no line"
    if wrong:
        say(console, f"{counted}. {wrong} lack something. Next: adapter connect --all --dry-run")
    elif report.is_complete:
        say(console, f"{counted}. Nothing is lacking.")
    else:
        say(console, f"{counted}. What is lacking is not known: not every account could be read.")


def print_report_failures(report: NumbersReport) -> None:
    """Print to standard error which accounts could not be read."""
    for account, why in report.failures.items():
        click.echo(
            f"adapter: the numbers of account {account[:6]}... cannot be read: {plain(str(why))}",
            err=True,
        )


def numbers_json(report: NumbersReport) -> list[dict[str, Any]]:
    """Return the numbers for `--json`."""
    rows = [
        {
            "number": finding.number.number,
            "name": finding.number.name or None,
            "provider": finding.provider,
            "account": finding.number.account,
            "id": finding.number.id,
            "is_line": finding.is_meant,
            "line_name": finding.line_name,
            "points_to": finding.place.name.lower() if finding.place else None,
            "callback": shown_url(finding.callback.url) or None,
            "method": finding.callback.method or None,
            "fragment": finding.callback.url.partition("#")[2] or None,
            "wanted": finding.wanted.url,
            "application": finding.number.application.id if finding.number.application else None,
            "shared_with": [other.number for other in finding.shared_with],
            "obstacle": finding.number.obstacle,
            "lacks": list(finding.lacks),
        }
        for finding in report.numbers
    ]
    nothing = dict.fromkeys(rows[0] if rows else ("number",))
    missing = [
        {**nothing, "number": number, "is_line": True, "shared_with": [], "lacks": [NO_SUCH_NUMBER]}
        for number in report.missing_lines
    ]
    return [*rows, *missing]


def print_plans(console: Console, plans: Sequence[Plan]) -> None:
    """Print what is about to be done with each callback, before and after."""
    for plan in plans:
        name = "" if plan.title in (named(plan), *(n.number for n in plan.numbers)) else plan.title
        say(console, Text(f"{named(plan)}  {plain(name)}".rstrip(), "bold"))
        if plan.step is Step.CHANGE:
            why = f" ({plan.why})" if plan.why else ""
            say(console, f"{plan.before}{why}", head="    before  ")
            say(console, str(plan.after), head="    after   ")
        elif plan.why:
            say(console, f"{plan.step}: {plan.why}", head="    ")
        for number in plan.numbers[:1]:
            if number.application and number.set_at == plan.set_at:
                say(console, _shared(number, plan.numbers[1:]), head="    ")


def named(plan: Plan) -> str:
    """Return what a plan is about, in short: its first number, or the id of what has the callback."""
    return pretty(plan.numbers[0].number) if plan.numbers else plain(plan.set_at)


def _shared(number: OwnNumber, others: Sequence[OwnNumber]) -> str:
    assert number.application is not None  # nosec B101 - tells the type checker what its callers ensure
    app = f"It goes by the application {number.application.name or ''} ({number.application.id})".replace(
        "  ", " "
    )
    if not others:
        return f"{app}, whose callback is the one that counts. No other number does."
    named = [pretty(other.number) for other in others[:_MOST_SHARED]]
    if len(others) > _MOST_SHARED:
        named.append(f"{len(others) - _MOST_SHARED} more")
    return f"{app}, whose callback is the one that counts, and so do: {enumeration(named)}. All of them change."


def _place(finding: NumberFinding) -> Text:
    if finding.place is None:
        return Text("cannot", "red")
    colour = {Place.HERE: "green", Place.NOWHERE: "default"}.get(finding.place, "yellow")
    return Text(finding.place.value, "red" if finding.lacks else colour)


def _details(finding: NumberFinding) -> list[str]:
    callback, details = finding.callback, []
    if finding.place is Place.HERE:
        fragment = callback.url.partition("#")[2]
        details.append(f"{callback.method or 'POST'} #{fragment}" if fragment else callback.method)
    elif finding.place in (Place.ELSEWHERE, Place.OLD_ADDRESS, Place.TUNNEL) and not finding.lacks:
        details.append(str(callback))
    if finding.number.application:
        details.append(f"by the application {finding.number.application.id}")
    if finding.number.obstacle and not finding.lacks:
        details.append(finding.number.obstacle)
    return [*filter(None, details), *finding.lacks]
