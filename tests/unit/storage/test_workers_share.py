"""Do the worker processes share one budget, one breaker for each integration, and one lease?"""

from __future__ import annotations

import heapq
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.errors import LocalRateLimit
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.rate_budget import RateBudget
from adapter.storage.store import Store
from adapter.targets.propexo.rate_limiter import RateLimiter
from tests.support.lanes import full
from tests.support.threads import at_once

LIMIT = 150
MINUTE = 60.0
NAME, A, B = "propexo", "int_a", "int_b"


@pytest.fixture
def budgets(store: Store) -> RateBudget:
    return RateBudget(store)


def spend_all(budgets: RateBudget, *, now: float, share: float = 1.0, limit: int = LIMIT) -> int:
    """How many requests there are at this moment."""
    for taken in range(2 * limit):
        if budgets.spend(NAME, now=now, allowed=limit, share=share) > 0:
            return taken
    raise AssertionError("the budget never ends")


# The budget -----------------------------------------------------------------------------------------


def test_eight_threads_never_spend_more_than_the_limit(budgets: RateBudget) -> None:
    def spend(_: int) -> int:
        waits = [budgets.spend(NAME, now=100.0, allowed=60, share=1.0) for _ in range(12)]
        return waits.count(0.0)

    assert sum(at_once(spend)) == 59, "a fiftieth, one at the least, is left for the clocks"


def test_who_gets_nothing_is_told_when_the_minute_is_over(budgets: RateBudget) -> None:
    assert spend_all(budgets, now=100.0) == 147
    assert budgets.spend(NAME, now=130.0, allowed=LIMIT, share=1.0) == pytest.approx(
        31.0
    )  # seconds are counted whole
    assert spend_all(budgets, now=161.0) == 147


def test_budgets_of_different_names_are_apart(budgets: RateBudget) -> None:
    spend_all(budgets, now=100.0)
    assert budgets.spend("another key", now=100.0, allowed=LIMIT, share=1.0) == 0.0


def test_the_index_yields_to_confirmations_and_those_to_deliveries(budgets: RateBudget) -> None:
    rate_limiter = RateLimiter(budgets, name=NAME, limit=LIMIT, clock=lambda: 100.0)
    taken = Counter[str]()
    for step in ("sync", "confirm", "post"):
        try:
            for _ in range(LIMIT):
                rate_limiter.admit(step)
                taken[step] += 1
        except LocalRateLimit:
            continue
    assert taken["sync"] == 73, "half for the index"
    assert taken["sync"] + taken["confirm"] == 132, "nine tenths, confirmations included"
    assert taken.total() == 147
    for step in ("sync", "confirm", "retry", "directory"):
        with pytest.raises(LocalRateLimit):
            rate_limiter.admit(step)


def test_lookups_and_traces_of_deliveries_are_as_urgent_as_posts(budgets: RateBudget) -> None:
    spend_all(budgets, now=100.0, share=0.9)
    rate_limiter = RateLimiter(budgets, name=NAME, limit=LIMIT, clock=lambda: 100.0)
    for step in ("post", "lead", "lookup", "look"):
        rate_limiter.admit(step)


def test_what_others_spend_with_the_same_key_is_learned_from_the_headers(
    budgets: RateBudget,
) -> None:
    budgets.spend(NAME, now=100.0, allowed=LIMIT, share=1.0)
    budgets.learn(NAME, now=100.1, used=140, allowed=LIMIT, closed_until=0.0)
    assert spend_all(budgets, now=100.2) == 7


def test_the_limit_that_the_headers_state_counts_from_then_on(budgets: RateBudget) -> None:
    budgets.spend(NAME, now=100.0, allowed=LIMIT, share=1.0)
    budgets.learn(NAME, now=100.1, used=1, allowed=600, closed_until=0.0)
    assert spend_all(budgets, now=100.2, limit=600) == 600 - 12 - 1


def test_a_changed_setting_counts_at_once_until_the_headers_state_a_limit(
    budgets: RateBudget,
) -> None:
    """PROPEXO_RATE_LIMIT is raised, and the adapter started again."""
    assert spend_all(budgets, now=100.0, limit=50) == 49
    assert spend_all(budgets, now=100.1, limit=100) == 49, "there are as many again"
    budgets.learn(NAME, now=100.2, used=98, allowed=60, closed_until=0.0)
    assert spend_all(budgets, now=100.3, limit=1000) == 0, "what Propexo says counts more"


def test_answers_that_come_out_of_order_do_not_lower_the_count(budgets: RateBudget) -> None:
    for _ in range(20):
        budgets.spend(NAME, now=100.0, allowed=LIMIT, share=1.0)
    budgets.learn(NAME, now=100.1, used=3, allowed=LIMIT, closed_until=0.0)
    assert spend_all(budgets, now=100.2) == 127


def test_an_answer_that_took_long_is_no_new_minute(budgets: RateBudget) -> None:
    """A write waits for the PMS's validation: its headers are those of the moment when it was asked."""
    for _ in range(147):
        budgets.spend(NAME, now=100.0, allowed=LIMIT, share=1.0)
    budgets.learn(NAME, now=105.0, used=10, allowed=LIMIT, closed_until=0.0)  # asked as the tenth
    assert budgets.spend(NAME, now=105.1, allowed=LIMIT, share=1.0) > 0, "the minute is spent"


def test_after_a_429_nothing_is_asked_until_retry_after_is_over(budgets: RateBudget) -> None:
    clock = FloatClock(100.0)
    rate_limiter = RateLimiter(budgets, name=NAME, limit=LIMIT, clock=clock)
    rate_limiter.admit("post")
    rate_limiter.learn({}, refused=True, retry_after_seconds=7.0)
    with pytest.raises(LocalRateLimit) as caught:
        rate_limiter.admit("post")
    assert 7.0 <= (caught.value.retry_after_seconds or 0) <= 9.0
    clock.now = 107.1
    rate_limiter.admit("post")


def test_a_429_without_a_time_closes_until_the_clocks_minute_is_over(budgets: RateBudget) -> None:
    clock = FloatClock(130.0)
    rate_limiter = RateLimiter(budgets, name=NAME, limit=LIMIT, clock=clock)
    rate_limiter.admit("post")
    rate_limiter.learn({}, refused=True, retry_after_seconds=None)
    clock.now = 179.0
    with pytest.raises(LocalRateLimit):
        rate_limiter.admit("post")
    clock.now = 180.1
    rate_limiter.admit("post")


def test_without_a_limit_nothing_is_counted(budgets: RateBudget) -> None:
    rate_limiter = RateLimiter(budgets, name=NAME, limit=0, clock=lambda: 100.0)
    for _ in range(LIMIT * 2):
        rate_limiter.admit("post")


# The budget against a server that counts by the clock's minutes ------------------------------------------


@dataclass
class FloatClock:
    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Server:
    """Counts by the wall clock's minutes; slow from 80 % on, 429 when the limit is over."""

    limit: int = LIMIT
    used: Counter[int] = field(default_factory=Counter)
    refused: int = 0

    def take(self, now: float) -> tuple[dict[str, str], bool, float]:
        """The headers, whether it is a 429, and how long the answer is held back."""
        minute = int(now // MINUTE)
        self.used[minute] += 1
        used = self.used[minute]
        headers = {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(self.limit - used, 0)),
        }
        if used > self.limit:
            self.refused += 1
            return headers, True, 0.0
        return headers, False, 2.0 if used >= 0.8 * self.limit else 0.0


@dataclass
class Simulation:
    """Workers that post a backlog, in simulated time. latency: of the n-th request, in seconds."""

    budgets: RateBudget
    latency: Callable[[int], float] = lambda n: 0.1
    workers: int = 16
    server: Server = field(default_factory=Server)

    def run(self, *, start: float, end: float, arrivals: Callable[[], Iterator[float]]) -> Server:
        """Each arrival is a call that wants one request; those that wait are tried again when told."""
        clock = FloatClock(start)
        rate_limiter = RateLimiter(self.budgets, name=NAME, limit=LIMIT, clock=clock)
        order, asked = count(), count()
        events: list[tuple[float, int, Callable[[], None]]] = []
        calls = arrivals()
        waiting: list[float] = []  # when each call wants to be tried
        busy = 0
        paused_until = 0.0

        def at(when: float, what: Callable[[], None]) -> None:
            heapq.heappush(events, (when, next(order), what))

        def begin() -> None:
            """Hand due calls to workers that are free."""
            nonlocal busy, paused_until
            while busy < self.workers and waiting and waiting[0] <= clock.now >= paused_until:
                heapq.heappop(waiting)
                try:
                    rate_limiter.admit("post")
                except LocalRateLimit as error:
                    # The worker hands nothing out until then.
                    paused_until = clock.now + (error.retry_after_seconds or 1.0)
                    heapq.heappush(waiting, paused_until)
                    at(paused_until, begin)
                    break
                busy += 1
                took = self.latency(next(asked))
                at(clock.now + min(took, 0.1) / 2, partial(reach, took, clock.now))

        def reach(took: float, sent: float) -> None:
            headers, refused, held_back = self.server.take(clock.now)
            at(clock.now + took / 2 + held_back, lambda: answer(headers, refused, sent))

        def answer(headers: dict[str, str], refused: bool, sent: float) -> None:
            nonlocal busy
            busy -= 1
            rate_limiter.learn(headers, refused=refused, retry_after_seconds=None, sent_at=sent)
            begin()

        def arrive() -> None:
            heapq.heappush(waiting, clock.now)
            when = next(calls, None)
            if when is not None:
                at(max(when, clock.now), arrive)
            begin()

        at(next(calls), arrive)
        while events and events[0][0] < end:
            clock.now, _, what = heapq.heappop(events)
            what()
        return self.server


@pytest.fixture
def quick(tmp_path: Path, sqlite_template: Path) -> Iterator[RateBudget]:
    """RateBudget on a file that need not survive a power cut: thousands of requests are simulated."""
    path = tmp_path / "quick.sqlite3"
    shutil.copyfile(sqlite_template, path)
    engine = sa.create_engine(f"sqlite:///{path}")
    sa.event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"))
    yield RateBudget(Store(engine))
    engine.dispose()


# Of ten minutes. A backlog goes out in bursts a little over a minute apart: one may fall just outside.
ENOUGH = 0.95 * LIMIT * 10 - LIMIT


def backlog(start: float, calls: int = 2200) -> Callable[[], Iterator[float]]:
    return lambda: (start for _ in range(calls))


BEGIN = 1_800_000_000.0  # the beginning of a minute


@pytest.mark.parametrize(
    "offset", [full(0.0), full(7.0), 30.0, full(52.0), full(59.0), full(59.95)]
)
def test_a_backlog_drains_at_the_limit_and_never_meets_a_429(
    quick: RateBudget, offset: float
) -> None:
    """Wherever in the server's minute the worker starts: from the second minute on it uses the limit."""
    start = BEGIN + offset
    server = Simulation(quick).run(start=start, end=BEGIN + 12 * MINUTE, arrivals=backlog(start))
    first = int(BEGIN // MINUTE)
    used = [server.used[first + minute] for minute in range(2, 12)]
    assert server.refused == 0, used
    assert sum(used) >= ENOUGH, used


@pytest.mark.parametrize("quiet", [5.0, full(1.0)])
@pytest.mark.parametrize("arrives", [full(55.0), full(82.0), full(88.0), 89.5, full(91.0)])
def test_a_backlog_after_a_quiet_time_meets_no_429(
    quick: RateBudget, quiet: float, arrives: float
) -> None:
    """Our minute began when the first call came, in the middle of theirs; a backlog comes near its end."""
    start = BEGIN + 30.0

    def arrivals() -> Iterator[float]:
        yield from (start + n * quiet for n in range(int((arrives - 30.0) / quiet)))
        yield from (BEGIN + arrives for _ in range(2200))

    server = Simulation(quick).run(start=start, end=BEGIN + 12 * MINUTE, arrivals=arrivals)
    first = int(BEGIN // MINUTE)
    used = [server.used[first + minute] for minute in range(12)]
    assert server.refused == 0, used
    assert sum(used[2:]) >= ENOUGH, used


@pytest.mark.parametrize("every", [full(10), full(40)])
def test_slow_writes_neither_cause_a_429_nor_waste_the_limit(quick: RateBudget, every: int) -> None:
    """Now and then the PMS takes 8 s to look at a write."""
    start = BEGIN + 20.0
    simulation = Simulation(quick, latency=lambda n: 8.0 if n % every == 0 else 0.1)
    server = simulation.run(start=start, end=BEGIN + 12 * MINUTE, arrivals=backlog(start))
    first = int(BEGIN // MINUTE)
    used = [server.used[first + minute] for minute in range(2, 12)]
    assert server.refused == 0, used
    assert sum(used) >= ENOUGH, used


# Breakers -------------------------------------------------------------------------------------------


@pytest.fixture
def breakers(store: Store) -> Breakers:
    return Breakers(store)


def fail(breakers: Breakers, times: int, now: float = 100.0, integration: str = A) -> None:
    for _ in range(times):
        breakers.failed(integration, now, now)


def test_a_breaker_opens_after_five_failures_in_a_row(breakers: Breakers) -> None:
    fail(breakers, 4)
    assert breakers.wait(A, 100.0) == 0.0
    fail(breakers, 1)
    assert breakers.wait(A, 101.0) == pytest.approx(9.0)


def test_a_success_in_between_begins_the_count_anew(breakers: Breakers) -> None:
    fail(breakers, 4)
    breakers.succeeded(A)
    fail(breakers, 4)
    assert breakers.wait(A, 100.0) == 0.0


def test_a_probe_that_succeeds_closes_the_breaker_for_every_process(store: Store) -> None:
    ours, theirs = Breakers(store), Breakers(store)
    fail(ours, 5)
    assert theirs.wait(A, 101.0) > 0
    assert theirs.seconds_left(A, 101.0) > 0
    assert theirs.wait(A, 1000.0) == 0.0
    theirs.succeeded(A)
    assert [ours.wait(A, 1000.0), ours.wait(A, 1000.0)] == [0.0, 0.0]
    assert ours.seconds_left(A, 1000.0) == 0.0


def test_a_breaker_that_another_process_opened_is_seen_within_a_second(store: Store) -> None:
    ours, theirs = Breakers(store), Breakers(store)
    assert ours.wait(A, 100.0) == 0.0
    fail(theirs, 5, 100.0)
    assert ours.wait(A, 100.5) == 0.0, "believed without a look"
    assert ours.wait(A, 101.1) > 0
    assert ours.wait(A, 101.2) > 0


def test_a_failure_while_the_breaker_was_being_read_is_not_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    breakers, real = Breakers(store), store.autocommit

    @contextmanager
    def then_fail() -> Iterator[sa.Connection]:
        with real() as connection:
            yield connection
        monkeypatch.undo()
        fail(breakers, 5, 100.0)

    monkeypatch.setattr(store, "autocommit", then_fail)
    assert breakers.wait(A, 100.0) == 0.0
    assert breakers.wait(A, 100.1) > 0


def test_a_clock_that_was_set_back_makes_nothing_be_believed_for_long(store: Store) -> None:
    ours, theirs = Breakers(store), Breakers(store)
    assert ours.wait(A, 5000.0) == 0.0
    fail(theirs, 5, 1000.0)
    assert ours.wait(A, 1000.0) > 0


def test_one_integrations_breaker_leaves_the_others_alone(breakers: Breakers) -> None:
    fail(breakers, 9)
    assert breakers.wait(A, 101.0) > 0
    assert breakers.wait(B, 101.0) == 0.0
    breakers.succeeded(B)
    assert breakers.wait(A, 101.0) > 0


def test_half_open_lets_one_probe_of_eight_threads_through(breakers: Breakers) -> None:
    fail(breakers, 5)
    for now in (111.0, 111.0 + Breakers.PROBE_SECONDS + 1):
        waits = at_once(lambda _, now=now: breakers.wait(A, now))  # type: ignore[misc]  # mypy infers no types for a lambda with a default
        assert waits.count(0.0) == 1
        assert max(waits) <= Breakers.PROBE_SECONDS


def test_the_breaker_closes_when_the_probe_succeeds(breakers: Breakers) -> None:
    fail(breakers, 7)
    assert breakers.wait(A, 1000.0) == 0.0
    breakers.succeeded(A)
    assert at_once(lambda _: breakers.wait(A, 1000.0)) == [0.0] * 8
    fail(breakers, 4, now=1000.0)
    assert breakers.wait(A, 1000.0) == 0.0


def test_it_stays_open_longer_each_time_that_the_probe_fails_but_not_for_ever(
    breakers: Breakers,
) -> None:
    fail(breakers, 5)
    now, waits = 100.0, []
    for _ in range(7):
        waits.append(breakers.wait(A, now))
        now += waits[-1]
        assert breakers.wait(A, now) == 0.0, "one may try"
        breakers.failed(A, now, now)
    assert waits == [10.0, 20.0, 40.0, 80.0, 120.0, 120.0, 120.0]


def test_failures_of_one_moment_open_it_for_no_longer_than_one_does(breakers: Breakers) -> None:
    """Sixteen writes are under way when the PMS goes down for a second: that is one outage, not twelve."""
    at_once(lambda _: fail(breakers, 2))
    assert breakers.wait(A, 100.0) <= Breakers.FIRST_SECONDS


def test_failures_of_eight_threads_are_all_counted(breakers: Breakers) -> None:
    at_once(lambda n: breakers.failed(A, 100.0, 100.0) if n < 5 else None)
    assert breakers.wait(A, 100.0) > 0
