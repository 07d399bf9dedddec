"""Does the record say what really happened? Each rule by its name, and whole stories of calls.

A case is the facts that are known, and what follows: the rule, the outcome and the talk time.
"""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapter.domain.merge import join
from adapter.domain.outcome import RULES, SIP_NO_SUCH_NUMBER, Ending, Outcome, ending
from adapter.domain.parties import parties
from adapter.domain.record import (
    AnsweredBy,
    CallRecord,
    DialResult,
    Leg,
    LegDirection,
    LegStatus,
    PickUp,
    QueueExit,
    QueueStay,
    Recording,
    RecordingSource,
    RecordingState,
    RelayedCall,
)

LINE, AGENT, PERSON = "+16175550100", "+16175550150", "+16175550134"
OTHER_LINE = "+16175550101"
S, O = LegStatus, Outcome  # noqa: E741 - cases are to be read as a table
END = datetime(2026, 3, 2, 15, tzinfo=UTC)
TERMINAL_UNANSWERED = (S.NO_ANSWER, S.BUSY, S.FAILED, S.CANCELED)


def is_ours(number: str) -> bool:
    return number in (LINE, OTHER_LINE, AGENT)


def inbound(status: LegStatus | None, seconds: int | None = None, **facts: Any) -> Leg:
    """The leg of someone who calls our line."""
    return Leg(
        id="CA0",
        direction=LegDirection.INBOUND,
        from_number=PERSON,
        to_number=LINE,
        status=status,
        duration_seconds=seconds,
        **facts,
    )


def outbound(
    status: LegStatus | None, seconds: int | None = None, *, to: str = PERSON, **facts: Any
) -> Leg:
    """The leg of someone whom our program calls."""
    return Leg(
        id="CA0",
        direction=LegDirection.OUTBOUND,
        from_number=LINE,
        to_number=to,
        status=status,
        duration_seconds=seconds,
        **facts,
    )


def dialled(
    status: LegStatus | None, seconds: int | None = None, *, number: int = 1, **facts: Any
) -> Leg:
    """A leg that a <Dial> of the call made, to our staff unless `to_number` says otherwise."""
    ends = {"from_number": PERSON, "to_number": AGENT, **facts}
    return Leg(
        id=f"CA{number}",
        parent_id="CA0",
        direction=LegDirection.DIALLED,
        status=status,
        duration_seconds=seconds,
        **ends,
    )


def to_person(status: LegStatus | None, seconds: int | None = None, **facts: Any) -> Leg:
    return dialled(status, seconds, from_number=LINE, to_number=PERSON, **facts)


def dial(
    status: LegStatus,
    seconds: int | None = None,
    *,
    bridged: bool | None = None,
    gone: bool = False,
    leg: str = "CA1",
    sip: int | None = None,
) -> DialResult:
    return DialResult(
        leg_id=leg,
        status=status,
        duration_seconds=seconds,
        bridged=bridged,
        caller_gone=gone,
        sip_code=sip,
    )


def message(
    seconds: int | None = 25, state: RecordingState = RecordingState.COMPLETE, name: str = "RE1"
) -> Recording:
    return Recording(
        id=name, source=RecordingSource.VOICEMAIL, state=state, duration_seconds=seconds
    )


def conversation(seconds: int) -> Recording:
    return Recording(
        id="RE9",
        source=RecordingSource.CONVERSATION,
        state=RecordingState.COMPLETE,
        duration_seconds=seconds,
    )


def queue(exit: QueueExit, *, left: int | None = None) -> QueueStay:
    """The caller waited for 40 s. left: in how many seconds the call ended when the queue reported."""
    at = None if left is None else END - timedelta(seconds=left)
    return QueueStay(queue_id="QU1", exit=exit, wait_seconds=40, reported_at=at)


def ended(before: float) -> dict[str, Any]:
    """A leg ended so many seconds before the call did."""
    return {"ended_at": END - timedelta(seconds=before)}


def moved_on(status: LegStatus, seconds: int, **facts: Any) -> Leg:
    """The leg to a second phone, dialled 29.8 s before the end of the call."""
    times = {"created_at": END - timedelta(seconds=29.8), **ended(3), **facts}
    return dialled(status, seconds, number=2, **times)


def to_line() -> Leg:
    """The leg to our other line, which picked up, as lines do."""
    return dialled(S.COMPLETED, 80, to_number=OTHER_LINE)


def relayed(outcome: str, seconds: int) -> RelayedCall:
    return RelayedCall(leg_id="CA1", outcome=outcome, talk_seconds=seconds)


@dataclass(frozen=True)
class JoinedConference:
    """A hook told that the caller joined a conference. at: when it came."""

    at: datetime


Part = Leg | DialResult | Recording | QueueStay | RelayedCall | JoinedConference


def record(parts: tuple[Part, ...], *, was_read: bool = False, text: str = "") -> CallRecord:
    return CallRecord(
        provider="twilio",
        account="AC0",
        call_id="CA0",
        legs={part.id: part for part in parts if isinstance(part, Leg)},
        dials={part.leg_id: part for part in parts if isinstance(part, DialResult)},
        recordings={part.id: part for part in parts if isinstance(part, Recording)},
        transcripts={"RE1": text} if text else {},
        queues={part.queue_id: part for part in parts if isinstance(part, QueueStay)},
        relayed={part.leg_id: part for part in parts if isinstance(part, RelayedCall)},
        conference_at=next((p.at for p in parts if isinstance(p, JoinedConference)), None),
        was_read=was_read,
    )


def end_of(*parts: Part, was_read: bool = False, text: str = "") -> Ending:
    known = record(parts, was_read=was_read, text=text)
    return ending(known, parties(known, is_ours, lambda number: number in (LINE, OTHER_LINE)))


@dataclass(frozen=True)
class Case:
    story: str
    rule: str
    outcome: Outcome
    talk_seconds: int
    parts: tuple[Part, ...]
    text: str = ""


def case(
    story: str, rule: str, outcome: Outcome, talk_seconds: int, *parts: Part, text: str = ""
) -> Case:
    return Case(story, rule, outcome, talk_seconds, parts, text)


MACHINE: dict[str, Any] = {"answered_by": AnsweredBy.MACHINE}
HUMAN: dict[str, Any] = {"answered_by": AnsweredBy.HUMAN}
DEVICE = Leg(
    id="CA0", direction=LegDirection.INBOUND, from_number="client:anna", status=S.COMPLETED,
    duration_seconds=75,
)  # fmt: skip

RANG = dial(S.NO_ANSWER).model_copy(update={"reported_at": END - timedelta(seconds=60)})

CASES = [
    # Machines at the far end of outgoing calls.
    case("a machine took our call", "machine", O.VOICEMAIL, 0, outbound(S.COMPLETED, 31, **MACHINE)),
    case("a machine took it and we recorded our message", "machine", O.VOICEMAIL, 12, outbound(S.COMPLETED, 31, **MACHINE), message(12)),
    case("a machine took our agent's call", "machine", O.VOICEMAIL, 0, DEVICE, to_person(S.COMPLETED, 20, **MACHINE)),
    case("a fax took our call", "fax", O.FAILED, 0, outbound(S.COMPLETED, 31, answered_by=AnsweredBy.FAX)),
    case("a human took our call", "out_answered", O.ANSWERED, 49, outbound(S.COMPLETED, 49, **HUMAN)),
    case("it is not known who took our call", "out_answered", O.ANSWERED, 49, outbound(S.COMPLETED, 49, answered_by=AnsweredBy.UNKNOWN)),
    # Forwarded calls by the dial's result.
    case("the agent took it and hung up first", "dial_connected", O.ANSWERED, 95, inbound(S.COMPLETED, 110), dial(S.COMPLETED, 95, bridged=True)),
    case("the caller hung up first", "dial_connected", O.ANSWERED, 95, inbound(S.COMPLETED, 110), dial(S.COMPLETED, 95, bridged=True, gone=True)),
    case("an old account does not say bridged", "dial_connected", O.ANSWERED, 3, inbound(S.COMPLETED, 9), dial(S.COMPLETED, 3)),
    case("the dial's length is not told, its leg's is", "dial_connected", O.ANSWERED, 60, inbound(S.COMPLETED, 90), dialled(S.COMPLETED, 60), dial(S.COMPLETED, bridged=True)),
    case("the dial's length is told by nobody", "dial_connected", O.ANSWERED, 90, inbound(S.COMPLETED, 90), dial(S.COMPLETED, bridged=True)),
    case("a conference was joined", "dial_connected", O.ANSWERED, 90, inbound(S.COMPLETED, 90), dial(S.COMPLETED, leg="")),
    case("the second of two phones took it", "dial_connected", O.ANSWERED, 40, inbound(S.COMPLETED, 99), dial(S.NO_ANSWER, bridged=False), dial(S.COMPLETED, 40, bridged=True, leg="CA2")),
    case("a dial that names no leg failed, another's leg took it", "dialled_leg_answered", O.ANSWERED, 40, inbound(S.COMPLETED, 99), dial(S.FAILED, leg=""), dialled(S.COMPLETED, 40, number=2)),
    case("a dial that names no leg was turned down", "whisper_rejected", O.NO_ANSWER, 0, inbound(S.COMPLETED, 99), dial(S.COMPLETED, bridged=False, leg=""), dialled(S.COMPLETED, 4)),
    case("it was taken, and a conversation recorded", "dial_connected", O.ANSWERED, 40, inbound(S.COMPLETED, 99), dial(S.COMPLETED, 40, bridged=True), conversation(41)),
    case("it was taken, then a message left", "dial_connected", O.ANSWERED, 40, inbound(S.COMPLETED, 99), dial(S.COMPLETED, 40, bridged=True), message(10)),
    case("the caller hung up while it rang", "left_while_ringing", O.ABANDONED, 0, inbound(S.COMPLETED, 20), dial(S.CANCELED, gone=True, leg="")),
    case("an old account calls that no-answer", "dial_caller_left", O.ABANDONED, 0, inbound(S.COMPLETED, 20), dial(S.NO_ANSWER, bridged=False, gone=True)),
    case("the caller left during the whisper", "dial_caller_left", O.ABANDONED, 0, inbound(S.COMPLETED, 20), dial(S.COMPLETED, 4, bridged=False, gone=True)),
    case("only the child says that the caller left", "phone_canceled", O.ABANDONED, 0, inbound(S.COMPLETED, 20), dialled(S.CANCELED, 0)),
    case("the agent's line was busy", "dial_busy", O.BUSY, 0, inbound(S.COMPLETED, 20), dial(S.BUSY, bridged=False)),
    case("the agent's line was busy, says the child", "dial_busy", O.BUSY, 0, inbound(S.COMPLETED, 20), dialled(S.BUSY, 0)),
    case("one phone was busy, one was not taken", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 20), dial(S.BUSY, bridged=False), dial(S.NO_ANSWER, bridged=False, leg="CA2")),
    case("the agent turned it down at the whisper", "whisper_rejected", O.NO_ANSWER, 0, inbound(S.COMPLETED, 20), dial(S.COMPLETED, 6, bridged=False)),
    case("... and the leg's own hook says completed", "whisper_rejected", O.NO_ANSWER, 0, inbound(S.COMPLETED, 20), dialled(S.COMPLETED, 6), dial(S.COMPLETED, 6, bridged=False)),
    case("a machine took it at the agent's", "whisper_rejected", O.NO_ANSWER, 0, inbound(S.COMPLETED, 20), dialled(S.COMPLETED, 6, **MACHINE)),
    case("a machine took it at the agent's, bridged", "whisper_rejected", O.NO_ANSWER, 0, inbound(S.COMPLETED, 20), dialled(S.COMPLETED, 6, **MACHINE), dial(S.COMPLETED, 6, bridged=True)),
    case("the agent did not take it", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 40), dial(S.NO_ANSWER, bridged=False)),
    case("the agent's number does not exist", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 40), dial(S.FAILED, bridged=False, sip=404)),
    case("no leg was answered", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 40), dialled(S.NO_ANSWER, 0), dialled(S.FAILED, 0, number=2)),
    # Forwarded calls by the dialled legs.
    case("a dialled phone took it", "dialled_leg_answered", O.ANSWERED, 60, inbound(S.COMPLETED, 90), dialled(S.COMPLETED, 60)),
    case("a dialled phone talks", "dialled_leg_answered", O.ANSWERED, 0, inbound(S.IN_PROGRESS), dialled(S.IN_PROGRESS)),
    case("one of ten phones took it", "dialled_leg_answered", O.ANSWERED, 60, inbound(S.COMPLETED, 90), dialled(S.COMPLETED, 60, number=5), *(dialled(S.CANCELED, 0, number=n) for n in range(6, 15))),
    case("one of ten phones took it, only they say so", "dialled_leg_answered", O.ANSWERED, 60, dialled(S.COMPLETED, 60, number=5), *(dialled(S.NO_ANSWER, 0, number=n) for n in range(6, 15))),
    case("none of ten phones took it", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 90), *(dialled(S.NO_ANSWER, 0, number=n) for n in range(1, 11))),
    case("none of ten phones took it, the caller left", "phone_canceled", O.ABANDONED, 0, inbound(S.COMPLETED, 9), *(dialled(S.CANCELED, 0, number=n) for n in range(1, 11))),
    case("one of ten was turned down, one talked", "dial_connected", O.ANSWERED, 60, inbound(S.COMPLETED, 90), dialled(S.COMPLETED, 5), dialled(S.COMPLETED, 60, number=2), dial(S.COMPLETED, 60, bridged=True, leg="CA2")),
    case("only a child, and nobody took it", "dial_not_answered", O.NO_ANSWER, 0, dialled(S.NO_ANSWER, 0)),
    # Messages.
    case("nobody took it, and a message was left", "message_left", O.VOICEMAIL, 25, inbound(S.COMPLETED, 60), dial(S.NO_ANSWER, bridged=False), message(25)),
    case("a mailbox took it at once", "message_left", O.VOICEMAIL, 25, inbound(S.COMPLETED, 60), message(25)),
    case("a message is still being processed", "message_left", O.VOICEMAIL, 0, inbound(S.COMPLETED, 60), message(None, RecordingState.IN_PROGRESS)),
    case("two messages", "message_left", O.VOICEMAIL, 30, inbound(S.COMPLETED, 60), message(25), message(30, name="RE2")),
    case("a message was deleted meanwhile", "message_left", O.VOICEMAIL, 25, inbound(S.COMPLETED, 60), message(25, RecordingState.DELETED)),
    case("only the message's text", "message_left", O.VOICEMAIL, 0, inbound(S.COMPLETED, 60), text="Hello"),
    case("an empty message is none", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 60), dial(S.NO_ANSWER, bridged=False), message(0)),
    case("an absent message is none", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 60), dial(S.NO_ANSWER, bridged=False), message(None, RecordingState.ABSENT)),
    case("a failed message is none, but the caller reached the mailbox", "no_message_left", O.NO_ANSWER, 0, inbound(S.COMPLETED, 60), message(9, RecordingState.FAILED)),
    case("a recorded call is no message", "completed_only", O.ANSWERED, 60, inbound(S.COMPLETED, 60), conversation(58)),
    # The caller's own leg, where the call rang until someone answered (answerOnBridge).
    case("the caller hung up while it rang, says the parent", "in_hung_up_before_answer", O.ABANDONED, 0, inbound(S.CANCELED, 0)),
    case("nobody took it, says the parent", "not_picked_up", O.NO_ANSWER, 0, inbound(S.NO_ANSWER, 0)),
    case("busy, says the parent", "busy", O.BUSY, 0, inbound(S.BUSY, 0)),
    case("failed, says the parent", "failed", O.FAILED, 0, inbound(S.FAILED, 0)),
    case("... with a SIP code, which says nothing of the caller", "failed", O.FAILED, 0, inbound(S.FAILED, 0, sip_code=404)),
    # Outgoing calls.
    case("the person took it", "out_answered", O.ANSWERED, 42, outbound(S.COMPLETED, 42)),
    case("the person's line was busy", "busy", O.BUSY, 0, outbound(S.BUSY, 0)),
    case("busy comes with SIP 487 too", "busy", O.BUSY, 0, outbound(S.BUSY, 0, sip_code=487)),
    case("the person did not take it", "not_picked_up", O.NO_ANSWER, 0, outbound(S.NO_ANSWER, 0)),
    case("we hung up first", "out_canceled", O.NO_ANSWER, 0, outbound(S.CANCELED, 0)),
    case("it could not be connected", "failed", O.FAILED, 0, outbound(S.FAILED, 0)),
    case("it could not be connected, and SIP says a server error", "failed", O.FAILED, 0, outbound(S.FAILED, 0, sip_code=503)),
    *(case(f"no such number, SIP {code}", "out_no_such_number", O.DISCONNECTED, 0, outbound(S.FAILED, 0, sip_code=code)) for code in sorted(SIP_NO_SUCH_NUMBER)),
    case("no such number, but called no-answer", "out_no_such_number", O.DISCONNECTED, 0, outbound(S.NO_ANSWER, 0, sip_code=404)),
    case("a call that was answered exists", "out_answered", O.ANSWERED, 5, outbound(S.COMPLETED, 5, sip_code=404)),
    case("a call that was taken and says 200", "out_answered", O.ANSWERED, 5, outbound(S.COMPLETED, 5, sip_code=200)),
    # Outgoing calls of our agents: the person is on the dialled leg.
    case("the person took our agent's call", "dialled_leg_answered", O.ANSWERED, 60, DEVICE, to_person(S.COMPLETED, 60)),
    case("the person took it, says the dial", "dial_connected", O.ANSWERED, 61, DEVICE, to_person(S.COMPLETED, 60), dial(S.COMPLETED, 61, bridged=True)),
    case("the person did not take our agent's call", "not_picked_up", O.NO_ANSWER, 0, DEVICE, to_person(S.NO_ANSWER, 0)),
    case("the person's line was busy for our agent", "busy", O.BUSY, 0, DEVICE, to_person(S.BUSY, 0)),
    case("busy, says the dial alone", "busy", O.BUSY, 0, DEVICE, to_person(None), dial(S.BUSY, bridged=False)),
    case("our agent gave up", "out_canceled", O.NO_ANSWER, 0, DEVICE, to_person(S.CANCELED, 0)),
    case("our agent dialled a wrong number", "out_no_such_number", O.DISCONNECTED, 0, DEVICE, to_person(S.FAILED, 0, sip_code=404)),
    case("our agent dialled a wrong number, says the dial", "out_no_such_number", O.DISCONNECTED, 0, DEVICE, to_person(S.FAILED, 0), dial(S.FAILED, bridged=False, sip=484)),
    case("click to call, the person took it", "dialled_leg_answered", O.ANSWERED, 60, outbound(S.COMPLETED, 75, to=AGENT), to_person(S.COMPLETED, 60)),
    case("click to call, the person did not", "not_picked_up", O.NO_ANSWER, 0, outbound(S.COMPLETED, 75, to=AGENT), to_person(S.NO_ANSWER, 0)),
    case("with answerOnBridge, the caller left", "left_while_ringing", O.ABANDONED, 0, inbound(S.NO_ANSWER, 0), dial(S.CANCELED, bridged=False, gone=True)),
    case("with answerOnBridge, a phone says that the caller left", "left_while_ringing", O.ABANDONED, 0, inbound(S.NO_ANSWER, 0), dialled(S.CANCELED, 0)),
    case("two conversations one after the other", "dial_connected", O.ANSWERED, 100, inbound(S.COMPLETED, 120), dial(S.COMPLETED, 40, bridged=True), dial(S.COMPLETED, 60, bridged=True, leg="CA2")),
    # Queues.
    case("connected out of a queue", "queue_connected", O.ANSWERED, 80, inbound(S.COMPLETED, 120), queue(QueueExit.CONNECTED)),
    case("out of a queue, then nobody answered", "queue_connected", O.ANSWERED, 22, inbound(S.COMPLETED, 69, ended_at=END), queue(QueueExit.CONNECTED, left=7), dial(S.NO_ANSWER, bridged=False)),
    case("out of a queue, then by another phone", "dial_connected", O.ANSWERED, 55, inbound(S.COMPLETED, 104, ended_at=END), queue(QueueExit.CONNECTED, left=26), dial(S.COMPLETED, 17, bridged=True)),
    case("out of a queue, and the dial tells of it too", "dial_connected", O.ANSWERED, 80, inbound(S.COMPLETED, 120, ended_at=END), queue(QueueExit.CONNECTED, left=0), dial(S.COMPLETED, 80, bridged=True)),
    case("out of a queue, after a conversation", "dialled_leg_answered", O.ANSWERED, 57, inbound(S.COMPLETED, 120, ended_at=END), dialled(S.COMPLETED, 17, **ended(80)), queue(QueueExit.CONNECTED, left=0)),
    case("out of a queue, after a dial that nobody answered", "queue_connected", O.ANSWERED, 38, inbound(S.COMPLETED, 90, ended_at=END), dialled(S.NO_ANSWER, 0, **ended(80)), queue(QueueExit.CONNECTED, left=2)),
    case("moved on to another phone", "dial_connected", O.ANSWERED, 26, inbound(S.COMPLETED, 46, ended_at=END), dialled(S.COMPLETED, 7, **ended(30)), moved_on(S.COMPLETED, 19), dial(S.COMPLETED, 19, bridged=True, leg="CA2")),
    case("turned down at a whisper while the other phone rang", "dial_connected", O.ANSWERED, 19, inbound(S.COMPLETED, 46, ended_at=END), dialled(S.COMPLETED, 7, **ended(30)), moved_on(S.COMPLETED, 19, created_at=END - timedelta(seconds=40)), dial(S.COMPLETED, 19, bridged=True, leg="CA2")),
    case("our phone was left off the hook", "dial_connected", O.ANSWERED, 15, inbound(S.COMPLETED, 26, ended_at=END), dialled(S.COMPLETED, 31, **ended(-15)), dial(S.COMPLETED, 15, bridged=True)),
    case("a dial that names the leg of another leg", "dialled_leg_answered", O.ANSWERED, 17, inbound(S.COMPLETED, 40, ended_at=END), dialled(S.COMPLETED, 17, **ended(0)), dialled(S.NO_ANSWER, 0, number=2, **ended(5)).model_copy(update={"parent_id": "CA1"}), dial(S.NO_ANSWER, bridged=False, leg="CA2")),
    case("turned down at a whisper whose report is lost, then a message", "message_left", O.VOICEMAIL, 25, inbound(S.COMPLETED, 60, ended_at=END), dialled(S.COMPLETED, 4, **ended(40)), message(25)),
    case("a conversation whose report is lost, then a message", "dialled_leg_answered", O.ANSWERED, 16, inbound(S.COMPLETED, 60, ended_at=END), dialled(S.COMPLETED, 16, **ended(40)), message(25)),
    case("somebody joined the caller in a conference, after a phone had rung", "joined_in_conference", O.ANSWERED, 60, inbound(S.COMPLETED, 90, ended_at=END), RANG, JoinedConference(END - timedelta(seconds=59))),
    case("a phone was canceled, and the next one failed", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 40, ended_at=END), dialled(S.CANCELED, 0, **ended(2)), dialled(S.FAILED, 0, number=2, created_at=END - timedelta(seconds=1.5), **ended(1))),
    case("the caller left in the second in which the phone was dialled", "phone_canceled", O.ABANDONED, 0, inbound(S.COMPLETED, 40, ended_at=END), dialled(S.CANCELED, 0, created_at=END, **ended(0))),
    case("a conference was over before the phone had rung", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 90, ended_at=END), RANG, JoinedConference(END - timedelta(seconds=80))),
    case("hung up in the queue", "queue_caller_left", O.ABANDONED, 0, inbound(S.COMPLETED, 40), queue(QueueExit.HUNG_UP)),
    case("left the queue by a key", "queue_left", O.ABANDONED, 0, inbound(S.COMPLETED, 90), queue(QueueExit.LEFT)),
    case("left the queue for the mailbox", "message_left", O.VOICEMAIL, 25, inbound(S.COMPLETED, 90), queue(QueueExit.LEFT), message(25)),
    case("the queue was full", "queue_failed", O.NO_ANSWER, 0, inbound(S.COMPLETED, 9), queue(QueueExit.FULL)),
    case("the queue failed", "queue_failed", O.NO_ANSWER, 0, inbound(S.COMPLETED, 9), queue(QueueExit.ERROR)),
    case("taken out of the queue by our program", "completed_only", O.ANSWERED, 90, inbound(S.COMPLETED, 90), queue(QueueExit.REDIRECTED)),
    # Our own other lines.
    case("answered on our other line", "line_answered", O.ANSWERED, 50, inbound(S.COMPLETED, 90), to_line(), dial(S.COMPLETED, 80, bridged=True), relayed("answered", 50)),
    case("a message on our other line", "line_took_message", O.VOICEMAIL, 12, inbound(S.COMPLETED, 90), to_line(), dial(S.COMPLETED, 80, bridged=True), relayed("voicemail", 12)),
    case("the caller left while our other line rang", "line_caller_left", O.ABANDONED, 0, inbound(S.COMPLETED, 90), to_line(), relayed("abandoned", 0)),
    case("our other line was given up, and the caller was still there", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 90), dialled(S.NO_ANSWER, 0, to_number=OTHER_LINE), dial(S.NO_ANSWER, bridged=False, gone=False), relayed("abandoned", 0)),
    case("our other line was given up long before the caller left", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 90, ended_at=END), dialled(S.CANCELED, 0, to_number=OTHER_LINE, **ended(18)), relayed("abandoned", 0)),
    case("our other line rang until the caller left", "line_caller_left", O.ABANDONED, 0, inbound(S.COMPLETED, 90, ended_at=END), dialled(S.CANCELED, 0, to_number=OTHER_LINE, **ended(1)), relayed("abandoned", 0)),
    case("our other line's phone was busy", "dial_busy", O.BUSY, 0, inbound(S.COMPLETED, 90), to_line(), dial(S.COMPLETED, 80, bridged=True), relayed("busy", 0)),
    case("our other line rang out", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 90), dialled(S.NO_ANSWER, 0, to_number=OTHER_LINE), relayed("abandoned", 0)),
    case("nobody talked on our other line", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 90), to_line(), dial(S.COMPLETED, 80, bridged=True, gone=True), relayed("no_answer", 0)),
    case("it is open what came of it on our other line", "dial_not_answered", O.NO_ANSWER, 0, inbound(S.COMPLETED, 90), to_line(), dial(S.COMPLETED, 80, bridged=True)),
    # Nothing more is known.
    case("no more than completed", "completed_only", O.ANSWERED, 17, inbound(S.COMPLETED, 17)),
    case("no more than completed, without a length", "completed_only", O.ANSWERED, 0, inbound(S.COMPLETED)),
    case("it rings", "no_end", O.UNKNOWN, 0, inbound(S.RINGING)),
    case("nothing", "no_end", O.UNKNOWN, 0),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{case.rule}: {case.story}" for case in CASES])
def test_what_happened(case: Case) -> None:
    found = end_of(*case.parts, text=case.text)
    assert (found.rule, found.outcome, found.talk_seconds) == (
        case.rule,
        case.outcome,
        case.talk_seconds,
    )


def test_every_rule_has_a_case() -> None:
    assert {rule.name for rule in RULES} - {case.rule for case in CASES} == set()


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("status", TERMINAL_UNANSWERED)
@pytest.mark.parametrize("leg", [inbound, outbound])
def test_nobody_talked_where_nobody_answered(status: LegStatus, leg: Any) -> None:
    """Also where Twilio reports seconds of ringing."""
    assert end_of(leg(status, 33)).talk_seconds == 0


@pytest.mark.parametrize(
    ("inbound_outcome", "outbound_outcome", "status"),
    [
        (O.ABANDONED, O.NO_ANSWER, S.CANCELED),
        (O.NO_ANSWER, O.NO_ANSWER, S.NO_ANSWER),
        (O.BUSY, O.BUSY, S.BUSY),
        (O.FAILED, O.FAILED, S.FAILED),
        (O.ANSWERED, O.ANSWERED, S.COMPLETED),
    ],
)
def test_the_same_status_may_mean_another_thing_the_other_way(
    inbound_outcome: Outcome, outbound_outcome: Outcome, status: LegStatus
) -> None:
    """Canceled: the caller gave up on us; or we gave up before the person picked up."""
    assert end_of(inbound(status)).outcome is inbound_outcome
    assert end_of(outbound(status)).outcome is outbound_outcome


def test_a_bare_completed_is_marked_as_assumed_only_where_we_were_called() -> None:
    assert end_of(inbound(S.COMPLETED, 17)).assumed
    assert not end_of(outbound(S.COMPLETED, 17)).assumed
    assert not end_of(inbound(S.COMPLETED, 17), dial(S.COMPLETED, 9, bridged=True)).assumed


def test_what_twilio_itself_says_makes_an_open_outcome_certain() -> None:
    missed = (inbound(S.COMPLETED, 40), dial(S.NO_ANSWER, bridged=False))
    assert not end_of(*missed).certain
    assert end_of(*missed, was_read=True).certain


def test_an_assumption_stays_one_after_twilio_was_asked() -> None:
    found = end_of(inbound(S.COMPLETED, 17), was_read=True)
    assert (found.assumed, found.certain) == (True, False)


def test_an_answered_call_is_certain_only_with_its_length() -> None:
    assert not end_of(outbound(S.COMPLETED)).certain
    assert end_of(outbound(S.COMPLETED, 0)).certain


def test_reasons_are_words_for_people() -> None:
    for rule in RULES:
        assert rule.because[0].islower() and not rule.because.endswith(".")
        assert "_" not in rule.because


# What can be read in two ways ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leg", "joined", "talk"),
    [
        (dialled(S.COMPLETED, 16, **ended(20)), 19, 36),
        (dialled(S.COMPLETED, 16, **ended(20)), 22, 36),  # the hook came before the leg's end
        (dialled(S.COMPLETED, 16, **ended(20)), 40, 16),  # it was over by then
        (dialled(S.COMPLETED, 16), 12, 28),  # nobody dates the leg
    ],
)
def test_a_caller_who_was_moved_into_a_conference_talked_on(
    leg: Leg, joined: float, talk: int
) -> None:
    """joined: so many seconds before the end of the call a hook told of the conference."""
    known = record((inbound(S.COMPLETED, 50, ended_at=END), leg))
    known = known.model_copy(update={"conference_at": END - timedelta(seconds=joined)})
    found = ending(known, parties(known, is_ours))
    assert (found.outcome, found.talk_seconds) == (O.ANSWERED, talk)
    assert found.assumed is (talk > 16)


CONFERENCE = dial(S.COMPLETED, leg="").model_copy(update={"reported_at": END})


@pytest.mark.parametrize(
    ("before", "talk"),
    [
        ((), 90),
        ((RANG,), 60),
        ((RANG, dialled(S.NO_ANSWER, 0, **ended(62))), 62),  # its report came late
        ((dialled(S.COMPLETED, 24, **ended(60)),), 84),
        ((dialled(S.COMPLETED, 40, **ended(-1)),), 40),  # that phone went on in the conference
        ((queue(QueueExit.REDIRECTED, left=70),), 70),
    ],
    ids=["nothing", "a phone rang", "and its leg is dated", "talk", "talk to the end", "a queue"],
)
def test_the_talk_in_a_dialled_conference_begins_after_what_was_before(
    before: tuple[Part, ...], talk: int
) -> None:
    found = end_of(inbound(S.COMPLETED, 90, ended_at=END), CONFERENCE, *before)
    assert (found.outcome, found.talk_seconds, found.assumed) == (O.ANSWERED, talk, False)


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        ({"created_at": END - timedelta(seconds=24), **ended(0)}, O.ABANDONED),
        ({"created_at": END - timedelta(seconds=24), **ended(8)}, O.NO_ANSWER),  # they stayed
        ({"created_at": END - timedelta(seconds=40), **ended(0)}, O.NO_ANSWER),  # rang together
        ({**ended(0)}, O.NO_ANSWER),
        ({"created_at": END - timedelta(seconds=24)}, O.NO_ANSWER),
    ],
    ids=["it ended with the call", "before it", "it rang with the first", "not dated", "no end"],
)
def test_a_second_phone_that_was_canceled_with_the_call_was_given_up(
    last: dict[str, Any], outcome: Outcome
) -> None:
    """The dial of the first phone reported that nobody answered; that of the second one did not report."""
    first = dialled(S.NO_ANSWER, 0, **ended(25))
    second = dialled(S.CANCELED, 0, number=2, **last)
    found = end_of(inbound(S.COMPLETED, 48, ended_at=END), first, second, dial(S.NO_ANSWER))
    assert found.outcome is outcome


@pytest.mark.parametrize(("seconds", "talk"), [(29, 97), (15, 68)])
def test_of_three_conversations_the_one_whose_report_is_lost_counts(
    seconds: int, talk: int
) -> None:
    """A shorter one may have been turned down at a whisper."""
    first, third = dial(S.COMPLETED, 41), dial(S.COMPLETED, 27, leg="CA3")
    legs = (
        dialled(S.COMPLETED, 41, **ended(80)),
        dialled(S.COMPLETED, seconds, number=2, **ended(40)),
        dialled(S.COMPLETED, 27, number=3, **ended(0)),
    )
    found = end_of(inbound(S.COMPLETED, 130, ended_at=END), first, third, *legs)
    assert found.talk_seconds == talk


def test_the_talk_out_of_a_queue_is_worked_out_where_no_end_is_dated() -> None:
    """A dial of 76 s, 15 s after it a wait of 15 s, then 8 s of talk."""
    left = QueueStay(queue_id="QU1", exit=QueueExit.CONNECTED, wait_seconds=15, reported_at=END)
    told = dial(S.COMPLETED, 76).model_copy(update={"reported_at": END - timedelta(seconds=23)})
    known = record((inbound(S.COMPLETED, 108), told, left))
    known = known.model_copy(update={"begun_by": END - timedelta(seconds=108)})
    assert ending(known, parties(known, is_ours)).talk_seconds == 84


IN_QUEUE = queue(QueueExit.CONNECTED, left=0)
SHORT = dialled(S.COMPLETED, 5, **ended(40))


@pytest.mark.parametrize(
    ("facts", "pick_ups", "is_at_most"),
    [
        ((IN_QUEUE,), [], True),
        ((IN_QUEUE,), [None], True),
        ((IN_QUEUE,), [80], False),
        ((IN_QUEUE, IN_QUEUE.model_copy(update={"queue_id": "QU2"})), [80], True),
        ((IN_QUEUE, message(20)), [], True),
        ((queue(QueueExit.LEFT, left=0), message(20)), [], False),
        ((CONFERENCE,), [], True),
        ((dial(S.COMPLETED, 80),), [], False),
        ((SHORT, dialled(S.COMPLETED, 30, number=2, **ended(0))), [], True),
        ((SHORT, dial(S.COMPLETED, 5), dialled(S.COMPLETED, 30, number=2, **ended(0))), [], False),
        ((dialled(S.COMPLETED, 16, **ended(40)), dialled(S.COMPLETED, 30, number=2)), [], False),
    ],
    ids=[
        *("a queue", "nobody knows for how long", "told", "one of two is told", "then a message"),
        *("not connected", "a conference", "a dial", "turned down at a whisper, maybe"),
        *("taken, as its dial tells", "too long for a whisper"),
    ],
)
def test_a_talk_time_that_nobody_told_may_hold_a_greeting(
    facts: tuple[Part, ...], pick_ups: list[int | None], is_at_most: bool
) -> None:
    known = record((inbound(S.COMPLETED, 160, ended_at=END), *facts))
    by = {f"CA{n}": PickUp(by_call_id=f"CA{n}", seconds=told) for n, told in enumerate(pick_ups)}
    known = known.model_copy(update={"pick_ups": by})
    assert ending(known, parties(known, is_ours)).is_at_most is is_at_most


def test_without_times_a_conference_ended_by_the_length_of_the_call() -> None:
    known = record((inbound(S.COMPLETED, 50), dialled(S.COMPLETED, 16)))
    receipts = {
        "conference_at": END - timedelta(seconds=12),
        "begun_by": END - timedelta(seconds=50),
    }
    known = known.model_copy(update=receipts)
    assert ending(known, parties(known, is_ours)).talk_seconds == 28


@pytest.mark.parametrize(("seconds", "assumed"), [(4, True), (16, False)])
def test_a_phone_that_may_have_been_turned_down_is_assumed_to_have_taken_the_call(
    seconds: int, assumed: bool
) -> None:
    """No dial reported, and the caller stayed for 20 s after it."""
    leg = dialled(S.COMPLETED, seconds, **ended(20))
    found = end_of(inbound(S.COMPLETED, 50, ended_at=END), leg)
    assert (found.outcome, found.talk_seconds) == (O.ANSWERED, seconds)
    assert found.assumed is assumed


@pytest.mark.parametrize(("seconds", "assumed"), [(4, True), (15, True), (16, False)])
def test_a_short_conversation_with_which_the_call_ended_is_assumed_to_be_one(
    seconds: int, assumed: bool
) -> None:
    """Whoever hung up may have done so at the whisper, and the caller at once. No dial reported."""
    leg = dialled(S.COMPLETED, seconds, **ended(1))
    found = end_of(inbound(S.COMPLETED, 20, ended_at=END), leg)
    assert (found.outcome, found.talk_seconds) == (O.ANSWERED, seconds)
    assert found.assumed is assumed


@pytest.mark.parametrize(("recorded", "talk"), [((), 0), ((conversation(38),), 38)])
def test_a_length_that_nobody_told_is_no_shorter_than_its_recording(
    recorded: tuple[Recording, ...], talk: int
) -> None:
    found = end_of(inbound(S.COMPLETED), dialled(S.COMPLETED), *recorded)
    assert (found.outcome, found.talk_seconds) == (O.ANSWERED, talk)
    assert not found.has_length


@pytest.mark.parametrize(("seconds", "is_guessed"), [(4, True), (16, False)])
def test_a_message_after_a_short_leg_may_have_followed_a_conversation(
    seconds: int, is_guessed: bool
) -> None:
    leg = dialled(S.COMPLETED, seconds, **ended(40))
    found = end_of(inbound(S.COMPLETED, 60, ended_at=END), leg, message(25))
    assert found.assumed is is_guessed
    assert found.outcome is (O.VOICEMAIL if is_guessed else O.ANSWERED)


@pytest.mark.parametrize(
    ("stayed", "parts", "is_guessed"),
    [
        (19, (dialled(S.COMPLETED, 30),), False),
        (21, (dialled(S.COMPLETED, 30),), True),
        (29, (dialled(S.NO_ANSWER, 0),), False),
        (31, (dialled(S.NO_ANSWER, 0),), True),
        (31, (dialled(S.BUSY, 0), dial(S.BUSY, bridged=False)), True),
        (31, (dialled(S.NO_ANSWER, 0), message(25)), False),
        (31, (dialled(S.NO_ANSWER, 0), message(None, RecordingState.ABSENT)), False),
        (31, (dialled(S.COMPLETED, 30), message(None, RecordingState.ABSENT)), False),
        (31, (dialled(S.COMPLETED, 30), queue(QueueExit.HUNG_UP, left=0)), False),
    ],
)
def test_a_caller_who_stayed_for_long_may_have_talked_to_somebody(
    stayed: int, parts: tuple[Part, ...], is_guessed: bool
) -> None:
    """stayed: for so many seconds after the last that is known."""
    over = END - timedelta(seconds=stayed)
    leg, *others = (
        part.model_copy(
            update={"ended_at": over} if isinstance(part, Leg) else {"reported_at": over}
        )
        if isinstance(part, Leg | DialResult)
        else part
        for part in parts
    )
    found = end_of(inbound(S.COMPLETED, 80, ended_at=END), leg, *others)
    assert found.assumed is is_guessed


AFTER_MESSAGE = dialled(S.COMPLETED, 14, **ended(0.1))
BEFORE_MESSAGE = dialled(S.COMPLETED, 14, **ended(30))


@pytest.mark.parametrize(
    ("leg", "outcome", "talk"),
    [(AFTER_MESSAGE, O.ANSWERED, 14), (BEFORE_MESSAGE, O.VOICEMAIL, 4)],
    ids=["after the message", "before it"],
)
def test_no_message_follows_a_phone_that_was_connected_to_the_end(
    leg: Leg, outcome: Outcome, talk: int
) -> None:
    """A caller may have to say their name first: that is recorded as a message is."""
    found = end_of(inbound(S.COMPLETED, 60, ended_at=END), leg, message(4))
    assert (found.outcome, found.talk_seconds, found.assumed) == (outcome, talk, True)


def test_a_phone_that_was_dialled_after_the_message_was_not_turned_down_before_it() -> None:
    reported = message(4).model_copy(update={"reported_at": END - timedelta(seconds=40)})
    leg = dialled(S.COMPLETED, 14, created_at=END - timedelta(seconds=30), **ended(10))
    found = end_of(inbound(S.COMPLETED, 60, ended_at=END), leg, reported)
    assert (found.outcome, found.talk_seconds) == (O.ANSWERED, 14)


@pytest.mark.parametrize(
    ("report", "talk"), [((), 10), ((dial(S.COMPLETED, 9, bridged=True),), 9)], ids=["", "dial"]
)
def test_nobody_talks_on_when_the_caller_has_left(report: tuple[Part, ...], talk: int) -> None:
    """Our phone was left off the hook for 20 s."""
    leg = dialled(S.COMPLETED, 30, **ended(-20))
    found = end_of(inbound(S.COMPLETED, 15, ended_at=END), leg, *report)
    assert (found.outcome, found.talk_seconds) == (O.ANSWERED, talk)


NOT_ASKED = {"created_at": None}
TOGETHER = {"created_at": END - timedelta(seconds=23)}
AFTERWARDS = {"created_at": END - timedelta(seconds=13.4)}


@pytest.mark.parametrize(
    ("dialled_at", "is_open"),
    [(NOT_ASKED, True), (AFTERWARDS, True), (TOGETHER, False)],
    ids=["not asked", "afterwards", "together"],
)
def test_a_phone_that_was_picked_up_for_a_moment_before_the_next_is_told_as_open(
    dialled_at: dict[str, Any], is_open: bool
) -> None:
    """They may have talked until our program moved the caller on, or the phone was turned down."""
    first = dialled(S.COMPLETED, 4, number=2, **ended(14))
    last = dialled(S.COMPLETED, 9, **dialled_at, **ended(0))
    report = dial(S.COMPLETED, 9, bridged=True)
    found = end_of(inbound(S.COMPLETED, 23, ended_at=END), first, last, report)
    assert (found.outcome, found.talk_seconds, found.assumed) == (O.ANSWERED, 9, is_open)


def test_whoever_left_a_queue_and_stayed_may_have_talked_to_somebody() -> None:
    left = queue(QueueExit.LEFT, left=60)
    caller = inbound(S.COMPLETED, 105, ended_at=END)
    found = end_of(caller, left, was_read=True)
    assert (found.outcome, found.assumed) == (O.ABANDONED, True)
    joined = end_of(caller, left, JoinedConference(END - timedelta(seconds=59)), was_read=True)
    assert (joined.outcome, joined.talk_seconds, joined.assumed) == (O.ANSWERED, 60, True)
    late = queue(QueueExit.LEFT, left=-39)  # its report came after the call had ended
    joined = end_of(caller, late, JoinedConference(END - timedelta(seconds=59)), was_read=True)
    assert (joined.outcome, joined.talk_seconds, joined.assumed) == (O.ANSWERED, 59, True)
    rang = dialled(S.NO_ANSWER, 0, **ended(23))
    joined = end_of(caller, late, rang, JoinedConference(END), was_read=True)
    assert (joined.outcome, joined.talk_seconds, joined.assumed) == (O.ANSWERED, 23, True)


def test_what_the_provider_was_not_asked_about_is_assumed() -> None:
    """The caller hung up in a queue, long after the call began. The API was silent."""
    known = record((inbound(S.COMPLETED, 320, ended_at=END), queue(QueueExit.HUNG_UP, left=0)))
    silent = known.model_copy(update={"was_unreachable": True})
    assert not ending(known, parties(known, is_ours)).assumed
    assert ending(silent, parties(silent, is_ours)).assumed


def test_the_first_hook_of_a_conference_counts_in_whatever_order_they_come() -> None:
    first, later = (
        record((inbound(S.COMPLETED, 50),)).model_copy(update={"conference_at": moment})
        for moment in (END - timedelta(seconds=20), END)
    )
    assert join(first, later) == join(later, first) == first
    assert join(record((inbound(S.COMPLETED, 50),)), later) == later


def test_a_call_without_a_start_began_before_it_dialled() -> None:
    """The only hook, without a Timestamp, came 9 s late."""
    made = END - timedelta(seconds=53)
    known = record((inbound(S.COMPLETED, 53), dialled(S.COMPLETED, 39, created_at=made)))
    known = known.model_copy(update={"begun_by": made + timedelta(seconds=9)})
    assert known.began_at == made
    earlier = made - timedelta(seconds=1)
    assert known.model_copy(update={"begun_by": earlier}).began_at == earlier
