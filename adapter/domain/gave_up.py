"""Who gave up while a phone rang: the caller, or our side?"""

from __future__ import annotations

from collections.abc import Sequence, Set

from adapter.domain.handed_on import SAME_END
from adapter.domain.record import CallRecord, DialResult, LegStatus
from adapter.domain.whispers import SAME_MOMENT


def was_still_there(record: CallRecord, dials: Sequence[DialResult], lines: Set[str]) -> bool:
    """Return True if the caller was there when a dial ended without an answer, or a leg to our line did.

    A leg that rings when the caller hangs up is canceled, and ends with the call; no other one is dialled after
    it. lines: the ids of the legs that lead to one of our own lines.
    """
    end = record.ended_at
    legs = [x for x in record.children if x.id in lines or x.status is LegStatus.CANCELED]
    rang_out = any(x.id in lines and x.status is LegStatus.NO_ANSWER for x in legs)
    ends = [leg.ended_at for leg in legs if leg.ended_at is not None]
    stayed = end is not None and bool(ends) and end - max(ends) > SAME_END
    others = [leg.created_at for leg in record.children if leg.created_at and leg not in legs]
    went_on = bool(ends) and any(made >= max(ends) for made in others)
    unanswered = any(d.caller_gone is False and not d.is_connected for d in dials)
    return rang_out or stayed or went_on or unanswered


def left_at_last_phone(record: CallRecord, dials: Sequence[DialResult]) -> bool:
    """Return True if the caller left while a phone rang that was dialled after all dials that reported.

    Nobody had answered those. The phone was canceled when the call ended. The provider dates all of that.
    """
    reported = [record.legs.get(dial.leg_id) for dial in dials]
    ends = [leg.ended_at for leg in reported if leg is not None and leg.ended_at is not None]
    if record.ended_at is None or not ends or len(ends) < len(reported):
        return False
    if any(dial.is_connected for dial in dials):
        return False
    legs = [leg for leg in record.children if leg.id not in record.dials and leg.created_at]
    return any(
        leg.status is LegStatus.CANCELED
        and leg.created_at is not None
        and leg.created_at >= max(ends)
        and leg.ended_at is not None
        and abs(record.ended_at - leg.ended_at) <= SAME_MOMENT
        for leg in legs
    )
