"""Threads that begin together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


def at_once(work: Callable[[int], T], threads: int = 8) -> list[T]:
    """What `work` returns in each of so many threads, which begin at the same moment."""
    barrier = Barrier(threads)

    def begin(number: int) -> T:
        barrier.wait(10)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))
