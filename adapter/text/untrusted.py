"""How much is looked at of what comes from outside?

Whatever others send is cut before it is parsed: hooks, answers, headers, what was said. So no text is so long
that a step which is not linear takes seconds, fills an index of the database, or stands in a log.
"""

from __future__ import annotations

import re
from typing import Any

MOST_TEXT = 500  # a number, a name, an id, an address, a time
MOST_WORDS = 5_000  # what somebody said or wrote
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)


def cut(text: str, most: int = MOST_TEXT) -> str:
    """The beginning of the text."""
    return text[:most]


def cut_all(value: Any, most: int = MOST_WORDS) -> Any:
    """A JSON value in which every text is cut, names too. Errors: RecursionError if it is nested too deeply."""
    if isinstance(value, str):
        return value[:most]
    if isinstance(value, dict):
        return {name[:most]: cut_all(each, most) for name, each in value.items()}
    if isinstance(value, list):
        return [cut_all(each, most) for each in value]
    return value


def whole(text: str | None) -> int | None:
    """The whole number that a header or a field spells, of 18 digits at the most; None for anything else."""
    found = _WHOLE.fullmatch(cut(text or "").strip())
    return int(found[0]) if found else None
