"""Which accepted writes have come to an end? Read from the target's logs, many with one request."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from adapter.domain.call import Call
from adapter.domain.record import CallRecord
from adapter.errors import CredentialsRefused, NotSupported, PermanentError, RemoteError
from adapter.observability.observe import count_delivery, count_written, logger
from adapter.storage.store import Store
from adapter.targets.base import Target

log = logger("adapter.confirming")

BATCH = 1000
# What was accepted in the last moment cannot be in the logs yet.
YOUNGEST = timedelta(seconds=1)
# What is pending for longer is asked for by itself: for one straggler all logs would be read again and again.
OLDEST = timedelta(minutes=5)


class BulkConfirmation:
    """Confirms accepted writes from the logs. What they do not show is asked for one by one.

    without_logs: integrations of which the target has no such logs, as was found out.
    """

    def __init__(self, *, store: Store, target: Target, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._target = target
        self._clock = clock
        self.without_logs: set[str] = set()

    def work(self) -> bool:
        """One pass over what is unconfirmed; False: nothing more to do at once."""
        now = self._clock()
        waiting: dict[str, list[Call]] = defaultdict(list)
        for call in self._store.unconfirmed(now - OLDEST, now - YOUNGEST, limit=BATCH):
            waiting[call.integration_id or ""].append(call)
        failure: RemoteError | None = None
        for integration_id, calls in waiting.items():
            if integration_id not in self.without_logs:
                try:
                    self._confirm(integration_id, calls, now)
                except RemoteError as error:  # that of one keeps no other from it
                    failure = failure or error
        if failure is not None:
            raise failure
        return False

    def _confirm(self, integration_id: str, calls: list[Call], now: datetime) -> None:
        since = min(call.posted_at or now for call in calls)
        try:
            ended = self._target.ended_writes(integration_id, since)
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
        ended_so: dict[tuple[bool, bool], list[Call]] = defaultdict(list)
        for call in calls:
            succeeded = ended.get(call.job_id or "")
            if succeeded is not None:
                # Why it failed, and whether it may be tried again, is asked in a run of its own; so is
                # what is to be corrected because more is known by now.
                ended_so[succeeded, not succeeded or knows_more(call)].append(call)
        for (succeeded, needs_run), group in ended_so.items():
            noted = self._store.confirm(group, succeeded=succeeded, needs_run=needs_run, now=now)
            for call in group:
                if call.key in noted:
                    state = "written" if succeeded else "refused"
                    count_delivery(state, call.outcome)
                    if succeeded:
                        count_written((now - call.ended_at).total_seconds())
                    log.info("confirmed" if succeeded else "refused", call=call.key)


def mark_of(record: CallRecord) -> str:
    """A short mark of what is known of a call, to see later whether more is known then."""
    return _mark(record.model_dump_json(exclude_none=True))


def knows_more(call: Call) -> bool:
    """True if more is known of the call than when its event was made.

    Another version may write the same facts in other words; the stored ones are as they were then.
    """
    marks = (mark_of(call.record), _mark(call.record_json))
    return (call.event or {}).get("facts") not in marks


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
