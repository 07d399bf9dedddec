"""Does a Twilio hook give exactly the facts that it states?

tests/payloads/twilio holds hooks as they came (NAME.json) beside what they state (NAME.facts.json).
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapter.domain.merge import join
from adapter.domain.record import CallRecord, Leg, LegDirection, LegStatus, RecordingState
from adapter.errors import UnreadableHook
from adapter.providers.base import ConferenceRecording, HookKind, ParsedHook, UnusedHook
from adapter.providers.twilio import TwilioHooks
from adapter.providers.twilio.hooks import (
    ANSWERED_BY,
    DIAL_STATUS,
    DIRECTION,
    RECORDING_STATE,
    STATUS,
    read_hook,
)
from adapter.providers.twilio.signature import Tokens
from tests.support.environment import ACCOUNT, BASE_URL, NOW, TOKEN
from tests.support.hooks import signed

PAYLOADS = Path(__file__).parents[3] / "payloads" / "twilio"
SHARED = Path(__file__).parents[5] / "shared" / "contract" / "twilio-samples.jsonl"
NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json") if not path.stem.endswith(".facts"))
CALL = "CA00000000000000000000000000000001"
RECORDING = "RE00000000000000000000000000000001"


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def read(**params: str) -> ParsedHook:
    event = read_hook({"CallSid": CALL, **params}, ACCOUNT)
    assert isinstance(event, ParsedHook)
    return event


def leg(event: ParsedHook) -> Leg:
    return event.facts.parent


# Captured hooks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_captured_hook_states_these_facts(name: str) -> None:
    expected = json.loads((PAYLOADS / f"{name}.facts.json").read_text(encoding="utf-8"))
    event = read_hook(payload(name)["params"], ACCOUNT)
    assert isinstance(event, ParsedHook)
    assert event.kind == expected["kind"]
    assert event.facts == CallRecord.model_validate(
        {"provider": "twilio", "account": ACCOUNT, **expected["facts"]}
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_captured_hook_states_the_same_after_its_way_over_http(name: str, method: str) -> None:
    params = payload(name)["params"]
    provider = TwilioHooks(public_base_url=BASE_URL, tokens=Tokens(None, [TOKEN], {}))
    hook = signed(params, method=method)
    sent = provider.parse(hook)
    account = provider.verify(hook, sent)
    assert provider.read(sent, account, NOW) == read_hook(params, account, NOW)


def test_every_shared_sample_has_its_copy_here() -> None:
    """The contract's samples lie outside the project; CI has them, other machines may not."""
    if not SHARED.exists():
        assert os.environ.get("CI") != "true", f"{SHARED} is missing"
        pytest.skip("the shared contract is not on this machine")
    copies = [payload(name) for name in NAMES]
    for line in SHARED.read_text(encoding="utf-8").splitlines():
        sample = json.loads(line)
        assert sample in copies, f"no copy of the sample {sample.get('note') or sample['source']}"


# Kinds ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        (HookKind.STATUS, {"CallStatus": "ringing"}),
        (HookKind.STATUS, {"CallStatus": "completed", "AnsweredBy": "human"}),
        (
            HookKind.STATUS,
            {"CallStatus": "completed", "CallDuration": "9", "RecordingSid": RECORDING},
        ),
        (
            HookKind.STATUS,
            {
                "CallStatus": "completed",
                "CallbackSource": "call-progress-events",
                "RecordingUrl": f"https://api.twilio.com/{RECORDING}",
            },
        ),
        (HookKind.DIAL, {"CallStatus": "completed", "DialCallStatus": "busy"}),
        (HookKind.DIAL, {"DialCallStatus": "completed", "RecordingSid": RECORDING}),
        (HookKind.RECORDING, {"RecordingStatus": "completed", "RecordingSid": RECORDING}),
        (HookKind.MESSAGE, {"CallStatus": "in-progress", "RecordingSid": RECORDING}),
        (HookKind.MESSAGE, {"RecordingUrl": f"https://api.twilio.com/{RECORDING}"}),
        (HookKind.MACHINE, {"AnsweredBy": "human", "MachineDetectionDuration": "2400"}),
        (HookKind.QUEUE, {"CallStatus": "completed", "QueueResult": "hangup"}),
        (HookKind.TRANSCRIPTION, {"TranscriptionText": "hi", "CallStatus": "completed"}),
        (HookKind.TRANSCRIPTION, {"TranscriptionStatus": "failed", "RecordingSid": RECORDING}),
    ],
)
def test_kinds_are_told_apart_by_parameters(kind: HookKind, params: dict[str, str]) -> None:
    assert read(**params).kind is kind


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        (HookKind.DIAL, 200, "text/xml"),
        (HookKind.MESSAGE, 200, "text/xml"),
        (HookKind.QUEUE, 200, "text/xml"),
        (HookKind.STATUS, 204, None),
        (HookKind.RECORDING, 204, None),
        (HookKind.MACHINE, 204, None),
        (HookKind.TRANSCRIPTION, 204, None),
        (None, 204, None),
    ],
)
def test_only_hooks_that_control_the_call_are_answered_with_twiml(
    kind: HookKind | None, status: int, content_type: str | None
) -> None:
    provider = TwilioHooks(public_base_url=BASE_URL, tokens=Tokens(None, [TOKEN], {}))
    facts = CallRecord(provider="twilio", account=ACCOUNT, call_id=CALL)
    reply = provider.reply(ParsedHook(kind, facts) if kind else None)
    assert (reply.status, reply.content_type) == (status, content_type)
    assert ("<Response" in reply.body) == (content_type == "text/xml")


# Hooks that tell of no call -------------------------------------------------------------------------

CONFERENCE = "CF00000000000000000000000000000001"


@pytest.mark.parametrize(
    ("what", "params"),
    [
        ("conference", {"ConferenceSid": CONFERENCE, "StatusCallbackEvent": "conference-start"}),
        ("stream", {"CallSid": CALL, "StreamSid": "MZ1", "StreamEvent": "stream-stopped"}),
        ("stream", {"CallSid": CALL, "SiprecSid": "SR1"}),
        ("live transcription", {"CallSid": CALL, "TranscriptionEvent": "transcription-content"}),
        ("payment", {"CallSid": CALL, "PaymentSid": "PK1"}),
        ("payment", {"CallSid": CALL, "PaymentConfirmationCode": "1"}),
        ("message", {"MessageSid": "SM1", "SmsSid": "SM1", "SmsStatus": "delivered"}),
        ("fax", {"FaxSid": "FX1", "Status": "received"}),
    ],
)
def test_a_hook_that_says_nothing_of_a_calls_end_is_not_used(
    what: str, params: dict[str, str]
) -> None:
    assert read_hook(params, ACCOUNT) == UnusedHook("twilio", ACCOUNT, what)


def test_who_takes_part_in_a_conference_is_kept_of_its_hook() -> None:
    params = {
        "ConferenceSid": CONFERENCE,
        "CallSid": CALL,
        "StatusCallbackEvent": "participant-join",
    }
    assert read_hook(params, ACCOUNT) == UnusedHook(
        "twilio", ACCOUNT, "conference", (CONFERENCE, CALL)
    )


def test_a_recording_that_names_only_its_conference_is_kept_apart() -> None:
    params = {
        "ConferenceSid": CONFERENCE,
        "RecordingSid": RECORDING,
        "RecordingStatus": "completed",
        "RecordingDuration": "31",
        "RecordingSource": "Conference",
    }
    found = read_hook(params, ACCOUNT)
    assert isinstance(found, ConferenceRecording)
    assert (found.conference_id, found.recording.id) == (CONFERENCE, RECORDING)
    assert found.recording.duration_seconds == 31
    with_call = read_hook({**params, "CallSid": CALL}, ACCOUNT)
    assert isinstance(with_call, ParsedHook)
    assert RECORDING in with_call.facts.recordings


# When a call began ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "seconds"),
    [
        ({"CallStatus": "completed", "CallDuration": "65"}, 65),
        ({"CallStatus": "in-progress"}, 0),
        ({"CallStatus": "completed", "DialCallStatus": "completed", "DialCallDuration": "9"}, 9),
        ({"RecordingStatus": "completed", "RecordingSid": RECORDING, "RecordingDuration": "7"}, 7),
    ],
)
def test_a_hook_without_a_time_tells_by_its_receipt_when_the_call_had_begun(
    params: dict[str, str], seconds: int
) -> None:
    event = read_hook({"CallSid": CALL, **params}, ACCOUNT, NOW)
    assert isinstance(event, ParsedHook)
    assert event.facts.begun_by == NOW - timedelta(seconds=seconds)


# Unreadable hooks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"CallStatus": "completed"},
        {"CallSid": "", "CallStatus": "completed"},
        {"CallSid": "CA 1", "CallStatus": "completed"},
        {"CallSid": "CA'; --", "CallStatus": "completed"},
        {"CallSid": "C" * 65, "CallStatus": "completed"},
        {"CallSid": CALL},
        {"CallSid": CALL, "From": "+16175550134"},
        {"CallSid": CALL, "ParentCallSid": "CA/2", "CallStatus": "completed"},
        {"CallSid": CALL, "CallStatus": "exploded"},
        {"CallSid": CALL, "DialCallStatus": "exploded"},
    ],
)
def test_a_hook_that_names_no_call_or_no_known_status_is_unreadable(
    params: dict[str, str],
) -> None:
    with pytest.raises(UnreadableHook):
        read_hook(params, ACCOUNT)


# Values ---------------------------------------------------------------------------------------------


def test_call_duration_counts_and_duration_never_does() -> None:
    """Duration is in minutes, for the bill."""
    both = read(CallStatus="completed", CallDuration="17", Duration="1")
    assert leg(both).duration_seconds == 17
    assert leg(read(CallStatus="completed", Duration="1")).duration_seconds is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("61", 61), (" 61 ", 61), ("61.0", 61), ("90000", 90_000)]
    + [(text, None) for text in ("", "-1", "soon", "nan", "inf", "1e99", "9" * 30, "0x10")],
)
def test_a_duration_that_cannot_be_is_no_fact(text: str, seconds: int | None) -> None:
    assert leg(read(CallStatus="completed", CallDuration=text)).duration_seconds == seconds


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Thu, 12 Feb 2026 11:48:25 +0000", datetime(2026, 2, 12, 11, 48, 25, tzinfo=UTC)),
        ("Wed, 25 Jun 2025 18:27:04 -0600", datetime(2025, 6, 26, 0, 27, 4, tzinfo=UTC)),
        ("Thu, 12 Feb 2026 11:48:25", datetime(2026, 2, 12, 11, 48, 25, tzinfo=UTC)),
        *((text, None) for text in ("", "yesterday", "2026", "Thu, 99 Feb 2026 11:48:25 +0000")),
        ("Fri, 31 Dec 9999 23:59:59 -1400", None),
    ],
)
def test_a_timestamp_that_cannot_be_is_no_fact(text: str, moment: datetime | None) -> None:
    assert leg(read(CallStatus="ringing", Timestamp=text)).started_at == moment


def test_a_call_began_its_duration_before_its_end() -> None:
    ended = "Thu, 12 Feb 2026 11:48:25 +0000"
    facts = leg(read(CallStatus="completed", CallDuration="25", Timestamp=ended))
    assert facts.started_at == datetime(2026, 2, 12, 11, 48, tzinfo=UTC)
    assert facts.ended_at == datetime(2026, 2, 12, 11, 48, 25, tzinfo=UTC)


def test_blank_and_absent_parameters_state_nothing() -> None:
    blank = dict.fromkeys(
        (
            *("From", "To", "Caller", "Called", "CallerName", "ParentCallSid", "Direction"),
            *("CallDuration", "SipResponseCode", "AnsweredBy", "Timestamp", "RecordingUrl"),
        ),
        "",
    )
    assert leg(read(CallStatus="completed", **blank)) == Leg(id=CALL, status=LegStatus.COMPLETED)
    assert read(CallStatus="completed", **blank).facts.recordings == {}


def test_caller_and_called_stand_in_for_from_and_to() -> None:
    facts = leg(read(CallStatus="ringing", Caller="+16175550134", Called="+16175550100"))
    assert (facts.from_number, facts.to_number) == ("+16175550134", "+16175550100")


def test_a_word_that_twilio_may_add_is_no_fact() -> None:
    facts = leg(read(CallStatus="ringing", Direction="sideways", AnsweredBy="robot"))
    assert (facts.direction, facts.answered_by) == (None, None)


def test_unknown_parameters_change_nothing() -> None:
    known = {"CallStatus": "completed", "CallDuration": "5"}
    assert read(**known, StirVerstat="TN-Validation-Passed-A", New="x") == read(**known)


def test_a_child_legs_facts_stand_in_its_parents_record() -> None:
    event = read(CallStatus="completed", ParentCallSid="CAparent", Direction="outbound-dial")
    assert event.facts.call_id == "CAparent"
    (child,) = event.facts.children
    assert (child.id, child.direction) == (CALL, LegDirection.DIALLED)


@pytest.mark.parametrize(
    ("params", "recording_id"),
    [
        ({"RecordingSid": RECORDING}, RECORDING),
        ({"RecordingUrl": f"http://api.twilio.com/2010-04-01/x/{RECORDING}"}, RECORDING),
        ({"RecordingUrl": f"https://s3.example.com/RE{'a' * 32}/{RECORDING}.wav"}, RECORDING),
        ({"RecordingUrl": "https://s3.example.com/x.wav"}, "https://s3.example.com/x.wav"),
    ],
)
def test_a_recording_is_named_by_its_sid_or_its_url(
    params: dict[str, str], recording_id: str
) -> None:
    recordings = read(CallStatus="in-progress", **params).facts.recordings
    assert list(recordings) == [recording_id]


@pytest.mark.parametrize(
    "params",
    [
        {"CallStatus": "in-progress", "DialCallStatus": "completed"},
        {"CallStatus": "completed", "CallDuration": "60"},
        {"CallStatus": "completed", "Digits": "hangup"},
        {"RecordingStatus": "completed", "RecordingSource": "DialVerb"},
    ],
    ids=["dial", "status", "message", "recording"],
)
def test_a_recording_that_is_named_at_its_end_without_a_url_is_complete(
    params: dict[str, str],
) -> None:
    recording = read(RecordingSid=RECORDING, **params).facts.recordings[RECORDING]
    assert (recording.url, recording.state) == (None, RecordingState.COMPLETE)


def test_that_a_recording_is_absent_counts_more_than_that_it_was_named() -> None:
    """The action of a <Record> of silence may come too; it says nothing of a state."""
    named = read(RecordingSid=RECORDING, CallStatus="completed", Digits="hangup").facts
    absent = read(RecordingSid=RECORDING, RecordingStatus="absent").facts
    for joined in (join(named, absent), join(absent, named)):
        assert joined.recordings[RECORDING].state is RecordingState.ABSENT


def test_a_recording_that_only_began_is_not_complete() -> None:
    event = read(RecordingSid=RECORDING, RecordingStatus="in-progress", RecordingUrl="https://x")
    assert event.facts.recordings[RECORDING].state is RecordingState.IN_PROGRESS


@pytest.mark.parametrize("text", ["", "  ", "(blank)", " (blank) "])
def test_silence_is_no_transcript(text: str) -> None:
    assert read(TranscriptionText=text, RecordingSid=RECORDING).facts.transcripts == {}


def test_every_word_of_the_contract_is_known() -> None:
    """../shared/contract/twilio.md sections 1 to 3; a word that is missing would park hooks."""
    assert set(STATUS) >= set(
        [
            "queued",
            "initiated",
            "ringing",
            "in-progress",
            "completed",
            "busy",
            "failed",
            "no-answer",
            "canceled",
        ]
    )
    assert set(DIAL_STATUS) >= set(
        ["completed", "answered", "busy", "no-answer", "failed", "canceled"]
    )
    assert set(DIRECTION) >= set(
        ["inbound", "outbound-api", "outbound-dial", "trunking-terminating", "trunking-originating"]
    )
    assert set(ANSWERED_BY) >= set(
        ["human", "machine_start", "fax", "unknown", "machine_end_beep", "machine_end_silence"]
    )
    assert set(RECORDING_STATE) >= set(["in-progress", "completed", "absent", "failed"])
