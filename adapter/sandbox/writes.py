"""Which writes are taken, and what do they leave behind? Events, their updates, and new leads."""

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, request

from .answers import JSON, RefusedError, invalid_request, issue, not_found, not_supported
from .checks import (
    check_references,
    checked_body,
    find_person,
    json_object,
    lead_references,
)
from .data import SandboxState, new_id
from .faults import FaultList
from .fields import Field
from .jobs import Job, Write
from .records import iso, record
from .rules import EVENTS, KINDS, LEADS, UPDATES, VENDORS, Rule, Unsupported
from .schemas import GENERIC_EVENTS, GENERIC_LEAD, UPDATE_EVENT

_KIND = "<any(leads,applicants,residents):kind>"


def writes(state: SandboxState, faults: FaultList) -> Blueprint:
    """The blueprint with the generic and the vendors' write endpoints."""
    blueprint = Blueprint("writes", __name__)

    def accept(write: Write) -> Job:
        plan = faults.plan(
            method=write.method, path=write.path, integration_id=write.integration_id
        )
        with state.lock:
            return state.jobs.accept(write, plan, now=state.now())

    @blueprint.post(f"/v1/events/{_KIND}")
    def create_event(kind: str) -> Response:
        body = _payload()
        integration = _integration(state, body, None)
        rule = _rule(EVENTS.get((integration["vendor"], kind)), f"{integration['vendor']} {kind}")
        rule = rule or Rule(("integration_id", KINDS[kind]), GENERIC_EVENTS[kind])
        kept = checked_body(
            body, rule, generic=GENERIC_EVENTS[kind], strips_unknown=_strips_unknown()
        )
        return _generic(accept(_event(state, kept, rule, kind, integration, body)))

    @blueprint.post(f"/v1/events/{_KIND}/<vendor>/")
    def create_vendor_event(kind: str, vendor: str) -> Response:
        rule = _vendor_rule(EVENTS.get((vendor.upper(), kind)), vendor, kind)
        body = _payload()
        integration = _integration(state, body, vendor.upper())
        kept = checked_body(body, rule, generic=None, strips_unknown=False)
        return _echo(accept(_event(state, kept, rule, kind, integration, body)), rule.fields)

    @blueprint.put(f"/v1/events/{_KIND}/<event_id>")
    def update_event(kind: str, event_id: str) -> Response:
        job = accept(_update(state, kind, event_id, vendor=None))
        return _generic(job)

    @blueprint.put(f"/v1/events/{_KIND}/<vendor>/<event_id>")
    def update_vendor_event(kind: str, vendor: str, event_id: str) -> Response:
        _vendor_rule(UPDATES.get(vendor.upper()), vendor, kind)
        job = accept(_update(state, kind, event_id, vendor=vendor.upper()))
        return _echo(job, {"integration_id": Field(), **UPDATE_EVENT})

    @blueprint.post("/v1/leads/")
    def create_lead() -> Response:
        body = _payload()
        integration = _integration(state, body, None)
        rule = _rule(LEADS.get(integration["vendor"]), f"{integration['vendor']} leads")
        rule = rule or Rule(("integration_id",), GENERIC_LEAD)
        kept = checked_body(body, rule, generic=GENERIC_LEAD, strips_unknown=_strips_unknown())
        return _generic(accept(_lead(state, kept, rule, integration, body)))

    @blueprint.post("/v1/leads/<vendor>/")
    def create_vendor_lead(vendor: str) -> Response:
        rule = _vendor_rule(LEADS.get(vendor.upper()), vendor, "leads")
        body = _payload()
        integration = _integration(state, body, vendor.upper())
        kept = checked_body(body, rule, generic=None, strips_unknown=False)
        return _echo(accept(_lead(state, kept, rule, integration, body)), rule.fields)

    return blueprint


def _payload() -> JSON:
    return json_object(request.get_json(silent=True), is_json=request.is_json)


def _strips_unknown() -> bool:
    """Described for generic endpoints only, so only they ask."""
    value = request.args.get("ignore_unknown_fields", "false")
    if value not in ("true", "false"):
        raise invalid_request([issue("custom", ["ignore_unknown_fields"], "true or false")])
    return value == "true"


def _integration(state: SandboxState, body: JSON, vendor: str | None) -> JSON:
    """The body's integration: known, usable, and of the vendor whose path was taken."""
    named = body.get("integration_id")
    if "integration_id" not in body:
        raise invalid_request([issue("invalid_type", ["integration_id"], "Required")])
    found = state.get("integrations", named) if isinstance(named, str) else None
    if found is None:
        raise invalid_request([issue("custom", ["integration_id"], "integration not found")])
    if not found["active"] or found["is_archived"]:
        raise invalid_request([issue("custom", ["integration_id"], "integration is not active")])
    if vendor not in (None, found["vendor"]):
        message = f"integration is {found['vendor']}, not {vendor}"
        raise invalid_request([issue("custom", ["integration_id"], message)])
    return found


def _rule(found: Rule | Unsupported | None, what: str) -> Rule | None:
    if isinstance(found, Unsupported):
        raise not_supported(f"{request.method} {request.path} for {what}")
    return found


def _vendor_rule(found: Rule | Unsupported | None, vendor: str, kind: str) -> Rule:
    """The rule of a vendor's own path; a path that the contract does not show is a 404."""
    if vendor != vendor.lower() or vendor.upper() not in VENDORS:
        raise not_found("path", request.path)
    rule = _rule(found, f"{vendor} {kind}")
    if rule is None:
        raise not_found("path", request.path)
    return rule


def _generic(job: Job) -> Response:
    return jsonify({"job_id": job.id, "data": {}})


def _echo(job: Job, fields: Mapping[str, Field]) -> Response:
    result = {name: job.write.parameters.get(name) for name in fields}
    return jsonify({"meta": {"job_id": job.id}, "result": result})


def _event(
    state: SandboxState, kept: JSON, rule: Rule, kind: str, integration: JSON, body: JSON
) -> Write:
    state.settle()
    person = find_person(state, kept, kind)
    check_references(state, kept, rule, kind=kind, person=person)
    event_type = state.get("event-types", kept.get("event_type_id", "")) or {}
    employee = state.get("employees", kept.get("employee_id", "")) or {}
    type_name = event_type.get("name", kept.get("event_type"))
    fields = {
        "id": new_id("events"),
        "integration_id": integration["id"],
        "property_id": person["property_id"],
        "x_type_id": event_type.get("x_id"),
        "x_leasing_agent_id": employee.get("x_id"),
        "event_name": kept.get("event_name", type_name),
        "type_raw": type_name,
        "agent_name": kept.get("agent_name", employee.get("name")),
        f"associated_{kind[:-1]}_ids": [person["id"]],
    }
    for name in ("event_datetime", "appointment_datetime", "notes", "reasons_for_event"):
        fields[name] = kept.get(name)
    return Write(
        category="events",
        name=f"Create {kind[:-1]} event",
        method=request.method,
        path=request.path,
        kind=kind[:-1],
        person_id=person["id"],
        integration_id=integration["id"],
        vendor=integration["vendor"],
        body=body,
        parameters=kept,
        created_record_id=fields["id"] if rule.returns_id else None,
        on_read_back=lambda: state.add("events", fields),
    )


def _update(state: SandboxState, kind: str, event_id: str, *, vendor: str | None) -> Write:
    state.settle()
    event = state.get("events", event_id)
    people = event[f"associated_{kind[:-1]}_ids"] if event else None
    if event is None or not people:
        raise not_found(f"{kind[:-1]} event", event_id)
    rule = UPDATES.get(event["integration_vendor"])
    if rule is None or vendor not in (None, event["integration_vendor"]):
        raise not_supported(f"updating events of {event['integration_vendor']}")
    body = _payload()
    if vendor is None:
        kept = checked_body(body, rule, generic=UPDATE_EVENT, strips_unknown=_strips_unknown())
    else:
        _integration(state, body, vendor)
        known = {"integration_id": Field(), **rule.fields}
        kept = checked_body(body, Rule(rule.required, known), generic=None, strips_unknown=False)
    person = state.person(kind, people[0])
    if person is None:
        raise RefusedError(400, "invalid_request", f"{kind[:-1]} {people[0]} not found")
    check_references(state, kept, rule, kind=kind, person=person)

    def change() -> None:
        changes: JSON = {name: kept[name] for name in ("notes", "event_datetime") if name in kept}
        event_type = state.get("event-types", kept["event_type_id"])
        if event_type is not None:
            changes |= {"x_type_id": event_type["x_id"], "type_raw": event_type["name"]}
        current = state.get("events", event_id) or event
        state.add("events", {**current, **changes, "updated_at": iso(state.now())})

    return Write(
        category="events",
        name=f"Update {kind[:-1]} event",
        method=request.method,
        path=request.path,
        kind=kind[:-1],
        person_id=person["id"],
        integration_id=event["integration_id"],
        vendor=event["integration_vendor"],
        body=body,
        parameters=kept,
        on_read_back=change,
    )


def _lead(state: SandboxState, kept: JSON, rule: Rule, integration: JSON, body: JSON) -> Write:
    lead_references(state, kept)
    shown = record("leads", {"id": ""}, now=0)
    own = {name: value for name, value in kept.items() if name in shown}
    own |= {"id": new_id("leads"), "integration_id": integration["id"]}
    own["property_id"] = kept.get("property_id") or state.first_property(integration["id"])

    def announce() -> None:
        # Where the PMS tells the id, it can be used at once; elsewhere the next sync tells it.
        if rule.returns_id:
            state.announce_lead({**shown, **own})

    return Write(
        category="leads",
        name="Create lead",
        method=request.method,
        path=request.path,
        kind="lead",
        person_id=own["id"],
        integration_id=integration["id"],
        vendor=integration["vendor"],
        body=body,
        parameters=kept,
        created_record_id=own["id"] if rule.returns_id else None,
        on_done=announce,
        on_read_back=lambda: state.add("leads", own),
    )
