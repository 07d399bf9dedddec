"""What becomes of a call with somebody whom nobody knows, where the line says that a lead is to be made?

There is one lead per number and integration, by the key of a row. Of two calls at the same moment one asks
for the lead, and the other waits for it. Where the PMS shows the new lead only with its next sync, the call
waits for that too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapter.delivery.result import Reschedule, RunResult, cause_of, held
from adapter.delivery.unrecorded_writes import UnrecordedWrites
from adapter.delivery.write_once import (
    Found,
    LeftNoTrace,
    MayBeSubmitted,
    NothingInDoubt,
    WriteOnce,
)
from adapter.domain.call import Call
from adapter.domain.cause import Cause
from adapter.domain.lifecycle import UNDELIVERED
from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import Person
from adapter.domain.record import call_id_of
from adapter.errors import CannotVerify, PermanentError
from adapter.storage.lead_requests import LeadRequest, LeadRequests
from adapter.storage.store import Store
from adapter.targets.base import (
    EarlierWrite,
    FoundJob,
    FoundOnRecord,
    NoTrace,
    TargetApi,
    WriteState,
)

# The call that waits for another's lead looks often at first, then less and less.
WAIT_FOR_OTHER_SECONDS = (5.0, 60.0, 300.0)
SYNC_WAIT_SECONDS = (10.0, 60.0, 300.0, 1800.0)
GIVE_UP_AFTER = timedelta(days=3)
ASKED = Reschedule(1.0, "a lead was asked for; waiting for the PMS to make it")


@dataclass(frozen=True)
class LeadWrite:
    """The lead of a number, as something to be written once."""

    leads: LeadRequests
    lead: LeadRequest
    step = "lead"

    @property
    def call_key(self) -> str:
        return self.lead.call_key

    @property
    def integration_id(self) -> str:
        return self.lead.integration_id

    @property
    def asked(self) -> str:
        return f"POST {self.lead.request.path}"

    @property
    def reference(self) -> str:
        return call_id_of(self.lead.call_key)

    def send(self, target: TargetApi) -> str:
        return target.post(self.lead.request)

    def find_earlier(self, target: TargetApi, since: datetime) -> EarlierWrite:
        return _by_job(target.find_earlier(self.reference, self.lead.request, since))

    def find_unrecorded(
        self, target: TargetApi, since: datetime, *, thorough: bool
    ) -> EarlierWrite:
        return _by_job(
            target.find_unrecorded(self.reference, self.lead.request, since, thorough=thorough)
        )

    @property
    def change(self) -> None:
        """It locks a lead, not a call."""

    def begin(self, connection: sa.Connection) -> bool:
        return self.leads.locked(connection, self.lead) == self.lead

    def accepted(self, connection: sa.Connection, found: Found, at: datetime) -> None:
        self.leads.update(connection, self.lead, job_id=_job_of(found))


def _by_job(found: EarlierWrite) -> EarlierWrite:
    return found if isinstance(found, NoTrace) else FoundJob(_job_of(found))


def _job_of(found: Found) -> str:
    """Return the job of a lead: by it the lead's id is asked for. Errors: CannotVerify if there is none."""
    if isinstance(found, FoundOnRecord):
        raise CannotVerify("a lead of this number was made, and it cannot be seen by which job")
    return found.job_id


class LeadCreation:
    """Makes leads of unknown callers. clock: aware UTC now."""

    def __init__(
        self,
        *,
        store: Store,
        leads: LeadRequests,
        target: TargetApi,
        write_once: WriteOnce,
        unrecorded: UnrecordedWrites,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._leads = leads
        self._target = target
        self._write_once = write_once
        self._unrecorded = unrecorded
        self._clock = clock

    def lead_for(self, call: Call, number: str, line: Line) -> Person | RunResult:
        """Return the lead that was made of this number (E.164).

        A RunResult says what is to be waited for, or why there is none.
        """
        if line.integration_id is None:
            why = f"{line.title} lacks integration_id: set it in lines.toml"
            return held(Cause.LINE_INCOMPLETE, why)
        lead = self._leads.get(line.integration_id, number)
        if lead is None or lead.failed:
            try:
                request = self._target.new_lead(number, line, call.call_id)
            except PermanentError as error:
                return held(_cause_of(error), str(error))
            lead = self._leads.claim(line.integration_id, number, call.key, request, self._clock())
        if lead.lead_id is not None:
            return self._target.made_lead(lead.request, lead.lead_id, line)
        if lead.job_id is not None:
            return self._await(lead, lead.job_id, number, line)
        if lead.call_key != call.key and not self._is_over(lead.call_key):
            return self._other_asks(lead)
        return self._ask(call, lead, number, line)

    def _is_over(self, key: str) -> bool:
        owner = self._store.calls.get(key)
        return owner is None or owner.state not in UNDELIVERED

    def _ask(self, call: Call, lead: LeadRequest, number: str, line: Line) -> RunResult:
        """Ask for the lead. If another call was to ask for it, and has ended, this call takes that over."""
        write = LeadWrite(self._leads, lead)
        last = self._write_once.find_earlier(write)
        if isinstance(last, Reschedule):
            return last
        if not isinstance(last, NothingInDoubt | LeftNoTrace):
            return ASKED
        if lead.call_key != call.key:
            return self._take_over(call, lead, number, line, last)
        if isinstance(last, NothingInDoubt):
            earlier = self._unrecorded.find(call, call.record, write)
            if not isinstance(earlier, NoTrace):
                return earlier if isinstance(earlier, Reschedule) else ASKED
        try:
            answer = self._write_once.submit(write, last)
        except PermanentError as error:
            self._note(lead, failed=str(error))
            return held(Cause.LEAD_NOT_MADE, f"the lead could not be made: {error}")
        if isinstance(answer, Reschedule):
            return answer
        return replace(ASKED, on_commit=answer.on_commit)

    def _take_over(
        self, call: Call, lead: LeadRequest, number: str, line: Line, last: MayBeSubmitted
    ) -> RunResult:
        """The lead becomes this call's to ask for; what the other one tried left no trace."""
        try:
            request = self._target.new_lead(number, line, call.call_id)
        except PermanentError as error:
            return held(_cause_of(error), str(error))
        with self._store.begin() as connection:
            if self._leads.locked(connection, lead) == lead:
                if isinstance(last, LeftNoTrace):
                    self._store.attempts.finish(connection, last.attempt.id, in_doubt=False)
                self._leads.update(connection, lead, call_key=call.key, request=request)
        return Reschedule(0.0, "the call that was to have the lead made has ended; this one does")

    def _other_asks(self, lead: LeadRequest) -> Reschedule:
        waited = (self._clock() - lead.asked_at).total_seconds()
        soon, later, last = WAIT_FOR_OTHER_SECONDS
        wait = soon if waited < later else later if waited < 2 * last else last
        return Reschedule(wait, "another call of this number is having a lead made")

    def _note(self, lead: LeadRequest, **values: Any) -> None:
        with self._store.begin() as connection:
            self._leads.update(connection, lead, **values)

    def _await(self, lead: LeadRequest, job_id: str, number: str, line: Line) -> Person | RunResult:
        """The lead was accepted: wait for its id, from the write's outcome or from the next sync."""
        outcome = self._target.confirm(job_id, integration_id=lead.integration_id)
        if outcome.state is WriteState.FAILED:
            words = outcome.words or "no reason given"
            self._note(lead, failed=words)
            why = f"the lead of this number could not be made: {words}"
            return held(Cause.LEAD_NOT_MADE, why)
        if outcome.state is not WriteState.PENDING and outcome.record_id:
            self._note(lead, lead_id=outcome.record_id)
            return self._target.made_lead(lead.request, outcome.record_id, line)
        if outcome.state is not WriteState.PENDING:
            for person in self._target.find_people(number, line):
                if person.kind is PersonKind.LEAD and number in person.numbers:
                    self._note(lead, lead_id=person.id)
                    return person
        waited = self._clock() - lead.asked_at
        if waited > GIVE_UP_AFTER:
            why = "a lead was made, but the PMS has not shown it in 3 days"
            return held(Cause.LEAD_NOT_SHOWN, why)
        wait = next(
            (s for s in SYNC_WAIT_SECONDS if s > waited.total_seconds()), SYNC_WAIT_SECONDS[-1]
        )
        return Reschedule(
            wait, "a lead was made; waiting for the PMS to show it with its next sync"
        )


def _cause_of(error: PermanentError) -> Cause:
    """Return why no lead can be asked for: the line lacks something, or the PMS takes no new leads."""
    cause = cause_of(error)
    return cause if cause is Cause.LINE_INCOMPLETE else Cause.LEAD_NOT_MADE
