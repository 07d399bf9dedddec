"""What happens in a whole call? Stories in our own words; each provider tells them by its own hooks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class What(StrEnum):
    """What can happen in a call that a provider may tell of."""

    RINGS = "rings"
    PICKED_UP = "picked up"
    HUNG_UP = "hung up"  # the phone, and not the whole call
    FORWARDED = "forwarded"  # forwarding is over
    CONFERENCE = "conference"
    QUEUE = "queue"
    MACHINE = "machine"
    MESSAGE = "message"
    ENDED = "ended"
    RECORDING = "recording"
    TRANSCRIPT = "transcript"


class End(StrEnum):
    """How a call, a phone or the forwarding to it ended."""

    COMPLETED = "completed"
    NO_ANSWER = "no answer"
    BUSY = "busy"
    CANCELED = "canceled"


@dataclass(frozen=True)
class Moment:
    """One thing that happens.

    at: seconds since the call began. words: for whoever watches. phone: which of the phones that were rung,
    from 1; 0 is the call itself. seconds: how long what is over now took: the talk, the message, the wait in a
    queue.
    """

    at: float
    what: What
    words: str
    end: End = End.COMPLETED
    phone: int = 0
    seconds: int = 0
    is_caller_gone: bool = False


@dataclass(frozen=True)
class Story:
    """A whole call. outcome: as the adapter calls it. moments: by the seconds of talk, or of the message.

    has_talk: the talk time of the call is those seconds; without it, it is 0.
    """

    name: str
    sentence: str
    outcome: str
    moments: Callable[[int], Sequence[Moment]]
    has_talk: bool = False
    is_outbound: bool = False

    def end_at(self, seconds: int) -> float:
        """Return after how many seconds the call ends. Recordings come later."""
        return next(each.at for each in self.moments(seconds) if each.what is What.ENDED)


@dataclass(frozen=True)
class ToldCall:
    """Whose call is told. id: the provider's. began: in UTC. person and line: E.164."""

    id: str
    person: str
    line: str
    began: datetime
    is_outbound: bool = False

    def when(self, moment: Moment) -> datetime:
        """Return the time of this moment, in UTC."""
        return self.began + timedelta(seconds=moment.at)


class Teller(Protocol):
    """How one provider tells a story: which hooks it sends of what happens, and how it signs them.

    untold: the names of the stories that its hooks cannot tell, as it sends none of what matters in them.
    settings: the names of the settings whose values must be those that the adapter was started with.
    """

    untold: Collection[str]
    settings: str

    def new_id(self) -> str:
        """Return an id for a new call."""

    def hooks(self, moment: Moment, call: ToldCall) -> Sequence[Mapping[str, str]]:
        """Return the parameters of the hooks that tell of this moment; none if the provider sends none."""

    def signed(self, url: str, params: Mapping[str, str]) -> tuple[Mapping[str, str], bytes]:
        """Return the headers and the body of a hook. url: the public one, to which the provider sends it."""


def told_by(teller: Teller) -> Mapping[str, Story]:
    """Return the stories that this provider can tell, by name."""
    return {name: story for name, story in STORIES.items() if name not in teller.untold}


def began_at(story: Story, seconds: int, now: datetime, pace: float | None) -> datetime:
    """Return when a call began, so that it ends at the moment in which its end is told.

    pace: how many times as fast as the real call it is told; None: all at once.
    """
    takes = story.end_at(seconds)
    told_in = takes / pace if pace else 0.0
    return now + timedelta(seconds=told_in - takes)


# How long phones ring before somebody picks up, and before nobody does.
_RINGS, _RINGS_IN_VAIN = 6, 24


def _missed(_: int) -> Sequence[Moment]:
    return (Moment(_RINGS_IN_VAIN, What.ENDED, "nobody picked up", End.NO_ANSWER),)


def _busy(_: int) -> Sequence[Moment]:
    return (Moment(1, What.ENDED, "the line was busy", End.BUSY),)


def _answered(talk: int) -> Sequence[Moment]:
    over = _RINGS + talk
    return (
        _forwarded(over, End.COMPLETED, talk, is_caller_gone=True),
        _ended(over + 0.5, "the caller hung up"),
    )


def _abandoned(_: int) -> Sequence[Moment]:
    return (
        _rings(1, 1),
        _phone_ended(12, 1, End.CANCELED),
        _forwarded(12, End.CANCELED, is_caller_gone=True),
        _ended(12.5, "the caller had hung up while it rang"),
    )


def _unanswered(_: int) -> Sequence[Moment]:
    return (
        _rings(1, 1),
        _phone_ended(_RINGS_IN_VAIN, 1, End.NO_ANSWER),
        _forwarded(_RINGS_IN_VAIN, End.NO_ANSWER),
        _ended(_RINGS_IN_VAIN + 1, "the call is over"),
    )


def _voicemail(length: int) -> Sequence[Moment]:
    over = _RINGS_IN_VAIN + 5 + length
    return (
        _forwarded(_RINGS_IN_VAIN, End.NO_ANSWER),
        Moment(over, What.MESSAGE, f"the caller left a message of {length} s", seconds=length),
        _ended(over + 0.5, "the caller hung up"),
        Moment(over + 3, What.RECORDING, "the message can be heard", seconds=length),
        Moment(over + 7, What.TRANSCRIPT, "the message was written down"),
    )


def _recorded(talk: int) -> Sequence[Moment]:
    over = _RINGS + talk
    return (
        _rings(1, 1),
        Moment(_RINGS, What.PICKED_UP, "phone 1 was picked up", phone=1),
        _phone_ended(over, 1, End.COMPLETED, talk),
        _forwarded(over, End.COMPLETED, talk, is_caller_gone=True),
        _ended(over + 0.5, "the caller hung up"),
        Moment(over + 4, What.RECORDING, "the talk can be heard", phone=1, seconds=talk),
    )


def _ring_all(talk: int) -> Sequence[Moment]:
    over = _RINGS + talk
    return (
        *(_rings(1, phone) for phone in (1, 2, 3)),
        Moment(_RINGS, What.PICKED_UP, "phone 2 was picked up", phone=2),
        *(_phone_ended(_RINGS + 0.5, phone, End.CANCELED) for phone in (1, 3)),
        _phone_ended(over, 2, End.COMPLETED, talk),
        _forwarded(over, End.COMPLETED, talk, phone=2, is_caller_gone=True),
        _ended(over + 0.5, "the caller hung up"),
    )


def _conference(talk: int) -> Sequence[Moment]:
    return (
        Moment(talk, What.CONFERENCE, "the caller left the conference", is_caller_gone=True),
        _ended(talk, "the call is over"),
    )


def _queue(talk: int) -> Sequence[Moment]:
    waited = 20
    return (
        _rings(waited - _RINGS, 1),
        Moment(waited, What.PICKED_UP, "phone 1 was picked up", phone=1),
        _phone_ended(waited + talk, 1, End.COMPLETED, talk),
        Moment(
            waited + talk, What.QUEUE, f"the caller had waited {waited} s", seconds=waited,
            is_caller_gone=True,
        ),
        _ended(waited + talk, "the call is over"),
    )  # fmt: skip


def _outbound(talk: int) -> Sequence[Moment]:
    return (
        _rings(2, 0),
        Moment(_RINGS, What.PICKED_UP, "the person picked up"),
        _ended(_RINGS + talk, "they hung up", talk),
    )


def _machine(_: int) -> Sequence[Moment]:
    return (
        _rings(2, 0),
        Moment(_RINGS, What.PICKED_UP, "somebody or something picked up"),
        Moment(_RINGS + 3, What.MACHINE, "it is a machine"),
        _ended(_RINGS + 15, "we hung up", 15),
    )


def _rings(at: float, phone: int) -> Moment:
    return Moment(
        at, What.RINGS, f"phone {phone} rings" if phone else "the phone rings", phone=phone
    )


def _phone_ended(at: float, phone: int, end: End, seconds: int = 0) -> Moment:
    words = {End.COMPLETED: "was hung up", End.CANCELED: "rings no longer"}.get(
        end, "was not picked up"
    )
    return Moment(at, What.HUNG_UP, f"phone {phone} {words}", end, phone, seconds)


def _forwarded(
    at: float, end: End, seconds: int = 0, *, phone: int = 1, is_caller_gone: bool = False
) -> Moment:
    words = {
        End.COMPLETED: f"they talked for {seconds} s",
        End.CANCELED: "nobody had picked up yet",
    }.get(end, "nobody picked up")
    return Moment(at, What.FORWARDED, words, end, phone, seconds, is_caller_gone)


def _ended(at: float, words: str, seconds: int | None = None) -> Moment:
    """seconds: how long the call is said to have lasted, where that is not since it began."""
    return Moment(at, What.ENDED, words, seconds=int(at) if seconds is None else seconds)


STORIES: Mapping[str, Story] = {
    story.name: story
    for story in (
        Story("answered", "The office picks up.", "answered", _answered, True),
        Story("missed", "Nobody picks up.", "no_answer", _missed),
        Story("busy", "The line is busy.", "busy", _busy),
        Story("abandoned", "The caller hangs up while it rings.", "abandoned", _abandoned),
        Story(
            "unanswered", "The call is forwarded; nobody picks up.", "no_answer", _unanswered
        ),
        Story(
            "voicemail", "The caller leaves a message, with recording and words.", "voicemail",
            _voicemail, True,
        ),
        Story(
            "forwarded", "The call is forwarded to a phone, and recorded.", "answered",
            _recorded, True,
        ),
        Story("ring-all", "Three phones ring; one is picked up.", "answered", _ring_all, True),
        Story("queue", "The caller waits in a queue, then talks.", "answered", _queue, True),
        Story(
            "conference", "The caller meets the office in a conference.", "answered",
            _conference, True,
        ),
        Story(
            "outbound", "The office calls, and the person picks up.", "answered", _outbound,
            True, True,
        ),
        Story(
            "machine", "The office calls, and a machine picks up.", "voicemail", _machine,
            is_outbound=True,
        ),
    )
}  # fmt: skip
