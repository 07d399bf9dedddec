"""What can a run of a delivery end in, and which failure ends it how? (design.md section 9)"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapter.domain.call import Call, CallState
from adapter.errors import (
    BudgetSpent,
    CredentialsRefused,
    NotSupported,
    Paused,
    PermanentError,
    StoreRefused,
    TemporaryError,
)
from adapter.observability.observe import logger

log = logger("adapter.delivery")

KEEP_TRYING = timedelta(hours=24)
LONGEST_WAIT_SECONDS = 900.0
# What is refused for a reason that has no name, a right of the key for one.
REFUSED_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Done:
    """The delivery ends here, in this state, for this reason; values go to the call's row."""

    state: CallState
    reason: str | None = None
    values: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Again:
    """Another run after the delay. counts: it was a failed try, the next wait is longer.

    also: notes what is to be committed with it. waits_for: the pause after whose end it is run, if
    that comes before the delay is over.
    """

    delay_seconds: float
    reason: str
    state: CallState = CallState.DELIVERING
    counts: bool = False
    values: Mapping[str, Any] | None = None
    also: Callable[[sa.Connection], None] | None = None
    waits_for: str | None = None


def after_error(
    call: Call, error: Exception, now: datetime, backoff_seconds: float
) -> Done | Again:
    """What a failed run of this call ends in."""
    state = CallState.DELIVERING if call.job_id is None else call.state
    if isinstance(error, BudgetSpent):
        return Again(error.retry_after_seconds or 1.0, "waiting for the rate limit", state)
    if isinstance(error, Paused):
        return Again(LONGEST_WAIT_SECONDS, str(error), state, waits_for=error.waits_for)
    if isinstance(error, TemporaryError | CredentialsRefused | StoreRefused):
        if call.tried_since is not None and now - call.tried_since >= KEEP_TRYING:
            if call.state is CallState.WRITTEN:
                return Done(
                    CallState.WRITTEN, f"it could not be seen whether more is known: {error}"
                )
            return Done(CallState.FAILED, f"given up after a day of trying: {error}")
        wait = min(backoff_seconds * 2 ** min(call.tries, 20), LONGEST_WAIT_SECONDS)
        # Not all at once when the other side is back. Nobody gains by guessing it.
        wait *= random.uniform(0.8, 1.2)  # nosec B311
        least = 0.0 if isinstance(error, StoreRefused) else error.retry_after_seconds or 0.0
        if isinstance(error, CredentialsRefused):  # of something that is no pause of its own
            log.error("refused for want of a right", reason=str(error))
            least = REFUSED_WAIT_SECONDS
        return Again(max(wait, least), str(error), state, counts=True)
    if isinstance(error, NotSupported):
        return Done(CallState.HELD, str(error))
    if isinstance(error, PermanentError):
        return Done(CallState.FAILED, str(error))
    log.error("delivery failed", exc_info=error)
    return Done(CallState.FAILED, f"a bug of the adapter: {type(error).__name__}: {error}")
