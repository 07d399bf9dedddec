"""What is the event of a call, and how is it written once (adapter.delivery.write_once)?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.delivery.find_person import Chosen
from adapter.delivery.summarize import summarize
from adapter.delivery.write_once import Found
from adapter.domain.assessment import Assessment, CallRules
from adapter.domain.call import Call
from adapter.domain.call_event import CallEvent, ToldFacts, mark_of
from adapter.domain.call_links import Links
from adapter.domain.lifecycle import CallUpdate
from adapter.domain.lines import Line
from adapter.domain.matching import Person
from adapter.domain.record import CallRecord
from adapter.domain.summary import CallSummary
from adapter.errors import CannotVerify
from adapter.providers.base import Provider
from adapter.storage.store import Store
from adapter.targets.base import EarlierWrite, FoundJob, TargetApi


class EventComposer:
    """Composes the events of calls."""

    def __init__(
        self,
        *,
        target: TargetApi,
        rules: CallRules,
        links: Links,
        providers: Mapping[str, Provider],
    ) -> None:
        self._target = target
        self._rules = rules
        self._links = links
        self._providers = providers

    def compose(
        self, call: Call, record: CallRecord, assessment: Assessment, line: Line, person: Person
    ) -> CallEvent:
        """Return the event that puts this call on this person's record.

        record: what is known of the call; assessment: what follows from it. Errors: as of TargetApi.prepare.
        """
        provider = self._providers.get(call.provider)
        summary = summarize(
            call,
            record,
            assessment,
            line,
            links=self._links,
            policy=self._rules.policy,
            media=provider.media if provider else None,
        )
        return CallEvent(
            request=self._target.prepare(summary, person, line),
            person=person,
            facts_mark=mark_of(record),
            told=told_facts(summary, assessment.parties.other.number),
        )


def told_facts(summary: CallSummary, other: str | None) -> ToldFacts:
    """Return what an event with this summary says of its call. other: the number of the other side."""
    return ToldFacts(
        outcome=summary.outcome.value,
        talk_seconds=summary.talk_seconds,
        started_at=summary.started_at,
        other=other,
    )


@dataclass(frozen=True)
class EventWrite:
    """The event of a call, as something to be written once.

    chosen: the person and why; None where it is only looked for, and not asked for.
    """

    store: Store
    call: Call
    event: CallEvent
    chosen: Chosen | None = None
    step = "post"

    @property
    def call_key(self) -> str:
        return self.call.key

    @property
    def integration_id(self) -> str:
        return self.event.person.integration_id

    @property
    def asked(self) -> str:
        return f"POST {self.event.request.path}"

    def send(self, target: TargetApi) -> str:
        return target.post(self.event.request)

    def find_earlier(self, target: TargetApi, since: datetime) -> EarlierWrite:
        return target.find_earlier(self.call.call_id, self.event.request, since)

    def find_unrecorded(
        self, target: TargetApi, since: datetime, *, thorough: bool
    ) -> EarlierWrite:
        return target.find_unrecorded(
            self.call.call_id, self.event.request, since, thorough=thorough
        )

    def begin(self, connection: sa.Connection) -> bool:
        call, values = self.change
        return self.store.runs.begin_write(connection, call, values)

    @property
    def change(self) -> tuple[Call, CallUpdate]:
        assert self.chosen is not None  # nosec B101 - tells the type checker what its callers ensure
        person = self.chosen.person
        values: CallUpdate = {
            "person_kind": person.kind.value,
            "person_id": person.id,
            "person_name": person.name or None,
            "because": self.chosen.because,
            "integration_id": person.integration_id,
            "event": self.event,
        }
        return self.call, values

    def accepted(self, connection: sa.Connection, found: Found, at: datetime) -> None:
        accepted: CallUpdate = {**job_columns(found), "posted_at": at}
        self.store.calls.update(connection, self.call.key, **accepted)


@dataclass(frozen=True)
class EventRetry(EventWrite):
    """The same event once more, after its write has failed. Its attempts are noted as those of the post."""

    @property
    def failed_job(self) -> str:
        if self.call.job_id is None:
            raise CannotVerify("the write that failed has no job to try again")
        return self.call.job_id

    @property
    def asked(self) -> str:
        return f"try job {self.failed_job} again"

    def send(self, target: TargetApi) -> str:
        return target.retry(self.failed_job, integration_id=self.call.integration_id)

    def find_earlier(self, target: TargetApi, since: datetime) -> EarlierWrite:
        return target.find_earlier(
            self.call.call_id, self.event.request, since, after_job=self.failed_job
        )

    @property
    def change(self) -> tuple[Call, CallUpdate]:
        return self.call, {}  # its row says all of it already

    def accepted(self, connection: sa.Connection, found: Found, at: datetime) -> None:
        retries = self.call.retries + 1
        accepted: CallUpdate = {**job_columns(found), "posted_at": at, "retries": retries}
        self.store.calls.update(connection, self.call.key, **accepted)


def job_columns(found: Found) -> CallUpdate:
    """Return the columns of a call that say by which job its event was written."""
    if isinstance(found, FoundJob):
        return {"job_id": found.job_id}
    return {"is_on_record": True}
