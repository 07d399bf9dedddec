"""What does lines.toml say once lines are added to it? What stood there stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapter.text.plain import plain

_NO_LINE = re.compile(r"^# no line: (\+\d+)", re.MULTILINE)
HEAD = """\
# Your phone numbers and what belongs to each; docs/operating.md, Lines, has every key.
# adapter setup wrote this, and adds numbers that are new. It is yours to change: restart web and worker then.
# A key that shall hold for all lines stands once, under [defaults].
"""


@dataclass(frozen=True)
class LineText:
    """A line that is to be added. keys: a key of a line -> its value, and what is said of it behind a "#".

    number: E.164. open_keys: what the line lacks -> what to do about it.
    """

    number: str
    remark: str
    keys: Mapping[str, tuple[str, str]]
    open_keys: Mapping[str, str] = field(default_factory=dict)


def with_lines(text: str, lines: Sequence[LineText], no_lines: Mapping[str, str]) -> str:
    """Return the text with these lines at its end. no_lines: numbers that are none -> their names."""
    pieces = [text or HEAD]
    if not pieces[0].endswith("\n"):
        pieces.append("\n")
    for line in lines:
        pieces.append(f'\n[lines."{line.number}"]{_comment(line.remark)}\n')
        pieces += [
            f"{key} = {toml_text(value)}{_comment(remark)}\n"
            for key, (value, remark) in line.keys.items()
        ]
        pieces += [f'# {key} = "..."{_comment(why)}\n' for key, why in line.open_keys.items()]
    if no_lines:
        pieces.append("\n# adapter setup asks for these again if their comment is removed.\n")
        pieces += [
            f"# no line: {number} {plain(name)}".rstrip() + "\n"
            for number, name in no_lines.items()
        ]
    return "".join(pieces)


def no_lines_in(text: str) -> frozenset[str]:
    """Return the numbers (E.164) of which it was said that they are no line."""
    return frozenset(_NO_LINE.findall(text))


def toml_text(value: str) -> str:
    """Return the value as a text of TOML."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(words: str) -> str:
    return f"  # {plain(words)}" if words else ""
