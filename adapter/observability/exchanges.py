"""Which requests were sent to other systems during a piece of work, and what was answered?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from adapter.observability.metrics import TALLY


@dataclass(frozen=True)
class Exchange:
    """One request to another system and its answer. It holds no secrets and no full phone numbers.

    status: the HTTP status; None if no answer came. step: what the request was for, such as "post".
    """

    at: datetime
    finished_at: datetime
    step: str
    asked: str
    status: int | None
    answer: str


_recorded: ContextVar[list[Exchange] | None] = ContextVar("exchanges", default=None)


@contextmanager
def exchanges() -> Iterator[list[Exchange]]:
    """Yield a list to which each exchange of this block is appended, in order."""
    recorded: list[Exchange] = []
    token = _recorded.set(recorded)
    try:
        yield recorded
    finally:
        _recorded.reset(token)


def record_exchange(exchange: Exchange) -> None:
    """Count the exchange, and append it to the list of the innermost `exchanges` block, if there is one."""
    answer = str(exchange.status or "none")
    TALLY.add("adapter_attempts_total", step=exchange.step, answer=answer)
    recorded = _recorded.get()
    if recorded is not None:
        recorded.append(exchange)
