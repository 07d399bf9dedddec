"""Which webhooks were asked for? They are kept and listed; the stand-in sends none."""

import secrets
import uuid
from typing import Any

from flask import Blueprint, Response, jsonify, request

from .answers import JSON, invalid_request, issue, page, unrecognized_keys
from .data import SandboxState
from .fields import Field, words
from .reads import bad, paging
from .records import iso

TRIGGERS = words(
    "DATA_UPDATE DATA_NEW JOB_FAILURE SYNC_COMPLETE FIRST_SYNC_COMPLETE WRITE_OPERATION_FAILURE"
)
_FIELDS = {
    "url": Field("uri"),
    "active": Field("boolean"),
    "secret": Field(min_length=10),
    "model": Field(),
    "headers": Field("array"),
    "triggers": Field("array"),
}
_REQUIRED = ("url", "triggers")


def webhooks(state: SandboxState) -> Blueprint:
    """The blueprint with the list of webhooks and the making of one."""
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.get("/v1/webhooks/")
    def many() -> Response:
        unknown = [
            name for name in request.args if name not in ("active", "order-by", "offset", "limit")
        ]
        if unknown:
            raise bad(unknown[0], "Unknown parameter")
        offset, limit, order = paging(request.args)
        active = request.args.get("active", "true") == "true"
        with state.lock:
            rows = [row for row in reversed(state.webhooks) if row["active"] is active]
        shown = rows[offset : offset + limit]
        return jsonify(page(shown, offset=offset, limit=limit, order_by=order, total=len(rows)))

    @blueprint.post("/v1/webhooks/")
    def make() -> Response:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise bad("body", "must be a JSON object")
        _check(body)
        with state.lock:
            row = _row(body, state.now())
            state.webhooks.append(row)
        return jsonify({"result": row})

    return blueprint


def _check(body: JSON) -> None:
    issues = [issue("invalid_type", [name], "Required") for name in _REQUIRED if name not in body]
    if unknown := sorted(body.keys() - _FIELDS.keys()):
        issues.append(unrecognized_keys(unknown))
    for name in body.keys() & _FIELDS.keys():
        if (wrong := _FIELDS[name].issue(name, body[name])) is not None:
            issues.append(wrong)
    given = body.get("triggers")
    if isinstance(given, list):
        if not given:
            issues.append(
                issue("too_small", ["triggers"], "Array must contain at least 1 element(s)")
            )
        issues += [
            issue("invalid_enum_value", ["triggers", at], f"received {each!r}")
            for at, each in enumerate(given)
            if each not in TRIGGERS
        ]
    if issues:
        raise invalid_request(issues)


def _row(body: JSON, now: float) -> JSON:
    triggers: list[Any] = [
        {"id": uuid.uuid4().hex, "trigger": name, "model": body.get("model")}
        for name in body["triggers"]
    ]
    return {
        "id": uuid.uuid4().hex,
        "created_at": iso(now),
        "updated_at": iso(now),
        "url": body["url"],
        "headers": body.get("headers"),
        "active": body.get("active", False),
        "secret": body.get("secret") or secrets.token_hex(16),
        "system": "SANDBOX",
        "triggers": triggers,
    }
