"""What does each PMS behind Propexo want in a call event, for each kind of person?

One entry per (vendor, kind); the facts are those of docs.propexo.com/api-reference. A vendor's own
path is taken where it was seen and the generic one would refuse the vendor's words (it takes
Yardi's event names only), or would allow 256 characters of notes although the link must stand in
them. Else it is the generic path, with may_strip where the fields were not seen.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapter.domain.lines import Line, PersonKind
from adapter.domain.parties import Direction
from adapter.targets.propexo.models import CALL_FIELDS, MAX_NOTES
from adapter.targets.propexo.profile import LINE_KEYS, EventNames
from adapter.targets.propexo.profile import Profile as Profile

UNKNOWN = "UNKNOWN"
LEAD, APPLICANT, RESIDENT = PersonKind.LEAD, PersonKind.APPLICANT, PersonKind.RESIDENT
MOUNTAIN_TIME = "America/Denver"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _names(inbound: str, outbound: str | None = None) -> EventNames:
    """The same for every outcome; the outcome stands in the notes."""
    return {(Direction.INBOUND, None): inbound, (Direction.OUTBOUND, None): outbound or inbound}


def _no(vendor: str, kind: PersonKind, why: str = "Propexo shows no endpoint for it") -> Profile:
    reason = f"{vendor} takes no call events for {kind.value}s: {why}"
    return Profile(vendor=vendor, kind=kind, unsupported=reason)


PROSPECT_CALL = _names("CallFromProspect", "CallToProspect")
PLAIN_CALL = _names("Incoming call", "Outgoing call")

_ENTRATA = (
    *CALL_FIELDS,
    *_words("event_result_id event_sub_type_id employee_id unit_id reasons_for_event notes"),
    *_words("appointment_datetime time_from time_to title"),
    *_words("email_body email_subject email_from email_to email_cc email_bcc email_send"),
)
_ANYTHING = (*CALL_FIELDS, *_words("event_type_id employee_id event_datetime event_name notes"))
_TYPE_AND_TIME = _words("event_type_id event_datetime")
_TYPE_AND_NOTES = _words("event_type_id notes")
_NAME_AND_NOTES = _words("event_name notes")
_YARDI_REQUIRED = _words("event_name event_datetime agent_name")
_YARDI_OPTIONAL = _words("unit_id notes rent_amount_in_cents")
_MRI_OPTIONAL = _words("employee_id status notes")
_PATH_NOT_SEEN = "the fields were seen, the path of its own was not: the generic path"

_TABLE = (
    Profile(
        vendor="ENTRATA",
        kind=LEAD,
        required=_TYPE_AND_TIME,
        optional=_ENTRATA,
        notes_limit=MAX_NOTES,
        zone=MOUNTAIN_TIME,  # "Entrata expects all times to be in Mountain Time"
    ),
    Profile(
        vendor="ENTRATA",
        kind=APPLICANT,
        required=_TYPE_AND_TIME,
        optional=(*_ENTRATA, "application_id"),
        notes_limit=MAX_NOTES,
        zone=MOUNTAIN_TIME,
        remark="whether application_id is required was not seen: it is sent when known",
    ),
    Profile(
        vendor="ENTRATA",
        kind=RESIDENT,
        required=_TYPE_AND_TIME,
        optional=_ENTRATA,
        zone=MOUNTAIN_TIME,
        may_strip=True,
        remark="Entrata's page lacks call_audio_link, the generic schema has it: in the notes too",
    ),
    Profile(
        vendor="YARDI",
        kind=LEAD,
        required=_YARDI_REQUIRED,
        optional=_YARDI_OPTIONAL,
        event_names=PROSPECT_CALL,
        notes_limit=MAX_NOTES,
    ),
    Profile(
        vendor="YARDI",
        kind=APPLICANT,
        required=_YARDI_REQUIRED,
        optional=_YARDI_OPTIONAL,
        event_names=PROSPECT_CALL,
        notes_limit=MAX_NOTES,
        may_strip=True,
        remark="not seen: as for leads",
    ),
    _no("YARDI", RESIDENT),
    Profile(
        vendor="YARDI_REST",
        kind=LEAD,
        required=_YARDI_REQUIRED,
        optional=_YARDI_OPTIONAL,
        event_names=PROSPECT_CALL,
        notes_limit=MAX_NOTES,
        remark="the event names were not seen: Yardi's",
    ),
    Profile(
        vendor="YARDI_REST",
        kind=APPLICANT,
        required=_YARDI_REQUIRED,
        optional=_YARDI_OPTIONAL,
        event_names=PROSPECT_CALL,
        notes_limit=MAX_NOTES,
        may_strip=True,
        remark="only applicant_id and event_name were seen: the rest as for leads",
    ),
    _no("YARDI_REST", RESIDENT),
    Profile(
        vendor="REALPAGE",
        kind=LEAD,
        own_path="/v1/events/leads/realpage/",
        required=_words("event_name"),
        optional=_words("event_datetime notes"),
        event_names=_names("Phone call"),
    ),
    Profile(
        vendor="REALPAGE",
        kind=APPLICANT,
        own_path="/v1/events/applicants/realpage/",
        required=_TYPE_AND_NOTES,
    ),
    Profile(vendor="REALPAGE", kind=RESIDENT, required=_TYPE_AND_NOTES),
    Profile(
        vendor="REALPAGE_RPX",
        kind=LEAD,
        required=_words("employee_id event_type_id event_datetime"),
        optional=_words("unit_id status notes call_recording_url"),
        notes_limit=MAX_NOTES,
    ),
    Profile(
        vendor="REALPAGE_RPX",
        kind=APPLICANT,
        required=_TYPE_AND_NOTES,
        notes_limit=MAX_NOTES,
        remark=_PATH_NOT_SEEN,
    ),
    Profile(vendor="REALPAGE_RPX", kind=RESIDENT, required=_TYPE_AND_NOTES, remark=_PATH_NOT_SEEN),
    Profile(
        vendor="RESMAN",
        kind=LEAD,
        own_path="/v1/events/leads/resman/",
        required=_words("event_name event_datetime"),
        optional=_words("unit_id notes reasons_for_event"),
        event_names=PROSPECT_CALL,
    ),
    _no("RESMAN", APPLICANT),
    _no("RESMAN", RESIDENT),
    Profile(
        vendor="MRI",
        kind=LEAD,
        required=_TYPE_AND_TIME,
        optional=_MRI_OPTIONAL,
        takes_corrections=True,
        notes_limit=MAX_NOTES,
        may_strip=True,
        remark="not seen: as for applicants",
    ),
    Profile(
        vendor="MRI",
        kind=APPLICANT,
        own_path="/v1/events/applicants/mri/",
        required=_TYPE_AND_TIME,
        optional=_MRI_OPTIONAL,
        takes_corrections=True,
    ),
    Profile(
        vendor="MRI",
        kind=RESIDENT,
        required=_TYPE_AND_TIME,
        optional=_MRI_OPTIONAL,
        takes_corrections=True,
        may_strip=True,
        remark="not seen: as for applicants",
    ),
    Profile(
        vendor="PROPERTYWARE",
        kind=LEAD,
        own_path="/v1/events/leads/propertyware/",
        required=_NAME_AND_NOTES,
        optional=_words("event_datetime"),
        event_names=PLAIN_CALL,
    ),
    Profile(
        vendor="PROPERTYWARE",
        kind=APPLICANT,
        required=_NAME_AND_NOTES,
        optional=_words("event_datetime"),
        event_names=PROSPECT_CALL,  # Propertyware takes any name, the generic path Yardi's only
        notes_limit=MAX_NOTES,
        remark=_PATH_NOT_SEEN,
    ),
    _no("PROPERTYWARE", RESIDENT),
    Profile(
        vendor="RENTMANAGER",
        kind=LEAD,
        own_path="/v1/events/leads/rentmanager/",
        required=_words("event_name"),
        optional=_words("notes"),
        event_names=_names("CALL"),
    ),
    _no("RENTMANAGER", APPLICANT),
    _no("RENTMANAGER", RESIDENT),
    _no("BUILDIUM", LEAD),
    Profile(
        vendor="BUILDIUM",
        kind=APPLICANT,
        own_path="/v1/events/applicants/buildium/",
        required=_words("notes"),
        optional=_words("event_type"),
    ),
    Profile(
        vendor="BUILDIUM",
        kind=RESIDENT,
        required=_words("notes"),
        optional=_words("event_type"),
    ),
    *(
        _no(vendor, kind)
        for vendor in _words("APPFOLIO PROPERTYWARE_REST RENTVINE")
        for kind in PersonKind
    ),
    *(
        _no(vendor, kind, "it is a CRM, written by other endpoints")
        for vendor in _words("KNOCK ELISEAI FUNNEL RENTCAFE")
        for kind in PersonKind
    ),
    Profile(
        vendor=UNKNOWN,
        kind=LEAD,
        optional=(*_ANYTHING, "agent_name"),
        event_names=PROSPECT_CALL,
        notes_limit=MAX_NOTES,
        may_strip=True,
    ),
    Profile(
        vendor=UNKNOWN,
        kind=APPLICANT,
        optional=(*_ANYTHING, "agent_name", "application_id"),
        event_names=PROSPECT_CALL,
        notes_limit=MAX_NOTES,
        may_strip=True,
    ),
    Profile(
        vendor=UNKNOWN,
        kind=RESIDENT,
        optional=_ANYTHING,
        event_names=PLAIN_CALL,
        may_strip=True,
    ),
)

PROFILES: Mapping[tuple[str, PersonKind], Profile] = {(p.vendor, p.kind): p for p in _TABLE}


def profile_of(vendor: str | None, kind: PersonKind) -> Profile:
    """The profile of this PMS (Propexo's word, in any case) and kind; for others, UNKNOWN's."""
    profile = PROFILES.get(((vendor or UNKNOWN).strip().upper(), kind))
    return profile or PROFILES[UNKNOWN, kind]


def missing(profile: Profile, line: Line) -> list[str]:
    """The keys that this profile needs and the line lacks.

    A name that is looked up (event_type, employee) does for the id.
    """
    return [key for key in profile.line_keys if not has_key(line, key)]


def has_key(line: Line, key: str) -> bool:
    """True if the line has the key, or the name by which its value is looked up."""
    by_name = LINE_KEYS.get(key)
    return bool(getattr(line, key) or (by_name and getattr(line, by_name)))
