"""Does the API answer programs as its OpenAPI document says, and only those that have a token?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from adapter.domain.call import CallState
from adapter.domain.cause import Cause
from adapter.domain.lines import PersonKind
from adapter.domain.matching import Person
from adapter.errors import StoreUnavailable
from adapter.storage.call_lists import CallLists
from adapter.storage.hourly_counts import HourlyCounts
from adapter.storage.people_index import PeopleIndex
from adapter.storage.store import Store
from adapter.web.api.openapi import openapi
from adapter.web.slots import Slots
from tests.support.environment import ENVIRON, LINE, NOW
from tests.support.hooks import CALLER
from tests.support.rows import add, record
from tests.support.site import served

OPERATOR, VIEWER = "operator-token-1", "viewer-token-12"
TOKENS = f"crm:{OPERATOR}, wall:{VIEWER}:viewer"
LINES = f"""
[lines."{LINE}"]
name = "Main Street"
integration_id = "int_main"
property_id = "prop_main"
"""
ANNA = Person(
    PersonKind.LEAD,
    "lead_anna",
    "int_main",
    name="Anna Archer",
    property_id="prop_main",
    numbers=frozenset({CALLER}),
    updated_at=NOW,
)


class Api:
    """A program with a token. Each of its answers is checked against the document."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **parameters: str) -> requests.Response:
        return self.send("GET", path, params=parameters)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.send("POST", path, json=body)

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        url = f"{self.url}/api/v1{path}"
        answer = requests.request(method, url, headers=headers, timeout=20, **more)
        as_described(method, path, answer)
        return answer


DOCUMENT = json.loads(json.dumps(openapi()))
REGISTRY = Registry().with_resource("urn:openapi", Resource.opaque(DOCUMENT))


def as_described(method: str, path: str, answer: requests.Response) -> None:
    """The document names this answer of this path, and the body is as its schema says."""
    operation = _operation(method, path)
    if operation is None:
        assert answer.status_code in (401, 404, 405), answer.text
        described = DOCUMENT["paths"]["/calls"]["get"]["responses"]["401"]
    else:
        assert str(answer.status_code) in operation["responses"], (answer.status_code, answer.text)
        described = operation["responses"][str(answer.status_code)]
    ((content_type, content),) = described["content"].items()
    assert answer.headers["Content-Type"].partition(";")[0] == content_type
    assert answer.headers["Cache-Control"] == "no-store"
    reference = content["schema"].get("$ref", "")
    schema = {"$ref": f"urn:openapi{reference}"} if reference else content["schema"]
    validator = Draft202012Validator(
        schema, registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(answer.json())
    if answer.status_code >= 400:
        assert answer.json()["status"] == answer.status_code


def _operation(method: str, path: str) -> dict[str, Any] | None:
    parts = path.partition("?")[0].strip("/").split("/")
    if len(parts) > 1 and parts[0] == "calls":
        parts[1] = "{call_id}"
    found: dict[str, Any] = DOCUMENT["paths"].get("/" + "/".join(parts), {})
    return found.get(method.lower())


@pytest.fixture
def url(database_url: str) -> Iterator[str]:
    """An adapter with an API, and nothing outside that answers."""
    environ = {
        **ENVIRON,
        "DATABASE_URL": database_url,
        "API_TOKENS": TOKENS,
        "ADAPTER_LINES": LINES,
        "PROPEXO_BASE_URL": "http://127.0.0.1:1",
        "TWILIO_API_BASE_URL": "http://127.0.0.1:1",
    }
    with served(web_app(Settings.from_environ(environ))) as address:
        yield address


@pytest.fixture
def api(url: str) -> Api:
    return Api(url, OPERATOR)


@pytest.fixture
def viewer(url: str) -> Api:
    return Api(url, VIEWER)


def put(store: Store, name: str, **values: Any) -> None:
    add(store, record(name, name), **{"first_seen_at": NOW, **values})


def hold(store: Store, name: str, **values: Any) -> None:
    put(
        store,
        name,
        **{
            "state": "held",
            "cause": Cause.NOBODY_FOUND,
            "reason": f"nobody with {CALLER} among the leads",
            **values,
        },
    )


# Who may use it -------------------------------------------------------------------------------------

PATHS = ["/calls", "/calls/CA1", "/inbox", "/lines", "/health", "/openapi.json"]
DECISIONS = ["assign", "ignore", "create-lead", "replay"]


@pytest.mark.parametrize("token", [None, "wrong-token-123", "", "é", f"{OPERATOR}x", "crm"])
@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_of_its_own_nobody_gets_anything(
    url: str, token: str | None, path: str
) -> None:
    headers = {"Authorization": f"Bearer {token}".encode()} if token is not None else {}
    answer = requests.get(f"{url}/api/v1{path}", headers=headers, timeout=20)
    as_described("GET", path, answer)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Basic", OPERATOR, f"Basic {OPERATOR}", "Bearer"])
def test_only_a_bearer_token_counts(url: str, header: str) -> None:
    answer = Api(url, None).send("GET", "/calls", headers={"Authorization": header})
    assert answer.status_code == 401


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_viewer_decides_nothing(viewer: Api, store: Store, decision: str) -> None:
    hold(store, "CA1")
    assert viewer.post(f"/calls/CA1/{decision}", {}).status_code == 403
    assert store.calls.find("CA1")[0].state is CallState.HELD


@pytest.mark.parametrize("path", PATHS)
def test_without_the_setting_there_is_no_api(database_url: str, path: str) -> None:
    environ = {**ENVIRON, "DATABASE_URL": database_url}
    app = web_app(Settings.from_environ(environ))
    answer = app.test_client().get(
        f"/api/v1{path}", headers={"Authorization": f"Bearer {OPERATOR}"}
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("with_pages", [False, True])
def test_what_is_not_there_is_a_problem_too(database_url: str, with_pages: bool) -> None:
    environ = {**ENVIRON, "DATABASE_URL": database_url, "API_TOKENS": TOKENS}
    if with_pages:
        environ["ADMIN_PASSWORD"] = "correct horse battery"
    with served(web_app(Settings.from_environ(environ))) as url:
        api = Api(url, OPERATOR)
        assert api.get("/nowhere").status_code == 404
        assert api.send("DELETE", "/calls").status_code == 405
        assert api.get("/calls").status_code == 200


# Reading --------------------------------------------------------------------------------------------


def test_calls_come_newest_first_and_page_by_page(api: Api, store: Store) -> None:
    for number in range(5):
        put(store, f"CA{number}", first_seen_at=NOW - timedelta(hours=number // 2))
    put(store, "CA9", state="folded")
    found, after = [], ""
    while True:
        answer = api.get("/calls", limit="2", after=after).json()
        found += [call["call_id"] for call in answer["calls"]]
        after = answer["next"]
        if after is None:
            break
    assert found == ["CA1", "CA0", "CA3", "CA2", "CA4"]


def test_calls_are_filtered_and_searched_for(api: Api, store: Store) -> None:
    hold(store, "CA1")
    put(store, "CA2", state="written", other="+16175550199", person_name="Anna Archer")

    def ids(**given: str) -> list[str]:
        return [call["call_id"] for call in api.get("/calls", **given).json()["calls"]]

    assert ids(state="held", cause="nobody_found", line="Main Street") == ["CA1"]
    assert ids(q="(617) 555-0199") == ["CA2"]
    assert ids(q="archer") == ["CA2"]
    assert ids(state="held", q="archer") == []


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ("state", "hold"),
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "²"),
        ("limit", "-1"),
        ("after", "x"),
        ("since", "yesterday"),
        ("line", "Elm"),
        ("q", "x" * 201),
    ],
)
def test_a_wrong_parameter_is_named(api: Api, parameter: str, text: str) -> None:
    answer = api.get("/calls", **{parameter: text})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == parameter


def test_one_call_by_its_id_or_its_key(api: Api, store: Store) -> None:
    hold(store, "CA1")
    by_id, by_key = api.get("/calls/CA1"), api.get("/calls/twilio:AC0:CA1")
    assert by_id.json() == by_key.json()
    assert by_id.json()["other_number"] == CALLER
    assert api.get("/calls/CA2").status_code == 404


def test_of_an_id_that_two_accounts_share_both_are_told(api: Api, store: Store) -> None:
    hold(store, "CA1")
    other = record("CA1", "CA1").model_copy(update={"account": "AC9"})
    add(store, other, state="held", cause=Cause.NO_LINE)
    for answer in (api.get("/calls/CA1"), api.post("/calls/CA1/ignore")):
        assert answer.status_code == 409
        assert {call["account"] for call in answer.json()["calls"]} == {"AC0", "AC9"}
        assert "twilio:AC9:CA1" in answer.json()["detail"]
    assert api.get("/calls/twilio:AC9:CA1").json()["cause"] == "no_line"
    assert {call.state for call in store.calls.find("CA1")} == {CallState.HELD}


def test_a_viewer_sees_no_whole_number_anywhere(viewer: Api, store: Store) -> None:
    hold(store, "CA1")
    answers = [
        viewer.get("/calls"),
        viewer.get("/calls", q="0134"),
        viewer.get("/calls/CA1"),
        viewer.get("/inbox"),
        viewer.get("/lines"),
        viewer.get("/health"),
    ]
    for answer in answers:
        assert answer.status_code == 200
        without_times = re.sub(r"T[0-9:.]+", "T", answer.text)  # microseconds may be any digits
        assert "555" not in without_times, answer.text
    assert answers[1].json()["calls"][0]["other_number"] == "***0134"
    assert viewer.get("/calls", q=CALLER).json()["parameter"] == "q"


def test_the_inbox_is_grouped_by_cause_and_line(api: Api, store: Store) -> None:
    hold(store, "CA1")
    hold(store, "CA2", first_seen_at=NOW - timedelta(days=1))
    put(store, "CA3", state="failed", cause=Cause.GIVEN_UP, line=None)
    found = api.get("/inbox").json()
    assert [(g["state"], g["cause"], g["count"]) for g in found["groups"]] == [
        ("held", "nobody_found", 2),
        ("failed", "given_up", 1),
    ]
    first = found["groups"][0]
    assert (first["line"], first["line_name"]) == (LINE, "Main Street")
    assert first["cause_words"] == "nobody has this number"
    assert first["first_seen_at"] < first["last_seen_at"]
    assert (found["parked"], found["next"]) == ([], None)
    assert api.get("/inbox", after="x").json()["parameter"] == "after"


def test_the_lines_say_how_they_stand(api: Api, store: Store) -> None:
    put(store, "CA1")
    line, defaults = api.get("/lines").json()["lines"]
    assert defaults["number"] is None
    assert (line["number"], line["name"], line["property_id"]) == (LINE, "Main Street", "prop_main")
    assert line["problems"] is None or "cannot be reached" in line["problems"][0]


@pytest.mark.parametrize(("period", "buckets"), [("", 24), ("24h", 24), ("7d", 7), ("30d", 30)])
def test_health_tells_how_all_goes(api: Api, store: Store, period: str, buckets: int) -> None:
    now = datetime.now(UTC)
    hold(store, "CA1", first_seen_at=now - timedelta(minutes=5))
    HourlyCounts(store).recount(now - timedelta(days=1))
    found = api.get("/health", **({"period": period} if period else {})).json()
    assert len(found["buckets"]) == buckets
    assert (found["calls"], found["shares"], found["workers_alive"]) == (1, {"held": 1.0}, 0)
    assert "no worker is alive" in found["problems"]["queue"]
    (line,) = found["lines"]
    assert (line["number"], line["name"]) == (LINE, "Main Street")
    assert line["last_call_at"] is not None
    for wrong in ("1h", ""):
        assert api.get("/health", period=wrong).json()["parameter"] == "period"


# Deciding -------------------------------------------------------------------------------------------


def test_a_call_is_assigned_once_and_the_token_stands_in_the_record(api: Api, store: Store) -> None:
    PeopleIndex(store).save([ANNA])
    hold(store, "CA1")
    body = {"kind": "lead", "person_id": "lead_anna"}
    answer = api.post("/calls/CA1/assign", body)
    assert answer.status_code == 200
    assert answer.json()["call"]["state"] == "open"
    (call,) = store.calls.find("CA1")
    assert (call.assigned_kind, call.assigned_id) == ("lead", "lead_anna")
    (decision,) = store.decisions.of_call(call.key)
    assert (decision.who, decision.origin) == ("api:crm", "127.0.0.1")


@pytest.mark.parametrize(
    ("decision", "state"), [("ignore", "ignored"), ("create-lead", "open"), ("replay", "open")]
)
@pytest.mark.parametrize("body", [None, {}])
def test_a_call_is_decided_about(
    api: Api, store: Store, decision: str, state: str, body: Any
) -> None:
    hold(store, "CA1")
    answer = api.post(f"/calls/twilio:AC0:CA1/{decision}", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["call"]["state"] == state
    assert len(store.decisions.of_call("twilio:AC0:CA1")) == 1


def test_a_decision_may_hold_for_every_held_call_of_the_number(api: Api, store: Store) -> None:
    hold(store, "CA1")
    hold(store, "CA2")
    wrong = api.post("/calls/CA1/ignore", {"same_number": True, "expected": 3})
    assert wrong.status_code == 409
    unsaid = api.post("/calls/CA1/ignore", {"same_number": True})
    assert unsaid.status_code == 400
    assert unsaid.json()["detail"].startswith("same_number needs expected: ")
    assert store.calls.find("CA2")[0].state is CallState.HELD
    assert api.post("/calls/CA1/ignore", {"same_number": True, "expected": 2}).status_code == 200
    assert store.calls.find("CA2")[0].state is CallState.IGNORED


def test_a_replay_may_hold_for_them_too(api: Api, store: Store) -> None:
    hold(store, "CA1")
    hold(store, "CA2")
    both = {"same_number": True, "expected": 2}
    assert api.post("/calls/CA1/replay", {**both, "again": True}).status_code == 400
    assert api.post("/calls/CA1/replay", both).status_code == 200
    assert store.calls.find("CA2")[0].state is CallState.OPEN


def test_a_written_call_is_written_again_only_if_that_is_said(api: Api, store: Store) -> None:
    put(store, "CA1", state="written", job_id="job_1")
    assert api.post("/calls/CA1/ignore").status_code == 422
    refused = api.post("/calls/CA1/replay")
    assert refused.status_code == 409
    assert "--again" not in refused.text
    assert api.post("/calls/CA1/replay", {"again": True}).status_code == 200


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize(
    "body",
    [
        *("", "[]", "null", "1", "{", '{"kind": 1}', '{"same_number": "yes"}', '{"x": 1}'),
        *('{"kind": "lead", "person_id": "a\\u0000b"}', '{"kind": "lead", "person_id": "\\ud800"}'),
        *('{"kind": "tenant", "person_id": "x"}', '{"kind": "lead", "person_id": ""}'),
        *('{"expected": -1, "same_number": true}', '{"again": "yes"}', "[" * 5000, "\xff"),
        json.dumps({"kind": "lead", "person_id": "x" * 500}),
        json.dumps({"kind": "lead", "person_id": "x" * 100_000}),
    ],
    ids=lambda body: body[:30],
)
def test_a_body_that_is_none_is_a_clear_no(
    api: Api, store: Store, decision: str, body: str
) -> None:
    answer = api.send(
        "POST",
        f"/calls/CA1/{decision}",
        data=body.encode("latin-1"),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in (400, 404, 413), answer.text
    hold(store, "CA1")
    answer = api.send(
        "POST",
        f"/calls/CA1/{decision}",
        data=body.encode("latin-1"),
        headers={"Content-Type": "application/json"},
    )
    if body or decision == "assign":
        assert answer.status_code in (400, 413), answer.text
        assert store.calls.find("CA1")[0].state is CallState.HELD


def test_a_form_is_no_json(api: Api, store: Store) -> None:
    hold(store, "CA1")
    assert api.send("POST", "/calls/CA1/ignore", data={"a": "b"}).status_code == 415


# The document ---------------------------------------------------------------------------------------


def test_the_document_is_told_and_is_a_valid_one(api: Api) -> None:
    assert api.get("/openapi.json").json() == DOCUMENT
    validate(DOCUMENT)


def test_the_document_names_every_route_and_no_other(database_url: str) -> None:
    environ = {**ENVIRON, "DATABASE_URL": database_url, "API_TOKENS": TOKENS}
    app = web_app(Settings.from_environ(environ))
    routes = {
        (rule.rule.removeprefix("/api/v1").replace("<name>", "{call_id}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in rule.methods or ()
        if method in ("GET", "POST")
    }
    named = {(path, method) for path, each in DOCUMENT["paths"].items() for method in each}
    assert routes == named


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.sampled_from([*PATHS, *(f"/calls/CA1/{each}" for each in DECISIONS)]),
    parameters=st.dictionaries(
        st.sampled_from(["state", "q", "after", "limit", "line", "since", "kind"]),
        st.text(max_size=20),
        max_size=3,
    ),
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: (
            st.dictionaries(
                st.sampled_from(["kind", "person_id", "same_number", "expected", "again", "x"]),
                inner,
            )
            | st.lists(inner, max_size=2)
        ),
        max_leaves=4,
    ),
)
def test_whatever_is_asked_the_answer_is_as_described(
    api: Api, store: Store, path: str, parameters: dict[str, str], body: Any
) -> None:
    if path.count("/") == 3:
        api.send("POST", path, data=json.dumps(body), headers={"Content-Type": "application/json"})
    else:
        api.send("GET", path, params=parameters)


# When it cannot answer ------------------------------------------------------------------------------


def test_too_many_requests_at_once_are_told_when_to_come_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    none_free = Slots(0)
    take = Slots.take
    monkeypatch.setattr(Slots, "take", lambda _: take(none_free))
    answer = api.get("/calls")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


def test_a_database_that_is_away_is_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("away: secret detail")

    monkeypatch.setattr(CallLists, "page", away)
    answer = api.get("/calls")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "secret" not in answer.text


def test_an_error_of_ours_shows_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(CallLists, "page", broken)
    answer = requests.get(
        f"{url}/api/v1/calls", headers={"Authorization": f"Bearer {OPERATOR}"}, timeout=20
    )
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_each_request_gives_its_slot_back(api: Api, store: Store) -> None:
    for _ in range(5):
        assert api.get("/calls").status_code == 200
        assert api.get("/calls/nowhere").status_code == 404
        assert api.post("/calls/nowhere/ignore").status_code == 404
