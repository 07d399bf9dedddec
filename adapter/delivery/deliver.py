"""How does one due call get onto the person's record? One call, step by step.

A run decides from the record in the database, does what is due, notes it, and says what comes next. It
may be begun again at any point: what is asked of the target is noted before it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any

from adapter.delivery.bulk_confirm import BulkConfirmation, knows_more, mark_of
from adapter.delivery.correct import stands_wrong, told
from adapter.delivery.earlier_writes import Earlier
from adapter.delivery.eligibility import NO_LINE, refusal
from adapter.delivery.enrich import Looks
from adapter.delivery.event_write import Chosen, EventRetry, EventWrite
from adapter.delivery.lead_creation import LeadCreation
from adapter.delivery.result import KEEP_TRYING, Finished, Reschedule
from adapter.delivery.summarize import summarize
from adapter.delivery.write_once import WriteOnce
from adapter.domain.assessment import Rules, View
from adapter.domain.call import Attempt, Call, CallState
from adapter.domain.call_links import Links
from adapter.domain.lines import Line, PersonKind, UnknownCaller
from adapter.domain.matching import Person, choose_person
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction, PartyKind
from adapter.domain.record import CallRecord
from adapter.errors import Paused, PermanentError, RemoteError, TemporaryError
from adapter.observability.observe import logger
from adapter.storage.store import Store
from adapter.targets.base import Confirmation, Target, WriteState

log = logger("adapter.delivery")

# Waits for what the bulk confirmation did not see; the short ones for targets where there is none.
CONFIRM_AFTER_SECONDS = (1, 3, 10, 30, 60, 120, 300, 600, 1800, 3600)
STRAGGLER_SECONDS = 30
INDEX_WAIT_SECONDS = 15
RETRY_AFTER_SECONDS = (30, 120, 600, 1800)
# Such a call is with nobody who could become a lead: the number does not exist, or was not reached.
NO_LEAD_AFTER = (Outcome.DISCONNECTED, Outcome.FAILED)

_NO_NUMBER = {
    PartyKind.WITHHELD: "the caller withheld it",
    PartyKind.UNAVAILABLE: "the network passed none on",
}


# What an operator may assign a call to, besides people.
NEW_LEAD = "new_lead"
NOBODY = "nobody"


class Steps:
    """The steps of a delivery."""

    def __init__(
        self,
        *,
        store: Store,
        rules: Rules,
        looks: Looks,
        target: Target,
        write_once: WriteOnce,
        earlier: Earlier,
        lead_creation: LeadCreation,
        bulk: BulkConfirmation,
        links: Links,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._rules = rules
        self._looks = looks
        self._target = target
        self._write_once = write_once
        self._earlier = earlier
        self._lead_creation = lead_creation
        self._bulk = bulk
        self._links = links
        self._clock = clock

    def advance(self, call: Call) -> Finished | Reschedule:
        """The way of one call, from where it stands. Errors: RemoteError, StoreUnavailable."""
        if call.state is CallState.WRITTEN:
            known = self._looks.complete(call)
            if isinstance(known, Finished | Reschedule):
                return known
            return self._amend(call, known, Finished(CallState.WRITTEN))
        call = self._earlier.mark(call)
        if call.job_id is not None:
            return self._confirm(call)
        untraced = self._trace(call)
        if isinstance(untraced, Reschedule):
            return untraced
        record = self._looks.complete(call)
        if isinstance(record, Finished | Reschedule):
            return record
        view = self._rules.view(record)
        line = self._rules.lines.of(view.parties.line)
        if line is None:
            return NO_LINE
        refused = refusal(view, line, self._rules.lines)
        if refused is not None and call.assigned_kind is None:
            return refused
        match = self._write_once.pause(line.integration_id or "") or self._match(call, view, line)
        if isinstance(match, Finished | Reschedule):
            return match
        request = self._request(call, record, view, line, match.person)
        if untraced is None:
            write = EventWrite(self._store, call, request, match)
            before = self._earlier.find(call, record, write)
            if before is not None:
                return (
                    self._posted(write.integration_id, before)
                    if isinstance(before, str)
                    else before
                )
        return self._post(call, match, request, untraced)

    def _match(self, call: Call, view: View, line: Line) -> Chosen | Finished | Reschedule:
        """The person: assigned by an operator, found by the rule, or made as a new lead."""
        number = view.parties.other.number or ""
        if call.assigned_kind in list(PersonKind):
            kind = PersonKind(call.assigned_kind)
            try:
                person = self._target.person(kind, call.assigned_id or "", line)
            except PermanentError as error:
                why = f"assigned to {kind.value} {call.assigned_id}, but {error}"
                return Finished(CallState.HELD, why)
            return Chosen(person, f"{kind.value} {person.id}: assigned by an operator")
        if not number:
            why = _NO_NUMBER.get(view.parties.other.kind, "none was reported")
            return Finished(CallState.HELD, f"no number to find a person or make a lead by: {why}")
        match = choose_person(number, self._target.find_people(number, line), line)
        if match.person is not None:
            return Chosen(match.person, match.because)
        is_by_hand = call.assigned_kind == NEW_LEAD
        makes_leads = line.unknown_caller is UnknownCaller.CREATE_LEAD
        no_lead = _why_no_lead(view, line) if makes_leads and not is_by_hand else None
        is_wanted = is_by_hand or (makes_leads and no_lead is None)
        is_final = line.unknown_caller is not UnknownCaller.HOLD and not is_by_hand
        if match.is_unknown and is_final and not self._target.knows_everybody(line):
            why = f"{match.because} so far; the index of people is being read for the first time"
            waited = self._clock() - call.first_seen_at
            if waited >= KEEP_TRYING:
                return Finished(CallState.HELD, why)
            return Reschedule(max(INDEX_WAIT_SECONDS, waited.total_seconds() / 4), why)
        if match.is_unknown and is_wanted:
            made = self._lead_creation.lead_for(call, number, line)
            if isinstance(made, Person):
                return Chosen(made, f"lead {made.id}: made for this caller")
            return made
        if match.is_unknown and line.unknown_caller is UnknownCaller.IGNORE:
            return Finished(CallState.IGNORED, f"{match.because}, and unknown callers are ignored")
        why = f"; no lead is made: {no_lead}" if match.is_unknown and no_lead else ""
        return Finished(CallState.HELD, f"{match.because}{why}")

    def _request(
        self, call: Call, record: CallRecord, view: View, line: Line, person: Person
    ) -> Mapping[str, Any]:
        summary = summarize(call, record, view, line, links=self._links, policy=self._rules.policy)
        return {
            **self._target.prepare(summary, person, line),
            "person": _kept(person),
            "facts": mark_of(record),
            "told": told(summary, view.parties.other.number),
        }

    def _trace(self, call: Call) -> Reschedule | Attempt | None:
        """What became of the last post, if that is in doubt. An attempt: nothing, post again."""
        if call.event is None:
            return None
        write = EventWrite(self._store, call, call.event)
        found = self._write_once.find_earlier(write)
        return self._posted(write.integration_id, found) if isinstance(found, str) else found

    def _post(
        self, call: Call, match: Chosen, request: Mapping[str, Any], untraced: Attempt | None
    ) -> Reschedule:
        asked = self._write_once.submit(EventWrite(self._store, call, request, match), untraced)
        if isinstance(asked, Reschedule):
            return asked
        posted = self._posted(match.person.integration_id, asked.job_id)
        return replace(posted, on_commit=asked.note)

    def _posted(self, integration_id: str, job_id: str) -> Reschedule:
        wait = self._confirm_wait(integration_id, 0.0) if job_id else 0.0
        return Reschedule(wait, "accepted, to be confirmed", CallState.POSTED)

    def _confirm_wait(self, integration_id: str, since_seconds: float) -> float:
        """Seconds until this call's own write-status is asked, growing with its age."""
        earliest = 0 if integration_id in self._bulk.without_logs else STRAGGLER_SECONDS
        later = [s for s in CONFIRM_AFTER_SECONDS if s > since_seconds and s >= earliest]
        return float(later[0] if later else CONFIRM_AFTER_SECONDS[-1])

    def _confirm(self, call: Call) -> Finished | Reschedule:
        """Acceptance is not success: ask what became of the write."""
        now = self._clock()
        if not call.job_id:
            return self._amend(
                call, call.record, Finished(CallState.WRITTEN, "found on the person's record")
            )
        since = now - (call.posted_at or now)
        try:
            found = self._target.confirm(call.job_id, integration_id=call.integration_id)
        except Paused:
            raise  # however long that takes, it says nothing of the write
        except RemoteError as error:
            if since >= KEEP_TRYING:
                return Finished(CallState.POSTED, f"accepted, but never confirmed: {error}")
            wait = error.retry_after_seconds or 60
            return Reschedule(wait, f"accepted, not confirmed yet: {error}", CallState.POSTED)
        if found.state is WriteState.FAILED:
            return self._refused(call, found)
        if found.state is WriteState.PENDING:
            if since >= KEEP_TRYING:
                return Finished(
                    CallState.POSTED, "accepted, but the PMS has not confirmed it in a day"
                )
            return Reschedule(
                self._confirm_wait(call.integration_id or "", since.total_seconds()),
                "accepted, not confirmed yet",
                CallState.POSTED,
            )
        reason = f"written in part: {found.words}" if found.state is WriteState.PARTLY else None
        values = {"confirmed_at": now, "event_id": found.event_id}
        return self._amend(
            replace(call, event_id=found.event_id),
            call.record,
            Finished(CallState.WRITTEN, reason, values),
        )

    def _refused(self, call: Call, found: Confirmation) -> Finished | Reschedule:
        """The PMS did not take it: tried again where its trouble may pass, and else it has failed."""
        words = found.words or "no reason given"
        failed = Finished(CallState.FAILED, f"the PMS refused it: {words}")
        if call.event is None or not found.may_retry or call.retries >= len(RETRY_AFTER_SECONDS):
            return failed
        again = Reschedule(
            RETRY_AFTER_SECONDS[call.retries],
            f"the PMS failed ({words}); asked to try again",
            CallState.POSTED,
        )
        retry = EventRetry(self._store, call, call.event)
        traced = self._write_once.find_earlier(retry)
        if isinstance(traced, str):
            return again
        if isinstance(traced, Reschedule):
            return replace(traced, state=CallState.POSTED)
        if traced is None and call.may_be_written:
            # Records that were restored know of no retry that was asked for since.
            job_id = retry.find(self._target, call.posted_at or call.first_seen_at)
            if job_id is not None:
                return replace(
                    again, on_commit=partial(retry.accepted, job_id=job_id, at=self._clock())
                )
        try:
            asked = self._write_once.submit(retry, traced)
        except PermanentError as error:
            # Where somebody had it tried again at Propexo, that job is ours now.
            job_id = retry.find(self._target, call.posted_at or call.first_seen_at)
            if job_id is None:
                return replace(failed, reason=f"{failed.reason}; not tried again: {error}")
            return replace(
                again, on_commit=partial(retry.accepted, job_id=job_id, at=self._clock())
            )
        if isinstance(asked, Reschedule):
            return replace(asked, state=CallState.POSTED)
        return replace(again, on_commit=asked.note)

    def _amend(self, call: Call, record: CallRecord, done: Finished) -> Finished | Reschedule:
        """Bring a written event up to what is known now, where the PMS takes that; never a second event.

        Where it does not, the reason says what stands wrong there. Other rules and settings than it was
        written by are no reason: it stays as it was, until more is known. Of an event that an earlier version
        wrote it is not known what it told, and so not what stands wrong.
        """
        if record == call.record and not knows_more(call):
            return done
        view = self._rules.view(record)
        line = self._rules.lines.of(view.parties.line)
        if call.event is None or line is None or "person" not in call.event:
            return done
        if view.questions and call.state is not CallState.WRITTEN:
            return Reschedule(
                0.0, "written; more is asked of the provider", CallState.WRITTEN, values=done.values
            )
        person = _person(call.event["person"])
        request = self._request(call, record, view, line, person)
        told_then = call.event.get("told")
        wrong = stands_wrong(told_then, request["told"]) if told_then else None
        if request["body"] == call.event["body"] and wrong is None:
            return done
        if not self._target.takes_corrections(person):
            return (
                replace(done, reason=f"{wrong}; this PMS takes no corrections") if wrong else done
            )
        change = wrong or "more is known than its notes say"
        try:
            event_id = self._target.find_event(call.call_id, call.event, call.event_id)
            if event_id is None:
                if self._clock() - (call.posted_at or self._clock()) < KEEP_TRYING:
                    why = f"{change}; the event cannot be seen yet"
                    return Reschedule(1800, why, CallState.WRITTEN, values=done.values)
                return replace(done, reason=f"{change}; the event was not found to correct it")
            self._target.amend(event_id, request)
        except TemporaryError:
            raise
        except PermanentError as error:
            return replace(done, reason=f"{change}; it cannot be corrected there: {error}")
        values = {**(done.values or {}), "event": dict(request)}
        return replace(done, reason=f"{change}; it was corrected", values=values)


def _why_no_lead(view: View, line: Line) -> str | None:
    """Why the line's policy makes no lead of the other side of this call, if so."""
    if view.ending.outcome in NO_LEAD_AFTER:
        return f"the call was {view.ending.outcome.value}"
    if view.parties.direction is Direction.OUTBOUND and not line.create_lead_outbound:
        return "we called this number, and the line does not say create_lead_outbound = true"
    return None


def _kept(person: Person) -> dict[str, Any]:
    """What of a person is needed to write the same event again."""
    names = ("kind", "id", "integration_id", "name", "property_id", "vendor", "application_id")
    return {name: value for name, value in asdict(person).items() if name in names}


def _person(kept: Mapping[str, Any]) -> Person:
    return Person(**{**kept, "kind": PersonKind(kept["kind"])})
