"""How is what happens seen from outside? Logs with the call's key in every line; names of metrics."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TextIO

import structlog
from prometheus_client import Counter, Histogram

from adapter.text.plain import plain

HOOKS = Counter(
    "adapter_hooks_total", "Hooks by kind and by what became of them", ["kind", "result"]
)
ACKNOWLEDGE = Histogram(
    "adapter_acknowledge_seconds",
    "Time from a hook's arrival to its answer",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15),
)

# What workers count and find, kept in the database and told by web (adapter.storage.totals).
STORED: Mapping[str, str] = {
    "adapter_attempts_total": "Requests to Propexo and Twilio by step and answer",
    "adapter_deliveries_total": "Calls that reached a state, by outcome",
    "adapter_retries_total": "Runs of a delivery that failed and are tried again",
    "adapter_hangup_to_record_seconds": "Time from the end of a call until it was confirmed as written",
    "adapter_reconcile_listed": "Calls on the provider's list when it was last compared",
    "adapter_reconcile_calls": "How those calls stood in the records, by state",
    "adapter_reconcile_adds_up": "1: each of those calls stood in the records",
    "adapter_reconcile_at_seconds": "When that was, in seconds since 1970",
}
HANGUP_TO_RECORD = "adapter_hangup_to_record_seconds"
HANGUP_LIMITS = (2, 5, 10, 20, 30, 45, 60, 90, 120, 300, 900, 3600, 21600, 86400, math.inf)
Counts = Mapping[tuple[str, str], float]


class Tally:
    """Counts of this process by name and labels (as JSON), until they are taken. Used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], float] = {}

    def add(self, name: str, value: float = 1.0, **labels: str) -> None:
        key = name, json.dumps(labels, sort_keys=True)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0.0) + value

    def take(self) -> Counts:
        """What was counted since it was last taken."""
        with self._lock:
            counts, self._counts = self._counts, {}
        return counts

    def put_back(self, counts: Counts) -> None:
        """What was taken could not be kept: count it again."""
        with self._lock:
            for key, value in counts.items():
                self._counts[key] = self._counts.get(key, 0.0) + value


TALLY = Tally()


def count_delivery(state: str, outcome: str | None) -> None:
    """A call reached this state."""
    TALLY.add("adapter_deliveries_total", state=state, outcome=outcome or "")


def count_written(seconds: float) -> None:
    """A call stands on the record, so long after its end."""
    seconds = max(seconds, 0.0)
    limit = next(limit for limit in HANGUP_LIMITS if seconds <= limit)
    TALLY.add(f"{HANGUP_TO_RECORD}_bucket", le=str(float(limit)))
    TALLY.add(f"{HANGUP_TO_RECORD}_sum", seconds)


# Whoever logs a phone number by mistake still does not log the whole one. Ids hold letters around
# their digits, so they stay readable.
_NUMBER = re.compile(
    r"(?<=%2B)\d{7,15}|(?<![0-9A-Za-z_])\+?\d{7,15}(?![0-9A-Za-z_])|(?<![0-9A-Za-z])\+\d{7,15}"
    # as people write them, and so our own notes, which an answer may repeat: (617) 555-0134,
    # 617-555-0134, +44 20 7946 0018
    r"|(?<![0-9A-Za-z])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])\+\d(?:[ ().-]{0,2}\d){6,14}"
)
_DIGIT = re.compile(r"\d")


def _hide_numbers(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key in ("timestamp", "call") or key.startswith("_"):
            continue
        if isinstance(value, str):
            event[key] = hide_numbers(_readable(value, has_lines=key == "exception"))
        elif not isinstance(value, int | float | None):
            event[key] = hide_numbers(_readable(repr(value)))
    return event


def _readable(text: str, *, has_lines: bool = False) -> str:
    """The text as a terminal may show it. has_lines: it is a traceback, whose lines stay."""
    if text.isprintable():
        return text
    if not has_lines:
        return plain(text)
    return "\n".join(line if line.isprintable() else plain(line) for line in text.split("\n"))


def hide_numbers(text: str) -> str:
    """The text with every full phone number cut down to its last two digits."""
    if not _DIGIT.search(text):  # most texts; the other search is ten times as slow
        return text
    return _NUMBER.sub(lambda found: "***" + found.group()[-2:], text)


# One for all lines; json.dumps and structlog's renderer make a new one for each.
_encoder = json.JSONEncoder(default=repr)


def _as_json(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    return _encoder.encode(event)


# Loggers keep this list and this class from their first line on, and so follow a new set-up.
_processors: list[Any] = []


class _Lines:
    """Writes each line of one logger whole; Python flushes standard error at its end."""

    stream: ClassVar[TextIO] = sys.stderr

    def __init__(self, name: str) -> None:
        self.name = name

    def msg(self, line: str) -> None:
        self.stream.write(f"{line}\n")

    debug = info = warning = error = critical = msg


def configure_logging(style: str) -> None:
    """Send our logs and those of the libraries to standard error. style: json or console."""
    ours: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _hide_numbers,
    ]
    last = (
        _as_json if style == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    # Our own lines take no detour through logging, which would double their cost.
    _processors[:] = [*ours, last]
    _Lines.stream = sys.stderr
    structlog.configure(
        processors=_processors,
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                *ours[:-1],
                structlog.stdlib.ExtraAdder(),
                _only_known,
                _hide_numbers,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    # What our lines do not show need not be found out for each of them.
    # https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name, quiet in (
        ("werkzeug", logging.ERROR),
        ("alembic", logging.WARNING),
        ("dbos", logging.WARNING),
    ):
        logging.getLogger(name).setLevel(quiet)


def _only_known(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what libraries attach to their records; keep what a reader of our logs expects."""
    for key in [
        k
        for k in event
        if k not in ("event", "level", "logger", "timestamp", "exception", "call")
        and not k.startswith("_")
    ]:
        del event[key]
    return event


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger; bind the call's key with `call=`."""
    found: structlog.typing.FilteringBoundLogger = structlog.get_logger(name)
    return found


def multiprocess_directory() -> str | None:
    """Where the processes of one web server share their metrics, if there are several."""
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR")


@dataclass(frozen=True)
class Exchange:
    """One request to another system and its answer, fit to be shown: no secrets, no full numbers."""

    at: datetime
    finished_at: datetime
    step: str
    asked: str
    status: int | None
    answer: str


_seen: ContextVar[list[Exchange] | None] = ContextVar("exchanges", default=None)


@contextmanager
def exchanges() -> Iterator[list[Exchange]]:
    """The exchanges that happen in this block, in order."""
    seen: list[Exchange] = []
    token = _seen.set(seen)
    try:
        yield seen
    finally:
        _seen.reset(token)


def record_exchange(exchange: Exchange) -> None:
    """Note an exchange for whoever is watching; and count it."""
    answer = str(exchange.status or "none")
    TALLY.add("adapter_attempts_total", step=exchange.step, answer=answer)
    watching = _seen.get()
    if watching is not None:
        watching.append(exchange)
