"""When does a process of ours end? When it is told to, in time, and with the process that started it."""

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
    """Return a pipe whose writing end this process alone holds. The system closes it when the process ends."""
    return os.pipe()


def start(
    arguments: Sequence[str], environ: Mapping[str, str], **more: Any
) -> subprocess.Popen[bytes]:
    """Start an adapter command. It is told to stop when this process ends, even by SIGKILL."""
    reading, _ = _pipe()
    return subprocess.Popen(  # nosec B603 - our own Python, our own arguments, no shell
        [sys.executable, "-m", "adapter", *arguments],
        env={**environ, _PARENT_PIPE: str(reading)},
        pass_fds=(reading,),
        **more,
    )


def end_with_parent() -> None:
    """Send SIGTERM to this process as soon as the process that started it with `start` has ended."""
    pipe = os.environ.get(_PARENT_PIPE)
    if pipe and pipe.isdecimal():
        threading.Thread(target=_await_end, args=(int(pipe),), name="parent", daemon=True).start()


def _await_end(pipe: int) -> None:
    try:
        while os.read(pipe, 1):
            pass
    except OSError:
        return  # there is no such pipe: the variable is not from `start`
    os.kill(os.getpid(), signal.SIGTERM)


def stop_signal() -> threading.Event:
    """Return an event that SIGTERM, SIGINT and SIGHUP (the terminal was closed) set.

    If SIGHUP was ignored, as by `nohup`, it is still ignored. The system may hand a signal to any thread, and
    Python's own handlers run in the main one alone, once that is awake. So the signals are read from a pipe,
    into which Python writes them at once.
    """
    stopping = threading.Event()
    signals = {signal.SIGTERM, signal.SIGINT}
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signals.add(signal.SIGHUP)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def pass_on() -> None:
        while os.read(reading, 1)[0] not in signals:
            pass
        stopping.set()

    threading.Thread(target=pass_on, name="signals", daemon=True).start()
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in signals:
        signal.signal(number, lambda *_: None)  # as by default it would end the process
    return stopping


def exit_on_signals() -> None:
    """Let SIGTERM and SIGHUP raise SystemExit, so that every `finally` and `with` cleans up."""

    def leave_orderly(number: int, _: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # once is enough
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave_orderly)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, leave_orderly)


def end_after(event: threading.Event, seconds: float) -> None:
    """End this process so many seconds after the event is set, whatever it still waits for."""

    def watch() -> None:
        event.wait()
        time.sleep(seconds)
        log.warning("not all came to its end within the grace; what is left is for others")
        leave(1)

    threading.Thread(target=watch, name="end", daemon=True).start()


def leave(code: int) -> NoReturn:
    """End this process at once. A usual exit waits for all threads, and one may hang on the database."""
    with suppress(Exception):
        logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(code)
