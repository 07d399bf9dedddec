"""How long did a caller talk to whoever took them out of a queue?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from adapter.domain.record import CallRecord, PickUp, QueueExit, QueueStay


def pick_up(agents: CallRecord, callers: CallRecord) -> CallRecord | None:
    """What the `<Dial><Queue>` of the agent's call tells of the caller's call; None if it connected nobody."""
    dial = agents.dials.get(callers.call_id)
    if dial is None or not dial.is_connected:
        return None
    by = PickUp(by_call_id=agents.call_id, seconds=dial.duration_seconds)
    return CallRecord(
        provider=callers.provider,
        account=callers.account,
        call_id=callers.call_id,
        pick_ups={agents.call_id: by},
    )


def connected_stays(record: CallRecord) -> list[QueueStay]:
    """The stays in queues that ended with a conversation."""
    return [stay for stay in record.queues.values() if stay.exit is QueueExit.CONNECTED]


def has_talk(record: CallRecord) -> bool:
    """The caller talked to somebody who took them out of a queue."""
    return bool(connected_stays(record) or record.pick_ups)


def queued_by(record: CallRecord) -> datetime | None:
    """When the caller was in the queue at the latest, as its report tells; None where none does."""
    ends = [
        min(stay.reported_at, record.end_or_estimate or stay.reported_at)
        - timedelta(seconds=stay.wait_seconds or 0)
        for stay in connected_stays(record)
        if stay.reported_at is not None
    ]
    return max(ends, default=None)


def told_seconds(record: CallRecord) -> int | None:
    """For how long they talked, as the dials of whoever took the caller out tell; None where one does not."""
    told = [pick_up.seconds for pick_up in record.pick_ups.values()]
    lengths = [seconds for seconds in told if seconds is not None]
    is_told = len(lengths) == len(told) >= max(len(connected_stays(record)), 1)
    return sum(lengths) if is_told else None


def is_worked_out(record: CallRecord) -> bool:
    """Nobody told for how long they talked, and the provider dated nothing that came before the queue."""
    ids = {dial.leg_id for dial in record.dials.values()} | {leg.id for leg in record.children}
    legs = [record.legs.get(leg_id) for leg_id in ids]
    are_dated = bool(legs) and all(leg is not None and leg.ended_at for leg in legs)
    return has_talk(record) and not are_dated and told_seconds(record) is None


def talk_seconds(
    record: CallRecord, dial_ends: Iterable[datetime], clocks: timedelta
) -> int | None:
    """Return how long they talked, or None where that cannot be told.

    As the dials of whoever took them out tell. Else from when the call was picked up, or the last dial before
    the queue ended, until the report of the queue, less the time in queues. dial_ends: when the dials and
    dialled legs of the call ended. clocks: by how much the provider's clock and ours may differ.
    """
    told = told_seconds(record)
    if told is not None:
        return told
    reports = [stay.reported_at for stay in connected_stays(record)]
    known = [moment for moment in reports if moment is not None]
    end, length = record.end_or_estimate, record.parent.duration_seconds
    if not known or len(known) < len(reports) or end is None or length is None:
        return None
    # A wait of which the report came later was after the conversation.
    waits = (
        stay.wait_seconds or 0
        for stay in record.queues.values()
        if stay.reported_at is None or stay.reported_at <= max(known)
    )
    waited = timedelta(seconds=sum(waits))
    reported, picked_up = min(max(known), end), end - timedelta(seconds=length)
    before = [moment for moment in dial_ends if moment <= reported - waited + clocks]
    talked = reported - max([picked_up, *before]) - waited
    return max(round(talked.total_seconds()), 0)
