"""Which leads, applicants and residents does Propexo know by this number?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import LONG_AGO, Person
from adapter.domain.phone import field_numbers, national_ten
from adapter.targets.propexo.client import PropexoClient, has_more, rows_of, storable
from adapter.targets.propexo.statuses import is_closed

COLLECTION = {
    PersonKind.LEAD: "/v1/leads/",
    PersonKind.APPLICANT: "/v1/applicants/",
    PersonKind.RESIDENT: "/v1/residents/",
}
PAGE = 250
MAX_PAGES = 8


def find_people(
    client: PropexoClient, number: str, line: Line, *, refused: Callable[[Person], str | None]
) -> Sequence[Person]:
    """Everybody with this number (E.164), as far as it takes to choose one by the rule.

    The kinds are asked in the line's order. An active person at the line's property cannot be outranked by
    a later kind, so the asking ends there. refused: why no event can be written for a person, or None.
    The filter takes ten digits of the first field only: who has the number in the second one, among words
    or in another country is found in the index of people, or not at all.
    """
    ten = national_ten(number)
    if ten is None:
        return ()  # the filter takes ten North American digits only
    found: list[Person] = []
    for kind in line.people:
        query = {"integration_id": line.integration_id, "phone_1": ten}
        people = [
            replace(person, refused=refused(person))
            for person in read_people(client, kind, query)
            if number in person.numbers | person.among_words
        ]
        found.extend(people)
        if is_decisive(people, number, line):
            break
    return found


def people_by_email(client: PropexoClient, email: str, line: Line) -> Sequence[Person]:
    """People of the line's kinds whose first e-mail address this is; one page of each kind."""
    found: list[Person] = []
    for kind in line.people:
        query = {"integration_id": line.integration_id, "email_1": email, "limit": PAGE}
        answer = client.get(COLLECTION[kind], query, step="lookup")
        found.extend(person_of(kind, row) for row in rows_of(answer))
    return found


def is_decisive(people: Sequence[Person], number: str, line: Line) -> bool:
    """True if the rule (adapter.domain.matching) can prefer none of a later kind to one of these."""
    return any(
        line.property_id in (None, person.property_id)
        and person.is_active
        and number in person.numbers
        and not person.refused
        for person in people
    )


def read_people(
    client: PropexoClient, kind: PersonKind, query: Mapping[str, Any]
) -> Iterator[Person]:
    """The people of a list endpoint, page by page. Errors: as of the client."""
    for page in range(MAX_PAGES):
        answer = client.get(
            COLLECTION[kind],
            {**query, "limit": PAGE, "offset": page * PAGE, "order-by": "updated_at:desc"},
            step="lookup",
        )
        yield from (person_of(kind, row) for row in rows_of(answer))
        if not has_more(answer, PAGE):
            return


def person_of(kind: PersonKind, row: Mapping[str, Any]) -> Person:
    """A person from a row of Propexo's; all fields but the ids may be null."""
    names = (row.get("first_name"), row.get("last_name"))
    fields = [field_numbers(_text(row.get(name))) for name in ("phone_1", "phone_2")]
    numbers = frozenset().union(*(field.whole for field in fields))
    among_words = frozenset().union(*(field.among_words for field in fields))
    application = _live_application(row.get("applications") or [])
    return Person(
        kind=kind,
        id=str(row["id"]),
        integration_id=str(row.get("integration_id") or ""),
        name=storable(" ".join(part for part in names if part)),
        property_id=row.get("property_id"),
        numbers=numbers,
        among_words=among_words - numbers,
        is_active=_is_active(kind, row),
        updated_at=moment(row.get("updated_at")),
        vendor=row.get("integration_vendor"),
        application_id=application.get("application_id") if application else None,
    )


def _text(value: Any) -> str | None:
    """A phone field as text; a PMS in JavaScript may give a number."""
    return None if value is None else str(value)


def _is_active(kind: PersonKind, row: Mapping[str, Any]) -> bool:
    if kind is PersonKind.LEAD:
        return not is_closed(row.get("status"))
    if kind is PersonKind.APPLICANT:
        applications = row.get("applications") or []
        return not applications or any(_is_live(application) for application in applications)
    leases = row.get("leases_meta_data") or []
    return not leases or any(not _is_past(lease.get("move_out_date")) for lease in leases)


def _live_application(applications: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The application of an event: a live one before a denied or canceled one, then the latest.

    No date is told of an application, so the latest is the last of the list.
    """
    known = [each for each in applications if each.get("application_id")]
    live = [each for each in known if _is_live(each)]
    return next(iter([*live[-1:], *known[-1:]]), None)


def _is_live(application: Mapping[str, Any]) -> bool:
    """PENDING, APPROVED and OTHER are live; where nothing is normalized, the PMS's own word decides."""
    normalized = application.get("status_normalized")
    if normalized:
        return str(normalized).upper() not in ("DENIED", "CANCELED", "CANCELLED")
    return not is_closed(application.get("status_raw") or application.get("status"))


def _is_past(day: str | None) -> bool:
    try:
        return day is not None and date.fromisoformat(day[:10]) < datetime.now(UTC).date()
    except ValueError:
        return False


def moment(text: str | None) -> datetime:
    """An ISO 8601 time in UTC; the beginning of time for what is none."""
    try:
        parsed = datetime.fromisoformat(text) if text else None
    except ValueError:
        parsed = None
    if parsed is None:
        return LONG_AGO
    return max(parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC), LONG_AGO)
