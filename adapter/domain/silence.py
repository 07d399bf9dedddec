"""For how long is nothing known of a call: before, between and after all that is known to have happened?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from adapter.domain import spans
from adapter.domain.conversation import Conversation, total_seconds
from adapter.domain.record import CallRecord, DialResult, LegStatus, Recording
from adapter.domain.whispers import SAME_MOMENT

# A call of which nothing is known for longer than this may have had another conversation in that time.
SILENCE = timedelta(seconds=20)
# A dialled phone rings for so long, unless the program says otherwise.
USUAL_RING = timedelta(seconds=30)
# A caller hears this much before they are asked to speak.
GREETING = timedelta(seconds=5)
# After a message a caller hears no more than this.
FAREWELL = timedelta(seconds=5)


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
    nobody tells. A message or a wait in a queue counts as a conversation, where nothing tells how the caller
    came there. Only a GREETING may be before a message of which the call itself did not report.
    What the provider's list has is known (`listed_until`).
    """
    end, length = record.end_or_estimate, record.parent.duration_seconds
    reached = record.parent.started_at
    if end is not None and length is not None:
        reached = end - timedelta(seconds=length)
    if reached is None or not (dials or record.children or messages or record.queues):
        return False
    is_alone = not dials and not record.children
    is_bare_message = bool(messages) and not dials and not record.queues
    is_bare_wait = is_alone and any(map(spans.of_wait, record.queues.values()))
    is_unanswered = bool(dials) and not any(dial.is_connected for dial in dials)
    if not (conversations or is_bare_message or is_bare_wait or is_unanswered):
        return False
    known, silence = record.listed_until, SILENCE
    if is_alone and is_bare_message and not any(message.reported_at for message in messages):
        silence = GREETING
    is_ringing_told = all(spans.rang_since(record.legs.get(dial.leg_id)) for dial in dials)
    if is_unanswered and not conversations and not is_ringing_told:
        silence += USUAL_RING
    if end is not None and end - reached - _told(record, messages, conversations) <= silence:
        return False  # there was no time for more, whatever its reports are dated by
    for start, finish in sorted(spans.of_all(record, dials, messages) or ()):
        # A report that came after the end of the call is of something that happened before it.
        until = min(start, end or start)
        if until - reached > silence and (known is None or until > known):
            return True
        reached = max(reached, finish)
    return False


def may_hide_a_short_talk(record: CallRecord, dials: Sequence[DialResult]) -> bool:
    """Return True if whoever hung up as they waited, in a queue or while a phone rang, may have talked before.

    A GREETING may be before a wait, and SILENCE before a phone begins to ring. Where nobody tells since when it
    rang, that is a GREETING and a ring of SILENCE before the end of the call. What the provider's list has is
    known (`listed_until`).
    """
    end, length = record.end_or_estimate, record.parent.duration_seconds
    if end is None or length is None:
        return False
    begun, known = end - timedelta(seconds=length), record.listed_until
    waited = timedelta(seconds=sum(stay.wait_seconds or 0 for stay in record.queues.values()))
    legs = [record.legs.get(dial.leg_id) for dial in dials] or list(record.children)
    if not legs:
        until, may_be = end - waited, GREETING
        is_waiting = bool(record.queues)
    else:
        has_given_up = any(dial.caller_gone for dial in dials)
        is_canceled = any(leg is not None and leg.status is LegStatus.CANCELED for leg in legs)
        # The time of several dials is explained by their reports.
        is_waiting = len(dials) <= 1 and (has_given_up or is_canceled)
        rings = [spans.rang_since(leg) for leg in legs]
        told = [since for since in rings if since is not None]
        is_told = len(told) == len(rings)
        until, may_be = (min(told), SILENCE) if is_told else (end - waited, SILENCE + GREETING)
    return is_waiting and until - begun > may_be and (known is None or known < until)


def nothing_followed(record: CallRecord, dials: Sequence[DialResult], *, is_inbound: bool) -> bool:
    """Return True if the call ended with the last of the legs that it dialled, as the provider dates both.

    There was no time for anything else: a voicemail begins with a greeting, another dial rings first. A
    person whose leg outlived ours was handed on.
    """
    end, ends = record.ended_at, [leg.ended_at for leg in record.children]
    known = [moment for moment in ends if moment is not None]
    if end is None or not known or len(known) < len(ends):
        return False
    if not dials or not record.dials.keys() <= record.legs.keys():
        return False
    reported = [leg.ended_at for leg in record.children if leg.id in record.dials]
    last = max((moment for moment in reported if moment is not None), default=None)
    if last is None or max(known) - last > SAME_MOMENT:
        return False  # the report of a later dial is on its way
    after = end - max(known)
    return after <= SAME_MOMENT and (is_inbound or -after <= SAME_MOMENT)


def went_on_after_message(record: CallRecord, messages: Sequence[Recording]) -> bool:
    """Return True if the call went on for a while after the last message, and it is not known what came then.

    A message that was reported ended by then. The provider dates others, but not what it cut off their ends;
    that counts where no dial reported.
    """
    end, known = record.end_or_estimate, record.listed_until
    if end is None or not messages or (known is not None and known >= end):
        return False
    reports = [message.reported_at for message in messages]
    if None not in reports:
        return end - max(moment for moment in reports if moment is not None) > FAREWELL
    if record.dials or any(message.started_at is None for message in messages):
        return False
    ends = [span[1] for message in messages if (span := spans.of_message(record, message))]
    return bool(ends) and end - max(ends) > 2 * FAREWELL


def _told(
    record: CallRecord, messages: Sequence[Recording], conversations: Sequence[Conversation]
) -> timedelta:
    """How long all conversations, messages and waits in queues lasted together."""
    seconds = sum(message.duration_seconds or 0 for message in messages)
    seconds += sum(stay.wait_seconds or 0 for stay in record.queues.values())
    return timedelta(seconds=seconds + total_seconds(conversations))
