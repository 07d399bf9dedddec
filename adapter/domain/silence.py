"""For how long is nothing known of a call: before, between and after all that is known to have happened?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from adapter.domain import spans
from adapter.domain.conversation import Conversation
from adapter.domain.record import CallRecord, DialResult, Recording

# A call of which nothing is known for longer than this may have had another conversation in that time.
SILENCE = timedelta(seconds=20)
# A dialled phone rings for so long, unless the program says otherwise.
USUAL_RING = timedelta(seconds=30)


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


def has_silent_start(
    record: CallRecord,
    dials: Sequence[DialResult],
    messages: Sequence[Recording],
    conversations: Sequence[Conversation],
) -> bool:
    """Return True if nothing is known for a while. Somebody else may have been connected in that time.

    What was before counts from when the call was picked up, else from when it began. Phones usually ring
    for less than SILENCE before a conversation. A dial that nobody answered rang for USUAL_RING, where
    nobody tells. A message counts as a conversation, where nothing tells how the caller came to leave it.
    What the provider's list has is known (`listed_until`).
    """
    end, length = record.end_or_estimate, record.parent.duration_seconds
    reached = record.parent.started_at
    if end is not None and length is not None:
        reached = end - timedelta(seconds=length)
    if reached is None or not (dials or record.children or messages):
        return False
    is_bare_message = bool(messages) and not dials and not record.queues
    is_unanswered = bool(dials) and not any(dial.is_connected for dial in dials)
    if not (conversations or is_bare_message or is_unanswered):
        return False
    known, silence = record.listed_until, SILENCE
    is_ringing_told = all(spans.rang_since(record, dial) for dial in dials)
    if is_unanswered and not conversations and not is_ringing_told:
        silence += USUAL_RING
    for start, finish in sorted(spans.of_all(record, dials, messages) or ()):
        # A report that came after the end of the call is of something that happened before it.
        until = min(start, end or start)
        if until - reached > silence and (known is None or until > known):
            return True
        reached = max(reached, finish)
    return False
