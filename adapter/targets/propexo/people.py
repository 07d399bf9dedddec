"""Which leads, applicants and residents does Propexo know by this number?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from adapter.calls.lines import Line, PersonKind
from adapter.calls.matching import LONG_AGO, Person
from adapter.calls.phone import e164, national_ten
from adapter.targets.propexo.client import PropexoClient, has_more, rows_of, storable

COLLECTION = {
    PersonKind.LEAD: "/v1/leads/",
    PersonKind.APPLICANT: "/v1/applicants/",
    PersonKind.RESIDENT: "/v1/residents/",
}
PAGE = 250
MAX_PAGES = 8

# Raw lead statuses that mean nobody works on this lead any more; PMSs spell them freely.
CLOSED = frozenset(
    {
        *("lost", "leased", "closed", "canceled", "cancelled", "denied", "archived", "inactive"),
        *("dead", "expired", "unqualified", "duplicate", "moved", "rejected", "disqualified"),
    }
)


def find_people(
    client: PropexoClient, number: str, line: Line, *, refused: Callable[[Person], str]
) -> Sequence[Person]:
    """Everybody with this number (E.164), as far as it takes to choose one by the rule.

    The kinds are asked in the line's order. One found at the line's property cannot be outranked by
    a later kind, so the asking ends there. refused: why no event can be written for a person, or "".
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
            if number in person.numbers
        ]
        found.extend(people)
        if is_decisive(people, line):
            break
    return found


def is_decisive(people: Sequence[Person], line: Line) -> bool:
    """True if one of them is at the line's property and can be written: asking on finds none better."""
    return any(
        line.property_id in (None, person.property_id) and not person.refused for person in people
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
    numbers = (e164(row.get("phone_1")), e164(row.get("phone_2")))
    applications = row.get("applications") or []
    return Person(
        kind=kind,
        id=str(row["id"]),
        integration_id=str(row.get("integration_id") or ""),
        name=storable(" ".join(part for part in names if part)),
        property_id=row.get("property_id"),
        numbers=frozenset(number for number in numbers if number),
        is_active=_is_active(kind, row),
        updated_at=moment(row.get("updated_at")),
        vendor=row.get("integration_vendor"),
        application_id=applications[-1].get("application_id") if applications else None,
    )


def _is_active(kind: PersonKind, row: Mapping[str, Any]) -> bool:
    if kind is PersonKind.LEAD:
        words = re.split(r"[\W_]+", str(row.get("status") or "").casefold())
        return not CLOSED.intersection(words)
    if kind is PersonKind.APPLICANT:
        states = [a.get("status_normalized") for a in row.get("applications") or []]
        return not states or any(state not in ("DENIED", "CANCELED") for state in states)
    leases = row.get("leases_meta_data") or []
    return not leases or any(not _is_past(lease.get("move_out_date")) for lease in leases)


def _is_past(day: str | None) -> bool:
    try:
        return day is not None and date.fromisoformat(day[:10]) < datetime.now(UTC).date()
    except ValueError:
        return False


def moment(text: str | None) -> datetime:
    """An ISO 8601 time in UTC; the beginning of time for what is none."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        found = None
    if found is None:
        return LONG_AGO
    return max(found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC), LONG_AGO)
