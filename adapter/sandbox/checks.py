"""Would Propexo take this write? Schema first, then what fields say together, then references."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from .answers import JSON, Issue, RefusedError, invalid_request, issue, unrecognized_keys
from .data import SandboxState
from .fields import Field, field_issues, parse_date_time
from .rules import KINDS, Rule
from .schemas import CALL_FIELDS, EMAIL_FIELDS

_CALL_TYPE = re.compile(r"\bcalls?\b", re.IGNORECASE)


def json_object(payload: Any, *, is_json: bool) -> JSON:
    """The request's body, or a 400 if it is no JSON object sent as application/json."""
    if not is_json or not isinstance(payload, dict):
        message = "the body must be a JSON object, sent as application/json"
        raise RefusedError(400, "invalid_request", message)
    return payload


def checked_body(
    body: JSON, rule: Rule, *, generic: Mapping[str, Field] | None, strips_unknown: bool
) -> JSON:
    """`body` without the fields to be stripped, or a 400 that names everything that is wrong.

    `generic`: the schema of the generic endpoint, which holds beside the vendor's rule there.
    """
    known = [name for name in rule.fields if generic is None or name in generic]
    unknown = [name for name in body if name not in known]
    issues = [unrecognized_keys(unknown)] if unknown and not strips_unknown else []
    kept = {name: value for name, value in body.items() if name in known}
    for name in rule.required:
        if name not in kept:
            issues.append(issue("invalid_type", [name], "Required", received="undefined"))
        elif kept[name] == "":
            issues.append(issue("too_small", [name], "must not be empty"))
    found = field_issues(rule.fields, kept)
    issues += found
    if generic is not None:
        named = {each["path"][0] for each in found}
        rest = {name: value for name, value in kept.items() if name not in named}
        issues += field_issues(generic, rest)
    issues += _together(kept, rule)
    if issues:
        raise invalid_request(issues)
    return kept


def check_references(
    state: SandboxState, body: JSON, rule: Rule, *, kind: str, person: JSON
) -> None:
    """Refuse ids that do not exist, or not for this person's integration and property."""
    issues = list(_reference_issues(state, body, rule, kind=kind, person=person))
    if issues:
        raise invalid_request(issues)


def find_person(state: SandboxState, body: JSON, kind: str) -> JSON:
    """The person that the body names, of that kind and integration; otherwise a 400."""
    name = KINDS[kind]
    person = state.person(kind, body[name])
    if person is None:
        raise invalid_request([issue("custom", [name], f"{kind[:-1]} not found")])
    if person["integration_id"] != body["integration_id"]:
        message = f"{kind[:-1]} belongs to another integration"
        raise invalid_request([issue("custom", [name], message)])
    return person


def lead_references(state: SandboxState, body: JSON) -> None:
    """Refuse a new lead whose property, employee or source is not the integration's."""
    pairs = (
        ("property_id", "properties"),
        ("employee_id", "employees"),
        ("lead_source_id", "lead-sources"),
    )
    found = (_missing(state, body, name, where, body["integration_id"]) for name, where in pairs)
    issues = [each for each in found if each is not None]
    if issues:
        raise invalid_request(issues)


def _together(body: JSON, rule: Rule) -> Iterator[Issue]:
    if any(name in body for name in CALL_FIELDS):
        yield from _call_issues(body)
    if any(name in body for name in EMAIL_FIELDS) and "email_from" not in body:
        yield issue("custom", ["email_from"], "Required for outgoing email event types")
    if body.get("event_name") == "LeaseSign" and "rent_amount_in_cents" not in body:
        yield issue("custom", ["rent_amount_in_cents"], "Required for LeaseSign")
    if rule.zone is not None:
        for name in ("event_datetime", "appointment_datetime"):
            if not _has_offset_of(rule.zone, body.get(name)):
                yield issue("custom", [name], f"the offset is not that of {rule.zone}")


def _call_issues(body: JSON) -> Iterator[Issue]:
    for name in CALL_FIELDS:
        if body.get(name) in (None, ""):
            yield issue("custom", [name], "Required for call event types")


def _has_offset_of(zone: str, text: Any) -> bool:
    moment = parse_date_time(text) if isinstance(text, str) else None
    # What is no time at all is the schema's business.
    return moment is None or moment.astimezone(ZoneInfo(zone)).utcoffset() == moment.utcoffset()


def _reference_issues(
    state: SandboxState, body: JSON, rule: Rule, *, kind: str, person: JSON
) -> Iterator[Issue]:
    integration_id = person["integration_id"]
    for name, where in (
        ("event_result_id", "event-results"),
        ("event_sub_type_id", "event-sub-types"),
        ("lead_source_id", "lead-sources"),
        ("employee_id", "employees"),
        ("event_type_id", "event-types"),
    ):
        found = _missing(state, body, name, where, integration_id)
        if found is not None:
            yield found
    event_type = state.get("event-types", body.get("event_type_id", ""))
    if event_type is not None:
        if event_type["property_id"] != person["property_id"]:
            message = "event type belongs to another property than the person"
            yield issue("custom", ["event_type_id"], message)
        if kind not in event_type["models"]:
            yield issue("custom", ["event_type_id"], f"event type is not for {kind}")
        if rule.is_call_native and _CALL_TYPE.search(event_type["name"]):
            yield from _call_issues(body)
    employee = state.get("employees", body.get("employee_id", ""))
    if employee is not None and rule.employee_role not in (None, *employee["roles"]):
        yield issue("custom", ["employee_id"], f"employee is no {rule.employee_role}")
    applications = [each["application_id"] for each in person.get("applications") or ()]
    if "application_id" in body and body["application_id"] not in applications:
        yield issue("custom", ["application_id"], "application is not the applicant's")
    if "email_to" in body and body["email_to"] != person["email_1"]:
        yield issue("custom", ["email_to"], "must be the person's primary email address")


def _missing(
    state: SandboxState, body: JSON, name: str, collection: str, integration_id: str
) -> Issue | None:
    if name not in body:
        return None
    found = state.get(collection, body[name])
    if found is None or found["integration_id"] != integration_id:
        return issue("custom", [name], f"{name} does not exist for this integration")
    return None
