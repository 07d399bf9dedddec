"""How does Propexo do what a target must offer (adapter.targets.base)?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from adapter.domain.call_event import CallEvent, WriteRequest
from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import Person
from adapter.domain.summary import CallSummary
from adapter.errors import CannotVerify, LineIncomplete, PermanentError, TemporaryError
from adapter.observability.logs import logger
from adapter.storage.people_index import PeopleIndex
from adapter.targets.base import (
    EarlierWrite,
    FoundJob,
    FoundOnRecord,
    NoTrace,
    WriteOutcome,
    WriteState,
)
from adapter.targets.propexo.client import PropexoClient, has_more, rows_of, storable
from adapter.targets.propexo.directory import MODEL, AnybodyAt, Directory
from adapter.targets.propexo.event_request import record_event
from adapter.targets.propexo.lead_profiles import lead_request
from adapter.targets.propexo.notes import reference_in
from adapter.targets.propexo.people import (
    COLLECTION,
    find_people,
    people_by_email,
    person_of,
)
from adapter.targets.propexo.profiles import profile_of
from adapter.targets.propexo.recent_writes import RecentWrites
from adapter.targets.propexo.write_logs import EarlierWrites, write_logs
from adapter.text.plain import plain

log = logger("adapter.propexo")

_STATES = {
    "SUCCESS": WriteState.WRITTEN,
    "PARTIAL_SUCCESS": WriteState.PARTLY,
    "FAILURE": WriteState.FAILED,
    "PENDING": WriteState.PENDING,
}
_PERSON_KEYS = ("lead_id", "applicant_id", "resident_id")
# PUT takes these; of the call itself only the notes can be corrected.
_AMENDABLE = ("event_datetime", "event_type_id", "employee_id", "notes")
# A PMS that says one of these has trouble that is likely to pass. What it says of the request does not pass.
_PASSING = re.compile(
    r"time[ds]?[ -]?out|temporar|unavailable|try again|rate limit|too many|ECONN|socket|network"
    r"|gateway|overload|maintenance|\b50[0234]\b|internal server error",
    re.IGNORECASE,
)
# After so long without an update, the index may name people who no longer have the number.
INDEX_IS_OLD = timedelta(hours=1)
_EVENT_PAGE = 100
_MAX_EVENT_PAGES = 10


class PropexoTarget:
    """Propexo as an adapter.targets.base.TargetApi."""

    def __init__(self, client: PropexoClient, index: PeopleIndex | None) -> None:
        """index: None where none is kept up to date."""
        self.client = client
        self._index = index
        self._recent, self._earlier = RecentWrites(client), EarlierWrites(client)
        self.directory = Directory(client)

    def find_people(self, number: str, line: Line) -> Sequence[Person]:
        """Find people in the index. Propexo is asked too, unless the index is whole and knows one to write to.

        The index knows numbers that Propexo's filter does not: the second one, those among words, and those
        of other countries. Somebody who has the number among words is not enough: it may be the whole
        number of somebody who came a moment ago.
        """
        integration_id = line.integration_id
        if self._index is None or integration_id is None:
            return find_people(self.client, number, line, refused=self._refused)
        known = [
            replace(person, refused=self._refused(person))
            for person in self._index.find(number, integration_id)
        ]
        until = self._index.known_until(integration_id, line.people)
        is_old = until is not None and datetime.now(UTC) - until > INDEX_IS_OLD
        owners = [p for p in known if number in p.numbers and p.kind in line.people]
        if until and not is_old and any(not p.refused for p in owners):
            return known
        found = find_people(self.client, number, line, refused=self._refused)
        self._index.save(found)
        live = {(person.kind, person.id) for person in found}
        others = [person for person in known if (person.kind, person.id) not in live]
        return [*found, *(self._as_now(others) if is_old else others)]

    def _as_now(self, people: Sequence[Person]) -> Iterator[Person]:
        """Yield these people as Propexo has them now, without those that it has no more."""
        for person in people:
            try:
                now = self._read(person.kind, person.id, person.integration_id)
                yield replace(now, refused=person.refused)
            except PermanentError as error:
                if error.status not in (404, 405):
                    raise

    def knows_everybody(self, line: Line) -> bool:
        if self._index is None:
            return True
        integration_id = line.integration_id
        if integration_id is None:
            return False
        return self._index.is_read_by_todays_rules(integration_id, line.people)

    def person(self, kind: PersonKind, person_id: str, line: Line) -> Person:
        known = self.known_person(kind, person_id, line)
        return known or _of_line(self._read(kind, person_id, line.integration_id), line)

    def known_person(self, kind: PersonKind, person_id: str, line: Line) -> Person | None:
        known = self._index.get(kind, person_id) if self._index else None
        return _of_line(known, line) if known is not None else None

    def _read(self, kind: PersonKind, person_id: str, integration_id: str | None) -> Person:
        path = f"{COLLECTION[kind]}{quote(person_id, safe='')}"
        answer = self.client.get(path, step="lookup", integration_id=integration_id)
        return person_of(kind, answer.get("results", answer))

    def people_by_email(self, email: str, line: Line) -> Sequence[Person]:
        found = people_by_email(self.client, email, line)
        if self._index is not None:
            self._index.save(found)
        return found

    def why_refused(self, person: Person) -> str | None:
        return profile_of(person.vendor, person.kind).unsupported if person.vendor else None

    def _refused(self, person: Person) -> str | None:
        vendor = person.vendor or self.directory.vendor(person.integration_id)
        return profile_of(vendor, person.kind).unsupported

    def new_lead(self, number: str, line: Line, reference: str) -> WriteRequest:
        integration_id = line.integration_id
        if integration_id is None:
            raise LineIncomplete(f"{line.title} lacks integration_id: set it in lines.toml")
        nobody = AnybodyAt(PersonKind.LEAD, integration_id, line.property_id)
        return lead_request(
            line,
            number,
            self.directory.vendor(integration_id),
            reference,
            employee_id=self.directory.employee_id(line, nobody),
        )

    def made_lead(self, request: WriteRequest, lead_id: str, line: Line) -> Person:
        body = request.body
        return Person(
            kind=PersonKind.LEAD,
            id=lead_id,
            integration_id=body["integration_id"],
            name=" ".join(filter(None, (body.get("first_name"), body.get("last_name")))),
            property_id=body.get("property_id"),
        )

    def prepare(self, summary: CallSummary, person: Person, line: Line) -> WriteRequest:
        return record_event(
            summary,
            person,
            line,
            vendor=person.vendor or self.directory.vendor(person.integration_id),
            event_type_id=self.directory.event_type_id(line, person),
            employee_id=self.directory.employee_id(line, person),
        )

    def post(self, request: WriteRequest) -> str:
        step = "post" if _people_of(request) else "lead"
        answer = self.client.send(request.path, request.body, request.query, step=step)
        job_id = job_id_of(answer)
        if job_id is None:
            raise TemporaryError("Propexo accepted the write but named no job", in_doubt=True)
        return job_id

    def find_earlier(
        self,
        reference: str,
        request: WriteRequest,
        since: datetime,
        *,
        after_job: str | None = None,
    ) -> EarlierWrite:
        """Look in the write logs, which know the job, then in the person's events, which may come later.

        Only the logs can show that there is none: events come with the next sync, or not at all.
        """
        people, no_logs = _people_of(request), None
        try:
            job_id = self._recent.find(
                request.body["integration_id"],
                _category_of(request),
                _marks_of(reference, request),
                since,
                after_job=after_job,
            )
        except PermanentError as error:
            if error.status == 401 or not people:
                raise
            # Not every key may see the logs (403).
            job_id, no_logs = None, CannotVerify(f"no write logs: {error}", status=error.status)
        if job_id is not None:
            return FoundJob(job_id)
        if not people:
            return NoTrace()
        if self._is_on_record(reference, request):
            return FoundOnRecord()
        if no_logs is not None:
            raise no_logs
        return NoTrace()

    def find_unrecorded(
        self, reference: str, request: WriteRequest, since: datetime, *, thorough: bool
    ) -> EarlierWrite:
        people, no_logs, job_id = _people_of(request), None, None
        try:
            job_id = self._earlier.find(
                request.body["integration_id"],
                _category_of(request),
                _marks_of(reference, request),
                since,
            )
        except PermanentError as error:
            if error.status == 401:
                raise
            no_logs = CannotVerify(f"no write logs: {error}", status=error.status)
        if job_id is not None:
            return FoundJob(job_id)
        may_show = people and (thorough or no_logs is not None)
        if may_show and self._is_on_record(reference, request):
            return FoundOnRecord()
        if no_logs is not None:
            raise no_logs
        return NoTrace()

    def confirm(self, job_id: str, *, integration_id: str | None = None) -> WriteOutcome:
        path = f"/v1/admin/write-status/{job_id}"
        answer = self.client.get(path, step="confirm", integration_id=integration_id)
        state = _STATES.get(answer.get("write_status", ""), WriteState.PENDING)
        words = "; ".join(str(error) for error in answer.get("errors") or ())
        words = plain(storable(words))
        return WriteOutcome(
            state,
            words or None,
            answer.get("created_record_id"),
            may_retry=bool(_PASSING.search(words)),
        )

    def ended_writes(self, integration_id: str, since: datetime) -> Mapping[str, bool]:
        ended: dict[str, bool] = {}
        for row in write_logs(self.client, integration_id, "events", since, step="confirm"):
            # Newest first, and the newest word on a job counts.
            if row.get("job_id") and row.get("status") in ("SUCCESS", "FAILURE"):
                ended.setdefault(str(row["job_id"]), row["status"] == "SUCCESS")
        return ended

    def retry(self, job_id: str, *, integration_id: str | None = None) -> str:
        path = f"/v1/admin/retry-write/{job_id}"
        answer = self.client.send(path, {}, step="retry", integration_id=integration_id)
        if answer.get("success") is False:
            raise PermanentError("Propexo did not try the write again")
        return job_id_of(answer) or job_id

    def find_event(self, reference: str, request: WriteRequest, event_id: str | None) -> str | None:
        # The id of a confirmation may be another model's; an event with our reference is surely ours.
        events = self._events_with(reference, request)
        if events:
            return str(events[0]["id"])
        return event_id if event_id not in _people_of(request).values() else None

    def takes_corrections(self, person: Person) -> bool:
        vendor = person.vendor or self.directory.vendor(person.integration_id)
        return profile_of(vendor, person.kind).takes_corrections

    def amend(self, event_id: str, event: CallEvent) -> None:
        full_body = event.request.body
        body = {key: full_body[key] for key in _AMENDABLE if key in full_body}
        self.client.send(
            f"/v1/events/{MODEL[event.person.kind]}/{event_id}", body, step="amend", method="PUT"
        )

    def _is_on_record(self, reference: str, request: WriteRequest) -> bool:
        """True if the person's events show this write. Events that cannot be read show nothing."""
        try:
            return bool(self._events_with(reference, request))
        except PermanentError as error:
            log.debug("no events to look for a trace in", reason=str(error))
            return False

    def _events_with(self, reference: str, request: WriteRequest) -> Sequence[Mapping[str, Any]]:
        """Return the person's events whose notes end in our reference, newest first."""
        events: list[Mapping[str, Any]] = []
        for page in range(_MAX_EVENT_PAGES):
            answer = self.client.get(
                "/v1/events/",
                {
                    "integration_id": request.body["integration_id"],
                    **_people_of(request),
                    "limit": _EVENT_PAGE,
                    "order-by": "created_at:desc",
                    **({"offset": page * _EVENT_PAGE} if page else {}),
                },
                step="look",
            )
            rows = rows_of(answer)
            events += [
                row for row in rows if reference_in(str(row.get("notes") or "")) == reference
            ]
            if events or not has_more(answer, _EVENT_PAGE):
                break
        return events


def _people_of(request: WriteRequest) -> Mapping[str, Any]:
    return {key: request.body[key] for key in _PERSON_KEYS if key in request.body}


def _category_of(request: WriteRequest) -> str:
    return "events" if _people_of(request) else "leads"


def _marks_of(reference: str, request: WriteRequest) -> Set[str]:
    """Return the marks by which the logs show the write of this request.

    For a lead this includes the number: not every PMS takes our reference.
    """
    number = request.body.get("phone_1")
    return {reference, number} if number and not _people_of(request) else {reference}


def job_id_of(answer: Mapping[str, Any]) -> str | None:
    """Return the job of an accepted write. Generic endpoints name it at the top, a vendor's under meta."""
    for place in (answer.get("meta"), answer):
        if isinstance(place, Mapping) and place.get("job_id"):
            return str(place["job_id"])
    return None


def _of_line(person: Person, line: Line) -> Person:
    """Return the person. Raise PermanentError if it is one of another integration than the line's."""
    if person.integration_id != line.integration_id:
        raise PermanentError(
            f"{person.kind.value} {person.id} belongs to integration {person.integration_id}, "
            f"but {line.title} to {line.integration_id}"
        )
    return person
