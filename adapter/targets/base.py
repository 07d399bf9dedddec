"""What must a target offer? A system that calls are written to; bootstrap plugs in whoever fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import Person
from adapter.domain.summary import CallSummary


class WriteState(StrEnum):
    """What became of a write that was accepted."""

    PENDING = "pending"
    WRITTEN = "written"
    PARTLY = "partly written"
    FAILED = "failed"


@dataclass(frozen=True)
class Confirmation:
    """words: the PMS's own; event_id: the record that was made, if told.

    may_retry: it failed for a reason that may pass.
    """

    state: WriteState
    words: str = ""
    event_id: str | None = None
    may_retry: bool = False


class Target(Protocol):
    """A system that calls are written to. All methods raise RemoteError's subclasses."""

    def find_people(self, number: str, line: Line) -> Sequence[Person]:
        """Everybody who may have this number (E.164); enough of them to choose by the rule."""

    def knows_everybody(self, line: Line) -> bool:
        """False while people are still being learned, so that one not found may yet turn up."""

    def person(self, kind: PersonKind, person_id: str, line: Line) -> Person:
        """The person with this id. Errors: PermanentError if there is none in the line's integration."""

    def new_lead(self, number: str, line: Line, reference: str) -> Mapping[str, Any]:
        """The request that makes a lead of this unknown number (E.164), to be posted.

        Errors: NotSupported, PermanentError naming what the line lacks for it.
        """

    def prepare(self, summary: CallSummary, person: Person, line: Line) -> Mapping[str, Any]:
        """The request that will write this call on this person: JSON values, the same for the same input."""

    def post(self, request: Mapping[str, Any]) -> str:
        """Ask for the write; its job id. A doubtful error means that it may have been accepted."""

    def find_trace(
        self,
        reference: str,
        request: Mapping[str, Any],
        since: datetime,
        *,
        after_job: str | None = None,
    ) -> str | None:
        """The job id (or "" if only the event itself is seen) of an earlier write of this call.

        after_job: only of one that came after this job, its retry. Errors: PermanentError where
        nothing is seen, and that proves nothing: what would show it cannot be read.
        """

    def find_earlier(
        self, reference: str, request: Mapping[str, Any], since: datetime, *, thorough: bool
    ) -> str | None:
        """As find_trace, but of a write that our own records may have lost (a backup was restored).

        Costs little for many calls, and may not see the writes of the last minute. A write that failed
        does not count. thorough: look wherever it could be seen, whatever that costs.
        """

    def confirm(self, job_id: str, *, integration_id: str | None = None) -> Confirmation:
        """What became of an accepted write, to this integration."""

    def ended_writes(self, integration_id: str, since: datetime) -> Mapping[str, bool]:
        """Writes of an integration that ended since then: job id -> whether it succeeded.

        Errors: NotSupported, PermanentError where the target keeps no such logs.
        """

    def retry(self, job_id: str, *, integration_id: str | None = None) -> str:
        """Try a failed write once more; the job id that it has now.

        The target would do it twice. Errors: PermanentError if it was not tried again.
        """

    def find_event(
        self, reference: str, request: Mapping[str, Any], event_id: str | None
    ) -> str | None:
        """The id of the event that was written; event_id: what the confirmation named. None: not seen."""

    def takes_corrections(self, person: Person) -> bool:
        """True if the target is known to change events of such a person once they are written."""

    def amend(self, event_id: str, request: Mapping[str, Any]) -> None:
        """Change a written event to say what this request says, as far as the target can.

        Errors: NotSupported where it cannot.
        """
