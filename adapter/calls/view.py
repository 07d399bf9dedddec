"""What follows from a record: who it was with, how it ended, when it is due?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapter.calls.facts import CallRecord
from adapter.calls.lines import Lines
from adapter.calls.outcome import Ending, ending
from adapter.calls.parties import Parties, parties
from adapter.calls.settle import SettlePolicy, settle_delay

_LONGEST = 200


@dataclass(frozen=True)
class View:
    """A record by the rules. delay_seconds: from its end (or its last hook) until it is due."""

    parties: Parties
    ending: Ending
    delay_seconds: float


@dataclass(frozen=True)
class Rules:
    """What the rules need to know besides the record."""

    lines: Lines
    policy: SettlePolicy

    def view(self, record: CallRecord) -> View:
        """What follows from this record."""
        who = parties(record, self.lines.is_ours)
        end = ending(record, who)
        return View(who, end, settle_delay(record, end, self.policy))


def columns(record: CallRecord, view: View) -> dict[str, Any]:
    """What lists and searches show of a record: values for the calls table."""
    starts = [leg.started_at for leg in record.legs.values() if leg.started_at is not None]
    return {
        "started_at": min(starts, default=None),
        "direction": view.parties.direction.value,
        "line": view.parties.line,
        # Cut, since PostgreSQL's indexes take no longer text; the record has all of it.
        "other": (view.parties.other.number or view.parties.other.raw or "")[:_LONGEST] or None,
        "outcome": view.ending.outcome.value,
        "talk_seconds": view.ending.talk_seconds,
    }
