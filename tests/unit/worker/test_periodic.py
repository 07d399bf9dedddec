"""Do periodic tasks come again and again, each in one worker at a time?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from adapter.errors import LocalRateLimit, PermanentError, StoreUnavailable, TemporaryError
from adapter.storage.schema import jobs
from adapter.storage.store import Store
from adapter.storage.task_leases import TaskLeases
from adapter.worker.periodic import HANGS_AFTER, PeriodicRunner, PeriodicTask, Turn, TurnLost
from tests.support.clock import Clock
from tests.support.periodic import run_due

OFTEN = 0.01
SHORT = timedelta(seconds=15)


def task(
    name: str,
    every_seconds: float,
    work: Callable[[], bool],
    *,
    in_each_worker: bool = False,
    lease: timedelta = SHORT,
) -> PeriodicTask:
    every = timedelta(seconds=every_seconds)
    return PeriodicTask(
        name, lambda _: work(), every=every, in_each_worker=in_each_worker, lease=lease
    )


class Running:
    """Several workers on one database, all stopped at the end."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._store = Store(engine)
        self._clock = clock
        self._started: list[PeriodicRunner] = []

    def start(self, *tasks: PeriodicTask) -> PeriodicRunner:
        leases = TaskLeases(self._store, f"worker {len(self._started)}")
        runner = PeriodicRunner(leases, tasks, clock=self._clock)
        runner.start()
        self._started.append(runner)
        return runner

    def stop(self) -> None:
        for runner in self._started:
            runner.stop(timeout_seconds=5)


class Ticking(Clock):
    """Every look at the clock is a second later."""

    def __call__(self) -> object:  # type: ignore[override]  # a test's clock returns whatever it is given
        return self.advance(1)


@pytest.fixture
def running(engine: sa.Engine) -> Iterator[Running]:
    found = Running(engine, Ticking())
    yield found
    found.stop()


def counted(
    times: int, outcome: Callable[[int], bool]
) -> tuple[Callable[[], bool], threading.Event]:
    """Work that notes when it was done so many times; outcome: of the n-th."""
    done, enough = [0], threading.Event()

    def work() -> bool:
        done[0] += 1
        if done[0] >= times:
            enough.set()
        return outcome(done[0])

    return work, enough


def test_a_task_is_done_again_and_again(running: Running) -> None:
    work, enough = counted(3, lambda n: False)
    running.start(task("sync", OFTEN, work))
    assert enough.wait(10)


def test_while_there_is_more_to_do_it_goes_on_at_once(running: Running) -> None:
    """The next time would be in an hour."""
    first = threading.Event()
    work, enough = counted(50, lambda n: n < 50)

    def begin() -> bool:
        first.set()
        return work()

    running.start(task("sync", OFTEN, begin), task("confirm", OFTEN, lambda: False))
    assert first.wait(10) and enough.wait(10)


@pytest.mark.parametrize(
    "error",
    [
        TemporaryError("Propexo answered 503"),
        PermanentError("Propexo answered 400"),
        StoreUnavailable("the database is gone"),
        LocalRateLimit("spent", retry_after_seconds=OFTEN),
        ValueError("a bug"),
    ],
)
def test_a_task_that_failed_is_done_again_at_its_next_time(
    running: Running, error: Exception
) -> None:
    def outcome(n: int) -> bool:
        if n < 3:
            raise error
        return False

    work, enough = counted(4, outcome)
    running.start(task("sync", OFTEN, work))
    assert enough.wait(10)


def test_a_task_that_hangs_delays_no_other(running: Running) -> None:
    hanging = threading.Event()
    work, enough = counted(3, lambda n: False)
    running.start(task("sync", OFTEN, lambda: hanging.wait(20)), task("confirm", OFTEN, work))
    assert enough.wait(10)
    hanging.set()


def test_a_task_waits_as_long_as_the_budget_says(engine: sa.Engine) -> None:
    running = Running(engine, Ticking())

    def spent(n: int) -> bool:
        raise LocalRateLimit("spent", retry_after_seconds=3600)

    work, again = counted(2, spent)
    running.start(task("sync", OFTEN, work))
    assert not again.wait(0.5)
    running.stop()


def test_of_two_processes_one_does_the_task(engine: sa.Engine, clock: Clock) -> None:
    """Time stands still, so the lease never ends."""
    running = Running(engine, clock)
    work, twice = counted(2, lambda n: False)
    running.start(task("sync", OFTEN, work))
    running.start(task("sync", OFTEN, work))
    assert not twice.wait(0.5)
    running.stop()


def test_what_each_process_does_for_itself_waits_for_no_other(engine: sa.Engine) -> None:
    running = Running(engine, Ticking())
    work, twice = counted(2, lambda n: False)
    for _ in range(2):
        running.start(task("lines", 60.0, work, in_each_worker=True))
    assert twice.wait(10)
    running.stop()


def test_a_long_piece_of_work_is_not_begun_by_a_second_process(
    engine: sa.Engine, clock: Clock
) -> None:
    """The first fill of the index takes minutes; its lease lasts seconds."""
    TaskLeases(Store(engine), "test").plan({"sync": clock()}, clock())
    running = Running(engine, clock)
    begun, go_on = threading.Event(), threading.Event()
    pages = [0]

    def fill() -> bool:
        """Page after page, a second each."""
        clock.advance(1)
        pages[0] += 1
        if pages[0] == 100:
            begun.set()
            go_on.wait(10)
        return pages[0] < 110

    running.start(task("sync", 15.0, fill))
    assert begun.wait(10)
    work, second = counted(1, lambda n: False)
    running.start(task("sync", 15.0, work))
    assert not second.wait(2), "both read the same pages, and spend the budget twice"
    go_on.set()
    running.stop()


def test_another_process_takes_over_when_the_holder_is_gone(
    engine: sa.Engine, clock: Clock
) -> None:
    dead = TaskLeases(Store(engine), "dead")
    dead.plan({"sync": clock()}, clock())
    assert dead.take("sync", now=clock(), until=clock() + SHORT)
    clock.advance(SHORT.total_seconds())
    running = Running(engine, clock)
    work, done = counted(1, lambda n: False)
    running.start(task("sync", OFTEN, work))
    assert done.wait(10)
    running.stop()


def test_a_long_piece_is_told_to_end_at_the_stop_and_lets_go_of_its_row(
    engine: sa.Engine, store: Store, clock: Clock
) -> None:
    """A comparison over days takes minutes; its row would stay taken until the lease ends."""
    running = Running(engine, clock)
    begun, told = threading.Event(), threading.Event()

    def work(turn: Turn) -> None:
        begun.set()
        try:
            while True:
                turn.wait(0.01)
                turn.go_on()
        except TurnLost:
            told.set()
            raise

    running.start(PeriodicTask("prune", work, at=lambda now: now))
    assert begun.wait(10)
    running.stop()
    assert told.is_set()
    with store.begin() as connection:
        row = connection.execute(sa.select(jobs.c.held_by, jobs.c.ran_at)).one()
    assert tuple(row) == (None, None)


def test_after_the_stop_nothing_is_begun(engine: sa.Engine) -> None:
    running = Running(engine, Ticking())
    work, once = counted(1, lambda n: True)
    running.start(task("sync", OFTEN, work))
    assert once.wait(10)
    running.stop()
    once.clear()
    assert not once.wait(0.2)


# Turns, without threads -------------------------------------------------------------------------------


class Workers:
    """Two workers with the same tasks, whose turns are taken one by one."""

    def __init__(self, store: Store, clock: Clock, *tasks: PeriodicTask) -> None:
        self.one, self.two = (
            PeriodicRunner(TaskLeases(store, name), tasks, clock=clock) for name in ("one", "two")
        )

    def plan(self) -> Workers:
        """Nothing is due yet."""
        assert [self.one.take_due(), self.two.take_due()] == [[], []]
        return self


def test_a_task_that_outlives_its_lease_is_not_begun_a_second_time(
    store: Store, clock: Clock
) -> None:
    """The first fill of the index takes minutes; its lease lasts seconds."""
    workers = Workers(store, clock, task("sync", OFTEN, lambda: False)).plan()
    clock.advance(1)
    (turn,) = workers.one.take_due()
    for _ in range(20):
        clock.advance(10)
        turn.renew()
        assert workers.two.take_due() == []
    workers.one.run(turn)
    clock.advance(SHORT.total_seconds())
    assert run_due(workers.two) == ["sync"]


def test_a_worker_that_was_frozen_finds_its_turn_lost(store: Store, clock: Clock) -> None:
    """Its end does not end the turn of the worker that has taken over."""
    workers = Workers(store, clock, PeriodicTask("prune", lambda _: None, at=lambda now: now))
    (frozen,) = workers.one.take_due()
    clock.advance(301)
    (turn,) = workers.two.take_due()
    with pytest.raises(TurnLost, match="another worker"):
        frozen.go_on()
    workers.one.run(frozen)
    assert workers.one.take_due() == []
    turn.go_on()
    workers.two.run(turn)
    with store.begin() as connection:
        row = connection.execute(sa.select(jobs.c.held_by, jobs.c.ran_at)).one()
    assert tuple(row) == (None, turn.now)


def test_a_task_that_hangs_is_taken_over(store: Store, clock: Clock) -> None:
    workers = Workers(store, clock, task("sync", OFTEN, lambda: False)).plan()
    clock.advance(1)
    (turn,) = workers.one.take_due()
    until = clock() + HANGS_AFTER
    while clock() < until:
        clock.advance(4)
        turn.renew()
    clock.advance(SHORT.total_seconds())
    assert run_due(workers.two) == ["sync"]


def test_the_next_run_is_noted_for_all_workers(store: Store, clock: Clock) -> None:
    workers = Workers(store, clock, task("sync", 60, lambda: False)).plan()
    clock.advance(1)
    assert (run_due(workers.one), run_due(workers.two)) == (["sync"], [])
    clock.advance(59.9)
    assert (run_due(workers.two), run_due(workers.one)) == ([], [])
    clock.advance(0.1)
    assert (run_due(workers.two), run_due(workers.one)) == (["sync"], [])


def test_a_time_that_was_missed_is_made_up_for_once(store: Store, clock: Clock) -> None:
    """No worker ran for three nights."""

    def tomorrow(now: datetime) -> datetime:
        return now + timedelta(days=1)

    workers = Workers(store, clock, PeriodicTask("prune", lambda _: None, at=tomorrow))
    assert run_due(workers.one) == []
    clock.advance(3 * 86400)
    again = Workers(store, clock, PeriodicTask("prune", lambda _: None, at=tomorrow))
    assert (run_due(again.one), run_due(again.one)) == (["prune"], [])
    clock.advance(86400)
    assert run_due(again.two) == ["prune"]


def test_a_task_that_comes_once_is_forgotten_when_it_went_well(store: Store, clock: Clock) -> None:
    outcomes = [ValueError("a bug"), None]

    def work(turn: Turn) -> None:
        if (error := outcomes.pop(0)) is not None:
            raise error

    TaskLeases(store, "migration").plan({"look_again": clock()}, clock())
    workers = Workers(store, clock, PeriodicTask("look_again", work))
    assert run_due(workers.one) == ["look_again"]
    assert run_due(workers.one) == []
    clock.advance(300)
    assert run_due(workers.one) == ["look_again"]
    assert TaskLeases(store, "test").all() == {}


def test_a_task_is_due_earlier_when_its_setting_is_shorter_than_before(
    store: Store, clock: Clock
) -> None:
    before = Workers(store, clock, task("confirm", 3600, lambda: False)).plan()
    clock.advance(1)
    assert run_due(before.one) == ["confirm"]
    after = Workers(store, clock, task("confirm", 10, lambda: False)).plan()
    clock.advance(40)
    assert run_due(after.one) == ["confirm"]


def test_a_clock_that_was_set_back_keeps_no_task_from_being_done(
    store: Store, clock: Clock
) -> None:
    own, shared = (
        task("totals", 15, lambda: False, in_each_worker=True),
        task("sync", 15, lambda: False),
    )
    workers = Workers(store, clock, own, shared).plan()
    clock.advance(1)
    assert set(run_due(workers.one)) == {"totals", "sync"}
    clock.advance(-3600)
    run_due(workers.one)
    clock.advance(40)
    assert set(run_due(workers.one)) == {"totals", "sync"}


def test_tasks_with_a_time_of_their_own_are_done_one_after_the_other(
    store: Store, clock: Clock
) -> None:
    """Two comparisons with the provider's list at once would ask for the same pages."""
    tasks = [
        PeriodicTask(name, lambda _: None, at=lambda now: now + timedelta(hours=1))
        for name in ("reconcile", "reconcile_nightly")
    ]
    workers = Workers(store, clock, *tasks).plan()
    clock.advance(3600)
    assert (run_due(workers.one), run_due(workers.one)) == (["reconcile"], ["reconcile_nightly"])


def test_two_workers_never_get_the_same_turn(store: Store, clock: Clock) -> None:
    TaskLeases(store, "test").plan({"sync": clock()}, clock())

    def take(name: str) -> bool:
        leases = TaskLeases(store, name)
        return leases.take("sync", now=clock(), until=clock() + SHORT) is not None

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(take, map(str, range(8)))).count(True) == 1
