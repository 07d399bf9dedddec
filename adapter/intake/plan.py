"""What follows from what is known of a call: its columns, and when it is due?"""

from __future__ import annotations

from datetime import datetime, timedelta

from adapter.domain import lifecycle
from adapter.domain.assessment import Assessment, CallRules, list_columns
from adapter.domain.call import Call, CallState
from adapter.domain.lifecycle import CallUpdate, NewCall
from adapter.domain.merge import join
from adapter.domain.questions import waits
from adapter.domain.record import CallRecord


class CallPlan:
    """Says what to store of a call by the rules."""

    def __init__(self, rules: CallRules) -> None:
        self._rules = rules

    def new_call(self, facts: CallRecord, at: datetime) -> NewCall:
        """The row of a call of which these facts are the first."""
        assessment = self._rules.assess(facts)
        over_at = at if facts.is_over else None
        return {
            "key": facts.key,
            "provider": facts.provider,
            "account": facts.account,
            "call_id": facts.call_id,
            "first_seen_at": at,
            **lifecycle.begin(due_at=_due_at(assessment, over_at, at)),
            **self._derived(facts, assessment, over_at, at),
        }

    def _derived(
        self, record: CallRecord, assessment: Assessment, over_at: datetime | None, at: datetime
    ) -> CallUpdate:
        """The columns that follow from a record."""
        return {
            "record": record.to_json(),
            "over_at": over_at,
            "updated_at": at,
            **list_columns(record, assessment),
        }

    def join(self, call: Call, facts: CallRecord, at: datetime) -> CallUpdate | None:
        """What these facts change of the call; None if they say nothing that was not known."""
        if call.record.is_forgotten:
            return None
        record = join(call.record, facts)
        if call.state is not CallState.OPEN:
            record = _without_receipts(record, call.record)
        if record == call.record:
            return None
        assessment = self._rules.assess(record)
        over_at = (call.over_at or at) if record.is_over else None
        plan = lifecycle.add_facts(
            call,
            due_at=_due_at(assessment, over_at, at),
            now=at,
            is_over=record.is_over,
            is_to_be_asked=waits(assessment.known) or self._has_been_asked(call, assessment),
        )
        return {**self._derived(record, assessment, over_at, at), **plan}

    def _has_been_asked(self, call: Call, assessment: Assessment) -> bool:
        """Something is open, and a run before asked all of it; the provider did not know it yet."""
        is_open = bool(assessment.questions) and call.run > 1
        return is_open and set(assessment.questions) <= set(
            self._rules.assess(call.record).questions
        )


def _due_at(assessment: Assessment, over_at: datetime | None, at: datetime) -> datetime:
    """When a call is due by what is known now. at: when the last of it became known."""
    return (over_at or at) + timedelta(seconds=assessment.delay_seconds)


def _without_receipts(record: CallRecord, known: CallRecord) -> CallRecord:
    """The record without new times of receipts. Versions before did not keep them; that alone is no news."""
    dials = {
        leg_id: dial.model_copy(update={"reported_at": known.dials[leg_id].reported_at})
        if leg_id in known.dials
        else dial
        for leg_id, dial in record.dials.items()
    }
    queues = {
        queue_id: stay.model_copy(update={"reported_at": known.queues[queue_id].reported_at})
        if queue_id in known.queues
        else stay
        for queue_id, stay in record.queues.items()
    }
    update = {"begun_by": known.begun_by, "dials": dials, "queues": queues}
    return record.model_copy(update=update)
