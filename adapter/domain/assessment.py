"""What follows from a record: who it was with, how it ended, when it is due?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from adapter.domain.due import SettlePolicy, settle_delay
from adapter.domain.lifecycle import CallUpdate
from adapter.domain.lines import Lines
from adapter.domain.outcome import Ending, ending
from adapter.domain.parties import Parties, parties
from adapter.domain.questions import Known, Question, open_questions, waits
from adapter.domain.record import CallRecord

_LONGEST = 200


@dataclass(frozen=True)
class Assessment:
    """A record by the rules. delay_seconds: from its end (or its last hook) until it is due.

    questions: what is left to be asked of the provider's API.
    """

    known: Known
    delay_seconds: float

    @property
    def parties(self) -> Parties:
        return self.known.parties

    @property
    def ending(self) -> Ending:
        return self.known.ending

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        return open_questions(self.known)


@dataclass(frozen=True)
class CallRules:
    """What the rules need to know besides the record."""

    lines: Lines
    policy: SettlePolicy

    def assess(self, record: CallRecord) -> Assessment:
        """What follows from this record."""
        who = parties(record, self.lines.is_ours, self.lines.is_line)
        end = ending(record, who)
        known = Known(record, who, end, self.policy, len(self.lines.by_number) > 1)
        is_open = end.is_final and waits(known)
        return Assessment(known, settle_delay(record, end, self.policy, is_open=is_open))


def ending_of(record: CallRecord, lines: Lines) -> Ending:
    """How the call of this record ended, as far as is known now."""
    return ending(record, parties(record, lines.is_ours, lines.is_line))


def list_columns(record: CallRecord, assessment: Assessment) -> CallUpdate:
    """What lists and searches show of a record: values for the calls table."""
    return {
        "started_at": record.began_at,
        "direction": assessment.parties.direction.value,
        "line": assessment.parties.line,
        # Cut, since PostgreSQL's indexes take no longer text; the record has all of it.
        "other": (assessment.parties.other.number or assessment.parties.other.raw or "")[:_LONGEST]
        or None,
        "outcome": assessment.ending.outcome.value,
        "talk_seconds": assessment.ending.talk_seconds,
    }
