"""Which of several calls on our other lines is the one that a call led to?"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from adapter.config.lines_file import read_lines
from adapter.domain.assessment import CallRules
from adapter.domain.call import Call
from adapter.domain.due import SettlePolicy
from adapter.domain.record import CallRecord, DialResult, Leg, LegStatus, RelayedCall
from adapter.domain.relays import call_of_leg, call_of_unnamed_dial, possible_callers, what_it_tells
from adapter.storage.store import Store
from tests.support.environment import LINE, NOW
from tests.support.rows import add
from tests.support.world import OTHER_LINE, STAFF

CALLER = "+16175550134"
DIAL = DialResult(leg_id="CA9", status=LegStatus.COMPLETED, duration_seconds=60)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def lasting(begun: float, seconds: int | None, call_id: str = "CA0") -> CallRecord:
    """A call that began so many seconds after NOW. seconds: None: its end was not told."""
    leg = Leg(
        id=call_id,
        from_number=CALLER,
        to_number=LINE,
        status=LegStatus.RINGING if seconds is None else LegStatus.COMPLETED,
        duration_seconds=seconds,
        started_at=at(begun),
        ended_at=None if seconds is None else at(begun + seconds),
    )
    return CallRecord(provider="twilio", account="AC0", call_id=call_id, legs={call_id: leg})


HERE = lasting(0, 100)  # dialled from 30 to 90 s


def stored(store: Store, facts: CallRecord, other: str = CALLER) -> Call:
    add(store, facts, line=OTHER_LINE, other=other, first_seen_at=facts.began_at)
    call = store.calls.get(facts.key)
    assert call is not None
    return call


@pytest.mark.parametrize(
    ("begun", "seconds", "is_it"),
    [
        (30, 60, True),
        (30, 61, True),  # rounded
        (38, 60, True),
        (30, 45, False),  # another call of this caller's office
        (-5, 60, False),  # it led here
        (44, 60, False),  # it went on after this call
        (30, None, True),  # its end is not told yet
        (120, None, False),
    ],
)
def test_the_call_that_a_dial_led_to_lies_within_this_one_and_lasted_as_long(
    store: Store, begun: float, seconds: int | None, is_it: bool
) -> None:
    there = stored(store, lasting(begun, seconds, "CA1"))
    assert call_of_unnamed_dial([there], HERE, DIAL, at(100)) == (there if is_it else None)


def test_a_call_that_fits_comes_before_one_without_an_end(store: Store) -> None:
    calls = [
        stored(store, lasting(30, None, "CA1")),
        stored(store, lasting(30, 60, "CA2")),
        stored(store, lasting(31, None, "CA3")),
    ]
    assert call_of_unnamed_dial(calls, HERE, DIAL, at(100)) == calls[1]


def test_the_call_of_a_leg_is_the_nearest_in_time(store: Store) -> None:
    leg = Leg(id="CA9", from_number=CALLER, to_number=OTHER_LINE, started_at=at(30))
    later = stored(store, lasting(45, 50, "CA2"))
    nearest = stored(store, lasting(32, 60, "CA3"))
    assert call_of_leg([later, nearest], HERE, leg, at(100)) == nearest
    assert call_of_leg([later], HERE, leg, at(100)) == later
    hours_later = stored(store, lasting(7200, 60, "CA4"))
    assert call_of_leg([hours_later], HERE, leg, at(100)) is None


def test_the_call_there_comes_from_what_the_leg_showed_else_from_the_caller_or_our_line() -> None:
    leg = Leg(id="CA9", from_number=STAFF, to_number=OTHER_LINE)
    assert possible_callers(HERE, leg) == {STAFF}
    assert possible_callers(HERE, HERE.parent) == {CALLER, LINE}
    assert possible_callers(HERE, Leg(id="CA9", from_number="client:dana")) == {CALLER, LINE}


def test_another_call_of_the_same_caller_that_ended_before_is_not_it(store: Store) -> None:
    """The provider dates both ends. The caller called twice, and the first call was answered."""
    leg = Leg(id="CA9", from_number=CALLER, to_number=OTHER_LINE, started_at=at(5), ended_at=at(30))
    before = stored(store, lasting(-40, 27, "CA1"))
    assert call_of_leg([before], lasting(0, 30), leg, at(30)) is None
    same = stored(store, lasting(5, 26, "CA2"))
    assert call_of_leg([before, same], lasting(0, 30), leg, at(30)) == same
    still_there = leg.model_copy(update={"ended_at": None})
    assert call_of_leg([before], lasting(0, 30), still_there, at(30)) is None


def test_a_call_that_ended_at_the_same_moment_and_was_shorter_is_another_one(store: Store) -> None:
    """Where our line is shown as the caller, all calls that it leads there come from the same number."""
    leg = Leg(id="CA9", to_number=OTHER_LINE, duration_seconds=45, ended_at=at(50))
    others = stored(store, lasting(30, 20, "CA1"))
    assert call_of_leg([others], lasting(0, 51), leg, at(51)) is None
    same = stored(store, lasting(5, 46, "CA2"))
    assert call_of_leg([others, same], lasting(0, 51), leg, at(51)) == same
    # The provider's list may be behind; the report of the dial has the length.
    behind = Leg(id="CA9", to_number=OTHER_LINE, started_at=at(5))
    dial = DialResult(leg_id="CA9", status=LegStatus.COMPLETED, duration_seconds=45)
    here = lasting(0, 51).model_copy(update={"dials": {"CA9": dial}})
    assert call_of_leg([others], here, behind, at(51)) is None


def test_of_calls_that_ended_at_the_same_time_the_one_that_fits_best_is_it(store: Store) -> None:
    """Several callers at once; the line here is shown as the caller of each. Not of each its start is told."""
    leg = Leg(
        id="CA9", to_number=OTHER_LINE, started_at=at(7), ended_at=at(20), duration_seconds=13
    )
    begins_alike = stored(store, lasting(7, 11, "CA2"))
    fits_best = stored(store, lasting(7.5, 13, "CA3"))
    assert call_of_leg([begins_alike, fits_best], lasting(0, 20), leg, at(20)) == fits_best


def test_a_call_there_that_waits_for_a_third_line_tells_nothing_yet(store: Store) -> None:
    third = "+16175550102"
    text = "".join(f'[lines."{number}"]\nname = "x"\n' for number in (LINE, OTHER_LINE, third))
    rules = CallRules(read_lines(text, {}), SettlePolicy())
    leg = Leg(id="CA8", to_number=third, status=LegStatus.COMPLETED, duration_seconds=50)
    said = RelayedCall(leg_id="CA8", outcome="answered", talk_seconds=48)

    def told(call_id: str, relayed: dict[str, RelayedCall]) -> RelayedCall | None:
        facts = lasting(30, 60, call_id)
        known = {"was_read": True, "legs": {**facts.legs, "CA8": leg}, "relayed": relayed}
        return what_it_tells("CA9", stored(store, facts.model_copy(update=known)), rules)

    assert told("CA1", {}) is None
    assert told("CA2", {"CA8": said}) == said.model_copy(update={"leg_id": "CA9"})
