"""What does each PMS behind Propexo want in a write? The contract's tables (1 and 4) as data.

Three states are told apart: a rule (the contract shows the page), `UNSUPPORTED` (it shows that
there is none) and absence from the table (not seen: only the generic schema is known).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .fields import Field, words
from .schemas import (
    CALL_FIELDS,
    DATE,
    DATE_TIME,
    EMAIL_FIELDS,
    EVENT_COMMON,
    EVENT_STATUSES,
    GENERIC_EVENTS,
    GENERIC_LEAD,
    LEAD_STATUSES,
    NOTES_256,
    TEXT,
    UPDATE_EVENT,
    URI,
    YARDI_EVENT_NAMES,
)

VENDORS: Final = words(
    "APPFOLIO BUILDIUM ELISEAI ENTRATA FUNNEL KNOCK MRI PROPERTYWARE PROPERTYWARE_REST REALPAGE "
    "REALPAGE_RPX RENTCAFE RENTMANAGER RENTVINE RESMAN YARDI YARDI_REST"
)
KINDS: Final = {"leads": "lead_id", "applicants": "applicant_id", "residents": "resident_id"}

REALPAGE_EVENT_NAMES = (
    "E-mail",
    "Event",
    "Fax/Letter",
    "Internet",
    "Notes",
    "Phone call",
    "Pre-recorded - Tour",
    "Self-guided - Tour",
    "Signature",
    "Text message",
    "Videotelephony - Tour",
    "Visit",
    "Visit (return)",
)
RESMAN_EVENT_NAMES = words(
    "EmailToProspect EmailFromILS EmailFromProspect Email CallToProspect CallFromProspect Phone "
    "Show WalkIn Contact Other Cancel ReActivate TextToProspect TextFromProspect "
    "Application"
)
RENTMANAGER_EVENT_NAMES = ("CALL", "EMAIL", "VISIT", "NOTE")


@dataclass(frozen=True)
class Rule:
    """What one PMS wants in one kind of write.

    `returns_id`: write-status carries the new record's id; otherwise it shows up on the next sync.
    `zone`: times must carry this zone's offset. `is_call_native`: the call_ fields go together.
    """

    required: tuple[str, ...]
    fields: Mapping[str, Field]
    returns_id: bool = False
    zone: str | None = None
    is_call_native: bool = False
    employee_role: str | None = None


class Unsupported:
    """The endpoint exists only to answer 405."""


UNSUPPORTED: Final = Unsupported()


def _event(required: str, optional: str = "", *, returns_id: bool = False, **own: Field) -> Rule:
    """A rule whose fields are typed as in the generic schema, except for those in `own`."""
    names = ("integration_id", *required.split())
    known = {**GENERIC_EVENTS["applicants"], **GENERIC_EVENTS["leads"], **EVENT_COMMON}
    known |= {"resident_id": TEXT, "event_name": TEXT, "notes": TEXT, "status": TEXT}
    fields = {name: own.get(name, known[name]) for name in (*names, *optional.split())}
    return Rule(required=names, fields=fields, returns_id=returns_id)


def _entrata(required: str, optional: str = "") -> Rule:
    others = (
        "event_result_id event_sub_type_id employee_id unit_id reasons_for_event notes "
        "appointment_datetime time_from time_to title"
    )
    optional = " ".join([optional, others, *CALL_FIELDS, *EMAIL_FIELDS])
    clock = Field("time")
    shape = _event(
        f"{required} event_type_id event_datetime", optional, time_from=clock, time_to=clock
    )
    # "Entrata expects all times to be in Mountain Time."
    return Rule(shape.required, shape.fields, zone="America/Denver", is_call_native=True)


_YARDI_NAME = Field(enum=YARDI_EVENT_NAMES)
_YARDI_LEAD = _event(
    "lead_id event_name event_datetime agent_name",
    "unit_id notes rent_amount_in_cents",
    event_name=_YARDI_NAME,
    notes=NOTES_256,
)
_MRI_APPLICANT = _event(
    "applicant_id event_type_id event_datetime",
    "employee_id status notes",
    returns_id=True,
    event_datetime=DATE,
    status=Field(enum=EVENT_STATUSES),
)

EVENTS: Final[dict[tuple[str, str], Rule | Unsupported]] = {
    ("ENTRATA", "leads"): _entrata("lead_id"),
    ("ENTRATA", "applicants"): _entrata("applicant_id", "application_id"),
    ("ENTRATA", "residents"): _entrata("resident_id"),
    ("YARDI", "leads"): _YARDI_LEAD,
    ("YARDI", "residents"): UNSUPPORTED,
    ("YARDI_REST", "leads"): _YARDI_LEAD,
    # Only the first two required fields of the page were seen.
    ("YARDI_REST", "applicants"): _event(
        "applicant_id event_name",
        "application_id event_datetime agent_name unit_id notes rent_amount_in_cents",
        event_name=_YARDI_NAME,
        notes=NOTES_256,
    ),
    ("REALPAGE", "leads"): _event(
        "lead_id event_name",
        "event_datetime notes",
        returns_id=True,
        event_name=Field(enum=REALPAGE_EVENT_NAMES),
        event_datetime=Field("date-time", nullable=True),
    ),
    ("REALPAGE", "applicants"): _event("applicant_id event_type_id notes"),
    ("REALPAGE", "residents"): _event("resident_id event_type_id notes"),
    ("REALPAGE_RPX", "leads"): _event(
        "lead_id employee_id event_type_id event_datetime",
        "unit_id status notes call_recording_url",
        status=Field(enum=LEAD_STATUSES),
        call_recording_url=URI,
    ),
    ("REALPAGE_RPX", "applicants"): _event("applicant_id event_type_id notes"),
    ("REALPAGE_RPX", "residents"): _event("resident_id event_type_id notes"),
    ("RESMAN", "leads"): _event(
        "lead_id event_name event_datetime",
        "lead_source_id unit_id notes reasons_for_event",
        returns_id=True,
        event_name=Field(enum=RESMAN_EVENT_NAMES),
    ),
    ("MRI", "applicants"): Rule(
        _MRI_APPLICANT.required,
        _MRI_APPLICANT.fields,
        returns_id=True,
        employee_role="LEASING_AGENT",
    ),
    ("PROPERTYWARE", "leads"): _event("lead_id notes event_name", "event_datetime"),
    ("PROPERTYWARE", "applicants"): _event("applicant_id notes event_name", "event_datetime"),
    ("PROPERTYWARE", "residents"): UNSUPPORTED,
    ("RENTMANAGER", "leads"): _event(
        "lead_id event_name", "notes", event_name=Field(enum=RENTMANAGER_EVENT_NAMES)
    ),
    ("RENTMANAGER", "applicants"): UNSUPPORTED,
    ("RENTMANAGER", "residents"): UNSUPPORTED,
    ("BUILDIUM", "leads"): UNSUPPORTED,
    ("BUILDIUM", "applicants"): _event("applicant_id notes", "event_type"),
    ("BUILDIUM", "residents"): _event("resident_id notes", "event_type"),
    **{
        (vendor, kind): UNSUPPORTED
        for vendor in ("APPFOLIO", "PROPERTYWARE_REST", "KNOCK", "ELISEAI", "FUNNEL", "RENTCAFE")
        for kind in KINDS
    },
}

# Updating has a vendor page for MRI alone; what is not named here answers 405.
UPDATES: Final[dict[str, Rule]] = {
    "MRI": Rule(
        ("event_datetime", "event_type_id"),
        {**UPDATE_EVENT, "event_datetime": DATE_TIME},
        employee_role="LEASING_AGENT",
    ),
}


def _lead(required: str, *, returns_id: bool = False, **own: Field) -> Rule:
    """A rule for creating a lead: the vendor pages' optional fields are not fully known."""
    fields = {**GENERIC_LEAD, **own}
    return Rule(("integration_id", *required.split()), fields, returns_id=returns_id)


_FIVE_TYPES = Field(enum=("FAX", "HOME", "MOBILE", "OTHER", "WORK"))
_NAME_30 = Field(max_length=30)

LEADS: Final[dict[str, Rule | Unsupported]] = {
    "ENTRATA": _lead("property_id lead_source_id first_name last_name", phone_1_type=_FIVE_TYPES),
    "YARDI": _lead(
        "property_id lead_source_id employee_id third_party_id first_name last_name "
        "organization_name",
        returns_id=True,
    ),
    "REALPAGE": _lead("last_name first_name", returns_id=True),
    "REALPAGE_RPX": _lead(
        "property_id lead_relationship_id first_name last_name",
        first_name=_NAME_30,
        last_name=_NAME_30,
    ),
    "RESMAN": _lead("lead_source_id employee_id property_id first_name last_name"),
    "MRI": _lead("property_id last_name", returns_id=True),
    "RENTMANAGER": _lead(
        "property_id first_name last_name", returns_id=True, phone_1_type=_FIVE_TYPES
    ),
    "APPFOLIO": _lead("property_id first_name last_name", returns_id=True),
    **dict.fromkeys(("KNOCK", "ELISEAI", "FUNNEL", "RENTCAFE"), UNSUPPORTED),
}
