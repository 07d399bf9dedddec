"""What does `adapter setup` say of the lines that it came to, and of what is missing?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import click

from adapter.cli import common
from adapter.cli.setup.keys import KEYS
from adapter.cli.setup.options import FLAGS
from adapter.cli.terminal import Column, Listing
from adapter.domain.phone import pretty
from adapter.operations.set_up.answers import Missing
from adapter.operations.set_up.lines import Draft, title
from adapter.text.plain import plain

_MOST_LISTED = 300
_KEY_FLAGS = {
    key.setting: (
        f"{key.setting} in the environment (or {key.flag})"
        if key.is_secret
        else f"{key.flag}, or {key.setting}"
    )
    for key in KEYS
}


def print_draft(draft: Draft, *, has_numbers: bool) -> None:
    """Print the lines that are new, and the numbers that get none."""
    if draft.lines:
        table = Listing(
            Column(name="number", is_first=True),
            Column(name="property", is_first=True),
            Column(name="system", is_first=True),
            Column(name="with"),
            title="\nNew lines",
        )
        for line in draft.lines:
            said = [f"{key} {remark or value}" for key, (value, remark) in line.keys.items()]
            said += [f"{key} is left open: {line.open_keys[key]}" for key in line.lacks]
            table.add(
                pretty(line.number.number),
                line.place.name,
                line.integration.system,
                "; ".join(said),
            )
        common.console.print(table)
    if draft.left:
        names = ", ".join(title(number) for number in draft.left)
        common.say(
            f"No line yet: {names}. adapter setup asks for them again; or give --line NUMBER=PROPERTY, "
            "--no-line NUMBER"
        )
    for number in draft.useless:
        common.say(f"No line: {title(number)}, for {number.obstacle}")
    if not has_numbers:
        common.say("The Twilio account has no number: get one there, and run adapter setup again")


def print_missing(missing: Sequence[Missing], *, has_keys: bool) -> None:
    """Print to standard error what has to be given, with the flags and what they may say.

    has_keys: without them it cannot be seen what else is missing.
    """
    _say("adapter: nothing was written, for this is missing or wrong:")
    for each in _grouped(missing):
        flag = _KEY_FLAGS.get(each.key) or FLAGS.get(each.key, "")
        problem = f": {plain(each.problem)}" if each.problem else ""
        _say(f"\n  {plain(each.what)}{problem}")
        if flag:
            also = ", or --accept-proposals" if each.for_each else ""
            _say(f"    give {_example(flag, each.number)}{also}")
        _list("numbers" if each.for_each else "", each.for_each)
        _list("properties" if each.for_each else "", each.choices)
    if not has_keys:
        _say(
            "\n  With these it also says which numbers, properties and the like there are to choose from."
        )
    _say("\nOr run it at a terminal, where it asks. adapter setup --help has every flag.")


def _grouped(missing: Sequence[Missing]) -> Iterable[Missing]:
    """Yield what is missing; what several lines lack, of the same choices, once."""
    groups: dict[tuple[str, str, object], list[Missing]] = {}
    for each in missing:
        groups.setdefault((each.key, each.problem, tuple(each.choices)), []).append(each)
    for group in groups.values():
        if len(group) == 1 or not group[0].number:
            yield from group
        else:
            first = [f"{len(group)} lines, such as {group[0].what}"]
            yield replace(group[0], what=first[0])


def _example(flag: str, number: str) -> str:
    """Return the flag; for a key of one line, also how it is said for that line alone."""
    if not number or "=" in flag or " " in flag:
        return flag
    return f"{flag} VALUE, or {flag} {number}=VALUE"


def _list(name: str, pairs: Iterable[tuple[str, str]]) -> None:
    listed = list(pairs)
    if name and listed:
        _say(f"    {name}:")
    width = max((len(value) for value, _ in listed[:_MOST_LISTED]), default=0)
    for value, words in listed[:_MOST_LISTED]:
        _say(f"      {plain(value):{width}}  {plain(words)}".rstrip())
    if len(listed) > _MOST_LISTED:
        _say(f"      and {len(listed) - _MOST_LISTED} more")


def _say(words: str) -> None:
    click.echo(words, err=True)
