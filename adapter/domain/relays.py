"""Which call did a leg to another of our lines become, and what does that call tell?

To the provider these are two calls: the one that dialled, and an inbound call on the line that was
dialled. Only the second one tells whether anybody talked.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime, timedelta

from adapter.domain.assessment import CallRules
from adapter.domain.call import Call
from adapter.domain.evidence import Evidence
from adapter.domain.lifecycle import UNDELIVERED
from adapter.domain.outcome import Outcome
from adapter.domain.phone import e164
from adapter.domain.record import CallRecord, DialResult, Leg, RelayedCall
from adapter.domain.whispers import CLOCKS

# The two calls begin and end at the same moment, but for what clocks and roundings make of it.
SAME_TIME = timedelta(seconds=60)
# Where the provider dates the end of both the leg and the call that it became, it is the same moment.
LEG_AND_CALL_END = timedelta(seconds=3)
ROUNDING_SECONDS = 2
# So far apart an end is taken to be that is not told of both.
UNTOLD_SECONDS = 5.0


def possible_callers(record: CallRecord, leg: Leg) -> Set[str]:
    """The numbers that the call there may come from: what the leg showed; else the caller, or the line here."""
    shown = e164(leg.from_number)
    if shown is not None and leg.id != record.call_id:
        return frozenset([shown])
    numbers = (e164(record.parent.from_number), e164(record.parent.to_number))
    return frozenset(number for number in numbers if number is not None)


def call_of_leg(
    calls: Iterable[Call], record: CallRecord, leg: Leg, over_at: datetime
) -> Call | None:
    """Of the calls on the line that this leg dialled, the likeliest of that time; None if there is none.

    over_at: when we heard of the end of the call that dialled.
    """
    began = leg.started_at or record.began_at or over_at
    ended = record.ended_at or over_at
    dial = record.dials.get(leg.id)
    seconds = leg.duration_seconds or (dial.duration_seconds if dial is not None else None)

    def distance(call: Call) -> float:
        """By how many seconds beginning, end and length differ. What is not told may differ by some."""
        there, length = call.record, call.record.parent.duration_seconds
        gap = abs(((there.began_at or call.first_seen_at) - began).total_seconds())
        gap += _seconds_apart(leg.ended_at, there.ended_at)
        return gap + (abs(length - seconds) if length and seconds else ROUNDING_SECONDS)

    def is_at_the_time(call: Call) -> bool:
        there = call.record
        if not _may_last_equally(there.parent.duration_seconds, seconds):
            return False
        if leg.ended_at is not None and there.ended_at is not None:
            return abs(leg.ended_at - there.ended_at) <= LEG_AND_CALL_END
        if leg.started_at is not None and there.ended_at is not None:
            return leg.started_at - CLOCKS <= there.ended_at <= ended + SAME_TIME
        is_before = (there.began_at or call.first_seen_at) <= ended + SAME_TIME
        return is_before and (there.ended_at or call.first_seen_at) >= began - SAME_TIME

    return min(filter(is_at_the_time, calls), key=distance, default=None)


def call_of_unnamed_dial(
    calls: Iterable[Call], record: CallRecord, dial: DialResult, over_at: datetime
) -> Call | None:
    """Of the calls on our other lines, the one that a dial led to which does not say whom it dialled.

    It lies within the call that dialled, and lasted as long as the dial. It began after that call; else that
    one may be the call that the other one led here. A number that several people call from, as that of an
    office, has other calls at the same time. Where no such call is known, but one whose end was not told yet,
    it is that one.
    """
    began, ended = record.began_at, record.ended_at or over_at
    if began is None:
        return None
    without_end = None
    for call in calls:
        start, end = call.record.began_at, call.record.ended_at or call.over_at
        if start is None or start <= began:
            continue
        if end is None and start <= ended:
            without_end = call
        elif end is not None and end <= ended + CLOCKS and _lasted(call, dial):
            return call
    return without_end


def what_it_tells(leg_id: str, there: Call, rules: CallRules) -> RelayedCall | None:
    """What the call on our other line tells of the leg; None while it is open."""
    assessment = rules.assess(there.record)
    waits_itself = Evidence(there.record, assessment.parties).waits_for_line
    is_settled = there.record.is_over and not assessment.questions and not waits_itself
    if there.state in UNDELIVERED and not is_settled:
        return None
    ending = assessment.ending
    outcome = ending.outcome if ending.outcome is not Outcome.UNKNOWN else Outcome.NO_ANSWER
    return RelayedCall(leg_id=leg_id, outcome=outcome.value, talk_seconds=ending.talk_seconds)


def _seconds_apart(one: datetime | None, other: datetime | None) -> float:
    """UNTOLD_SECONDS where one of them is not known."""
    return abs((one - other).total_seconds()) if one and other else UNTOLD_SECONDS


def _may_last_equally(there: int | None, here: int | None) -> bool:
    """False if both lengths are told and differ by more than rounding. What was never answered has none."""
    return not there or not here or abs(there - here) <= ROUNDING_SECONDS


def _lasted(call: Call, dial: DialResult) -> bool:
    """True if both are known to have lasted equally long, but for rounding."""
    seconds = call.record.parent.duration_seconds
    if seconds is None or dial.duration_seconds is None:
        return False
    return abs(seconds - dial.duration_seconds) <= ROUNDING_SECONDS
