"""Which phone lines are ours, and what belongs to each? docs/operating.md describes each key of a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)

from adapter.domain.phone import e164


class PersonKind(StrEnum):
    """Which kind of record a person has at the target."""

    LEAD = "lead"
    APPLICANT = "applicant"
    RESIDENT = "resident"

    @property
    def plural(self) -> str:
        return f"{self.value}s"


class UnknownCaller(StrEnum):
    """What to do with a call whose caller is not among the people that the target knows."""

    HOLD = "hold"
    CREATE_LEAD = "create_lead"
    IGNORE = "ignore"


class Ambiguous(StrEnum):
    """What to do if several people fit a call equally well."""

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


Number = Annotated[str, BeforeValidator(_number)]
Zone = Annotated[str, BeforeValidator(_zone)]
Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Line(BaseModel):
    """One of our lines. The fields are the keys of lines.toml; docs/operating.md describes each."""

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
        """Return the name of the line as people know it."""
        return self.name or self.number or "any other number"


class Lines:
    """All our lines. Any other number has the defaults, if they name an integration.

    digest: the SHA-256 of the text that the lines were read from.
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
        """Return each listed line, and the defaults if calls of other numbers are written by them."""
        listed = list(self.by_number.values())
        is_needed = self.defaults.integration_id is not None or not listed
        return [*listed, self.defaults] if is_needed else listed

    @property
    def labels(self) -> Mapping[str, str]:
        """Return a short name of each listed line by its number, of which it shows the last four digits."""
        return {
            number: f"{line.name or 'line'} ({number[-4:]})"
            for number, line in self.by_number.items()
        }

    def is_ours(self, number: str) -> bool:
        """Return whether this is one of our lines or of our staff, which are never the person of a call.

        number: in E.164.
        """
        return number in self.by_number or number in self._staff

    def is_line(self, number: str) -> bool:
        """Return whether this is a listed line. number: in E.164."""
        return number in self.by_number

    def of(self, number: str | None) -> Line | None:
        """Return the line with this number (in E.164), else the defaults, else None."""
        if number is not None and number in self.by_number:
            return self.by_number[number]
        if self.defaults.integration_id is None:
            return None
        return self.defaults.model_copy(update={"number": number or ""})
