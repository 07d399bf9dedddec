"""How does a log line look? JSON or text on standard error, with the call's key and no full phone number."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, ClassVar, TextIO

import structlog

from adapter.observability.redact import redact

Event = MutableMapping[str, Any]
# What a line of a library may hold.
_KNOWN_FIELDS = frozenset({"event", "level", "logger", "timestamp", "exception", "call"})
# One encoder for all lines. json.dumps and structlog's renderer make a new one for each line.
_encoder = json.JSONEncoder(default=repr)
# Each logger keeps this very list from its first line on. So a new configuration has to change the list itself.
_processors: list[Any] = []


def configure_logging(style: str) -> None:
    """Send our logs and those of the libraries to standard error. style: json or console."""
    ours: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_fields,
    ]
    renderer = (
        _as_json if style == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    # Our own lines do not pass through the module logging, which would double their cost.
    _processors[:] = [*ours, renderer]
    _StderrLogger.stream = sys.stderr
    structlog.configure(
        processors=_processors,
        logger_factory=_StderrLogger,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                *ours[:-1],
                structlog.stdlib.ExtraAdder(),
                _drop_unknown_fields,
                _redact_fields,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    # Our lines do not show these, so logging need not find them out.
    # https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name, level in (
        ("werkzeug", logging.ERROR),
        ("alembic", logging.WARNING),
        ("dbos", logging.WARNING),
    ):
        logging.getLogger(name).setLevel(level)


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger. A line about a call gives the call's key as `call=`."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(name)
    return bound


class _StderrLogger:
    """Writes each line to standard error with one call, so that lines of threads do not mix."""

    stream: ClassVar[TextIO] = sys.stderr

    def __init__(self, name: str) -> None:
        self.name = name

    def msg(self, line: str) -> None:
        self.stream.write(f"{line}\n")

    debug = info = warning = error = critical = msg


def _redact_fields(_: Any, __: str, event: Event) -> Event:
    for key, value in event.items():
        if key in ("timestamp", "call") or key.startswith("_"):
            continue
        if isinstance(value, str):
            event[key] = redact(value, has_lines=key == "exception")
        elif not isinstance(value, int | float | None):
            event[key] = redact(repr(value))
    return event


def _drop_unknown_fields(_: Any, __: str, event: Event) -> Event:
    """Remove what libraries attach to their lines beside the fields that we document."""
    for key in [key for key in event if key not in _KNOWN_FIELDS and not key.startswith("_")]:
        del event[key]
    return event


def _as_json(_: Any, __: str, event: Event) -> str:
    return _encoder.encode(event)
