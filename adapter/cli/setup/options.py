"""What do the flags of `adapter setup` say?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import click

from adapter.domain.lines import UnknownCaller
from adapter.domain.phone import e164
from adapter.operations.set_up.answers import Given

# A key of a line -> the flag that answers for it.
FLAGS = {
    "event_type_id": "--event-type",
    "agent_name": "--agent-name",
    "employee_id": "--employee",
    "lead_source_id": "--lead-source",
    "organization_name": "--organization-name",
    "lead_relationship_id": "--lead-relationship",
    "integration": "--integration",
    "line": "--line NUMBER=PROPERTY",
}
_FOR_ONE = re.compile(r"(\+[\d ()-]+)=(.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The flags. keys: the settings that were given. connect, failure_hook: None where nothing was said."""

    keys: Mapping[str, str]
    given: Given
    accepts_proposals: bool
    connect: bool | None
    failure_hook: bool | None


def given(
    *,
    lines: Iterable[str],
    no_lines: Iterable[str],
    integrations: Iterable[str],
    unknown_caller: str | None,
    answers: Mapping[str, Iterable[str]],
) -> Given:
    """Return what the flags say of lines. Raise UsageError for a flag that says nothing."""
    places: dict[str, str] = {}
    for raw in lines:
        number, is_pair, place = raw.partition("=")
        if not is_pair or not place.strip():
            raise click.BadParameter(
                f"{raw!r} is no pair; write NUMBER=PROPERTY, like +16175550100=prop_main",
                param_hint="--line",
            )
        _add(places, _number(number, "--line"), place.strip(), "--line")
    none = frozenset(_number(raw, "--no-line") for raw in no_lines)
    for number in sorted(none & places.keys()):
        raise click.BadParameter(f"{number} stands in --line too", param_hint="--no-line")
    return Given(
        places=places,
        no_lines=none,
        integrations=list(integrations),
        unknown_caller=UnknownCaller(unknown_caller) if unknown_caller else None,
        answers={key: _by_number(texts, FLAGS[key]) for key, texts in answers.items()},
    )


def _by_number(texts: Iterable[str], flag: str) -> Mapping[str, str]:
    """Return the answers by number; that for all lines under ""."""
    found: dict[str, str] = {}
    for text in texts:
        pair = _FOR_ONE.fullmatch(text)
        number, value = (_number(pair[1], flag), pair[2]) if pair else ("", text)
        if not value.strip():
            raise click.BadParameter("it is blank", param_hint=flag)
        _add(found, number, value.strip(), flag)
    return found


def _add(found: dict[str, str], number: str, value: str, flag: str) -> None:
    """Add what a flag says of a number, or of all ("")."""
    if found.setdefault(number, value) != value:
        raise click.BadParameter(
            f"it says {found[number]!r} and {value!r} of {number or 'all lines'}; give one of them",
            param_hint=flag,
        )


def _number(raw: str, flag: str) -> str:
    number = e164(raw.strip())
    if number is None:
        raise click.BadParameter(
            f"{raw!r} is not a phone number; write it like +16175550100", param_hint=flag
        )
    return number
