"""Is all text from outside cut before it is parsed, stored or shown? (tests/benchmarks/texts.py measures it)"""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
import sqlalchemy as sa

from adapter.domain.call import Call
from adapter.errors import PermanentError, TemporaryError
from adapter.net.byte_ranges import parse_content_range, parse_range
from adapter.providers.twilio.rest import leg_of, recording_of
from adapter.targets.propexo import webhooks
from adapter.targets.propexo.client import MAX_WORDS
from adapter.text.untrusted import MOST_TEXT, MOST_WORDS, cut_all, whole
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, LINE
from tests.support.propexo_client import BASE as BASE_URL
from tests.support.propexo_client import NoBudget, a_client
from tests.support.world import World

LONG = 30_000
FIELDS = (
    *("From", "To", "Caller", "Called", "CallerName", "CallDuration", "Timestamp", "Direction"),
    *("DialCallSid", "DialCallDuration", "RecordingSid", "RecordingUrl", "RecordingDuration"),
    *("SipResponseCode", "AnsweredBy", "TranscriptionText", "FromCity", "Odd"),
)
# Not to be packed by PostgreSQL, whose indexes take 2,700 bytes: no sign twice in a row, of four bytes each.
HARD = "".join(chr(0x1F300 + (n * n * 7919 + n * 31) % 700) for n in range(LONG // 8))


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    return World(engine, clock)


def hook(**values: str) -> dict[str, str]:
    known = {"AccountSid": ACCOUNT, "CallSid": "CA1", "From": "+16175550134", "To": LINE}
    return {**known, "Direction": "inbound", "CallStatus": "completed", **values}


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for name, each in value.items() for text in (name, *texts(each))]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("text", [" " * LONG + "x", HARD, "1" * LONG], ids=["blanks", "hard", "1"])
def test_a_hook_with_a_long_value_is_taken_and_only_its_beginning_is_a_fact(
    world: World, name: str, text: str
) -> None:
    dial = {"DialCallStatus": "completed", "DialCallSid": "CA2"} if name.startswith("Dial") else {}
    assert world.hook(hook(**{**dial, name: text})).status in (200, 204)
    assert world.store.hooks.count_parked() == 0
    call: Call = world.call("CA1")
    for fact in texts(json.loads(call.record_json)):
        assert len(fact) <= (MOST_WORDS if name.startswith("Transcription") else MOST_TEXT + 100)
    assert len(call.other or "") <= MOST_TEXT and len(call.line or "") <= MOST_TEXT
    world.finish()


def test_rows_of_twilios_lists_are_cut_too() -> None:
    names = ("sid", "status", "direction", "from", "to", "duration", "caller_name", "end_time")
    leg = leg_of(dict.fromkeys(names, HARD))
    assert max(len(text) for text in texts(leg.model_dump(mode="json"))) <= MOST_TEXT
    row = {"sid": "RE1", "duration": "²", "media_url": "https://x/RE1"}
    assert recording_of(row, "https://x").duration_seconds is None
    assert recording_of({**row, "duration": "9" * 5000}, "https://x").duration_seconds is None
    assert recording_of({**row, "duration": "17"}, "https://x").duration_seconds == 17


@responses.activate
def test_every_text_of_a_pms_is_cut() -> None:
    row = {"name": "n" * LONG, "phones": ["p" * LONG], "k" * LONG: {"deep": "d" * LONG}, "n": 1}
    responses.get(f"{BASE_URL}/v1/leads", json={"results": [row]})
    answer = a_client(NoBudget()).get("/v1/leads", step="read")
    assert max(map(len, texts(answer))) == MOST_WORDS
    assert answer["results"][0]["n"] == 1


@responses.activate
@pytest.mark.usefixtures("no_garbage")
@pytest.mark.parametrize("is_write", [True, False])
def test_an_answer_that_is_nested_without_end_is_no_answer(is_write: bool) -> None:
    body = '{"a":' * 60_000 + "1" + "}" * 60_000
    responses.add("POST" if is_write else "GET", f"{BASE_URL}/v1/events", body=body)
    client = a_client(NoBudget())
    with pytest.raises(TemporaryError) as caught:
        if is_write:
            client.send("/v1/events", {}, step="post")
        else:
            client.get("/v1/events", step="read")
    assert caught.value.in_doubt is is_write


@responses.activate
@pytest.mark.parametrize(
    "body",
    [
        "x" * LONG,
        "617-555-0134 " * LONG,
        "[" * LONG,
        json.dumps({"error": {"message": "617-555-0134 " * LONG}}),
        json.dumps(
            {"error": {"message": "m", "details": {"issues": [{"message": "i" * 99}] * LONG}}}
        ),
    ],
    ids=["text", "numbers", "nested", "message", "issues"],
)
def test_the_words_of_an_error_are_cut_before_they_are_read(body: str) -> None:
    responses.get(f"{BASE_URL}/v1/leads", body=body, status=400)
    with pytest.raises(PermanentError) as caught:
        a_client(NoBudget()).get("/v1/leads", step="read")
    assert len(str(caught.value)) <= MAX_WORDS + 50
    assert "555-0134" not in str(caught.value)


def test_a_webhooks_words_are_cut() -> None:
    data = {"event": webhooks.FAILURE, "root_job_id": "j" * LONG, "errors": ["e" * LONG] * 2}
    failed = webhooks.read(json.dumps(data).encode())
    assert failed is not None
    assert (len(failed.job_id), len(failed.words)) == (MOST_TEXT, MOST_TEXT)


@pytest.mark.parametrize("header", ["bytes=" + " " * 8000 + "x", "bytes=" + "1" * 8000 + "-"])
def test_a_header_that_is_too_long_names_no_range(header: str) -> None:
    assert parse_range(header) is None
    assert parse_content_range(header.replace("=", " ")) == (None, None)
    assert parse_content_range("bytes 0-" + "9" * 50 + "/*") == (None, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *((None, None), ("", None), ("²", None), ("٣", None), ("-1", None), ("1.0", None)),
        *((" 17 ", 17), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 5000, None)),
        (" " * 600 + "1", None),
    ],
)
def test_a_whole_number_is_digits_and_not_too_many(text: str | None, number: int | None) -> None:
    assert whole(text) == number


def test_what_is_no_text_stays() -> None:
    value = {"a": [1, 2.5, None, True, "x"]}
    assert cut_all(value) == value
