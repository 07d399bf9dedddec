"""How does one due call get onto the person's record? One call, step by step.

A run decides from the record in the database, does what is due, notes it, and says what comes next. It
may be begun again at any point: what is asked of the target is noted before it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from adapter.calls.facts import CallRecord
from adapter.calls.lines import Line, PersonKind, UnknownCaller
from adapter.calls.links import Links
from adapter.calls.matching import Person, choose_person
from adapter.calls.parties import PartyKind
from adapter.calls.rows import Attempt, Call, CallState
from adapter.calls.settle import best_recording
from adapter.calls.store import Store
from adapter.calls.view import Rules, View, columns
from adapter.delivery.completion import complete, is_open
from adapter.delivery.confirming import BulkConfirmation, knows_more, mark_of
from adapter.delivery.earlier import Earlier
from adapter.delivery.events import Chosen, EventRetry, EventWrite
from adapter.delivery.refusal import NO_LINE, refusal
from adapter.delivery.results import KEEP_TRYING, Again, Done
from adapter.delivery.strangers import Strangers
from adapter.delivery.telling import summarize
from adapter.delivery.writing import Writing
from adapter.errors import Paused, PermanentError, RemoteError, TemporaryError
from adapter.observe import logger
from adapter.providers import Reader
from adapter.targets import Confirmation, Target, WriteState

log = logger("adapter.delivery")

# Waits for what the bulk confirmation did not see; the short ones for targets where there is none.
CONFIRM_AFTER_SECONDS = (1, 3, 10, 30, 60, 120, 300, 600, 1800, 3600)
STRAGGLER_SECONDS = 30
INDEX_WAIT_SECONDS = 15
RETRY_AFTER_SECONDS = (30, 120, 600, 1800)
# How long a call waits for the provider's API before it is written as the hooks have it: the API may be
# busy for a while; but where nothing answers at all, it may never (no route, a firewall).
BUSY_PATIENCE = timedelta(minutes=15)
SILENT_PATIENCE = timedelta(seconds=5)
# The provider's API may be behind its own hooks for so long after the end of a call.
API_LAG = timedelta(seconds=60)

_NO_NUMBER = {
    PartyKind.WITHHELD: "the caller withheld it",
    PartyKind.UNAVAILABLE: "the network passed none on",
}

Fold = Callable[[sa.Connection, CallRecord, datetime], str]


# What an operator may assign a call to, besides people.
NEW_LEAD = "new_lead"
NOBODY = "nobody"


class Steps:
    """The steps of a delivery.

    readers: the providers' APIs by name. fold: merges facts into the call that they turn out to belong to.
    """

    def __init__(
        self,
        *,
        store: Store,
        rules: Rules,
        readers: Mapping[str, Reader],
        fold: Fold,
        target: Target,
        writing: Writing,
        earlier: Earlier,
        strangers: Strangers,
        bulk: BulkConfirmation,
        links: Links,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._rules = rules
        self._readers = readers
        self._fold = fold
        self._target = target
        self._writing = writing
        self._earlier = earlier
        self._strangers = strangers
        self._bulk = bulk
        self._links = links
        self._clock = clock

    def advance(self, call: Call) -> Done | Again:
        """The way of one call, from where it stands. Errors: RemoteError, StoreUnavailable."""
        if call.state is CallState.WRITTEN:
            return self._amend(call, Done(CallState.WRITTEN))
        call = self._earlier.mark(call)
        if call.job_id is not None:
            return self._confirm(call)
        untraced = self._trace(call)
        if isinstance(untraced, Again):
            return untraced
        record = self._complete(call)
        if isinstance(record, Done | Again):
            return record
        view = self._rules.view(record)
        line = self._rules.lines.of(view.parties.line)
        if line is None:
            return NO_LINE
        refused = refusal(view, line, self._rules.lines)
        if refused is not None and call.assigned_kind is None:
            return refused
        match = self._writing.pause(line.integration_id or "") or self._match(call, view, line)
        if isinstance(match, Done | Again):
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

    def _complete(self, call: Call) -> CallRecord | Done | Again:
        """The record with what the provider's API adds, where the hooks left something open."""
        record, now = call.record, self._clock()
        reader = self._readers.get(call.provider)
        if reader is None or not is_open(record, self._rules) or not reader.can_read(call.account):
            return record
        try:
            found = complete(record, self._rules, reader)
        except TemporaryError as error:
            patience = SILENT_PATIENCE if error.status is None else BUSY_PATIENCE
            if call.tried_since is None or now - call.tried_since < patience:
                raise
            log.warning("decided without the provider's API", reason=str(error))
            return record
        except PermanentError as error:
            log.warning("decided without the provider's API", reason=str(error))
            return record
        if found.parent.parent_id is not None:
            return self._fold_into(call, found, found.parent.parent_id)
        with self._store.begin() as connection:
            current = self._store.locked(connection, call.key)
            if current is not None and not current.record.is_forgotten:
                found = current.record.join(found)
                self._store.update(
                    connection,
                    call.key,
                    record=found.model_dump_json(exclude_none=True),
                    over_at=current.over_at or (now if found.is_over else None),
                    **columns(found, self._rules.view(found)),
                )
        if not found.is_over and not found.was_read:
            return Again(600, "the call is still going on", CallState.OPEN)
        if not found.was_read and now - (call.over_at or now) < API_LAG:
            return Again(5, "the provider's API does not know the end of all legs yet")
        return found

    def _fold_into(self, call: Call, found: CallRecord, parent_id: str) -> Done:
        """It is a leg of another call: its facts go there, and this record ends."""
        facts = found.model_copy(update={"call_id": parent_id})
        with self._store.begin() as connection:
            key = self._fold(connection, facts, self._clock())
        return Done(CallState.FOLDED, f"a leg of {key}")

    def _match(self, call: Call, view: View, line: Line) -> Chosen | Done | Again:
        """The person: assigned by an operator, found by the rule, or made as a new lead."""
        number = view.parties.other.number or ""
        if call.assigned_kind in list(PersonKind):
            kind = PersonKind(call.assigned_kind)
            try:
                person = self._target.person(kind, call.assigned_id or "", line)
            except PermanentError as error:
                why = f"assigned to {kind.value} {call.assigned_id}, but {error}"
                return Done(CallState.HELD, why)
            return Chosen(person, f"{kind.value} {person.id}: assigned by an operator")
        if not number:
            why = _NO_NUMBER.get(view.parties.other.kind, "none was reported")
            return Done(CallState.HELD, f"no number to find a person or make a lead by: {why}")
        match = choose_person(number, self._target.find_people(number, line), line)
        if match.person is not None:
            return Chosen(match.person, match.because)
        is_wanted = (
            line.unknown_caller is UnknownCaller.CREATE_LEAD or call.assigned_kind == NEW_LEAD
        )
        is_final = line.unknown_caller is not UnknownCaller.HOLD and call.assigned_kind != NEW_LEAD
        if match.is_unknown and is_final and not self._target.knows_everybody(line):
            why = f"{match.because} so far; the index of people is being read for the first time"
            waited = self._clock() - call.first_seen_at
            if waited >= KEEP_TRYING:
                return Done(CallState.HELD, why)
            return Again(max(INDEX_WAIT_SECONDS, waited.total_seconds() / 4), why)
        if match.is_unknown and is_wanted:
            made = self._strangers.lead_for(call, number, line)
            if isinstance(made, Person):
                return Chosen(made, f"lead {made.id}: made for this caller")
            return made
        if match.is_unknown and line.unknown_caller is UnknownCaller.IGNORE:
            return Done(CallState.IGNORED, f"{match.because}, and unknown callers are ignored")
        return Done(CallState.HELD, match.because)

    def _request(
        self, call: Call, record: CallRecord, view: View, line: Line, person: Person
    ) -> Mapping[str, Any]:
        summary = summarize(call, record, view, line, links=self._links, policy=self._rules.policy)
        return {
            **self._target.prepare(summary, person, line),
            "person": _kept(person),
            "facts": mark_of(record),
        }

    def _trace(self, call: Call) -> Again | Attempt | None:
        """What became of the last post, if that is in doubt. An attempt: nothing, post again."""
        if call.event is None:
            return None
        write = EventWrite(self._store, call, call.event)
        found = self._writing.trace(write)
        return self._posted(write.integration_id, found) if isinstance(found, str) else found

    def _post(
        self, call: Call, match: Chosen, request: Mapping[str, Any], untraced: Attempt | None
    ) -> Again:
        asked = self._writing.ask(EventWrite(self._store, call, request, match), untraced)
        if isinstance(asked, Again):
            return asked
        posted = self._posted(match.person.integration_id, asked.job_id)
        return replace(posted, also=asked.note)

    def _posted(self, integration_id: str, job_id: str) -> Again:
        wait = self._confirm_wait(integration_id, 0.0) if job_id else 0.0
        return Again(wait, "accepted, to be confirmed", CallState.POSTED)

    def _confirm_wait(self, integration_id: str, since_seconds: float) -> float:
        """Seconds until this call's own write-status is asked, growing with its age."""
        earliest = 0 if integration_id in self._bulk.without_logs else STRAGGLER_SECONDS
        later = [s for s in CONFIRM_AFTER_SECONDS if s > since_seconds and s >= earliest]
        return float(later[0] if later else CONFIRM_AFTER_SECONDS[-1])

    def _confirm(self, call: Call) -> Done | Again:
        """Acceptance is not success: ask what became of the write."""
        now = self._clock()
        if not call.job_id:
            return self._amend(call, Done(CallState.WRITTEN, "found on the person's record"))
        since = now - (call.posted_at or now)
        try:
            found = self._target.confirm(call.job_id, integration_id=call.integration_id)
        except Paused:
            raise  # however long that takes, it says nothing of the write
        except RemoteError as error:
            if since >= KEEP_TRYING:
                return Done(CallState.POSTED, f"accepted, but never confirmed: {error}")
            wait = error.retry_after_seconds or 60
            return Again(wait, f"accepted, not confirmed yet: {error}", CallState.POSTED)
        if found.state is WriteState.FAILED:
            return self._refused(call, found)
        if found.state is WriteState.PENDING:
            if since >= KEEP_TRYING:
                return Done(CallState.POSTED, "accepted, but the PMS has not confirmed it in a day")
            return Again(
                self._confirm_wait(call.integration_id or "", since.total_seconds()),
                "accepted, not confirmed yet",
                CallState.POSTED,
            )
        reason = f"written in part: {found.words}" if found.state is WriteState.PARTLY else None
        values = {"confirmed_at": now, "event_id": found.event_id}
        return self._amend(
            replace(call, event_id=found.event_id), Done(CallState.WRITTEN, reason, values)
        )

    def _refused(self, call: Call, found: Confirmation) -> Done | Again:
        """The PMS did not take it: tried again where its trouble may pass, and else it has failed."""
        words = found.words or "no reason given"
        failed = Done(CallState.FAILED, f"the PMS refused it: {words}")
        if call.event is None or not found.may_retry or call.retries >= len(RETRY_AFTER_SECONDS):
            return failed
        again = Again(
            RETRY_AFTER_SECONDS[call.retries],
            f"the PMS failed ({words}); asked to try again",
            CallState.POSTED,
        )
        retry = EventRetry(self._store, call, call.event)
        traced = self._writing.trace(retry)
        if isinstance(traced, str):
            return again
        if isinstance(traced, Again):
            return replace(traced, state=CallState.POSTED)
        if traced is None and call.may_be_written:
            # Records that were restored know of no retry that was asked for since.
            job_id = retry.find(self._target, call.posted_at or call.first_seen_at)
            if job_id is not None:
                return replace(again, also=partial(retry.accepted, job_id=job_id, at=self._clock()))
        try:
            asked = self._writing.ask(retry, traced)
        except PermanentError as error:
            # Where somebody had it tried again at Propexo, that job is ours now.
            job_id = retry.find(self._target, call.posted_at or call.first_seen_at)
            if job_id is None:
                return replace(failed, reason=f"{failed.reason}; not tried again: {error}")
            return replace(again, also=partial(retry.accepted, job_id=job_id, at=self._clock()))
        if isinstance(asked, Again):
            return replace(asked, state=CallState.POSTED)
        return replace(again, also=asked.note)

    def _amend(self, call: Call, done: Done) -> Done | Again:
        """Bring a written event up to what is known now, where the target can; never a second event.

        Other rules and settings than it was written by are no reason: it stays as it was, until more is known.
        """
        if not knows_more(call):
            return done
        view = self._rules.view(call.record)
        line = self._rules.lines.of(view.parties.line)
        if call.event is None or line is None or "person" not in call.event:
            return done
        person = _person(call.event["person"])
        change = f"what is known changed since it was written (now {_words(view, call.record)})"
        try:
            request = self._request(call, call.record, view, line, person)
            if request["body"] == call.event["body"]:
                return done
            event_id = self._target.find_event(call.call_id, call.event, call.event_id)
            if event_id is None:
                if self._clock() - (call.posted_at or self._clock()) < KEEP_TRYING:
                    why = f"{change}; the event cannot be seen yet"
                    return Again(1800, why, CallState.WRITTEN, values=done.values)
                return replace(done, reason=f"{change}; the event was not found to correct it")
            self._target.amend(event_id, request)
        except TemporaryError:
            raise
        except PermanentError as error:
            return replace(done, reason=f"{change}; it cannot be corrected there: {error}")
        values = {**(done.values or {}), "event": dict(request)}
        return replace(done, reason=f"{change}; its notes were corrected", values=values)


def _words(view: View, record: CallRecord) -> str:
    outcome = view.ending.outcome.value.replace("_", " ")
    recorded = "recorded" if best_recording(record) else "not recorded"
    return f"{outcome}, {view.ending.talk_seconds} s, {recorded}"


def _kept(person: Person) -> dict[str, Any]:
    """What of a person is needed to write the same event again."""
    names = ("kind", "id", "integration_id", "name", "property_id", "vendor", "application_id")
    return {name: value for name, value in asdict(person).items() if name in names}


def _person(kept: Mapping[str, Any]) -> Person:
    return Person(**{**kept, "kind": PersonKind(kept["kind"])})
