"""What is there to know of how one PMS takes a call event? (profiles.py has the PMSs)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapter.domain.lines import PersonKind
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.targets.propexo.models import CALL_FIELDS, ApplicantEvent, LeadEvent, ResidentEvent

EventNames = Mapping[tuple[Direction, Outcome | None], str]
Model = type[LeadEvent] | type[ApplicantEvent] | type[ResidentEvent]

MODELS: Mapping[PersonKind, Model] = {
    PersonKind.LEAD: LeadEvent,
    PersonKind.APPLICANT: ApplicantEvent,
    PersonKind.RESIDENT: ResidentEvent,
}

# Keys of a line that a PMS may need, and the key (a name, looked up) that does as well.
LINE_KEYS: Mapping[str, str | None] = {
    "event_type_id": "event_type",
    "employee_id": "employee",
    "agent_name": None,
    "lead_source_id": None,
    "property_id": None,
    "organization_name": None,
    "lead_relationship_id": None,
}
STRIP_UNKNOWN: Mapping[str, str] = {"ignore_unknown_fields": "true"}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How one PMS takes a call with one kind of person.

    vendor: Propexo's word.
    own_path: the vendor's path; None for the generic one.
    required, optional: fields besides integration_id and the person's id.
    event_names: by direction and outcome; outcome None stands for all others.
    notes_limit: in characters; None where neither the vendor's nor the generic schema has one.
    zone: in which times are written; None for the line's.
    may_strip: not all of these fields are known to exist, so Propexo is asked to strip unknown
        ones, and the notes repeat what is in them.
    takes_corrections: an event can be changed after it was written (PUT /v1/events/...).
    unsupported: why the PMS takes no such event; None if it does.
    remark: what the contract leaves open here, and what was chosen.
    """

    vendor: str
    kind: PersonKind
    own_path: str | None = None
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    event_names: EventNames = field(default_factory=dict)
    notes_limit: int | None = None
    zone: str | None = None
    may_strip: bool = False
    takes_corrections: bool = False
    unsupported: str | None = None
    remark: str | None = None

    @property
    def path(self) -> str:
        return self.own_path or MODELS[self.kind].generic_path

    @property
    def query(self) -> Mapping[str, str]:
        return STRIP_UNKNOWN if self.may_strip else {}

    @property
    def person_field(self) -> str:
        return f"{self.kind.value}_id"

    @property
    def all_required(self) -> tuple[str, ...]:
        return ("integration_id", self.person_field, *self.required)

    @property
    def accepted(self) -> frozenset[str]:
        return frozenset((*self.all_required, *self.optional))

    @property
    def has_call_fields(self) -> bool:
        """It has fields of its own for status, talk time, numbers and link."""
        return self.accepted.issuperset(CALL_FIELDS)

    @property
    def has_datetime(self) -> bool:
        return "event_datetime" in self.accepted

    @property
    def link_field(self) -> str | None:
        """The field for the link; None where the link must stand in the notes."""
        fields = ("call_audio_link", "call_recording_url")
        return next((name for name in fields if name in self.accepted), None)

    @property
    def line_keys(self) -> tuple[str, ...]:
        """What a line must have for this PMS."""
        return tuple(key for key in LINE_KEYS if key in self.required)

    def event_name(self, direction: Direction, outcome: Outcome) -> str | None:
        """The PMS's word for such a call; None where it wants none."""
        names = self.event_names
        return names.get((direction, outcome), names.get((direction, None)))
