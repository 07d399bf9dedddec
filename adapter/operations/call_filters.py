"""Which calls do the parameters of a URL mean?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from adapter.domain.actor import Role
from adapter.domain.call import CallState
from adapter.domain.call_filter import CallFilter, Count, Cursor, Search
from adapter.domain.cause import Cause
from adapter.domain.lines import Line, Lines, PersonKind
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.domain.phone import e164, ever_written
from adapter.errors import AdapterError

__all__ = ["PARAMETERS", "BadFilter", "CallFilter", "Count", "Cursor", "Search", "parse_filter"]

PARAMETERS = (
    *("state", "outcome", "cause", "line", "kind", "direction"),
    *("since", "until", "q"),
)
MAX_LENGTH = 200
MAX_WORDS = 6
# The fewest digits by which the end of a number is searched for, and all that a viewer may give.
LAST_DIGITS = 4
_NUMBER_LIKE = re.compile(r"[\d\s().+/-]+")
_AGO = re.compile(r"(\d{1,5})([hd])")
Choice = TypeVar("Choice", bound=StrEnum)


class BadFilter(AdapterError):
    """A parameter cannot be understood. parameter: its name. fact: what is wrong, and what is allowed."""

    def __init__(self, parameter: str, fact: str) -> None:
        super().__init__(f"{parameter}: {fact}")
        self.parameter = parameter
        self.fact = fact


def parse_filter(
    given: Mapping[str, str], *, lines: Lines, role: Role, now: datetime
) -> CallFilter:
    """Return the filter that these parameters (PARAMETERS) mean; a blank one counts as not given.

    Days are those of the time zone of [defaults]. now: aware. Errors: BadFilter.
    """
    texts = {name: text for name in PARAMETERS if (text := _text(name, given.get(name)))}
    zone = ZoneInfo(lines.defaults.timezone)

    def read(name: str, reading: Callable[[str], _Read]) -> _Read | None:
        try:
            return reading(texts[name]) if name in texts else None
        except ValueError as error:
            raise BadFilter(name, str(error)) from error

    return CallFilter(
        state=read("state", lambda text: _choice(CallState, text)),
        outcome=read("outcome", lambda text: _choice(Outcome, text)),
        cause=read("cause", lambda text: _choice(Cause, text)),
        kind=read("kind", lambda text: _choice(PersonKind, text)),
        direction=read("direction", lambda text: _choice(Direction, text)),
        lines=read("line", lambda text: _lines_named(text, lines)),
        since=read("since", lambda text: _moment(text, zone, now, is_end=False)),
        until=read("until", lambda text: _moment(text, zone, now, is_end=True)),
        search=read("q", lambda text: search_for(text, role)),
    )


_Read = TypeVar("_Read")


def parse_cursor(text: str | None) -> Cursor | None:
    """Return the place that the parameter `after` names. Errors: BadFilter."""
    try:
        return Cursor.decode(text) if text else None
    except ValueError as error:
        raise BadFilter("after", str(error)) from error


def name_of_line(line: Line, lines: Lines) -> str:
    """Return by which text the parameter `line` means this line: its last digits, if they suffice."""
    last = line.number[-LAST_DIGITS:]
    is_only = sum(number.endswith(last) for number in lines.by_number) == 1
    return last if is_only else line.number


def search_for(text: str, role: Role) -> Search:
    """Return what a search for this text looks for. Errors: ValueError."""
    number = e164(text)
    digits = re.sub(r"\D", "", text)
    is_digits = bool(_NUMBER_LIKE.fullmatch(text))
    if role is Role.VIEWER and (number or is_digits) and len(digits) > LAST_DIGITS:
        raise ValueError(f"search for a number by its last {LAST_DIGITS} digits")
    ending = digits if is_digits and number is None and len(digits) >= LAST_DIGITS else None
    is_one_word = not re.search(r"\s", text)
    has_digits, has_letters = bool(digits), any(char.isalpha() for char in text)
    is_name = has_letters and not (is_one_word and has_digits)
    words = re.findall(r"[^\W_]+", text.casefold())[:MAX_WORDS] if is_name else []
    return Search(
        numbers=ever_written(number) if number else frozenset(),
        ending=ending,
        id=text if is_one_word else None,
        words=tuple(words),
    )


def _text(name: str, given: str | None) -> str:
    text = (given or "").strip()
    if len(text) > MAX_LENGTH:
        raise BadFilter(name, f"it is longer than {MAX_LENGTH} characters")
    if any(ord(char) < ord(" ") or "\ud800" <= char <= "\udfff" for char in text):
        raise BadFilter(name, "it holds a character that no text has")
    return text


def _choice(kind: type[Choice], text: str) -> Choice:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"it is one of {', '.join(kind)}") from None


def _lines_named(text: str, lines: Lines) -> frozenset[str]:
    """A line's number in any format, its last digits, or its name."""
    number = e164(text)
    if number is not None:
        return frozenset({number})
    digits = text if text.isdecimal() and len(text) >= LAST_DIGITS else None
    found = {
        line.number
        for line in lines.by_number.values()
        if (digits and line.number.endswith(digits)) or line.name.casefold() == text.casefold()
    }
    if not found:
        raise ValueError("no line has this number or name")
    return frozenset(found)


def _moment(text: str, zone: ZoneInfo, now: datetime, *, is_end: bool) -> datetime:
    """A day (from its first moment to its last), a date-time, or how long ago (24h, 3d)."""
    try:
        if ago := _AGO.fullmatch(text.lower()):
            count = int(ago[1])
            return now - (timedelta(hours=count) if ago[2] == "h" else timedelta(days=count))
        if len(text) == len("2026-11-01"):
            day = date.fromisoformat(text) + timedelta(days=int(is_end))
            moment = datetime.combine(day, datetime.min.time(), zone)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("write it like 2026-11-01, 2026-11-01T09:30, 24h or 3d") from None
