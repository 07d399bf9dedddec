"""How is a write asked of the target at most once? The target itself would take it twice.

The intent is noted before the request goes out, and the answer after it. In between, and after an answer
that says too little, the attempt is in doubt: its trace is looked for before anything is asked again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from adapter.delivery.result import Reschedule
from adapter.domain.call import Attempt
from adapter.errors import (
    BudgetSpent,
    CannotVerify,
    CredentialsRefused,
    Paused,
    PermanentError,
    RemoteError,
    TemporaryError,
)
from adapter.observability.observe import exchanges
from adapter.storage.shared import Breakers
from adapter.storage.store import Store
from adapter.targets.base import Target

LOOK_AGAIN_SECONDS = 10.0
SEND_WITHIN_SECONDS = 5.0
PMS_IS_DOWN = "this PMS fails one write after the other; waiting for it to recover"


class Write(Protocol):
    """Something to be written once.

    call_key, step: under which its attempts are noted. asked: what is asked, in a word and a path.
    """

    @property
    def call_key(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def integration_id(self) -> str: ...
    @property
    def asked(self) -> str: ...

    def send(self, target: Target) -> str:
        """Ask the target for it; the id of the accepted job."""

    def find(self, target: Target, since: datetime) -> str | None:
        """The job (or "" if only its result is seen) of an earlier attempt; None: there is no trace of it."""

    def begin(self, connection: sa.Connection) -> bool:
        """Lock what is written about, and note that it is about to be asked.

        False if it is not to be asked by this run (any more).
        """

    def accepted(self, connection: sa.Connection, job_id: str, at: datetime) -> None:
        """Note that the target took it."""


@dataclass(frozen=True)
class Accepted:
    """The target took it as this job. note: notes that, in the transaction that says what comes next."""

    job_id: str
    note: Callable[[sa.Connection], None]


class WriteOnce:
    """Asks the target. visible_seconds: how long an accepted write may take to show up there."""

    def __init__(
        self,
        *,
        store: Store,
        target: Target,
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
        # When this process first looked for the trace of an attempt in doubt, by its id.
        self._looked_since: dict[int, float] = {}

    def pause(self, integration_id: str) -> Reschedule | None:
        """Whether to wait before anything is done for a write to this integration."""
        wait = self._breakers.seconds_left(integration_id, self._clock().timestamp())
        return Reschedule(wait, PMS_IS_DOWN) if wait else None

    def find_earlier(self, write: Write) -> str | Reschedule | Attempt | None:
        """What is there of the last attempt? None: nothing is in doubt. A job's id: it got through.

        An attempt: no trace of it; `submit` may replace it. How long it is looked for is counted from this
        process's first look, by a clock that does not jump: it may have been accepted as late as when
        nobody waited for its answer any more.
        Errors: CannotVerify if it cannot be seen whether it got through; RemoteError, StoreUnavailable.
        """
        with self._store.begin() as connection:
            doubtful = self._store.last_doubtful(connection, write.call_key, write.step)
        if doubtful is None:
            return None
        since = self._looked_since.setdefault(doubtful.id, self._monotonic())
        looked_for = self._monotonic() - since
        job_id, unseen = None, None
        try:
            job_id = write.find(self._target, doubtful.at)
        except CredentialsRefused:
            raise
        except PermanentError as error:
            unseen = error
        if job_id is not None:
            with self._store.begin() as connection:
                self._store.finish_attempt(
                    connection, doubtful.id, doubtful=False, next="its trace was found: accepted"
                )
                write.accepted(connection, job_id, doubtful.at)
            self._looked_since.pop(doubtful.id, None)
            return job_id
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
        return doubtful

    def submit(self, write: Write, untraced: Attempt | None) -> Accepted | Reschedule:
        """Ask for it. untraced: the attempt that this one replaces.

        Until what was accepted is noted, this attempt is in doubt. Errors: RemoteError, StoreUnavailable.
        """
        wait = self._breakers.wait(write.integration_id, self._clock().timestamp())
        if wait:
            return Reschedule(wait, PMS_IS_DOWN)
        noted = self._monotonic()
        attempt = self._begin(write, untraced)
        if attempt is None:
            return Reschedule(LOOK_AGAIN_SECONDS, "another run of this call is at it")
        begun = self._clock()
        try:
            if self._monotonic() - noted > SEND_WITHIN_SECONDS:
                # This process was frozen; by now another may take its run for abandoned.
                raise TemporaryError("it took too long to begin; nothing was sent")
            with exchanges():  # this attempt is its own note
                job_id = write.send(self._target)
        except RemoteError as error:
            self._failed(write, attempt, error, begun)
            raise
        self._breakers.succeeded(write.integration_id)
        answered = self._clock()

        def note(connection: sa.Connection) -> None:
            self._store.finish_attempt(
                connection,
                attempt,
                finished_at=answered,
                status=200,
                answer=f"accepted as job {job_id}",
                doubtful=False,
                next="confirm",
            )
            write.accepted(connection, job_id, answered)

        return Accepted(job_id, note)

    def _begin(self, write: Write, untraced: Attempt | None) -> int | None:
        """Note the intent; None if this is not the run to have it.

        Two runs of a call can be under way, where a worker was taken for dead and was not.
        """
        with self._store.begin() as connection:
            attempt = None
            if write.begin(connection):
                attempt = self._store.start_attempt(
                    connection,
                    call_key=write.call_key,
                    at=self._clock(),
                    step=write.step,
                    asked=write.asked,
                    replaces=untraced.id if untraced else None,
                )
            if attempt is None:
                connection.rollback()
            elif untraced is not None:
                self._store.finish_attempt(
                    connection, untraced.id, doubtful=False, next="no trace of it: asked again"
                )
                self._looked_since.pop(untraced.id, None)
            return attempt

    def _failed(self, write: Write, attempt: int, error: RemoteError, begun: datetime) -> None:
        with self._store.begin() as connection:
            self._store.finish_attempt(
                connection,
                attempt,
                finished_at=self._clock(),
                status=error.status,
                answer=str(error),
                doubtful=error.doubtful,
                next="look for its trace" if error.doubtful else None,
            )
        if _is_outage(error):
            now = self._clock().timestamp()
            self._breakers.failed(write.integration_id, now, begun.timestamp())
        elif not isinstance(error, BudgetSpent | Paused):  # that says nothing of the other side
            self._breakers.succeeded(write.integration_id)


def _is_outage(error: RemoteError) -> bool:
    """The other side is down or broken; a 429 or a refusal says that it works."""
    return (
        isinstance(error, TemporaryError)
        and error.status != 429
        and not isinstance(error, BudgetSpent | Paused)
    )
