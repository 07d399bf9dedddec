"""What becomes of a call with somebody nobody knows, where the line says that a lead is to be made?

One lead per number and integration, by the key of a row: of two calls at the same moment one asks for
the lead, and the other waits for it. Where the PMS names the new lead only with its next sync, the call
waits for that too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapter.delivery.earlier_writes import Earlier
from adapter.delivery.result import Finished, Reschedule
from adapter.delivery.write_once import WriteOnce
from adapter.domain.call import Attempt, Call, CallState
from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import Person
from adapter.errors import PermanentError
from adapter.storage.lead_requests import LeadRequest, LeadRequests
from adapter.storage.store import Store
from adapter.targets.base import Target, WriteState

# The call that waits for another's lead looks often at first, then less and less.
WAIT_FOR_OTHER_SECONDS = (5.0, 60.0, 300.0)
UNDER_WAY = (CallState.OPEN, CallState.DELIVERING)
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
        return f"POST {self.lead.request['path']}"

    def send(self, target: Target) -> str:
        return target.post(self.lead.request)

    def find(self, target: Target, since: datetime) -> str | None:
        reference = self.lead.call_key.rpartition(":")[2]
        return target.find_trace(reference, self.lead.request, since)

    def find_earlier(self, target: Target, since: datetime, *, thorough: bool) -> str | None:
        reference = self.lead.call_key.rpartition(":")[2]
        return target.find_earlier(reference, self.lead.request, since, thorough=thorough)

    def begin(self, connection: sa.Connection) -> bool:
        return self.leads.locked(connection, self.lead) == self.lead

    def accepted(self, connection: sa.Connection, job_id: str, at: datetime) -> None:
        self.leads.update(connection, self.lead, job_id=job_id)


class LeadCreation:
    """Makes leads of unknown callers."""

    def __init__(
        self,
        *,
        store: Store,
        leads: LeadRequests,
        target: Target,
        write_once: WriteOnce,
        earlier: Earlier,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._leads = leads
        self._target = target
        self._write_once = write_once
        self._earlier = earlier
        self._clock = clock

    def lead_for(self, call: Call, number: str, line: Line) -> Person | Finished | Reschedule:
        """The lead that was made of this number (E.164); or what to wait for, or why there is none."""
        integration_id = line.integration_id or ""
        lead = self._leads.get(integration_id, number)
        if lead is None or lead.failed:
            try:
                request = self._target.new_lead(number, line, call.call_id)
            except PermanentError as error:
                return Finished(CallState.HELD, str(error))
            lead = self._leads.claim(integration_id, number, call.key, request, self._clock())
        if lead.lead_id:
            return _person(lead, line)
        if lead.job_id is not None:
            return self._await(lead, number, line)
        if lead.call_key != call.key and not self._is_over(lead.call_key):
            return self._other_asks(lead)
        return self._ask(call, lead, number, line)

    def _is_over(self, key: str) -> bool:
        owner = self._store.call(key)
        return owner is None or owner.state not in UNDER_WAY

    def _ask(self, call: Call, lead: LeadRequest, number: str, line: Line) -> Reschedule | Finished:
        """Ask for the lead; the call may be another one's heir."""
        found = self._write_once.find_earlier(LeadWrite(self._leads, lead))
        if isinstance(found, Attempt | None):
            if lead.call_key != call.key:
                return self._take_over(call, lead, number, line, found)
            if found is None:
                before = self._earlier.find(call, call.record, LeadWrite(self._leads, lead))
                if before is not None:
                    return before if isinstance(before, Reschedule) else ASKED
            try:
                asked = self._write_once.submit(LeadWrite(self._leads, lead), found)
            except PermanentError as error:
                self._note(lead, failed=str(error))
                return Finished(CallState.HELD, f"the lead could not be made: {error}")
            return asked if isinstance(asked, Reschedule) else replace(ASKED, on_commit=asked.note)
        return found if isinstance(found, Reschedule) else ASKED

    def _take_over(
        self, call: Call, lead: LeadRequest, number: str, line: Line, untraced: Attempt | None
    ) -> Reschedule | Finished:
        """The lead becomes this call's to ask for; what the other one tried left no trace."""
        try:
            request = self._target.new_lead(number, line, call.call_id)
        except PermanentError as error:
            return Finished(CallState.HELD, str(error))
        with self._store.begin() as connection:
            if self._leads.locked(connection, lead) == lead:
                if untraced is not None:
                    self._store.finish_attempt(connection, untraced.id, doubtful=False)
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

    def _await(self, lead: LeadRequest, number: str, line: Line) -> Person | Finished | Reschedule:
        """The lead was accepted: wait for its id, from the write's status or from the next sync."""
        confirmation = self._target.confirm(lead.job_id or "", integration_id=lead.integration_id)
        if confirmation.state is WriteState.FAILED:
            words = confirmation.words or "no reason given"
            self._note(lead, failed=words)
            return Finished(CallState.HELD, f"the lead of this number could not be made: {words}")
        if confirmation.state is not WriteState.PENDING and confirmation.event_id:
            self._note(lead, lead_id=confirmation.event_id)
            return _person(lead, line, confirmation.event_id)
        if confirmation.state is not WriteState.PENDING:
            for person in self._target.find_people(number, line):
                if person.kind is PersonKind.LEAD:
                    self._note(lead, lead_id=person.id)
                    return person
        waited = self._clock() - lead.asked_at
        if waited > GIVE_UP_AFTER:
            return Finished(
                CallState.HELD, "a lead was made, but the PMS has not shown it in 3 days"
            )
        wait = next(
            (s for s in SYNC_WAIT_SECONDS if s > waited.total_seconds()), SYNC_WAIT_SECONDS[-1]
        )
        return Reschedule(
            wait, "a lead was made; waiting for the PMS to show it with its next sync"
        )


def _person(lead: LeadRequest, line: Line, lead_id: str | None = None) -> Person:
    body: Mapping[str, Any] = lead.request["body"]
    return Person(
        kind=PersonKind.LEAD,
        id=lead_id or lead.lead_id or "",
        integration_id=line.integration_id or "",
        name=" ".join(filter(None, (body.get("first_name"), body.get("last_name")))),
        property_id=body.get("property_id"),
    )
