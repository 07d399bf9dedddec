"""Which records does a GET answer? The list endpoints with their filters and paging."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import MultiDict

from .answers import JSON, invalid_request, issue, not_found, page
from .data import SandboxState, sort
from .rules import KINDS, VENDORS

_PEOPLE = "x_id location_id property_id email_1 phone_1 "
_PLACED = "x_id x_property_id location_id property_id "
# Collection -> path, and the filters that its list takes beside integration_vendor.
_LISTS = {
    "leads": ("/v1/leads/", _PEOPLE + "integration_id x_property_id x_unit_id email_2"),
    "applicants": ("/v1/applicants/", _PEOPLE + "integration_id"),
    "residents": ("/v1/residents/", _PEOPLE + "integration_id x_property_id lease_id"),
    "events": (
        "/v1/events/",
        _PLACED + "integration_id x_type_id lead_id applicant_id resident_id",
    ),
    "event-types": ("/v1/event-types/", _PLACED + "integration_id models"),
    "event-sub-types": ("/v1/event-sub-types/", _PLACED + "integration_id event_type_id"),
    "event-results": ("/v1/event-results/", _PLACED + "integration_id"),
    "employees": ("/v1/employees/", "location_id property_id integration_id"),
    "lead-sources": ("/v1/lead-sources/", "x_id location_id property_id integration_id"),
    "properties": ("/v1/properties/", "x_id x_property_id location_id integration_id is_active"),
    "integrations": ("/v1/admin/integrations/", "is_archived"),
}
_PAGING = ("order-by", "offset", "limit")
# Not in the OpenAPI document, but on the newer pages of list endpoints; SandboxState.time_filters says
# whether this Propexo offers them.
_TIMES = ("updated_at_gte", "updated_at_lte", "last_seen_gte", "last_seen_lte")
_PHONE = re.compile(r"[2-9]\d{9}", re.ASCII)
_ORDER = re.compile(r"(created_at|updated_at):(asc|desc)")
_PERSON_IDS = {name: kind for kind, name in KINDS.items()}
_ELSEWHERE = {"location_id": "x_location_id"}

# The list of integrations lacks what a single one has.
_ONLY_ALONE = ("is_running_sync", "is_running_data_access_check")

Test = Callable[[JSON], bool]


def reads(state: SandboxState) -> Blueprint:
    """The blueprint with a list and a single-record endpoint for every collection."""
    blueprint = Blueprint("reads", __name__)
    for collection, (path, filters) in _LISTS.items():
        _add(blueprint, state, collection, path, filters)
    return blueprint


def _add(
    blueprint: Blueprint, state: SandboxState, collection: str, path: str, filters: str
) -> None:
    documented = (*filters.split(), "integration_vendor", *_PAGING)

    def many() -> Response:
        times = state.time_filters
        query = _query(documented if times == "refused" else (*documented, *_TIMES))
        no_filters = (*_PAGING, *_TIMES) if times == "ignored" else _PAGING
        offset, limit, order = paging(query)
        state.settle()
        rows = _rows(state, collection, query, order)
        tests = [_test(collection, name, query) for name in query if name not in no_filters]
        found = [row for row in rows if all(test(row) for test in tests)] if tests else rows
        results = found[offset : offset + limit]
        if collection == "integrations":
            results = [_without(row, _ONLY_ALONE) for row in results]
        return jsonify(page(results, offset=offset, limit=limit, order_by=order, total=len(found)))

    def one(id: str) -> Response:
        offset, limit, order = paging(_query(_PAGING))
        state.settle()
        row = state.get(collection, id)
        # An unknown integration is null by the OpenAPI document; other records are not nullable.
        if row is None and collection != "integrations":
            raise not_found(collection, id)
        return jsonify(page(row, offset=offset, limit=limit, order_by=order, total=1))

    blueprint.add_url_rule(path, f"{collection}_list", many, methods=["GET"])
    blueprint.add_url_rule(f"{path}<id>", f"{collection}_one", one, methods=["GET"])


def _without(row: JSON, names: Iterable[str]) -> JSON:
    return {name: value for name, value in row.items() if name not in names}


def _query(allowed: Iterable[str]) -> MultiDict[str, str]:
    """The query, or a 400 for a parameter that is unknown, or there twice and no array."""
    query = request.args
    issues = [
        issue("unrecognized_keys", [name], "Unknown parameter", keys=[name])
        for name in query
        if name not in allowed
    ]
    issues += [
        issue("invalid_type", [name], "Expected string, received array")
        for name in query
        if name != "models" and len(query.getlist(name)) > 1
    ]
    if issues:
        raise invalid_request(issues)
    return query


def paging(query: MultiDict[str, str], *, largest: int = 250) -> tuple[int, int, tuple[str, str]]:
    """Offset, limit and order, or a 400."""
    order = _ORDER.fullmatch(query.get("order-by", "created_at:desc"))
    if order is None:
        raise bad("order-by", "must be created_at or updated_at, then :asc or :desc")
    limit = _whole("limit", query.get("limit", "100"))
    if not 1 <= limit <= largest:
        raise bad("limit", f"must be between 1 and {largest}")
    offset = _whole("offset", query.get("offset", "0"))
    return offset, limit, (order[1], order[2])


def bad(name: str, message: str) -> Exception:
    """A 400 about one query parameter."""
    return invalid_request([issue("custom", [name], message)])


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise bad(name, "must be a whole number, 0 or more")
    return int(text)


def _rows(
    state: SandboxState, collection: str, query: MultiDict[str, str], order: tuple[str, str]
) -> list[JSON]:
    """The rows to filter, in order: few where an index answers the query."""
    by, descending = order[0], order[1] == "desc"
    if "phone_1" in query:
        if not _PHONE.fullmatch(query["phone_1"]):
            raise bad("phone_1", "Invalid: 10 digit format only, ^[2-9]\\d{9}$")
        found = state.people_with_phone(collection, query["phone_1"])
        return sort(found, by, descending=descending)
    for name, kind in _PERSON_IDS.items():
        if name in query:
            return sort(state.events_of(kind, query[name]), by, descending=descending)
    return state.ordered(collection, by, descending=descending)


def _test(collection: str, name: str, query: MultiDict[str, str]) -> Test:
    value = query[name]
    if name in _TIMES:
        return _time_test(name, value)
    if name == "phone_1":
        return lambda row: True
    if name in _PERSON_IDS:
        link = f"associated_{name.removesuffix('_id')}_ids"
        return lambda row: value in (row[link] or ())
    if name == "models":
        wanted = set(query.getlist("models"))
        return lambda row: bool(wanted & set(row["models"]))
    if name == "lease_id":
        return lambda row: value in [each["lease_id"] for each in row["leases_meta_data"]]
    if name in ("is_active", "is_archived"):
        if value not in ("true", "false"):
            raise bad(name, "must be true or false")
        return lambda row: row[name] is (value == "true")
    if name == "integration_vendor" and value not in VENDORS:
        raise bad(name, f"must be one of {', '.join(VENDORS)}")
    if name == "integration_vendor" and collection == "integrations":
        return lambda row: bool(row["vendor"] == value)
    field = _ELSEWHERE.get(name, name)
    return lambda row: bool(row.get(field) == value)


def _time_test(name: str, value: str) -> Test:
    edge = _moment(name, value)
    field, way = name.rsplit("_", 1)
    if way == "gte":
        return lambda row: _moment(field, row[field]) >= edge
    return lambda row: _moment(field, row[field]) <= edge


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad(name, "must be an ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
