"""What do the API's answers and requests look like? The OpenAPI document is made of these."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from adapter.domain.call import CallState
from adapter.domain.cause import Cause
from adapter.domain.lines import PersonKind
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.operations.health_report import Period

Time = Annotated[datetime, Field(description="ISO 8601, in UTC")]
Number = Annotated[
    str, Field(description="E.164; for a viewer the last four digits", examples=["+16175550134"])
]
# Only calls that are held, failed or ignored have one.
SomeCause = Annotated[Cause | None, Field(description="why it is held, failed or ignored")]


class Answer(BaseModel):
    """Every key is always there; null: not known."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Person(Answer):
    """Whom the call was with."""

    kind: PersonKind
    id: str
    name: str | None


class Call(Answer):
    """A call. A viewer gets neither recording_url nor voicemail_text."""

    call_id: Annotated[str, Field(description="the provider's id")]
    provider: str
    account: str
    direction: Direction | None
    outcome: Outcome | None
    assumed: Annotated[
        bool, Field(description="nothing told more than that the provider picked up")
    ]
    from_: Annotated[Number | None, Field(alias="from")]
    to: Number | None
    other_number: Annotated[Number | None, Field(description="of the side that is not ours")]
    line: Annotated[Number | None, Field(description="our side")]
    line_name: str | None
    started_at: Time | None
    ended_at: Time | None
    talk_seconds: int | None
    state: CallState
    cause: SomeCause
    reason: str | None
    person: Person | None
    matched_by: Annotated[str | None, Field(description="why it is this person")]
    recording_url: str | None
    voicemail_text: str | None
    event_id: Annotated[str | None, Field(description="of the event in the PMS, if it told it")]
    written_at: Time | None
    confirmed_at: Time | None


class CallList(Answer):
    """Some calls, the newest first."""

    calls: list[Call]
    next: Annotated[str | None, Field(description="`after` of the next page; null at the end")]


class Decided(Answer):
    """What was done, and the call as it is now."""

    done: str
    call: Call


class InboxGroup(Answer):
    """Calls that wait for a decision for the same cause on the same line."""

    state: CallState
    cause: Cause | None
    cause_words: str | None
    line: Number | None
    line_name: str | None
    count: int
    first_seen_at: Time
    last_seen_at: Time
    example: Annotated[str | None, Field(description="the reason of the newest")]


class ParkedHooks(Answer):
    """Hooks of a provider that could not be read."""

    provider: str
    error: str | None
    count: int
    first_seen_at: Time
    last_seen_at: Time


class InboxPage(Answer):
    """What waits, the largest group first."""

    groups: list[InboxGroup]
    parked: list[ParkedHooks]
    next: Annotated[str | None, Field(description="`after` of the next page; null at the end")]


class Line(Answer):
    """One of our lines and how it stands."""

    number: Annotated[Number | None, Field(description="null: every number that is not listed")]
    name: str | None
    pms: str | None
    property_id: str | None
    problems: Annotated[
        list[str] | None, Field(description="what it lacks; null while that is being found out")
    ]
    last_call_at: Time | None
    calls: Annotated[int, Field(description="of the last 7 days")]
    held: Annotated[int, Field(description="how many of those are held")]


class LineList(Answer):
    """All lines."""

    lines: list[Line]


class HealthBucket(Answer):
    """The calls of an hour, or of a day where the period is longer."""

    begins_at: Time
    by_outcome: dict[str, int]
    by_state: dict[str, int]


class HealthDelay(Answer):
    """Seconds from the end of a call until it was confirmed on the record; null: longer, or no calls."""

    half_within_seconds: float | None
    most_within_seconds: Annotated[float | None, Field(description="95 of 100")]
    calls: int


class HealthBreaker(Answer):
    """An integration whose last writes failed. Nothing is written there while it is open."""

    integration_id: str
    failures: int
    is_open: bool
    open_until: Time


class HealthBalance(Answer):
    """A day of the provider's own list of calls, compared with the records."""

    account: str
    day: date
    provider: str
    listed: int
    by_state: dict[str, int]
    compared_at: Time


class HealthLine(Answer):
    """When the newest call on a line came."""

    number: Number | None
    name: str | None
    last_call_at: Time | None


class Health(Answer):
    """How all goes. problems: by name, what is wrong and what to do."""

    at: Time
    period: Period
    problems: dict[str, str]
    not_known: Annotated[list[str], Field(description="what nobody has looked at lately")]
    workers_alive: int
    waiting: Annotated[int, Field(description="calls that are to be written and are not")]
    oldest_due_at: Time | None
    retrying: int
    oldest_unconfirmed_at: Time | None
    parked_hooks: int
    requests_last_minute: int
    requests_allowed: Annotated[int, Field(description="a minute; 0: not limited")]
    breakers: list[HealthBreaker]
    calls: int
    buckets: list[HealthBucket]
    shares: Annotated[dict[str, float], Field(description="of the calls, by state, from 0 to 1")]
    delay: HealthDelay
    balances: list[HealthBalance]
    lines: list[HealthLine]
    counted_at: Time | None


class Problem(BaseModel):
    """What is wrong (RFC 9457). parameter: which one of the query; calls: those that are meant."""

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: str
    parameter: str | None = None
    calls: list[Call] | None = None


def _printable(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("it is blank, or holds a character that no id has")
    return text


class Request(BaseModel):
    """A JSON object. Unknown members are refused: they would be a misunderstanding."""

    model_config = ConfigDict(extra="forbid", strict=True)


_IF_SAME_NUMBER: JsonDict = {
    "if": {"properties": {"same_number": {"const": True}}, "required": ["same_number"]},
    "then": {"properties": {"expected": {"type": "integer"}}, "required": ["expected"]},
}


class Decision(Request):
    """same_number: every held call from the same number too; expected: how many these are, with this one."""

    model_config = ConfigDict(json_schema_extra=_IF_SAME_NUMBER)

    same_number: bool = False
    expected: Annotated[int | None, Field(ge=1, le=10**9)] = None

    @model_validator(mode="after")
    def _has_expected(self) -> Self:
        if self.same_number and self.expected is None:
            raise ValueError(
                "same_number needs expected: how many held calls of the number you know of"
            )
        return self


class Assign(Decision):
    """The call was with this person."""

    kind: Annotated[PersonKind, Field(strict=False)]
    person_id: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]


class Replay(Decision):
    """again: also a call that is, or may be, written; it makes a second event then. Only of one call."""

    again: bool = False


ANSWERS: tuple[type[BaseModel], ...] = (
    CallList,
    Call,
    Decided,
    InboxPage,
    LineList,
    Health,
    Problem,
)
REQUESTS: tuple[type[BaseModel], ...] = (Assign, Decision, Replay)


def as_json(answer: BaseModel) -> dict[str, Any]:
    """Return the answer as JSON has it."""
    return answer.model_dump(mode="json", by_alias=True)
