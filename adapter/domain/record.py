"""What is known of one call? Its legs, dials, queues, recordings and transcripts, as values.

A hook is parsed into a CallRecord that holds only what this hook states. adapter.domain.merge joins the
records of one call.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class LegStatus(StrEnum):
    """How far a leg came, in the order in which one replaces another."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    CANCELED = "canceled"
    FAILED = "failed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    COMPLETED = "completed"

    @property
    def is_terminal(self) -> bool:
        return self in _TERMINAL


_TERMINAL = frozenset(
    {
        LegStatus.CANCELED,
        LegStatus.FAILED,
        LegStatus.NO_ANSWER,
        LegStatus.BUSY,
        LegStatus.COMPLETED,
    }
)


class LegDirection(StrEnum):
    """How the provider made a leg: it came in, our program placed it, or a call in progress dialled it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    DIALLED = "dialled"


class AnsweredBy(StrEnum):
    """Who picked up, as machine detection says; the later in the list, the stronger the finding."""

    UNKNOWN = "unknown"
    FAX = "fax"
    HUMAN = "human"
    MACHINE = "machine"


class RecordingSource(StrEnum):
    """What was recorded: a message of the caller, the dialled conversation, or the call in another way."""

    OTHER = "other"
    CONVERSATION = "conversation"
    VOICEMAIL = "voicemail"


class RecordingState(StrEnum):
    """How far a recording came, in the order in which one replaces another.

    That it is complete may be inferred, from a hook that names it at its end; that it is absent is told.
    """

    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    ABSENT = "absent"
    FAILED = "failed"
    DELETED = "deleted"


class QueueExit(StrEnum):
    """How a caller left a queue; the later in the list, the more it tells.

    REDIRECTED: our program took the caller out, which says nothing of how the call went on.
    """

    REDIRECTED = "redirected"
    FULL = "full"
    ERROR = "error"
    LEFT = "left"
    HUNG_UP = "hung_up"
    CONNECTED = "connected"


class Facts(BaseModel):
    """A frozen set of facts; a blank is None."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Leg(Facts):
    """One leg of a call. Durations in seconds; times are aware UTC.

    created_at: when it began to be dialled. started_at: the same, or when it was picked up.
    """

    id: str
    parent_id: str | None = None
    direction: LegDirection | None = None
    from_number: str | None = None
    to_number: str | None = None
    status: LegStatus | None = None
    duration_seconds: int | None = None
    answered_by: AnsweredBy | None = None
    sip_code: int | None = None
    caller_name: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.status is not None and self.status.is_terminal


# The leg_id of a dial whose report names no leg, as that of a conference.
UNNAMED_LEG = ""
# The id of a queue that its report does not name, and of the recording whose words came without its id.
UNNAMED_QUEUE = UNNAMED_RECORDING = ""


class DialResult(Facts):
    """What a `<Dial>` reported. caller_gone: the caller had hung up when it ended.

    reported_at: when its report came, aware UTC. The call goes on only once it is answered.
    made_on: the dialled leg that was handed on and made this dial itself; None: the call made it.
    """

    leg_id: str = UNNAMED_LEG
    status: LegStatus | None = None
    duration_seconds: int | None = None
    bridged: bool | None = None
    caller_gone: bool | None = None
    sip_code: int | None = None
    reported_at: datetime | None = None
    made_on: str | None = None

    @property
    def is_connected(self) -> bool:
        """Two people talked: bridged, or, where an old account does not say, the dialled leg completed."""
        return self.bridged if self.bridged is not None else self.status is LegStatus.COMPLETED


class QueueStay(Facts):
    """What an `<Enqueue>` reported. caller_gone: the caller had hung up when it ended.

    reported_at: when its report came, aware UTC. It comes when the caller left the queue, or the conversation
    that followed has ended.
    """

    queue_id: str = UNNAMED_QUEUE
    exit: QueueExit | None = None
    wait_seconds: int | None = None
    caller_gone: bool | None = None
    reported_at: datetime | None = None


class PickUp(Facts):
    """Who took the caller out of a queue, as the dial of that call reported. seconds: how long they talked."""

    by_call_id: str
    seconds: int | None = None


class RelayedCall(Facts):
    """How the call ended that a leg to one of our own lines became there, once that was settled.

    outcome: in the words of adapter.domain.outcome; "no_answer" where no such call was found.
    """

    leg_id: str
    outcome: str | None = None
    talk_seconds: int | None = None


class Recording(Facts):
    """One recording of the call. url is the provider's own, if it was told; duration in seconds.

    started_at: when it began, as the provider says. reported_at: when the call itself reported the message,
    aware UTC. The call goes on only once that is answered.
    """

    id: str
    url: str | None = None
    duration_seconds: int | None = None
    started_at: datetime | None = None
    reported_at: datetime | None = None
    channels: int | None = None
    source: RecordingSource | None = None
    state: RecordingState | None = None


class CallRecord(Facts):
    """All that is known of one call, its legs folded together.

    legs, dials, queues and recordings are keyed by the provider's ids, transcripts by the id of their
    recording. The parent leg's id is call_id. What names no id has the key UNNAMED_LEG, UNNAMED_QUEUE or
    UNNAMED_RECORDING.
    relayed: keyed by the leg that led to one of our own lines.
    pick_ups: keyed by the call that took the caller out of a queue.
    begun_by: the call had begun by then, as the receipt of its hooks shows (less the length they tell).
    conference_at: the call took part in a conference by then, as the receipt of the conference's hooks shows.
    was_read: the provider's API has been asked after it had time to catch up with the end of the call, so
    what is missing here is missing there too.
    was_asked: the provider's API has been asked after the end of the call, and knew of the end.
    listed_until: the provider's list of the legs that it dialled was read, and has all that ended by then.
    was_unreachable: the provider's API could not be asked before the call had to be written.
    is_forgotten: a person's number was removed from it (adapter forget), and nothing is added any more.
    """

    provider: str
    account: str
    call_id: str
    legs: Mapping[str, Leg] = Field(default_factory=dict)
    dials: Mapping[str, DialResult] = Field(default_factory=dict)
    recordings: Mapping[str, Recording] = Field(default_factory=dict)
    transcripts: Mapping[str, str] = Field(default_factory=dict)
    queues: Mapping[str, QueueStay] = Field(default_factory=dict)
    relayed: Mapping[str, RelayedCall] = Field(default_factory=dict)
    pick_ups: Mapping[str, PickUp] = Field(default_factory=dict)
    begun_by: datetime | None = None
    conference_at: datetime | None = None
    was_read: bool = False
    was_asked: bool = False
    listed_until: datetime | None = None
    was_unreachable: bool = False
    is_forgotten: bool = False

    def to_json(self) -> str:
        """The record as it is stored. What is not known is left out."""
        return self.model_dump_json(exclude_none=True)

    @property
    def key(self) -> str:
        return call_key(self.provider, self.account, self.call_id)

    @property
    def parent(self) -> Leg:
        """The leg that the call is named after; blank if only its children have reported."""
        return self.legs.get(self.call_id) or Leg(id=self.call_id)

    @property
    def children(self) -> tuple[Leg, ...]:
        """The legs that the call dialled."""
        return tuple(leg for leg in self.dialled_legs if leg.parent_id in (None, self.call_id))

    @property
    def onward_legs(self) -> tuple[Leg, ...]:
        """The legs that a dialled leg dialled itself, once it was handed on."""
        return tuple(leg for leg in self.dialled_legs if leg.parent_id not in (None, self.call_id))

    @property
    def dialled_legs(self) -> tuple[Leg, ...]:
        """All legs but the parent, by their ids."""
        if len(self.legs) == 1 and self.call_id in self.legs:
            return ()  # so it is with most hooks, and each asks for them a dozen times
        return tuple(leg for leg_id, leg in sorted(self.legs.items()) if leg_id != self.call_id)

    @property
    def is_over(self) -> bool:
        """The parent leg ended; or it was never heard of, and all legs that it dialled ended.

        A dialled leg may go on after its parent: see `goes_on`.
        """
        parent = self.parent
        if parent.is_over:
            return True
        if any(dial.caller_gone for dial in self.dials.values()):
            return True
        if any(stay.caller_gone for stay in self.queues.values()):
            return True
        children = self.children
        return parent.status is None and bool(children) and all(leg.is_over for leg in children)

    @property
    def goes_on(self) -> bool:
        """A dialled leg is still connected, as far as is known; while one is, the call is not over.

        The agent may hand the customer on and leave: then the leg of the customer outlives its parent.
        """
        return any(self.is_connected_still(leg) for leg in self.dialled_legs)

    @property
    def picked_up_legs(self) -> Set[str]:
        """The ids of the dialled legs that are known to have been picked up."""
        dialled = {leg_id for leg_id, dial in self.dials.items() if dial.is_connected}
        answered = {leg.id for leg in self.children if leg.status is LegStatus.COMPLETED}
        return (dialled | answered) - {UNNAMED_LEG}

    @property
    def unnamed_connections(self) -> tuple[str, ...]:
        """The keys of the dials that connected two people and of whose leg nothing is known."""
        known = self.legs.keys() | self.relayed.keys()
        return tuple(
            leg_id
            for leg_id, dial in sorted(self.dials.items())
            if dial.is_connected and leg_id not in known
        )

    def is_connected_still(self, leg: Leg) -> bool:
        """Neither the leg's own hooks nor its dial said that it ended, nor that the leg ended which dialled it.

        The dial of a leg that was handed on reports without a length.
        """
        is_onward = leg.parent_id not in (None, self.call_id)
        dialled_by = self.legs.get(leg.parent_id or self.call_id)
        if is_onward and dialled_by is not None and dialled_by.is_over:
            return False
        dial = self.dials.get(leg.id)
        was_handed_on = dial is not None and dial.is_connected and dial.duration_seconds is None
        return leg.status is LegStatus.IN_PROGRESS and (dial is None or was_handed_on)

    @property
    def ended_at(self) -> datetime | None:
        """When the parent leg ended, as the provider says; never the time of a receipt."""
        return self.parent.ended_at

    @property
    def end_or_estimate(self) -> datetime | None:
        """When the call ended: as the provider says, else by its length and the receipt of its hooks."""
        length = self.parent.duration_seconds
        if self.ended_at is not None or self.begun_by is None or length is None:
            return self.ended_at
        return self.begun_by + timedelta(seconds=length)

    @property
    def last_end(self) -> datetime | None:
        """When the last of its legs ended, as the provider says; None where the parent's end was not told."""
        ends = [leg.ended_at for leg in self.dialled_legs if leg.ended_at is not None]
        return None if self.ended_at is None else max([self.ended_at, *ends])

    @property
    def began_at(self) -> datetime | None:
        """When the call began: as the provider says, else the best that the hooks allow."""
        starts = [leg.started_at for leg in self.legs.values()]
        if self.parent.started_at is None:
            # It had begun when a hook came, and before it dialled anybody.
            starts += [self.begun_by, *(leg.created_at for leg in self.children)]
        return min((start for start in starts if start is not None), default=None)

    @property
    def is_start_known(self) -> bool:
        """The provider told when the parent leg began, or a hook told how long it had lasted by then.

        A leg that was never answered has no length that would tell since when it rang.
        """
        parent = self.parent
        has_length = bool(parent.duration_seconds) and self.begun_by is not None
        return parent.started_at is not None or has_length


def call_key(provider: str, account: str, call_id: str) -> str:
    """The key of a call everywhere: in tables, logs, and as the id of its workflow."""
    return f"{provider}:{account}:{call_id}"


def call_id_of(key: str) -> str:
    """The provider's id of the call with this key. It may hold colons; provider and account hold none."""
    return key.split(":", 2)[-1]
