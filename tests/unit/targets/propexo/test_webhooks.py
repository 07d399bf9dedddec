"""Is a webhook of Propexo trusted, read in both shapes, and harmless when it comes twice?"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from adapter.domain.call import CallState
from adapter.errors import MalformedHook, UntrustedHook
from adapter.targets.base import FailedWrite
from adapter.targets.propexo.webhooks import FAILURE, read, verify
from tests.support.sandboxed import Adapter, adapter, lines

SECRET = "propexo-webhook-secret"
PATH = "/webhooks/propexo"


def payload(job_id: str = "job_1", **more: Any) -> dict[str, Any]:
    return {
        "event": FAILURE,
        "integration_id": "int_entrata",
        "vendor": "ENTRATA",
        "root_job_id": job_id,
        "write_status": "FAILURE",
        "errors": ["lead is closed"],
        **more,
    }


def shapes(job_id: str = "job_1") -> dict[str, bytes]:
    """The same news as the guide shows it, and as the reference does."""
    flat = payload(job_id)
    return {
        "flat": json.dumps(flat).encode(),
        "wrapped": json.dumps({"trigger": FAILURE, "data": flat}).encode(),
    }


def signature(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


# Trust ------------------------------------------------------------------------------------------------


def test_a_body_signed_with_our_secret_is_trusted() -> None:
    body = shapes()["flat"]
    verify(body, signature(body), SECRET)
    verify(body, f" {signature(body).upper()} ", SECRET)


@pytest.mark.parametrize("given", ["", "0" * 64, "ünïcode", signature(b"{}"), "sha256=abc"])
def test_any_other_signature_is_refused(given: str) -> None:
    with pytest.raises(UntrustedHook):
        verify(shapes()["flat"], given, SECRET)


def test_the_signature_is_that_of_the_bytes_as_they_came() -> None:
    body = shapes()["flat"]
    with pytest.raises(UntrustedHook):
        verify(json.dumps(json.loads(body), indent=1).encode(), signature(body), SECRET)


@pytest.mark.parametrize("secret", [None, "", " "])
def test_without_a_secret_nothing_is_trusted_not_even_what_is_signed_with_none(
    secret: str | None,
) -> None:
    body = shapes()["flat"]
    with pytest.raises(UntrustedHook, match="PROPEXO_WEBHOOK_SECRET"):
        verify(body, signature(body, secret or ""), secret)


# Reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["flat", "wrapped"])
def test_both_shapes_tell_the_job_and_the_words(shape: str) -> None:
    assert read(shapes()[shape]) == FailedWrite("job_1", "lead is closed")


def test_a_partly_written_job_is_told_too() -> None:
    body = json.dumps(payload(write_status="PARTIAL_SUCCESS", errors=None)).encode()
    assert read(body) == FailedWrite("job_1", "")


@pytest.mark.parametrize(
    "body",
    [
        {"trigger": "JOB_FAILURE", "data": {"event": "JOB_FAILURE", "root_job_id": "job_1"}},
        {"event": "JOB_FAILURE", "root_job_id": "job_1"},
        {"trigger": "DATA_UPDATE", "data": [1]},
        {"trigger": "SYNC_COMPLETE"},
        {},
    ],
)
def test_other_triggers_are_nothing_to_us(body: dict[str, Any]) -> None:
    assert read(json.dumps(body).encode()) is None


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", json.dumps({"trigger": FAILURE}).encode()]
)
def test_what_cannot_be_understood_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedHook):
        read(body)


HOSTILE = {
    "60,000 nested brackets": b"[" * 60_000,
    "nested brackets that all end": b"[" * 30_000 + b"]" * 30_000,
    "nested brackets in an object": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "half a character as the job": json.dumps(payload("job_\ud800")).encode(),
    "half a character in the words": json.dumps(payload(errors=["\udfff"])).encode(),
    "half a character as a key": json.dumps({**payload(), "\ud800": 1}).encode(),
    "a NUL in the job": json.dumps(payload("job\x00")).encode(),
    "a NUL in the words": json.dumps(payload(errors=[{"a": ["\x00"]}])).encode(),
    "a number without end": b'{"root_job_id": ' + b"9" * 30_000 + b"}",
}


def test_a_backslash_before_u0000_is_no_nul() -> None:
    assert read(json.dumps(payload("job_\\u0000")).encode()) == FailedWrite(
        "job_\\u0000", "lead is closed"
    )


# Over HTTP --------------------------------------------------------------------------------------------


@pytest.fixture
def made(database_url: str) -> Iterator[Adapter]:
    with adapter(
        database_url, ADAPTER_LINES=lines(policy=""), PROPEXO_WEBHOOK_SECRET=SECRET
    ) as found:
        yield found


@pytest.fixture
def client(made: Adapter) -> FlaskClient:
    return web_app(Settings.from_environ(made.environ)).test_client()


def send(client: FlaskClient, body: bytes, given: str | None = None) -> int:
    headers = {"propexo-signature": signature(body) if given is None else given}
    return client.post(PATH, data=body, headers=headers).status_code


def posted(made: Adapter) -> str:
    """A call whose write was accepted and will fail; its id."""
    made.fault("write_fails", path="/v1/events", errors=["lead is closed"], temporary=False)
    sid = made.missed("+16175550134")
    made.pass_time(1)
    assert made.call(sid).state is CallState.POSTED
    return sid


@pytest.mark.parametrize("shape", ["flat", "wrapped"])
def test_a_failed_write_is_looked_at_at_once(
    made: Adapter, client: FlaskClient, shape: str
) -> None:
    sid = posted(made)
    assert send(client, shapes(made.call(sid).job_id or "")[shape]) == 204
    made.pass_time(1)
    call = made.call(sid)
    assert (call.state, call.reason) == (CallState.FAILED, "the PMS refused it: lead is closed")


def test_the_same_news_ten_times_changes_nothing_more(made: Adapter, client: FlaskClient) -> None:
    sid = posted(made)
    body = shapes(made.call(sid).job_id or "")["wrapped"]
    made.pass_time(0)
    for _ in range(10):
        assert send(client, body) == 204
    made.pass_time(1)
    before = made.call(sid)
    assert before.state is CallState.FAILED
    for _ in range(10):
        assert send(client, body) == 204
    made.pass_time(600)
    assert made.call(sid) == before
    assert made.asked("/v1/events/leads", "POST") == 1


def test_a_write_that_failed_after_it_was_confirmed_is_looked_at_again(
    made: Adapter, client: FlaskClient
) -> None:
    sid = made.missed("+16175550134")
    made.pass_time(120)
    assert made.call(sid).state is CallState.WRITTEN
    assert send(client, shapes(made.call(sid).job_id or "")["flat"]) == 204
    made.pass_time(60)
    assert made.call(sid).state is CallState.WRITTEN, "Propexo itself says that it stands"


def test_news_of_a_job_that_is_not_ours_is_taken_and_forgotten(
    made: Adapter, client: FlaskClient
) -> None:
    assert send(client, shapes("job_of_somebody_else")["flat"]) == 204
    assert made.next_due() is None


def test_other_triggers_are_acknowledged(made: Adapter, client: FlaskClient) -> None:
    body = json.dumps({"trigger": "DATA_NEW", "data": {"event": "DATA_NEW"}}).encode()
    assert send(client, body) == 204


def test_what_is_not_signed_or_not_json_is_refused(made: Adapter, client: FlaskClient) -> None:
    sid = posted(made)
    body = shapes(made.call(sid).job_id or "")["flat"]
    assert send(client, body, "") == 403
    assert send(client, body, "0" * 64) == 403
    assert send(client, b"{") == 400
    assert send(client, b" " * 2_000_000) == 413
    assert made.call(sid).state is CallState.POSTED


@pytest.mark.usefixtures("no_garbage")
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_what_no_database_takes_is_refused_though_it_is_signed(
    client: FlaskClient, body: bytes
) -> None:
    assert send(client, body) == 400


def test_without_a_secret_the_door_is_closed(made: Adapter) -> None:
    settings = Settings.from_environ({**made.environ, "PROPEXO_WEBHOOK_SECRET": ""})
    body = shapes()["flat"]
    assert send(web_app(settings).test_client(), body) == 403
