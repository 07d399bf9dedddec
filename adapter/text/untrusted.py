"""How long may text from outside be?

Hooks, answers, headers and messages are cut before they are parsed. So no text is long enough to fill an index
of the database or the log, or to make a step that is not linear take seconds.
"""

from __future__ import annotations

import re
from typing import Any

MOST_TEXT = 500  # a number, a name, an id, an address, a time
MOST_WORDS = 5_000  # what somebody said or wrote
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)


def cut(text: str, most: int = MOST_TEXT) -> str:
    """Return the beginning of the text."""
    return text[:most]


def cut_all(value: Any, most: int = MOST_WORDS) -> Any:
    """Return the JSON value with each text and name cut. Raise RecursionError if it is nested too deeply."""
    if isinstance(value, str):
        return value[:most]
    if isinstance(value, dict):
        return {name[:most]: cut_all(each, most) for name, each in value.items()}
    if isinstance(value, list):
        return [cut_all(each, most) for each in value]
    return value


def whole(text: str | None) -> int | None:
    """Return the whole number in a header or field, if it has 18 digits at most; None for anything else."""
    digits = _WHOLE.fullmatch(cut(text or "").strip())
    return int(digits[0]) if digits else None
