"""How does one due call get onto the person's record? `Steps.advance` and `_write` are the whole way.

A run decides from the call's row in the database, does what is due, and returns how it ends: finished, or
with the next run. adapter.delivery.run commits that. A run may be begun again at any point, because what is
asked of the target is noted before it is asked.
"""

from __future__ import annotations

from dataclasses import replace

from adapter.delivery.confirm import Confirmation
from adapter.delivery.correct import Correction
from adapter.delivery.enrich import Enrichment
from adapter.delivery.event_write import EventComposer, EventWrite
from adapter.delivery.find_person import PersonFinder
from adapter.delivery.result import Finished, Reschedule, RunResult
from adapter.delivery.unrecorded_writes import UnrecordedWrites
from adapter.delivery.write_once import (
    Accepted,
    LeftNoTrace,
    MayBeSubmitted,
    NothingInDoubt,
    WriteOnce,
)
from adapter.domain.assessment import CallRules
from adapter.domain.call import Call, CallState
from adapter.domain.eligibility import NO_LINE, Ineligible, why_ineligible
from adapter.storage.store import Store
from adapter.targets.base import FoundJob, FoundOnRecord


class Steps:
    """The steps of a delivery, in the order of a call's way."""

    def __init__(
        self,
        *,
        store: Store,
        rules: CallRules,
        enrichment: Enrichment,
        person_finder: PersonFinder,
        composer: EventComposer,
        write_once: WriteOnce,
        unrecorded: UnrecordedWrites,
        confirmation: Confirmation,
        correction: Correction,
    ) -> None:
        self._store = store
        self._rules = rules
        self._enrichment = enrichment
        self._person_finder = person_finder
        self._composer = composer
        self._write_once = write_once
        self._unrecorded = unrecorded
        self._confirmation = confirmation
        self._correction = correction

    def advance(self, call: Call) -> RunResult:
        """Take the call from where it stands to the next thing that has to be waited for.

        Errors: RemoteError, StoreUnavailable. adapter.delivery.result says how they end the run.
        """
        # Accepted or written before: was it written, and does the event still say what is known?
        if call.state is CallState.WRITTEN:
            record = self._enrichment.complete(call)
            if isinstance(record, RunResult):
                return record
            ended = self._correction.correct(call, record, Finished(CallState.WRITTEN))
            return _judged(ended, call.with_record(record))
        call = self._unrecorded.mark_if_late(call)
        if call.is_accepted:
            return self._confirmation.confirm(call)

        # Asked for before, without a clear answer: did it get through?
        last = self._last_try(call)
        if isinstance(last, RunResult):
            return last

        # Who was it with, how did it end, and is it to be written at all?
        record = self._enrichment.complete(call)
        if isinstance(record, RunResult):
            return record
        call = call.with_record(record)
        return _judged(self._write(call, last), call)

    def _write(self, call: Call, last: MayBeSubmitted) -> RunResult:
        """Have the event written, if the call is one to be written and its person is known."""
        record = call.record
        assessment = self._rules.assess(record)
        line = self._rules.lines.of(assessment.parties.line)
        if line is None:
            return _not_written(NO_LINE)
        ineligible = why_ineligible(assessment, line, self._rules.lines)
        if ineligible is not None and call.assigned_kind is None:
            return _not_written(ineligible)

        # On whose record, and as which event?
        pause = self._write_once.pause(line.integration_id)
        chosen = pause or self._person_finder.find(call, assessment, line)
        if isinstance(chosen, RunResult):
            return chosen
        event = self._composer.compose(call, record, assessment, line, chosen.person)
        write = EventWrite(self._store, call, event, chosen)

        # Write it once, and plan the look at what becomes of it.
        if isinstance(last, NothingInDoubt):
            earlier = self._unrecorded.find(call, record, write)
            if isinstance(earlier, FoundJob | FoundOnRecord):
                return self._confirmation.plan(write.integration_id, earlier)
            if isinstance(earlier, Reschedule):
                return earlier
        answer = self._write_once.submit(write, last)
        if isinstance(answer, Accepted):
            return self._confirmation.plan(write.integration_id, answer.job, answer.on_commit)
        return answer

    def _last_try(self, call: Call) -> MayBeSubmitted | RunResult:
        """Return whether the event may be asked for now. A RunResult: it got through, or may have."""
        if call.event is None:
            return NothingInDoubt()
        write = EventWrite(self._store, call, call.event)
        last = self._write_once.find_earlier(write)
        if isinstance(last, NothingInDoubt | LeftNoTrace | Reschedule):
            return last
        return self._confirmation.plan(write.integration_id, last)


def _judged(ended: RunResult, call: Call) -> RunResult:
    """The result, with the record of the call by which it was decided."""
    return replace(ended, judged=call.record_json) if isinstance(ended, Finished) else ended


def _not_written(why: Ineligible) -> Finished:
    return Finished(why.state, why.reason, cause=why.cause)
