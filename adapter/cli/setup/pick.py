"""How does somebody at a terminal pick one of several, of which there may be hundreds?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click
from rich.text import Text

from adapter.cli import common
from adapter.cli.terminal import say

_MOST_SHOWN = 9


@dataclass(frozen=True)
class Option:
    """What may be picked. texts: what means it, besides its place in the list."""

    label: str
    texts: tuple[str, ...]

    def is_meant_by(self, text: str) -> bool:
        return text.casefold() in [each.casefold() for each in self.texts]

    def has(self, text: str) -> bool:
        return text.casefold() in f"{self.label} {' '.join(self.texts)}".casefold()


def pick(
    question: str, options: Sequence[Option], *, has_default: bool, none: str = ""
) -> int | None:
    """Return which option is picked; None for none of them.

    The first nine are shown; a part of a name shows those that have it. has_default: Enter means the first one.
    none: what "-" means; blank: one has to be picked.
    """
    picked = _pick(question, options, has_default=has_default, none=none, is_free=False)
    return picked if isinstance(picked, int) else None


def pick_or_text(
    question: str, options: Sequence[Option], *, has_default: bool, none: str = ""
) -> int | str | None:
    """Return which option is picked, or another text. None for none of them. The rest is as of pick."""
    return _pick(question, options, has_default=has_default, none=none, is_free=True)


def _pick(
    question: str, options: Sequence[Option], *, has_default: bool, none: str, is_free: bool
) -> int | str | None:
    shown = list(range(len(options)))
    is_listed = False
    while True:
        if not is_listed:
            _list(options, shown)
            is_listed = True
        ways = _ways(len(shown), len(options), has_default=has_default, none=none, is_free=is_free)
        text: str = click.prompt(f"{question} {ways}", default="", show_default=False).strip()
        if not text and has_default:
            return 0
        if text == "-" and none:
            return None
        if text.isdigit() and 1 <= int(text) <= min(len(shown), _MOST_SHOWN):
            return shown[int(text) - 1]
        exact = [at for at, option in enumerate(options) if text and option.is_meant_by(text)]
        found = exact or [at for at, option in enumerate(options) if text and option.has(text)]
        if is_free and text and not exact:
            return text
        if len(found) == 1:
            say(common.console, options[found[0]].label, head="  = ")
            return found[0]
        if found:
            shown, is_listed = found, False
        elif text:
            common.say("There is none of that name.")


def _list(options: Sequence[Option], shown: Sequence[int]) -> None:
    for at, index in enumerate(shown[:_MOST_SHOWN], 1):
        say(common.console, Text(options[index].label), head=f"  {at}  ")
    if len(shown) > _MOST_SHOWN:
        common.say(f"  and {len(shown) - _MOST_SHOWN} more: type a part of the name")


def _ways(shown: int, total: int, *, has_default: bool, none: str, is_free: bool) -> str:
    ways = []
    if has_default:
        ways.append("Enter: 1")
    elif total == 1:
        ways.append("1")
    elif total:
        ways.append(f"1 to {min(shown, _MOST_SHOWN)}")
    if is_free:
        ways.append("a text")
    elif total > 1:
        ways.append("a name")
    if none:
        ways.append(f"-: {none}")
    return f"[{'; '.join(ways)}]"
