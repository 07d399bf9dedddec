"""What does a line lack for its PMS, before the first call shows it? So `doctor`, `lines` and the log say it.

Every problem is a sentence that names the fact and the way out. Errors of all: as of the directory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from adapter.config.settings import Settings
from adapter.domain.lines import Line, PersonKind, UnknownCaller
from adapter.errors import SettingsError
from adapter.targets.propexo.directory import AnybodyAt, Directory
from adapter.targets.propexo.lead_profiles import lead_profile_of, missing_for_lead
from adapter.targets.propexo.profile import LINE_KEYS, Profile
from adapter.targets.propexo.profiles import missing, profile_of
from adapter.text.phrases import enumeration

OFFERED = 8


def lacking(line: Line, directory: Directory) -> tuple[str, list[str]]:
    """The PMS of this line in Propexo's word ("?" if it is not known), and all its problems."""
    problem = integration_problem(line.integration_id, directory)
    problems = [problem] if problem else []
    integration = directory.integration(line.integration_id) if line.integration_id else None
    if integration is None:
        return "?", problems
    vendor = str(integration.get("vendor") or "?")
    return vendor, problems + line_problems(line, vendor, directory)


def integration_problem(integration_id: str | None, directory: Directory) -> str | None:
    """Why nothing can be written through this integration; None if all is well."""
    if integration_id is None:
        return f"it has no integration: set {_place('integration_id')}"
    row = directory.integration(integration_id)
    if row is None:
        return (
            f"Propexo has no integration {integration_id} for this key: "
            f"correct {_place('integration_id')}"
        )
    for fact, is_bad in (
        ("is archived", row.get("is_archived") is True),
        ("is not active", row.get("active") is False),
        ("cannot sign in to the PMS", row.get("can_authenticate") is False),
    ):
        if is_bad:
            way_out = "set it right in Propexo's dashboard, or name another one"
            return f"the integration {integration_id} {fact}: {way_out}"
    return None


def refuse_unknown(lines: Iterable[Line], directory: Directory) -> bool:
    """True if Propexo has the integrations of all lines. Errors: SettingsError naming the others."""
    naming: dict[str, list[str]] = {}
    for line in lines:
        if line.integration_id and directory.integration(line.integration_id) is None:
            naming.setdefault(line.integration_id, []).append(line.title)
    if naming:
        raise SettingsError(
            "; ".join(
                f"{integration_problem(integration_id, directory)} (it is named by {', '.join(titles)})"
                for integration_id, titles in naming.items()
            )
        )
    return True


def line_problems(line: Line, vendor: str, directory: Directory) -> list[str]:
    """What this line lacks at this PMS, and what it names that Propexo does not have."""
    profiles = [profile_of(vendor, kind) for kind in line.people]
    writable = [profile for profile in profiles if not profile.unsupported]
    makes_leads = line.unknown_caller is UnknownCaller.CREATE_LEAD
    creation = lead_profile_of(vendor)
    problems = [] if writable else [_nobody(line, vendor)]
    if makes_leads and creation.unsupported:
        problems.append(f'{creation.unsupported}: set unknown_caller to "hold" in lines.toml')
    problems += _missing(line, vendor, writable, makes_leads=makes_leads)
    misplaced = list(_unknown_id("property_id", "/v1/properties/", line, directory))
    if misplaced:
        return problems + misplaced  # what there is at the right property cannot be told
    problems += _event_types(line, writable, directory)
    if makes_leads:
        problems += _unknown_id("lead_source_id", "/v1/lead-sources/", line, directory)
    takes_employee = any("employee_id" in profile.accepted for profile in writable)
    if takes_employee or (makes_leads and "employee_id" in creation.required):
        problems += _employees(line, directory)
    return problems


def _nobody(line: Line, vendor: str) -> str:
    """A kind that the PMS does not take is no fault of the line, but there must be another one."""
    if not line.people:
        return "people is empty: name lead, applicant or resident in lines.toml"
    taken = [kind for kind in PersonKind if not profile_of(vendor, kind).unsupported]
    way_out = (
        f"put {' or '.join(taken)} into people in lines.toml"
        if taken
        else "its calls are held; name an integration with another PMS"
    )
    return f"{vendor} takes no call events for {_plural(line.people)}: {way_out}"


def missing_keys(
    line: Line, vendor: str, profiles: Sequence[Profile], *, makes_leads: bool
) -> Mapping[str, Sequence[str]]:
    """The keys that the line lacks for these profiles and for new leads, each with who needs it."""
    needed: dict[str, list[str]] = {}
    for profile in profiles:
        for key in missing(profile, line):
            needed.setdefault(key, []).append(profile.kind.plural)
    for key in missing_for_lead(vendor, line) if makes_leads else ():
        needed.setdefault(key, []).append("new leads")
    return needed


def _missing(
    line: Line, vendor: str, profiles: Sequence[Profile], *, makes_leads: bool
) -> Iterator[str]:
    """The keys that call events with the line's people need, and new leads where they are to be made."""
    needed = missing_keys(line, vendor, profiles, makes_leads=makes_leads)
    for key, kinds in needed.items():
        yield f"{vendor} needs {key} for {enumeration(kinds)}, the line has none: set {_place(key)}"


def _event_types(line: Line, profiles: Sequence[Profile], directory: Directory) -> Iterator[str]:
    """An event type that leads nowhere, by its name or by its id."""
    kinds = [profile.kind for profile in profiles if "event_type_id" in profile.accepted]
    name = line.event_type
    if line.event_type_id and kinds:
        yield from _unknown_id("event_type_id", "/v1/event-types/", line, directory)
    if line.event_type_id or name is None:
        return
    without = [k for k in kinds if directory.event_type_id(line, _anybody(line, k)) is None]
    if without:
        place = f" at property {line.property_id}" if line.property_id else ""
        rows = [
            row
            for kind in without
            for row in directory.event_types(line.integration_id, kind, line.property_id)
        ]
        yield (
            f"there is no event type {name!r} for {_plural(without)}{place}: "
            f"{_choice('event_type', 'event types', rows)}"
        )


def _employees(line: Line, directory: Directory) -> Iterator[str]:
    if line.employee is None or directory.employee_id(line, _anybody(line, PersonKind.LEAD)):
        return
    rows = [
        row
        for row in directory.rows("/v1/employees/", line.integration_id)
        if row.get("is_active") is not False
    ]
    choice = _choice("employee", "active employees", rows)
    yield f"there is no active employee {line.employee!r}: {choice}"


def _unknown_id(key: str, path: str, line: Line, directory: Directory) -> Iterator[str]:
    """An id that Propexo does not have. Where it lists none at all, that cannot be told."""
    value = getattr(line, key)
    rows = directory.rows(path, line.integration_id) if value else []
    if rows and value not in {row.get("id") for row in rows}:
        choice = f"use one of {_some(rows, 'id')} as {_place(key, or_name=False)}"
        yield f"{key} {value} is none of integration {line.integration_id}: {choice}"


def _choice(key: str, things: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """The way out where a name is wrong: which ones there are, and where to write it."""
    if rows:
        return f"use one of {_some(rows, 'name')} as {_place(key)}"
    by_id = next(id for id, name in LINE_KEYS.items() if name == key)
    return (
        f"Propexo lists no {things} there, so no name can be found; wait until it has read them from "
        f"the PMS, or set {_place(by_id, or_name=False)}"
    )


def _some(rows: Iterable[Mapping[str, Any]], column: str) -> str:
    """The first names, or ids each with its name."""
    offered = sorted(
        {
            f"{row[column]} ({row['name']})"
            if column == "id" and row.get("name")
            else str(row[column])
            for row in rows
            if row.get(column)
        }
    )
    return ", ".join([*offered[:OFFERED], *(["..."] if len(offered) > OFFERED else [])])


def _place(key: str, *, or_name: bool = True) -> str:
    """Where a key is set: PROPEXO_EVENT_TYPE_ID, or event_type_id or event_type in lines.toml."""
    name = LINE_KEYS.get(key) if or_name else None
    in_file = f"{key} or {name} (its name) in lines.toml" if name else f"{key} in lines.toml"
    setting = f"propexo_{key}"
    return f"{setting.upper()}, or {in_file}" if setting in Settings.model_fields else in_file


def _plural(kinds: Iterable[PersonKind]) -> str:
    return enumeration([kind.plural for kind in kinds])


def _anybody(line: Line, kind: PersonKind) -> AnybodyAt:
    """Return some person at the line's property."""
    return AnybodyAt(kind, line.integration_id, line.property_id)
