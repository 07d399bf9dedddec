"""Is this value one that a field of Propexo's schemas takes?"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from .answers import Issue, issue

# RFC 3339 with an offset; `fromisoformat` alone would also take week dates and a missing offset.
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d")
_URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


@dataclass(frozen=True)
class Field:
    """What one field takes. `kind` is a JSON type or one of the formats below."""

    kind: str = "string"
    enum: tuple[str, ...] = ()
    min_length: int = 0
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    nullable: bool = False

    def issue(self, name: str, value: Any) -> Issue | None:
        """What is wrong with `value`, or None."""
        if value is None and self.nullable:
            return None
        wrong_type = _type_problem(self.kind, value)
        if wrong_type is not None:
            return issue("invalid_type", [name], wrong_type, expected=self.kind)
        if isinstance(value, str):
            return self._text_issue(name, value)
        if self.minimum is not None and value < self.minimum:
            return issue("too_small", [name], f"must be at least {self.minimum}")
        if self.maximum is not None and value > self.maximum:
            return issue("too_big", [name], f"must be at most {self.maximum}")
        return None

    def _text_issue(self, name: str, value: str) -> Issue | None:
        if self.enum and value not in self.enum:
            allowed = list(self.enum)
            message = f"Invalid enum value. Expected {' | '.join(allowed)}, received {value!r}"
            return issue("invalid_enum_value", [name], message, options=allowed)
        if len(value) < self.min_length:
            message = f"String must contain at least {self.min_length} character(s)"
            return issue("too_small", [name], message)
        if self.max_length is not None and len(value) > self.max_length:
            message = f"String must contain at most {self.max_length} character(s)"
            return issue("too_big", [name], message, maximum=self.max_length)
        checks: dict[str, Callable[[str], object]] = {
            "date-time": parse_date_time,
            "date": lambda text: parse_date_time(text) or _parse_date(text),
            "time": _TIME.fullmatch,
            "uri": is_web_uri,
        }
        check = checks.get(self.kind)
        if check is not None and not check(value):
            return issue("invalid_string", [name], f"Invalid {self.kind}", validation=self.kind)
        return None


def words(text: str) -> tuple[str, ...]:
    """The words of a text: tables of names read better that way."""
    return tuple(text.split())


def field_issues(fields: Mapping[str, Field], body: Mapping[str, Any]) -> list[Issue]:
    """The issues of the values in `body` whose fields are known."""
    found = (fields[name].issue(name, value) for name, value in body.items() if name in fields)
    return [each for each in found if each is not None]


def parse_date_time(text: str) -> datetime | None:
    """An RFC 3339 time with its offset, or None if `text` is anything else."""
    if not _DATE_TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def is_web_uri(text: str) -> bool:
    """Whether `text` is an absolute http(s) URI, with nothing in it that needed escaping."""
    if not _URI_CHARACTERS.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _parse_date(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _type_problem(kind: str, value: Any) -> str | None:
    types: dict[str, tuple[type, ...]] = {
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
        "array": (list,),
    }
    expected = types.get(kind, (str,))
    # bool is an int in Python, but not in JSON.
    if isinstance(value, expected) and (kind == "boolean" or not isinstance(value, bool)):
        return None
    received = "null" if value is None else type(value).__name__
    return f"Expected {kind}, received {received}"
