"""What does Propexo's generic create-event request take? Its fields, limits and cross-field rules.

Source: `_v1_events_{leads,applicants,residents}_post_input` of Propexo's OpenAPI 3.1, Feb 2026.
Where a PMS wants less or more, profiles.py says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    model_validator,
)

from adapter.domain.outcome import Outcome

MAX_CALL_SECONDS = 86400
MAX_NOTES = 256

CALL_FIELDS = (
    "call_phone_number_from",
    "call_phone_number_to",
    "call_status",
    "call_duration",
    "call_audio_link",
)


class CallStatus(StrEnum):
    BUSY = "BUSY"
    ABANDONED = "ABANDONED"
    DISCONNECTED = "DISCONNECTED"
    FAILURE_TO_CONNECT = "FAILURE_TO_CONNECT"
    NO_ANSWER = "NO_ANSWER"
    ANSWER = "ANSWER"
    VOICEMAIL = "VOICEMAIL"


# Outcome.UNKNOWN is missing on purpose: such a call is not written.
CALL_STATUS: Mapping[Outcome, CallStatus] = {
    Outcome.ANSWERED: CallStatus.ANSWER,
    Outcome.NO_ANSWER: CallStatus.NO_ANSWER,
    Outcome.BUSY: CallStatus.BUSY,
    Outcome.VOICEMAIL: CallStatus.VOICEMAIL,
    Outcome.ABANDONED: CallStatus.ABANDONED,
    Outcome.DISCONNECTED: CallStatus.DISCONNECTED,
    Outcome.FAILED: CallStatus.FAILURE_TO_CONNECT,
}


class LeadEventStatus(StrEnum):
    LEASED = "LEASED"
    LOST = "LOST"
    UNQUALIFIED = "UNQUALIFIED"
    ACTIVE = "ACTIVE"
    FUTURE = "FUTURE"


class EventStatus(StrEnum):
    COMPLETED = "COMPLETED"
    OPEN = "OPEN"
    REVIEW = "REVIEW"
    DENIED = "DENIED"


class EventName(StrEnum):
    """The generic endpoints' names, which are Yardi's; of residents' events the name is free."""

    CALL_TO_PROSPECT = "CallToProspect"
    CALL_FROM_PROSPECT = "CallFromProspect"
    OTHER = "Other"
    WALK_IN = "WalkIn"
    CHAT = "Chat"
    EMAIL = "Email"
    WEBSERVICE = "Webservice"
    APPOINTMENT = "Appointment"
    SHOW = "Show"
    APPLICATION = "Application"
    SELF_GUIDED_TOUR = "SelfGuidedTour"
    APPROVE = "Approve"
    CANCEL_APPLICATION = "CancelApplication"
    APPLICATION_DENIED = "ApplicationDenied"
    HOLD = "Hold"
    CANCEL_APPOINTMENT = "CancelAppointment"
    LEASE_SIGN = "LeaseSign"
    RELEASE = "Release"
    RETURN_VISIT = "ReturnVisit"


# RFC 3339; fromisoformat alone takes week dates and times without an offset too.
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_URI = re.compile(r"(?i:https?)://(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")


def _moment(value: Any) -> datetime:
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise ValueError("write a date-time with its offset, like 2024-01-15T09:30:00-07:00")
    return value


def _uri(value: str) -> str:
    problem = ValueError("write a whole http or https URL, with its other characters escaped")
    if not _URI.fullmatch(value):
        raise problem
    try:
        parts = urlsplit(value)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise problem from error
    if not is_whole:
        raise problem
    return value


def _iso(value: datetime) -> str:
    return value.isoformat()


# Kept as a datetime with the offset it came with: PMS differ in which one they want.
DateTime = Annotated[datetime, BeforeValidator(_moment), PlainSerializer(_iso)]
# Kept as text, byte for byte: a URL type would normalise what somebody signed.
Uri = Annotated[str, AfterValidator(_uri), Field(json_schema_extra={"format": "uri"})]
Seconds = Annotated[int, Strict(), Field(ge=0, le=MAX_CALL_SECONDS)]
Flag = Annotated[bool, Strict()]
Cents = (
    Annotated[int, Strict(), Field(ge=0)]
    | Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
)
Notes = Annotated[str, Field(max_length=MAX_NOTES)]


class _Event(BaseModel):
    """What the three requests have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    integration_id: str
    event_type_id: str | None = None
    event_result_id: str | None = None
    event_sub_type_id: str | None = None
    employee_id: str | None = None
    unit_id: str | None = None
    event_datetime: DateTime | None = None
    reasons_for_event: str | None = None
    appointment_datetime: DateTime | None = None
    time_from: str | None = None
    time_to: str | None = None
    title: str | None = None
    call_phone_number_from: str | None = None
    call_phone_number_to: str | None = None
    call_status: CallStatus | None = None
    call_duration: Seconds | None = None
    call_audio_link: Uri | None = None
    email_body: str | None = None
    email_subject: str | None = None
    email_from: str | None = None
    email_to: str | None = None
    email_cc: str | None = None
    email_bcc: str | None = None
    email_send: Flag | None = None

    @model_validator(mode="after")
    def _call_fields_go_together(self) -> Self:
        lacking = [name for name in CALL_FIELDS if getattr(self, name) in (None, "")]
        if any(getattr(self, name) is not None for name in CALL_FIELDS) and lacking:
            names = f"{', '.join(lacking)} {'is' if len(lacking) == 1 else 'are'}"
            raise ValueError(f"a call event needs all five call_ fields; {names} missing")
        return self

    @model_validator(mode="after")
    def _outgoing_email_has_a_sender(self) -> Self:
        if self.email_send and not self.email_from:
            raise ValueError("an outgoing email event (email_send) needs email_from")
        return self

    def body(self) -> dict[str, Any]:
        """The request's JSON object: what is set, and no nulls."""
        return self.model_dump(mode="json", exclude_none=True)


class _ProspectEvent(_Event):
    """What leads and applicants have in common."""

    event_name: EventName | None = None
    notes: Notes | None = None
    agent_name: str | None = None
    rent_amount_in_cents: Cents | None = None

    @model_validator(mode="after")
    def _lease_sign_has_a_rent(self) -> Self:
        if self.event_name is EventName.LEASE_SIGN and self.rent_amount_in_cents is None:
            raise ValueError("an event with event_name LeaseSign needs rent_amount_in_cents")
        return self


class LeadEvent(_ProspectEvent):
    """The body of POST /v1/events/leads."""

    generic_path: ClassVar[str] = "/v1/events/leads"

    lead_id: str | None = None
    status: LeadEventStatus | None = None
    call_recording_url: Uri | None = None
    lead_source_id: str | None = None


class ApplicantEvent(_ProspectEvent):
    """The body of POST /v1/events/applicants."""

    generic_path: ClassVar[str] = "/v1/events/applicants"

    applicant_id: str | None = None
    application_id: str | None = None
    event_type: Literal["Note"] | None = None
    status: EventStatus | None = None


class ResidentEvent(_Event):
    """The body of POST /v1/events/residents. The schema sets its notes no limit."""

    generic_path: ClassVar[str] = "/v1/events/residents"

    resident_id: str | None = None
    event_type: Literal["Note"] | None = None
    event_name: str | None = None
    notes: str | None = None
    status: EventStatus | None = None
