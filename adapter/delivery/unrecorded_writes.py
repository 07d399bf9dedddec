"""Was this call written before, by an adapter whose records are lost?

Whoever restores a backup loses what was noted since. The target and the PMS keep what was written. A call that
comes late may be one of those: our records do not have it any more, or have it as it was before it was written.
So before the first request for such a call, an earlier write is looked for, where it could be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from adapter.delivery.result import Reschedule
from adapter.delivery.write_once import Found
from adapter.domain.assessment import CallRules
from adapter.domain.call import Call, CallState
from adapter.domain.record import CallRecord
from adapter.errors import CannotVerify, NotSupported
from adapter.observability.exchanges import Exchange
from adapter.storage.store import Store
from adapter.storage.task_leases import begun_at
from adapter.targets.base import EarlierWrite, FoundJob, NoTrace, TargetApi

LATE = timedelta(minutes=5)
BUSY = Reschedule(10.0, "another run of this call is at it")


class LateWrite(Protocol):
    """Something to be written once, of a call that may be late (see adapter.delivery.write_once.Write)."""

    @property
    def call_key(self) -> str: ...
    @property
    def asked(self) -> str: ...

    def find_unrecorded(
        self, target: TargetApi, since: datetime, *, thorough: bool
    ) -> EarlierWrite:
        """Look for a write that our records do not know of. Errors: as of TargetApi.find_unrecorded."""

    def begin(self, connection: sa.Connection) -> bool: ...
    def accepted(self, connection: sa.Connection, found: Found, at: datetime) -> None: ...


@dataclass(frozen=True)
class Look:
    """since: when an earlier write can have been made. is_suspect: the call came as after a restored backup.

    Where nothing can be seen, a suspect is held; another call is written.
    """

    since: datetime
    is_suspect: bool


class UnrecordedWrites:
    """Looks for writes that our records lost. It is made when this process begins to deliver.

    clock: aware UTC now.
    """

    def __init__(
        self, *, store: Store, target: TargetApi, rules: CallRules, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._target = target
        self._rules = rules
        self._clock = clock
        self._started_at = clock()

    def mark_if_late(self, call: Call) -> Call:
        """Note on the call if this run begins late: a later run, which is in time, has to know it.

        A run that became due while this process was running, and waited for its turn, is not late.
        """
        late = (
            call.due_at is not None
            and call.due_at < self._started_at
            and self._clock() - call.due_at > LATE
        )
        if not late or call.may_be_written is not None or call.state is CallState.WRITTEN:
            return call
        with self._store.begin() as connection:
            self._store.calls.update(connection, call.key, may_be_written=True)
        return replace(call, may_be_written=True)

    def find(self, call: Call, record: CallRecord, write: LateWrite) -> EarlierWrite | Reschedule:
        """Look for an earlier write, if the call is late. What is found is noted as this write's.

        NoTrace: the write may be asked for. Errors: CannotVerify if it cannot be seen whether there was one;
        RemoteError, StoreUnavailable.
        """
        look = self._look(call, record)
        if look is None:
            return NoTrace()
        begun = self._clock()
        try:
            found = write.find_unrecorded(self._target, look.since, thorough=look.is_suspect)
        except NotSupported as unseen:
            if not look.is_suspect or self._is_history(call, record):
                return NoTrace()
            raise CannotVerify(
                "it came late, as after a restored backup, so it may be written already, and that cannot "
                f"be seen ({unseen}); look whether it is in the PMS: adapter ignore CALL if it is, "
                "adapter replay CALL --again if it is not"
            ) from unseen
        if isinstance(found, NoTrace):
            return found
        words = "yes, it is on the person's record"
        if isinstance(found, FoundJob):
            words = f"yes, job {found.job_id}"
        asked = f"was this done before? {write.asked}"
        seen = Exchange(begun, self._clock(), "look", asked, None, words)
        with self._store.begin() as connection:
            if not write.begin(connection):
                connection.rollback()
                return BUSY
            write.accepted(connection, found, self._clock())
            self._store.attempts.add(connection, write.call_key, [seen], then="not asked again")
        return found

    def _look(self, call: Call, record: CallRecord) -> Look | None:
        """Return how to look; None for a call that is in time, or about which an operator decided."""
        if call.may_be_written is False:
            return None
        # A hook without a time says nothing of the end; it is taken to have come at the end.
        now, end = self._clock(), _end(record) or call.first_seen_at
        if call.may_be_written or call.first_seen_at - end > LATE:
            return Look(end, is_suspect=True)
        wait = timedelta(seconds=self._rules.assess(record).delay_seconds)
        # Between its end and the start of this process a backup may have been restored.
        is_older = end < self._started_at
        return Look(end, is_suspect=False) if is_older or now - end > wait + LATE else None

    def _is_history(self, call: Call, record: CallRecord) -> bool:
        """True if it ended before the adapter began here: `adapter reconcile` takes in such calls."""
        end, begun = _end(record), begun_at(self._store)
        return not call.may_be_written and end is not None and (begun is None or end < begun)


def _end(record: CallRecord) -> datetime | None:
    """Return when the call ended, if the provider told."""
    if record.parent.ended_at is not None or record.parent.status is not None:
        return record.parent.ended_at
    return max((leg.ended_at for leg in record.legs.values() if leg.ended_at), default=None)
