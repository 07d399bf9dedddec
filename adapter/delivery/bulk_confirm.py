"""Which accepted writes have come to an end? The target's logs tell it of many with one request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from adapter.domain.call import Call
from adapter.errors import CredentialsRefused, NotSupported, PermanentError, RemoteError
from adapter.observability.logs import logger
from adapter.observability.metrics import count_delivery, count_written
from adapter.storage.store import Store
from adapter.targets.base import TargetApi

log = logger("adapter.confirming")

BATCH = 1000
# What was accepted in the last moment cannot be in the logs yet.
YOUNGEST = timedelta(seconds=1)
# What is pending for longer is asked for by itself: for one straggler all logs would be read again and again.
OLDEST = timedelta(minutes=5)


class BulkConfirmation:
    """Confirms accepted writes from the logs. What they do not show is asked for one by one.

    without_logs: the integrations of which the target keeps no such logs, as far as this process knows.
    clock: aware UTC now.
    """

    def __init__(self, *, store: Store, target: TargetApi, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._target = target
        self._clock = clock
        self.without_logs: set[str] = set()

    def work(self) -> bool:
        """Make one pass over what is unconfirmed. Return False: there is nothing more to do at once."""
        now = self._clock()
        waiting: dict[str, list[Call]] = defaultdict(list)
        for call in self._store.runs.unconfirmed(now - OLDEST, now - YOUNGEST, limit=BATCH):
            if call.integration_id is not None:
                waiting[call.integration_id].append(call)
        failure: RemoteError | None = None
        for integration_id, calls in waiting.items():
            if integration_id not in self.without_logs:
                try:
                    self._confirm(integration_id, calls, now)
                except RemoteError as error:  # the other integrations are still confirmed
                    failure = failure or error
        if failure is not None:
            raise failure
        return False

    def _confirm(self, integration_id: str, calls: list[Call], now: datetime) -> None:
        since = min(call.posted_at or now for call in calls)
        try:
            succeeded_by_job = self._target.ended_writes(integration_id, since)
        except CredentialsRefused:
            raise
        except (NotSupported, PermanentError) as error:
            log.warning(
                "no write logs: confirming one by one",
                integration=integration_id,
                reason=str(error),
            )
            self.without_logs.add(integration_id)
            return
        groups: dict[tuple[bool, bool], list[Call]] = defaultdict(list)
        for call in calls:
            succeeded = succeeded_by_job.get(call.job_id) if call.job_id is not None else None
            if succeeded is not None:
                # Why it failed, and whether it may be tried again, is asked in a run of its own; so is
                # what is to be corrected because more is known by now.
                groups[succeeded, not succeeded or call.knows_more_than_event].append(call)
        for (succeeded, needs_run), group in groups.items():
            changed_keys = self._store.runs.confirm(
                group, succeeded=succeeded, needs_run=needs_run, now=now
            )
            for call in group:
                if call.key in changed_keys:
                    state = "written" if succeeded else "refused"
                    count_delivery(state, call.outcome)
                    if succeeded:
                        count_written((now - call.ended_at).total_seconds())
                    log.info("confirmed" if succeeded else "refused", call=call.key)
