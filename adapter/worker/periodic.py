"""What comes again and again in a worker, and whose turn is it? The only scheduler.

A task is done by one worker at a time: the one that takes its row (adapter.storage.task_leases). Or each
worker does it for itself, without a row. The list of tasks stands in adapter.worker.tasks.
docs/decisions/0014-one-scheduler.md says why dbos does not do it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.errors import AdapterError, LocalRateLimit, Paused, RemoteError, StoreUnavailable
from adapter.observability.logs import logger
from adapter.storage.task_leases import TaskLease, TaskLeases

# A task with `at` that failed is tried again after so long.
RETRY = timedelta(minutes=5)
# The rows are read again at the latest after so long.
LONGEST_PAUSE = timedelta(seconds=30)
SHORTEST_PAUSE_SECONDS = 0.05
AFTER_OUTAGE = timedelta(seconds=1)
# A task with `every` is done for the first time after so long, or sooner.
FIRST_AFTER = timedelta(seconds=1)
# So long a run may ask to wait; what takes longer is tried again later.
LONGEST_WAIT_SECONDS = 60.0
# A run that has not called go_on for so long hangs. Its lease is not renewed any more.
HANGS_AFTER = timedelta(minutes=30)

log = logger("adapter.worker.periodic")


class TurnLost(AdapterError):
    """The task was taken by another worker, or this worker is stopping. What was done stays done."""


@dataclass(frozen=True)
class PeriodicTask:
    """Something that is done again and again.

    work: does one piece, and returns True if there is more to do at once.
    every: the time between two runs.
    at: the moment of the next run after a given moment, in the place of `every`. Such tasks take long, so a
    worker does one of them at a time.
    A task with neither comes once: a migration has planned it.
    in_each_worker: every worker does it for itself.
    lease: after so long without a sign of its worker another worker takes the task over.
    """

    name: str
    work: Callable[[Turn], bool | None]
    every: timedelta | None = None
    at: Callable[[datetime], datetime] | None = None
    in_each_worker: bool = False
    lease: timedelta = timedelta(minutes=5)

    def first(self, now: datetime) -> datetime | None:
        """The moment of the first run; None if only a migration plans one."""
        if self.every is not None:
            return now + min(self.every, FIRST_AFTER)
        return self.at(now) if self.at else None


class Turn:
    """One run of a task in this worker. now: when it began; row: the task's row as it was then.

    A long piece of work calls `go_on` now and then, and waits by `wait`.
    """

    def __init__(
        self,
        task: PeriodicTask,
        now: datetime,
        row: TaskLease | None,
        *,
        leases: TaskLeases | None,
        stopping: threading.Event,
        clock: Callable[[], datetime],
    ) -> None:
        self.task = task
        self.now = now
        self._row = row
        self._leases = leases
        self._stopping = stopping
        self._clock = clock
        self._went_on_at = now
        self._is_lost = False
        self._renew_at = now + task.lease / 3
        self._renewing = threading.Lock()

    @property
    def row(self) -> TaskLease:
        if self._row is None:
            raise TypeError(f"{self.task.name} is done in each worker, and has no row")
        return self._row

    @property
    def renew_at(self) -> datetime | None:
        """When the lease is to be renewed; None if it is not."""
        return self._renew_at if self._leases and not self._is_lost else None

    def go_on(self) -> None:
        """Say that the work goes on. Errors: TurnLost if it must end here."""
        self._went_on_at = self._clock()
        if self._stopping.is_set():
            raise TurnLost(f"{self.task.name}: the worker is stopping")
        self.renew()
        if self._is_lost:
            raise TurnLost(f"{self.task.name}: another worker has taken it over")

    def wait(self, seconds: float) -> None:
        """Let time pass. Errors: TurnLost if that is too long, or the worker is stopping."""
        if seconds > LONGEST_WAIT_SECONDS or self._stopping.wait(seconds):
            raise TurnLost(f"not now: asked to wait {seconds:.0f} s")

    def renew(self) -> None:
        """Keep the task, if it is time and the work does not hang. Errors: StoreUnavailable."""
        with self._renewing:
            now = self._clock()
            if self._leases is None or self._is_lost or now < self._renew_at:
                return
            self._renew_at = now + AFTER_OUTAGE
            hangs = now - self._went_on_at >= HANGS_AFTER
            until = now + self.task.lease
            self._is_lost = hangs or not self._leases.renew(self.task.name, until=until)
            self._renew_at = now + self.task.lease / 3


class PeriodicRunner:
    """Starts each task when it is due, in a thread of its own, so that a slow one delays no other.

    leases: not needed if every worker does all these tasks for itself.
    """

    def __init__(
        self,
        leases: TaskLeases | None,
        tasks: Sequence[PeriodicTask],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.tasks = {task.name: task for task in tasks}
        self._leases = leases
        self._clock = clock
        self._own = [task for task in tasks if task.in_each_worker]
        self._shared = [task for task in tasks if not task.in_each_worker]
        self._plan_is_made = leases is None
        self._looked_at = clock()
        self._try_at: dict[str, datetime] = {}  # when each task is worth a try
        self._running: dict[str, tuple[Turn, threading.Thread]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._keep_on, name="periodic", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Begin nothing new, and wait a little for what is under way: so long for all tasks together."""
        self._stopping.set()
        self._wake.set()
        until = time.monotonic() + timeout_seconds
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)
        with self._lock:
            threads = [thread for _, thread in self._running.values()]
        for thread in threads:
            thread.join(max(until - time.monotonic(), 0.0))

    def take_due(self) -> Sequence[Turn]:
        """Take every task that is due and free; `run` is to be called for each."""
        now, taken = self._clock(), list[Turn]()
        if now < self._looked_at:  # the clock was set back: what was noted by it is too far ahead
            self._try_at.clear()
            self._plan_is_made = self._leases is None
        self._looked_at = now
        for task in self._own:
            self._try_at.setdefault(task.name, task.first(now) or now)
        tasks = [*self._own, *(self._shared if self._is_planned(now) else ())]
        for task in sorted(tasks, key=lambda task: self._try_at[task.name]):
            if self._try_at[task.name] > now:
                break
            if self._may_begin(task, taken) and (turn := self._take(task, now)):
                taken.append(turn)
        return taken

    def run(self, turn: Turn) -> None:
        """Do a task that was taken, to its end."""
        task, went_well, wait = turn.task, False, None
        try:
            while task.work(turn) and not self._stopping.is_set():
                turn.go_on()  # to the next piece
            went_well = True
        except LocalRateLimit as error:
            seconds = error.retry_after_seconds
            wait = timedelta(seconds=seconds) if seconds else None
        except Paused:
            pass  # who found it out has said so, and says it each minute
        except (RemoteError, StoreUnavailable, TurnLost) as error:
            log.warning("a task is put off", task=task.name, reason=str(error))
        except AdapterError as error:
            log.warning("a task did not come to its end", task=task.name, reason=str(error))
        except Exception:
            log.exception("a task failed", task=task.name)
        try:
            self._finish(turn, went_well=went_well, wait=wait)
        except StoreUnavailable as error:
            # The row stays ours until the lease ends.
            log.warning("the end of a task could not be noted", task=task.name, reason=str(error))

    def _keep_on(self) -> None:
        while not self._stopping.is_set():
            pause = AFTER_OUTAGE.total_seconds()
            try:
                self._renew()
                for turn in self.take_due():
                    self._start(turn)
                pause = self._pause_seconds()
            except Exception:
                log.exception("beginning tasks failed")
            self._wake.wait(pause)
            self._wake.clear()

    def _start(self, turn: Turn) -> None:
        def run() -> None:
            try:
                self.run(turn)
            finally:
                with self._lock:
                    del self._running[turn.task.name]
                self._wake.set()

        thread = threading.Thread(target=run, name=turn.task.name, daemon=True)
        with self._lock:
            self._running[turn.task.name] = (turn, thread)
        thread.start()

    def _is_planned(self, now: datetime) -> bool:
        """Make the rows of new tasks, once, and read when each is due. False if that is not possible now."""
        if self._plan_is_made or not self._leases:
            return True
        try:
            self._leases.plan(
                {task.name: at for task in self._shared if (at := task.first(now))}, now
            )
            rows = self._leases.all()
            for task in self._shared:
                row = rows.get(task.name)
                free_at = row.free_at if row else now + LONGEST_PAUSE
                if row and task.every and free_at > now + task.every:  # it was longer before
                    free_at = now + task.every
                    self._leases.bring_forward(task.name, free_at)
                self._try_at[task.name] = free_at
        except StoreUnavailable as error:
            log.warning("tasks could not be planned", reason=str(error))
            return False
        self._plan_is_made = True
        return True

    def _take(self, task: PeriodicTask, now: datetime) -> Turn | None:
        """The task's turn, if it is this worker's; else note when to try again."""
        leases = None if task.in_each_worker else self._leases
        row = None
        if leases:
            self._try_at[task.name] = now + AFTER_OUTAGE
            try:
                row = leases.take(task.name, now=now, until=now + task.lease)
                if row is None:
                    other = leases.all().get(task.name)
                    latest = now + LONGEST_PAUSE
                    self._try_at[task.name] = min(other.free_at, latest) if other else latest
                    return None
            except StoreUnavailable as error:
                log.warning("a task could not be taken", task=task.name, reason=str(error))
                return None
        return Turn(task, now, row, leases=leases, stopping=self._stopping, clock=self._clock)

    def _may_begin(self, task: PeriodicTask, taken: Sequence[Turn]) -> bool:
        with self._lock:
            running = [turn.task for turn, _ in self._running.values()]
        running += [turn.task for turn in taken]
        if task in running:
            return False
        return task.every is not None or all(other.every is not None for other in running)

    def _finish(self, turn: Turn, *, went_well: bool, wait: timedelta | None) -> None:
        task, now = turn.task, self._clock()
        if task.every is not None:
            next_at = now + (wait or task.every)
        elif not went_well:
            next_at = now + (wait or RETRY)
        elif task.at is not None:
            next_at = task.at(now)
        else:
            self._try_at[task.name] = now + LONGEST_PAUSE
            if self._leases:
                self._leases.drop(task.name)
            return
        self._try_at[task.name] = next_at
        if self._leases and not task.in_each_worker:
            self._leases.finish(task.name, next_at=next_at, ran_at=turn.now if went_well else None)

    def _renew(self) -> None:
        with self._lock:
            turns = [turn for turn, _ in self._running.values()]
        for turn in turns:
            try:
                turn.renew()
            except StoreUnavailable as error:
                log.warning("a lease could not be renewed", task=turn.task.name, reason=str(error))

    def _pause_seconds(self) -> float:
        """How long nothing is to be begun or renewed."""
        now = self._clock()
        with self._lock:
            running = [turn for turn, _ in self._running.values()]
        tasks = [*self._own, *(self._shared if self._plan_is_made else ())]
        moments = [self._try_at[task.name] for task in tasks if self._may_begin(task, ())]
        moments += [turn.renew_at for turn in running if turn.renew_at]
        latest = now + (LONGEST_PAUSE if self._plan_is_made else AFTER_OUTAGE)
        seconds = (min([*moments, latest]) - now).total_seconds()
        return max(seconds, SHORTEST_PAUSE_SECONDS)
