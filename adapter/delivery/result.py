"""How can a run of a delivery end, and which error ends it how?

A run is finished, or it plans the next one. docs/architecture.md shows the states of a call.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.domain.call import Call, CallState
from adapter.domain.cause import Cause
from adapter.domain.lifecycle import REPLAYABLE, CallUpdate
from adapter.errors import (
    CannotVerify,
    CredentialsRefused,
    EndingUnknown,
    LineIncomplete,
    LocalRateLimit,
    NotSupported,
    NoValidEvent,
    Paused,
    PermanentError,
    ProviderRefused,
    StoreRefused,
    TemporaryError,
)
from adapter.observability.logs import logger

log = logger("adapter.delivery")

KEEP_TRYING = timedelta(hours=24)
# The wait after the first failed attempt; it doubles with each.
BACKOFF_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 900.0
# The wait after a refusal that has no pause of its own, for example of a right that the key lacks.
REFUSED_WAIT_SECONDS = 60.0


OnCommit = Callable[[sa.Connection], None]


@dataclass(frozen=True)
class Finished:
    """The delivery ends here, in this state, for this reason. values: columns of the call to set.

    cause: stands with the reason where the call is held, failed or ignored (`held`, `failed`, `ignored`).
    judged: the call's record by which this was decided, as it is stored, where the run read more of the call
    than it was given.
    """

    state: CallState
    reason: str | None = None
    values: CallUpdate | None = None
    cause: Cause | None = None
    judged: str | None = None

    def __post_init__(self) -> None:
        if (self.cause is None) is (self.state in REPLAYABLE):
            raise ValueError(f"{self.state.value} with the cause {self.cause}: {self.reason}")


def held(cause: Cause, reason: str) -> Finished:
    """An operator has to decide."""
    return Finished(CallState.HELD, reason, cause=cause)


def failed(cause: Cause, reason: str) -> Finished:
    """The call cannot be written as it is."""
    return Finished(CallState.FAILED, reason, cause=cause)


def ignored(cause: Cause, reason: str) -> Finished:
    """A rule says not to write the call."""
    return Finished(CallState.IGNORED, reason, cause=cause)


@dataclass(frozen=True)
class Reschedule:
    """The call gets another run after the delay.

    is_failed_attempt: this run failed, so the next wait is longer.
    values: columns of the call to set.
    on_commit: runs in the transaction that ends this run (adapter.delivery.write_once builds it).
    waits_for: the pause whose end brings the next run forward, if it ends before the delay is over.
    """

    delay_seconds: float
    reason: str
    state: CallState = CallState.DELIVERING
    is_failed_attempt: bool = False
    values: CallUpdate | None = None
    on_commit: OnCommit | None = None
    waits_for: str | None = None


RunResult = Finished | Reschedule


def after_error(call: Call, error: Exception, now: datetime, backoff_seconds: float) -> RunResult:
    """Return how a run of this call ends that raised this error."""
    state = call.state if call.is_accepted else CallState.DELIVERING
    if isinstance(error, LocalRateLimit):
        return Reschedule(error.retry_after_seconds or 1.0, "waiting for the rate limit", state)
    if isinstance(error, Paused):
        return Reschedule(LONGEST_WAIT_SECONDS, str(error), state, waits_for=error.waits_for)
    if isinstance(error, TemporaryError | CredentialsRefused | StoreRefused):
        if call.tried_since is not None and now - call.tried_since >= KEEP_TRYING:
            if call.state is CallState.WRITTEN:
                return _still_written(error)
            return failed(Cause.GIVEN_UP, f"given up after a day of trying: {error}")
        wait = min(backoff_seconds * 2 ** min(call.tries, 20), LONGEST_WAIT_SECONDS)
        # Not all calls are to come at once when the other side is back.
        wait *= random.uniform(0.8, 1.2)  # nosec B311 - nobody gains by guessing the number
        least = 0.0 if isinstance(error, StoreRefused) else error.retry_after_seconds or 0.0
        if isinstance(error, CredentialsRefused):  # a refusal that pauses nothing else
            log.error("refused for want of a right", reason=str(error))
            least = REFUSED_WAIT_SECONDS
        return Reschedule(max(wait, least), str(error), state, is_failed_attempt=True)
    if not isinstance(error, PermanentError):
        log.error("delivery failed", exc_info=error)
    if call.state is CallState.WRITTEN:
        return _still_written(error)
    if call.state is CallState.POSTED:
        return _still_accepted(error)
    if isinstance(error, NotSupported):
        return held(cause_of(error), str(error))
    if isinstance(error, PermanentError):
        return failed(cause_of(error), str(error))
    return failed(cause_of(error), f"a bug of the adapter: {type(error).__name__}: {error}")


# By the class of the error; the first that fits.
_CAUSES: tuple[tuple[type[Exception], Cause], ...] = (
    (CannotVerify, Cause.WRITE_IN_DOUBT),
    (NotSupported, Cause.NOT_SUPPORTED),
    (LineIncomplete, Cause.LINE_INCOMPLETE),
    (EndingUnknown, Cause.NO_ENDING),
    (NoValidEvent, Cause.DOES_NOT_FIT),
    (ProviderRefused, Cause.REFUSED_BY_PROVIDER),
    (PermanentError, Cause.REFUSED_BY_TARGET),
)


def cause_of(error: Exception) -> Cause:
    """Return why a call is held or failed that ended with this error."""
    return next((cause for kind, cause in _CAUSES if isinstance(error, kind)), Cause.BUG)


def _still_accepted(error: Exception) -> Finished:
    """The target took the event, and did not say that it failed. A replay might write a second one."""
    return Finished(
        CallState.POSTED,
        f"accepted, but what became of it could not be seen: {type(error).__name__}: {error}",
    )


def _still_written(error: Exception) -> Finished:
    """The event stands at the target. If the call became failed or held, a replay would write a second one."""
    return Finished(CallState.WRITTEN, f"it could not be seen whether more is known: {error}")
