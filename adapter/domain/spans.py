"""From when to when did each thing of a call happen, as far as that is known?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from adapter.domain.conversation import Span, span_of
from adapter.domain.record import (
    UNNAMED_LEG,
    CallRecord,
    DialResult,
    Leg,
    QueueExit,
    QueueStay,
    Recording,
)
from adapter.domain.whispers import CLOCKS, SAME_MOMENT


def leads_to_conference(dial: DialResult) -> bool:
    """It connected the caller, names no leg, and tells no length."""
    is_unnamed = dial.leg_id == UNNAMED_LEG and dial.duration_seconds is None
    return is_unnamed and dial.is_connected


def of_dial(record: CallRecord, dial: DialResult) -> Span | None:
    """From when to when the dial connected somebody. The provider dates its legs; a report may come late.

    One that connected nobody: for how long it rang, else no time, at its end.
    """
    leg = record.legs.get(dial.leg_id)
    end = leg.ended_at if leg is not None and leg.ended_at is not None else dial.reported_at
    if dial.is_connected or end is None:
        return span_of(end, dial.duration_seconds)
    return (rang_since(leg) or end, end)


def of_leg(leg: Leg) -> Span | None:
    """From when to when somebody was connected to the leg, or for how long it rang in vain; else its end."""
    if leg.duration_seconds or leg.ended_at is None:
        return span_of(leg.ended_at, leg.duration_seconds)
    return (rang_since(leg) or leg.ended_at, leg.ended_at)


def _with_ring(span: Span | None, leg: Leg | None) -> Span | None:
    """From when the phone began to ring, if that is known."""
    if span is None or leg is None:
        return span
    begun = (moment for moment in (leg.created_at, leg.started_at) if moment is not None)
    return (min([span[0], *begun]), span[1])


def rang_since(leg: Leg | None) -> datetime | None:
    """When the phone of an unanswered leg began to ring; None where it is dated by its end alone."""
    is_dated = leg is not None and leg.started_at is not None and leg.started_at != leg.ended_at
    return leg.started_at if leg is not None and is_dated else None


def until_caller_left(record: CallRecord, leg: Leg) -> Leg:
    """The leg without the time after the caller left, as where our phone was left off the hook.

    Its dial knows how long they talked. Without its report they talked until the caller left.
    """
    left, ended, talked = record.ended_at, leg.ended_at, leg.duration_seconds
    if left is None or ended is None or ended - left <= SAME_MOMENT:
        return leg
    dial = record.dials.get(leg.id)
    if dial is not None and dial.duration_seconds is not None:
        talked = dial.duration_seconds
    elif talked is not None:
        talked = max(talked - round((ended - left).total_seconds()), 0)
    return leg.model_copy(update={"duration_seconds": talked, "ended_at": left})


def came_last(record: CallRecord, leg: Leg, messages: Iterable[Recording]) -> bool:
    """The leg ended with the call, or was dialled after each message: no message came after it."""
    end, begun = record.ended_at, leg.created_at or leg.started_at
    if end is not None and leg.ended_at is not None and leg.ended_at >= end - SAME_MOMENT:
        return True
    reports = [message.reported_at for message in messages]
    return begun is not None and all(at is not None and at <= begun + CLOCKS for at in reports)


def of_message(record: CallRecord, message: Recording) -> Span | None:
    """From when to when the caller spoke, as the provider or the report of the message dates it.

    Else, or where the provider dates it outside the call, it is the last of the call.
    """
    length, begun, end = message.duration_seconds, message.started_at, record.end_or_estimate
    if begun is not None and length is not None and (record.began_at or begun) <= begun:
        finished = begun + timedelta(seconds=length)
        if end is None or finished <= end + SAME_MOMENT:
            return begun, finished
    known = [moment for moment in (message.reported_at, end) if moment is not None]
    return span_of(min(known, default=None), length)


def of_wait(stay: QueueStay) -> Span | None:
    """From when to when the caller waited in a queue, where they left it without being connected."""
    if stay.exit is QueueExit.CONNECTED:
        return None  # it was reported when the conversation was over
    return span_of(stay.reported_at, stay.wait_seconds)


def of_all(
    record: CallRecord, dials: Iterable[DialResult], messages: Iterable[Recording]
) -> Sequence[Span] | None:
    """What is known to have happened when: dials, legs of which no dial reported, messages, waits in queues.

    Not conferences: each counts from what came before it. None if anything but a wait is not dated.
    """
    undialled = (leg for leg in record.children if leg.id not in record.dials)
    known = all_known(
        [
            *(
                _with_ring(of_dial(record, dial), record.legs.get(dial.leg_id))
                for dial in dials
                if not leads_to_conference(dial)
            ),
            *(_with_ring(of_leg(leg), leg) for leg in undialled),
            *(of_message(record, message) for message in messages),
        ]
    )
    waits = map(of_wait, record.queues.values())
    return None if known is None else [*known, *(wait for wait in waits if wait is not None)]


def all_known(spans: Iterable[Span | None]) -> list[Span] | None:
    """These spans; None if one of them is not known."""
    found = list(spans)
    known = [span for span in found if span is not None]
    return known if len(known) == len(found) else None
