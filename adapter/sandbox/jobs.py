"""What becomes of an accepted write? Jobs that are pending, succeed or fail as time passes.

Nothing runs in the background: what is due happens when somebody asks (`settle`).
"""

import heapq
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from .answers import JSON, RefusedError, not_found
from .records import iso


def _nothing() -> None:
    """The effect of a write that leaves no trace."""


@dataclass(frozen=True)
class Plan:
    """How a write will end. `write_fails` and `pending_forever` faults make other plans."""

    status: str = "SUCCESS"
    errors: tuple[str, ...] = ()
    is_temporary: bool = True


@dataclass(frozen=True)
class Write:
    """An accepted write and its effects: `on_done` at the PMS, `on_read_back` at Propexo."""

    category: str
    name: str
    method: str
    path: str
    kind: str
    person_id: str | None
    integration_id: str
    vendor: str
    body: JSON
    parameters: JSON
    created_record_id: str | None = None
    on_done: Callable[[], object] = _nothing
    on_read_back: Callable[[], object] = _nothing


@dataclass
class Job:
    """One try of a write; a retry is a new job of the same write."""

    id: str
    write: Write
    plan: Plan
    accepted_at: float
    status: str = "PENDING"
    retry: "Job | None" = None
    is_retry: bool = False
    log_id: str = field(default_factory=lambda: f"log_{uuid.uuid4().hex}")

    def latest(self) -> "Job":
        """The newest try of this job's write."""
        return self.retry.latest() if self.retry else self

    def write_status(self) -> JSON:
        """The answer of `GET /v1/admin/write-status/{job}`."""
        is_done = self.status == "SUCCESS"
        return {
            "write_status": self.status,
            "errors": list(self.plan.errors) if self.status == "FAILURE" else [],
            "created_record_id": self.write.created_record_id if is_done else None,
        }

    def log(self) -> JSON:
        """The entry in the write logs; `parameters` is not documented and holds the body."""
        failed = self.status == "FAILURE"
        return {
            "id": self.log_id,
            "created_at": iso(self.accepted_at),
            "job_id": self.id,
            "job_log_id": self.log_id,
            "status": self.status,
            "integration_id": self.write.integration_id,
            "job_type": "WRITE",
            "parameters": self.write.parameters,
            "error": "; ".join(self.plan.errors) if failed else None,
            "name": self.write.name,
            "vendor": self.write.vendor,
        }


class JobBook:
    """All jobs, by id and in order. Not locked: its owner (SandboxState) is."""

    def __init__(self) -> None:
        self.write_seconds = 0.2
        self.read_back_seconds = 0.5
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.jobs: dict[str, Job] = {}
        self.finished: list[Job] = []
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def accept(self, write: Write, plan: Plan, *, now: float, is_retry: bool = False) -> Job:
        """Take a write; it ends as planned after `write_seconds`."""
        job = Job(f"job_{uuid.uuid4().hex}", write, plan, now, is_retry=is_retry)
        self.jobs[job.id] = job
        if plan.status == "PENDING":
            return job
        done_at = now + self.write_seconds
        self._at(done_at, lambda: self._finish(job))
        if plan.status == "SUCCESS":
            self._at(done_at, write.on_done)
            self._at(max(done_at, now + self.read_back_seconds), write.on_read_back)
        return job

    def settle(self, now: float) -> None:
        """Let everything happen that is due by `now`."""
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()

    def get(self, job_id: str) -> Job:
        """The job, or a 404."""
        job = self.jobs.get(job_id)
        if job is None:
            raise not_found("job", job_id)
        return job

    def retry(self, job_id: str, *, now: float) -> Job:
        """A new job for a failed write. A temporary failure is over by then, a lasting one not."""
        job = self.get(job_id)
        if job.status != "FAILURE" or job.retry is not None:
            state = "was retried already" if job.retry else f"is {job.status}"
            raise RefusedError(
                400, "invalid_request", f"only failed writes can be retried: {job_id} {state}"
            )
        plan = Plan() if job.plan.is_temporary else replace(job.plan)
        job.retry = self.accept(job.write, plan, now=now, is_retry=True)
        return job.retry

    def accepted(self) -> list[JSON]:
        """Every accepted write in order, with the state of its newest try; for the control API."""
        return [_accepted(job) for job in self.jobs.values() if not job.is_retry]

    def _finish(self, job: Job) -> None:
        job.status = job.plan.status
        self.finished.append(job)

    def _at(self, when: float, effect: Callable[[], object]) -> None:
        heapq.heappush(self._due, (when, next(self._order), effect))


def _accepted(job: Job) -> dict[str, Any]:
    write, latest = job.write, job.latest()
    return {
        "job_id": job.id,
        "latest_job_id": latest.id,
        "category": write.category,
        "method": write.method,
        "path": write.path,
        "kind": write.kind,
        "person_id": write.person_id,
        "integration_id": write.integration_id,
        "body": write.body,
        "accepted_at": iso(job.accepted_at),
        "status": latest.status,
        "errors": list(latest.plan.errors),
    }
