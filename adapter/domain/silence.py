"""For how long did a call go on after all that is known to have happened in it?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from adapter.domain.conversation import Conversation
from adapter.domain.record import CallRecord, DialResult


def silence_at_end(
    record: CallRecord, dials: Sequence[DialResult], conversations: Sequence[Conversation]
) -> timedelta:
    """Return the time from the end of the last conversation, dial or stay in a queue until the call ended.

    Zero where one of these is not dated, or the caller had left when a dial ended. A report is dated by its
    receipt.
    """
    reports = [dial.reported_at for dial in dials]
    reports += [stay.reported_at for stay in record.queues.values()]
    ends = [each.ended_at for each in conversations]
    if not conversations:
        ends += [leg.ended_at for leg in record.children if leg.id not in record.dials]
    ends = reports + [moment for moment in ends if moment is not None or not reports]
    known = [moment for moment in ends if moment is not None]
    has_left = any(dial.caller_gone for dial in dials)
    if record.ended_at is None or has_left or not known or len(known) < len(ends):
        return timedelta()
    return record.ended_at - max(known)
