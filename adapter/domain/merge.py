"""How do two pieces of knowledge of one call become one?

`join` is commutative, associative and idempotent. So hooks may come late, twice and in any order, and any
number of processes may take them: the record is the same in the end. A known fact is never replaced by a
blank, and a terminal status is never undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from adapter.domain.record import (
    AnsweredBy,
    CallRecord,
    DialResult,
    Facts,
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

T = TypeVar("T")
F = TypeVar("F", Leg, DialResult, QueueStay, PickUp, RelayedCall, Recording)
Joiner = Callable[[Any, Any], Any]


def join(one: CallRecord, other: CallRecord) -> CallRecord:
    """Return the record that knows what both know. Raise ValueError if they are of different calls."""
    if other.key != one.key:
        raise ValueError(f"{one.key} and {other.key} are different calls")
    return one.model_copy(
        update={
            "legs": _join_maps(one.legs, other.legs, join_facts),
            "dials": _join_maps(one.dials, other.dials, join_facts),
            "recordings": _join_maps(one.recordings, other.recordings, join_facts),
            "transcripts": _join_maps(one.transcripts, other.transcripts, _longest),
            "queues": _join_maps(one.queues, other.queues, join_facts),
            "relayed": _join_maps(one.relayed, other.relayed, join_facts),
            "pick_ups": _join_maps(one.pick_ups, other.pick_ups, join_facts),
            "begun_by": min(filter(None, (one.begun_by, other.begun_by)), default=None),
            "conference_at": min(
                filter(None, (one.conference_at, other.conference_at)), default=None
            ),
            "was_read": one.was_read or other.was_read,
            "was_asked": one.was_asked or other.was_asked,
            "listed_until": max(filter(None, (one.listed_until, other.listed_until)), default=None),
            "was_unreachable": one.was_unreachable or other.was_unreachable,
            "is_forgotten": one.is_forgotten or other.is_forgotten,
        }
    )


def moved(stray: CallRecord, call_id: str) -> CallRecord:
    """Return the same facts in the call that they belong to: what was taken for a call is a leg of it."""
    dials = {
        leg_id: dial.model_copy(update={"made_on": dial.made_on or stray.call_id})
        for leg_id, dial in stray.dials.items()
    }
    return stray.model_copy(update={"call_id": call_id, "dials": dials})


def join_facts(one: F, other: F) -> F:
    """Return the leg, dial, queue, pick-up, relayed call or recording with the facts of both."""
    changes: dict[str, Any] = {}
    for name, rule in _RULES[type(one)].items():
        mine, theirs = getattr(one, name), getattr(other, name)
        if theirs is None or mine == theirs:
            continue
        changes[name] = theirs if mine is None else rule(mine, theirs)
    return one.model_copy(update=changes) if changes else one


def _join_maps(
    one: Mapping[str, T], other: Mapping[str, T], rule: Callable[[T, T], T]
) -> Mapping[str, T]:
    if not other:
        return one
    joined = dict(one)
    for key, value in other.items():
        joined[key] = rule(joined[key], value) if key in joined else value
    return joined


def _later(order: type[StrEnum]) -> Joiner:
    """Return the rule by which the member wins that stands later in the class."""
    rank = {member: place for place, member in enumerate(order)}
    return lambda a, b: a if rank[a] >= rank[b] else b


def _longest(a: str, b: str) -> str:
    """Return the longer text. Two texts for one fact are rare; the same one wins, whichever came first."""
    return max(a, b, key=lambda text: (len(text), text))


# How two values of one fact become one. A fact that is missing here is the id.
_RULES: Mapping[type[Facts], Mapping[str, Joiner]] = {
    Leg: {
        "parent_id": _longest,
        "direction": _later(LegDirection),
        "from_number": _longest,
        "to_number": _longest,
        "status": _later(LegStatus),
        "duration_seconds": max,
        "answered_by": _later(AnsweredBy),
        "sip_code": max,
        "caller_name": _longest,
        "created_at": min,
        "started_at": min,
        "ended_at": min,
    },
    DialResult: {
        "status": _later(LegStatus),
        "duration_seconds": max,
        "bridged": max,
        "caller_gone": max,
        "sip_code": max,
        "reported_at": min,
        "made_on": _longest,
    },
    QueueStay: {
        "exit": _later(QueueExit),
        "wait_seconds": max,
        "caller_gone": max,
        "reported_at": min,
    },
    PickUp: {"seconds": max},
    RelayedCall: {"outcome": _longest, "talk_seconds": max},
    Recording: {
        "url": _longest,
        "duration_seconds": max,
        "started_at": min,
        "reported_at": min,
        "channels": max,
        "source": _later(RecordingSource),
        "state": _later(RecordingState),
    },
}
