"""How many requests may an API key make in a minute? Fixed windows of the wall clock.

https://docs.propexo.com/how-it-works/propexo-api-concepts/rate-limiting: from 80 % used each answer
is delayed, at 100 % it is 429 until the minute is over; no Retry-After is documented.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

_SLOW_FROM = 0.8


@dataclass(frozen=True)
class Grant:
    """What one request is granted; `limit` 0 means that nothing is limited."""

    limit: int
    remaining: int
    is_slow: bool = False
    is_refused: bool = False

    def headers(self) -> dict[str, str]:
        """The two headers that every answer carries."""
        if not self.limit:
            return {}
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
        }


class RateLimiter:
    """Counts the requests of each key in the current minute."""

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Begin the minute anew."""
        self._window = -1
        self._used: dict[str, int] = {}

    def peek(self, key: str) -> Grant:
        """What is left, without using any of it (for requests that are no key's)."""
        with self._lock:
            self._turn()
            return Grant(self._limit, max(self._limit - self._used.get(key, 0), 0))

    def take(self, key: str) -> Grant:
        """Count one request."""
        if not self._limit:
            return Grant(0, 0)
        with self._lock:
            self._turn()
            used = self._used[key] = self._used.get(key, 0) + 1
        if used > self._limit:
            return Grant(self._limit, 0, is_refused=True)
        return Grant(self._limit, self._limit - used, is_slow=used >= _SLOW_FROM * self._limit)

    def _turn(self) -> None:
        window = int(self._clock() // 60)
        if window != self._window:
            self._window = window
            self._used = {}
