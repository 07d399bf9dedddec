"""What does a worker do besides deliveries? Jobs that come again and again, most in one process at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.errors import BudgetSpent, Paused, RemoteError, StoreUnavailable
from adapter.observability.observe import logger
from adapter.storage.task_leases import Leases

log = logger("adapter.upkeep")

LEASE_SECONDS = 30.0


@dataclass(frozen=True)
class Job:
    """work does one piece and says if there is more to do at once. every_seconds: between two pieces else.

    stop: lets a long piece in progress come to an end. in_each: every process does it for itself.
    """

    name: str
    every_seconds: float
    work: Callable[[], bool]
    stop: Callable[[], None] = lambda: None
    in_each: bool = False


class Upkeep:
    """Runs jobs in threads of their own, so that a slow one delays nothing."""

    def __init__(
        self, leases: Leases, jobs: Sequence[Job], *, clock: Callable[[], datetime]
    ) -> None:
        self._leases = leases
        self._clock = clock
        self._jobs = jobs
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep_on, args=(job,), name=job.name, daemon=True)
            for job in jobs
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Begin nothing new, and wait a little for what is under way: so long for all jobs together."""
        self._stopping.set()
        for job in self._jobs:
            job.stop()
        until = time.monotonic() + timeout_seconds
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))

    def _keep_on(self, job: Job) -> None:
        wait = min(job.every_seconds, 1.0)
        while not self._stopping.wait(wait):
            wait = job.every_seconds
            try:
                # The lease is a little shorter than the rest, so that the holder gets it again.
                lease = max(job.every_seconds * 0.9, min(job.every_seconds, LEASE_SECONDS))
                if job.in_each:
                    job.work()
                elif self._leases.take(job.name, self._clock(), lease):
                    while job.work() and not self._stopping.is_set():
                        self._leases.renew(job.name, self._clock(), lease)
            except BudgetSpent as error:
                wait = error.retry_after_seconds or wait
            except Paused:
                pass  # who found it out has said so, and says it each minute
            except (RemoteError, StoreUnavailable) as error:
                log.warning("job put off", job=job.name, reason=str(error))
            except Exception:
                log.exception("job failed", job=job.name)
