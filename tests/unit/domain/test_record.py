"""Is a record the same whatever order its facts came in, and is nothing known ever lost?"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.merge import join, join_facts
from adapter.domain.record import (
    AnsweredBy,
    CallRecord,
    DialResult,
    Leg,
    LegDirection,
    LegStatus,
    Recording,
    RecordingSource,
    RecordingState,
    call_id_of,
    call_key,
)

TERMINAL = [status for status in LegStatus if status.is_terminal]
numbers = st.sampled_from(["+16175550134", "+16175550100", "+4420794600", "client:anna"])
seconds = st.integers(0, 100_000)
moments = st.integers(0, 2**31).map(lambda stamp: datetime.fromtimestamp(stamp, UTC))


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def legs(leg_id: str) -> st.SearchStrategy[Leg]:
    return st.builds(
        Leg,
        id=st.just(leg_id),
        parent_id=maybe(st.just("CA0")) if leg_id != "CA0" else st.none(),
        direction=maybe(st.sampled_from(LegDirection)),
        from_number=maybe(numbers),
        to_number=maybe(numbers),
        status=maybe(st.sampled_from(LegStatus)),
        duration_seconds=maybe(seconds),
        answered_by=maybe(st.sampled_from(AnsweredBy)),
        sip_code=maybe(st.integers(100, 699)),
        caller_name=maybe(st.text(max_size=8)),
        started_at=maybe(moments),
        ended_at=maybe(moments),
    )


def dials(leg_id: str) -> st.SearchStrategy[DialResult]:
    return st.builds(
        DialResult,
        leg_id=st.just(leg_id),
        status=maybe(st.sampled_from(LegStatus)),
        duration_seconds=maybe(seconds),
        bridged=maybe(st.booleans()),
        caller_gone=maybe(st.booleans()),
        sip_code=maybe(st.integers(100, 699)),
    )


def recordings(recording_id: str) -> st.SearchStrategy[Recording]:
    return st.builds(
        Recording,
        id=st.just(recording_id),
        url=maybe(st.sampled_from(["https://a.example/x", "http://b.example/xy"])),
        duration_seconds=maybe(seconds),
        channels=maybe(st.integers(1, 2)),
        source=maybe(st.sampled_from(RecordingSource)),
        state=maybe(st.sampled_from(RecordingState)),
    )


def some(keys: list[str], make: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={key: make(key) for key in keys})


records = st.builds(
    CallRecord,
    provider=st.just("twilio"),
    account=st.just("AC0"),
    call_id=st.just("CA0"),
    legs=some(["CA0", "CA1", "CA2"], legs),
    dials=some(["", "CA1"], dials),
    recordings=some(["RE1", "RE2"], recordings),
    transcripts=some(["", "RE1"], lambda _: st.text(min_size=1, max_size=8)),
    was_read=st.booleans(),
)


@given(records, records)
def test_join_does_not_care_which_came_first(one: CallRecord, other: CallRecord) -> None:
    assert join(one, other) == join(other, one)


@given(records, records, records)
def test_join_does_not_care_how_facts_were_gathered(
    one: CallRecord, two: CallRecord, three: CallRecord
) -> None:
    assert join(join(one, two), three) == join(one, join(two, three))


@given(records, records)
def test_a_fact_that_comes_again_changes_nothing(one: CallRecord, other: CallRecord) -> None:
    assert join(one, one) == one
    joined = join(one, other)
    assert join(joined, one) == joined == join(joined, other)


@given(records, records)
def test_nothing_known_is_ever_replaced_by_a_blank(one: CallRecord, other: CallRecord) -> None:
    joined = join(one, other)
    for name in ("legs", "dials", "recordings", "transcripts"):
        known, found = getattr(one, name), getattr(joined, name)
        assert set(known) <= set(found)
        if name == "transcripts":
            continue
        for key, facts in known.items():
            now_known = found[key].model_dump(exclude_none=True)
            assert set(facts.model_dump(exclude_none=True)) <= set(now_known)


@given(records, records)
def test_a_terminal_status_is_never_undone(one: CallRecord, other: CallRecord) -> None:
    joined = join(one, other)
    for leg_id, leg in one.legs.items():
        if leg.is_over:
            assert joined.legs[leg_id].is_over
    if one.parent.is_over:
        assert joined.is_over


@given(records)
def test_a_record_survives_its_way_through_the_database(record: CallRecord) -> None:
    text = record.model_dump_json(exclude_none=True)
    assert CallRecord.model_validate_json(text) == record


@given(records, records)
def test_joining_leaves_both_as_they_were(one: CallRecord, other: CallRecord) -> None:
    before = one.model_dump_json(), other.model_dump_json()
    join(one, other)
    assert (one.model_dump_json(), other.model_dump_json()) == before


def leg(status: LegStatus | None, leg_id: str = "CA0") -> Leg:
    return Leg(id=leg_id, status=status)


@pytest.mark.parametrize(
    ("going_on", "ended"),
    list(itertools.product([s for s in LegStatus if not s.is_terminal], TERMINAL)),
)
def test_a_late_progress_event_does_not_reopen_a_leg(going_on: LegStatus, ended: LegStatus) -> None:
    assert join_facts(leg(ended), leg(going_on)).status is ended


def record(*parts: Leg | DialResult, call_id: str = "CA0") -> CallRecord:
    return CallRecord(
        provider="twilio",
        account="AC0",
        call_id=call_id,
        legs={part.id: part for part in parts if isinstance(part, Leg)},
        dials={part.leg_id: part for part in parts if isinstance(part, DialResult)},
    )


@pytest.mark.parametrize("other", [{"provider": "x"}, {"account": "AC1"}, {"call_id": "CA1"}])
def test_records_of_different_calls_do_not_join(other: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="different calls"):
        join(record(), record().model_copy(update=other))


def test_the_key_names_provider_account_and_call() -> None:
    assert record().key == call_key("twilio", "AC0", "CA0") == "twilio:AC0:CA0"


@pytest.mark.parametrize("call_id", ["CA0", "v3:a-b:c"])
def test_the_key_of_a_call_gives_its_whole_id_back(call_id: str) -> None:
    assert call_id_of(call_key("acme", "A0", call_id)) == call_id


@pytest.mark.parametrize(
    ("known", "is_over"),
    [
        (record(), False),
        (record(leg(LegStatus.IN_PROGRESS)), False),
        *((record(leg(status)), True) for status in TERMINAL),
        (record(leg(LegStatus.IN_PROGRESS), leg(LegStatus.COMPLETED, "CA1")), False),
        (record(leg(LegStatus.COMPLETED, "CA1")), True),
        (record(leg(LegStatus.COMPLETED, "CA1"), leg(LegStatus.RINGING, "CA2")), False),
        (record(leg(LegStatus.IN_PROGRESS), DialResult(caller_gone=True)), True),
        (record(leg(LegStatus.IN_PROGRESS), DialResult(caller_gone=False)), False),
    ],
)
def test_a_call_is_over_when_its_parent_leg_is(known: CallRecord, is_over: bool) -> None:
    """Or the caller was gone when the dial ended, or the parent is silent and its legs are over."""
    assert known.is_over is is_over


@pytest.mark.parametrize(
    ("dial", "is_connected"),
    [
        (DialResult(status=LegStatus.COMPLETED, bridged=True), True),
        (DialResult(status=LegStatus.COMPLETED, bridged=False), False),
        (DialResult(status=LegStatus.COMPLETED), True),
        (DialResult(status=LegStatus.CANCELED, bridged=False), False),
        *((DialResult(status=status), False) for status in TERMINAL if status != "completed"),
    ],
)
def test_a_dial_is_connected_when_it_was_bridged(dial: DialResult, is_connected: bool) -> None:
    """A phone that picked up and turned the call down at the whisper was not."""
    assert dial.is_connected is is_connected
