"""What does each PMS want of a lead that is made for an unknown caller?

All go by the generic path, which knows every field that any PMS requires, and
with unknown fields stripped: which optional fields a PMS takes was seen of few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapter.domain.call_event import WriteRequest
from adapter.domain.lines import Line
from adapter.errors import LineIncomplete, NotSupported
from adapter.targets.propexo.profile import LINE_KEYS, STRIP_UNKNOWN
from adapter.targets.propexo.profiles import UNKNOWN, has_key

PATH = "/v1/leads/"


@dataclass(frozen=True, kw_only=True)
class LeadProfile:
    """How a lead is made in one PMS.

    required: fields besides integration_id. returns_id: whether write-status names the new lead
    (else it is known after the next sync); None if not seen. name_limit: of each name, in
    characters. unsupported: why this PMS makes no leads; None if it does.
    """

    required: tuple[str, ...] = ()
    returns_id: bool | None = None
    name_limit: int | None = None
    unsupported: str | None = None

    @property
    def line_keys(self) -> tuple[str, ...]:
        """What a line must have for it."""
        return tuple(key for key in LINE_KEYS if key in self.required)


def _wants(
    text: str, *, returns_id: bool | None = None, name_limit: int | None = None
) -> LeadProfile:
    return LeadProfile(required=tuple(text.split()), returns_id=returns_id, name_limit=name_limit)


def _crm(vendor: str) -> LeadProfile:
    return LeadProfile(
        unsupported=f"{vendor} takes no new leads: it is a CRM, written by other endpoints"
    )


LEAD_PROFILES: Mapping[str, LeadProfile] = {
    "ENTRATA": _wants("property_id lead_source_id first_name last_name", returns_id=False),
    "YARDI": _wants(
        "property_id lead_source_id employee_id third_party_id first_name last_name "
        "organization_name",
        returns_id=True,
    ),
    "REALPAGE": _wants("first_name last_name", returns_id=True),
    "REALPAGE_RPX": _wants(
        "property_id lead_relationship_id first_name last_name", returns_id=False, name_limit=30
    ),
    "RESMAN": _wants("lead_source_id employee_id property_id first_name last_name"),
    "MRI": _wants("property_id last_name", returns_id=True),
    "RENTMANAGER": _wants("property_id first_name last_name", returns_id=True),
    "APPFOLIO": _wants("property_id first_name last_name", returns_id=True),
    **{vendor: _crm(vendor) for vendor in ("KNOCK", "ELISEAI", "FUNNEL", "RENTCAFE")},
    # YARDI_REST, PROPERTYWARE, PROPERTYWARE_REST, BUILDIUM, RENTVINE: not seen.
    UNKNOWN: _wants("first_name last_name"),
}


def lead_profile_of(vendor: str | None) -> LeadProfile:
    """How this PMS (Propexo's word, in any case) makes a lead; for others, UNKNOWN's."""
    return LEAD_PROFILES.get((vendor or UNKNOWN).strip().upper(), LEAD_PROFILES[UNKNOWN])


def missing_for_lead(vendor: str | None, line: Line) -> list[str]:
    """The keys that a new lead needs and the line lacks; `employee` does for employee_id."""
    return [key for key in lead_profile_of(vendor).line_keys if not has_key(line, key)]


def lead_request(
    line: Line,
    number: str,
    vendor: str | None,
    reference: str,
    *,
    employee_id: str | None = None,
) -> WriteRequest:
    """The request that makes a lead of an unknown caller, with the line's placeholders for names.

    number: E.164. reference: the call's, for a third_party_id that finds the lead again.
    employee_id: where the line names an employee in words. The reference is not put into the lead's
    notes: Yardi makes an event of a new lead, and that would pass for the call's.

    Errors: NotSupported with the reason; LineIncomplete naming the line's keys that are missing.
    """
    creation = lead_profile_of(vendor)
    if creation.unsupported:
        raise NotSupported(creation.unsupported)
    if line.integration_id is None:
        raise LineIncomplete(f"{line.title} lacks integration_id: set it in lines.toml")
    known = {
        "integration_id": line.integration_id,
        "property_id": line.property_id,
        "first_name": line.lead_first_name[: creation.name_limit],
        "last_name": line.lead_last_name[: creation.name_limit],
        "phone_1": number,
        "lead_source_id": line.lead_source_id,
        "employee_id": employee_id or line.employee_id,
        "third_party_id": reference,
        "organization_name": line.organization_name,
        "lead_relationship_id": line.lead_relationship_id,
    }
    body = {name: value for name, value in known.items() if value is not None}
    absent = [name for name in creation.required if name not in body]
    if absent:
        lacking = missing_for_lead(vendor, line)
        way_out = (
            f"{line.title} lacks {', '.join(lacking)}: set it in lines.toml"
            if lacking
            else f"what {line.title} names was not found in the PMS: correct lines.toml"
        )
        raise LineIncomplete(f"a new lead needs {', '.join(absent)}, and {way_out}")
    return WriteRequest(PATH, STRIP_UNKNOWN, body)
