"""What does the worker process do, from its start to its end?

It hands out due runs, does them, and keeps the periodic tasks going. A call's row says when its next run is
due. The worker hands out due runs to itself: it notes them in the queue (adapter.worker.dbos_queue), and marks
them as queued in the same transaction. A run decides from the call's record, so to begin it twice does no harm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from adapter.delivery.throttle import DispatchThrottle
from adapter.errors import DatabaseMoved, StoreUnavailable
from adapter.observability.logs import logger
from adapter.storage.store import Store
from adapter.storage.workers import DEAD_AFTER
from adapter.worker.dbos_queue import DbosQueue, HandedOut
from adapter.worker.periodic import PeriodicRunner, PeriodicTask
from adapter.worker.pulse import Pulse

# How often due runs are looked for: while runs are under way, and while there are none.
BUSY_SECONDS, IDLE_SECONDS = 0.1, 0.4
# How often a worker says that its database was moved to another one.
MOVED_SECONDS = 60.0
FORGET_AFTER = timedelta(days=1)
LOST_AFTER = timedelta(minutes=10)
BEAT_SECONDS = 5.0
# A commit that was not answered is done within so long after the database answers again, or never.
DOUBT_SECONDS = 30.0

log = logger("adapter.worker")


@dataclass(frozen=True)
class InDoubt:
    """Runs whose handing out was not answered by the database.

    looked_at: by the monotonic clock, when the database first answered again and did not have them yet.
    """

    handed_out: HandedOut
    runs: Sequence[tuple[str, int]]
    looked_at: float | None = None


class Worker:
    """Takes due runs from the queue and calls `deliver(call_key, run)` for each, in threads.

    deliver must be safe to call again with the same arguments and raises only StoreUnavailable.
    periodic: the tasks that are done beside the deliveries. executor_id: this process's own name.
    concurrency: how many deliveries are under way at once. lines: the digest of the lines it works with.
    pulse: is told that the work goes on.
    """

    def __init__(
        self,
        *,
        store: Store,
        deliver: Callable[[str, int], None],
        throttle: DispatchThrottle,
        periodic: PeriodicRunner,
        executor_id: str,
        concurrency: int,
        lines: str | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        self._store = store
        self._pulse = pulse or Pulse()
        self._deliver = deliver
        self._throttle = throttle
        self._periodic = periodic
        self._executor_id = executor_id
        self._concurrency = concurrency
        self._lines = lines
        # So many runs it has in hand: the next ones begin when some end, not when more are handed out.
        self._taken = 2 * concurrency
        self._at_work = threading.Semaphore(concurrency)
        self._in_hand: set[tuple[str, int]] = set()
        self._handed_out: list[HandedOut] = []
        self._in_doubt: list[InDoubt] = []
        self._may_be_more = False  # the last look found as much as it had room for
        self._has_room = threading.Event()
        self._stopping = threading.Event()
        self._gone = threading.Event()
        self._dispatcher = threading.Thread(target=self._dispatch, name="dispatcher", daemon=True)
        # Goes on while the worker drains, so it is not one of the tasks that end with the first word.
        beat = PeriodicTask(
            "heartbeat",
            lambda _: self._beat(),
            every=timedelta(seconds=BEAT_SECONDS),
            in_each_worker=True,
        )
        self._heart = PeriodicRunner(None, [beat], clock=_now)
        self._steady_since = self._beat_at = self._say_moved_at = time.monotonic()
        self._queue = DbosQueue(store, do=self._do_all, executor_id=executor_id, taken=self._taken)

    def start(self) -> None:
        self._queue.start()
        self._beat()
        self._heart.start()
        self._dispatcher.start()
        self._periodic.start()

    def stop(self, grace_seconds: int) -> None:
        """Begin nothing new, let what runs finish within the grace; others do the rest."""
        self._stopping.set()
        self._has_room.set()
        self._at_work.release(self._taken)  # who waited to begin is let in, to put it back
        self._periodic.stop(timeout_seconds=2.0)
        self._dispatcher.join(timeout=BEAT_SECONDS)  # what it has handed out is begun, and put back
        self._queue.stop(grace_seconds)
        self._gone.set()
        self._heart.stop(timeout_seconds=BEAT_SECONDS)
        try:
            self._store.workers.drop(self._executor_id)
        except StoreUnavailable:
            log.warning("database unavailable while stopping")
        self._store.engine.dispose()  # SQLite puts all into its one file when the last connection closes

    def _do_all(self, runs: Sequence[tuple[str, int]]) -> None:
        """Do these runs side by side, each when its turn comes."""
        others = [
            threading.Thread(target=self._do, args=run, name="run", daemon=True) for run in runs[1:]
        ]
        for thread in others:
            thread.start()
        self._do(*runs[0])
        for thread in others:
            thread.join()

    def _do(self, call_key: str, run: int) -> None:
        self._in_hand.add((call_key, run))
        try:
            self._do_in_turn(call_key, run)
        finally:
            self._in_hand.discard((call_key, run))
            self._pulse.ended()
            if self._may_be_more and len(self._in_hand) <= self._concurrency:
                self._has_room.set()

    def _do_in_turn(self, call_key: str, run: int) -> None:
        while True:
            try:
                with self._at_work:
                    if self._stopping.is_set():
                        return self._store.runs.put_back(call_key, run)
                    return self._deliver(call_key, run)
            except StoreUnavailable:
                # Nothing can be noted anywhere until the database is back.
                log.warning("database unavailable", call=call_key)
                if self._gone.wait(1.0):
                    # The process ends. To return would say that the run is done, where another
                    # worker is to take it over.
                    threading.Event().wait()

    def _dispatch(self) -> None:
        """Hand out due runs, again and again; as soon as there is room, while there are more."""
        while not self._stopping.is_set():
            try:
                self._settle_doubts()
                self._begin_handed_out()
                if not self._throttle.paused_seconds():
                    self.dispatch()
                    self._begin_handed_out()
                self._pulse.looked(len(self._in_hand))
            except DatabaseMoved:
                pass  # the heartbeat says so
            except StoreUnavailable:
                log.warning("database unavailable, nothing dispatched")
            except Exception:
                log.exception("dispatching failed")
            self._has_room.wait(BUSY_SECONDS if self._in_hand else IDLE_SECONDS)
            self._has_room.clear()

    def dispatch(self) -> int:
        """Hand out what is due now, as much as this worker can have in hand; how many runs."""
        room = self._taken - len(self._in_hand)
        self._may_be_more = False
        if room <= 0:
            self._may_be_more = True
            return 0
        handed_out: HandedOut | None = None
        try:
            with self._store.begin() as connection:
                due = self._store.runs.take_due(connection, _now(), room)
                handed_out = self._queue.hand_out(connection, due)
        except StoreUnavailable:
            if handed_out is not None:
                self._in_doubt.append(InDoubt(handed_out, due))
            raise
        if handed_out is not None:
            self._in_hand.update(due)
            self._handed_out.append(handed_out)
        self._may_be_more = len(due) == room
        return len(due)

    def _settle_doubts(self) -> None:
        """Take in hand what was handed out though the commit was not answered.

        Nobody else begins it: this worker is alive. What was not handed out is still due.
        Errors: StoreUnavailable.
        """
        for doubt in list(self._in_doubt):
            was_committed = self._queue.was_handed_out(doubt.handed_out)
            looked_at = doubt.looked_at or time.monotonic()
            self._in_doubt.remove(doubt)
            if was_committed:
                self._in_hand.update(doubt.runs)
                self._handed_out.append(doubt.handed_out)
            elif time.monotonic() - looked_at < DOUBT_SECONDS:
                self._in_doubt.append(replace(doubt, looked_at=looked_at))

    def _begin_handed_out(self) -> None:
        """Begin what was handed out. What this worker does not come to is begun again by another."""
        while self._handed_out:
            self._queue.begin(self._handed_out.pop())

    def _beat(self) -> None:
        """Say that this worker is alive, also while it drains; and look after those that are not."""
        try:
            now = _now()
            self._store.workers.beat(self._executor_id, now, self._lines)
            before, self._beat_at = self._beat_at, time.monotonic()
            if self._beat_at - before > DEAD_AFTER.total_seconds() / 2:
                # It was us who were silent, or the database: judge nobody yet.
                self._steady_since = self._beat_at
            if self._beat_at - self._steady_since >= DEAD_AFTER.total_seconds():
                self._take_over(now)
            lost = self._store.runs.requeue_lost(now - LOST_AFTER, now)
            if lost:
                log.warning("runs that never ended are planned again", count=lost)
        except DatabaseMoved as moved:
            if time.monotonic() >= self._say_moved_at:
                self._say_moved_at = time.monotonic() + MOVED_SECONDS
                log.error("this worker does nothing any more; stop it", reason=str(moved))
        except StoreUnavailable:
            log.warning("database unavailable, no heartbeat")
        except Exception:
            if not self._stopping.is_set():
                log.exception("the worker's heartbeat failed")

    def _take_over(self, now: datetime) -> None:
        """Begin again what workers began that are dead: silent for long, or gone without a trace."""
        seen = self._store.workers.seen_at()
        alive = {name for name, seen_at in seen.items() if now - seen_at < DEAD_AFTER}
        orphans = set(self._queue.holders(now - DEAD_AFTER)) - alive - {self._executor_id}
        for executor_id, seen_at in seen.items():
            if now - seen_at > FORGET_AFTER:
                self._store.workers.drop(executor_id)
        for executor_id in orphans:
            log.warning("taking over the work of a dead worker", worker=executor_id)
            self._queue.begin_again(executor_id)
            self._queue.wake()
            self._store.workers.drop(executor_id)


def _now() -> datetime:
    return datetime.now(UTC)
