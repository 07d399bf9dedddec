"""How is a call delivered again, and a parked hook read again, when an operator says so?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from adapter.domain import lifecycle
from adapter.domain.actor import Actor
from adapter.domain.assignment import NOBODY
from adapter.domain.call import Call
from adapter.errors import DecidedMeanwhile, SettingsError
from adapter.intake.service import Intake
from adapter.operations.decisions import Alike, lock_alike, refuse_if_decided
from adapter.storage.store import Store

WILL_BE = "will be delivered again"


def replay_calls(
    store: Store, calls: Iterable[Call], *, again: bool, by: Actor
) -> Iterator[tuple[Call, str]]:
    """Schedule a new run of each call. Yield each call with what was done, in words.

    A call that is written gets no new run, unless `again` is true; then a second event is written. `again` also
    declares that no earlier try got through. A call that is being delivered, or still goes on, keeps its run.
    So does a call that somebody decided about since it was read.
    """
    for call in calls:
        try:
            words = replay_call(store, call, again=again, by=by)
        except DecidedMeanwhile as error:
            words = f"was not touched: {error}"
        if words is not None:
            yield call, words


def replay_call(
    store: Store,
    call: Call,
    *,
    again: bool,
    by: Actor,
    seen: int | None = None,
    alike: Alike | None = None,
) -> str | None:
    """Do it for one call; return what was done, in words, or None if the call is not there any more.

    seen, alike: as of `adapter.operations.decisions`. With `alike` no second event is written.
    Raise DecidedMeanwhile, CountChanged, SettingsError.
    """
    if alike is not None:
        with store.begin() as connection:
            now = datetime.now(UTC)
            for each in lock_alike(store, connection, call, by=by, seen=seen, alike=alike):
                if (why := why_not_replayed(each, again=False)) is not None:
                    raise SettingsError(f"call {each.call_id} {why}")
                plan_replay(store, connection, each, again=False, by=by, now=now)
        return WILL_BE
    with store.begin() as connection:
        current = store.calls.locked(connection, call.key)
        if current is None:
            return None
        refuse_if_decided(store, connection, call, by=by, seen=seen)
        if (why := why_not_replayed(current, again=again)) is not None:
            return why
        plan_replay(store, connection, current, again=again, by=by, now=datetime.now(UTC))
    return WILL_BE


def why_not_replayed(call: Call, *, again: bool) -> str | None:
    """Return why this call gets no new run, or None if it gets one."""
    if call.record.is_forgotten:
        return "was forgotten on request; nobody could be found for it"
    if call.state in lifecycle.ACCEPTED:
        return None if again else f"is {call.state.value}; --again would write a second event"
    if call.state not in lifecycle.REPLAYABLE:
        return f"is {call.state.value}; its own run goes on"
    return None


def plan_replay(
    store: Store, connection: sa.Connection, call: Call, *, again: bool, by: Actor, now: datetime
) -> None:
    """Plan a new run of this locked call, for which nothing speaks against it."""
    is_written = call.state in lifecycle.ACCEPTED
    update = lifecycle.replay(call, reason="replayed by an operator", now=now)
    if call.assigned_kind == NOBODY:
        update["assigned_kind"] = None
    store.calls.update(connection, call.key, **update)
    if again:
        store.calls.update(connection, call.key, may_be_written=False)
        store.attempts.end_doubts(connection, call.key, "by an operator's word it did not")
    was = f", although it was {call.state.value}" if is_written else ""
    what = f"to be delivered again{was}"
    store.decisions.add(connection, call.key, what, by=by, run=update["run"], now=now)


def replay_parked(intake: Intake) -> tuple[int, int]:
    """Read each parked hook again. Return how many were taken, and how many still cannot be read."""
    taken = unreadable = 0
    for hook in intake.store.hooks.parked():
        if intake.replay(hook):
            taken += 1
        else:
            unreadable += 1
    return taken, unreadable
