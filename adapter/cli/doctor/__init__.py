"""What is wrong with this set-up, and what is to be done about each problem? (`adapter doctor`)

Every check runs, whatever the checks before it found. They only read, with one exception: the database gets a
name, by which PUBLIC_BASE_URL is told from the address of another adapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial

from rich.console import Console
from rich.text import Text

from adapter.bootstrap import Container
from adapter.cli.as_json import print_json
from adapter.cli.doctor.alerts import check_alerts
from adapter.cli.doctor.database import check_database
from adapter.cli.doctor.finding import Finding, outcome
from adapter.cli.doctor.numbers import check_numbers
from adapter.cli.doctor.propexo import ask_directly, check_lines, check_propexo
from adapter.cli.doctor.provider_api import check_provider_api
from adapter.cli.doctor.public import check_public, with_told_address
from adapter.cli.doctor.settings import check_settings
from adapter.cli.doctor.twilio import check_twilio
from adapter.cli.terminal import Column, Listing, say


def examine(console: Console, environ: Mapping[str, str], *, as_json: bool = False) -> int:
    """Run every check and print the findings. Return 0 if all is well, else 1."""
    settings, findings = check_settings(environ, with_told_address)
    container = Container(settings)
    directory = ask_directly(settings)
    for name, check in (
        ("lines", partial(check_lines, container, directory)),
        ("database", partial(check_database, container)),
        ("Propexo", partial(check_propexo, container, directory)),
        ("Twilio", partial(check_twilio, settings)),
        ("numbers", partial(check_numbers, container)),
        ("provider API", partial(check_provider_api, container)),
        ("PUBLIC_BASE_URL", partial(check_public, container)),
        ("alerts", partial(check_alerts, container)),
    ):
        with nullcontext() if as_json else console.status(f"checking {name}"):
            findings += outcome(name, check)
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return int(not all(finding.ok for finding in findings))
    _print_findings(console, findings)
    problems = [finding for finding in findings if not finding.ok]
    if problems:
        say(
            console,
            f"\n{len(problems)} problem(s). Next: {problems[0].check} first, as said above, "
            "then adapter doctor again",
        )
        return 1
    say(console, "\nAll is well. Next: call one of your numbers, and look at adapter calls")
    return 0


def _print_findings(console: Console, findings: Iterable[Finding]) -> None:
    table = Listing(
        Column(name="check", is_first=True),
        Column(name="", is_first=True),
        Column(name="what was found, what to do"),
        title="adapter doctor",
    )
    for finding in findings:
        mark = Text("ok", "green") if finding.ok else Text("problem", "red")
        table.add(finding.check, mark, finding.advice)
    console.print(table)
