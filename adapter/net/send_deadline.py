"""When is it too late to send a request that was noted before?

A process may be frozen between the two. Meanwhile another one takes over, and sends the same. So the last
look at the time is the client's, right before it sends. Whoever noted the request says when that is too late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_late: ContextVar[Callable[[], bool] | None] = ContextVar("is_late", default=None)


@contextmanager
def sent_unless(is_late: Callable[[], bool]) -> Iterator[None]:
    """In this block a client sends nothing once is_late says so."""
    token = _is_late.set(is_late)
    try:
        yield
    finally:
        _is_late.reset(token)


def is_too_late_to_send() -> bool:
    """Return whether the request that is about to be sent is late."""
    is_late = _is_late.get()
    return is_late is not None and is_late()
