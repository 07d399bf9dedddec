"""What does a line lack for its PMS, before the first call shows it?"""

from __future__ import annotations

from adapter.calls.lines import Line, PersonKind, UnknownCaller
from adapter.calls.matching import Person
from adapter.errors import RemoteError
from adapter.targets.propexo.directory import Directory
from adapter.targets.propexo.new_leads import lead_creation_of, missing_for_lead
from adapter.targets.propexo.profiles import missing, profile_of


def lacking(line: Line, directory: Directory) -> tuple[str, list[str]]:
    """The PMS of this line in Propexo's word ("?" if it is not known), and what is wrong or missing.

    Names (of event types, of employees) are looked up, so that a misspelt one is found too.
    """
    if line.integration_id is None:
        return "?", ["integration_id"]
    try:
        integration = directory.integration(line.integration_id)
        if integration is None:
            return "?", [f"Propexo knows no integration {line.integration_id}"]
        vendor = str(integration.get("vendor") or "?")
        problems = _of_integration(integration) + _of_profiles(line, vendor)
        if line.unknown_caller is UnknownCaller.CREATE_LEAD:
            unsupported = lead_creation_of(vendor).unsupported
            problems += [f"{key} (for new leads)" for key in missing_for_lead(vendor, line)]
            problems += [unsupported] if unsupported else []
        return vendor, problems + _of_names(line, vendor, directory)
    except RemoteError as error:
        return "?", [f"could not be checked: {error}"]


def _of_integration(integration: object) -> list[str]:
    assert isinstance(integration, dict)
    if integration.get("active") is False or integration.get("is_archived"):
        return ["the integration is not active at Propexo"]
    return []


def _of_profiles(line: Line, vendor: str) -> list[str]:
    """What the line's kinds of people need; a kind that the PMS does not take is no fault of the line."""
    profiles = [profile_of(vendor, kind) for kind in line.people]
    writable = [profile for profile in profiles if not profile.unsupported]
    if not writable:
        return [profiles[0].unsupported] if profiles else ["people is empty"]
    found: dict[str, list[str]] = {}
    for profile in writable:
        for key in missing(profile, line):
            found.setdefault(key, []).append(f"{profile.kind.value}s")
    return [f"{key} (for {', '.join(kinds)})" for key, kinds in found.items()]


def _of_names(line: Line, vendor: str, directory: Directory) -> list[str]:
    """Names and ids that lead nowhere, where this PMS needs them."""
    profiles = [p for p in (profile_of(vendor, kind) for kind in line.people) if not p.unsupported]
    integration_id = line.integration_id or ""
    typed = [p.kind for p in profiles if "event_type_id" in p.accepted]
    problems: list[str] = []
    nowhere = [
        f"{kind.value}s"
        for kind in typed
        if line.event_type and directory.event_type_id(line, _anybody(line, kind)) is None
    ]
    if nowhere:
        place = f" at property {line.property_id}" if line.property_id else ""
        kinds = ", ".join(nowhere)
        problems.append(f"there is no event type {line.event_type!r} for {kinds}{place}")
    known = directory.event_type_ids(integration_id) if typed and line.event_type_id else set()
    if known and line.event_type_id not in known:
        problems.append(f"there is no event type with the id {line.event_type_id}")
    employed = [p.kind for p in profiles if "employee_id" in p.accepted]
    is_named = bool(employed and line.employee)
    if is_named and directory.employee_id(line, _anybody(line, employed[0])) is None:
        problems.append(f"there is no active employee {line.employee!r}")
    return problems


def _anybody(line: Line, kind: PersonKind) -> Person:
    """Some person at the line's property."""
    return Person(kind, "", line.integration_id or "", property_id=line.property_id)
