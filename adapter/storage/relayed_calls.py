"""What became of a call that one of our lines led to another of our lines?

To the provider these are two calls: the one that dialled, and an inbound call on the line that was
dialled. Only the second one tells whether anybody talked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.domain.assessment import CallRules
from adapter.domain.call import Call, CallState
from adapter.domain.lifecycle import UNDELIVERED
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.domain.phone import e164
from adapter.domain.questions import API_LAG
from adapter.domain.record import CallRecord, DialResult, Leg, RelayedCall
from adapter.storage.schema import calls
from adapter.storage.session import Session

# The two calls begin and end at the same moment, but for what clocks and roundings make of it.
SAME_TIME = timedelta(seconds=60)
# The provider dates both calls itself; what is dated by a receipt is a little late.
CLOCKS = timedelta(seconds=3)
ROUNDING_SECONDS = 2
# A call lasts so long at the most, and so its hooks may have been first heard of so long before its end.
LONGEST_CALL = timedelta(hours=5)


class Relays:
    """Finds the inbound call that a leg to one of our own lines became there."""

    def __init__(self, session: Session, rules: CallRules) -> None:
        self._session = session
        self._rules = rules

    def find(
        self, record: CallRecord, leg: Leg, over_at: datetime, now: datetime
    ) -> RelayedCall | None:
        """How that call ended, or None while that is open.

        Its From is the caller, or our line. Where there is no such call API_LAG after the end of this
        one, nobody talked.
        """
        there = self._on_line(record, leg, over_at)
        if there is not None:
            return self.said(leg.id, there)
        if now - (record.ended_at or over_at) < API_LAG:
            return None
        return RelayedCall(leg_id=leg.id, outcome=Outcome.NO_ANSWER.value, talk_seconds=0)

    def is_known(self, record: CallRecord, leg: Leg, over_at: datetime) -> bool:
        """True if the call on our other line that this leg led to stands in the records."""
        return self._on_line(record, leg, over_at) is not None

    def find_unnamed(self, record: CallRecord, dial: DialResult, over_at: datetime) -> Call | None:
        """The call on another of our lines that a dial led to which does not say whom it dialled.

        It is the caller's, or our line's, lies within this call, and lasted as long as the dial. It began after
        this one; else this one may be the call that the other one led here. A number that several people
        call from, as that of an office, has calls at the same time that are none of this one's.
        Where no such call is known, but one whose end was not told yet, it is that one.
        """
        line = self._rules.assess(record).parties.line
        began, ended = record.began_at, record.ended_at or over_at
        if began is None or line is None:
            return None
        without_end = None
        for call in self._calls(record, record.parent, over_at, calls.c.line != line):
            start, end = call.record.began_at, call.record.ended_at or call.over_at
            if start is None or start <= began or not self._is_line(call.line):
                continue
            if end is None and start <= ended:
                without_end = call
            elif end is not None and end <= ended + CLOCKS and _lasted(call, dial):
                return call
        return without_end

    def said(self, leg_id: str, there: Call) -> RelayedCall | None:
        """What the call on our other line tells of the leg; None while it is open."""
        assessment = self._rules.assess(there.record)
        is_settled = there.record.is_over and not assessment.questions
        if there.state in UNDELIVERED and not is_settled:
            return None
        ending = assessment.ending
        outcome = ending.outcome if ending.outcome is not Outcome.UNKNOWN else Outcome.NO_ANSWER
        return RelayedCall(leg_id=leg_id, outcome=outcome.value, talk_seconds=ending.talk_seconds)

    def _is_line(self, number: str | None) -> bool:
        return self._rules.lines.is_line(number or "")

    def _on_line(self, record: CallRecord, leg: Leg, over_at: datetime) -> Call | None:
        """The inbound call on the line that this leg dialled: the likeliest of that time."""
        found = self._calls(record, leg, over_at, calls.c.line == e164(leg.to_number))
        began = leg.started_at or record.began_at or over_at
        ended = record.ended_at or over_at
        at_the_time = [
            call
            for call in found
            if (call.record.began_at or call.first_seen_at) <= ended + SAME_TIME
            and (call.record.ended_at or call.first_seen_at) >= began - SAME_TIME
        ]
        shown = e164(leg.from_number)

        def distance(call: Call) -> tuple[bool, float]:
            start = call.record.began_at or call.first_seen_at
            return call.other != shown, abs((start - began).total_seconds())

        return min(at_the_time, key=distance, default=None)

    def _calls(
        self, record: CallRecord, leg: Leg, over_at: datetime, on_line: sa.ColumnElement[bool]
    ) -> Sequence[Call]:
        """The inbound calls of about that time whose From is the caller, our line, or what the leg showed."""
        parent = record.parent
        callers = {e164(leg.from_number), e164(parent.from_number), e164(parent.to_number)}
        query = (
            sa.select(calls)
            .where(
                on_line,
                calls.c.first_seen_at.between(over_at - LONGEST_CALL, over_at + LONGEST_CALL),
                calls.c.direction == Direction.INBOUND.value,
                calls.c.other.in_(sorted(filter(None, callers))),
                calls.c.key != record.key,
                calls.c.state != CallState.FOLDED.value,
            )
            .limit(100)
        )
        with self._session.autocommit() as connection:
            return [Call.of(row._mapping) for row in connection.execute(query)]


def _lasted(call: Call, dial: DialResult) -> bool:
    """True if both are known to have lasted equally long, but for rounding."""
    seconds = call.record.parent.duration_seconds
    if seconds is None or dial.duration_seconds is None:
        return False
    return abs(seconds - dial.duration_seconds) <= ROUNDING_SECONDS
