"""May another request go to Propexo now? One budget per API key, shared by all workers.

Propexo counts requests by the minute and answers 429 to the first one too many; every answer says how
many are left. https://docs.propexo.com/how-it-works/propexo-api-concepts/rate-limiting
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Protocol

from adapter.errors import LocalRateLimit
from adapter.text.untrusted import whole

# Up to which part of the limit a step may go. Writes come first, then confirmations, then the index.
SHARES = {"post": 1.0, "lead": 1.0, "lookup": 1.0, "look": 1.0, "sync": 0.5}
OTHER_SHARE = 0.9
SPREAD_SECONDS = 0.5


class RateBudget(Protocol):
    """Counts the requests of all workers; see adapter.storage.rate_budget."""

    def spend(self, name: str, *, now: float, allowed: int, share: float) -> float: ...

    def learn(
        self, name: str, *, now: float, used: int | None, allowed: int | None, closed_until: float
    ) -> None: ...


class RateLimiter:
    """Keeps all workers together below the rate limit.

    name: the name of the budget, not the API key. limit: requests a minute, until Propexo's headers state a
    limit; 0 turns the limiter off. clock: returns epoch seconds.
    """

    def __init__(
        self, budget: RateBudget, *, name: str, limit: int, clock: Callable[[], float]
    ) -> None:
        self._budget = budget
        self._name = name
        self._limit = limit
        self._clock = clock

    def admit(self, step: str) -> None:
        """Take one request from the budget. Raise LocalRateLimit, with the seconds to wait, if none is left."""
        if self._limit == 0:
            return
        wait = self._budget.spend(
            self._name,
            now=self._clock(),
            allowed=self._limit,
            share=SHARES.get(step, OTHER_SHARE),
        )
        if wait > 0:
            # So that not all that waited ask again at the same instant.
            wait += random.uniform(0.05, SPREAD_SECONDS)  # nosec B311 - nobody gains by guessing it
            raise LocalRateLimit("the rate limit's budget is spent", retry_after_seconds=wait)

    def learn(
        self,
        headers: Mapping[str, str],
        *,
        refused: bool,
        retry_after_seconds: float | None,
        sent_at: float | None = None,
    ) -> None:
        """Learn from the headers of an answer. refused: it was a 429. sent_at: when the request was sent."""
        if self._limit == 0:
            return
        now = self._clock()
        limit = _whole(headers.get("x-ratelimit-limit"))
        rest = _whole(headers.get("x-ratelimit-remaining"))
        used = limit - rest if limit and rest is not None and rest <= limit else None
        closed_until = 0.0
        if refused:
            # "Until the minute resets", and no header says when that is.
            closed_until = now + (retry_after_seconds or 60 - now % 60)
        if used is None and limit is None and not refused:
            return
        self._budget.learn(
            self._name,
            now=now if sent_at is None else sent_at,
            used=used,
            allowed=limit or None,
            closed_until=closed_until,
        )


def _whole(text: str | None) -> int | None:
    number = whole(text)
    return number if number is not None and number <= 1_000_000 else None
