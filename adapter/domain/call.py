"""What is a row of the calls' database, as the rest of the adapter sees it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from adapter.domain.call_event import CallEvent, mark_of, mark_of_text
from adapter.domain.cause import Cause
from adapter.domain.record import CallRecord

FORGOTTEN = "forgotten on request"  # the reason of a call of which nothing more is kept
# What the column job_id holds of an event that was seen on the person's record, without a job.
ON_RECORD = ""
# The step of an attempt that is an operator's decision, as 0.1.0 kept it.
OPERATOR = "operator"


class CallState(StrEnum):
    """Where a call stands. adapter.domain.lifecycle has the groups of states and the transitions."""

    OPEN = "open"  # a run is planned, and has not begun
    DELIVERING = "delivering"  # a run is under way, or the call waits for something to try again
    POSTED = "posted"  # the target accepted the event; whether the PMS took it is not confirmed
    WRITTEN = "written"  # the event is on the person's record
    HELD = "held"  # an operator has to decide
    IGNORED = "ignored"  # not to be written: by a rule, an operator, or a request to be forgotten
    FAILED = "failed"  # it cannot be written; an operator may replay it
    FOLDED = "folded"  # turned out to be a leg of another call


class HookState(StrEnum):
    """What became of a hook whose signature was right."""

    TAKEN = "taken"  # what it tells is in its call's record
    PARKED = "parked"  # it could not be read, and is kept until it can


@dataclass(frozen=True)
class RawHook:
    """One hook as it came. headers: only those worth keeping; never credentials."""

    received_at: datetime
    provider: str
    account: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    id: int = 0
    state: HookState = HookState.TAKEN
    kind: str | None = None
    call_key: str | None = None
    error: str | None = None
    repeats: int = 0
    repeated_at: datetime | None = None


@dataclass(frozen=True)
class Call:
    """A row of the calls table: the record, and where its delivery stands.

    job_id: the job by which the target took the event. is_on_record: the event was seen on the person's
    record, and it is not known which job wrote it.
    """

    key: str
    version: int
    provider: str
    account: str
    call_id: str
    state: CallState
    reason: str | None
    record_json: str
    first_seen_at: datetime
    over_at: datetime | None
    started_at: datetime | None
    direction: str | None
    line: str | None
    other: str | None
    outcome: str | None
    talk_seconds: int | None
    run: int
    queued_run: int
    due_at: datetime | None
    queued_at: datetime | None
    tries: int
    tried_since: datetime | None
    person_kind: str | None
    person_id: str | None
    person_name: str | None
    because: str | None
    event_json: str | None
    integration_id: str | None
    job_id: str | None
    is_on_record: bool
    posted_at: datetime | None
    confirmed_at: datetime | None
    event_id: str | None
    retries: int
    assigned_kind: str | None
    assigned_id: str | None
    link_version: int
    may_be_written: bool | None
    updated_at: datetime
    waits_for: str | None
    cause: Cause | None

    @cached_property
    def record(self) -> CallRecord:
        return CallRecord.model_validate_json(self.record_json)

    def with_record(self, record: CallRecord) -> Call:
        """The call with this record, which was stored."""
        return self if record == self.record else replace(self, record_json=record.to_json())

    @cached_property
    def event(self) -> CallEvent | None:
        return CallEvent.from_json(self.event_json) if self.event_json else None

    @property
    def is_accepted(self) -> bool:
        """True once the target is known to have taken the event."""
        return self.job_id is not None or self.is_on_record

    @property
    def knows_more_than_event(self) -> bool:
        """True if more is known of the call than when its event was made, or if it has no event.

        Another version may write the same facts in other words; the stored ones are as they were then.
        """
        mark = self.event.facts_mark if self.event is not None else None
        return mark not in (mark_of(self.record), mark_of_text(self.record_json))

    @property
    def ended_at(self) -> datetime:
        """When the call was over: as the provider told it, or when we heard of it."""
        told = self.record.parent.ended_at
        return told or self.over_at or self.first_seen_at

    @property
    def is_queued(self) -> bool:
        """Its run has been handed to the workers."""
        return self.queued_run >= self.run

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Call:
        """The call in this row of the calls table, by column."""
        values = dict(row)
        values["state"] = CallState(values["state"])
        values["cause"] = Cause.of(values["cause"])
        values["record_json"] = values.pop("record")
        values["event_json"] = values.pop("event")
        values["is_on_record"] = values["job_id"] == ON_RECORD
        values["job_id"] = values["job_id"] or None
        return cls(**values)


@dataclass(frozen=True)
class Attempt:
    """One thing that was asked of the other side for a call: when, what, the answer, what is next.

    Or, with the step OPERATOR, what an operator decided about it (asked).
    """

    id: int
    call_key: str
    at: datetime
    finished_at: datetime | None
    step: str
    asked: str
    status: int | None
    answer: str | None
    next: str | None
    in_doubt: bool

    @property
    def then(self) -> str | None:
        """What is next, in words; None where the answer says the same."""
        return self.next if self.next != self.answer else None
