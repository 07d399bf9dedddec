"""How does a page show what takes long to find out?

It shows what was found last, and has it renewed meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from adapter.observability.logs import logger
from adapter.web.bounded_wait import BoundedWait

T = TypeVar("T")
FRESH_SECONDS = 60.0
PATIENCE_SECONDS = 1.5

log = logger("adapter.web.pages")


class Kept(Generic[T]):
    """Does slow work in a thread of its own, one at a time, and keeps the result. Only the first page waits."""

    def __init__(
        self,
        work: Callable[[], T],
        *,
        fresh_seconds: float = FRESH_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work = work
        self._fresh_seconds = fresh_seconds
        self._patience_seconds = patience_seconds
        self._monotonic = monotonic
        self._result: T | None = None
        self._fresh_until = float("-inf")
        self._waiting = BoundedWait(self._renew)

    def get(self) -> T | None:
        """Return what was found last; None if nothing was found yet, or not in time."""
        if self._monotonic() >= self._fresh_until:
            try:
                return self._waiting.result(
                    0.0 if self._result is not None else self._patience_seconds
                )
            except TimeoutError:
                pass  # it goes on; the next page has it
            except Exception as error:
                log.error("not found out for a page", reason=f"{type(error).__name__}: {error}")
        return self._result

    def _renew(self) -> T:
        result = self._work()
        self._result, self._fresh_until = result, self._monotonic() + self._fresh_seconds
        return result
