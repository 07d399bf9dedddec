"""What is the event of a call: the request that writes it, its person, and what it says of the call?

The call's row keeps it as JSON, before it is sent and after. Rows of version 0.1.0 lack `told`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from adapter.domain.lines import PersonKind
from adapter.domain.matching import Person
from adapter.domain.record import CallRecord

# How a reason begins that says what of an event is not true, and how it ends once that was mended.
STANDS_WRONG = "the event in the PMS says: "
WAS_CORRECTED = "; it was corrected"
# What of a person is needed to write the same event again.
_PERSON_FIELDS = (
    "kind",
    "id",
    "integration_id",
    "name",
    "property_id",
    "vendor",
    "application_id",
)


@dataclass(frozen=True)
class WriteRequest:
    """A request that writes something at the target. It holds JSON values only, in the target's own words.

    Only the target reads the body; the same input makes the same request.
    """

    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the request as the database keeps it."""
        return {"path": self.path, "query": dict(self.query), "body": dict(self.body)}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> WriteRequest:
        """Return the request that the database kept in this form."""
        return cls(kept["path"], kept.get("query") or {}, kept["body"])


@dataclass(frozen=True)
class ToldFacts:
    """What an event says of its call. It is kept so that a later correction can name what was wrong.

    outcome: the value of an Outcome. other: the number of the other side, E.164.
    """

    outcome: str
    talk_seconds: int
    started_at: datetime
    other: str | None


@dataclass(frozen=True)
class CallEvent:
    """The event of a call.

    person: whose record it goes to. facts_mark: the `mark_of` the record that it was made from.
    told: None for an event of version 0.1.0, of which nobody knows what it said.
    """

    request: WriteRequest
    person: Person
    facts_mark: str | None
    told: ToldFacts | None

    def to_json(self) -> str:
        """Return the event as the column `event` keeps it."""
        person = {k: v for k, v in asdict(self.person).items() if k in _PERSON_FIELDS}
        kept = {**self.request.as_json(), "person": person, "facts": self.facts_mark}
        if self.told is not None:
            kept["told"] = {**asdict(self.told), "started_at": self.told.started_at.isoformat()}
        return json.dumps(kept)

    @classmethod
    def from_json(cls, text: str) -> CallEvent:
        """Return the event that the column `event` holds."""
        kept = json.loads(text)
        person = {k: v for k, v in kept["person"].items() if k in _PERSON_FIELDS}
        told = kept.get("told")
        return cls(
            request=WriteRequest.of_json(kept),
            person=Person(**{**person, "kind": PersonKind(person["kind"])}),
            facts_mark=kept.get("facts"),
            told=None if not told else _told(told),
        )


def _told(kept: Mapping[str, Any]) -> ToldFacts:
    return ToldFacts(
        outcome=kept["outcome"],
        talk_seconds=kept["talk_seconds"],
        started_at=datetime.fromisoformat(kept["started_at"]),
        other=kept["other"],
    )


def stands_wrong(reason: str | None) -> bool:
    """Return True if the reason of a written call says that something of its event is not true."""
    said = reason or ""
    return said.startswith(STANDS_WRONG) and not said.endswith(WAS_CORRECTED)


def mark_of(record: CallRecord) -> str:
    """Return a short mark of what is known of a call. A later record that knows more has another one."""
    return mark_of_text(record.to_json())


def mark_of_text(record_json: str) -> str:
    """Return the mark of a record as the database keeps it."""
    return sha256(record_json.encode()).hexdigest()[:16]
