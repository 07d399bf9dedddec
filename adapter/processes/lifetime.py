"""When does a process of ours end? When it is told to, in time, and with the one that started it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess  # nosec B404 - it starts this very program, through no shell
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from types import FrameType
from typing import Any, NoReturn

from adapter.observability.logs import logger

_PARENT_PIPE = "ADAPTER_PARENT_PIPE"

log = logger("adapter")


@cache
def _pipe() -> tuple[int, int]:
    """A pipe whose writing end only this process has: it is closed when this process ends, however it ends."""
    return os.pipe()


def start(
    arguments: Sequence[str], environ: Mapping[str, str], **more: Any
) -> subprocess.Popen[bytes]:
    """Start an adapter command that is told to stop when this process ends, also by kill -9."""
    reading, _ = _pipe()
    return subprocess.Popen(  # nosec B603 - our own Python, our own arguments, no shell
        [sys.executable, "-m", "adapter", *arguments],
        env={**environ, _PARENT_PIPE: str(reading)},
        pass_fds=(reading,),
        **more,
    )


def end_with_parent() -> None:
    """Send SIGTERM to this process when the one that started it with `start` is gone."""
    given = os.environ.get(_PARENT_PIPE)
    if given and given.isdecimal():
        threading.Thread(target=_await_end, args=(int(given),), name="parent", daemon=True).start()


def _await_end(pipe: int) -> None:
    try:
        while os.read(pipe, 1):
            pass
    except OSError:
        return  # there is no such pipe: somebody else has set the variable
    os.kill(os.getpid(), signal.SIGTERM)


def stop_signal() -> threading.Event:
    """An event that SIGTERM, SIGINT and SIGHUP (the terminal was closed) set.

    `nohup` is respected: where SIGHUP was ignored, it still is.
    """
    stopping = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        stopping.set()

    signals = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    for number in signals:
        signal.signal(number, stop)
    return stopping


def exit_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this process the way an error does: what is under way is cleaned up."""

    def leave_orderly(number: int, _: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # once is enough
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave_orderly)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, leave_orderly)


def end_after(event: threading.Event, seconds: float) -> None:
    """So long after this event the process ends, whatever it waits for."""

    def watch() -> None:
        event.wait()
        time.sleep(seconds)
        log.warning("not all came to its end within the grace; what is left is for others")
        leave(1)

    threading.Thread(target=watch, name="end", daemon=True).start()


def leave(code: int) -> NoReturn:
    """End now. A usual exit waits for every thread, and one may wait for a database for ever."""
    with suppress(Exception):
        logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(code)
