"""What became of a call that one of our lines led to another of our lines?

adapter.domain.relays has the rules.
"""

from __future__ import annotations

from datetime import datetime

from adapter.domain import relays
from adapter.domain.assessment import CallRules
from adapter.domain.call import Call
from adapter.domain.outcome import Outcome
from adapter.domain.phone import e164
from adapter.domain.questions import API_LAG
from adapter.domain.record import CallRecord, DialResult, Leg, RelayedCall
from adapter.storage.relayed_calls import RelayedCalls
from adapter.storage.session import Session


class Relays:
    """Finds the inbound call that a leg to one of our own lines became there."""

    def __init__(self, session: Session, rules: CallRules) -> None:
        self._calls = RelayedCalls(session)
        self._rules = rules

    def find(
        self, record: CallRecord, leg: Leg, over_at: datetime, now: datetime
    ) -> RelayedCall | None:
        """How that call ended, or None while that is open.

        Where there is no such call API_LAG after the end of this one, nobody talked.
        """
        there = self._on_line(record, leg, over_at)
        if there is not None:
            return self.said(leg.id, there)
        if now - (record.ended_at or over_at) < API_LAG:
            return None
        return RelayedCall(leg_id=leg.id, outcome=Outcome.NO_ANSWER.value, talk_seconds=0)

    def told(self, record: CallRecord, over_at: datetime) -> CallRecord:
        """The record with what the calls on our other lines tell by now, where they are known and settled.

        Not of a leg of which no end is known yet: a shorter call at the same time may be another caller's.
        """
        found = dict(record.relayed)
        for leg_id in sorted(self._rules.assess(record).parties.line_legs - found.keys()):
            if not record.legs[leg_id].is_over and leg_id not in record.dials:
                continue
            there = self._on_line(record, record.legs[leg_id], over_at)
            said = self.said(leg_id, there) if there is not None else None
            if said is not None:
                found[leg_id] = said
        return record if found == record.relayed else record.model_copy(update={"relayed": found})

    def is_known(self, record: CallRecord, leg: Leg, over_at: datetime) -> bool:
        """True if the call on our other line that this leg led to stands in the records."""
        return self._on_line(record, leg, over_at) is not None

    def find_unnamed(self, record: CallRecord, dial: DialResult, over_at: datetime) -> Call | None:
        """The call on another of our lines that a dial led to which does not say whom it dialled."""
        line = self._rules.assess(record).parties.line
        if line is None:
            return None
        callers = relays.possible_callers(record, record.parent)
        calls = self._calls.not_on_line(line, callers, over_at, but=record.key)
        on_lines = (call for call in calls if self._rules.lines.is_line(call.line or ""))
        return relays.call_of_unnamed_dial(on_lines, record, dial, over_at)

    def said(self, leg_id: str, there: Call) -> RelayedCall | None:
        """What the call on our other line tells of the leg; None while it is open."""
        return relays.what_it_tells(leg_id, there, self._rules)

    def _on_line(self, record: CallRecord, leg: Leg, over_at: datetime) -> Call | None:
        callers = relays.possible_callers(record, leg)
        calls = self._calls.on_line(e164(leg.to_number), callers, over_at, but=record.key)
        return relays.call_of_leg(calls, record, leg, over_at)
