"""What is counted and measured? The names of the metrics, and the counts that a worker has not stored yet."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from prometheus_client import Counter, Histogram

HOOKS = Counter(
    "adapter_hooks_total", "Hooks by kind and by what became of them", ["kind", "result"]
)
ACKNOWLEDGE = Histogram(
    "adapter_acknowledge_seconds",
    "Time from a hook's arrival to its answer",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15),
)

# The metrics of the workers, with their help. They are kept in the database (adapter.storage.totals), and the
# web process shows them at /metrics.
STORED: Mapping[str, str] = {
    "adapter_attempts_total": "Requests to the target and to the provider by step and answer",
    "adapter_deliveries_total": "Calls that reached a state, by outcome",
    "adapter_retries_total": "Runs of a delivery that failed and are tried again",
    "adapter_hangup_to_record_seconds": "Time from the end of a call until it was confirmed as written",
    "adapter_reconcile_listed": "Calls on the provider's list when it was last compared",
    "adapter_reconcile_calls": "How those calls stood in the records, by state",
    "adapter_reconcile_adds_up": "1: each of those calls stood in the records",
    "adapter_reconcile_at_seconds": "When that was, in seconds since 1970",
    "adapter_reconcile_missed": "How many of those calls no hook had told of",
    "adapter_reconcile_unheard": "How many of those calls ended after the last hook that had come",
    "adapter_reconcile_refused": "Accounts whose list of calls the provider refused to show",
}
RECONCILE_AT = "adapter_reconcile_at_seconds"
RECONCILE_MISSED = "adapter_reconcile_missed"
RECONCILE_UNHEARD = "adapter_reconcile_unheard"
RECONCILE_REFUSED = "adapter_reconcile_refused"
HANGUP_TO_RECORD = "adapter_hangup_to_record_seconds"
HANGUP_LIMITS = (2, 5, 10, 20, 30, 45, 60, 90, 120, 300, 900, 3600, 21600, 86400, math.inf)
# The name of a metric and its labels as JSON -> the value.
Counts = Mapping[tuple[str, str], float]


class Tally:
    """The counts of this process that are not stored yet. Many threads use it at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], float] = {}

    def add(self, name: str, value: float = 1.0, **labels: str) -> None:
        """Add the value to the count that has this name and these labels."""
        key = name, json.dumps(labels, sort_keys=True)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0.0) + value

    def take(self) -> Counts:
        """Return all counts, and begin again at zero."""
        with self._lock:
            counts, self._counts = self._counts, {}
        return counts

    def put_back(self, counts: Counts) -> None:
        """Add counts that were taken and could not be stored."""
        with self._lock:
            for key, value in counts.items():
                self._counts[key] = self._counts.get(key, 0.0) + value


TALLY = Tally()


class RefusedHooks:
    """How many hooks this process refused with 403, by the minute, until that is stored.

    A forged hook costs an addition here, and no write.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._counts: dict[datetime, int] = {}

    def count(self) -> None:
        """Count one that is refused now."""
        minute = self._clock().replace(second=0, microsecond=0)
        with self._lock:
            self._counts[minute] = self._counts.get(minute, 0) + 1

    def take(self) -> Mapping[datetime, int]:
        """Return the counts, and begin again at zero."""
        with self._lock:
            counts, self._counts = self._counts, {}
        return counts

    def put_back(self, counts: Mapping[datetime, int]) -> None:
        """Add counts that were taken and could not be stored. Of an outage only the last hour is kept."""
        with self._lock:
            for minute, count in counts.items():
                self._counts[minute] = self._counts.get(minute, 0) + count
            for minute in sorted(self._counts)[:-60]:
                del self._counts[minute]


REFUSED_HOOKS = RefusedHooks()


def count_delivery(state: str, outcome: str | None) -> None:
    """Count a call that reached this state."""
    TALLY.add("adapter_deliveries_total", state=state, outcome=outcome or "")


def count_written(seconds: float) -> None:
    """Count a call that was confirmed as written. seconds: since the end of the call."""
    seconds = max(seconds, 0.0)
    limit = next(limit for limit in HANGUP_LIMITS if seconds <= limit)
    TALLY.add(f"{HANGUP_TO_RECORD}_bucket", le=str(float(limit)))
    TALLY.add(f"{HANGUP_TO_RECORD}_sum", seconds)


def multiprocess_directory() -> str | None:
    """Return the directory by which the processes of one web server share metrics; None for one process."""
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR")
