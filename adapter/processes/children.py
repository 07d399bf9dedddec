"""How are web and worker started, watched and stopped?"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess  # nosec B404 - it starts this very program, through no shell
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from adapter.errors import SettingsError
from adapter.processes.lifetime import start, stop_signal

GRACE_SECONDS = 24  # hosts kill 30 s after SIGTERM
LAST_SECONDS = 2  # after the grace, for a process to end in order


def refuse_taken_port(host: str, port: int, names: tuple[str, str] = ("HOST", "PORT")) -> None:
    """Raise SettingsError if this process cannot listen there. names: of the settings, for the message."""
    host_name, port_name = names
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        where = f"{host_name} {host}, {port_name} {port}"
        if error.errno == errno.EADDRINUSE:
            fact = f"another program listens there; stop it, or set {port_name} to another port"
        elif error.errno == errno.EACCES:
            fact = f"this user may not listen there; set {port_name} to 1024 or more"
        elif isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            fact = f"that is no address of this machine; set {host_name} to 127.0.0.1 or 0.0.0.0"
        else:
            fact = f"nothing can listen there ({error.strerror})"
        raise SettingsError(f"{where}: {fact}") from error


def exec_web() -> None:
    """Replace this process by gunicorn. Its processes get a directory by which they share metrics."""
    environ = dict(os.environ)
    if "PROMETHEUS_MULTIPROC_DIR" not in environ:
        environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="adapter-metrics-")
    command = [sys.executable, "-m", "gunicorn", "-c", "python:adapter.web.gunicorn_conf"]
    os.execve(sys.executable, command, environ)  # nosec B606 - our own Python, our own arguments


def run_once(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run an adapter command in a process of its own and return its exit code.

    Its memory is free again afterwards; imports of this process would stay.
    """
    child = start(list(command), environ)
    return child.wait()


def run_together(
    commands: Mapping[str, list[str]],
    environ: Mapping[str, str],
    *,
    stopping: threading.Event | None = None,
    meanwhile: Callable[[], None] = lambda: None,
    before_stop: Callable[[], None] = lambda: None,
) -> int:
    """Run adapter commands side by side until one ends or a signal comes. Return the exit code.

    If one ends by itself, the others are stopped too. Otherwise half of the adapter would go on, for example
    take calls that nobody writes, and the host would not notice.
    stopping: of `stop_signal`, if the caller has it already. meanwhile: called again and again, in between.
    before_stop: called before they are stopped, whatever ends them. What either raises ends them too.
    """
    stopping = stopping or stop_signal()
    metrics = tempfile.mkdtemp(prefix="adapter-metrics-")
    children = {
        # In a session of its own, so that Ctrl-C and a closed terminal reach this process alone.
        name: start(
            arguments, {**environ, "PROMETHEUS_MULTIPROC_DIR": metrics}, start_new_session=True
        )
        for name, arguments in commands.items()
    }
    ended: str | None = None
    try:
        while not stopping.wait(0.3):
            ended = next((n for n, child in children.items() if child.poll() is not None), None)
            if ended:
                with suppress(OSError):  # the terminal may be gone
                    sys.stderr.write(f"adapter: {ended} ended; stopping the rest\n")
                break
            meanwhile()
    finally:
        try:
            before_stop()
        finally:
            stop_together(list(children.values()))
            shutil.rmtree(metrics, ignore_errors=True)
    return 1 if ended else 0


def stop_together(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Send SIGTERM to all. Send SIGKILL to those that still run after GRACE_SECONDS + LAST_SECONDS."""
    until = time.monotonic() + GRACE_SECONDS + LAST_SECONDS
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(max(until - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
