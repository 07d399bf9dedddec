"""For how long is nothing known of a call: before, between and after all that is known to have happened?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from adapter.domain import spans
from adapter.domain.conversation import Conversation, Span, span_of, total_seconds
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
_DID_NOT_RING = frozenset({LegStatus.BUSY, LegStatus.FAILED})


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

    What was before counts from when the call was picked up, else from when it began. A phone that was
    picked up rang for less than SILENCE, and a dial that nobody answered for USUAL_RING, where nobody tells.
    A message or a wait in a queue counts as a conversation, where nothing tells how the caller came there.
    Only a GREETING may be before a message of which the call itself did not report. The same holds after a
    phone that was canceled, where no dial reported. What the provider's list has is known (`listed_until`).
    """
    end = record.end_or_estimate
    reached = _picked_up(record, end) or record.parent.started_at
    if reached is None or not (dials or record.children or messages or record.queues):
        return False
    has_talked = any(leg.duration_seconds for leg in record.children)
    is_alone = not dials and not has_talked
    is_bare_message = bool(messages) and not dials and not record.queues
    is_bare_wait = is_alone and any(map(spans.of_wait, record.queues.values()))
    is_unanswered = bool(dials) and not any(dial.is_connected for dial in dials)
    if not (conversations or is_bare_message or is_bare_wait or is_unanswered):
        return False
    silence = SILENCE
    if is_alone and is_bare_message and not any(message.reported_at for message in messages):
        silence = GREETING
    if end is not None and end - reached - _told(record, messages, conversations) <= silence:
        return False  # there was no time for more, whatever its reports are dated by
    rung = [dial for dial in dials if spans.rang_since(record.legs.get(dial.leg_id))]
    told = [spans.of_dial(record, dial) for dial in rung]
    is_told = not is_unanswered or bool(conversations) or len(told) == len(dials)
    known = [
        (span, silence if is_told or span in told else silence + USUAL_RING)
        for span in spans.of_all(record, dials, messages) or ()
    ]
    return _has_gap(record, known, reached, end)


def may_hide_a_short_talk(
    record: CallRecord, dials: Sequence[DialResult], *, is_inbound: bool
) -> bool:
    """Return True if whoever hung up as they waited, in a queue or while a phone rang, may have talked before.

    Nothing has to be known of a GREETING before a wait, and of SILENCE before a phone began to ring, or of a
    GREETING where our side called. Where nobody tells since when it rang, that is a GREETING and a ring of
    SILENCE before it stopped. What the provider's list has is known (`listed_until`).
    """
    gone_at = (dial.reported_at for dial in dials if dial.caller_gone)
    gone = max((moment for moment in gone_at if moment is not None), default=None)
    end = record.end_or_estimate or gone  # the call's own report may be on its way
    reached = _picked_up(record, end) or record.began_at
    if end is None or reached is None:
        return False
    legs = [leg for leg in record.children if leg.id not in record.dials]
    is_canceled = any(leg.status is LegStatus.CANCELED for leg in record.children)
    if not (record.queues or is_canceled or any(dial.caller_gone for dial in dials)):
        return False
    # A report that came after the end of the call is of something that happened before it.
    waits = [
        span_of(min(stay.reported_at or end, end), stay.wait_seconds or 0)
        for stay in record.queues.values()
    ]
    phones = [(spans.of_dial(record, dial), dial.status) for dial in dials]
    phones += [(spans.of_leg(leg), leg.status) for leg in legs]
    known = [(span, GREETING) for span in waits if span is not None]
    before_ring = SILENCE if is_inbound else GREETING
    known += [
        (span, before_ring if span[0] < span[1] or status in _DID_NOT_RING else SILENCE + GREETING)
        for span, status in phones
        if span is not None
    ]
    return _has_gap(record, known, reached, end)


def _picked_up(record: CallRecord, end: datetime | None) -> datetime | None:
    """When the call was picked up, as its end and its length tell."""
    length = record.parent.duration_seconds
    return None if end is None or length is None else end - timedelta(seconds=length)


def _has_gap(
    record: CallRecord,
    known: Iterable[tuple[Span, timedelta]],
    reached: datetime,
    end: datetime | None,
) -> bool:
    """For a while nothing is known, and the provider's list may not have yet what happened then.

    known: from when to when each thing happened, and for how long nothing has to be known before it. reached:
    when the call was picked up.
    """
    for (start, finish), may_be in sorted(known):
        # A report that came after the end of the call is of something that happened before it.
        until = min(start, end or start)
        allowed = min(may_be, GREETING) if _was_canceled(record, reached) else may_be
        is_news = record.listed_until is None or record.listed_until < until
        if until - reached > allowed and is_news:
            return True
        reached = max(reached, finish)
    return False


def _was_canceled(record: CallRecord, at: datetime) -> bool:
    """A phone stopped ringing then because another one was picked up, or the caller was led on.

    False where a dial reported: it tells.
    """
    legs = (leg for leg in record.children if leg.status is LegStatus.CANCELED)
    stopped = [leg.ended_at for leg in legs if leg.ended_at is not None]
    return not record.dials and any(abs(moment - at) <= SAME_MOMENT for moment in stopped)


def nothing_followed(record: CallRecord, dials: Sequence[DialResult], *, is_inbound: bool) -> bool:
    """Return True if the call ended right after the last of the legs that it dialled.

    The provider dates all of these. There was no time for anything but a sentence: a voicemail begins with a
    GREETING, another dial rings first. A person whose leg outlived ours was handed on.
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
    return after <= GREETING and (is_inbound or -after <= SAME_MOMENT)


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
