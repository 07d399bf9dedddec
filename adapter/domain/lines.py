"""Which phone lines are ours, and what belongs to each? (lines.toml, design.md section 10)"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationError,
)

from adapter.domain.phone import e164
from adapter.errors import SettingsError


class PersonKind(StrEnum):
    LEAD = "lead"
    APPLICANT = "applicant"
    RESIDENT = "resident"


class UnknownCaller(StrEnum):
    """What to do with a call whose other side is nobody we know."""

    HOLD = "hold"
    CREATE_LEAD = "create_lead"
    IGNORE = "ignore"


class Ambiguous(StrEnum):
    """What to do with a real tie between people."""

    LATEST = "latest"
    HOLD = "hold"


def _number(value: Any) -> str:
    number = e164(value) if isinstance(value, str) else None
    if number is None:
        raise ValueError(f"{value!r} is not a phone number; write it like +16175550100")
    return number


def _zone(value: Any) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:  # OSError: "America"
        raise ValueError(f"{value!r} is not a time zone; write it like America/New_York") from error
    return str(value)


# What pydantic calls by its Python name, as TOML calls it.
_FACTS = dict.fromkeys(
    ("tuple_type", "frozen_set_type"), 'Input should be a list, like ["...", "..."]'
)

Number = Annotated[str, BeforeValidator(_number)]
Zone = Annotated[str, BeforeValidator(_zone)]
Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Line(BaseModel):
    """One of our lines and what belongs to it; every key may also stand in [defaults]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = ""
    name: str = ""
    integration_id: Id | None = None
    property_id: Id | None = None
    event_type_id: Id | None = None
    event_type: Id | None = None
    employee_id: Id | None = None
    employee: Id | None = None
    agent_name: Id | None = None
    lead_source_id: Id | None = None
    people: tuple[PersonKind, ...] = (PersonKind.LEAD, PersonKind.APPLICANT, PersonKind.RESIDENT)
    unknown_caller: UnknownCaller = UnknownCaller.HOLD
    create_lead_outbound: Annotated[bool, Strict()] = False
    ambiguous: Ambiguous = Ambiguous.LATEST
    timezone: Zone = "America/New_York"
    min_seconds: Annotated[int, Strict(), Field(ge=0)] = 0
    staff: frozenset[Number] = frozenset()
    ignore: frozenset[Number] = frozenset()
    switchboards: frozenset[Number] = frozenset()
    lead_first_name: Id = "Unknown"
    lead_last_name: Id = "Caller"
    organization_name: Id | None = None
    lead_relationship_id: Id | None = None

    @property
    def title(self) -> str:
        """The line as people call it."""
        return self.name or self.number or "any other number"


class Lines:
    """All our lines. A number that is no line has the defaults, or nothing where there are none.

    digest: of the text that they were read from.
    """

    def __init__(self, defaults: Line, lines: Mapping[str, Line], digest: str = "") -> None:
        self.digest = digest
        self.defaults = defaults
        self.by_number = dict(lines)
        every = [defaults, *self.by_number.values()]
        self._staff = frozenset().union(*(line.staff for line in every))
        self.ignored = frozenset().union(*(line.ignore for line in every))
        self.switchboards = frozenset().union(*(line.switchboards for line in every))

    def __iter__(self) -> Any:
        return iter(self.by_number.values())

    @property
    def in_use(self) -> Sequence[Line]:
        """Every line as listed, and the defaults where calls of other numbers are written by them."""
        listed = list(self.by_number.values())
        is_needed = self.defaults.integration_id is not None or not listed
        return [*listed, self.defaults] if is_needed else listed

    def is_ours(self, number: str) -> bool:
        """True for our lines and staff, which are never the person of a call. number: E.164."""
        return number in self.by_number or number in self._staff

    def is_line(self, number: str) -> bool:
        """True for our lines alone, as they are listed. number: E.164."""
        return number in self.by_number

    def of(self, number: str | None) -> Line | None:
        """The line with this number (E.164), else the defaults, else None."""
        if number is not None and number in self.by_number:
            return self.by_number[number]
        if self.defaults.integration_id is None:
            return None
        return self.defaults.model_copy(update={"number": number or ""})


def read_lines(text_or_path: str, defaults: Mapping[str, str | None]) -> Lines:
    """The lines of lines.toml, given as its path or its text; defaults are what the settings say.

    Errors: SettingsError naming the line, the key and what is allowed.
    """
    given = {key: value for key, value in defaults.items() if value}
    source, text = _text(text_or_path)
    document = _document(source, text)
    unknown = sorted(set(document) - {"defaults", "lines"})
    if unknown:
        raise SettingsError(
            f"{source}: [{unknown[0]}] is not known; write [defaults] and [lines.*]"
        )
    common = {**given, **_table(source, "defaults", document.get("defaults", {}))}
    fallback = _line(source, "defaults", common)
    lines: dict[str, Line] = {}
    for written, table in _table(source, "lines", document.get("lines", {})).items():
        number = e164(written)
        if number is None:
            raise SettingsError(
                f'{source}: [lines."{written}"] is not a phone number; write it like "+16175550100"'
            )
        if number in lines:
            raise SettingsError(f'{source}: [lines."{written}"] stands twice; keep one')
        where = f'lines."{written}"'
        lines[number] = _line(
            source, where, {**common, **_table(source, where, table), "number": number}
        )
    return Lines(fallback, lines, sha256(text.encode()).hexdigest())


def is_path(text_or_path: str) -> bool:
    """True if it names a file, and is not the lines themselves."""
    return bool(text_or_path.strip()) and not any(sign in text_or_path for sign in "\n=[")


def _text(text_or_path: str) -> tuple[str, str]:
    """Where the lines stand, and their text."""
    if not text_or_path.strip():
        return "lines", ""
    if not is_path(text_or_path):
        return "ADAPTER_LINES", text_or_path
    try:
        return text_or_path, Path(text_or_path).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"ADAPTER_LINES names {text_or_path}, which cannot be read ({error.strerror}); "
            "give the path of lines.toml, or its text"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{text_or_path} is not TOML: {error}") from error


def _document(source: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source} is not TOML: {error}") from error


def _table(source: str, where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{source}: [{where}] must be a table of keys and values")
    if where != "lines" and "number" in value:
        raise SettingsError(f"{source}: [{where}] number is not known; {_allowed()}")
    return value


def _allowed() -> str:
    return f"allowed are {', '.join(sorted(set(Line.model_fields) - {'number'}))}"


def _line(source: str, where: str, values: Mapping[str, Any]) -> Line:
    try:
        return Line.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "?"
        if first["type"] == "extra_forbidden":
            problem = f"is not known; {_allowed()}"
        else:
            fact = _FACTS.get(first["type"], first["msg"].removeprefix("Value error, "))
            problem = f"= {first['input']!r}: {fact}"
        raise SettingsError(f"{source}: [{where}] {key} {problem}") from error
