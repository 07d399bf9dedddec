"""What became of the write of one call? That the target accepted it does not mean that the PMS took it.

Most writes are confirmed many at a time (adapter.delivery.bulk_confirm). What that does not see is asked here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from adapter.delivery.bulk_confirm import BulkConfirmation
from adapter.delivery.correct import Correction
from adapter.delivery.event_write import EventRetry
from adapter.delivery.result import KEEP_TRYING, Finished, OnCommit, Reschedule, RunResult, failed
from adapter.delivery.write_once import Found, LeftNoTrace, NothingInDoubt, WriteOnce
from adapter.domain.call import Call, CallState
from adapter.domain.cause import Cause
from adapter.domain.lifecycle import CallUpdate
from adapter.errors import (
    CredentialsRefused,
    Paused,
    PermanentError,
    RemoteError,
    StoreRefused,
    StoreUnavailable,
    TemporaryError,
)
from adapter.observability.logs import logger
from adapter.storage.store import Store
from adapter.targets.base import FoundJob, NoTrace, TargetApi, WriteOutcome, WriteState

log = logger("adapter.delivery")

# Waits for what the bulk confirmation did not see; the short ones for targets where there is none.
CONFIRM_AFTER_SECONDS = (1, 3, 10, 30, 60, 120, 300, 600, 1800, 3600)
STRAGGLER_SECONDS = 30
RETRY_AFTER_SECONDS = (30, 120, 600, 1800)


class Confirmation:
    """Confirms writes that the target accepted, one call at a time. clock: aware UTC now."""

    def __init__(
        self,
        *,
        store: Store,
        target: TargetApi,
        write_once: WriteOnce,
        correction: Correction,
        bulk: BulkConfirmation,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._target = target
        self._write_once = write_once
        self._correction = correction
        self._bulk = bulk
        self._clock = clock

    def plan(
        self, integration_id: str, found: Found, on_commit: OnCommit | None = None
    ) -> Reschedule:
        """Plan the first look at what became of an accepted write."""
        wait = self._wait(integration_id, timedelta()) if isinstance(found, FoundJob) else 0.0
        return Reschedule(wait, "accepted, to be confirmed", CallState.POSTED, on_commit=on_commit)

    def confirm(self, call: Call) -> RunResult:
        """Ask what became of this call's write, and act on the answer."""
        now = self._clock()
        if call.job_id is None:
            written = Finished(CallState.WRITTEN, "found on the person's record")
            return self._correction.correct(call, call.record, written)
        waited = now - (call.posted_at or now)
        try:
            outcome = self._target.confirm(call.job_id, integration_id=call.integration_id)
        except Paused:
            raise  # however long the pause takes, it says nothing of the write
        except RemoteError as error:
            if waited >= KEEP_TRYING:
                return Finished(CallState.POSTED, f"accepted, but never confirmed: {error}")
            wait = error.retry_after_seconds or 60
            return Reschedule(wait, f"accepted, not confirmed yet: {error}", CallState.POSTED)
        if outcome.state is WriteState.FAILED:
            return self._refused(call, outcome)
        if outcome.state is WriteState.PENDING:
            if waited >= KEEP_TRYING:
                return Finished(
                    CallState.POSTED, "accepted, but the PMS has not confirmed it in a day"
                )
            wait = self._wait(call.integration_id, waited)
            return Reschedule(wait, "accepted, not confirmed yet", CallState.POSTED)
        is_partly = outcome.state is WriteState.PARTLY
        reason = f"written in part: {outcome.words or ''}" if is_partly else None
        values: CallUpdate = {"confirmed_at": now, "event_id": outcome.record_id}
        written = Finished(CallState.WRITTEN, reason, values)
        try:
            return self._correction.correct(
                replace(call, event_id=outcome.record_id), call.record, written
            )
        except (TemporaryError, CredentialsRefused, StoreUnavailable, StoreRefused):
            raise  # asked again, both whether it was written and whether it is right
        except Exception as error:
            if not isinstance(error, PermanentError):
                log.error("what a written event says could not be compared", exc_info=error)
            why = f"it could not be seen whether more is known: {error}"
            return replace(written, reason=f"{reason}; {why}" if reason else why)

    def _wait(self, integration_id: str | None, waited: timedelta) -> float:
        """Return the seconds until this call's write is asked for by itself; they grow with its age."""
        has_logs = integration_id not in self._bulk.without_logs
        earliest = STRAGGLER_SECONDS if has_logs else 0
        since = waited.total_seconds()
        later = [s for s in CONFIRM_AFTER_SECONDS if s > since and s >= earliest]
        return float(later[0] if later else CONFIRM_AFTER_SECONDS[-1])

    def _refused(self, call: Call, outcome: WriteOutcome) -> RunResult:
        """The PMS refused the write. It is tried again where the trouble may pass; else the call has failed."""
        words = outcome.words or "no reason given"
        refused = failed(Cause.REFUSED_BY_PMS, f"the PMS refused it: {words}")
        is_last = call.retries >= len(RETRY_AFTER_SECONDS)
        if call.event is None or not outcome.may_retry or is_last:
            return refused
        tried_again = Reschedule(
            RETRY_AFTER_SECONDS[call.retries],
            f"the PMS failed ({words}); asked to try again",
            CallState.POSTED,
        )
        retry = EventRetry(self._store, call, call.event)
        try:
            last = self._write_once.find_earlier(retry)
        except CredentialsRefused:
            raise
        except PermanentError as error:
            return replace(refused, reason=f"{refused.reason}; {error}")
        if isinstance(last, Reschedule):
            return replace(last, state=CallState.POSTED)
        if not isinstance(last, NothingInDoubt | LeftNoTrace):
            return tried_again
        if isinstance(last, NothingInDoubt) and call.may_be_written:
            # Records that were restored know of no retry that was asked for since.
            on_commit = self._adopt(call, retry)
            if on_commit is not None:
                return replace(tried_again, on_commit=on_commit)
        try:
            submitted = self._write_once.submit(retry, last)
        except PermanentError as error:
            # Where somebody had it tried again at the target, that job is ours now.
            on_commit = self._adopt(call, retry)
            if on_commit is None:
                return replace(refused, reason=f"{refused.reason}; not tried again: {error}")
            return replace(tried_again, on_commit=on_commit)
        if isinstance(submitted, Reschedule):
            return replace(submitted, state=CallState.POSTED)
        return replace(tried_again, on_commit=submitted.on_commit)

    def _adopt(self, call: Call, retry: EventRetry) -> OnCommit | None:
        """Take over a retry that our records do not know of; None if there is none."""
        found = retry.find_earlier(self._target, call.posted_at or call.first_seen_at)
        return None if isinstance(found, NoTrace) else self._write_once.adopt(retry, found)
