"""How is the adapter started so that it can be broken at a chosen point? For these tests only.

python -m tests.faults.entry worker | sandbox PORT, and gunicorn's `tests.faults.entry:web_app()`.

The adapter itself knows nothing of this. What FAULTS_DIR (a folder) asks for is put around its objects:
- `armed/<point>`: the first process that reaches this point removes the file and kills itself with
  SIGKILL, which no `finally` survives. `armed/freeze_<point>` stops it with SIGSTOP instead.
- `clock`: by how many seconds the clock of all processes is wrong; read again and again.
- `late`: after how many seconds a call comes late (5 minutes without the file); read again and again.
- FAULTS_HASTE: the adapter's own patience (heartbeats, takeover, grace, timeouts, how far the provider's
  API may be behind) is divided by this, that of its breakers by its square. A message is waited for as long as
  the API may be behind.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import time_machine
from flask import Flask

from adapter import bootstrap
from adapter.cli.commands import cli
from adapter.delivery import enrich, relays, unrecorded_writes
from adapter.delivery import provider_reads as completion
from adapter.delivery.run import Delivery
from adapter.domain.questions import (
    API_LAG,
    BETWEEN_LOOKS_SECONDS,
    LOOKS_AT_SECONDS,
)
from adapter.intake.service import Intake
from adapter.processes import children as processes
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.runs import Runs
from adapter.targets.propexo.client import READ_SECONDS, PropexoClient
from adapter.targets.propexo.target import PropexoTarget
from adapter.worker import process as worker

BEFORE, AFTER, AFTER_RESULT = "before", "after", "after it returned something"
# Point: the method, and on which side of it.
POINTS: Mapping[str, tuple[type, str, str]] = {
    "before_commit": (Intake, "_take_in", BEFORE),
    "after_commit": (Intake, "_take_in", AFTER),
    "amid_dispatch": (Runs, "take_due", AFTER_RESULT),
    "after_dispatch": (worker.Worker, "dispatch", AFTER_RESULT),
    "after_claim": (Runs, "claim", AFTER_RESULT),
    "before_post": (PropexoTarget, "post", BEFORE),
    "after_post": (PropexoTarget, "post", AFTER),
    "before_note": (Delivery, "_note", BEFORE),
    "after_note": (Delivery, "_note", AFTER),
}
# A write is done at the PMS, and then shown by Propexo, so many seconds after it was accepted.
WRITE_SECONDS = 1.0
READ_BACK_SECONDS = 2.0


def haste() -> float:
    return float(os.environ.get("FAULTS_HASTE") or 1)


def web_app() -> Flask:
    """The web application, breakable; gunicorn calls this in each of its processes."""
    _prepare()
    return bootstrap.web_app()


def run_worker() -> None:
    """`adapter worker`, breakable."""
    _prepare()
    cli(["worker"])


def run_sandbox(port: int) -> None:
    """The stand-in for Propexo."""
    state = SandboxState()
    app = create_sandbox(
        state,
        api_key=os.environ["PROPEXO_API_KEY"],
        rate_limit=0,
        write_seconds=WRITE_SECONDS,
        read_back_seconds=READ_BACK_SECONDS,
    )
    with SandboxServer(app, port=port) as server:
        server.wait()


def _prepare() -> None:
    folder = Path(os.environ["FAULTS_DIR"])
    _hurry(haste())
    for name, (owner, method, side) in POINTS.items():
        _break_at(folder / "armed", name, owner, method, side)
    _follow(folder / "clock")
    _follow_late(folder / "late")


def _hurry(by: float) -> None:
    for name in ("DEAD_AFTER", "LOST_AFTER", "BEAT_SECONDS"):
        setattr(worker, name, getattr(worker, name) / by)
    for module in (completion, relays):
        module.API_LAG = API_LAG / by  # type: ignore[attr-defined]  # a name that this module imports
    completion.LOOKS_AT_SECONDS = tuple(at / by for at in LOOKS_AT_SECONDS)  # type: ignore[attr-defined]  # a name that this module imports
    # A message whose recording no hook tells of: a sender here gives up after a few tries.
    enrich.PROCESSED_WITHIN = API_LAG / by
    completion.BETWEEN_LOOKS_SECONDS = BETWEEN_LOOKS_SECONDS / by  # type: ignore[attr-defined]  # a name that this module imports
    # Breakers wait for minutes, in which a test would see nothing but that they do.
    Breakers.FIRST_SECONDS /= by**2
    Breakers.LONGEST_SECONDS /= by**2
    Breakers.PROBE_SECONDS /= by**2
    processes.GRACE_SECONDS = max(int(processes.GRACE_SECONDS / by), 1)
    defaults = PropexoClient.__init__.__kwdefaults__
    assert defaults is not None
    defaults["read_seconds"] = READ_SECONDS / by


def _break_at(armed: Path, name: str, owner: type, method: str, side: str) -> None:
    inner: Callable[..., Any] = getattr(owner, method)
    ways = ((armed / name, signal.SIGKILL), (armed / f"freeze_{name}", signal.SIGSTOP))

    def reached() -> None:
        for file, signal_number in ways:
            try:
                file.unlink()
            except FileNotFoundError:
                continue
            os.kill(os.getpid(), signal_number)

    @wraps(inner)
    def breakable(*args: Any, **kwargs: Any) -> Any:
        if side == BEFORE:
            reached()
        result = inner(*args, **kwargs)
        if side == AFTER or (side == AFTER_RESULT and result):
            reached()
        return result

    setattr(owner, method, breakable)


def _follow(file: Path) -> None:
    """Let this process's clock (not the monotonic one) be as wrong as the file says, from now on."""
    traveller = time_machine.travel(datetime.now(UTC), tick=True)
    clock = traveller.start()

    def watch() -> None:
        wrong_by = 0.0
        while True:
            try:
                wanted = float(file.read_text() or 0)
            except (OSError, ValueError):
                wanted = 0.0
            if wanted != wrong_by:
                clock.shift(timedelta(seconds=wanted - wrong_by))
                wrong_by = wanted
            time.sleep(0.1)

    threading.Thread(target=watch, name="clock", daemon=True).start()


def _follow_late(file: Path) -> None:
    """Let a call come late when the file says so; at once, and from now on."""
    by_itself = unrecorded_writes.LATE

    def look() -> None:
        try:
            unrecorded_writes.LATE = timedelta(seconds=float(file.read_text()))
        except (OSError, ValueError):
            unrecorded_writes.LATE = by_itself

    def watch() -> None:
        while True:
            time.sleep(0.1)
            look()

    look()
    threading.Thread(target=watch, name="late", daemon=True).start()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        run_worker()
    else:
        run_sandbox(int(sys.argv[2]))
