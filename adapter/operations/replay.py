"""How is a call delivered again, and a parked hook read again, when an operator says so?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from adapter.domain import lifecycle
from adapter.domain.assignment import NOBODY
from adapter.domain.call import Call
from adapter.intake.service import Intake
from adapter.storage.store import Store


def replay_calls(store: Store, calls: Iterable[Call], *, again: bool) -> Iterator[tuple[Call, str]]:
    """Schedule a new run of each call. Yield each call with what was done, in words.

    A call that is written gets no new run, unless `again` is true; then a second event is written. `again` also
    declares that no earlier try got through. A call that is being delivered, or still goes on, keeps its run.
    """
    for call in calls:
        with store.begin() as connection:
            current = store.calls.locked(connection, call.key)
            if current is None:
                continue
            if current.record.is_forgotten:
                yield call, "was forgotten on request; nobody could be found for it"
                continue
            is_written = current.state in lifecycle.ACCEPTED
            if is_written and not again:
                yield call, f"is {current.state.value}; --again would write a second event"
                continue
            if not is_written and current.state not in lifecycle.REPLAYABLE:
                yield call, f"is {current.state.value}; its own run goes on"
                continue
            now = datetime.now(UTC)
            update = lifecycle.replay(current, reason="replayed by an operator", now=now)
            if current.assigned_kind == NOBODY:
                update["assigned_kind"] = None
            store.calls.update(connection, current.key, **update)
            if again:
                store.calls.update(connection, current.key, may_be_written=False)
                store.attempts.end_doubts(
                    connection, current.key, "by an operator's word it did not"
                )
            was = f", although it was {current.state.value}" if is_written else ""
            store.attempts.add_decision(connection, current.key, f"to be delivered again{was}", now)
        yield call, "will be delivered again"


def replay_parked(intake: Intake) -> tuple[int, int]:
    """Read each parked hook again. Return how many were taken, and how many still cannot be read."""
    taken = unreadable = 0
    for hook in intake.store.hooks.parked():
        if intake.replay(hook):
            taken += 1
        else:
            unreadable += 1
    return taken, unreadable
