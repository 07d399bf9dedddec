"""What happens around the steps of one run? The call is claimed before, and the result is committed after.

One transaction holds the call's new state, its reason, what was asked for it, and when the next run is due.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from adapter.delivery.result import (
    BACKOFF_SECONDS,
    Finished,
    Reschedule,
    RunResult,
    after_error,
)
from adapter.delivery.throttle import DispatchThrottle
from adapter.domain import lifecycle
from adapter.domain.call import Call, CallState
from adapter.domain.lifecycle import CallUpdate
from adapter.errors import LocalRateLimit, StoreUnavailable
from adapter.observability.exchanges import Exchange, exchanges
from adapter.observability.logs import logger
from adapter.observability.metrics import TALLY, count_delivery, count_written
from adapter.storage.store import Store

log = logger("adapter.delivery")

Advance = Callable[[Call], RunResult]


class Delivery:
    """Runs deliveries.

    advance: the steps (adapter.delivery.deliver). clock: aware UTC now. throttle: pauses the dispatcher when
    the rate limit is used up. backoff_seconds: the wait after the first failed attempt.
    """

    def __init__(
        self,
        *,
        store: Store,
        advance: Advance,
        clock: Callable[[], datetime],
        throttle: DispatchThrottle | None = None,
        backoff_seconds: float = BACKOFF_SECONDS,
    ) -> None:
        self._store = store
        self._advance = advance
        self._clock = clock
        self._throttle = throttle or DispatchThrottle()
        self._backoff = backoff_seconds

    def run(self, key: str, number: int) -> None:
        """Run one run of one call's delivery; do nothing if a later run has taken its place.

        Errors: StoreUnavailable. Then nothing was committed, and the same run may be begun again.
        """
        with structlog.contextvars.bound_contextvars(call=key):
            call = self._store.runs.claim(key, number)
            if call is None:
                return
            with exchanges() as seen:
                try:
                    result = self._advance(call)
                except StoreUnavailable:
                    raise
                except Exception as error:
                    if isinstance(error, LocalRateLimit) and not call.is_accepted:
                        self._throttle.pause_for(error.retry_after_seconds or 1.0)
                    result = after_error(call, error, self._clock(), self._backoff)
            self._note(call, number, result, seen)

    def _note(self, call: Call, number: int, result: RunResult, seen: Sequence[Exchange]) -> None:
        """Commit how the run ended. on_commit runs in the same transaction (see Reschedule)."""
        now = self._clock()
        update: CallUpdate = {**(result.values or {}), **_transition(call, result, now)}
        with self._store.begin() as connection:
            if isinstance(result, Reschedule) and result.on_commit is not None:
                result.on_commit(connection)
            if isinstance(result, Finished) and result.state in lifecycle.LOOK_AGAIN:
                judged = result.judged or call.record_json
                current = self._store.calls.locked(connection, call.key)
                if current is not None and current.record_json != judged:
                    # Facts that came during this run may change what becomes of the call.
                    update |= lifecycle.look_again(call, result.state, now=now)
            if _waits_to_know(result):
                ended = self._store.runs.wait(connection, call, update)
            else:
                ended = self._store.runs.end(connection, call.key, number, update)
            self._store.attempts.add(connection, call.key, seen, then=result.reason)
        if not ended.rowcount:
            return  # another run has taken over, and says what comes next
        count_delivery(result.state.value, call.outcome)
        if isinstance(result, Reschedule) and result.is_failed_attempt:
            TALLY.add("adapter_retries_total")
        if result.state is CallState.WRITTEN and call.state is not CallState.WRITTEN:
            count_written((now - call.ended_at).total_seconds())
        say = log.error if result.state is CallState.FAILED else log.info
        say(result.state.value, reason=result.reason, run=number)


def _waits_to_know(result: RunResult) -> bool:
    """True if the next run is planned because something is not known yet, and may be by then."""
    return (
        isinstance(result, Reschedule)
        and result.state is CallState.OPEN
        and not result.is_failed_attempt
    )


def _transition(call: Call, result: RunResult, now: datetime) -> CallUpdate:
    if isinstance(result, Finished):
        return lifecycle.finish(
            call, result.state, reason=result.reason, cause=result.cause, now=now
        )
    return lifecycle.run_again(
        call,
        result.state,
        reason=result.reason,
        now=now,
        delay_seconds=result.delay_seconds,
        is_failed_attempt=result.is_failed_attempt,
        waits_for=result.waits_for,
    )
