"""What does a provider get as an answer over HTTP, and what is left behind by it?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Never

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from werkzeug.datastructures import Headers

from adapter.bootstrap import Container, web_app
from adapter.config.settings import Settings
from adapter.intake.service import MAX_BODY_BYTES
from adapter.providers.base import HookRequest
from adapter.storage.store import Store
from adapter.web.app import create_app
from adapter.web.hooks import hook_routes
from tests.support.databases import refusing
from tests.support.environment import ACCOUNT, BASE_URL, ENVIRON, LINE, PATH
from tests.support.hooks import send, signed

PERSON = "+16175550134"
CALL = "CA00000000000000000000000000000001"
KEY = f"twilio:{ACCOUNT}:{CALL}"
COMPLETED = {
    "AccountSid": ACCOUNT,
    "CallSid": CALL,
    "From": PERSON,
    "Caller": PERSON,
    "To": LINE,
    "Called": LINE,
    "CallerName": "ANNA  LEE",
    "ToCity": "",
    "FromCity": "São Paulo",
    "Direction": "inbound",
    "CallStatus": "completed",
    "CallDuration": "17",
    "Duration": "1",
    "CallbackSource": "call-progress-events",
}
DIAL = {
    **{name: COMPLETED[name] for name in ("AccountSid", "CallSid", "From", "To", "Direction")},
    "CallStatus": "in-progress",
    "DialCallStatus": "no-answer",
}
UNREADABLE = {**COMPLETED, "CallStatus": "exploded"}
Logged = Callable[[], list[dict[str, Any]]]


def container_on(database_url: str) -> Container:
    return Container(Settings.from_environ({**ENVIRON, "DATABASE_URL": database_url}))


def client_of(container: Container) -> FlaskClient:
    return create_app(hook_routes(container.intake)).test_client()


@pytest.fixture
def container(database_url: str) -> Iterator[Container]:
    made = container_on(database_url)
    yield made
    made.store.engine.dispose()


@pytest.fixture
def client(container: Container) -> FlaskClient:
    return client_of(container)


@pytest.fixture
def stranded() -> Iterator[FlaskClient]:
    """A client of an adapter whose database is down."""
    container = container_on("postgresql://nobody@127.0.0.1:1/none")
    yield client_of(container)
    container.store.engine.dispose()


def kept(store: Store) -> int:
    """How many hooks and calls there are."""
    return len(store.calls.search()) + len(store.hooks.of_call(KEY)) + store.hooks.count_parked()


# Taken ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_hook_is_stored_and_answered_with_nothing(
    client: FlaskClient, container: Container, method: str
) -> None:
    answer = send(client, signed(COMPLETED, method=method))
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    call = container.store.calls.get(KEY)
    assert call is not None
    assert (call.other, call.talk_seconds) == (PERSON, 17)
    assert call.record.parent.caller_name == "ANNA  LEE"


def test_the_action_of_a_dial_is_answered_with_empty_twiml(client: FlaskClient) -> None:
    answer = send(client, signed(DIAL))
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def test_a_hook_that_cannot_be_read_is_acknowledged_and_parked(
    client: FlaskClient, container: Container
) -> None:
    assert send(client, signed(UNREADABLE)).status_code == 204
    assert container.store.hooks.count_parked() == 1


@pytest.mark.parametrize("query", ["?b=2&a=%2F%2f", "?", "?x=S%C3%A3o+Paulo"])
def test_the_url_is_checked_as_it_was_requested(client: FlaskClient, query: str) -> None:
    hook = signed(COMPLETED, target=PATH + query.removesuffix("?"))
    assert send(client, replace(hook, target=PATH + query)).status_code == 204


def test_a_request_line_with_a_whole_url_is_understood(client: FlaskClient) -> None:
    environ = {"RAW_URI": "https://calls.example.com" + PATH}
    hook = signed(COMPLETED)
    answer = client.post(
        PATH, data=hook.body, headers=dict(hook.headers), environ_overrides=environ
    )
    assert answer.status_code == 204


def test_a_server_that_does_not_tell_the_raw_url_will_do(client: FlaskClient) -> None:
    environ = {"RAW_URI": "", "REQUEST_URI": ""}
    hook = signed(COMPLETED, target=PATH + "?a=1")
    answer = client.post(
        PATH + "?a=1", data=hook.body, headers=dict(hook.headers), environ_overrides=environ
    )
    assert answer.status_code == 204


def test_what_a_proxy_made_of_the_request_does_not_count(client: FlaskClient) -> None:
    hook = signed(COMPLETED)
    proxied = {
        **hook.headers,
        "Host": "10.0.0.7:5000",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example.com",
        "X-Forwarded-For": "203.0.113.9",
    }
    assert send(client, replace(hook, headers=Headers(proxied))).status_code == 204
    elsewhere = signed(COMPLETED, base_url="http://evil.example.com")
    forged = {**proxied, "X-Twilio-Signature": elsewhere.headers["X-Twilio-Signature"]}
    assert send(client, replace(hook, headers=Headers(forged))).status_code == 403


# Refused --------------------------------------------------------------------------------------------


def bare(
    method: str = "POST", body: bytes = b"", target: str = PATH, **headers: str
) -> HookRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(
        signed(COMPLETED), method=method, body=body, target=target, headers=Headers(named)
    )


FORM = "application/x-www-form-urlencoded"
REFUSED: list[tuple[str, HookRequest, int]] = [
    ("a wrong signature", signed(COMPLETED, token="wrong"), 403),
    ("no signature", bare(body=b"CallSid=CA1", Content_Type=FORM), 403),
    ("a blank signature", bare(body=b"a=1", Content_Type=FORM, X_Twilio_Signature=""), 403),
    ("another account", signed({**COMPLETED, "AccountSid": "AC" + "9" * 32}), 403),
    ("a body that was changed", replace(signed(COMPLETED), body=signed(DIAL).body), 403),
    ("another provider", signed(COMPLETED, target="/webhooks/telnyx"), 404),
    ("no provider", signed(COMPLETED, target="/webhooks/"), 404),
    ("DELETE", bare("DELETE"), 405),
    ("PUT", bare("PUT", b"a=1", Content_Type=FORM), 405),
    ("OPTIONS", bare("OPTIONS"), 405),
    ("HEAD", bare("HEAD"), 405),
    ("an empty body", bare(Content_Type=FORM), 400),
    ("no query", bare("GET"), 400),
    ("JSON", bare(body=b"{}", Content_Type="application/json"), 415),
    ("no type", bare(body=b"CallSid=CA1"), 415),
    ("multipart", bare(body=b"--x--", Content_Type="multipart/form-data; boundary=x"), 415),
    ("broken UTF-8", bare(body=b"CallSid=\xff", Content_Type=FORM), 400),
    ("a broken escape", bare(body=b"CallSid=%ff", Content_Type=FORM), 400),
    ("half an escape", bare(body=b"CallSid=%f", Content_Type=FORM), 403),
    ("a NUL", bare(body=b"CallSid=%00", Content_Type=FORM), 400),
    ("thousands of parameters", bare(body=b"a=1&" * 5000, Content_Type=FORM), 400),
    ("bytes in the URL that no URL has", bare("GET", target=PATH + "?CallSid=\xe3"), 400),
    ("64 KiB and one", bare(body=b"a" * (MAX_BODY_BYTES + 1), Content_Type=FORM), 413),
    ("a megabyte", bare(body=b"a" * 2**20, Content_Type=FORM), 413),
    ("a long URL", bare("GET", target=PATH + "?a=" + "b" * MAX_BODY_BYTES), 413),
]


@pytest.mark.parametrize("case", REFUSED, ids=[name for name, _, _ in REFUSED])
def test_a_request_that_is_no_hook_is_refused_and_leaves_nothing(
    client: FlaskClient, container: Container, case: tuple[str, HookRequest, int]
) -> None:
    _, hook, status = case
    answer = send(client, hook)
    assert answer.status_code == status
    assert kept(container.store) == 0
    if status != 405:
        assert answer.mimetype == "text/plain" and len(answer.data) < 300


@pytest.mark.parametrize("case", REFUSED, ids=[name for name, _, _ in REFUSED])
def test_a_refusal_does_not_need_the_database(
    stranded: FlaskClient, case: tuple[str, HookRequest, int]
) -> None:
    _, hook, status = case
    assert send(stranded, hook).status_code == status


@pytest.mark.parametrize("params", [COMPLETED, DIAL, UNREADABLE])
def test_while_the_database_is_down_the_provider_is_asked_to_try_again(
    stranded: FlaskClient, params: dict[str, str]
) -> None:
    answer = send(stranded, signed(params))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "127.0.0.1" not in answer.text


def test_what_the_database_refuses_is_answered_503_and_logged_without_the_person(
    client: FlaskClient, container: Container, logged: Logged
) -> None:
    with refusing(container.store.engine, "hooks"):
        answer = send(client, signed(COMPLETED))
        text = str(logged())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert kept(container.store) == 0
    assert "database refused" in text and "ANNA" not in text and PERSON not in text
    assert send(client, signed(COMPLETED)).status_code == 204


def test_web_starts_while_the_database_is_down_also_where_the_links_keys_are_kept_there() -> None:
    """Else a restart during an outage leaves nobody to ask the provider to try again."""
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "SECRET_KEY": ""}
    client = web_app(Settings.from_environ({**ENVIRON, **nowhere})).test_client()
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert client.get("/recordings/AAAA.AAAA").status_code == 503
    assert send(client, signed(COMPLETED)).status_code == 503


@pytest.mark.parametrize(
    "hook", [signed(COMPLETED), signed(DIAL), signed(COMPLETED, token="x"), bare("PUT")]
)
def test_every_answer_says_that_it_is_not_to_be_kept_or_guessed_at(
    client: FlaskClient, hook: HookRequest
) -> None:
    headers = send(client, hook).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_address_may_end_in_a_slash(client: FlaskClient, container: Container) -> None:
    """The signature covers it, so it is the address that is set at the provider."""
    assert send(client, signed(COMPLETED, target=f"{PATH}/")).status_code == 204
    assert container.store.calls.get(KEY) is not None


def test_an_error_of_ours_is_logged_and_told_without_its_words(
    container: Container, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    def fail(*_: object) -> Never:
        raise RuntimeError("a bug")

    monkeypatch.setattr(container.intake, "take", fail)
    answer = send(client_of(container), signed(COMPLETED))
    assert (answer.status_code, answer.text) == (500, "an error of the adapter; see its log\n")
    (line,) = logged()
    assert (line["event"], line["path"], line["level"]) == ("request failed", PATH, "error")
    assert "a bug" in line["exception"]


def test_a_405_says_what_is_allowed(client: FlaskClient) -> None:
    assert {"GET", "POST"} <= set(send(client, bare("PUT")).headers["Allow"].split(", "))


# Logs and counts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [COMPLETED, DIAL])
def test_every_line_on_a_hook_names_its_call(
    client: FlaskClient, logged: Logged, params: dict[str, str]
) -> None:
    send(client, signed(params))
    lines = logged()
    assert [line["event"] for line in lines] == ["hook taken"]
    assert {line.get("call") for line in lines} == {KEY}


@pytest.mark.parametrize(
    "hook",
    [
        signed(COMPLETED),
        signed(COMPLETED, method="GET"),
        signed({**COMPLETED, "CallStatus": PERSON}),
        signed({**COMPLETED, "CallSid": PERSON}),
        signed(COMPLETED, token="wrong"),
        signed(COMPLETED, target=f"/webhooks/{PERSON}"),
    ],
)
def test_no_line_holds_a_full_phone_number_or_a_secret(
    client: FlaskClient, logged: Logged, hook: HookRequest
) -> None:
    send(client, hook)
    text = "\n".join(str(line) for line in logged())
    assert re.findall(r"\d*6175550\d+", text) == []
    assert ENVIRON["TWILIO_AUTH_TOKEN"] not in text
    assert hook.headers["X-Twilio-Signature"] not in text


def test_a_refusal_is_logged_with_its_reason(client: FlaskClient, logged: Logged) -> None:
    send(client, signed(COMPLETED, token="wrong"))
    (line,) = logged()
    assert (line["event"], line["status"], line["level"]) == ("hook refused", 403, "warning")
    assert "the signature does not fit" in line["reason"]
    assert (line["url"], line["account"]) == (BASE_URL + PATH, ACCOUNT)


def test_the_answer_to_a_refused_hook_does_not_name_the_url(client: FlaskClient) -> None:
    assert BASE_URL not in send(client, signed(COMPLETED, token="wrong")).text


def test_a_parked_hook_is_logged_as_an_error_with_the_way_to_it(
    client: FlaskClient, container: Container, logged: Logged
) -> None:
    send(client, signed(UNREADABLE))
    (line,) = logged()
    assert (line["event"], line["level"]) == ("hook parked", "error")
    assert line["hook"] == container.store.hooks.parked()[0].id
    assert "adapter replay --state parked" in line["then"]


def hooks_counted(kind: str, result: str) -> float:
    labels = {"kind": kind, "result": result}
    return REGISTRY.get_sample_value("adapter_hooks_total", labels) or 0.0


@pytest.mark.parametrize(
    ("hook", "kind", "result"),
    [
        (signed(COMPLETED), "status", "taken"),
        (signed(DIAL), "dial", "taken"),
        (signed(UNREADABLE), "unknown", "parked"),
        (bare(body=b"a" * (MAX_BODY_BYTES + 1), Content_Type=FORM), "unknown", "refused"),
        (signed(COMPLETED, token="wrong"), "unknown", "refused"),
        (bare(body=b"{}", Content_Type="application/json"), "unknown", "refused"),
    ],
)
def test_hooks_are_counted_by_what_became_of_them(
    client: FlaskClient, hook: HookRequest, kind: str, result: str
) -> None:
    before = hooks_counted(kind, result)
    send(client, hook)
    assert hooks_counted(kind, result) == before + 1
