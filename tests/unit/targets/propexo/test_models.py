"""Do the models hold every limit and cross-field rule of Propexo's create-event requests?"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapter.domain.lines import PersonKind
from adapter.domain.outcome import Outcome
from adapter.targets.propexo.models import (
    CALL_FIELDS,
    CALL_STATUS,
    ApplicantEvent,
    CallStatus,
    LeadEvent,
    ResidentEvent,
)
from adapter.targets.propexo.profile import MODELS, Model

OPENAPI = Path(__file__).parents[5] / "shared" / "contract" / "propexo-openapi.json"

CALL: dict[str, Any] = {
    "call_phone_number_from": "+16175550134",
    "call_phone_number_to": "+16175550100",
    "call_status": "ANSWER",
    "call_duration": 192,
    "call_audio_link": "https://calls.example.com/recordings/x",
}
EVERY = tuple(MODELS.values())
PROSPECTS = (LeadEvent, ApplicantEvent)

TAKEN = [
    *[(m, {**CALL, "call_duration": n}) for m in EVERY for n in (0, 86400)],
    *[(m, {"notes": "x" * 256}) for m in EVERY],
    (ResidentEvent, {"notes": "x" * 5000}),
    (ResidentEvent, {"event_name": "Any name"}),
    *[(m, {"event_type": "Note"}) for m in (ApplicantEvent, ResidentEvent)],
    *[(m, {"status": "COMPLETED"}) for m in (ApplicantEvent, ResidentEvent)],
    (LeadEvent, {"status": "FUTURE"}),
    (LeadEvent, {"call_recording_url": "http://x.example:8080/a%20b?c=d#e"}),
    *[(m, {"event_name": "LeaseSign", "rent_amount_in_cents": 0}) for m in PROSPECTS],
    *[(m, {"rent_amount_in_cents": 150050.5}) for m in PROSPECTS],
    *[(m, {"email_send": True, "email_from": "lee@example.com"}) for m in EVERY],
    *[(m, {"email_send": False}) for m in EVERY],
    *[(m, {"event_datetime": "2024-01-15T09:30:00-07:00"}) for m in EVERY],
    *[(m, {"appointment_datetime": "2024-01-15T09:30:00.250Z"}) for m in EVERY],
]

# Model, fields, and what the message must name.
REFUSED = [
    *[(m, {**CALL, "call_duration": n}, "call_duration") for m in EVERY for n in (-1, 86401)],
    *[(m, {**CALL, "call_duration": n}, "call_duration") for m in EVERY for n in ("5", 5.0, True)],
    *[(m, {**CALL, "call_status": "ANSWERED"}, "call_status") for m in EVERY],
    *[
        (m, {key: CALL[key]}, other)
        for m in EVERY
        for key in CALL
        for other in CALL
        if other != key
    ],
    *[(m, {**CALL, key: None}, key) for m in EVERY for key in CALL],
    *[
        (m, {**CALL, "call_audio_link": link}, "call_audio_link")
        for m in EVERY
        for link in (
            "",
            "calls.example.com/x",
            "ftp://example.com/x",
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "https://example.com/a b",
            "https://example.com/ü",
            "https://example.com/%zz",
            "https://example.com:99999/",
            "https://[::1/",
            "https://example.com/x\n",
        )
    ],
    (LeadEvent, {"call_recording_url": "x"}, "call_recording_url"),
    *[(m, {"notes": "x" * 257}, "notes") for m in PROSPECTS],
    *[(m, {"event_name": "Phone call"}, "event_name") for m in PROSPECTS],
    *[(m, {"event_name": "LeaseSign"}, "rent_amount_in_cents") for m in PROSPECTS],
    *[
        (m, {"rent_amount_in_cents": n}, "rent_amount_in_cents")
        for m in PROSPECTS
        for n in (-1, "5", float("nan"), float("inf"))
    ],
    (LeadEvent, {"status": "COMPLETED"}, "status"),
    *[(m, {"status": "LEASED"}, "status") for m in (ApplicantEvent, ResidentEvent)],
    *[(m, {"event_type": "Call"}, "event_type") for m in (ApplicantEvent, ResidentEvent)],
    *[(m, {"email_send": True}, "email_from") for m in EVERY],
    *[(m, {"email_send": "yes"}, "email_send") for m in EVERY],
    *[
        (m, {name: value}, name)
        for m in EVERY
        for name in ("event_datetime", "appointment_datetime")
        for value in (
            "2024-01-15T09:30:00",
            "2024-01-15",
            "2024-01-15 09:30:00Z",
            "2024-02-30T09:30:00Z",
            "2024-W03-1T09:30:00Z",
            1705310000,
            datetime(2024, 1, 15, tzinfo=UTC).replace(tzinfo=None),
        )
    ],
    *[(m, {"unknown_field": "x"}, "unknown_field") for m in EVERY],
    (ResidentEvent, {"agent_name": "Lee"}, "agent_name"),
    (ResidentEvent, {"rent_amount_in_cents": 1}, "rent_amount_in_cents"),
    (LeadEvent, {"application_id": "a"}, "application_id"),
    *[(m, {"integration_id": None}, "integration_id") for m in EVERY],
    *[(m, {"title": 7}, "title") for m in EVERY],
]


@pytest.mark.parametrize(("model", "fields"), TAKEN)
def test_what_the_schema_allows_is_taken_and_sent_unchanged(
    model: Model, fields: dict[str, Any]
) -> None:
    body = {"integration_id": "int_1", **fields}
    event = model.model_validate(body)
    times = {name: body.pop(name) for name in list(body) if name.endswith("_datetime")}
    sent = event.body()
    assert {name: datetime.fromisoformat(sent.pop(name)) for name in times} == {
        name: datetime.fromisoformat(text) for name, text in times.items()
    }
    assert sent == body


@pytest.mark.parametrize(("model", "fields", "named"), REFUSED)
def test_what_breaks_a_limit_or_a_rule_is_refused_naming_the_field(
    model: Model, fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate({"integration_id": "int_1", **fields})
    assert named in str(refused.value)


def test_an_event_without_an_integration_is_refused() -> None:
    for model in EVERY:
        with pytest.raises(ValidationError, match="integration_id"):
            model.model_validate({})


def test_a_link_keeps_every_byte() -> None:
    link = "HTTPS://Calls.Example.COM:443/a/../b?x=%7e&y=#"
    event = LeadEvent(integration_id="int_1", **{**CALL, "call_audio_link": link})
    assert event.body()["call_audio_link"] == link


def test_an_offset_is_sent_as_it_was_given() -> None:
    event = LeadEvent.model_validate(
        {"integration_id": "int_1", "event_datetime": "2024-01-15T09:30:00-07:00"}
    )
    assert event.body()["event_datetime"] == "2024-01-15T09:30:00-07:00"


def test_events_cannot_be_changed_and_send_no_nulls() -> None:
    event = LeadEvent(integration_id="int_1", lead_id="lead_1")
    with pytest.raises(ValidationError):
        event.lead_id = "lead_2"  # type: ignore[misc]  # what must fail is what mypy refuses too
    assert event.body() == {"integration_id": "int_1", "lead_id": "lead_1"}


def test_every_outcome_but_unknown_has_a_call_status_of_its_own() -> None:
    assert set(CALL_STATUS) == set(Outcome) - {Outcome.UNKNOWN}
    assert sorted(CALL_STATUS.values()) == sorted(CallStatus)


@pytest.mark.parametrize("kind", PersonKind)
def test_the_models_are_those_of_the_openapi_document(kind: PersonKind) -> None:
    """Same properties, required ones, types, enums, limits and formats."""
    if not OPENAPI.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{OPENAPI} is missing: the models cannot be held against it")
        pytest.skip(f"{OPENAPI} is not here")
    document = json.loads(OPENAPI.read_text(encoding="utf-8"))
    theirs = document["components"]["schemas"][f"_v1_events_{kind.value}s_post_input"]
    ours = MODELS[kind].model_json_schema()
    assert ours["required"] == theirs["required"]
    assert ours["additionalProperties"] is False
    assert {name: _facts(each, ours) for name, each in ours["properties"].items()} == {
        name: _facts(each, document) for name, each in theirs["properties"].items()
    }
    assert MODELS[kind].generic_path in document["paths"]
    assert set(CALL_FIELDS) <= set(theirs["properties"])


def _facts(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """What a property's schema limits, however it is written down."""
    facts: dict[str, Any] = {}
    for part in _parts(schema, root):
        kind = part.get("type")
        if kind == "number" or (kind == "integer" and facts.get("type") == "number"):
            facts["type"] = "number"
        elif kind is not None:
            facts["type"] = kind
        for name in ("minimum", "maximum", "minLength", "maxLength", "pattern", "format"):
            if name in part:
                facts[name] = part[name]
        if "enum" in part or "const" in part:
            facts["enum"] = set(part.get("enum", [part.get("const")]))
    return facts


def _parts(schema: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    """The alternatives of a schema but null, those that are integers first."""
    if "$ref" in schema:
        return _parts(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    below = [part for each in schema.get("anyOf", ()) for part in _parts(each, root)]
    parts = [each for each in (schema, *below) if each.get("type") != "null"]
    return sorted(parts, key=lambda each: each.get("type") != "integer")
