"""From when to when did each thing of a call happen, as far as that is known?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from adapter.domain.conversation import Span, span_of
from adapter.domain.record import UNNAMED_LEG, CallRecord, DialResult, Recording


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
    return (rang_since(record, dial) or end, end)


def rang_since(record: CallRecord, dial: DialResult) -> datetime | None:
    """When the phone of an unanswered dial began to ring; None where its leg is dated by its end alone."""
    leg = record.legs.get(dial.leg_id)
    is_dated = leg is not None and leg.started_at is not None and leg.started_at != leg.ended_at
    return leg.started_at if leg is not None and is_dated else None


def of_all(
    record: CallRecord, dials: Iterable[DialResult], messages: Iterable[Recording]
) -> Sequence[Span] | None:
    """What is known to have happened when: dials, legs of which no dial reported, messages.

    Not conferences: each counts from what came before it. None if anything is not dated.
    """
    end = record.end_or_estimate
    undialled = (leg for leg in record.children if leg.id not in record.dials)
    return all_known(
        [
            *(of_dial(record, dial) for dial in dials if not leads_to_conference(dial)),
            *(span_of(leg.ended_at, leg.duration_seconds) for leg in undialled),
            *(span_of(end, message.duration_seconds) for message in messages),
        ]
    )


def all_known(spans: Iterable[Span | None]) -> list[Span] | None:
    """These spans; None if one of them is not known."""
    found = list(spans)
    known = [span for span in found if span is not None]
    return known if len(known) == len(found) else None
