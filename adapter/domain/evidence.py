"""What do the facts of one call say, in the terms that the rules of its outcome are written in?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from adapter.domain import gave_up, out_of_queue, silence, spans, whispers
from adapter.domain.conversation import Conversation, Span
from adapter.domain.handed_on import SAME_END, HandOn
from adapter.domain.into_conference import (
    talk_in_conference,
    talk_in_dialled_conference,
    was_silent_before,
)
from adapter.domain.parties import Direction, Parties
from adapter.domain.record import (
    UNNAMED_LEG,
    AnsweredBy,
    CallRecord,
    DialResult,
    Leg,
    LegStatus,
    QueueExit,
    Recording,
    RecordingSource,
    RecordingState,
    RelayedCall,
)
from adapter.domain.whispers import CLOCKS


class Evidence:
    """The facts of one call in the terms of the rules."""

    def __init__(self, record: CallRecord, parties: Parties) -> None:
        self.record = record
        self.parties = parties
        self.inbound = parties.direction is Direction.INBOUND
        self.person_leg = parties.person_leg or record.parent
        self.parent = record.parent
        # What a dialled leg dialled itself, once it was handed on, is no conversation of the call's own.
        self.dials = tuple(d for _, d in sorted(record.dials.items()) if d.made_on is None)
        self.person_is_dialled = not self.inbound and self.person_leg.id != record.call_id

    # Who was connected ------------------------------------------------------------------------------

    @property
    def connected_dials(self) -> list[DialResult]:
        """Dials that connected two people. One of our own lines is no person."""
        return [dial for dial in self.dials if dial.is_connected and self.is_person(dial.leg_id)]

    def is_person(self, leg_id: str) -> bool:
        """Whoever picked up this leg is a person: no machine, and not one of our own lines."""
        leg = self.record.legs.get(leg_id)
        is_machine = leg is not None and leg.answered_by is AnsweredBy.MACHINE
        return not is_machine and leg_id not in self.parties.line_legs

    @property
    def connected_legs(self) -> list[Leg]:
        """Dialled legs that picked up and were not turned down at the whisper.

        A short one of which no dial reported was, if a message came after it.
        """
        picked_up, messages = self._picked_up_legs, self.messages
        short = self.short_legs if picked_up and messages else []
        return [
            leg
            for leg in picked_up
            if leg not in short or spans.came_last(self.record, leg, messages)
        ]

    @property
    def short_legs(self) -> list[Leg]:
        """Those that may have been turned down at a whisper: they were short, and no dial reported of them."""
        legs = [leg for leg in self._picked_up_legs if leg.id not in self.record.dials]
        return [leg for leg in legs if self.inbound and whispers.is_short(leg)]

    @property
    def _picked_up_legs(self) -> list[Leg]:
        turned_down = {dial.leg_id for dial in self.dials if not dial.is_connected}
        if any(
            d.leg_id == UNNAMED_LEG and d.status is LegStatus.COMPLETED
            for d in self.dials
            if not d.is_connected
        ):
            return []  # one of them was, and nobody says which
        return [
            leg
            for leg in self.record.children
            if leg.status in (LegStatus.COMPLETED, LegStatus.IN_PROGRESS)
            and leg.id not in turned_down
            and leg.id not in self.parties.line_legs
            and leg.answered_by is not AnsweredBy.MACHINE
        ]

    @property
    def may_have_been_turned_down(self) -> bool:
        """Nothing but short legs tells of a conversation, and the caller stayed after the last of them."""
        return self.has_only_short_legs and self.has_silent_end

    @property
    def has_only_short_legs(self) -> bool:
        """Nothing but legs that may have been turned down at a whisper tells of a conversation."""
        legs = self.connected_legs
        others = self.connected_dials or self.was_in_queue or self.relayed
        is_short = bool(legs) and len(self.short_legs) == len(legs)
        return is_short and not others and not self.was_moved_into_conference

    @property
    def relayed(self) -> list[RelayedCall]:
        """How the calls ended that our own lines were dialled for, as far as is known."""
        known = self.record.relayed
        return [known[leg_id] for leg_id in sorted(self.parties.line_legs) if leg_id in known]

    @property
    def waits_for_line(self) -> bool:
        """One of our own lines was dialled, and what became of the call there is not settled."""
        return not self.parties.line_legs <= self.record.relayed.keys()

    @property
    def queue_exits(self) -> set[QueueExit | None]:
        """How the caller left the queues of this call."""
        return {stay.exit for stay in self.record.queues.values()}

    @property
    def was_in_queue(self) -> bool:
        """The caller talked to somebody who took them out of a queue."""
        return out_of_queue.has_talk(self.record)

    @property
    def queue_seconds(self) -> int | None:
        """How long the caller talked to whoever took them out of a queue; None where that cannot be told."""
        legs = [leg.ended_at for leg in self.record.children if leg.id not in self.record.dials]
        ends = [
            span[1] for dial in self.dials if (span := spans.of_dial(self.record, dial)) is not None
        ]
        ends += [moment for moment in legs if moment is not None]
        return out_of_queue.talk_seconds(self.record, ends, CLOCKS)

    @property
    def conversations(self) -> Sequence[Conversation]:
        """Every one of the call; what its leg and its dial tell of one is joined.

        Where a dial names the leg that it connected, another leg that picked up was turned down at the
        whisper. It was not if it goes on, or if the report of its own dial is lost.
        """
        told = self._told_conversations
        last = self._talk_in_conference(told) if self.inbound else None
        return told if last is None else [*told, last]

    @property
    def was_moved_into_conference(self) -> bool:
        """The caller talked on in a conference. For how long is worked out from when they came and left."""
        return self._talked_in_conference and not self.dialled_conferences

    @property
    def dialled_conferences(self) -> list[DialResult]:
        """The dials that led to a conference: they name no leg, and tell no length."""
        return [dial for dial in self.connected_dials if spans.leads_to_conference(dial)]

    @property
    def is_conference_dated(self) -> bool:
        """It is known what was before the conference that was dialled."""
        return self._talked_in_conference and bool(self.dialled_conferences)

    @property
    def _talked_in_conference(self) -> bool:
        is_known = bool(self.record.conference_at or self.dialled_conferences)
        return is_known and len(self.conversations) > len(self._told_conversations)

    def _talk_in_conference(self, told: Sequence[Conversation]) -> Conversation | None:
        conferences = self.dialled_conferences
        if not conferences and self.record.conference_at is None:
            return None
        if not conferences:
            return talk_in_conference(self.record, told, self._ends_before_conference)
        reports = [dial.reported_at for dial in conferences]
        before = self._ends_before_conference
        return talk_in_dialled_conference(self.record, reports, told, before)

    @property
    def _ends_before_conference(self) -> list[datetime]:
        """When the other dials, their legs, and the stays in queues ended."""
        others = [dial for dial in self.dials if dial not in self.dialled_conferences]
        known = [spans.of_dial(self.record, dial) for dial in others]
        ends = [leg.ended_at for leg in self.record.children if leg.id not in self.record.dials]
        ends += [stay.reported_at for stay in self.record.queues.values()]
        ends += [span[1] for span in known if span is not None]
        return [moment for moment in ends if moment is not None]

    @property
    def _told_conversations(self) -> Sequence[Conversation]:
        """Those that a leg, a dial or the call on our other line tells of."""
        lengths: dict[str, list[int | None]] = {}
        for dial in self.connected_dials:
            lengths.setdefault(dial.leg_id, []).append(dial.duration_seconds)
        names_legs = any(dial.leg_id for dial in self.connected_dials)
        for leg in self.connected_legs:
            is_named = leg.id in lengths or self.record.is_connected_still(leg)
            if names_legs and not is_named and not self._has_a_lost_dial(leg):
                continue
            # A leg that goes on has no length, whatever was told of it before.
            still = self.record.is_connected_still(leg)
            length = self._until_caller_left(leg).duration_seconds
            lengths.setdefault(leg.id, []).append(None if still else length)
        conversations = []
        for leg_id, reported in lengths.items():
            known_leg = self.record.legs.get(leg_id)
            if known_leg is not None:
                known_leg = self._until_caller_left(known_leg)
                reported.append(known_leg.duration_seconds)
            goes_on = known_leg is not None and self.record.is_connected_still(known_leg)
            seconds = None if goes_on else max((n for n in reported if n is not None), default=None)
            if known_leg is not None and known_leg.id == self.person_leg.id and not goes_on:
                handed_on = HandOn(self.record, known_leg).talk_seconds
                seconds = seconds if handed_on is None else handed_on
            if leg_id == UNNAMED_LEG and seconds is None:
                continue  # a conference has no length of its own
            conversations.append(Conversation(seconds, known_leg.ended_at if known_leg else None))
        conversations += [
            Conversation(relay.talk_seconds)
            for relay in self.relayed
            if relay.outcome == "answered"
        ]
        return conversations

    def _until_caller_left(self, leg: Leg) -> Leg:
        return spans.until_caller_left(self.record, leg) if self.inbound else leg

    def _has_a_lost_dial(self, leg: Leg) -> bool:
        """A dial of which no report came connected this leg."""
        spans = self._spans_of_connected
        return spans is not None and whispers.was_talked_on(leg, spans, self._connected_others)

    @property
    def has_leg_without_dial(self) -> bool:
        """A leg was picked up, no dial reported of it, and it is not known whether others rang with it."""
        spans = self._spans_of_connected or []
        legs = [leg for leg in self.connected_legs if leg.id not in self.record.dials]
        is_open = any(whispers.is_undecided(leg, spans, self._connected_others) for leg in legs)
        return is_open and self.record.listed_until is None

    @property
    def has_uncounted_leg(self) -> bool:
        """A leg was picked up for a moment, and may have ended before the connected phone was dialled.

        Nobody tells whether they talked. The talk time leaves it out.
        """
        others, dials = self._connected_others, self._spans_of_connected or []
        legs = [leg for leg in self.connected_legs if leg.id not in self.record.dials]
        return bool(others) and any(
            whispers.may_have_come_before(leg, dials, others) and not self._has_a_lost_dial(leg)
            for leg in legs
        )

    @property
    def _connected_others(self) -> list[Leg | None]:
        """The legs of the dials that connected somebody, as far as they are known."""
        return [self.record.legs.get(dial.leg_id) for dial in self.connected_dials]

    @property
    def _spans_of_connected(self) -> list[Span] | None:
        """When the dials were that connected somebody; None if one of them is not dated."""
        return spans.all_known(spans.of_dial(self.record, dial) for dial in self.connected_dials)

    @property
    def was_handed_on(self) -> bool:
        """Our side left, the person stayed, and nobody tells whom they talked to from then on."""
        hand_on = HandOn(self.record, self.person_leg)
        return self.person_is_dialled and hand_on.outlived_ours and not hand_on.is_told_to_the_end

    @property
    def has_silent_end(self) -> bool:
        """The call went on for a while after its last conversation or dial: with another phone?"""
        has_talk = bool(self.conversations or out_of_queue.connected_stays(self.record))
        return has_talk and self.silence_at_end > SAME_END

    @property
    def silence_at_end(self) -> timedelta:
        """How long the call went on after its last conversation or dial; zero where that is not known."""
        return silence.silence_at_end(self.record, self.dials, self.conversations)

    @property
    def has_silent_start(self) -> bool:
        """For a while nothing is known of the call. Somebody else may have been connected in that time."""
        return silence.has_silent_start(self.record, self.dials, self.messages, self.conversations)

    @property
    def may_hide_a_short_talk(self) -> bool:
        """Whoever hung up as they waited may have talked before."""
        may_be = (self.inbound or self.person_is_dialled) and not self.messages
        return may_be and silence.may_hide_a_short_talk(
            self.record, self.dials, is_inbound=self.inbound
        )

    @property
    def went_on_after_message(self) -> bool:
        """The call went on for a while after the last message. Somebody may have been connected then."""
        return silence.went_on_after_message(self.record, self.messages)

    @property
    def has_undated_conference(self) -> bool:
        """Nothing is known of a while before the caller joined the conference that was dialled."""
        if not self.dialled_conferences:
            return False
        return was_silent_before(self.record, self._ends_before_conference) > silence.SILENCE

    @property
    def nothing_followed(self) -> bool:
        """The leg that dialled ended with the last of the legs that it dialled, as the provider dates both."""
        is_caller = self.inbound or self.person_is_dialled
        was_picked_up = is_caller and self.parent.status is LegStatus.COMPLETED
        return was_picked_up and silence.nothing_followed(
            self.record, self.dials, is_inbound=self.inbound
        )

    # What else happened -------------------------------------------------------------------------------

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
    def dial_statuses(self) -> set[LegStatus | None]:
        """How the dials ended; where no dial reported, how the dialled legs did.

        That one of our own lines picked up tells nothing, but that it was busy there.
        """
        ends = [(dial.leg_id, dial.status) for dial in self.dials] or [
            (leg.id, leg.status) for leg in self.record.children
        ]
        return {self._status_of(leg_id, status) for leg_id, status in ends}

    def _status_of(self, leg_id: str, status: LegStatus | None) -> LegStatus | None:
        if leg_id not in self.parties.line_legs or status is not LegStatus.COMPLETED:
            return status
        relay = self.record.relayed.get(leg_id)
        is_busy = relay is not None and relay.outcome == LegStatus.BUSY.value
        return LegStatus.BUSY if is_busy else LegStatus.NO_ANSWER

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
        """Nothing can change what is written: how it ended, for how long, when it began, and with whom.

        It was never picked up by anybody; or two people were connected; or the caller left while it rang;
        or it was told who picked up where our program called.
        """
        if not (self.record.is_over and self.record.is_start_known) or self.record.goes_on:
            return False
        never_answered = self.parent.is_over and self.parent.status is not LegStatus.COMPLETED
        # Whether a machine picked up is found out by another hook, unless this one said who did.
        person_answered = (
            not self.inbound
            and self.parent.status is LegStatus.COMPLETED
            and self.parent.answered_by is not None
        )
        if not self.dials and not self.record.children and not self.record.queues:
            return never_answered or person_answered
        return self.inbound and (
            bool(self.connected_dials) or self.was_given_up or self.nothing_followed
        )

    @property
    def was_still_there(self) -> bool:
        """The caller had not hung up when a dial ended without an answer, or a leg to our line did."""
        return gave_up.was_still_there(self.record, self.dials, self.parties.line_legs)

    @property
    def phone_was_given_up(self) -> bool:
        """The last phone that rang was canceled, as the caller was gone. No dial reported of it."""
        if self.dials:
            return gave_up.left_at_last_phone(self.record, self.dials)
        return LegStatus.CANCELED in self.dial_statuses and not self.was_still_there

    @property
    def was_given_up(self) -> bool:
        """A dial was canceled, as the caller was gone."""
        return any(d.caller_gone and d.status is LegStatus.CANCELED for d in self.dials)
