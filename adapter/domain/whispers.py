"""Was a leg that was picked up talked on, or turned down at a whisper? No dial reported of it.

A whisper asks whoever picks up for a key, and hangs up where none is pressed. Then another phone of the same
dial may be connected. A caller whom our program redirects leaves a dial that never reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from adapter.domain.conversation import Span
from adapter.domain.record import Leg

# A phone that was picked up for longer was talked on.
LONGEST_WHISPER = timedelta(seconds=15)
# Where one phone was dialled after the other, no whisper is likely: our program moved the caller on.
SHORTEST_TALK = timedelta(seconds=5)
# The provider dates its legs, we date the reports of dials.
CLOCKS = timedelta(seconds=3)
# Two legs that the provider dates so close to each other may be of one moment.
SAME_MOMENT = timedelta(seconds=2)


def was_talked_on(leg: Leg, dials: Sequence[Span], others: Sequence[Leg | None]) -> bool:
    """Return True if a dial of which no report came connected this leg.

    The leg began after all dials that reported a connection were over. Or it was connected while none of them
    was, and lasted longer than a whisper does. dials: when those were. others: their legs, as far as they are
    known.
    """
    ended, length = leg.ended_at, timedelta(seconds=leg.duration_seconds or 0)
    began = leg.started_at
    if began is None and ended is not None and leg.duration_seconds is not None:
        began = ended - length
    if not dials:
        return False
    if came_before(leg, others):
        return length > SHORTEST_TALK
    is_later = began is not None and began >= max(end for _, end in dials) - CLOCKS
    return is_later or (_rang_alone(began, ended, dials) and length > LONGEST_WHISPER)


def is_short(leg: Leg) -> bool:
    """Return True if the leg lasted no longer than a whisper does. It may have been turned down there."""
    length = leg.duration_seconds
    return leg.is_over and length is not None and timedelta(seconds=length) <= LONGEST_WHISPER


def came_before(leg: Leg, others: Sequence[Leg | None]) -> bool:
    """Return True if the others began to be dialled only when this leg had ended."""
    if leg.ended_at is None:
        return False
    dialled = [other.created_at if other is not None else None for other in others]
    return all(at is not None and at >= leg.ended_at - SAME_MOMENT for at in dialled)


def is_undecided(leg: Leg, dials: Sequence[Span], others: Sequence[Leg | None]) -> bool:
    """Return True if it is to be asked when the others were dialled: this leg may have rung with them."""
    length = timedelta(seconds=leg.duration_seconds or 0)
    is_known = all(other is not None and other.created_at is not None for other in others)
    return _is_earlier(leg, dials) and SHORTEST_TALK < length <= LONGEST_WHISPER and not is_known


def may_have_come_before(leg: Leg, dials: Sequence[Span], others: Sequence[Leg | None]) -> bool:
    """Return True if the leg ended before the others were connected. It is not known to have rung with them."""
    is_known = all(other is not None and other.created_at is not None for other in others)
    return came_before(leg, others) if is_known else _is_earlier(leg, dials)


def _rang_alone(began: datetime | None, ended: datetime | None, dials: Sequence[Span]) -> bool:
    """None of the dials connected anybody while this leg was there."""
    return ended is not None and all(
        ended <= start + CLOCKS or (began is not None and began >= end - CLOCKS)
        for start, end in dials
    )


def _is_earlier(leg: Leg, dials: Sequence[Span]) -> bool:
    starts = [start for start, _ in dials]
    return leg.ended_at is not None and bool(starts) and leg.ended_at <= min(starts) + CLOCKS
