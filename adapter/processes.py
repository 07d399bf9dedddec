"""How are web and worker started, kept together and stopped?"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from types import FrameType

GRACE_SECONDS = 25  # hosts kill 30 s after SIGTERM


def exec_web() -> None:
    """Become gunicorn, with a directory where its processes share their metrics. Does not return."""
    environ = dict(os.environ)
    if "PROMETHEUS_MULTIPROC_DIR" not in environ:
        environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="adapter-metrics-")
    command = [sys.executable, "-m", "gunicorn", "-c", "python:adapter.web.gunicorn_conf"]
    os.execve(sys.executable, command, environ)


def stop_signal() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stopping = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


def run_together(commands: Mapping[str, list[str]], environ: Mapping[str, str]) -> int:
    """Run adapter commands side by side until one ends or we are told to stop; the exit code.

    If one ends by itself, the others are stopped too: half an adapter would take calls and not write
    them, or the reverse, and the host would not notice.
    """
    stopping = stop_signal()
    metrics = tempfile.mkdtemp(prefix="adapter-metrics-")
    children = {
        name: subprocess.Popen(
            [sys.executable, "-m", "adapter", *arguments],
            env={**environ, "PROMETHEUS_MULTIPROC_DIR": metrics},
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop them in order
        )
        for name, arguments in commands.items()
    }
    ended: str | None = None
    try:
        while not stopping.wait(0.3):
            ended = next((n for n, child in children.items() if child.poll() is not None), None)
            if ended:
                sys.stderr.write(f"adapter: {ended} ended; stopping the rest\n")
                break
    finally:
        for child in children.values():
            if child.poll() is None:
                child.terminate()
        for child in children.values():
            try:
                child.wait(GRACE_SECONDS + 3)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        shutil.rmtree(metrics, ignore_errors=True)
    return 1 if ended else 0
