"""How are all calls that match delivered again? It is said first how many; a worker does it, a few at a time.

A piece of the work and how far it has come are one transaction. So a worker that is killed loses the piece as a
whole, and the next one does it again: no call is done twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.domain import lifecycle
from adapter.domain.actor import Actor
from adapter.domain.call import Call, CallState
from adapter.domain.call_filter import CallFilter
from adapter.errors import CountChanged
from adapter.intake.service import Intake
from adapter.operations.replay import plan_replay
from adapter.storage.bulk_replays import BulkReplay, BulkReplays, BulkState, What
from adapter.storage.store import Store

DECIDED_MEANWHILE = "decided about meanwhile"
# So many parked hooks are read again in one piece of the work.
HOOKS_AT_ONCE = 20
# How often a worker goes on, and with how many calls where no rate limits it.
EVERY_SECONDS = 2.0
CALLS_AT_ONCE = 100


@dataclass(frozen=True)
class Preview:
    """What a bulk replay would do.

    matching: how many calls match. skipped: how many of them would be left alone, by the reason.
    """

    matching: int
    skipped: Mapping[str, int]

    @property
    def planned(self) -> int:
        return self.matching - sum(self.skipped.values())


def why_skipped(state: CallState, *, is_forgotten: bool) -> str | None:
    """Return why a bulk replay leaves such a call alone, or None. It never writes a second event."""
    if is_forgotten:
        return "forgotten on request"
    if state in lifecycle.ACCEPTED:
        return "written already; it would stand there twice"
    if state in lifecycle.IN_PROGRESS:
        return "still under way by itself"
    return None if state in lifecycle.REPLAYABLE else "a leg of another call"


class BulkReplaying:
    """Begins, stops and does bulk replays. clock: aware UTC now."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self.rows = BulkReplays(store)

    def preview(self, wanted: CallFilter) -> Preview:
        """Return what would be done, counted exactly."""
        skipped: Counter[str] = Counter()
        counts = self.rows.count(wanted)
        for (state, is_forgotten), count in counts.items():
            if why := why_skipped(state, is_forgotten=is_forgotten):
                skipped[why] += count
        return Preview(sum(counts.values()), skipped)

    def preview_parked(self) -> Preview:
        """Return how many parked hooks would be read again."""
        return Preview(self._store.hooks.count_parked(), {})

    def begin(self, wanted: CallFilter, *, expected: int, by: Actor) -> int:
        """Have all these calls delivered again by a worker; return the id.

        Raise CountChanged if there are more or fewer of them than expected.
        """
        _require(self.preview(wanted).matching, expected)
        return self.rows.begin(What.CALLS, wanted, expected=expected, by=by, now=self._clock())

    def begin_parked(self, *, expected: int, by: Actor) -> int:
        """Have the parked hooks read again; otherwise as `begin`."""
        _require(self.preview_parked().matching, expected)
        nothing, now = CallFilter(), self._clock()
        return self.rows.begin(What.PARKED, nothing, expected=expected, by=by, now=now)

    def stop(self, bulk_id: int, *, by: Actor) -> bool:
        """Let it go no further. False if it has ended already. What it has done stays done."""
        return self.rows.stop(bulk_id, by=by, now=self._clock())

    def work(self, intake: Intake, limit: int) -> bool:
        """Do one piece of the oldest one: so many calls. Return False if nothing is left to do.

        Errors: StoreUnavailable.
        """
        if not self.rows.has_running():
            return False
        now = self._clock()
        with self._store.begin() as connection:
            bulk = self.rows.locked_next(connection, now)
            if bulk is None:
                return False
            if bulk.what is What.CALLS:
                self.rows.note(connection, self._calls(connection, bulk, limit, now))
                return True
        self._parked(intake, bulk)
        return True

    def _calls(
        self, connection: sa.Connection, bulk: BulkReplay, limit: int, now: datetime
    ) -> BulkReplay:
        following = self.rows.following(connection, bulk, limit)
        if not following:
            return replace(bulk, state=BulkState.DONE)
        planned, skipped = bulk.planned, Counter(bulk.skipped)
        # In the order in which decisions lock calls, so that none blocks the other.
        for key in sorted(call.key for call in following):
            current = self._store.calls.locked(connection, key)
            if current is None:
                continue
            if why := self._why_skipped(connection, bulk, current):
                skipped[why] += 1
                continue
            actor = bulk.actor
            plan_replay(self._store, connection, current, again=False, by=actor, now=now)
            planned += 1
        last = following[-1]
        return replace(
            bulk,
            planned=planned,
            skipped=dict(skipped),
            place_at=last.first_seen_at,
            place_key=last.key,
        )

    def _why_skipped(self, connection: sa.Connection, bulk: BulkReplay, call: Call) -> str | None:
        if why := why_skipped(call.state, is_forgotten=call.record.is_forgotten):
            return why
        last = self._store.decisions.last(connection, call.key)
        return DECIDED_MEANWHILE if last is not None and last.at > bulk.at else None

    def _parked(self, intake: Intake, bulk: BulkReplay) -> None:
        """Read a few hooks again, each in a transaction of its own: what was taken is parked no more."""
        place = int(bulk.place_key or 0)
        hooks = self._store.hooks.parked_after(place, limit=HOOKS_AT_ONCE)
        taken = sum(intake.replay(hook) for hook in hooks)
        unreadable = len(hooks) - taken
        skipped = Counter(bulk.skipped)
        if unreadable:
            skipped["still cannot be read"] += unreadable
        with self._store.begin() as connection:
            current = self.rows.locked_next(connection, self._clock())
            if current is None or (current.id, current.place_key) != (bulk.id, bulk.place_key):
                return  # it was stopped, or another worker has taken it over
            self.rows.note(
                connection,
                replace(
                    bulk,
                    state=BulkState.RUNNING if hooks else BulkState.DONE,
                    planned=bulk.planned + taken,
                    skipped=dict(skipped),
                    place_key=str(hooks[-1].id) if hooks else bulk.place_key,
                ),
            )


class BulkReplayTask:
    """The worker's part of bulk replays. seconds_apart: between two calls, so that new ones need not wait.

    every: how often it goes on.
    """

    def __init__(self, replaying: BulkReplaying, intake: Intake, *, seconds_apart: float) -> None:
        self._replaying = replaying
        self._intake = intake
        self._is_paced = seconds_apart > 0
        self._limit = max(int(EVERY_SECONDS / seconds_apart), 1) if seconds_apart else CALLS_AT_ONCE
        self.every = timedelta(seconds=max(EVERY_SECONDS, seconds_apart))

    def work(self) -> bool:
        """Do one piece. Return True if the next one may follow at once."""
        return self._replaying.work(self._intake, self._limit) and not self._is_paced


def _require(actual: int, expected: int) -> None:
    if actual != expected:
        raise CountChanged(
            f"{actual} match now, not {expected}; nothing was changed. Look again, then repeat it",
            expected=expected,
            actual=actual,
        )
