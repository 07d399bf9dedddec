"""How is a web process known to be alive before its first request? `adapter copy` must not overlook it."""

from __future__ import annotations

from datetime import datetime

from adapter.observability.logs import logger
from adapter.storage.web_processes import WebProcesses
from adapter.web.bounded_wait import BoundedWait

# Hooks are taken soon even while the database hangs. A periodic task gives the next signs.
PATIENCE_SECONDS = 2.0

log = logger("adapter.web")


def first_sign(
    processes: WebProcesses, name: str, now: datetime, patience_seconds: float = PATIENCE_SECONDS
) -> None:
    """Note that the process of this name is alive. It takes patience_seconds at most, and raises nothing."""
    try:
        BoundedWait(lambda: processes.beat(name, now)).result(patience_seconds)
    except Exception as error:
        log.warning("the first sign of life could not be noted", reason=str(error) or "no answer")
