"""Is every line a number of an account, and does it call back here?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from adapter.bootstrap import Container
from adapter.cli.doctor.database import instance_of
from adapter.cli.doctor.finding import Finding
from adapter.errors import CredentialsRefused, SettingsError
from adapter.operations.numbers.findings import NumberFinding

_MOST_NAMED = 5


def check_numbers(container: Container) -> Iterator[Finding]:
    """Report each number that lacks something, and which are no line. Without credentials report nothing."""
    try:
        check = container.alerts.numbers
    except SettingsError:
        return  # the check of the lines says what is wrong
    if instance_of(container) is None:
        check = replace(check, own=None)
    if not check.has_accounts or container.settings.public_base_url is None:
        return  # the checks of Twilio and of the settings say what is missing
    report = check.report()
    for account, why in report.failures.items():
        if isinstance(why, CredentialsRefused):
            continue  # the check of the provider's tokens says so
        yield Finding("numbers", False, f"those of account {account[:6]}... cannot be read: {why}")
    for number in report.missing_lines:
        fact = f"{_named(number, container.lines.by_number[number].name)} is a number of no account"
        advice = "correct it in lines.toml, or set the account's id and token"
        yield Finding("numbers", False, f"{fact}: {advice}")
    for finding in report.numbers:
        for lack in finding.lacks:
            yield Finding("numbers", False, f"{_title(finding)}: {lack}")
    well = [finding for finding in report.numbers if finding.is_meant and not finding.lacks]
    if well:
        yield Finding("numbers", True, f"{len(well)} number(s) call back here: {_list(well)}")
    others = [finding for finding in report.numbers if not finding.is_meant]
    if others:
        fact = f"{len(others)} of the account are no line of lines.toml: {_list(others)}"
        yield Finding("numbers", True, f"{fact}; adapter numbers shows them in full")


def _list(findings: list[NumberFinding]) -> str:
    named = ", ".join(_title(finding) for finding in findings[:_MOST_NAMED])
    return named + (", ..." if len(findings) > _MOST_NAMED else "")


def _title(finding: NumberFinding) -> str:
    return _named(finding.number.number, finding.line_name or "")


def _named(number: str, name: str) -> str:
    return f"{name or 'number'} ({number[-4:]})"
