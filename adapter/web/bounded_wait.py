"""How long does a web thread wait for work that may hang? The work runs in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class BoundedWait(Generic[T]):
    """Runs one piece of work in a thread of its own, never twice at once.

    While it runs, all callers wait for the same result. So if it hangs, for example on a frozen database, one
    thread and one connection of this process hang with it.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._running: Future[T] | None = None

    def result(self, seconds: float) -> T:
        """Return or raise what the work does. Raise TimeoutError if that takes longer than so many seconds."""
        with self._lock:
            future = self._running
            if future is None or future.done():
                future = self._running = Future()
                # No thread of a pool: a process waits for those when it ends.
                threading.Thread(target=self._do, args=(future,), daemon=True).start()
        return future.result(seconds)

    def _do(self, future: Future[T]) -> None:
        try:
            future.set_result(self._work())
        except BaseException as error:
            future.set_exception(error)
