"""What do the hooks of a call leave open, and which read of the provider's API answers it?

One table. A question stays open until an answer closes it, or until the API was asked after it had
time to catch up with the end of the call (API_LAG): then what is missing here is missing there too.
docs/decisions/0013-asking-the-provider.md has the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from adapter.domain.due import SettlePolicy, awaits_provider_link
from adapter.domain.evidence import Evidence
from adapter.domain.handed_on import SAME_END
from adapter.domain.out_of_queue import has_talk, is_worked_out, queued_by
from adapter.domain.outcome import (
    MESSAGE_LEFT,
    NOBODY_TOOK_IT,
    NOT_PICKED_UP,
    OUT_ANSWERED,
    Ending,
    Outcome,
)
from adapter.domain.parties import Direction, Parties, PartyKind
from adapter.domain.record import UNNAMED_LEG, CallRecord, Recording, RecordingSource
from adapter.domain.silence import SILENCE
from adapter.domain.spans import leads_to_conference

# The provider's API may be behind its own hooks for so long after the end of a call.
API_LAG = timedelta(seconds=60)
# When the API is asked, in seconds after the end of the call; the first look is when the call is due.
LOOKS_AT_SECONDS: tuple[float, ...] = (20.0, 40.0, 60.5)
# Two looks are never closer together than this.
BETWEEN_LOOKS_SECONDS = 5.0
# A call of which the provider says that it goes on is looked at again after so long, then ever less often.
GOES_ON_SECONDS = 30.0
GOES_ON_AT_MOST_SECONDS = 600.0
# Nothing of the API has answered for so long: calls no longer wait for it than API_LAG.
UNREACHABLE_AFTER = timedelta(minutes=15)


class Read(StrEnum):
    """A read of the provider's API, in the order in which they are made: one may make the next needless."""

    CALL = "the call itself"
    LEGS = "the legs that it dialled"
    ONWARD = "the legs that the person's leg dialled"
    RECORDINGS = "its recordings"


@dataclass(frozen=True)
class Known:
    """What is known of a call when a question is looked at. has_other_lines: we have several lines."""

    record: CallRecord
    parties: Parties
    ending: Ending
    policy: SettlePolicy
    has_other_lines: bool

    @property
    def is_uncertain(self) -> bool:
        """It ended, and how is not certain: a phone may have answered, or a message may be there."""
        return (
            self.record.is_over
            and not self.ending.certain
            and self.ending.outcome is not Outcome.UNKNOWN
        )

    @property
    def somebody_answered(self) -> bool:
        """That much is clear, though not for how long they talked."""
        is_told = not self.ending.assumed or self.ending.is_guessed
        return self.ending.outcome is Outcome.ANSWERED and is_told

    @property
    def has_open_end(self) -> bool:
        """Nobody took the call, as far as is known, and the caller stayed for a while after that."""
        is_untaken = self.record.is_over and self.ending.rule in NOBODY_TOOK_IT
        return is_untaken and Evidence(self.record, self.parties).silence_at_end > SAME_END

    @property
    def has_dialled_conference(self) -> bool:
        """A dial led to a conference, which has no length of its own."""
        return any(map(leads_to_conference, self.record.dials.values()))

    @property
    def unnamed_connections(self) -> tuple[str, ...]:
        """The connected dials of which no leg is known, where they may lead to another of our lines."""
        is_inbound = self.parties.direction is Direction.INBOUND
        return self.record.unnamed_connections if self.has_other_lines and is_inbound else ()


@dataclass(frozen=True)
class Question:
    """Something that the provider could tell and that would change what is written. read: what answers it.

    is_asked_again: where the provider's API gives no answer, or refuses the credentials, it is asked again
    after API_LAG too. It is not where the hooks told all that they tell of most such calls: those would wait
    with every outage.
    is_known_at_once: the API knows the answer before the call ends, so the call is not made to wait for it.
    is_detail: nobody is known to have talked. Where the API cannot be reached at all, or refuses the
    credentials, the call is written without the answer at once.
    """

    name: str
    read: Read
    is_open: Callable[[Known], bool]
    is_asked_again: bool = True
    is_known_at_once: bool = False
    is_detail: bool = False


def _has_no_end(k: Known) -> bool:
    return not k.record.is_over


def _has_no_sides(k: Known) -> bool:
    """Only dialled legs reported: neither our line nor, maybe, the person is known."""
    return k.record.parent.direction is None and k.record.parent.from_number is None


def _has_no_start(k: Known) -> bool:
    return not k.record.is_start_known


def _may_have_rung(k: Known) -> bool:
    """It was never picked up, or for no second, and only its end was told: it is dated at its end."""
    parent = k.record.parent
    is_dated_by_end = parent.ended_at is not None and parent.started_at == parent.ended_at
    return parent.is_over and is_dated_by_end and not k.record.was_asked


def _has_no_length(k: Known) -> bool:
    """Of an answered call whose own leg's length would tell how long they talked."""
    return (
        k.record.is_over
        and k.ending.outcome is Outcome.ANSWERED
        and not k.ending.has_length
        and k.record.parent.duration_seconds is None
    )


def _hides_a_leg(k: Known) -> bool:
    """A dial of our own side reported, but not whom it dialled; or nobody but our own side is known.

    The leg that is missing may lead to the person.
    """
    is_ours = k.parties.other.kind in (PartyKind.OURS, PartyKind.DEVICE)
    may_dial = is_ours or k.parties.direction is Direction.OUTBOUND
    is_hidden = any(
        leg_id not in k.record.legs and dial.made_on is None
        for leg_id, dial in k.record.dials.items()
    )
    return (may_dial and is_hidden) or (is_ours and k.is_uncertain)


def _may_lead_to_a_line(k: Known) -> bool:
    """Then the call on that line tells whether a person talked. A conference or a queue has no leg."""
    return any(leg_id != UNNAMED_LEG for leg_id in k.unnamed_connections)


def _may_have_been_given_up(k: Known) -> bool:
    """The caller's own leg was never picked up. A phone that rang meanwhile tells which side gave up."""
    is_alone = not k.record.dials and not k.record.children
    is_inbound = k.parties.direction is Direction.INBOUND
    return is_alone and is_inbound and k.ending.rule == NOT_PICKED_UP and not k.record.was_asked


def _has_silent_start(k: Known) -> bool:
    """Somebody may have been connected in a time of which nothing is known."""
    is_inbound = k.parties.direction is Direction.INBOUND
    return k.record.is_over and is_inbound and Evidence(k.record, k.parties).has_silent_start


def _may_hide_a_short_talk(k: Known) -> bool:
    """Whoever called hung up as they waited, and nothing tells what came before the wait."""
    may_be = k.record.is_over and not k.somebody_answered
    return may_be and Evidence(k.record, k.parties).may_hide_a_short_talk


def _may_have_dialled_again(k: Known) -> bool:
    """Nobody answered where our side called, and our side stayed for a while after that."""
    evidence = Evidence(k.record, k.parties)
    is_unanswered = evidence.person_is_dialled and not k.somebody_answered
    if not k.record.is_over or not is_unanswered:
        return False
    known, end, stayed = k.record.listed_until, k.record.ended_at, evidence.silence_at_end
    if known is None or end is None:
        return stayed > SAME_END
    return stayed > SILENCE and known < end


def _may_have_been_moved_on(k: Known) -> bool:
    """A phone was picked up before the one that is known to have been connected. Did they ring together?"""
    return k.record.is_over and Evidence(k.record, k.parties).has_leg_without_dial


def _went_on_after_message(k: Known) -> bool:
    """The caller stayed after the message: somebody may have been dialled then."""
    is_open = k.record.is_over and k.ending.rule == MESSAGE_LEFT
    return is_open and Evidence(k.record, k.parties).went_on_after_message


def _can_be_read_in_two_ways(k: Known) -> bool:
    """The facts can be read in two ways. Legs of which nothing is known would tell."""
    return k.record.is_over and k.ending.is_guessed and not k.record.listed_until


def _has_undated_queue(k: Known) -> bool:
    """The caller talked to somebody out of a queue. A dial before it is not known, or dated by a receipt."""
    if not k.record.is_over or k.parties.direction is not Direction.INBOUND:
        return False
    known, entered_by = k.record.listed_until, queued_by(k.record)
    if is_worked_out(k.record):
        return known is None or (entered_by is not None and known < entered_by)
    return known is None and has_talk(k.record) and _unexplained(k) > SILENCE


def _has_undated_conference(k: Known) -> bool:
    """The caller joined a conference that was dialled, and for a while before nothing is known of the call."""
    is_inbound = k.parties.direction is Direction.INBOUND
    is_open = k.record.is_over and is_inbound and not k.record.listed_until
    return is_open and Evidence(k.record, k.parties).has_undated_conference


def _unexplained(k: Known) -> timedelta:
    """How much of the call was neither talk nor a wait in a queue."""
    waits = (stay.wait_seconds or 0 for stay in k.record.queues.values())
    whole = k.record.parent.duration_seconds or 0
    return timedelta(seconds=whole - k.ending.talk_seconds - sum(waits))


def _holds_a_conversation(recording: Recording) -> bool:
    is_of_dial = recording.source is RecordingSource.CONVERSATION
    return is_of_dial and bool(recording.duration_seconds)


def _was_recorded(k: Known) -> bool:
    """A recording of a dial is there, and nobody is known to have been connected."""
    is_recorded = any(map(_holds_a_conversation, k.record.recordings.values()))
    return (
        k.record.is_over and is_recorded and not k.somebody_answered and not k.record.listed_until
    )


def _has_legs_that_go_on(k: Known) -> bool:
    return k.record.is_over and any(
        not leg.is_over and leg.id not in k.record.dials for leg in k.record.children
    )


def _may_have_been_answered(k: Known) -> bool:
    """Nothing tells for certain that nobody was connected, or for how long somebody was."""
    return k.is_uncertain and (not k.somebody_answered or not k.ending.has_length)


def _may_be_a_machine(k: Known) -> bool:
    """Somebody or something picked up where our program called: machine detection has a hook of its own."""
    return (
        k.record.is_over
        and k.ending.rule == OUT_ANSWERED
        and k.parties.person_leg is not None
        and k.parties.person_leg.answered_by is None
    )


def _was_handed_on(k: Known) -> bool:
    """The person talked on after our side had left, and nobody tells to whom, or for how long."""
    return k.record.is_over and k.somebody_answered and Evidence(k.record, k.parties).was_handed_on


def _has_silent_end(k: Known) -> bool:
    return k.record.is_over and k.somebody_answered and Evidence(k.record, k.parties).has_silent_end


def _may_have_a_message(k: Known) -> bool:
    """Nobody is known to have answered, or the only phone that did may have been turned down at a whisper."""
    if not k.somebody_answered:
        return k.is_uncertain
    return k.record.is_over and Evidence(k.record, k.parties).may_have_been_turned_down


def _has_a_message_without_length(k: Known) -> bool:
    return k.ending.outcome is Outcome.VOICEMAIL and not k.ending.has_length


def _lacks_provider_link(k: Known) -> bool:
    return awaits_provider_link(k.record, k.ending, k.policy)


QUESTIONS: tuple[Question, ...] = (
    Question("how the call ended", Read.CALL, _has_no_end),
    Question("who called whom", Read.CALL, _has_no_sides),
    Question("when it began", Read.CALL, _has_no_start),
    Question("how long it rang", Read.CALL, _may_have_rung, is_known_at_once=True, is_detail=True),
    Question("how long it lasted", Read.CALL, _has_no_length),
    Question("who or what picked up", Read.CALL, _may_be_a_machine, is_asked_again=False),
    Question("whom our own side dialled", Read.LEGS, _hides_a_leg),
    Question("whom a dial connected", Read.LEGS, _may_lead_to_a_line, is_known_at_once=True),
    Question("what came before all that is known", Read.LEGS, _has_silent_start, is_known_at_once=True),
    Question("whether a short talk came first", Read.LEGS, _may_hide_a_short_talk, is_known_at_once=True),
    Question("whether our side dialled again", Read.LEGS, _may_have_dialled_again, is_known_at_once=True),
    Question("what came after the message", Read.LEGS, _went_on_after_message, is_known_at_once=True),
    Question("which of two readings is true", Read.LEGS, _can_be_read_in_two_ways, is_known_at_once=True),
    Question("which phones rang together", Read.LEGS, _may_have_been_moved_on, is_known_at_once=True),
    Question("what came before the queue", Read.LEGS, _has_undated_queue, is_known_at_once=True),
    Question("what came before the conference", Read.LEGS, _has_undated_conference, is_known_at_once=True),
    Question("whether a recorded dial was answered", Read.LEGS, _was_recorded, is_known_at_once=True),
    Question("who gave up", Read.LEGS, _may_have_been_given_up, is_known_at_once=True, is_detail=True),
    Question("how the legs ended that are not known to have ended", Read.LEGS, _has_legs_that_go_on),
    Question("whether somebody answered, and for how long", Read.LEGS, _may_have_been_answered),
    Question("what came after the last conversation", Read.LEGS, _has_silent_end),
    Question("whom the person was handed on to", Read.ONWARD, _was_handed_on),
    Question("whether a message was left", Read.RECORDINGS, _may_have_a_message),
    Question("how long the message is", Read.RECORDINGS, _has_a_message_without_length),
    Question("where the recording is", Read.RECORDINGS, _lacks_provider_link),
)  # fmt: skip


_WAITED_FOR = tuple(question for question in QUESTIONS if not question.is_known_at_once)


def open_questions(known: Known) -> tuple[Question, ...]:
    """The questions that are open; none once the API was asked late enough."""
    if known.record.was_read:
        return ()
    return tuple(question for question in QUESTIONS if question.is_open(known))


def waits(known: Known) -> bool:
    """True if the API may need time until it can answer one of the questions that are open."""
    if known.record.was_read:
        return False
    return any(question.is_open(known) for question in _WAITED_FOR)


def asks_for(questions: Iterable[Question], read: Read) -> bool:
    """True if one of these questions is answered by this read."""
    return any(question.read is read for question in questions)
