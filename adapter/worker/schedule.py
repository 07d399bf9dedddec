"""What is done at its time, by one worker: comparing with the provider's list, throwing away what is old?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.errors import AdapterError
from adapter.observability.observe import logger
from adapter.reconcile.run import Reconciliation
from adapter.storage.periodic_tasks import LEASE, JobRow, Jobs
from adapter.storage.retention import Retention
from adapter.storage.store import Store

NIGHT_HOUR = 8  # UTC: between one and four in the morning from coast to coast
RETRY = timedelta(minutes=5)
RECONCILE_EVERY = timedelta(minutes=15)
WINDOW = timedelta(hours=2)
OVERLAP = timedelta(hours=1)
NIGHTLY_WINDOW = timedelta(days=3)
LONGEST_WAIT_SECONDS = 60.0
# For so long held calls wait for the people to be read; looked at so often, and then again after RETRY.
LONGEST_WAIT_FOR_PEOPLE = timedelta(days=1)
LOOK_SECONDS, PATIENCE_FOR_PEOPLE = 5.0, 24
# Of an older call the number may be somebody else's by now.
HELD_AT_MOST = timedelta(days=90)

log = logger("adapter.worker.schedule")


class TurnLost(AdapterError):
    """The job was taken by another worker, or this one is stopping; what was done stays done."""


@dataclass(frozen=True)
class Turn:
    """One run of a job.

    go_on is called now and then; it keeps the job ours, or raises TurnLost. wait lets seconds pass.
    """

    row: JobRow
    now: datetime
    go_on: Callable[[], None]
    wait: Callable[[float], None]


@dataclass(frozen=True)
class Task:
    """next_after: when it is due again after a moment; None: it comes once, where a migration planned it."""

    name: str
    next_after: Callable[[datetime], datetime] | None
    work: Callable[[Turn], None]


class Schedule:
    """Runs what is due. tick may be called often, in every worker; each job runs in one of them."""

    def __init__(self, *, jobs: Jobs, tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
        self._jobs = jobs
        self._tasks = {task.name: task for task in tasks}
        self._clock = clock
        self._is_planned = False
        self._stopping = threading.Event()

    def tick(self) -> bool:
        """Run a job that is due, to its end; False if there was none. Errors: StoreUnavailable."""
        now = self._clock()
        if not self._is_planned:
            again = {t.name: t.next_after(now) for t in self._tasks.values() if t.next_after}
            self._jobs.plan(again, now)
            self._is_planned = True
        for name in self._jobs.due(now):
            row = self._jobs.take(name, now) if name in self._tasks else None
            if row is not None:
                self._run(Turn(row, now, self._keeper(name, now), self._wait))
                return True
        return False

    def stop(self) -> None:
        """Let a job in progress end at its next breath."""
        self._stopping.set()

    def _run(self, turn: Turn) -> None:
        task = self._tasks[turn.row.name]
        ran_at: datetime | None = None
        try:
            task.work(turn)
            ran_at = turn.now
        except AdapterError as error:
            log.warning("a job did not come to its end", job=task.name, reason=str(error))
        except Exception:
            log.exception("a job failed", job=task.name)
        now = self._clock()
        if ran_at is None:
            self._jobs.finish(task.name, next_at=now + RETRY, ran_at=None)
        elif task.next_after is None:
            self._jobs.drop(task.name)
        else:
            self._jobs.finish(task.name, next_at=task.next_after(now), ran_at=ran_at)

    def _keeper(self, name: str, taken_at: datetime) -> Callable[[], None]:
        renewed_at = taken_at

        def go_on() -> None:
            nonlocal renewed_at
            now = self._clock()
            if self._stopping.is_set():
                raise TurnLost(f"{name}: the worker is stopping")
            if now - renewed_at >= LEASE / 5:
                if not self._jobs.renew(name, now):
                    raise TurnLost(f"{name}: another worker has taken it over")
                renewed_at = now

        return go_on

    def _wait(self, seconds: float) -> None:
        """Let time pass inside a job; what takes longer than the lease is tried again later."""
        if seconds > LONGEST_WAIT_SECONDS or self._stopping.wait(seconds):
            raise TurnLost(f"not now: asked to wait {seconds:.0f} s")


def tasks(
    reconciliation: Reconciliation | None, retention: Retention, held: HeldOnceMore
) -> Sequence[Task]:
    """What is done: throw away what is old; and, with credentials, compare with the provider's list.

    After an upgrade, once: look at held calls by the rules of today.
    """
    pruning = Task("prune", nightly, lambda turn: _prune(retention, turn))
    looking = Task("look_again", None, held.look)
    if reconciliation is None or not reconciliation.accounts:
        return [pruning, looking]

    def comparing(window: timedelta) -> Callable[[Turn], None]:
        return lambda turn: _reconcile(reconciliation, turn, window)

    return [
        Task("reconcile", lambda now: now + RECONCILE_EVERY, comparing(WINDOW)),
        Task("reconcile_nightly", nightly, comparing(NIGHTLY_WINDOW)),
        pruning,
        looking,
    ]


@dataclass(frozen=True)
class HeldOnceMore:
    """Plans a run for every held call. is_read: whether all people have been read by today's rules.

    seconds_apart: between two of the runs, so that new calls need not wait for them.
    """

    store: Store
    is_read: Callable[[], bool]
    seconds_apart: float

    def look(self, turn: Turn) -> None:
        """Errors: TurnLost while the people are still being read, but for the first day."""
        may_wait = turn.now - turn.row.first_at < LONGEST_WAIT_FOR_PEOPLE
        for _ in range(PATIENCE_FOR_PEOPLE):
            if self.is_read() or not may_wait:
                break
            turn.wait(LOOK_SECONDS)
            turn.go_on()
        else:
            raise TurnLost("look_again: the people are not read anew yet")
        since = turn.now - HELD_AT_MOST
        planned = self.store.runs.plan_held(
            since=since, now=turn.now, seconds_apart=self.seconds_apart
        )
        log.info("held calls are looked at once more, by the rules of this version", count=planned)


def nightly(now: datetime) -> datetime:
    """The next night."""
    tonight = now.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)


def reaches_back(row: JobRow, now: datetime, window: timedelta) -> datetime:
    """Since when to compare: the window, or longer if the last good run is long ago.

    Never from before the adapter began here: what somebody else wrote then would be written twice.
    History is taken in by hand.
    """
    since = now - window
    if row.ran_at is not None:
        since = min(since, row.ran_at - OVERLAP)
    return max(since, now - NIGHTLY_WINDOW, row.first_at)


def _reconcile(reconciliation: Reconciliation, turn: Turn, window: timedelta) -> None:
    since = reaches_back(turn.row, turn.now, window)
    report = reconciliation.run(since, wait=turn.wait, watch=lambda progress: turn.go_on())
    for error in report.problems.values():
        if not error.permanent:
            raise error  # comes again soon; a wrong token does not get better by that


def _prune(retention: Retention, turn: Turn) -> None:
    deleted = retention.prune(turn.now, turn.go_on)
    log.info("old rows were deleted", **deleted)
