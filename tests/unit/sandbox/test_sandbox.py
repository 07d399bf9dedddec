"""The stand-in for Propexo refuses, answers and misbehaves as the contract says, over real HTTP."""

import http.client
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.sandbox.fields import Field
from adapter.sandbox.schemas import GENERIC_EVENTS, GENERIC_LEAD, UPDATE_EVENT

KEY = "test-key"
OPENAPI = Path(__file__).parents[4] / "shared/contract/propexo-openapi.json"
VENDORS = (
    *("ENTRATA", "YARDI", "YARDI_REST", "REALPAGE", "REALPAGE_RPX", "RESMAN", "MRI"),
    *("PROPERTYWARE", "RENTMANAGER", "BUILDIUM", "APPFOLIO", "RENTVINE", "GENERIC"),
)
CALL = {
    "call_phone_number_from": "+16175550134",
    "call_phone_number_to": "+16175550100",
    "call_status": "ANSWER",
    "call_duration": 192,
    "call_audio_link": "https://calls.example.com/r/abc",
}
ENTRATA = {
    "integration_id": "int_entrata",
    "lead_id": "lead_anna",
    "event_type_id": "et_call_main",
    "event_datetime": "2025-01-15T09:30:00-07:00",
    "notes": "Incoming call, answered. Ref CA1",
    **CALL,
}


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 1_760_000_000.0 // 60 * 60

    def __call__(self) -> float:
        return self.now


class Client:
    """The API as an adapter would use it, plus the hands that hold the stand-in."""

    def __init__(self, server: SandboxServer, state: SandboxState, clock: Clock) -> None:
        self.url, self.state, self.clock = server.url, state, clock
        self.slept: list[float] = []
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {KEY}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=5, **options)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, path: str, **query: Any) -> list[str]:
        return [row["id"] for row in self.get(path, **query)["results"]]

    def post(self, path: str, body: Any, **query: Any) -> requests.Response:
        return self.call("POST", path, json=body, params=query)

    def job(self, path: str, body: Any) -> str:
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return str(found["job_id"] if "job_id" in found else found["meta"]["job_id"])

    def status(self, job: str) -> Any:
        return self.get(f"/v1/admin/write-status/{job}")

    def refused(self, path: str, body: Any, **query: Any) -> str:
        answer = self.post(path, body, **query)
        assert answer.status_code == 400, answer.text
        error = answer.json()["error"]
        assert error["code"] == "invalid_request"
        assert error["message"] == "invalid request"
        assert error["details"]["details"]["name"] == "ZodError"
        return json.dumps(error["details"]["details"]["issues"])

    def faults(self, *faults: dict[str, Any]) -> None:
        assert self.post("/_sandbox/faults", list(faults)).status_code == 200

    def events(self) -> Any:
        return self.get("/_sandbox/events")["events"]


def start(clock: Clock, slept: list[float], rate_limit: int) -> tuple[SandboxState, SandboxServer]:
    state = SandboxState(VENDORS, clock=clock)
    app = create_sandbox(state, api_key=KEY, rate_limit=rate_limit, clock=clock, sleep=slept.append)
    return state, SandboxServer(app)


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    clock, slept = Clock(), list[float]()
    state, server = start(clock, slept, 0)
    with server:
        client = Client(server, state, clock)
        client.slept = slept
        yield client


@pytest.fixture
def api(shared: Client) -> Client:
    """An unlimited stand-in, as fresh as at its start."""
    assert shared.call("POST", "/_sandbox/reset").status_code == 200
    shared.slept.clear()
    return shared


@pytest.fixture
def limited() -> Iterator[Client]:
    """A stand-in that takes ten requests a minute."""
    clock, slept = Clock(), list[float]()
    state, server = start(clock, slept, 10)
    with server:
        client = Client(server, state, clock)
        client.slept = slept
        yield client


def event(vendor: str, kind: str, **fields: Any) -> dict[str, Any]:
    """A body with the integration and a person of a vendor's company."""
    suffix = "" if vendor == "ENTRATA" else f"_{vendor.lower()}"
    person = {"leads": "lead_anna", "applicants": "applicant_finn", "residents": "resident_gia"}
    place = "oak" if kind == "residents" else "main"
    known = {
        "event_type_id": f"et_call_{place}{suffix}",
        "employee_id": f"emp_1{suffix}",
        "lead_source_id": f"ls_phone{suffix}",
        "event_datetime": "2025-01-15T09:30:00-07:00",
        "agent_name": "Lee Agent",
        "notes": "Incoming call",
    }
    body = {"integration_id": f"int_{vendor.lower()}", f"{kind[:-1]}_id": person[kind] + suffix}
    return {
        **body,
        **{
            name: known.get(name, value) if value is ... else value
            for name, value in fields.items()
        },
    }


# Per (vendor, kind): the smallest body that the vendor's own path takes, and whether the id of
# the new event comes with write-status.
MINIMAL: list[tuple[str, str, dict[str, Any], bool]] = [
    ("ENTRATA", "leads", {"event_type_id": ..., "event_datetime": ..., **CALL}, False),
    ("ENTRATA", "applicants", {"event_type_id": ..., "event_datetime": ..., **CALL}, False),
    ("ENTRATA", "residents", {"event_type_id": ..., "event_datetime": ..., **CALL}, False),
    (
        "YARDI",
        "leads",
        {"event_name": "CallFromProspect", "event_datetime": ..., "agent_name": ...},
        False,
    ),
    (
        "YARDI_REST",
        "leads",
        {"event_name": "CallToProspect", "event_datetime": ..., "agent_name": ...},
        False,
    ),
    ("YARDI_REST", "applicants", {"event_name": "CallFromProspect"}, False),
    ("REALPAGE", "leads", {"event_name": "Phone call"}, True),
    ("REALPAGE", "applicants", {"event_type_id": ..., "notes": ...}, False),
    ("REALPAGE", "residents", {"event_type_id": ..., "notes": ...}, False),
    (
        "REALPAGE_RPX",
        "leads",
        {"employee_id": ..., "event_type_id": ..., "event_datetime": ...},
        False,
    ),
    ("REALPAGE_RPX", "applicants", {"event_type_id": ..., "notes": ...}, False),
    ("REALPAGE_RPX", "residents", {"event_type_id": ..., "notes": ...}, False),
    ("RESMAN", "leads", {"event_name": "Phone", "event_datetime": ...}, True),
    ("MRI", "applicants", {"event_type_id": ..., "event_datetime": ...}, True),
    ("PROPERTYWARE", "leads", {"notes": ..., "event_name": "Phone call"}, False),
    ("PROPERTYWARE", "applicants", {"notes": ..., "event_name": "Phone call"}, False),
    ("RENTMANAGER", "leads", {"event_name": "CALL"}, False),
    ("BUILDIUM", "applicants", {"notes": ...}, False),
    ("BUILDIUM", "residents", {"notes": ...}, False),
]
PAIRS = [pytest.param(*row, id=f"{row[0]}-{row[1]}") for row in MINIMAL]


@pytest.mark.parametrize(("vendor", "kind", "fields", "returns_id"), PAIRS)
def test_vendor_path_takes_the_smallest_body_and_echoes_it(
    api: Client, vendor: str, kind: str, fields: dict[str, Any], returns_id: bool
) -> None:
    """Vendor paths answer {"meta", "result"}; the id comes later, where the page says so."""
    body = event(vendor, kind, **fields)
    answer = api.post(f"/v1/events/{kind}/{vendor.lower()}/", body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"meta", "result"}
    result = answer.json()["result"]
    assert {name: value for name, value in result.items() if value is not None} == body
    job = answer.json()["meta"]["job_id"]
    pending: dict[str, Any] = {"write_status": "PENDING", "errors": [], "created_record_id": None}
    assert api.status(job) == pending
    api.clock.now += 1
    done = api.status(job)
    assert done["write_status"] == "SUCCESS"
    assert (done["created_record_id"] is not None) is returns_id


@pytest.mark.parametrize(("vendor", "kind", "fields", "returns_id"), PAIRS)
def test_each_required_field_is_required(
    api: Client, vendor: str, kind: str, fields: dict[str, Any], returns_id: bool
) -> None:
    """Leaving out, nulling or emptying any of them is a 400 that names the field."""
    body = event(vendor, kind, **fields)
    path = f"/v1/events/{kind}/{vendor.lower()}/"
    for name in body:
        less = {key: value for key, value in body.items() if key != name}
        assert api.post(path, less).status_code == 400, name
        assert api.post(path, {**body, name: None}).status_code == 400, name
        if isinstance(body[name], str):
            assert api.post(path, {**body, name: ""}).status_code == 400, name
    assert api.events() == []


@pytest.mark.parametrize(("vendor", "kind", "fields", "returns_id"), PAIRS)
def test_unknown_fields_and_foreign_fields_are_refused(
    api: Client, vendor: str, kind: str, fields: dict[str, Any], returns_id: bool
) -> None:
    """A field of another PMS is as unknown as one of nobody's."""
    body = event(vendor, kind, **fields)
    path = f"/v1/events/{kind}/{vendor.lower()}/"
    issues = json.loads(api.refused(path, {**body, "foo": 1}))
    assert issues[0]["code"] == "unrecognized_keys"
    assert issues[0]["keys"] == ["foo"]
    foreign = "rent_amount_in_cents" if vendor == "ENTRATA" else "call_status"
    assert foreign in api.refused(path, {**body, foreign: 1})
    # Described for the generic endpoints only.
    assert "foo" in api.refused(path, {**body, "foo": 1}, ignore_unknown_fields="true")


# Vendors whose event names the generic schema does not have.
ONLY_OWN_PATH = [
    ("REALPAGE", "leads"),
    ("RENTMANAGER", "leads"),
    ("RESMAN", "leads"),
    ("PROPERTYWARE", "leads"),
    ("PROPERTYWARE", "applicants"),
]


@pytest.mark.parametrize(("vendor", "kind", "fields", "returns_id"), PAIRS)
def test_generic_path_applies_the_vendor_rules_and_its_own(
    api: Client, vendor: str, kind: str, fields: dict[str, Any], returns_id: bool
) -> None:
    """The generic twin looks up the PMS; it answers {"job_id", "data"}."""
    body = event(vendor, kind, **fields)
    path = f"/v1/events/{kind}"
    if (vendor, kind) in ONLY_OWN_PATH:
        assert "invalid_enum_value" in api.refused(path, body)
        return
    answer = api.post(path, body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"job_id", "data"}
    assert answer.json()["data"] == {}
    assert "unrecognized_keys" in api.refused(path, {**body, "foo": 1, "title": "x", "status": 1})
    assert api.post(path + "/", {**body, "foo": 1}, ignore_unknown_fields="true").ok
    assert "foo" not in api.state.jobs.jobs[list(api.state.jobs.jobs)[-1]].write.parameters
    assert api.events()[-1]["body"]["foo"] == 1


@pytest.mark.parametrize(
    ("vendor", "kind"),
    [
        ("YARDI", "residents"),
        ("RENTMANAGER", "applicants"),
        ("RENTMANAGER", "residents"),
        ("BUILDIUM", "leads"),
        ("PROPERTYWARE", "residents"),
        ("APPFOLIO", "leads"),
        ("APPFOLIO", "applicants"),
        ("APPFOLIO", "residents"),
    ],
)
def test_unsupported_writes_always_answer_405(api: Client, vendor: str, kind: str) -> None:
    """On both paths, whatever the body."""
    body = event(vendor, kind, notes="x")
    for path in (f"/v1/events/{kind}/{vendor.lower()}/", f"/v1/events/{kind}"):
        answer = api.post(path, body)
        assert answer.status_code == 405, path
        assert answer.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("vendor", "kind"),
    [
        ("MRI", "leads"),
        ("MRI", "residents"),
        ("YARDI", "applicants"),
        ("YARDI_REST", "residents"),
        ("RESMAN", "applicants"),
        ("RENTVINE", "leads"),
        ("GENERIC", "leads"),
    ],
)
def test_what_the_contract_has_not_seen_goes_by_the_generic_schema(
    api: Client, vendor: str, kind: str
) -> None:
    """There is no vendor path then; a person is still needed, and a call still has five fields."""
    body = event(vendor, kind, event_datetime=..., notes=..., **CALL)
    assert api.post(f"/v1/events/{kind}", body).ok
    assert api.post(f"/v1/events/{kind}/{vendor.lower()}/", body).status_code == 404
    del body[f"{kind[:-1]}_id"]
    assert f"{kind[:-1]}_id" in api.refused(f"/v1/events/{kind}", body)


BAD_VALUES: list[tuple[str, Any]] = [
    ("call_duration", -1),
    ("call_duration", 86401),
    ("call_duration", "192"),
    ("call_duration", 1.5),
    ("call_duration", True),
    ("call_status", "answered"),
    ("call_audio_link", "calls.example.com/r"),
    ("call_audio_link", "ftp://calls.example.com/r"),
    ("call_audio_link", "https://"),
    ("call_audio_link", "https://calls.example.com/a b"),
    ("call_audio_link", ""),
    ("event_datetime", "2025-01-15"),
    ("event_datetime", "2025-01-15T09:30:00"),
    ("event_datetime", "2025-01-15 09:30:00-07:00"),
    ("event_datetime", "2025-02-30T09:30:00-07:00"),
    ("event_datetime", 1736958600),
    # Mountain Time's offset on both sides of the clock changes, and nobody else's.
    ("event_datetime", "2025-01-15T16:30:00Z"),
    ("event_datetime", "2025-01-15T09:30:00-06:00"),
    ("event_datetime", "2025-07-15T09:30:00-07:00"),
    ("event_datetime", "2025-03-09T03:30:00-07:00"),
    ("event_datetime", "2025-11-02T02:00:00-06:00"),
    ("appointment_datetime", "2025-07-15T09:30:00Z"),
    ("time_from", "9:30"),
    ("time_to", "24:00:00"),
    ("notes", "x" * 257),
    ("notes", None),
    ("email_body", "text, but no email_from"),
    ("email_send", "yes"),
    ("lead_id", "lead_nobody"),
    ("lead_id", "applicant_finn"),
    ("lead_id", "lead_anna_yardi"),
    ("lead_id", 7),
    ("lead_id", "lead_dan_oak"),
    ("event_type_id", "et_nothing"),
    ("event_type_id", "et_call_oak"),
    ("event_type_id", "et_call_main_yardi"),
    ("employee_id", "emp_nobody"),
    ("employee_id", "emp_1_yardi"),
    ("event_result_id", "er_nothing"),
    ("event_sub_type_id", "est_nothing"),
    ("integration_id", "int_nothing"),
    ("integration_id", "int_yardi"),
    ("integration_id", ["int_entrata"]),
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_entrata_refuses_values(api: Client, name: str, value: Any) -> None:
    """Each of these alone makes a good call event a 400; nothing is written."""
    told = {
        "text, but no email_from": "email_from",
        "lead_dan_oak": "event type belongs to another property",
        "int_yardi": "agent_name",
    }
    issues = api.refused("/v1/events/leads", {**ENTRATA, name: value})
    assert told.get(str(value), name) in issues
    assert api.events() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event_datetime", "2025-07-15T09:30:00-06:00"),
        ("event_datetime", "2025-03-09T01:59:59-07:00"),
        ("event_datetime", "2025-03-09T03:00:00.123-06:00"),
        ("event_datetime", "2025-11-02T01:30:00-06:00"),
        ("event_datetime", "2025-11-02T01:30:00-07:00"),
        ("call_duration", 0),
        ("call_duration", 86400),
        ("notes", "x" * 256),
        ("employee_id", "emp_1"),
        ("time_from", "09:30:00"),
        ("call_audio_link", "http://127.0.0.1:8000/calls/CA1?x=1#t"),
    ],
)
def test_entrata_takes_values(api: Client, name: str, value: Any) -> None:
    """The limits themselves are inside."""
    assert api.post("/v1/events/leads", {**ENTRATA, name: value}).status_code == 200


@pytest.mark.parametrize("name", CALL)
def test_a_call_needs_all_five_call_fields(api: Client, name: str) -> None:
    """Whether the type is named a call, or one of the fields makes it one."""
    less = {key: value for key, value in ENTRATA.items() if key != name}
    for event_type in ("et_call_main", "et_note_main"):
        issues = api.refused("/v1/events/leads", {**less, "event_type_id": event_type})
        assert name in issues
    plain = {key: value for key, value in ENTRATA.items() if key not in CALL}
    assert name in api.refused("/v1/events/leads", plain)
    assert api.post("/v1/events/leads", {**plain, "event_type_id": "et_note_main"}).ok


def test_an_email_goes_to_the_persons_primary_address(api: Client) -> None:
    """And says from whom."""
    body = {key: value for key, value in ENTRATA.items() if key not in CALL}
    body |= {"event_type_id": "et_email_main", "email_from": "lee@example.com"}
    other = {**body, "email_to": "someone.else@example.com"}
    assert "email_to" in api.refused("/v1/events/leads", other)
    own = {**body, "email_to": "anna.alvarez@example.com"}
    assert api.post("/v1/events/leads", own).status_code == 200


def test_event_type_must_be_for_the_kind_of_person(api: Client) -> None:
    """`models` says for which."""
    fields = {"id": "et_leads", "name": "Call", "models": ["leads"], "property_id": "prop_oak"}
    api.state.add("event-types", {**fields, "integration_id": "int_entrata"})
    body = event("ENTRATA", "residents", event_datetime=..., **CALL)
    body["event_type_id"] = "et_leads"
    assert "not for residents" in api.refused("/v1/events/residents", body)


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("YARDI", "leads", {"event_name": "Phone", "event_datetime": ..., "agent_name": ...}),
    ("YARDI", "leads", {"event_name": "LeaseSign", "event_datetime": ..., "agent_name": ...}),
    (
        "YARDI",
        "leads",
        {"event_name": "Other", "event_datetime": ..., "agent_name": ..., "notes": "x" * 257},
    ),
    (
        "YARDI",
        "leads",
        {
            "event_name": "LeaseSign",
            "event_datetime": ...,
            "agent_name": ...,
            "rent_amount_in_cents": -1,
        },
    ),
    ("REALPAGE", "leads", {"event_name": "Phone Call"}),
    ("REALPAGE", "applicants", {"event_type_id": ..., "notes": ..., "event_datetime": ...}),
    (
        "REALPAGE_RPX",
        "leads",
        {
            "employee_id": ...,
            "event_type_id": ...,
            "event_datetime": ...,
            "call_recording_url": "nope",
        },
    ),
    (
        "REALPAGE_RPX",
        "leads",
        {"employee_id": ..., "event_type_id": ..., "event_datetime": ..., "status": "OPEN"},
    ),
    ("RESMAN", "leads", {"event_name": "Call", "event_datetime": ...}),
    ("RESMAN", "leads", {"event_name": "Phone", "event_datetime": ..., "lead_source_id": "x"}),
    ("MRI", "applicants", {"event_type_id": ..., "event_datetime": ..., "status": "LEASED"}),
    ("MRI", "applicants", {"event_type_id": ..., "event_datetime": ..., "employee_id": "emp_mri"}),
    ("RENTMANAGER", "leads", {"event_name": "Call"}),
    ("RENTMANAGER", "leads", {"event_name": "CALL", "event_datetime": ...}),
    ("BUILDIUM", "residents", {"notes": ..., "event_type": "Call"}),
    (
        "ENTRATA",
        "applicants",
        {
            "event_type_id": ...,
            "event_datetime": ...,
            **CALL,
            "application_id": "application_other",
        },
    ),
]


@pytest.mark.parametrize(("vendor", "kind", "fields"), REFUSED)
def test_vendor_limits(api: Client, vendor: str, kind: str, fields: dict[str, Any]) -> None:
    """Enums, lengths and fields of the vendors' own pages."""
    person = {"id": "emp_mri", "name": "Desk", "roles": ["MANAGER"], "property_id": "prop_main_mri"}
    api.state.add("employees", {**person, "integration_id": "int_mri"})
    api.refused(f"/v1/events/{kind}/{vendor.lower()}/", event(vendor, kind, **fields))


@pytest.mark.parametrize(
    ("vendor", "kind", "fields", "generic_takes_it"),
    [
        ("REALPAGE", "leads", {"event_name": "Phone call", "event_datetime": None}, False),
        ("RESMAN", "leads", {"event_name": "CallFromProspect", "event_datetime": ...}, True),
        (
            "RESMAN",
            "leads",
            {"event_name": "CallToProspect", "event_datetime": ..., "notes": "x" * 257},
            False,
        ),
        ("MRI", "applicants", {"event_type_id": ..., "event_datetime": "2025-01-15"}, False),
        (
            "REALPAGE_RPX",
            "leads",
            {"employee_id": ..., "event_type_id": ..., "event_datetime": ..., "notes": "x" * 257},
            False,
        ),
        ("REALPAGE", "residents", {"event_type_id": ..., "notes": "x" * 257}, True),
        (
            "ENTRATA",
            "applicants",
            {
                "event_type_id": ...,
                "event_datetime": ...,
                **CALL,
                "application_id": "application_finn",
            },
            True,
        ),
    ],
)
def test_where_vendor_and_generic_paths_differ(
    api: Client, vendor: str, kind: str, fields: dict[str, Any], generic_takes_it: bool
) -> None:
    """The vendor's path takes all of these; the generic schema is narrower in places."""
    body = event(vendor, kind, **fields)
    assert api.post(f"/v1/events/{kind}/{vendor.lower()}", body).status_code == 200
    answer = api.post(f"/v1/events/{kind}", body)
    assert answer.status_code == (200 if generic_takes_it else 400), answer.text


def test_a_vendor_path_takes_only_its_own_integrations(api: Client) -> None:
    """Nor does any path take one that is archived or inactive."""
    assert "not YARDI" in api.refused(
        "/v1/events/leads/yardi/",
        {**event("YARDI", "leads", event_name="Other"), "integration_id": "int_entrata"},
    )
    assert api.post("/v1/events/leads/nobody/", ENTRATA).status_code == 404
    for state in ({"active": False}, {"is_archived": True}):
        api.state.add_integration("int_entrata", vendor="ENTRATA", **state)
        assert "not active" in api.refused("/v1/events/leads", ENTRATA)


@pytest.mark.parametrize(
    "options",
    [
        {"data": "{"},
        {"data": json.dumps(ENTRATA)},
        {"json": [ENTRATA]},
        {"data": b""},
        {"data": json.dumps(ENTRATA), "headers": {"Content-Type": "text/plain"}},
        {"data": b"\xff", "headers": {"Content-Type": "application/json"}},
    ],
)
def test_a_body_that_is_no_json_object_is_refused(api: Client, options: dict[str, Any]) -> None:
    """A 400 with an error body, never a 500."""
    answer = api.call("POST", "/v1/events/leads", **options)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_request"


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x", "Bearer ké"],
)
def test_without_the_right_bearer_it_is_401(api: Client, header: str | None) -> None:
    """On every path but the control API's."""
    headers = {"Authorization": header.encode("latin-1")} if header is not None else {}
    for path in ("/v1/leads/", "/v1/nothing"):
        answer = requests.get(api.url + path, headers=headers, timeout=5)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "unauthorized"
    assert requests.get(api.url + "/_sandbox/health", timeout=5).status_code == 200


def test_unknown_paths_and_methods_have_error_bodies(api: Client) -> None:
    """404 and 405, as JSON."""
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/leads/", 405),
        ("GET", "/v1/leads/lead_nobody", 404),
        ("GET", "/v1/events/event_nobody", 404),
        ("GET", "/v1/admin/write-status/job_nothing", 404),
        ("POST", "/v1/admin/retry-write/job_nothing", 404),
    ):
        answer = api.call(method, path)
        assert answer.status_code == status, path
        assert set(answer.json()["error"]) == {"code", "message"}
    assert api.get("/v1/admin/integrations/int_nothing/")["results"] is None


# -- people and lists ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "phone", "found"),
    [
        ("/v1/leads/", "6175550134", ["lead_anna"]),
        ("/v1/leads/", "6175550135", ["lead_ben"]),
        ("/v1/leads/", "6175550136", ["lead_cara"]),
        ("/v1/leads/", "6175550137", ["lead_dan_oak", "lead_dan_main"]),
        ("/v1/leads/", "6175550138", ["lead_eve"]),
        # phone_2 is not searched.
        ("/v1/leads/", "6175550139", []),
        ("/v1/leads/", "6175550142", []),
        ("/v1/leads/", "6175550140", []),
        ("/v1/applicants/", "6175550140", ["applicant_finn"]),
        ("/v1/residents/", "6175550141", ["resident_gia"]),
    ],
)
def test_people_are_found_by_ten_digits_of_phone_1(
    api: Client, path: str, phone: str, found: list[str]
) -> None:
    """In whatever format it is stored."""
    query = {"phone_1": phone, "integration_id": "int_entrata", "order-by": "updated_at:desc"}
    assert api.ids(path, **query) == found


@pytest.mark.parametrize(
    "query",
    [
        {"phone_1": "+16175550134"},
        {"phone_1": "617-555-0134"},
        {"phone_1": "1175550134"},
        {"phone_1": "61755501345"},
        {"phone_2": "6175550139"},
        {"limit": "0"},
        {"limit": "251"},
        {"limit": "ten"},
        {"offset": "-1"},
        {"order-by": "phone_1:asc"},
        {"order-by": "created_at"},
        {"integration_vendor": "NOBODY"},
        {"updated_at_gte": "yesterday"},
        {"foo": "1"},
        {"property_id": ["prop_main", "prop_oak"]},
    ],
)
def test_a_list_refuses_queries(api: Client, query: dict[str, Any]) -> None:
    """Unknown parameters too."""
    for path in ("/v1/leads/", "/v1/applicants/", "/v1/residents/"):
        answer = api.call("GET", path, params=query)
        assert answer.status_code == 400, path
        assert answer.json()["error"]["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("/v1/leads/", {"property_id": "prop_oak"}, {"lead_dan_oak", "lead_eve"}),
        (
            "/v1/leads/",
            {"email_1": "ben.brooks@example.com", "integration_id": "int_entrata"},
            {"lead_ben"},
        ),
        ("/v1/leads/", {"x_id": "xlead_cara"}, {"lead_cara"}),
        (
            "/v1/leads/",
            {"integration_id": "int_entrata", "updated_at_gte": "2025-11-20T12:00:00Z"},
            {"lead_anna", "lead_dan_oak"},
        ),
        (
            "/v1/leads/",
            {"integration_vendor": "ENTRATA", "updated_at_lte": "2025-11-14T12:00:00Z"},
            {"lead_hugo", "lead_dan_main"},
        ),
        ("/v1/residents/", {"lease_id": "lease_gia"}, {"resident_gia"}),
        (
            "/v1/event-types/",
            {"property_id": "prop_oak", "models": "residents"},
            {"et_call_oak", "et_email_oak", "et_note_oak"},
        ),
        ("/v1/event-types/", {"property_id": "prop_oak", "models": "units"}, set()),
        ("/v1/employees/", {"property_id": "prop_main"}, {"emp_1"}),
        ("/v1/lead-sources/", {"integration_id": "int_entrata"}, {"ls_phone"}),
        (
            "/v1/properties/",
            {"integration_id": "int_entrata", "is_active": "true"},
            {"prop_main", "prop_oak"},
        ),
        ("/v1/admin/integrations/", {"integration_vendor": "YARDI_REST"}, {"int_yardi_rest"}),
        ("/v1/admin/integrations/", {"is_archived": "true"}, set()),
    ],
)
def test_lists_filter(api: Client, path: str, query: dict[str, Any], found: set[str]) -> None:
    """By the parameters of the OpenAPI document, and the newer times."""
    assert set(api.ids(path, **query)) == found


@pytest.mark.parametrize("path", ["/v1/leads/", "/v1/applicants/", "/v1/residents/"])
def test_the_newer_times_may_be_refused_or_passed_over(api: Client, path: str) -> None:
    """The OpenAPI document lacks them, so both may happen."""
    everybody = api.ids(path)
    late = {"updated_at_gte": "2030-01-01T00:00:00Z"}
    assert api.ids(path, **late) == []
    assert api.post("/_sandbox/time-filters", {"mode": "refused"}).ok
    answer = api.call("GET", path, params=late)
    assert answer.status_code == 400 and "updated_at_gte" in answer.text
    assert api.post("/_sandbox/time-filters", {"mode": "ignored"}).ok
    assert api.ids(path, **late) == everybody != []
    api.call("POST", "/_sandbox/reset")
    assert api.ids(path, **late) == []


def test_lists_page_through_everything_once(api: Client) -> None:
    """`meta` says where one is."""
    query = {"integration_id": "int_entrata", "limit": 3, "order-by": "updated_at:asc"}
    first = api.get("/v1/leads/", **query)
    assert set(first) == {"meta", "results"}
    meta = {"offset": 0, "limit": 3, "orderBy": [{"updated_at": "asc"}], "hasMore": True}
    assert first["meta"] == {**meta, "total": 7}
    pages = [api.ids("/v1/leads/", offset=offset, **query) for offset in (0, 3, 6)]
    assert [len(each) for each in pages] == [3, 3, 1]
    assert len({id for each in pages for id in each}) == 7
    assert pages[0][0] == "lead_dan_main"
    assert api.get("/v1/leads/", offset=6, **query)["meta"]["hasMore"] is False
    assert api.get("/v1/leads/")["meta"]["limit"] == 100
    assert len(api.ids("/v1/leads", limit=250)) == 7 * len(VENDORS)
    one = api.get("/v1/leads/lead_anna")
    assert one["results"]["phone_1"] == "(617) 555-0134"


def openapi() -> Any:
    """Propexo's OpenAPI document; in CI it has to be there."""
    if not OPENAPI.exists():
        assert os.environ.get("CI") != "true", f"{OPENAPI} is missing"
        pytest.skip(f"{OPENAPI} is missing")
    return json.loads(OPENAPI.read_text())


def schema_of(path: str) -> Any:
    """The schema of one result of a list endpoint, from the OpenAPI document."""
    document = openapi()

    def resolve(node: Any) -> Any:
        while "$ref" in node:
            node = document["components"]["schemas"][node["$ref"].rsplit("/", 1)[1]]
        return node

    answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    results = resolve(resolve(answer["schema"])["properties"]["results"])
    item = resolve(results["items"] if results.get("type") == "array" else results)
    return {**item, "properties": {key: resolve(each) for key, each in item["properties"].items()}}


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/v1/leads/", None),
        ("/v1/applicants/", None),
        ("/v1/residents/", None),
        ("/v1/events/", None),
        ("/v1/event-types/", None),
        ("/v1/employees/", None),
        ("/v1/lead-sources/", None),
        ("/v1/properties/", None),
        ("/v1/admin/integrations/", None),
        ("/v1/leads/{id}", "/v1/leads/lead_anna"),
        ("/v1/admin/integrations/{integration_id}/", "/v1/admin/integrations/int_entrata/"),
    ],
)
def test_answers_have_every_field_of_the_openapi_document(
    api: Client, path: str, url: str | None
) -> None:
    """Each required key is there, none besides; null only where it may be."""
    api.job("/v1/events/leads", ENTRATA)
    api.clock.now += 1
    schema = schema_of(path)
    results = api.get(url or path)["results"]
    assert results
    for row in results if isinstance(results, list) else [results]:
        assert set(schema["required"]) - set(row) == set()
        assert set(row) - set(schema["properties"]) == set()
        for name, value in row.items():
            types = schema["properties"][name].get("type", "null")
            assert value is not None or "null" in types or name == "type_normalized", name


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("_v1_events_leads_post_input", GENERIC_EVENTS["leads"]),
        ("_v1_events_applicants_post_input", GENERIC_EVENTS["applicants"]),
        ("_v1_events_residents_post_input", GENERIC_EVENTS["residents"]),
        ("_v1_events_leads_event_id_put_input", UPDATE_EVENT),
        ("_v1_leads__post_input", GENERIC_LEAD),
    ],
)
def test_generic_schemas_are_those_of_the_openapi_document(
    name: str, fields: dict[str, Field]
) -> None:
    """The same fields, enums and limits."""
    properties = openapi()["components"]["schemas"][name]["properties"]
    assert set(fields) == set(properties)
    for key, given in properties.items():
        assert set(fields[key].enum) == set(given.get("enum", ())), key
        assert fields[key].max_length == given.get("maxLength"), key
        assert fields[key].min_length == given.get("minLength", 0), key
        assert fields[key].minimum == given.get("minimum"), key
        assert fields[key].maximum == given.get("maximum"), key


# -- what becomes of writes ---------------------------------------------------------------------


def test_an_event_is_read_back_later_and_without_its_call_fields(api: Client) -> None:
    """Only notes can carry a reference for finding it again."""
    api.job("/v1/events/leads", ENTRATA)
    api.clock.now += 0.3
    assert api.ids("/v1/events/", lead_id="lead_anna") == []
    api.clock.now += 0.3
    [row] = api.get("/v1/events/", lead_id="lead_anna", integration_id="int_entrata")["results"]
    assert row["notes"] == ENTRATA["notes"]
    assert row["associated_lead_ids"] == ["lead_anna"]
    assert row["property_id"] == "prop_main"
    assert row["event_name"] == "Call"
    assert [name for name in row if name.startswith("call_")] == []
    assert api.get(f"/v1/events/{row['id']}")["results"] == row
    assert api.ids("/v1/events/", lead_id="lead_ben") == []
    assert api.ids("/v1/events/", applicant_id="applicant_finn") == []


def test_write_logs_hold_finished_writes_newest_first(api: Client) -> None:
    """`parameters` carries the body."""
    first = api.job("/v1/events/leads", ENTRATA)
    assert api.get("/v1/admin/logs/writes/") == {"results": {"logs": []}}
    api.clock.now += 1
    api.faults({"kind": "write_fails", "errors": ["no such prospect"]})
    second = api.job("/v1/events/leads", {**ENTRATA, "notes": "second"})
    api.clock.now += 1
    logs = api.get("/v1/admin/logs/writes/")["results"]["logs"]
    assert [each["job_id"] for each in logs] == [second, first]
    assert logs[1]["parameters"] == ENTRATA
    assert [each["status"] for each in logs] == ["FAILURE", "SUCCESS"]
    assert [each["error"] for each in logs] == ["no such prospect", None]
    needed = "id created_at job_id job_log_id status integration_id job_type error name vendor"
    assert set(needed.split()) <= set(logs[0])

    def jobs(**query: Any) -> list[str]:
        found = api.get("/v1/admin/logs/writes/", **query)["results"]["logs"]
        return [each["job_id"] for each in found]

    assert jobs(status="SUCCESS") == [first]
    assert jobs(limit=1) == [second]
    assert jobs(limit=1, offset=1) == [first]
    assert jobs(write_category="leads") == []
    assert jobs(integration_id="int_yardi") == []
    api.clock.now += 3600
    assert jobs(time_range="hour") == []
    assert jobs(time_range="day") == [second, first]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"status": "PENDING"},
        {"time_range": "year"},
        {"write_category": "calls"},
        {"order-by": "created_at:asc"},
    ],
)
def test_write_logs_refuse_queries(api: Client, query: dict[str, Any]) -> None:
    """Their limit is 100, not 250."""
    assert api.call("GET", "/v1/admin/logs/writes/", params=query).status_code == 400


def test_only_a_failed_write_can_be_retried_and_only_once(api: Client) -> None:
    """The retry is a new job; a temporary failure is over by then."""
    api.faults({"kind": "write_fails", "errors": ["busy"]})
    job = api.job("/v1/events/leads", ENTRATA)
    retry = f"/v1/admin/retry-write/{job}"
    assert api.post(retry, {}).status_code == 400
    api.clock.now += 1
    assert api.status(job) == {
        "write_status": "FAILURE",
        "errors": ["busy"],
        "created_record_id": None,
    }
    assert api.post(retry, {"foo": 1}).status_code == 400
    answer = api.post(retry, {}).json()
    assert answer["success"] is True
    assert answer["job_id"] != job
    assert api.post(retry, {}).status_code == 400
    api.clock.now += 1
    assert api.status(answer["job_id"])["write_status"] == "SUCCESS"
    assert api.status(job)["write_status"] == "FAILURE"
    [entry] = api.events()
    assert (entry["job_id"], entry["status"]) == (job, "SUCCESS")
    assert len(api.ids("/v1/events/", lead_id="lead_anna")) == 1


def test_a_lasting_failure_fails_again_and_pending_stays_pending(api: Client) -> None:
    """Neither leaves an event behind."""
    api.faults({"kind": "write_fails", "temporary": False}, {"kind": "pending_forever"})
    failed = api.job("/v1/events/leads", ENTRATA)
    pending = api.job("/v1/events/leads", ENTRATA)
    api.clock.now += 1
    retried = api.post(f"/v1/admin/retry-write/{failed}", {}).json()["job_id"]
    api.clock.now += 99999
    assert api.status(retried)["write_status"] == "FAILURE"
    assert api.status(pending)["write_status"] == "PENDING"
    assert api.ids("/v1/events/", lead_id="lead_anna") == []


def test_an_event_of_mri_can_be_updated_and_no_other(api: Client) -> None:
    """The body has no recording link to set."""
    mri = event("MRI", "applicants", event_type_id=..., event_datetime=..., notes="first")
    job = api.job("/v1/events/applicants", mri)
    api.job("/v1/events/leads", ENTRATA)
    api.clock.now += 1
    id = api.status(job)["created_record_id"]
    path = f"/v1/events/applicants/{id}"
    change = {"event_datetime": mri["event_datetime"], "event_type_id": mri["event_type_id"]}
    assert api.call("PUT", path, json={"notes": "only"}).status_code == 400
    bad = {**change, "call_audio_link": "https://x.example/"}
    assert "unrecognized_keys" in api.call("PUT", path, json=bad).text
    answer = api.call("PUT", path, json={**change, "notes": "better"})
    assert set(answer.json()) == {"job_id", "data"}
    vendor_path = f"/v1/events/applicants/mri/{id}"
    answer = api.call("PUT", vendor_path, json={**change, "integration_id": "int_mri"})
    assert set(answer.json()) == {"meta", "result"}
    api.clock.now += 1
    assert api.get(f"/v1/events/{id}")["results"]["notes"] == "better"
    [other] = api.ids("/v1/events/", lead_id="lead_anna")
    assert api.call("PUT", f"/v1/events/leads/{other}", json=change).status_code == 405
    assert api.call("PUT", f"/v1/events/leads/{id}", json=change).status_code == 404
    assert [each["path"] for each in api.events()] == ["/v1/events/applicants", "/v1/events/leads"]


# Per vendor: what a new lead needs, and whether write-status tells its id.
LEADS: list[tuple[str, str, bool]] = [
    ("ENTRATA", "property_id lead_source_id first_name last_name", False),
    (
        "YARDI",
        "property_id lead_source_id employee_id third_party_id first_name last_name "
        "organization_name",
        True,
    ),
    ("REALPAGE", "first_name last_name", True),
    ("REALPAGE_RPX", "property_id lead_relationship_id first_name last_name", False),
    ("RESMAN", "lead_source_id employee_id property_id first_name last_name", False),
    ("MRI", "property_id last_name", True),
    ("RENTMANAGER", "property_id first_name last_name", True),
    ("APPFOLIO", "property_id first_name last_name", True),
    ("BUILDIUM", "", False),
]


@pytest.mark.parametrize(("vendor", "needed", "returns_id"), LEADS)
def test_a_new_lead_needs_what_its_vendor_needs(
    api: Client, vendor: str, needed: str, returns_id: bool
) -> None:
    """It can be searched for after the next sync; its id may come sooner, or not."""
    suffix = "" if vendor == "ENTRATA" else f"_{vendor.lower()}"
    known = {"property_id": "prop_main", "lead_source_id": "ls_phone", "employee_id": "emp_1"}
    body: dict[str, Any] = {
        name: known[name] + suffix if name in known else "Unknown" for name in needed.split()
    }
    body |= {"integration_id": f"int_{vendor.lower()}", "phone_1": "+1 617 555 0177"}
    for name in needed.split():
        less = {key: value for key, value in body.items() if key != name}
        assert name in api.refused("/v1/leads/", less)
    for name in set(needed.split()) & set(known):
        assert name in api.refused("/v1/leads/", {**body, name: "nothing"})
    assert "phone_1_type" in api.refused("/v1/leads/", {**body, "phone_1_type": "CELL"})
    job = api.job("/v1/leads/", body)
    api.clock.now += 0.3
    id = api.status(job)["created_record_id"]
    assert (id is not None) is returns_id
    assert api.ids("/v1/leads/", phone_1="6175550177") == []
    api.clock.now += 0.3
    [found] = api.get("/v1/leads/", phone_1="6175550177")["results"]
    assert found["property_id"].endswith(f"prop_main{suffix}")
    assert id in (None, found["id"])


def test_a_lead_whose_id_is_told_can_have_events_before_it_is_listed(api: Client) -> None:
    """Where it is not told, the call has to wait."""
    body = {"integration_id": "int_realpage", "first_name": "New", "last_name": "Caller"}
    answer = api.post("/v1/leads/realpage/", body)
    assert answer.json()["result"]["first_name"] == "New"
    call = {"integration_id": "int_realpage", "event_name": "Phone call"}
    api.clock.now += 0.3
    id = api.status(answer.json()["meta"]["job_id"])["created_record_id"]
    assert api.post("/v1/events/leads/realpage/", {**call, "lead_id": id}).status_code == 200
    assert api.post("/v1/leads/propertyware/", body).status_code == 404
    long = {
        "integration_id": "int_realpage_rpx",
        "property_id": "prop_main_realpage_rpx",
        "lead_relationship_id": "r",
        "first_name": "x" * 31,
        "last_name": "y",
    }
    assert "first_name" in api.refused("/v1/leads/realpage_rpx/", long)


# -- limits, faults and the control API ---------------------------------------------------------


def test_rate_limit_slows_from_80_percent_and_refuses_at_100(limited: Client) -> None:
    """Fixed windows of the wall clock; the control API is not limited."""
    limited.clock.now += 59
    answers = [limited.call("GET", "/v1/leads/") for _ in range(12)]
    assert [each.status_code for each in answers] == [200] * 10 + [429] * 2
    remaining = [int(each.headers["x-ratelimit-remaining"]) for each in answers]
    assert remaining == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]
    assert {each.headers["x-ratelimit-limit"] for each in answers} == {"10"}
    assert limited.slept == [2.0, 2.0, 2.0]
    assert "Retry-After" not in answers[-1].headers
    assert answers[-1].json()["error"]["code"] == "too_many_requests"
    assert limited.get("/_sandbox/requests")["rate_limited"] == 2
    assert limited.get("/_sandbox/refused")["refused"] == []
    unknown = requests.get(limited.url + "/v1/leads/", timeout=5)
    assert (unknown.status_code, unknown.headers["x-ratelimit-remaining"]) == (401, "0")
    limited.clock.now += 1
    assert limited.call("GET", "/v1/leads/").headers["x-ratelimit-remaining"] == "9"


def test_an_unlimited_stand_in_sends_no_limit_headers(api: Client) -> None:
    """`rate_limit=0`."""
    assert "x-ratelimit-limit" not in api.call("GET", "/v1/leads/").headers


def test_status_faults_work_before_or_after_the_write(api: Client) -> None:
    """In order, as often as asked, and with a Retry-After if wanted."""
    api.faults(
        {"kind": "status", "status": 503, "retry_after": 7, "times": 2},
        {"kind": "status_after", "status": 500},
    )
    answers = [api.post("/v1/events/leads", ENTRATA) for _ in range(4)]
    assert [each.status_code for each in answers] == [503, 503, 500, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert "Retry-After" not in answers[2].headers
    assert len(api.events()) == 2
    used = [each["used"] for each in api.get("/_sandbox/faults")["faults"]]
    assert used == [2, 1]


@pytest.mark.parametrize(
    ("kind", "written"),
    [("reset_before", 0), ("reset_after", 1), ("timeout_before", 0), ("timeout_after", 1)],
)
def test_cut_connections_before_and_after_the_write(api: Client, kind: str, written: int) -> None:
    """The client sees no answer at all; the next request works."""
    api.faults({"kind": kind, "seconds": 30})
    with pytest.raises(requests.ConnectionError):
        api.post("/v1/events/leads", ENTRATA)
    assert len(api.events()) == written
    assert api.slept == ([30] if kind.startswith("timeout") else [])
    deadline = time.monotonic() + 10  # it is counted when the connection has been cut
    while api.get("/_sandbox/requests")["unanswered"] == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert api.get("/_sandbox/requests")["unanswered"] == 1
    assert api.post("/v1/events/leads", ENTRATA).status_code == 200


def test_a_request_that_breaks_off_in_its_body_is_neither_taken_nor_refused(api: Client) -> None:
    """So it is when a worker is killed while it sends."""
    body = json.dumps(ENTRATA).encode()
    head = (
        "POST /v1/events/leads HTTP/1.1\r\nHost: sandbox\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    address = urlsplit(api.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(head.encode() + body[:-20])
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000) == b""
    assert api.events() == []
    assert api.get("/_sandbox/refused")["refused"] == []


def test_faults_choose_their_requests(api: Client) -> None:
    """By method, path, integration and chance."""
    yardi = event("YARDI", "leads", event_name="Other", event_datetime=..., agent_name=...)
    api.faults({"kind": "status", "integration_id": "int_yardi", "times": None})
    assert api.post("/v1/events/leads", ENTRATA).status_code == 200
    assert api.post("/v1/events/leads", yardi).status_code == 500
    query = {"integration_id": "int_yardi"}
    assert api.call("GET", "/v1/leads/", params=query).status_code == 500
    api.faults({"kind": "status", "method": "GET", "path": "/v1/leads", "times": "forever"})
    assert api.call("GET", "/v1/leads/").status_code == 500
    assert api.call("GET", "/v1/applicants/").status_code == 200
    api.faults({"kind": "status", "rate": 0.5, "times": None})
    codes = [api.call("GET", "/v1/leads/").status_code for _ in range(40)]
    assert 5 < codes.count(500) < 35
    api.faults({"kind": "slow", "seconds": 3})
    assert api.call("GET", "/v1/leads/").status_code == 200
    assert api.slept == [3]
    api.faults({"kind": "status"})
    assert api.call("DELETE", "/_sandbox/faults").json() == {"faults": []}
    assert api.call("GET", "/v1/leads/").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", [{"kind": "nothing"}]),
        ("faults", [{"kind": "slow", "foo": 1}]),
        ("faults", "slow"),
        ("faults", [{"kind": "slow", "times": "twice"}]),
        ("people", {"kind": "owner"}),
        ("people", {"kind": "lead", "foo": 1}),
        ("people", {"kind": "lead", "integration_id": "int_nothing"}),
        ("integrations", {"id": "int_x"}),
        ("records", {"collection": "units"}),
        ("time-filters", {"mode": "sometimes"}),
    ],
)
def test_the_control_api_says_what_is_wrong(api: Client, path: str, body: Any) -> None:
    """Instead of failing."""
    answer = api.post(f"/_sandbox/{path}", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_control"


def test_the_control_api_adds_people_integrations_and_records(api: Client) -> None:
    """All of it is gone after a reset."""
    person = {"kind": "resident", "id": "resident_new", "phone_1": "1-617-555-0188"}
    [added] = api.post("/_sandbox/people", person).json()["results"]
    assert added["property_id"] == "prop_main"
    assert api.ids("/v1/residents/", phone_1="6175550188") == ["resident_new"]
    api.post("/_sandbox/people", [{**person, "phone_1": "617 555 0189"}])
    assert api.ids("/v1/residents/", phone_1="6175550188") == []
    assert api.ids("/v1/residents/", phone_1="6175550189") == ["resident_new"]
    api.post("/_sandbox/integrations", {"id": "int_two", "vendor": "ENTRATA"})
    [company] = api.post("/_sandbox/integrations", {"vendor": "KNOCK", "seed": True}).json()[
        "results"
    ]
    assert company["employee_id"] == "emp_1_knock"
    desk = {
        "collection": "employees",
        "id": "emp_2",
        "integration_id": "int_two",
        "property_id": "prop_main",
        "name": "Desk",
    }
    assert api.post("/_sandbox/records", desk).ok
    assert api.ids("/v1/employees/", integration_id="int_two") == ["emp_2"]
    api.call("POST", "/_sandbox/reset")
    assert api.get("/v1/admin/integrations/int_two/")["results"] is None
    assert api.ids("/v1/residents/", phone_1="6175550189") == []


def test_the_control_api_tells_what_was_sent(api: Client) -> None:
    """Accepted events, refusals in full, and counts per path template."""
    job = api.job("/v1/events/leads", ENTRATA)
    api.refused("/v1/events/leads", {**ENTRATA, "foo": 1}, ignore_unknown_fields="false")
    api.call("GET", "/v1/leads/lead_anna")
    [entry] = api.events()
    expected = {
        "job_id": job,
        "path": "/v1/events/leads",
        "kind": "lead",
        "body": ENTRATA,
        "person_id": "lead_anna",
        "status": "PENDING",
        "integration_id": "int_entrata",
    }
    assert {name: entry[name] for name in expected} == expected
    assert entry["accepted_at"].endswith("Z")
    [refusal] = api.get("/_sandbox/refused")["refused"]
    assert refusal["query"] == {"ignore_unknown_fields": ["false"]}
    assert refusal["body"]["foo"] == 1
    assert "unrecognized_keys" in json.dumps(refusal["answer"])
    counts = api.get("/_sandbox/requests")
    assert counts["total"] == 3
    assert counts["routes"] == [
        {"method": "GET", "path": "/v1/leads/<id>", "status": 200, "count": 1},
        {"method": "POST", "path": "/v1/events/leads", "status": 200, "count": 1},
        {"method": "POST", "path": "/v1/events/leads", "status": 400, "count": 1},
    ]


@pytest.mark.parametrize(
    ("address", "status"),
    [("127.0.0.1", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("10.0.0.7", 403), ("", 403)],
)
def test_the_control_api_answers_this_machine_only(address: str, status: int) -> None:
    """By the address of the connection, not by a header."""
    app = create_sandbox(SandboxState(), api_key=KEY)
    client = app.test_client()
    forwarded = {"X-Forwarded-For": "127.0.0.1"}
    environ = {"REMOTE_ADDR": address}
    answer = client.get("/_sandbox/health", headers=forwarded, environ_base=environ)
    assert answer.status_code == status


def test_connections_are_kept_open_and_stopping_waits_for_nobody() -> None:
    """10,000 calls reuse one connection; a request that sleeps does not hold up the end."""
    clock = Clock()
    state = SandboxState(clock=clock)
    app = create_sandbox(state, api_key=KEY, rate_limit=0, clock=clock)
    with SandboxServer(app) as server:
        client = Client(server, state, clock)
        connection = http.client.HTTPConnection(server.host, server.port, timeout=5)
        connection.connect()
        opened = connection.sock
        headers = {"Content-Type": "application/json"}
        for token, status in ((KEY, 200), ("wrong", 401), (KEY, 200)):
            headers["Authorization"] = f"Bearer {token}"
            connection.request("POST", "/v1/events/leads", json.dumps(ENTRATA), headers)
            answer = connection.getresponse()
            assert (answer.status, answer.version) == (status, 11)
            answer.read()
            assert connection.sock is opened
        connection.close()
        client.faults({"kind": "timeout_before"})
        with pytest.raises(requests.ReadTimeout):
            client.session.get(server.url + "/v1/leads/", timeout=0.2)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=1)
