"""How long does a web thread wait for something that may hang? The work is done in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Aside(Generic[T]):
    """Does a piece of work beside the threads that ask for it, once at a time.

    While it hangs, as on a frozen database, whoever asks waits for the one that is under way. So at
    most one thread and one connection of this process hang with it.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._under_way: Future[T] | None = None

    def result(self, seconds: float) -> T:
        """What the work returns or raises. Errors: TimeoutError if that takes longer."""
        with self._lock:
            future = self._under_way
            if future is None or future.done():
                future = self._under_way = Future()
                # Not a pool's thread: at its end a process would wait for those.
                threading.Thread(target=self._do, args=(future,), daemon=True).start()
        return future.result(seconds)

    def _do(self, future: Future[T]) -> None:
        try:
            future.set_result(self._work())
        except BaseException as error:
            future.set_exception(error)
