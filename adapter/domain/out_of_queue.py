"""How long did a caller talk to whoever took them out of a queue?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from adapter.domain.record import CallRecord, QueueExit, QueueStay


def connected_stays(record: CallRecord) -> list[QueueStay]:
    """The stays in queues that ended with a conversation."""
    return [stay for stay in record.queues.values() if stay.exit is QueueExit.CONNECTED]


def talk_seconds(
    record: CallRecord, dial_ends: Iterable[datetime], clocks: timedelta
) -> int | None:
    """Return how long they talked, or None where that cannot be told.

    From when the call was picked up, or the last dial before the queue ended, until the report of the queue,
    less the time in queues. dial_ends: when the dials and dialled legs of the call ended. clocks: by how much
    the provider's clock and ours may differ.
    """
    reports = [stay.reported_at for stay in connected_stays(record)]
    known = [moment for moment in reports if moment is not None]
    end, length = record.ended_at, record.parent.duration_seconds
    if not known or len(known) < len(reports) or end is None or length is None:
        return None
    waited = timedelta(seconds=sum(stay.wait_seconds or 0 for stay in record.queues.values()))
    reported, picked_up = min(max(known), end), end - timedelta(seconds=length)
    before = [moment for moment in dial_ends if moment <= reported - waited + clocks]
    talked = reported - max([picked_up, *before]) - waited
    return max(round(talked.total_seconds()), 0)
