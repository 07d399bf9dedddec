"""Do all workers together stay below the limit that the headers state?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from adapter.errors import LocalRateLimit
from adapter.storage.rate_budget import RateBudget
from adapter.storage.store import Store
from adapter.targets.propexo.rate_limiter import RateLimiter

BEGIN = 1_770_000_000.0


@dataclass
class Time:
    now: float = BEGIN

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def rate_limiter(store: Store, time: Time, limit: int = 100, name: str = "propexo") -> RateLimiter:
    return RateLimiter(RateBudget(store), name=name, limit=limit, clock=time)


def wait(one: RateLimiter, step: str = "post") -> float:
    """0.0 if the request may go."""
    try:
        one.admit(step)
    except LocalRateLimit as error:
        assert error.retry_after_seconds is not None
        return error.retry_after_seconds
    return 0.0


def admitted(one: RateLimiter, tries: int, step: str = "post") -> int:
    return sum(wait(one, step) == 0.0 for _ in range(tries))


def headers(limit: int, remaining: int) -> dict[str, str]:
    return {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(remaining)}


def test_a_minute_has_almost_the_limit_and_never_more(store: Store, time: Time) -> None:
    assert 95 <= admitted(rate_limiter(store, time), 200) <= 100


def test_who_is_refused_is_told_to_come_in_the_next_minute(store: Store, time: Time) -> None:
    one = rate_limiter(store, time)
    admitted(one, 200)
    time.now += 40
    assert 20 <= wait(one) <= 23
    time.now += 22
    assert wait(one) == 0.0


def test_all_workers_share_one_budget(store: Store, time: Time) -> None:
    workers = [rate_limiter(store, time, 60) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        granted = sum(pool.map(lambda one: admitted(one, 40), workers))
    assert 55 <= granted <= 60


def test_two_keys_have_two_budgets(store: Store, time: Time) -> None:
    admitted(rate_limiter(store, time), 200)
    assert wait(rate_limiter(store, time, name="another")) == 0.0


def test_the_limit_that_the_headers_state_counts(store: Store, time: Time) -> None:
    one = rate_limiter(store, time, 150)
    one.admit("post")
    one.learn(headers(20, 19), refused=False, retry_after_seconds=None)
    assert admitted(one, 100) <= 19


def test_what_others_used_of_the_key_counts(store: Store, time: Time) -> None:
    one = rate_limiter(store, time)
    one.admit("post")
    one.learn(headers(100, 10), refused=False, retry_after_seconds=None)
    assert admitted(one, 100) <= 10


def test_answers_out_of_order_give_nothing_back(store: Store, time: Time) -> None:
    one = rate_limiter(store, time)
    first = admitted(one, 30)
    for remaining in (99, 70, 85, 95):
        one.learn(headers(100, remaining), refused=False, retry_after_seconds=None)
    assert first + admitted(one, 200) <= 100


def test_after_a_429_nothing_goes_for_as_long_as_it_said(store: Store, time: Time) -> None:
    one = rate_limiter(store, time)
    one.admit("post")
    one.learn({}, refused=True, retry_after_seconds=25)
    assert wait(one) >= 25
    time.now += 26
    assert wait(one) == 0.0


def test_after_a_429_without_a_time_nothing_goes_until_the_minute_is_over(
    store: Store, time: Time
) -> None:
    time.now = BEGIN - BEGIN % 60 + 20
    one = rate_limiter(store, time)
    one.admit("post")
    one.learn({}, refused=True, retry_after_seconds=None)
    assert 40 <= wait(one) <= 43


def test_reading_the_index_leaves_room_for_deliveries(store: Store, time: Time) -> None:
    one = rate_limiter(store, time)
    assert admitted(one, 200, "sync") <= 50
    assert wait(one, "post") == 0.0


def test_no_limit_is_no_limit(store: Store, time: Time) -> None:
    one = rate_limiter(store, time, 0)
    assert admitted(one, 1000) == 1000
    one.learn(headers(10, 0), refused=True, retry_after_seconds=60)
    assert wait(one) == 0.0


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"x-ratelimit-limit": "", "x-ratelimit-remaining": ""},
        {"x-ratelimit-limit": "many", "x-ratelimit-remaining": "few"},
        {"x-ratelimit-limit": "-1", "x-ratelimit-remaining": "-1"},
        {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "9000"},
        {"x-ratelimit-limit": "99999999999999999999", "x-ratelimit-remaining": "1"},
        {"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0"},
    ],
)
def test_headers_that_make_no_sense_stop_nothing(
    store: Store, time: Time, given: dict[str, str]
) -> None:
    one = rate_limiter(store, time)
    one.admit("post")
    one.learn(given, refused=False, retry_after_seconds=None)
    assert wait(one) == 0.0


def test_it_recovers_by_itself_after_a_long_rest(store: Store, time: Time) -> None:
    one = rate_limiter(store, time)
    admitted(one, 200)
    time.now += 3600
    assert 95 <= admitted(one, 200) <= 100
