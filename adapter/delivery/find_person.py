"""On whose record is a call to be written?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.delivery.lead_creation import LeadCreation
from adapter.delivery.result import KEEP_TRYING, Finished, Reschedule, RunResult, held, ignored
from adapter.domain.assessment import Assessment
from adapter.domain.assignment import NEW_LEAD
from adapter.domain.call import Call
from adapter.domain.cause import Cause
from adapter.domain.lines import Line, PersonKind, UnknownCaller
from adapter.domain.matching import Match, Person, choose_person
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction, PartyKind
from adapter.errors import PermanentError
from adapter.targets.base import TargetApi

INDEX_WAIT_SECONDS = 15
# Such a call is with nobody who could become a lead: the number does not exist, or was not reached.
NO_LEAD_AFTER = (Outcome.DISCONNECTED, Outcome.FAILED)

_NO_NUMBER = {
    PartyKind.WITHHELD: (Cause.NUMBER_WITHHELD, "the caller withheld it"),
    PartyKind.UNAVAILABLE: (Cause.NO_NUMBER, "the network passed none on"),
}
_NONE_REPORTED = (Cause.NO_NUMBER, "none was reported")


@dataclass(frozen=True)
class Chosen:
    """The person of a call, and why it is this one."""

    person: Person
    because: str


class PersonFinder:
    """Finds the person of a call. clock: aware UTC now."""

    def __init__(
        self, *, target: TargetApi, lead_creation: LeadCreation, clock: Callable[[], datetime]
    ) -> None:
        self._target = target
        self._lead_creation = lead_creation
        self._clock = clock

    def find(self, call: Call, assessment: Assessment, line: Line) -> Chosen | RunResult:
        """Return the person: assigned by an operator, found by the rule, or made as a new lead.

        A RunResult says why there is none, or what is to be waited for.
        """
        if call.assigned_kind in list(PersonKind):
            return self._assigned(call, PersonKind(call.assigned_kind), line)
        number = assessment.parties.other.number
        if not number:
            cause, why = _NO_NUMBER.get(assessment.parties.other.kind, _NONE_REPORTED)
            return held(cause, f"no number to find a person or make a lead by: {why}")
        match = choose_person(number, self._target.find_people(number, line), line)
        if match.person is not None:
            return Chosen(match.person, match.because)
        if match.cause is not None and not match.is_unknown:
            return held(match.cause, match.because)
        return self._unknown(call, number, match, assessment, line)

    def _assigned(self, call: Call, kind: PersonKind, line: Line) -> Chosen | Finished:
        if call.assigned_id is None:
            return held(Cause.ASSIGNED_NOT_FOUND, f"assigned to a {kind.value} without an id")
        try:
            person = self._target.person(kind, call.assigned_id, line)
        except PermanentError as error:
            why = f"assigned to {kind.value} {call.assigned_id}, but {error}"
            return held(Cause.ASSIGNED_NOT_FOUND, why)
        return Chosen(person, f"{kind.value} {person.id}: assigned by an operator")

    def _unknown(
        self, call: Call, number: str, match: Match, assessment: Assessment, line: Line
    ) -> Chosen | RunResult:
        """Nobody has this number: what then, by the operator's word or the line's rule?"""
        is_by_hand = call.assigned_kind == NEW_LEAD
        makes_leads = line.unknown_caller is UnknownCaller.CREATE_LEAD
        no_lead = _why_no_lead(assessment, line) if makes_leads and not is_by_hand else None
        is_final = line.unknown_caller is not UnknownCaller.HOLD and not is_by_hand
        if is_final and not self._target.knows_everybody(line):
            return self._wait_for_index(call, match)
        if is_by_hand or (makes_leads and no_lead is None):
            lead = self._lead_creation.lead_for(call, number, line)
            if isinstance(lead, Person):
                return Chosen(lead, f"lead {lead.id}: made for this caller")
            return lead
        if line.unknown_caller is UnknownCaller.IGNORE:
            why = f"{match.because}, and unknown callers are ignored"
            return ignored(Cause.UNKNOWN_IGNORED, why)
        why = f"; no lead is made: {no_lead}" if no_lead else ""
        return held(Cause.NOBODY_FOUND, f"{match.because}{why}")

    def _wait_for_index(self, call: Call, match: Match) -> RunResult:
        why = f"{match.because} so far; the index of people is being read for the first time"
        waited = self._clock() - call.first_seen_at
        if waited >= KEEP_TRYING:
            return held(Cause.PEOPLE_NOT_READ, why)
        return Reschedule(max(INDEX_WAIT_SECONDS, waited.total_seconds() / 4), why)


def _why_no_lead(assessment: Assessment, line: Line) -> str | None:
    """Return why the line's rule makes no lead of the other side of this call, or None if it makes one."""
    if assessment.ending.outcome in NO_LEAD_AFTER:
        return assessment.ending.because
    if assessment.parties.direction is Direction.OUTBOUND and not line.create_lead_outbound:
        return "we called this number, and the line does not say create_lead_outbound = true"
    return None
