"""How long did a caller talk in a conference, after a conversation that a dial had connected?

Our program moves caller and agent into one (a warm transfer). No dial of the call reports of that; the hooks of
the conference name the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from adapter.domain.conversation import Conversation
from adapter.domain.record import CallRecord

# The hook that tells of the conference is dated by its receipt.
LATE_BY = timedelta(seconds=3)


def talk_in_conference(record: CallRecord, before: Sequence[Conversation]) -> Conversation | None:
    """Return the time from the last conversation before the conference until the call ended.

    It holds the ring of whoever joined. Where that conversation is not dated, the caller joined when a hook
    said so. None where the call took part in no conference, or where there was no conversation before it.
    """
    joined, end = record.conference_at, _end_of(record)
    if joined is None or end is None or not before:
        return None
    ends = [each.ended_at for each in before]
    known = [moment for moment in ends if moment is not None]
    left = max(known) if len(known) == len(ends) else joined
    if joined < left - LATE_BY or end <= left:
        return None
    return Conversation(round((end - left).total_seconds()), end)


def _end_of(record: CallRecord) -> datetime | None:
    """When the call ended: as the provider says, else by its length and the receipt of its hooks."""
    length = record.parent.duration_seconds
    if record.ended_at is not None or record.begun_by is None or length is None:
        return record.ended_at
    return record.begun_by + timedelta(seconds=length)
