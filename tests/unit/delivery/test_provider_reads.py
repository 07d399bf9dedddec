"""What is asked of the provider's API, in which order, and is it no more than needed?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from adapter.config.lines_file import read_lines
from adapter.delivery.provider_reads import complete as look
from adapter.domain.assessment import CallRules
from adapter.domain.due import RecordingLinks, SettlePolicy
from adapter.domain.outcome import Outcome
from adapter.domain.record import (
    AnsweredBy,
    CallRecord,
    DialResult,
    Leg,
    LegDirection,
    LegStatus,
    QueueExit,
    QueueStay,
    Recording,
    RecordingSource,
    RecordingState,
)
from adapter.errors import TemporaryError
from tests.support.environment import LINE, NOW
from tests.support.hooks import AGENT, CALL, CALLER, CHILD, RECORDING
from tests.support.world import LINES, OTHER_LINE, FakeReader

ONE_LINE = CallRules(read_lines(LINES.partition(f'[lines."{OTHER_LINE}"]')[0], {}), SettlePolicy())
RULES = CallRules(read_lines(LINES, {}), SettlePolicy())
PROVIDER_RULES = CallRules(read_lines(LINES, {}), SettlePolicy(links=RecordingLinks.PROVIDER))
S = LegStatus


def is_open(known: CallRecord, rules: CallRules) -> bool:
    return bool(rules.assess(known).questions)


def complete(
    known: CallRecord, rules: CallRules, reader: FakeReader, *, late: bool = True
) -> CallRecord:
    """late: the API had time to catch up with the end of the call."""
    return look(known, rules, reader, lambda record: late, listed_until=NOW).record


def parent(status: LegStatus | None, seconds: int | None = None, **more: Any) -> Leg:
    kept: dict[str, Any] = {
        "id": CALL,
        "direction": LegDirection.INBOUND,
        "from_number": CALLER,
        "to_number": LINE,
        "status": status,
        "duration_seconds": seconds,
        "started_at": NOW - timedelta(seconds=60),
    }
    return Leg(**{**kept, **more})


def child(status: LegStatus, seconds: int | None = None, **more: Any) -> Leg:
    return Leg(
        id=CHILD,
        parent_id=CALL,
        direction=LegDirection.DIALLED,
        from_number=CALLER,
        to_number=AGENT,
        status=status,
        duration_seconds=seconds,
        **more,
    )


def recorded(source: RecordingSource, seconds: int = 20) -> Recording:
    return Recording(
        id=RECORDING,
        url="https://api.twilio.com/x",
        duration_seconds=seconds,
        source=source,
        state=RecordingState.COMPLETE,
    )


def record(*legs: Leg, dial: DialResult | None = None, **more: Any) -> CallRecord:
    return CallRecord(
        provider="twilio",
        account="AC1",
        call_id=CALL,
        legs={leg.id: leg for leg in legs},
        dials={dial.leg_id: dial} if dial else {},
        **more,
    )


OUTBOUND: dict[str, Any] = {
    "direction": LegDirection.OUTBOUND,
    "from_number": LINE,
    "to_number": CALLER,
}
ANSWERED = DialResult(leg_id=CHILD, status=S.COMPLETED, duration_seconds=30, bridged=True)
MISSED = DialResult(leg_id=CHILD, status=S.NO_ANSWER, bridged=False)


@pytest.mark.parametrize(
    "known",
    [
        record(parent(S.COMPLETED, 40), child(S.COMPLETED, 30), dial=ANSWERED),
        record(parent(S.NO_ANSWER, 0), child(S.NO_ANSWER, 0)),
        record(parent(S.BUSY, 0)),
        record(parent(S.CANCELED, 0)),
        record(parent(S.COMPLETED, 40), child(S.COMPLETED, 30)),
        record(parent(S.COMPLETED, 40, **OUTBOUND, answered_by=AnsweredBy.HUMAN)),
        record(parent(S.COMPLETED, 40), recordings={RECORDING: recorded(RecordingSource.VOICEMAIL)}),
        record(parent(S.COMPLETED, 40), was_read=True),
    ],
    ids=["bridged", "no answer", "busy", "canceled", "child", "outbound", "voicemail", "read"],
)  # fmt: skip
def test_conclusive_hooks_leave_nothing_open(known: CallRecord) -> None:
    assert not is_open(known, RULES)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def ended_call(seconds: int) -> Leg:
    """The caller's leg, which ended NOW, as the provider dates it."""
    return parent(S.COMPLETED, seconds, started_at=ago(seconds), ended_at=NOW)


def waited(seconds: int) -> dict[str, QueueStay]:
    """The caller hung up while waiting in the queue."""
    return {"QU1": QueueStay(exit=QueueExit.HUNG_UP, wait_seconds=seconds, reported_at=NOW)}


def left_message(seconds: int, **facts: Any) -> dict[str, Recording]:
    message = recorded(RecordingSource.VOICEMAIL, seconds)
    return {RECORDING: message.model_copy(update=facts)}


@pytest.mark.parametrize(
    ("known", "is_asked"),
    [
        (record(ended_call(320), queues=waited(10)), True),
        (record(ended_call(320), queues=waited(305)), True),
        (record(ended_call(320), queues=waited(315)), False),
        (record(ended_call(17), recordings=left_message(4, reported_at=ago(13))), True),
        (record(ended_call(17), recordings=left_message(4, reported_at=ago(3))), False),
        (record(ended_call(17), recordings=left_message(4, started_at=ago(16))), True),
        (record(ended_call(17), recordings=left_message(12, started_at=ago(13))), False),
        (record(ended_call(17), recordings=left_message(4)), True),
        (record(ended_call(35), child(S.COMPLETED, 15, ended_at=NOW)), True),
    ],
    ids=[
        "long before a queue", "15 s before a queue", "a queue", "after a report of a message", "farewell",
        "after a message", "message to the end", "a message of which no hook told",
        "a short leg only",
    ],
)  # fmt: skip
def test_the_legs_are_asked_for_where_a_conversation_may_be_hidden(
    known: CallRecord, is_asked: bool
) -> None:
    """A wait in a queue, a message or a short leg does not fill the call. A list of its legs settles it."""
    reader = FakeReader()
    found = complete(known, ONE_LINE, reader)
    assert ("legs" in reader.reads) is is_asked
    assert not is_open(found, ONE_LINE)


def test_a_conversation_before_a_queue_counts() -> None:
    talked = child(S.COMPLETED, 300, ended_at=ago(15))
    found = complete(
        record(ended_call(320), queues=waited(10)), ONE_LINE, FakeReader(children=[talked])
    )
    ending = ONE_LINE.assess(found).ending
    assert (ending.outcome, ending.talk_seconds) == (Outcome.ANSWERED, 300)


def test_a_list_without_legs_may_be_late_where_only_the_api_tells_of_a_message() -> None:
    """The leg of a conversation before or after the message may be in the list only later."""
    reader = FakeReader(recordings=[*left_message(3).values()])
    known = record(ended_call(17))
    first = look(known, ONE_LINE, reader, lambda _: False, listed_until=ago(50)).record
    assert ONE_LINE.assess(first).ending.outcome is Outcome.VOICEMAIL
    assert is_open(first, ONE_LINE)
    last = look(first, ONE_LINE, reader, lambda _: True, listed_until=NOW).record
    assert not is_open(last, ONE_LINE)


def test_the_call_itself_is_asked_for_too_where_no_hook_dates_it() -> None:
    """That the hook came late would make the call begin late."""
    undated = parent(S.COMPLETED, 40, started_at=None)
    reader = FakeReader(call=ended_call(40), children=[child(S.NO_ANSWER)])
    found = complete(record(undated, begun_by=ago(30)), ONE_LINE, reader)
    assert reader.reads[:2] == ["leg", "legs"]
    assert found.began_at == ago(40)


def test_whom_a_dial_connected_is_open_where_it_may_be_our_other_line() -> None:
    known = record(parent(S.COMPLETED, 40), dial=ANSWERED)
    assert is_open(known, RULES)
    assert not is_open(known, ONE_LINE)
    conference = DialResult(status=S.COMPLETED, bridged=True)
    assert not is_open(record(parent(S.COMPLETED, 40), dial=conference), RULES)
    reader = FakeReader(children=[child(S.COMPLETED, 30)])
    assert not is_open(complete(known, RULES, reader, late=False), RULES)
    assert reader.reads == ["legs"]


@pytest.mark.parametrize(
    "known",
    [
        record(parent(S.COMPLETED, 40)),
        record(parent(S.IN_PROGRESS)),
        record(parent(S.COMPLETED, 40), dial=MISSED),
        record(child(S.COMPLETED, 30)),
        record(recordings={RECORDING: recorded(RecordingSource.CONVERSATION)}),
    ],
    ids=["completed only", "not over", "maybe a message", "only a child", "only a recording"],
)
def test_what_the_provider_could_still_tell_is_open(known: CallRecord) -> None:
    assert is_open(known, RULES)


def test_the_providers_link_is_asked_for_where_it_is_wanted_and_can_be_there() -> None:
    answered = record(parent(S.COMPLETED, 40), child(S.COMPLETED, 30), dial=ANSWERED)
    assert is_open(answered, PROVIDER_RULES)
    assert not is_open(record(parent(S.BUSY, 0)), PROVIDER_RULES)
    reader = FakeReader(recordings=[recorded(RecordingSource.CONVERSATION)])
    found = complete(answered, PROVIDER_RULES, reader)
    assert reader.reads == ["recordings"]
    assert found.recordings


def test_a_dialled_leg_that_answered_ends_the_asking() -> None:
    reader = FakeReader(children=[child(S.COMPLETED, 30)])
    found = complete(record(parent(S.COMPLETED, 40)), RULES, reader)
    assert reader.reads == ["legs"]
    assert found.was_read
    assert RULES.assess(found).ending.talk_seconds == 30


def test_a_message_is_looked_for_where_no_leg_answered() -> None:
    reader = FakeReader(
        children=[child(S.NO_ANSWER)], recordings=[recorded(RecordingSource.VOICEMAIL)]
    )
    found = complete(record(parent(S.COMPLETED, 40)), RULES, reader)
    assert reader.reads == ["legs", "recordings"]
    assert RULES.assess(found).ending.outcome is Outcome.VOICEMAIL


def test_after_a_dial_that_nobody_took_another_phone_and_a_message_are_looked_for() -> None:
    reader = FakeReader()
    found = complete(record(parent(S.COMPLETED, 40), dial=MISSED), RULES, reader)
    assert reader.reads == ["legs", "recordings"]
    assert RULES.assess(found).ending.outcome is Outcome.NO_ANSWER
    assert not is_open(found, RULES)


def test_what_is_missing_soon_after_the_end_may_only_be_late() -> None:
    known = record(parent(S.COMPLETED, 40), dial=MISSED)
    found = complete(known, RULES, FakeReader(), late=False)
    assert is_open(found, RULES)
    assert not found.was_read


@pytest.mark.parametrize(
    ("dial", "leg", "outcome"),
    [
        (ANSWERED, child(S.COMPLETED, 30), Outcome.ANSWERED),
        (MISSED, child(S.NO_ANSWER, 0), Outcome.NO_ANSWER),
    ],
)
@pytest.mark.parametrize(
    "ours",
    [
        {"from_number": "client:anna", "to_number": None},
        {"from_number": LINE, "to_number": AGENT, "direction": LegDirection.OUTBOUND},
        {"from_number": LINE, "to_number": "+16175550188", "direction": LegDirection.OUTBOUND},
    ],
    ids=["browser phone", "click to call of staff", "click to call of an agent nobody listed"],
)
def test_whom_our_own_phone_dialled_is_asked_though_the_dial_reported(
    ours: dict[str, Any], dial: DialResult, leg: Leg, outcome: Outcome
) -> None:
    """A browser phone's own leg names nobody, a click-to-call's names our agent."""
    leg = leg.model_copy(update={"from_number": LINE, "to_number": CALLER})
    reader = FakeReader(children=[leg])
    known = record(parent(S.COMPLETED, 40, **ours), dial=dial)
    assert is_open(known, RULES)
    found = complete(known, RULES, reader)
    assert reader.reads == ["legs"]
    assessment = RULES.assess(found)
    assert (assessment.parties.other.number, assessment.ending.outcome) == (CALLER, outcome)


def test_a_call_without_a_face_is_asked_for_first() -> None:
    reader = FakeReader(call=parent(S.COMPLETED, 40))
    found = complete(record(child(S.COMPLETED, 30)), RULES, reader)
    assert reader.reads == ["leg"]
    assert found.parent.to_number == LINE


def test_a_call_that_goes_on_is_asked_for_no_further() -> None:
    reader = FakeReader(call=parent(S.IN_PROGRESS))
    found = complete(record(parent(S.RINGING)), RULES, reader)
    assert reader.reads == ["leg"]
    assert not found.was_read


def test_a_call_that_is_gone_there_is_not_asked_for_again() -> None:
    reader = FakeReader(call=None)
    found = complete(record(child(S.COMPLETED, 30)), RULES, reader)
    assert reader.reads == ["leg"]
    assert found.was_read
    assert not is_open(found, RULES)


def test_a_leg_of_another_call_is_told_as_such() -> None:
    reader = FakeReader(call=parent(S.COMPLETED, 9, parent_id="CA_other"))
    found = complete(record(), RULES, reader)
    assert reader.reads == ["leg"]
    assert found.parent.parent_id == "CA_other"


def test_a_leg_that_still_talks_after_the_call_ended_is_old_news() -> None:
    reader = FakeReader(children=[child(S.IN_PROGRESS)])
    found = complete(record(parent(S.COMPLETED, 40)), RULES, reader)
    assert not found.was_read
    assert is_open(found, RULES), "its length is not known yet"


def test_an_error_of_the_api_is_the_callers_to_handle() -> None:
    reader = FakeReader(errors=[TemporaryError("429", status=429)])
    with pytest.raises(TemporaryError):
        complete(record(parent(S.COMPLETED, 40)), RULES, reader)
