"""What must a target offer? A target is a system that calls are written to.

A Target has all of it. bootstrap.TARGETS names what builds each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from werkzeug.datastructures import Headers

from adapter.config.settings import Settings
from adapter.domain.call_event import CallEvent, WriteRequest
from adapter.domain.lines import Line, Lines, PersonKind
from adapter.domain.matching import Person
from adapter.domain.summary import CallSummary
from adapter.storage.pauses import Pauses
from adapter.storage.people_index import PeopleIndex, SyncState
from adapter.storage.store import Store


class WriteState(StrEnum):
    """What became of a write that was accepted."""

    PENDING = "pending"
    WRITTEN = "written"
    PARTLY = "partly written"
    FAILED = "failed"


@dataclass(frozen=True)
class WriteOutcome:
    """What became of an accepted write.

    words: the PMS's own, None if it gave none. record_id: the record that was made, if the target told it.
    may_retry: the write failed for a reason that may pass.
    """

    state: WriteState
    words: str | None = None
    record_id: str | None = None
    may_retry: bool = False


@dataclass(frozen=True)
class FoundJob:
    """The target has the write, and this job made it."""

    job_id: str


@dataclass(frozen=True)
class FoundOnRecord:
    """The event stands on the person's record. It is not known which job wrote it, and need not be."""


@dataclass(frozen=True)
class NoTrace:
    """The target does not have the write, and would show it if it had."""


EarlierWrite = FoundJob | FoundOnRecord | NoTrace


class TargetApi(Protocol):
    """The people and the events of a target. All methods raise subclasses of RemoteError."""

    def find_people(self, number: str, line: Line) -> Sequence[Person]:
        """Return everybody who may have this number (E.164); enough of them to choose by the rule."""

    def knows_everybody(self, line: Line) -> bool:
        """False while people are still being learned, so that one not found may yet turn up."""

    def person(self, kind: PersonKind, person_id: str, line: Line) -> Person:
        """Return the person with this id.

        Errors: PermanentError if there is none in the line's integration.
        """

    def known_person(self, kind: PersonKind, person_id: str, line: Line) -> Person | None:
        """Return the person with this id as far as is known without asking, else None. Errors: as of person."""

    def people_by_email(self, email: str, line: Line) -> Sequence[Person]:
        """Return people of the line's integration and kinds with this e-mail address; a page of each kind."""

    def why_refused(self, person: Person) -> str | None:
        """Return why the target takes no event of this person, as far as is known without asking; else None."""

    def new_lead(self, number: str, line: Line, reference: str) -> WriteRequest:
        """Return the request that makes a lead of this unknown number (E.164).

        Errors: NotSupported, PermanentError naming what the line lacks for it.
        """

    def made_lead(self, request: WriteRequest, lead_id: str, line: Line) -> Person:
        """Return the lead that this request made. lead_id: the id that the lead got."""

    def prepare(self, summary: CallSummary, person: Person, line: Line) -> WriteRequest:
        """Return the request that writes this call on this person; the same for the same input."""

    def post(self, request: WriteRequest) -> str:
        """Ask for the write, and return its job id.

        An error that is in_doubt means that the write may have been accepted.
        """

    def find_earlier(
        self,
        reference: str,
        request: WriteRequest,
        since: datetime,
        *,
        after_job: str | None = None,
    ) -> EarlierWrite:
        """Look for an earlier write of this request, of the call with this reference, made since then.

        after_job: look only for one that came after this job, its retry. FoundOnRecord: events only.
        Errors: CannotVerify, PermanentError where nothing is seen and that proves nothing, because what
        would show it cannot be read.
        """

    def find_unrecorded(
        self, reference: str, request: WriteRequest, since: datetime, *, thorough: bool
    ) -> EarlierWrite:
        """Look for a write that our own records may have lost, because a backup was restored.

        This costs little for many calls, and may not see the writes of the last minute. A write that failed
        does not count. thorough: look wherever it could be seen, whatever that costs.
        Errors: as of find_earlier.
        """

    def confirm(self, job_id: str, *, integration_id: str | None = None) -> WriteOutcome:
        """Return what became of an accepted write to this integration."""

    def ended_writes(self, integration_id: str, since: datetime) -> Mapping[str, bool]:
        """Return the writes of an integration that ended since then: job id -> whether it succeeded.

        Errors: NotSupported, PermanentError where the target keeps no such logs.
        """

    def retry(self, job_id: str, *, integration_id: str | None = None) -> str:
        """Try a failed write once more, and return the job id that it has now.

        The target would do it twice if asked twice. Errors: PermanentError if it was not tried again.
        """

    def find_event(self, reference: str, request: WriteRequest, event_id: str | None) -> str | None:
        """Return the id of the event that was written, or None if it is not seen.

        event_id: the id that the confirmation named.
        """

    def takes_corrections(self, person: Person) -> bool:
        """True if the target is known to change events of such a person once they are written."""

    def amend(self, event_id: str, event: CallEvent) -> None:
        """Change a written event to say what this event says, as far as the target can.

        Errors: NotSupported where it cannot.
        """


class PeopleSource(Protocol):
    """The target's people, as far as they have been read into the index (adapter.storage.people_index)."""

    def step(self, stale_after: timedelta) -> bool:
        """Read one page of what was never read to its end, or was read longer ago than this.

        Return False if nothing was due. Errors: RemoteError, LocalRateLimit, StoreUnavailable.
        """

    def is_complete(self) -> bool:
        """True once all people have been read, by the rules of this version."""

    def states(self) -> Sequence[SyncState]:
        """Return how far each kind of people of each integration has been read."""


class LineCheck(Protocol):
    """What lines lack for this target. Errors of all methods: RemoteError."""

    def lacking(self, line: Line) -> tuple[str, Sequence[str]]:
        """Return the name of the system behind this line ("?" if unknown), and all that the line lacks."""

    def refuse_unknown(self, lines: Iterable[Line]) -> bool:
        """Return True if there is an integration for each line. Errors: SettingsError naming the others."""

    def warn(self) -> bool:
        """Log what the lines in use lack, once for each line. Return False: there is no hurry with more."""


@dataclass(frozen=True)
class FailedWrite:
    """An accepted write that the target says has failed. words: the PMS's own."""

    job_id: str
    words: str


class FailureHooks(Protocol):
    """The webhooks in which a target says that writes failed."""

    def read(self, body: bytes, headers: Headers) -> FailedWrite | None:
        """Return the failed write, or None if a webhook of the target tells of something else.

        Errors: UntrustedHook if its signature does not fit, MalformedHook.
        """


@dataclass(frozen=True)
class Target:
    """A system that calls are written to: all that the rest of the adapter knows of it.

    name: stands in the route of its webhooks (/webhooks/<name>), as the name of its rate limit, and in
    bootstrap.TARGETS.
    label: its name as people write it.
    key_pause: the name of the pause (adapter.storage.pauses) during which it refuses our key.
    try_key: during that pause, asks whether the key is taken again. Errors: RemoteError, StoreUnavailable.
    """

    name: str
    label: str
    api: TargetApi
    people: PeopleSource
    line_check: LineCheck
    failure_hooks: FailureHooks
    key_pause: str
    try_key: Callable[[], None]


@dataclass(frozen=True)
class TargetDeps:
    """What a target is built of.

    lines: reads the lines, when they are first needed. Errors: SettingsError.
    learned: is told the numbers (E.164) of people that were read into the index. clock: aware UTC now.
    """

    settings: Settings
    store: Store
    pauses: Pauses
    index: PeopleIndex
    lines: Callable[[], Lines]
    learned: Callable[[set[str]], object]
    clock: Callable[[], datetime]
