"""How did the call end? One table of rules over the merged facts; the first rule that applies decides.

The provider's `completed` says only that the provider itself picked up. What people act on ("missed",
"voicemail") follows from the dialled legs, the dial's result, recordings and machine detection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from adapter.domain import out_of_queue
from adapter.domain.conversation import total_seconds
from adapter.domain.evidence import Evidence
from adapter.domain.parties import Parties, PartyKind
from adapter.domain.record import (
    UNNAMED_LEG,
    AnsweredBy,
    CallRecord,
    LegDirection,
    LegStatus,
    QueueExit,
    RecordingSource,
)
from adapter.domain.silence import SILENCE, USUAL_RING


class Outcome(StrEnum):
    """How a call ended. UNKNOWN: no end was reported."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    FAILED = "failed"
    DISCONNECTED = "disconnected"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Ending:
    """The outcome, the talk time in whole seconds, and the rule that said so.

    certain: the facts are conclusive, so that nobody needs to be asked. is_final: moreover no hook can
    still be on its way that would change it. assumed: nothing told more than that the provider picked up,
    or what would have told more could not be asked, or is_guessed. has_length: the talk time is known.
    is_guessed: the facts can be read in two ways, and this is the likelier one. is_at_most: nobody told the
    talk time. It is worked out from what came before, and holds a greeting or a wait that no report tells of,
    or a phone that may have been turned down.
    """

    outcome: Outcome
    talk_seconds: int
    rule: str
    because: str
    certain: bool
    assumed: bool = False
    is_final: bool = False
    has_length: bool = True
    is_guessed: bool = False
    is_at_most: bool = False


# The rules that say when a call is due, or whether something is asked.
MACHINE = "machine"
NOT_PICKED_UP = "not_picked_up"
OUT_ANSWERED = "out_answered"
MESSAGE_LEFT = "message_left"
NOBODY_PICKED_UP = frozenset({"dial_busy", "dial_not_answered", "whisper_rejected"})
NOBODY_TOOK_IT = NOBODY_PICKED_UP | {"queue_left", "queue_failed"}

# SIP answers for numbers that do not exist or are out of service (RFC 3261 section 21).
SIP_NO_SUCH_NUMBER = frozenset({404, 410, 484, 604})


Test = Callable[[Evidence], bool]
Seconds = Callable[[Evidence], "int | None"]


@dataclass(frozen=True)
class Rule:
    """name; when it applies; the outcome; the talk time (None: not known yet); why, in plain words."""

    name: str
    applies: Test
    outcome: Outcome
    talk: Seconds
    because: str
    certain: bool = True
    assumed: bool = False


def _nobody_talked(_: Evidence) -> int:
    return 0


def _message_length(e: Evidence) -> int | None:
    """Of the longest message; None while one is still being processed."""
    lengths = [message.duration_seconds for message in e.messages]
    known = [length for length in lengths if length is not None]
    return None if len(known) < len(lengths) else max(known, default=0)


def _talk(e: Evidence) -> int | None:
    """The sum of the conversations; None while the length of one is not known.

    A conference has no leg that ended with it: its length is the call's own.
    """
    conversations = e.conversations
    unnamed = [d for d in e.connected_dials if d.leg_id == UNNAMED_LEG]
    lengths = [d.duration_seconds for d in unnamed if d.duration_seconds is not None]
    if len(lengths) < len(unnamed) and not e.is_conference_dated:
        return _whole_call(e)
    if any(conversation.seconds is None for conversation in conversations):
        return None
    talked = max(total_seconds(conversations), sum(lengths))
    if not e.was_in_queue:
        return talked
    in_queue, whole = e.queue_seconds, _whole_call(e)
    if in_queue is None or whole is None:
        return talked if whole is not None else None
    # Where both are more than the whole call, they tell of the same conversation.
    return talked + in_queue if talked + in_queue <= whole else talked


def _out_of_queue(e: Evidence) -> int | None:
    """Until the caller left the queue, else the whole call."""
    return e.queue_seconds if e.queue_seconds is not None else _whole_call(e)


def _whole_call(e: Evidence) -> int | None:
    """As long as the parent leg lasted, less the time in queues."""
    whole = e.parent.duration_seconds
    waits = (stay.wait_seconds or 0 for stay in e.record.queues.values())
    return None if whole is None else max(whole - sum(waits), 0)


def _guess(e: Evidence) -> int:
    """The best that is known of a talk time that is not known: it is no shorter than what was recorded of it."""
    recorded = (
        recording.duration_seconds or 0
        for recording in e.record.recordings.values()
        if recording.source is RecordingSource.CONVERSATION
    )
    return total_seconds(e.conversations) or _whole_call(e) or max(recorded, default=0)


def _person(e: Evidence, *statuses: LegStatus) -> bool:
    """The leg that the person is on ended so (inbound: the parent; it never got past ringing)."""
    return e.person_status in statuses


def _someone_was_dialled(e: Evidence) -> bool:
    return not e.person_is_dialled and bool(e.dials or e.record.children)


def _left_while_ringing(e: Evidence) -> bool:
    """The dial was given up as the caller was gone; or a phone was, and nobody ever picked up."""
    unanswered = e.inbound and not e.dials and e.parent.status is S.NO_ANSWER
    return not e.person_is_dialled and (
        e.was_given_up or (unanswered and S.CANCELED in e.dial_statuses)
    )


def _caller_left(e: Evidence) -> bool:
    """The caller had hung up when the dial ended; older accounts call that dial "no-answer".

    Where one of our own lines picked up, its own call tells who left. Where a machine did, nobody answered.
    """
    return any(
        dial.caller_gone
        and dial.status is not S.BUSY
        and not (dial.status is S.COMPLETED and not e.is_person(dial.leg_id))
        for dial in e.dials
    )


def _reached_mailbox(e: Evidence) -> bool:
    """A message was recorded, or was to be."""
    return any(r.source is RecordingSource.VOICEMAIL for r in e.record.recordings.values())


def _line_said(e: Evidence, outcome: Outcome) -> bool:
    """One of our own lines was dialled, and its call ended so."""
    return any(relay.outcome == outcome.value for relay in e.relayed)


def _line_message(e: Evidence) -> int:
    return max(
        (r.talk_seconds or 0 for r in e.relayed if r.outcome == O.VOICEMAIL.value), default=0
    )


S, O = LegStatus, Outcome  # noqa: E741 - the table below is to be read as a table

RULES: tuple[Rule, ...] = (
    Rule(MACHINE, lambda e: not e.inbound and e.person_leg.answered_by is AnsweredBy.MACHINE, O.VOICEMAIL, _message_length, "a machine picked up"),
    Rule("fax", lambda e: not e.inbound and e.person_leg.answered_by is AnsweredBy.FAX, O.FAILED, _nobody_talked, "a fax machine picked up"),
    Rule("dial_connected", lambda e: bool(e.connected_dials), O.ANSWERED, _talk, "the dial was connected"),
    Rule("dialled_leg_answered", lambda e: bool(e.connected_legs), O.ANSWERED, _talk, "a dialled phone picked up"),
    Rule("line_answered", lambda e: _line_said(e, O.ANSWERED), O.ANSWERED, _talk, "the call was answered on our other line"),
    Rule("joined_in_conference", lambda e: e.was_moved_into_conference, O.ANSWERED, _talk, "somebody joined the caller in a conference"),
    Rule("queue_connected", lambda e: QueueExit.CONNECTED in e.queue_exits or bool(e.record.pick_ups), O.ANSWERED, _out_of_queue, "the caller was connected out of the queue"),
    Rule(MESSAGE_LEFT, lambda e: bool(e.messages) or any(e.record.transcripts.values()), O.VOICEMAIL, _message_length, "the caller left a message"),
    Rule("line_took_message", lambda e: _line_said(e, O.VOICEMAIL), O.VOICEMAIL, _line_message, "the caller left a message on our other line"),
    Rule("left_while_ringing", _left_while_ringing, O.ABANDONED, _nobody_talked, "the caller hung up while it rang"),
    Rule("in_hung_up_before_answer", lambda e: e.inbound and _person(e, S.CANCELED), O.ABANDONED, _nobody_talked, "the caller hung up before anyone answered"),
    Rule("out_no_such_number", lambda e: not e.inbound and not _person(e, S.COMPLETED, S.BUSY) and e.person_sip_code in SIP_NO_SUCH_NUMBER, O.DISCONNECTED, _nobody_talked, "the number does not exist or is out of service"),
    Rule("busy", lambda e: _person(e, S.BUSY), O.BUSY, _nobody_talked, "the line was busy"),
    Rule("failed", lambda e: _person(e, S.FAILED), O.FAILED, _nobody_talked, "the call could not be connected"),
    Rule(NOT_PICKED_UP, lambda e: _person(e, S.NO_ANSWER), O.NO_ANSWER, _nobody_talked, "nobody picked up"),
    Rule("out_canceled", lambda e: not e.inbound and _person(e, S.CANCELED), O.NO_ANSWER, _nobody_talked, "we hung up before the person picked up"),
    Rule("dial_caller_left", lambda e: _someone_was_dialled(e) and _caller_left(e), O.ABANDONED, _nobody_talked, "the caller hung up while it rang"),
    Rule("line_caller_left", lambda e: _line_said(e, O.ABANDONED) and not e.was_still_there, O.ABANDONED, _nobody_talked, "the caller hung up while our other line rang"),
    Rule("queue_caller_left", lambda e: QueueExit.HUNG_UP in e.queue_exits, O.ABANDONED, _nobody_talked, "the caller hung up while waiting in the queue"),
    Rule("queue_left", lambda e: QueueExit.LEFT in e.queue_exits, O.ABANDONED, _nobody_talked, "the caller left the queue", certain=False),
    Rule("phone_canceled", lambda e: _someone_was_dialled(e) and e.phone_was_given_up, O.ABANDONED, _nobody_talked, "the caller hung up while it rang", certain=False),
    Rule("dial_busy", lambda e: _someone_was_dialled(e) and e.dial_statuses == {S.BUSY}, O.BUSY, _nobody_talked, "the dialled phone was busy", certain=False),
    Rule("whisper_rejected", lambda e: _someone_was_dialled(e) and S.COMPLETED in e.dial_statuses, O.NO_ANSWER, _nobody_talked, "the dialled phone picked up but did not take the call", certain=False),
    Rule("dial_not_answered", lambda e: _someone_was_dialled(e), O.NO_ANSWER, _nobody_talked, "the dialled phone did not answer", certain=False),
    Rule("queue_failed", lambda e: bool({QueueExit.FULL, QueueExit.ERROR} & e.queue_exits), O.NO_ANSWER, _nobody_talked, "the queue was full or failed", certain=False),
    Rule("no_message_left", _reached_mailbox, O.NO_ANSWER, _nobody_talked, "the caller reached the voicemail and left no message"),
    Rule(OUT_ANSWERED, lambda e: not e.inbound and e.person_leg.direction is not LegDirection.INBOUND and _person(e, S.COMPLETED), O.ANSWERED, lambda e: e.person_leg.duration_seconds, "the person picked up"),
    Rule("completed_only", lambda e: e.parent.status is S.COMPLETED, O.ANSWERED, lambda e: e.parent.duration_seconds, "the provider reports no more than that it completed", certain=False, assumed=True),
)  # fmt: skip


def _is_left_open(record: CallRecord, e: Evidence, rule: Rule, *, certain: bool) -> bool:
    """The provider was asked and gave no answer. A few questions are open even where the ending is certain."""
    if not record.was_unreachable:
        return False
    is_short_of_facts = e.has_silent_start or e.went_on_after_message
    if rule.outcome is not O.ANSWERED:
        is_short_of_facts = is_short_of_facts or e.may_hide_a_short_talk
    return not certain or rule.name == OUT_ANSWERED or is_short_of_facts


def _has_two_readings(e: Evidence, rule: Rule) -> bool:
    """What is said of the call rests on the likelier of two ways to read the facts."""
    if rule.name == MESSAGE_LEFT:
        return bool(e.short_legs)  # turned down at a whisper, or talked on for a moment
    is_answered = rule.outcome is Outcome.ANSWERED
    if not e.inbound or rule.assumed or not (is_answered or rule.name in NOBODY_TOOK_IT):
        return False
    unexplained = timedelta() if _reached_mailbox(e) else e.silence_at_end
    if is_answered:
        stayed = unexplained > SILENCE
        is_doubtful = e.has_only_short_legs or e.has_uncounted_leg
        return e.was_moved_into_conference or is_doubtful or stayed
    # The caller stayed for longer than a greeting lasts, or the ring of another phone: with somebody?
    return unexplained > (USUAL_RING if rule.name in NOBODY_PICKED_UP else SILENCE)


def _is_at_most(e: Evidence, rule: Rule) -> bool:
    """The talk time is worked out from when it can have begun: out of a queue, or in a conference.

    Or it holds a phone that may have been turned down at a whisper, beside another conversation.
    """
    if rule.outcome is not Outcome.ANSWERED:
        return False
    is_of_queue = e.was_in_queue and out_of_queue.told_seconds(e.record) is None
    has_short_leg = any(leg in e.connected_legs for leg in e.short_legs)
    has_short_leg = has_short_leg and len(e.conversations) > 1
    return (
        is_of_queue or has_short_leg or e.was_moved_into_conference or bool(e.dialled_conferences)
    )


def ending(record: CallRecord, parties: Parties) -> Ending:
    """How the call ended as far as is known now."""
    evidence = Evidence(record, parties)
    for rule in RULES:
        if rule.applies(evidence):
            talk = rule.talk(evidence)
            # The caller may still leave a message while the call goes on; asking the provider settles it.
            # While the other side is our own (a click-to-call's agent), the leg to the person may follow.
            guess = _guess(evidence) if rule.outcome is Outcome.ANSWERED else 0
            is_ours = parties.other.kind in (PartyKind.OURS, PartyKind.DEVICE)
            is_settled = talk is not None and not evidence.waits_for_line
            is_told = record.is_over and not rule.assumed
            was_told = is_told and (record.was_read or evidence.nothing_followed)
            certain = ((rule.certain and not is_ours) or was_told) and is_settled
            is_guessed = _has_two_readings(evidence, rule)
            return Ending(
                outcome=rule.outcome,
                talk_seconds=max(talk if talk is not None else guess, 0),
                rule=rule.name,
                because=rule.because,
                certain=certain,
                assumed=rule.assumed
                or _is_left_open(record, evidence, rule, certain=certain)
                or is_guessed,
                is_final=certain and (was_told or evidence.is_final),
                has_length=talk is not None,
                is_guessed=is_guessed,
                is_at_most=_is_at_most(evidence, rule),
            )
    return Ending(Outcome.UNKNOWN, 0, "no_end", "no end of the call was reported", False)
