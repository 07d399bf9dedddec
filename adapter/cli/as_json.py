"""How do commands print JSON, for those who read it with a program (`--json`)?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from adapter.bootstrap import Container
from adapter.domain.actor import Role
from adapter.domain.call import Call
from adapter.domain.lines import Line
from adapter.operations.call_json import call_json
from adapter.reconcile.report import Report

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for programs that read it."
)


def print_json(value: Any) -> None:
    """Print the value as JSON. What is not ASCII is escaped: a terminal obeys none of it."""
    click.echo(json.dumps(value, indent=2))


def print_calls(container: Container, calls: Iterable[Call]) -> None:
    """Print a list of these calls."""
    print_json([_of(container, call) for call in calls])


def print_call(container: Container, call: Call) -> None:
    """Print this call."""
    print_json(_of(container, call))


def print_checked_lines(checked: Iterable[tuple[Line, str, Sequence[str]]]) -> None:
    """Print a list of the lines. checked: line, PMS and problems."""
    print_json(
        [
            {
                "number": line.number or None,
                "name": line.name or None,
                "pms": pms,
                "integration_id": line.integration_id,
                "property_id": line.property_id,
                "unknown_caller": line.unknown_caller.value,
                "problems": list(problems),
            }
            for line, pms, problems in checked
        ]
    )


def print_reconciliation(report: Report, *, dry_run: bool) -> None:
    """Print what a comparison with the provider's list found and did."""
    print_json(
        {
            "provider": report.provider,
            "dry_run": dry_run,
            "adds_up": report.adds_up,
            "listed": report.listed,
            "by_state": dict(report.tally),
            "taken_in": report.taken_in,
            "completed": report.completed,
            "attached": report.attached,
            "left_alone": report.left_alone,
            "problems": {account: str(error) for account, error in report.problems.items()},
        }
    )


def _of(container: Container, call: Call) -> dict[str, Any]:
    return call_json(call, container.lines, container.links, role=Role.OPERATOR)
