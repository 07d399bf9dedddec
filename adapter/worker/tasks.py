"""Which periodic tasks does a worker do besides deliveries, and how often?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.observability.logs import logger
from adapter.operations import set_up_checks
from adapter.operations.alerts.build import Alerting
from adapter.operations.bulk_replay import BulkReplayTask
from adapter.operations.set_up_checks import WorkerChecks
from adapter.reconcile.run import Reconciliation
from adapter.storage.hourly_counts import HourlyCounts
from adapter.storage.retention import Retention
from adapter.storage.store import Store
from adapter.storage.task_leases import TaskLease
from adapter.worker.alert_tasks import alert_tasks
from adapter.worker.periodic import PeriodicTask, Turn, TurnLost
from adapter.worker.pulse import Pulse

NIGHT_HOUR = 8  # UTC: between one and four in the morning from coast to coast
RECONCILE_EVERY = timedelta(minutes=15)
WINDOW = timedelta(hours=2)
OVERLAP = timedelta(hours=1)
NIGHTLY_WINDOW = timedelta(days=3)
# For so long held calls wait for the people to be read; looked at so often, and then again after RETRY.
LONGEST_WAIT_FOR_PEOPLE = timedelta(days=1)
LOOK_SECONDS, PATIENCE_FOR_PEOPLE = 5.0, 24
# Of an older call the number may be somebody else's by now.
HELD_AT_MOST = timedelta(days=90)
# The calls of the last hours are counted anew all the time, older ones (their states change too) each hour.
COUNTED_OFTEN, COUNTED = timedelta(hours=3), timedelta(days=31)
COUNT_ALL_EVERY = timedelta(hours=1)
# Of tasks that come every few seconds.
SHORT_LEASE = timedelta(seconds=15)

log = logger("adapter.worker.tasks")


@dataclass(frozen=True)
class Work:
    """What the tasks call. None: this worker does not do it."""

    confirm: Callable[[], bool]
    confirm_every: timedelta
    attach_conference_recordings: Callable[[], bool]
    resume_paused: Callable[[], bool]
    flush_totals: Callable[[], bool]
    hourly_counts: HourlyCounts
    watch_lines: Callable[[], bool]
    watch_lines_file: Callable[[], bool] | None
    lines_file_every: timedelta
    sync_people: Callable[[], bool] | None
    sync_every: timedelta
    reconciliation: Reconciliation | None
    retention: Retention
    held: HeldOnceMore
    bulk_replay: BulkReplayTask
    alerts: Alerting
    pulse: Pulse
    checks: WorkerChecks
    watch_address: Callable[[], None]


def periodic_tasks(work: Work) -> Sequence[PeriodicTask]:
    """All tasks of a worker."""
    return [
        *_frequent(work),
        *_counting(work.hourly_counts),
        *_own(work),
        PeriodicTask("set up", work.checks.look, every=set_up_checks.EVERY, lease=SHORT_LEASE),
        *timed(work.reconciliation, work.retention, work.held),
        *alert_tasks(work.alerts, work.pulse),
    ]


def _frequent(work: Work) -> Iterator[PeriodicTask]:
    """What one worker does every few seconds."""

    def task(name: str, every: timedelta, do: Callable[[], bool]) -> PeriodicTask:
        return PeriodicTask(name, lambda _: do(), every=every, lease=SHORT_LEASE)

    yield task("confirm", work.confirm_every, work.confirm)
    yield task("conferences", timedelta(seconds=5), work.attach_conference_recordings)
    yield task("bulk replay", work.bulk_replay.every, work.bulk_replay.work)
    if work.sync_people:
        yield task("sync", work.sync_every, work.sync_people)


@dataclass
class Counting:
    """Counts calls by the hour. One task counts both the last hours and all: two would count the same at once.

    all_counted_at: when this worker counted them all the last time.
    """

    counts: HourlyCounts
    all_counted_at: datetime | None = None

    def count(self, turn: Turn) -> None:
        """Count the calls of the last hours anew, and each hour those of all that are shown."""
        is_all_due = (
            self.all_counted_at is None or turn.now - self.all_counted_at >= COUNT_ALL_EVERY
        )
        self.counts.recount(turn.now - (COUNTED if is_all_due else COUNTED_OFTEN))
        if is_all_due:
            self.all_counted_at = turn.now


def _counting(counts: HourlyCounts) -> Iterator[PeriodicTask]:
    """What one worker counts for the page that shows how all goes."""
    yield PeriodicTask("count", Counting(counts).count, every=timedelta(seconds=20))


def _own(work: Work) -> Iterator[PeriodicTask]:
    """What each worker does for itself."""

    def task(name: str, every: timedelta, do: Callable[[], bool]) -> PeriodicTask:
        return PeriodicTask(name, lambda _: do(), every=every, in_each_worker=True)

    yield task("lines", timedelta(minutes=1), work.watch_lines)
    if work.watch_lines_file:
        yield task("lines file", work.lines_file_every, work.watch_lines_file)
    yield task("totals", timedelta(seconds=15), work.flush_totals)
    yield PeriodicTask(
        "address", lambda _: work.watch_address(), every=timedelta(minutes=1), in_each_worker=True
    )
    yield task("waking", timedelta(seconds=5), work.resume_paused)


def timed(
    reconciliation: Reconciliation | None, retention: Retention, held: HeldOnceMore
) -> Iterator[PeriodicTask]:
    """What one worker does at its time: compare with the provider's list, if there are credentials; prune.

    After an upgrade, once: look at held calls by the rules of today.
    """
    if reconciliation is not None and reconciliation.accounts:
        yield PeriodicTask(
            "reconcile",
            lambda turn: _reconcile(reconciliation, turn, WINDOW),
            at=lambda now: now + RECONCILE_EVERY,
        )
        yield PeriodicTask(
            "reconcile_nightly",
            lambda turn: _reconcile(reconciliation, turn, NIGHTLY_WINDOW),
            at=nightly,
        )
    yield PeriodicTask("prune", lambda turn: _prune(retention, turn), at=nightly)
    yield PeriodicTask("look_again", held.look)


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


def reaches_back(row: TaskLease, now: datetime, window: timedelta) -> datetime:
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
