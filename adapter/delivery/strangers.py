"""What becomes of a call with somebody nobody knows, where the line says that a lead is to be made?

One lead per number and integration, by the key of a row: of two calls at the same moment one asks for
the lead, and the other waits for it. Where the PMS names the new lead only with its next sync, the call
waits for that too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from adapter.calls.lines import Line, PersonKind
from adapter.calls.matching import Person
from adapter.calls.new_leads import NewLead, NewLeads
from adapter.calls.store import Call, CallState, Store
from adapter.delivery.results import Again, Done
from adapter.errors import PermanentError, RemoteError
from adapter.observe import exchanges
from adapter.targets import Target, WriteState

ASK_AGAIN_SECONDS = 10.0
# The call that waits for another's lead looks often at first, then less and less.
WAIT_FOR_OTHER_SECONDS = (5.0, 60.0, 300.0)
UNDER_WAY = (CallState.OPEN, CallState.DELIVERING)
SYNC_WAIT_SECONDS = (10.0, 60.0, 300.0, 1800.0)
GIVE_UP_AFTER = timedelta(days=3)


class Strangers:
    """Makes leads of unknown callers. visible_seconds: how long a write may take to show up."""

    def __init__(
        self,
        *,
        store: Store,
        leads: NewLeads,
        target: Target,
        clock: Callable[[], datetime],
        visible_seconds: float,
    ) -> None:
        self._store = store
        self._leads = leads
        self._target = target
        self._clock = clock
        self._visible = timedelta(seconds=visible_seconds)

    def lead_for(self, call: Call, number: str, line: Line) -> Person | Done | Again:
        """The lead that was made of this number (E.164); or what to wait for, or why there is none."""
        integration_id = line.integration_id or ""
        lead = self._leads.get(integration_id, number)
        if lead is None or lead.failed:
            try:
                request = self._target.new_lead(number, line, call.call_id)
            except PermanentError as error:
                return Done(CallState.HELD, str(error))
            lead = self._leads.claim(integration_id, number, call.key, request, self._clock())
        if lead.lead_id:
            return _person(lead, line)
        if lead.job_id is None:
            return self._ask(call, lead) if self._may_ask(call, lead) else self._other_asks(lead)
        return self._await(lead, number, line)

    def _may_ask(self, call: Call, lead: NewLead) -> bool:
        """The lead is this call's to ask for; also if the call that began with it has come to an end."""
        if lead.call_key == call.key:
            return True
        owner = self._store.call(lead.call_key)
        return owner is None or owner.state not in UNDER_WAY

    def _ask(self, call: Call, lead: NewLead) -> Again | Done:
        """Ask for the lead; after a doubtful try, of whichever call, look for its trace first."""
        with self._store.begin() as connection:
            doubtful = self._store.last_doubtful(connection, lead.call_key, "lead")
        if doubtful is not None:
            reference = lead.call_key.rpartition(":")[2]
            job_id = self._target.find_trace(reference, lead.request, doubtful.at)
            if job_id is None and self._clock() - doubtful.at < self._visible:
                return Again(
                    ASK_AGAIN_SECONDS, "the lead may have been made; looking for its trace"
                )
            if job_id is not None:
                return self._asked(lead, doubtful.id, job_id)
            with self._store.begin() as connection:
                self._store.finish_attempt(connection, doubtful.id, doubtful=False)
        with self._store.begin() as connection:
            self._leads.update(connection, lead, call_key=call.key)
            attempt = self._store.start_attempt(
                connection,
                call_key=call.key,
                at=self._clock(),
                step="lead",
                asked=f"POST {lead.request['path']}",
            )
        try:
            with exchanges():  # this attempt is its own note
                job_id = self._target.post(lead.request)
        except RemoteError as error:
            with self._store.begin() as connection:
                self._store.finish_attempt(
                    connection,
                    attempt,
                    finished_at=self._clock(),
                    status=error.status,
                    answer=str(error),
                    doubtful=error.doubtful,
                )
                if isinstance(error, PermanentError):
                    self._leads.update(connection, lead, failed=str(error))
            if isinstance(error, PermanentError):
                return Done(CallState.HELD, f"the lead could not be made: {error}")
            raise
        return self._asked(lead, attempt, job_id)

    def _asked(self, lead: NewLead, attempt: int, job_id: str) -> Again:
        """Accepted: the attempt is over and the job is known, in one transaction."""
        with self._store.begin() as connection:
            self._store.finish_attempt(
                connection,
                attempt,
                finished_at=self._clock(),
                status=200,
                answer=f"accepted as job {job_id}",
                doubtful=False,
            )
            self._leads.update(connection, lead, job_id=job_id)
        return Again(1.0, "a lead was asked for; waiting for the PMS to make it")

    def _other_asks(self, lead: NewLead) -> Again:
        waited = (self._clock() - lead.asked_at).total_seconds()
        soon, later, last = WAIT_FOR_OTHER_SECONDS
        wait = soon if waited < later else later if waited < 2 * last else last
        return Again(wait, "another call of this number is having a lead made")

    def _note(self, lead: NewLead, **values: Any) -> None:
        with self._store.begin() as connection:
            self._leads.update(connection, lead, **values)

    def _await(self, lead: NewLead, number: str, line: Line) -> Person | Done | Again:
        """The lead was accepted: wait for its id, from the write's status or from the next sync."""
        confirmation = self._target.confirm(lead.job_id or "")
        if confirmation.state is WriteState.FAILED:
            words = confirmation.words or "no reason given"
            self._note(lead, failed=words)
            return Done(CallState.HELD, f"the lead of this number could not be made: {words}")
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
            return Done(CallState.HELD, "a lead was made, but the PMS has not shown it in 3 days")
        wait = next(
            (s for s in SYNC_WAIT_SECONDS if s > waited.total_seconds()), SYNC_WAIT_SECONDS[-1]
        )
        return Again(wait, "a lead was made; waiting for the PMS to show it with its next sync")


def _person(lead: NewLead, line: Line, lead_id: str | None = None) -> Person:
    body: Mapping[str, Any] = lead.request["body"]
    return Person(
        kind=PersonKind.LEAD,
        id=lead_id or lead.lead_id or "",
        integration_id=line.integration_id or "",
        name=" ".join(filter(None, (body.get("first_name"), body.get("last_name")))),
        property_id=body.get("property_id"),
    )
