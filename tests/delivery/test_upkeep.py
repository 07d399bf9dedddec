"""Do the worker's other jobs come again and again, each in one process at a time?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from adapter.bootstrap import Parts
from adapter.config.settings import Settings
from adapter.errors import BudgetSpent, PermanentError, StoreUnavailable, TemporaryError
from adapter.storage.schema import jobs
from adapter.storage.store import Store
from adapter.storage.task_leases import Leases
from adapter.worker.periodic import Job, Upkeep
from tests.conftest import ENVIRON, NOW, Clock

OFTEN = 0.01


class Running:
    """Upkeeps of several processes on one database, all stopped at the end."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._leases = Leases(Store(engine))
        self._clock = clock
        self._begun: list[Upkeep] = []

    def start(self, *jobs: Job) -> Upkeep:
        upkeep = Upkeep(self._leases, jobs, clock=self._clock)
        upkeep.start()
        self._begun.append(upkeep)
        return upkeep

    def stop(self) -> None:
        for upkeep in self._begun:
            upkeep.stop(timeout_seconds=5)


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


def test_a_job_is_done_again_and_again(running: Running) -> None:
    work, enough = counted(3, lambda n: False)
    running.start(Job("sync", OFTEN, work))
    assert enough.wait(10)


def test_while_there_is_more_to_do_it_goes_on_at_once(running: Running) -> None:
    """The next time would be in an hour."""
    first = threading.Event()
    work, enough = counted(50, lambda n: n < 50)

    def begin() -> bool:
        first.set()
        return work()

    running.start(Job("sync", OFTEN, begin), Job("confirm", OFTEN, lambda: False))
    assert first.wait(10) and enough.wait(10)


@pytest.mark.parametrize(
    "error",
    [
        TemporaryError("Propexo answered 503"),
        PermanentError("Propexo answered 400"),
        StoreUnavailable("the database is gone"),
        BudgetSpent("spent", retry_after_seconds=OFTEN),
        ValueError("a bug"),
    ],
)
def test_a_job_that_failed_is_done_again_at_its_next_time(
    running: Running, error: Exception
) -> None:
    def outcome(n: int) -> bool:
        if n < 3:
            raise error
        return False

    work, enough = counted(4, outcome)
    running.start(Job("sync", OFTEN, work))
    assert enough.wait(10)


def test_a_job_that_hangs_delays_no_other(running: Running) -> None:
    hanging = threading.Event()
    work, enough = counted(3, lambda n: False)
    running.start(Job("sync", OFTEN, lambda: hanging.wait(20)), Job("confirm", OFTEN, work))
    assert enough.wait(10)
    hanging.set()


def test_a_job_waits_as_long_as_the_budget_says(engine: sa.Engine) -> None:
    running = Running(engine, Ticking())

    def spent(n: int) -> bool:
        raise BudgetSpent("spent", retry_after_seconds=3600)

    work, again = counted(2, spent)
    running.start(Job("sync", OFTEN, work))
    assert not again.wait(0.5)
    running.stop()


def test_of_two_processes_one_does_the_job(engine: sa.Engine, clock: Clock) -> None:
    """Time stands still, so the lease never ends."""
    running = Running(engine, clock)
    work, twice = counted(2, lambda n: False)
    running.start(Job("sync", OFTEN, work))
    running.start(Job("sync", OFTEN, work))
    assert not twice.wait(0.5)
    running.stop()


def test_what_each_process_does_for_itself_waits_for_no_other(
    engine: sa.Engine, clock: Clock
) -> None:
    running = Running(engine, clock)
    work, twice = counted(2, lambda n: False)
    for _ in range(2):
        running.start(Job("lines", 60.0, work, in_each=True))
    assert twice.wait(10)
    running.stop()


def test_a_long_piece_of_work_is_not_begun_by_a_second_process(
    engine: sa.Engine, clock: Clock
) -> None:
    """The first fill of the index takes minutes; its lease lasts seconds."""
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

    running.start(Job("sync", 15.0, fill))
    assert begun.wait(10)
    work, second = counted(1, lambda n: False)
    running.start(Job("sync", 15.0, work))
    assert not second.wait(2), "both read the same pages, and spend the budget twice"
    go_on.set()
    running.stop()


def test_another_process_takes_over_when_the_holder_is_gone(
    engine: sa.Engine, clock: Clock
) -> None:
    first, second = Running(engine, clock), Running(engine, clock)
    work, done = counted(1, lambda n: False)
    first.start(Job("sync", OFTEN, work))
    assert done.wait(10)
    first.stop()
    clock.advance(60)
    work, done = counted(1, lambda n: False)
    second.start(Job("sync", OFTEN, work))
    assert done.wait(10)
    second.stop()


def test_a_long_piece_of_work_is_told_to_end_at_the_stop(engine: sa.Engine) -> None:
    """A comparison over days takes minutes; its row would stay taken until the lease ends."""
    running = Running(engine, Ticking())
    begun, told, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        if told.wait(60):
            ended.set()
        return False

    running.start(Job("schedule", OFTEN, work, stop=told.set))
    assert begun.wait(10)
    running.stop()
    assert ended.is_set()


def test_the_schedules_job_is_let_go_when_the_worker_stops(database_url: str) -> None:
    quiet = {"DATABASE_URL": database_url, "PEOPLE_SYNC_SECONDS": "0", "TWILIO_ACCOUNT_SID": ""}
    parts = Parts(Settings.from_environ({**ENVIRON, **quiet}))
    parts.upkeep.start()
    parts.upkeep.stop(timeout_seconds=5)
    parts.schedule.tick()  # plans the jobs, if it was not done
    with parts.store.begin() as connection:
        connection.execute(sa.update(jobs).values(next_at=NOW))
    assert parts.schedule.tick()
    with parts.store.begin() as connection:
        rows = connection.execute(sa.select(jobs.c.held_by, jobs.c.ran_at)).all()
    parts.store.engine.dispose()
    assert {tuple(row) for row in rows} == {(None, None)}


def test_after_the_stop_nothing_is_begun(engine: sa.Engine) -> None:
    running = Running(engine, Ticking())
    work, once = counted(1, lambda n: True)
    running.start(Job("sync", OFTEN, work))
    assert once.wait(10)
    running.stop()
    once.clear()
    assert not once.wait(0.2)
