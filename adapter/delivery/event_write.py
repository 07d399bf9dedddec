"""What is the event of a call, as something to be written once (adapter.delivery.write_once)?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.domain.call import Call
from adapter.domain.matching import Person
from adapter.storage.store import Store
from adapter.targets.base import Target


@dataclass(frozen=True)
class Chosen:
    """The person of a call, and why."""

    person: Person
    because: str


@dataclass(frozen=True)
class EventWrite:
    """The event of a call, as something to be written once. match: whose record it goes to."""

    store: Store
    call: Call
    request: Mapping[str, Any]
    match: Chosen | None = None
    step = "post"

    @property
    def call_key(self) -> str:
        return self.call.key

    @property
    def integration_id(self) -> str:
        return str(self.request["person"]["integration_id"])

    @property
    def asked(self) -> str:
        return f"POST {self.request['path']}"

    def send(self, target: Target) -> str:
        return target.post(self.request)

    def find(self, target: Target, since: datetime) -> str | None:
        return target.find_trace(self.call.call_id, self.request, since)

    def find_earlier(self, target: Target, since: datetime, *, thorough: bool) -> str | None:
        return target.find_earlier(self.call.call_id, self.request, since, thorough=thorough)

    def begin(self, connection: sa.Connection) -> bool:
        assert self.match is not None  # nosec B101 - tells the type checker what its callers ensure
        person = self.match.person
        values = {
            "person_kind": person.kind.value,
            "person_id": person.id,
            "person_name": person.name or None,
            "because": self.match.because,
            "integration_id": person.integration_id,
            "event": dict(self.request),
        }
        return self.store.begin_write(connection, self.call, values)

    def accepted(self, connection: sa.Connection, job_id: str, at: datetime) -> None:
        self.store.update(connection, self.call.key, job_id=job_id, posted_at=at)


@dataclass(frozen=True)
class EventRetry(EventWrite):
    """The same event once more, after its write has failed; in the place of the post, for whoever looks."""

    @property
    def asked(self) -> str:
        return f"try job {self.call.job_id} again"

    def send(self, target: Target) -> str:
        return target.retry(self.call.job_id or "", integration_id=self.call.integration_id)

    def find(self, target: Target, since: datetime) -> str | None:
        return target.find_trace(self.call.call_id, self.request, since, after_job=self.call.job_id)

    def begin(self, connection: sa.Connection) -> bool:
        return self.store.begin_write(connection, self.call, {})  # its row says all of it already

    def accepted(self, connection: sa.Connection, job_id: str, at: datetime) -> None:
        retries = self.call.retries + 1
        self.store.update(connection, self.call.key, job_id=job_id, posted_at=at, retries=retries)
