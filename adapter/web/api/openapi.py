"""What can a program ask for? The OpenAPI document (3.1), made of the models."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from adapter import __version__
from adapter.domain.call import CallState
from adapter.domain.cause import Cause
from adapter.domain.lines import PersonKind
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.operations.health_report import Period
from adapter.web.api import models
from adapter.web.api.problems import CONTENT_TYPE

PREFIX = "/api/v1"
_REF = "#/components/schemas/{model}"
_ID = {
    "name": "call_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "the provider's id; or the key provider:account:id, if accounts share an id",
}
_AFTER = {
    "name": "after",
    "in": "query",
    "schema": {"type": "string"},
    "description": "`next` of the page before",
}


@cache
def openapi() -> Mapping[str, Any]:
    """Return the document."""
    asked: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in models.REQUESTS]
    told: list[tuple[type[BaseModel], Any]] = [(model, "serialization") for model in models.ANSWERS]
    _, definitions = models_json_schema([*asked, *told], ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Call adapter",
            "version": __version__,
            "description": "Calls, what became of them, and decisions about those that wait.",
        },
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> Mapping[str, Any]:
    call = "/calls/{call_id}"
    decisions: dict[str, tuple[str, type[BaseModel]]] = {
        "assign": ("Write the call on this person's record", models.Assign),
        "ignore": ("Do not write the call", models.Decision),
        "create-lead": ("Make a lead of the caller, and write the call there", models.Decision),
        "replay": ("Deliver the call again", models.Replay),
    }
    return {
        "/calls": {"get": _get("listCalls", "The calls, newest first", models.CallList, _FILTERS)},
        call: {"get": _get("showCall", "One call", models.Call, [_ID], (404, 409))},
        **{
            f"{call}/{name}": {"post": _post(name, summary, model)}
            for name, (summary, model) in decisions.items()
        },
        "/inbox": {"get": _get("showInbox", "What waits", models.InboxPage, [_AFTER])},
        "/lines": {"get": _get("listLines", "All lines", models.LineList, [])},
        "/health": {"get": _get("showHealth", "How all goes", models.Health, [_PERIOD])},
        "/openapi.json": {
            "get": {
                "operationId": "showOpenApi",
                "summary": "This document",
                "responses": {
                    "200": {
                        "description": "OpenAPI 3.1",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                    **_problems(400, 401, 503),
                },
            }
        },
    }


def _get(
    name: str,
    summary: str,
    model: type[BaseModel],
    parameters: list[dict[str, Any]],
    problems: tuple[int, ...] = (),
) -> Mapping[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": parameters,
        "responses": {"200": _answer(model), **_problems(400, 401, *problems, 503)},
    }


def _post(name: str, summary: str, model: type[BaseModel]) -> Mapping[str, Any]:
    words = "".join(word.title() for word in name.split("-"))
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {
        "operationId": f"{words[0].lower()}{words[1:]}Call",
        "summary": summary,
        "parameters": [_ID],
        "requestBody": {
            "required": model is models.Assign,
            "content": {"application/json": {"schema": schema}},
        },
        "responses": {
            "200": _answer(models.Decided),
            **_problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
        },
    }


def _answer(model: type[BaseModel]) -> Mapping[str, Any]:
    schema = {"$ref": _REF.format(model=model.__name__)}
    words = (model.__doc__ or "").strip().splitlines()[0]
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _problems(*statuses: int) -> Mapping[str, Any]:
    schema = {"$ref": _REF.format(model="Problem")}
    words = {
        400: "The request cannot be understood",
        401: "No token, or a wrong one",
        403: "The role of the token may not do this",
        404: "There is no such call",
        409: "Several calls have this id, or somebody decided meanwhile",
        413: "The request is too large",
        415: "The request is not JSON",
        422: "The state of the call allows no such decision",
        503: "The database is not available, or too much is asked at once",
    }
    return {
        str(status): {
            "description": words[status],
            "content": {CONTENT_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def _query(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": schema or {"type": "string", "maxLength": 200},
    }


def _choice(name: str, values: Any) -> dict[str, Any]:
    return _query(name, f"only of this {name}", type="string", enum=[str(each) for each in values])


_PERIOD = _query("period", "what it looks back on", type="string", enum=[str(p) for p in Period])
_FILTERS = [
    _choice("state", CallState),
    _choice("outcome", Outcome),
    _choice("cause", Cause),
    _query("line", "only on this line: its number, its last digits or its name"),
    _query("kind", "only with such a person", type="string", enum=[str(k) for k in PersonKind]),
    _choice("direction", Direction),
    _query("since", "from this day or time on, or 24h, 3d: of the time zone of [defaults]"),
    _query("until", "until this day or time"),
    _query(
        "q", "a number, the id of a call or job, or a person's name; a viewer: last four digits"
    ),
    _AFTER,
    _query("limit", "so many calls at most", type="integer", minimum=1, maximum=200, default=50),
]
