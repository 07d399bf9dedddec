"""How long did a caller talk in a conference?

Our program moves caller and agent into one (a warm transfer), and no dial of the call reports of that: the
hooks of the conference name the call. Or a dial leads to a conference: its report tells no length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from adapter.domain.conversation import Conversation
from adapter.domain.record import CallRecord
from adapter.domain.whispers import SAME_MOMENT

# The hook that tells of the conference is dated by its receipt.
LATE_BY = timedelta(seconds=3)


def talk_in_conference(
    record: CallRecord, before: Sequence[Conversation], rang: Sequence[datetime]
) -> Conversation | None:
    """Return the time from the last conversation before the conference until the call ended.

    It holds the ring of whoever joined. Where that conversation is not dated, the caller joined when a hook
    said so. Without a conversation the dials before it count. rang: when those ended. A report that came after
    the end of the call dates nothing. None where the call took part in no conference, or nothing was before it.
    """
    joined, end = record.conference_at, record.end_or_estimate
    if joined is None or end is None or not (before or rang):
        return None
    ends = [each.ended_at for each in before] or [at for at in rang if at < end] or [None]
    known = [moment for moment in ends if moment is not None]
    left = max(known) if len(known) == len(ends) else joined
    if joined < left - LATE_BY or end <= left:
        return None
    return Conversation(round((end - left).total_seconds()), end)


def talk_in_dialled_conference(
    record: CallRecord,
    reports: Iterable[datetime | None],
    talked: Sequence[Conversation],
    rang: Iterable[datetime | None],
) -> Conversation | None:
    """Return the time from the last that was before the conference until its dial reported, or the call ended.

    It holds the wait for whoever joined. reports: of the dials that led to a conference. talked: the other
    conversations; a phone may have gone on in the conference. rang: when the other dials and stays in queues
    ended. None where nothing is known to have been before the conference: then the whole call counts.
    """
    over, known = record.end_or_estimate, [moment for moment in reports if moment is not None]
    if over is None or not known:
        return None
    end = min(max(known), over)
    before = [moment for moment in rang if moment is not None and moment < end - SAME_MOMENT]
    before += [min(each.ended_at, end) for each in talked if each.ended_at is not None]
    if not before:
        return None
    return Conversation(round((end - max(before)).total_seconds()), end)


def was_silent_before(record: CallRecord, ends: Iterable[datetime]) -> timedelta:
    """Return for how long nothing is known of the call before the caller joined a conference.

    Zero where no hook of the conference told when that was. ends: when what is known ended.
    """
    end, length, joined = (
        record.end_or_estimate,
        record.parent.duration_seconds,
        record.conference_at,
    )
    if end is None or length is None or joined is None:
        return timedelta()
    return joined - max([end - timedelta(seconds=length), *ends])
