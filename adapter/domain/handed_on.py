"""How long did a person talk whom our side called, handed on and left?

Until our side left, and from then on with whomever their own leg dialled. A wait in a queue is no talk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.domain.record import (
    UNNAMED_LEG,
    CallRecord,
    DialResult,
    Leg,
    LegStatus,
    QueueExit,
)

# The two legs of a conversation end within so long of each other.
SAME_END = timedelta(seconds=5)


@dataclass(frozen=True)
class Onward:
    """What came of a phone that the person's leg dialled. seconds, ended_at: None where they are not known.

    is_named: False for a conference: it has no leg whose length could be asked for.
    """

    is_connected: bool
    seconds: int | None
    ended_at: datetime | None
    is_named: bool


@dataclass(frozen=True)
class HandOn:
    """What is known of it. leg: the person's leg, which our side dialled."""

    record: CallRecord
    leg: Leg

    @property
    def outlived_ours(self) -> bool:
        """The person's leg went on after our side had left."""
        left, ended = self.record.parent.ended_at, self.leg.ended_at
        return left is not None and ended is not None and ended - left > SAME_END

    @property
    def onward(self) -> Sequence[Onward]:
        """Whom the person's leg dialled: by the reports of its dials, and by the dialled legs themselves."""
        dials = {i: dial for i, dial in self.record.dials.items() if dial.made_on == self.leg.id}
        legs = {leg.id: leg for leg in self.record.onward_legs if leg.parent_id == self.leg.id}
        return [_of(i, dials.get(i), legs.get(i)) for i in sorted(dials.keys() | legs.keys())]

    @property
    def talk_seconds(self) -> int | None:
        """How long the person talked with anybody; None where that is not known."""
        left, ended, length = (
            self.record.parent.ended_at,
            self.leg.ended_at,
            self.leg.duration_seconds,
        )
        onward = self.onward
        lengths = [each.seconds for each in onward if each.is_connected]
        known = [seconds for seconds in lengths if seconds is not None]
        if not onward and self._waited and length is not None:
            return max(length - self._waited, 0)
        is_known = bool(lengths) or (bool(onward) and self.record.was_read)
        if not is_known or len(known) < len(lengths):
            return None
        if left is None or ended is None or length is None:
            return None
        until_left = round((left - ended).total_seconds()) + length
        return min(max(until_left, 0) + sum(known), length)

    @property
    def _waited(self) -> int:
        """For how many seconds the person waited in queues."""
        return sum(stay.wait_seconds or 0 for stay in self.record.queues.values())

    @property
    def _left_queue_at(self) -> datetime | None:
        """When the report came that nobody took the person out of a queue. None where their leg dialled."""
        stays = () if self.onward else self.record.queues.values()
        left = [stay.reported_at for stay in stays if stay.exit is not QueueExit.CONNECTED]
        return max((moment for moment in left if moment is not None), default=None)

    @property
    def is_told_to_the_end(self) -> bool:
        """It is known what the person did last: they talked, were in a conference, or left a queue."""
        connected = [each for each in self.onward if each.is_connected]
        if any(not each.is_named for each in connected):
            return True
        ends = [each.ended_at for each in connected if each.ended_at is not None]
        ended = self.leg.ended_at
        if ended is not None and self._left_queue_at is not None:
            return ended - self._left_queue_at <= SAME_END
        is_last = bool(ends) and ended is not None and ended - max(ends) <= SAME_END
        return is_last and self.talk_seconds is not None


def _of(leg_id: str, dial: DialResult | None, leg: Leg | None) -> Onward:
    """What the dial reported counts before what the leg tells: it may have been turned down at the whisper."""
    is_connected = leg is not None and leg.status in (LegStatus.COMPLETED, LegStatus.IN_PROGRESS)
    if dial is not None:
        is_connected = dial.is_connected
    lengths = [each.duration_seconds for each in (dial, leg) if each is not None]
    seconds = max((length for length in lengths if length is not None), default=None)
    ended_at = leg.ended_at if leg is not None else None
    if ended_at is None and dial is not None:
        ended_at = dial.reported_at
    return Onward(is_connected, seconds, ended_at, is_named=leg_id != UNNAMED_LEG)
