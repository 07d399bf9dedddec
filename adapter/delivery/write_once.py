"""How is a write asked of the target at most once? The target itself would take it twice.

1. The intent is noted before the request goes out. From then on the attempt is in doubt.
2. A clear answer ends the doubt. That the target accepted it commits with what comes next (on_commit).
3. After an unclear answer, or none, the attempt stays in doubt. The next run looks for the write at the
   target (find_earlier) before it asks again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from adapter.delivery.result import OnCommit, Reschedule
from adapter.domain.call import Attempt, Call
from adapter.domain.lifecycle import CallUpdate
from adapter.errors import (
    CannotVerify,
    CredentialsRefused,
    LocalRateLimit,
    Paused,
    PermanentError,
    RemoteError,
    TemporaryError,
)
from adapter.net.send_deadline import sent_unless
from adapter.observability.exchanges import exchanges
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.store import Store
from adapter.targets.base import EarlierWrite, FoundJob, FoundOnRecord, NoTrace, TargetApi

LOOK_AGAIN_SECONDS = 10.0
# Hooks of one moment come soon after each other.
NEWS_SECONDS = 0.4
SEND_WITHIN_SECONDS = 5.0
PMS_IS_DOWN = "this PMS fails one write after the other; waiting for it to recover"


Found = FoundJob | FoundOnRecord


class Write(Protocol):
    """Something to be written once.

    call_key, step: its attempts are noted under these. asked: what is asked, for the list of attempts.
    """

    @property
    def call_key(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def integration_id(self) -> str: ...
    @property
    def asked(self) -> str: ...

    def send(self, target: TargetApi) -> str:
        """Ask the target for it, and return the id of the accepted job."""

    def find_earlier(self, target: TargetApi, since: datetime) -> EarlierWrite:
        """Look for what an earlier attempt wrote. Errors: as of TargetApi.find_earlier."""

    def begin(self, connection: sa.Connection) -> bool:
        """Lock what is written about, and note that it is about to be asked.

        Return False if this run is not to ask for it, or not any more.
        """

    @property
    def change(self) -> tuple[Call, CallUpdate] | None:
        """All that `begin` does: the call that it locks, and what it sets. None: it does something else."""

    def accepted(self, connection: sa.Connection, found: Found, at: datetime) -> None:
        """Note that the target took it."""


@dataclass(frozen=True)
class NothingInDoubt:
    """No attempt is in doubt: nothing was asked yet, or it is known what came of it."""


@dataclass(frozen=True)
class LeftNoTrace:
    """This attempt was in doubt, and the target shows that it did not get through."""

    attempt: Attempt


MayBeSubmitted = NothingInDoubt | LeftNoTrace


@dataclass(frozen=True)
class Accepted:
    """The target took it as this job. on_commit: see WriteOnce."""

    job: FoundJob
    on_commit: OnCommit


class WriteOnce:
    """Asks the target for writes. visible_seconds: how long an accepted write may take to show up there.

    What the target accepted is noted by a function, on_commit. The caller hands it to the end of the run
    (Reschedule.on_commit), and it runs in the transaction that plans the next run. So what was accepted and
    what comes next are both known afterwards, or neither is: then the attempt is still in doubt, and the
    next run finds the write. `_on_commit` is the only place that makes such functions.
    """

    def __init__(
        self,
        *,
        store: Store,
        target: TargetApi,
        breakers: Breakers,
        clock: Callable[[], datetime],
        visible_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._target = target
        self._breakers = breakers
        self._clock = clock
        self._visible_seconds = visible_seconds
        self._monotonic = monotonic
        # When this process first looked for the write of an attempt in doubt, by the attempt's id.
        self._looked_since: dict[int, float] = {}

    def pause(self, integration_id: str | None) -> Reschedule | None:
        """Return how to wait before anything is prepared for this integration; None if there is no need."""
        if integration_id is None:
            return None
        wait = self._breakers.seconds_left(integration_id, self._clock().timestamp())
        return Reschedule(wait, PMS_IS_DOWN) if wait else None

    def find_earlier(self, write: Write) -> Found | MayBeSubmitted | Reschedule:
        """Look for what the last attempt wrote, if that attempt is in doubt.

        FoundJob, FoundOnRecord: it got through, which is noted. A Reschedule: it may yet show up.
        The time that it may take to show up begins with the first look of this process, by a clock that does
        not jump: the target may have accepted it after its answer was given up.
        Errors: CannotVerify if it cannot be seen whether it got through; RemoteError, StoreUnavailable.
        """
        with self._store.begin() as connection:
            in_doubt = self._store.attempts.last_in_doubt(connection, write.call_key, write.step)
        if in_doubt is None:
            return NothingInDoubt()
        since = self._looked_since.setdefault(in_doubt.id, self._monotonic())
        looked_for = self._monotonic() - since
        unseen: PermanentError | None = None
        found: EarlierWrite = NoTrace()
        try:
            found = write.find_earlier(self._target, in_doubt.at)
        except CredentialsRefused:
            raise
        except PermanentError as error:
            unseen = error
        if not isinstance(found, NoTrace):
            with self._store.begin() as connection:
                self._store.attempts.finish(
                    connection, in_doubt.id, in_doubt=False, next="its trace was found: accepted"
                )
                write.accepted(connection, found, in_doubt.at)
            self._looked_since.pop(in_doubt.id, None)
            return found
        if looked_for < self._visible_seconds:
            # Most show up soon or not at all: look twice as late each time.
            wait = min(
                max(looked_for, LOOK_AGAIN_SECONDS), self._visible_seconds - looked_for + 0.1
            )
            return Reschedule(wait, "the last try may have got through; looking for its trace")
        if unseen is not None:
            raise CannotVerify(
                f"the last try may have got through, and that cannot be seen ({unseen}); look whether it "
                "is in the PMS: adapter ignore CALL if it is, adapter replay CALL --again if it is not"
            )
        return LeftNoTrace(in_doubt)

    def submit(self, write: Write, last: MayBeSubmitted) -> Accepted | Reschedule:
        """Ask the target for it. last: what find_earlier said of the last attempt.

        The attempt is in doubt until on_commit has run. Errors: RemoteError, StoreUnavailable.
        """
        wait = self._breakers.wait(write.integration_id, self._clock().timestamp())
        if wait:
            return Reschedule(wait, PMS_IS_DOWN)
        noted = self._monotonic()
        attempt = self._begin(write, last.attempt if isinstance(last, LeftNoTrace) else None)
        if attempt is None:
            return self._not_begun(write)
        begun = self._clock()

        def is_late() -> bool:
            """This process was frozen; by now another may take its run for abandoned."""
            return self._monotonic() - noted > SEND_WITHIN_SECONDS

        try:
            if is_late():
                raise TemporaryError("it took too long to begin; nothing was sent")
            with exchanges(), sent_unless(is_late):  # this attempt is its own note
                job_id = write.send(self._target)
        except RemoteError as error:
            self._failed(write, attempt, error, begun)
            raise
        self._breakers.succeeded(write.integration_id)
        job = FoundJob(job_id)
        return Accepted(job, self._on_commit(write, job, self._clock(), attempt))

    def adopt(self, write: Write, found: Found) -> OnCommit:
        """Return what notes that an earlier write, which our records do not know of, is this one."""
        return self._on_commit(write, found, self._clock(), None)

    def _on_commit(self, write: Write, found: Found, at: datetime, attempt: int | None) -> OnCommit:
        """Return the function that notes that the target took the write. attempt: the one it answered."""

        def note(connection: sa.Connection) -> None:
            if attempt is not None and isinstance(found, FoundJob):
                self._store.attempts.finish(
                    connection,
                    attempt,
                    finished_at=at,
                    status=200,
                    answer=f"accepted as job {found.job_id}",
                    in_doubt=False,
                    next="confirm",
                )
            write.accepted(connection, found, at)

        return note

    def _not_begun(self, write: Write) -> Reschedule:
        """Return when to look at the call again: soon, if a hook told more of it meanwhile."""
        call = write.change[0] if write.change is not None else None
        current = self._store.calls.get(call.key) if call is not None else None
        if call is not None and current is not None and current.record_json != call.record_json:
            return Reschedule(NEWS_SECONDS, "more became known of it amid the run")
        return Reschedule(LOOK_AGAIN_SECONDS, "another run of this call is at it")

    def _begin(self, write: Write, replaced: Attempt | None) -> int | None:
        """Note the intent, and return the attempt's id; None if this run is not to ask.

        Two runs of a call can be under way, where a worker was taken for dead and was alive.
        """
        if replaced is None and write.change is not None:
            call, values = write.change
            return self._store.runs.begin_attempt(
                call, values, at=self._clock(), step=write.step, asked=write.asked
            )
        with self._store.begin() as connection:
            attempt = None
            if write.begin(connection):
                attempt = self._store.attempts.start(
                    connection,
                    call_key=write.call_key,
                    at=self._clock(),
                    step=write.step,
                    asked=write.asked,
                    replaces=replaced.id if replaced else None,
                )
            if attempt is None:
                connection.rollback()
            elif replaced is not None:
                self._store.attempts.finish(
                    connection, replaced.id, in_doubt=False, next="no trace of it: asked again"
                )
                self._looked_since.pop(replaced.id, None)
            return attempt

    def _failed(self, write: Write, attempt: int, error: RemoteError, begun: datetime) -> None:
        with self._store.begin() as connection:
            self._store.attempts.finish(
                connection,
                attempt,
                finished_at=self._clock(),
                status=error.status,
                answer=str(error),
                in_doubt=error.in_doubt,
                next="look for its trace" if error.in_doubt else None,
            )
        if _is_outage(error):
            now = self._clock().timestamp()
            self._breakers.failed(write.integration_id, now, begun.timestamp())
        elif not isinstance(error, LocalRateLimit | Paused):  # those say nothing of the other side
            self._breakers.succeeded(write.integration_id)


def _is_outage(error: RemoteError) -> bool:
    """True if the other side is down or broken. A 429 or a refusal says that it works."""
    return (
        isinstance(error, TemporaryError)
        and error.status != 429
        and not isinstance(error, LocalRateLimit | Paused)
    )
