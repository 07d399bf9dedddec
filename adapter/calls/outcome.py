"""How did the call end? One table of rules over the merged facts; the first rule that applies decides.

The provider's `completed` says only that the provider itself picked up. What people act on ("missed",
"voicemail") follows from the dialled legs, the dial's result, recordings and machine detection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from adapter.calls.facts import (
    AnsweredBy,
    CallRecord,
    DialResult,
    Leg,
    LegDirection,
    LegStatus,
    Recording,
    RecordingSource,
    RecordingState,
)
from adapter.calls.parties import Direction, Parties, PartyKind


class Outcome(StrEnum):
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
    still be on its way that would change it. assumed: nothing told more than that the provider picked up.
    """

    outcome: Outcome
    talk_seconds: int
    rule: str
    because: str
    certain: bool
    assumed: bool = False
    is_final: bool = False


# SIP answers for numbers that do not exist or are out of service (RFC 3261 section 21).
SIP_NO_SUCH_NUMBER = frozenset({404, 410, 484, 604})


class Evidence:
    """The facts of one call in the terms of the rules."""

    def __init__(self, record: CallRecord, parties: Parties) -> None:
        self.record = record
        self.inbound = parties.direction is Direction.INBOUND
        self.person_leg = parties.person_leg or record.parent
        self.parent = record.parent
        self.dials = tuple(dial for _, dial in sorted(record.dials.items()))
        self.person_is_dialled = not self.inbound and self.person_leg.id != record.call_id

    @property
    def connected_dials(self) -> list[DialResult]:
        return [d for d in self.dials if d.is_connected and not self._is_machine(d.leg_id)]

    @property
    def connected_legs(self) -> list[Leg]:
        """Dialled legs that picked up and were not turned down at the whisper."""
        turned_down = {dial.leg_id for dial in self.dials if not dial.is_connected}
        if any(
            d.leg_id == "" and d.status is LegStatus.COMPLETED
            for d in self.dials
            if not d.is_connected
        ):
            return []  # one of them was, and nobody says which
        return [
            leg
            for leg in self.record.children
            if leg.status in (LegStatus.COMPLETED, LegStatus.IN_PROGRESS)
            and leg.id not in turned_down
            and leg.answered_by is not AnsweredBy.MACHINE
        ]

    @property
    def messages(self) -> list[Recording]:
        """What callers left: a `<Record>` that holds something, finished or still being processed."""
        return [
            recording
            for recording in self.record.recordings.values()
            if recording.source is RecordingSource.VOICEMAIL
            and recording.state not in (RecordingState.ABSENT, RecordingState.FAILED)
            and recording.duration_seconds != 0
        ]

    @property
    def tries(self) -> set[LegStatus | None]:
        """How the dials ended; where no dial reported, how the dialled legs did."""
        if self.dials:
            return {dial.status for dial in self.dials}
        return {leg.status for leg in self.record.children}

    @property
    def person_status(self) -> LegStatus | None:
        """How the person's leg ended, by its own hooks or by the dial's result."""
        if self.person_leg.status is not None and self.person_leg.is_over:
            return self.person_leg.status
        dial = self.record.dials.get(self.person_leg.id)
        return dial.status if dial is not None and dial.status else self.person_leg.status

    @property
    def person_sip_code(self) -> int | None:
        dial = self.record.dials.get(self.person_leg.id)
        return self.person_leg.sip_code or (dial.sip_code if dial else None)

    @property
    def is_final(self) -> bool:
        """It was never picked up by anybody; or two people were connected, and it is over."""
        alone = not self.dials and not self.record.children
        never_answered = self.parent.is_over and self.parent.status is not LegStatus.COMPLETED
        connected = self.inbound and bool(self.connected_dials) and self.record.is_over
        return (never_answered and alone) or connected

    def _is_machine(self, leg_id: str) -> bool:
        leg = self.record.legs.get(leg_id)
        return leg is not None and leg.answered_by is AnsweredBy.MACHINE


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
    lengths = [m.duration_seconds for m in e.messages if m.duration_seconds is not None]
    return max(lengths, default=None) if e.messages else 0


def _talk(e: Evidence) -> int | None:
    """Of the connected leg or dial; the longest where several connected one after the other."""
    lengths = [d.duration_seconds for d in e.connected_dials]
    lengths += [
        e.record.legs[d.leg_id].duration_seconds
        for d in e.connected_dials
        if d.leg_id in e.record.legs
    ]
    lengths += [leg.duration_seconds for leg in e.connected_legs]
    return max((n for n in lengths if n is not None), default=e.parent.duration_seconds)


def _person(e: Evidence, *statuses: LegStatus) -> bool:
    """The leg that the person is on ended so (inbound: the parent; it never got past ringing)."""
    return e.person_status in statuses


def _someone_was_dialled(e: Evidence) -> bool:
    return not e.person_is_dialled and bool(e.dials or e.record.children)


def _caller_left(e: Evidence) -> bool:
    if any(d.caller_gone and d.status is not LegStatus.BUSY for d in e.dials):
        return True
    return not e.dials and LegStatus.CANCELED in e.tries


def _leg_talk(e: Evidence) -> int | None:
    """Not known while a leg that picked up is not known to have ended."""
    return _talk(e) if all(leg.is_over for leg in e.connected_legs) else None


S, O = LegStatus, Outcome  # noqa: E741 - the table below is to be read as a table

RULES: tuple[Rule, ...] = (
    Rule("machine", lambda e: not e.inbound and e.person_leg.answered_by is AnsweredBy.MACHINE, O.VOICEMAIL, _message_length, "a machine picked up"),
    Rule("fax", lambda e: not e.inbound and e.person_leg.answered_by is AnsweredBy.FAX, O.FAILED, _nobody_talked, "a fax machine picked up"),
    Rule("dial_connected", lambda e: bool(e.connected_dials), O.ANSWERED, _talk, "the dial was connected"),
    Rule("dialled_leg_answered", lambda e: bool(e.connected_legs), O.ANSWERED, _leg_talk, "a dialled phone picked up"),
    Rule("message_left", lambda e: bool(e.messages) or any(e.record.transcripts.values()), O.VOICEMAIL, _message_length, "the caller left a message"),
    Rule("in_hung_up_before_answer", lambda e: e.inbound and _person(e, S.CANCELED), O.ABANDONED, _nobody_talked, "the caller hung up before anyone answered"),
    Rule("out_no_such_number", lambda e: not e.inbound and not _person(e, S.COMPLETED, S.BUSY) and e.person_sip_code in SIP_NO_SUCH_NUMBER, O.DISCONNECTED, _nobody_talked, "the number does not exist or is out of service"),
    Rule("busy", lambda e: _person(e, S.BUSY), O.BUSY, _nobody_talked, "the line was busy"),
    Rule("failed", lambda e: _person(e, S.FAILED), O.FAILED, _nobody_talked, "the call could not be connected"),
    Rule("not_picked_up", lambda e: _person(e, S.NO_ANSWER), O.NO_ANSWER, _nobody_talked, "nobody picked up"),
    Rule("out_canceled", lambda e: not e.inbound and _person(e, S.CANCELED), O.NO_ANSWER, _nobody_talked, "we hung up before the person picked up"),
    Rule("dial_caller_left", lambda e: _someone_was_dialled(e) and _caller_left(e), O.ABANDONED, _nobody_talked, "the caller hung up while it rang"),
    Rule("dial_busy", lambda e: _someone_was_dialled(e) and e.tries == {S.BUSY}, O.BUSY, _nobody_talked, "the dialled phone was busy", certain=False),
    Rule("whisper_rejected", lambda e: _someone_was_dialled(e) and S.COMPLETED in e.tries, O.NO_ANSWER, _nobody_talked, "the dialled phone picked up but did not take the call", certain=False),
    Rule("dial_not_answered", lambda e: _someone_was_dialled(e), O.NO_ANSWER, _nobody_talked, "the dialled phone did not answer", certain=False),
    Rule("no_message_left", lambda e: any(r.source is RecordingSource.VOICEMAIL for r in e.record.recordings.values()), O.NO_ANSWER, _nobody_talked, "the caller reached the voicemail and left no message"),
    Rule("out_answered", lambda e: not e.inbound and e.person_leg.direction is not LegDirection.INBOUND and _person(e, S.COMPLETED), O.ANSWERED, lambda e: e.person_leg.duration_seconds, "the person picked up"),
    Rule("completed_only", lambda e: e.parent.status is S.COMPLETED, O.ANSWERED, lambda e: e.parent.duration_seconds, "the provider reports no more than that it completed", certain=False, assumed=True),
)  # fmt: skip


def ending(record: CallRecord, parties: Parties) -> Ending:
    """How the call ended as far as is known now."""
    evidence = Evidence(record, parties)
    for rule in RULES:
        if rule.applies(evidence):
            talk = rule.talk(evidence)
            # The caller may still leave a message while the call goes on; asking the provider settles it.
            # While the other side is our own (a click-to-call's agent), the leg to the person may follow.
            is_ours = parties.other.kind in (PartyKind.OURS, PartyKind.DEVICE)
            was_told = record.was_read and record.is_over and not rule.assumed
            certain = (rule.certain and not is_ours) or was_told
            return Ending(
                outcome=rule.outcome,
                talk_seconds=max(talk or 0, 0),
                rule=rule.name,
                because=rule.because,
                certain=certain and talk is not None,
                assumed=rule.assumed,
                is_final=(was_told or (certain and evidence.is_final)) and talk is not None,
            )
    return Ending(Outcome.UNKNOWN, 0, "no_end", "no end of the call was reported", False)
