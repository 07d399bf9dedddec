"""How does a call change? The groups of its states, and every transition from one to the next.

A call is delivered in numbered runs. A transition may plan a new run, whose number is one higher. Only the
newest run may change the call: a later run always wins. TRANSITIONS is the table of all transitions;
docs/architecture.md shows it as a diagram.

A function takes the call as it is and returns the columns to set. `adapter.storage` stores them. Where one
statement changes many calls, `adapter.storage.runs` builds it from the same transition of the table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypedDict, TypeVar

from adapter.domain.call import FORGOTTEN, Call, CallState
from adapter.domain.call_event import CallEvent
from adapter.domain.cause import Cause

States = frozenset[CallState]
OPEN, DELIVERING, POSTED, WRITTEN, HELD, IGNORED, FAILED, FOLDED = CallState

# Groups of states ---------------------------------------------------------------------------------

ALL: States = frozenset(CallState)
# The target has taken nothing yet, and a run is planned or under way.
UNDELIVERED: States = frozenset({OPEN, DELIVERING})
# A run is planned or under way: to deliver the call, or to confirm what was accepted.
IN_PROGRESS: States = UNDELIVERED | {POSTED}
# The target has taken an event of this call. Another one would stand there twice.
ACCEPTED: States = frozenset({POSTED, WRITTEN})
# The delivery ended without an event. An operator may have the call delivered again.
REPLAYABLE: States = frozenset({HELD, IGNORED, FAILED})
# The delivery ended: nothing more happens until more becomes known or an operator decides.
ENDED: States = REPLAYABLE | {WRITTEN}
# An operator may say whom the call was with. A DELIVERING call that only waits is open to it too.
DECIDABLE: States = REPLAYABLE | {OPEN}
# The call is to be written, now or once somebody has decided about it.
TO_BE_WRITTEN: States = UNDELIVERED | {HELD, FAILED}
# Facts that become known later change what is written, or whether.
OPEN_TO_NEW_FACTS: States = frozenset({OPEN, HELD, WRITTEN})
# Neither a run nor an operator has anything left to do.
SETTLED: States = frozenset({WRITTEN, IGNORED, FOLDED})
# A run may be claimed. A folded call is delivered as a part of another call.
CLAIMABLE: States = ALL - {FOLDED}


# The table ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Transition:
    """One way in which a call changes.

    target: the state afterwards; None: the state stays. plans_run: the call gets a new run.
    """

    name: str
    sources: States
    target: CallState | None
    plans_run: bool
    meaning: str


# The states of a claimed run until the target has taken the event. IGNORED is among them: more became known
# of a call that a rule ignores.
_AT_WORK: States = frozenset({DELIVERING, IGNORED})
_NO_STATE: States = frozenset()

FIRST_HOOK = Transition("first hook", _NO_STATE, OPEN, True, "a hook tells of a new call")
FIRST_FORGOTTEN = Transition(
    "keep that it is forgotten", _NO_STATE, IGNORED, True, "only parked hooks told of the call"
)
NEW_FACTS = Transition(
    "new facts",
    frozenset({HELD, WRITTEN, IGNORED}),
    None,
    True,
    "more is known of the call: it may be written now, or has to be corrected",
)
FOLD = Transition("fold", frozenset({OPEN}), FOLDED, False, "a hook tells whose leg it is")
CLAIM = Transition("claim", frozenset({OPEN, HELD}), DELIVERING, False, "a worker begins the run")

# A run ends and plans no other one. By the state in which it ends.
FINISH = {
    # A DELIVERING call may have a job: the run that found it at the target was replaced before it ended.
    WRITTEN: Transition(
        "written",
        ACCEPTED | {DELIVERING},
        WRITTEN,
        False,
        "the target has the event, as it should be",
    ),
    POSTED: Transition(
        "not confirmed",
        frozenset({POSTED}),
        POSTED,
        False,
        "the target did not confirm it in a day",
    ),
    HELD: Transition("hold", _AT_WORK | {POSTED}, HELD, False, "an operator has to decide"),
    IGNORED: Transition("ignore", _AT_WORK, IGNORED, False, "a rule says not to write it"),
    FAILED: Transition("fail", _AT_WORK | {POSTED}, FAILED, False, "it cannot be written as it is"),
    FOLDED: Transition(
        "fold late", _AT_WORK | {WRITTEN}, FOLDED, False, "the provider tells whose leg it is"
    ),
}
# A run ends and plans the next one. By the state in which the call waits for it.
RUN_AGAIN = {
    DELIVERING: Transition(
        "try again", _AT_WORK, DELIVERING, True, "something has to be waited for"
    ),
    OPEN: Transition("ask again", _AT_WORK, OPEN, True, "the provider does not know all yet"),
    POSTED: Transition(
        "accepted", _AT_WORK | {POSTED}, POSTED, True, "the target took the event; to be confirmed"
    ),
    WRITTEN: Transition("look again", ACCEPTED, WRITTEN, True, "it may have to be corrected"),
}
# A run ends, and facts came while it was at work. By the state in which it ends.
LOOK_AGAIN = {
    state: replace(FINISH[state], name=f"{FINISH[state].name} (facts came amid it)", plans_run=True)
    for state in (HELD, IGNORED, WRITTEN)
}
REPLACE_RUN = Transition("replace the run", CLAIMABLE, None, True, "its worker cannot end it")
REQUEUE = Transition("requeue", CLAIMABLE, None, True, "the run was lost with its worker")

CONFIRM = Transition("confirmed", frozenset({POSTED}), WRITTEN, False, "the target's log has it")
CONFIRM_AND_CORRECT = Transition(
    "confirmed (more is known)", frozenset({POSTED}), WRITTEN, True, "the event is to be corrected"
)
REFUSED = Transition("refused", frozenset({POSTED}), None, True, "the target's log says it failed")
DOUBT = Transition("in doubt", ACCEPTED, POSTED, True, "the target says later that it failed")
WAKE = Transition("wake", frozenset({HELD}), None, True, "people became known; look again")

DECIDE = Transition("decide", DECIDABLE | {DELIVERING}, OPEN, True, "an operator says whose it is")
DISMISS = Transition(
    "dismiss", DECIDABLE | {DELIVERING}, IGNORED, True, "an operator says not to write it"
)
REPLAY = Transition("replay", REPLAYABLE, OPEN, True, "an operator wants it delivered again")
REPLAY_WRITTEN = Transition(
    "replay --again", ACCEPTED, OPEN, True, "an operator wants a second event"
)
FORGET = Transition("forget", TO_BE_WRITTEN, IGNORED, True, "somebody asked to be forgotten")
FORGET_ENDED = Transition(
    "forget what ended", ALL - TO_BE_WRITTEN, None, True, "somebody asked to be forgotten"
)

TRANSITIONS = (
    FIRST_HOOK,
    FIRST_FORGOTTEN,
    NEW_FACTS,
    FOLD,
    CLAIM,
    *RUN_AGAIN.values(),
    *FINISH.values(),
    *LOOK_AGAIN.values(),
    REPLACE_RUN,
    REQUEUE,
    CONFIRM,
    CONFIRM_AND_CORRECT,
    REFUSED,
    DOUBT,
    WAKE,
    DECIDE,
    DISMISS,
    REPLAY,
    REPLAY_WRITTEN,
    FORGET,
    FORGET_ENDED,
)


# The functions ------------------------------------------------------------------------------------


class CallUpdate(TypedDict, total=False):
    """Columns of a call to set.

    The names are those of the table `calls`. Storage turns `event` and `is_on_record` into columns.
    """

    state: CallState
    reason: str | None
    cause: Cause | None
    record: str
    over_at: datetime | None
    started_at: datetime | None
    direction: str | None
    line: str | None
    other: str | None
    outcome: str | None
    talk_seconds: int | None
    run: int
    due_at: datetime | None
    tries: int
    tried_since: datetime | None
    person_kind: str | None
    person_id: str | None
    person_name: str | None
    because: str | None
    event: CallEvent | None
    integration_id: str | None
    job_id: str | None
    is_on_record: bool
    posted_at: datetime | None
    confirmed_at: datetime | None
    event_id: str | None
    retries: int
    assigned_kind: str | None
    assigned_id: str | None
    link_version: int
    may_be_written: bool | None
    updated_at: datetime
    waits_for: str | None


class NewCall(CallUpdate):
    """The columns of a call that is stored for the first time."""

    key: str
    provider: str
    account: str
    call_id: str
    first_seen_at: datetime


class _Number(Protocol):
    def __add__(self, other: int, /) -> Any: ...


Number = TypeVar("Number", bound=_Number)


def next_run(run: Number) -> Number:
    """The number of the run that replaces this one. run: a number, or the column that holds it."""
    following: Number = run + 1
    return following


def is_possible(before: CallState | None, after: CallState) -> bool:
    """True if some transition leads from the one state to the other. before: None for a new call."""
    return before is after or any(
        transition.target is after
        and (before in transition.sources or (before is None and not transition.sources))
        for transition in TRANSITIONS
    )


# By a hook


def begin(*, due_at: datetime) -> CallUpdate:
    """FIRST_HOOK. due_at: by what the hook tells."""
    return {"state": OPEN, "run": 1, "due_at": due_at}


def add_facts(
    call: Call, *, due_at: datetime, now: datetime, is_over: bool, is_to_be_asked: bool
) -> CallUpdate:
    """NEW_FACTS, or another time for the run that is planned already.

    due_at: when the call is due by what is known now.
    is_over: the call has ended, by what is known now.
    is_to_be_asked: its record has questions that the provider may need time to answer, or did not answer.
    """
    is_ignored_by_rule = call.state is IGNORED and call.assigned_kind is None
    if is_ignored_by_rule or call.state in NEW_FACTS.sources - {IGNORED}:
        return {**_change(NEW_FACTS, call), "due_at": max(due_at, now)}
    is_still_asked = call.record.is_over and is_to_be_asked
    if call.state in UNDELIVERED and call.is_queued:
        # A run is under way, and may have read the record already. If it ends without having what it waits
        # for, the next one is due by this time (adapter.storage.runs: `wait`).
        return {} if is_still_asked else {"due_at": due_at}
    if call.state is not OPEN:
        return {}  # what waits is a try of its own, or a confirmation, which looks at the record anew
    if call.run > 1 and call.due_at and is_still_asked:
        # The provider is to be asked again at that time, and this hook does not make that needless.
        return {"due_at": max(due_at, call.due_at)}
    if call.run > 1 and call.due_at and not is_over:
        return {"due_at": min(due_at, call.due_at)}  # nor does it put that off
    return {"due_at": due_at}


def fold(call: Call, *, into: str) -> CallUpdate:
    """FOLD. into: the key of the call whose leg it is."""
    return {**_change(FOLD, call), "due_at": None, "reason": f"a leg of {into}"}


def postpone(call: Call, *, until: datetime) -> CallUpdate:
    """The run that is planned is due at this time or later."""
    return {"due_at": until if call.due_at is None else max(call.due_at, until)}


# By a run


def finish(
    call: Call, state: CallState, *, reason: str | None, cause: Cause | None, now: datetime
) -> CallUpdate:
    """FINISH: the run ends in this state, and no other run is planned."""
    return {
        **_change(FINISH[state], call),
        "reason": reason,
        "cause": cause,
        "updated_at": now,
        "waits_for": None,
        "due_at": None,
        "tries": 0,
        "tried_since": None,
    }


def run_again(
    call: Call,
    state: CallState,
    *,
    reason: str,
    now: datetime,
    delay_seconds: float,
    is_failed_attempt: bool,
    waits_for: str | None,
) -> CallUpdate:
    """RUN_AGAIN: the run ends in this state, and the next one is due after the delay."""
    update: CallUpdate = {
        **_change(RUN_AGAIN[state], call),
        "reason": reason,
        "cause": None,
        "updated_at": now,
        "waits_for": waits_for,
        "due_at": now + timedelta(seconds=delay_seconds),
    }
    if is_failed_attempt:
        update |= {"tries": call.tries + 1, "tried_since": call.tried_since or now}
    elif waits_for is not None:
        update |= {"tries": 0, "tried_since": None}  # the day of trying begins after the pause
    return update


def look_again(call: Call, state: CallState, *, now: datetime) -> CallUpdate:
    """LOOK_AGAIN, on top of what `finish` sets."""
    return {**_change(LOOK_AGAIN[state], call), "due_at": now}


# By an operator


def decide(call: Call, *, reason: str, now: datetime) -> CallUpdate:
    """DECIDE: the call is delivered at once."""
    return {**_start_over(DECIDE, call, now), "job_id": None, "reason": reason}


def dismiss(call: Call, *, reason: str, now: datetime) -> CallUpdate:
    """DISMISS. The new run is never due: it only replaces one that may be under way."""
    said: CallUpdate = {"reason": reason, "cause": Cause.BY_OPERATOR}
    return {**_start_over(DISMISS, call, now), "due_at": None, "job_id": None, **said}


def replay(call: Call, *, reason: str, now: datetime) -> CallUpdate:
    """REPLAY, REPLAY_WRITTEN. What the target said of the job before stands in the attempts."""
    transition = REPLAY_WRITTEN if call.state in ACCEPTED else REPLAY
    return {
        **_start_over(transition, call, now),
        "reason": reason,
        "job_id": None,
        "posted_at": None,
        "confirmed_at": None,
        "retries": 0,
    }


def forget(call: Call, *, now: datetime) -> CallUpdate:
    """FORGET, FORGET_ENDED. A run that is under way is replaced, and so can say nothing more of the call."""
    said: CallUpdate = {"reason": FORGOTTEN, "updated_at": now}
    if call.state in FORGET.sources:
        return {**_change(FORGET, call), **said, "due_at": None, "cause": Cause.FORGOTTEN}
    if call.state is IGNORED:
        said["cause"] = Cause.FORGOTTEN
    return {**_change(FORGET_ENDED, call), **said}


def begin_forgotten(*, now: datetime) -> CallUpdate:
    """FIRST_FORGOTTEN: nothing is kept of the call but that it was forgotten."""
    update: CallUpdate = {"state": IGNORED, "reason": FORGOTTEN, "cause": Cause.FORGOTTEN}
    return {**update, "run": 1, "updated_at": now}


def _start_over(transition: Transition, call: Call, now: datetime) -> CallUpdate:
    counts: CallUpdate = {"tries": 0, "tried_since": None, "cause": None}
    return {**_change(transition, call), **counts, "due_at": now, "updated_at": now}


def _change(transition: Transition, call: Call) -> CallUpdate:
    """The state and the run after this transition."""
    update: CallUpdate = {}
    if transition.target is not None:
        update["state"] = transition.target
    if transition.plans_run:
        update["run"] = next_run(call.run)
    return update
