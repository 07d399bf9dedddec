"""How does somebody at a terminal pick one of several, of which there may be hundreds?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click
from rich.text import Text

from adapter.cli import common
from adapter.cli.terminal import say

_MOST_SHOWN = 9
# Typed and returned for "no more of these".
STOP = "."


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
    question: str,
    options: Sequence[Option],
    *,
    has_default: bool,
    none: str = "",
    stop: str = "",
    is_free: bool = False,
) -> int | str | None:
    """Return which option is picked; None for none of them; another text where that is allowed.

    The first nine are shown; a part of a name shows those that have it. has_default: Enter means the first one.
    none: what "-" means; stop: what "." means, which is returned as STOP. Blank: there is no such answer.
    """
    shown = list(range(len(options)))
    _list(options, shown)
    while True:
        ways = "; ".join(_ways(shown, options, has_default, is_free, none, stop))
        text: str = click.prompt(f"{question} [{ways}]", default="", show_default=False).strip()
        if not text:
            if has_default:
                return 0
            continue
        if text == "-" and none:
            return None
        if text == STOP and stop:
            return STOP
        if text.isdigit() and 1 <= int(text) <= min(len(shown), _MOST_SHOWN):
            return shown[int(text) - 1]
        exact = [at for at, option in enumerate(options) if option.is_meant_by(text)]
        if is_free and len(exact) != 1:
            return text
        found = exact or [at for at, option in enumerate(options) if option.has(text)]
        if len(found) == 1:
            say(common.console, options[found[0]].label, head="  = ")
            return found[0]
        if found:
            shown, has_default = found, False
            _list(options, shown)
        else:
            common.say(
                f"There is no number {text} here."
                if text.isdigit()
                else "There is none of that name."
            )


def _list(options: Sequence[Option], shown: Sequence[int]) -> None:
    for at, index in enumerate(shown[:_MOST_SHOWN], 1):
        say(common.console, Text(options[index].label), head=f"  {at}  ")
    if len(shown) > _MOST_SHOWN:
        common.say(f"  and {len(shown) - _MOST_SHOWN} more: type a part of the name")


def _ways(
    shown: Sequence[int],
    options: Sequence[Option],
    has_default: bool,
    is_free: bool,
    none: str,
    stop: str,
) -> Iterator[str]:
    """Yield what may be typed."""
    if has_default:
        yield "Enter: 1"
    elif len(shown) == 1:
        yield "1"
    elif shown:
        yield f"1 to {min(len(shown), _MOST_SHOWN)}"
    if is_free:
        yield "a text"
    elif len(options) > 1:
        yield "a name"
    if none:
        yield f"-: {none}"
    if stop:
        yield f".: {stop}"
