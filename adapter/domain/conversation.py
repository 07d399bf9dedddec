"""In which time was a person connected to somebody, and for how long was that in all?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# From when to when; aware UTC.
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Conversation:
    """The time in which the person was connected to somebody. seconds: None while it is not known.

    ended_at: aware UTC, None where it was not told.
    """

    seconds: int | None
    ended_at: datetime | None = None


def span_of(end: datetime | None, seconds: int | None) -> Span | None:
    """What lasted so long and ended then; None without an end. An unknown length is none."""
    return None if end is None else (end - timedelta(seconds=seconds or 0), end)


def total_seconds(conversations: Sequence[Conversation]) -> int:
    """The sum of these conversations whose lengths are known; what overlaps counts once."""
    total = 0
    spans: list[Span] = []
    for conversation in conversations:
        if conversation.seconds is None:
            continue
        if conversation.ended_at is None:
            total += conversation.seconds
        else:
            begun = conversation.ended_at - timedelta(seconds=conversation.seconds)
            spans.append((begun, conversation.ended_at))
    reached: datetime | None = None
    for begun, ended in sorted(spans):
        begun = begun if reached is None else max(begun, reached)
        total += max(round((ended - begun).total_seconds()), 0)
        reached = ended if reached is None else max(reached, ended)
    return total
