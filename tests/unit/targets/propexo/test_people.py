"""Are the right people found by their number, and no more asked for than needed?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import LONG_AGO, Person, choose_person
from adapter.errors import TemporaryError
from adapter.storage.people_index import PeopleIndex
from adapter.storage.store import Store
from adapter.targets.propexo.client import PropexoClient
from adapter.targets.propexo.people import find_people, moment, person_of
from tests.support.propexo_client import BASE, NoBudget, a_client

LEAD, APPLICANT, RESIDENT = PersonKind.LEAD, PersonKind.APPLICANT, PersonKind.RESIDENT
NUMBER = "+16175550134"
LINE = Line(number="+16175550100", integration_id="int_1", property_id="prop_main")


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client() -> PropexoClient:
    return a_client(NoBudget())


def row(id: str = "lead_1", phone_1: str | None = "(617) 555-0134", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "integration_id": "int_1",
        "integration_vendor": "ENTRATA",
        "property_id": "prop_main",
        "first_name": "Anna",
        "last_name": "Alvarez",
        "phone_1": phone_1,
        "phone_2": None,
        "updated_at": "2025-11-20T12:00:00.000Z",
        **more,
    }


def lists(http: responses.RequestsMock, path: str, *rows: dict[str, Any], **meta: Any) -> None:
    http.add(responses.GET, f"{BASE}{path}", json={"meta": meta, "results": list(rows)})


def everybody(http: responses.RequestsMock, **rows: dict[str, Any]) -> None:
    for path in ("leads", "applicants", "residents"):
        lists(http, f"/v1/{path}/", *([rows[path]] if path in rows else []))


def found(client: PropexoClient, line: Line = LINE, number: str = NUMBER) -> list[str]:
    return [p.id for p in find_people(client, number, line, refused=lambda _: "")]


def asked(http: responses.RequestsMock) -> list[str]:
    return [str(call.request.path_url).split("?")[0] for call in http.calls]


@pytest.mark.parametrize(
    "stored",
    [
        "(617) 555-0134",
        "617.555.0134",
        "617-555-0134",
        "+16175550134",
        "1 (617) 555-0134",
        "6175550134",
        "617 555 0134 x12",
        "+1 617-555-0134",
    ],
)
def test_a_number_is_known_in_whatever_form_it_is_stored(
    client: PropexoClient, http: responses.RequestsMock, stored: str
) -> None:
    everybody(http, leads=row(phone_1=stored))
    assert found(client) == ["lead_1"]


@pytest.mark.parametrize("stored", [None, "", "555-0134", "617-555-0135", "+44 617 555 0134", "?"])
def test_who_has_another_number_is_not_the_person(
    client: PropexoClient, http: responses.RequestsMock, stored: str | None
) -> None:
    everybody(http, leads=row(phone_1=stored))
    assert found(client) == []


def test_the_second_number_counts_as_well(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    everybody(http, leads=row(phone_1="617-555-0199", phone_2="1-617-555-0134"))
    assert found(client) == ["lead_1"]


def test_a_number_among_words_is_known_if_the_filter_finds_its_field(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    everybody(http, leads=row(phone_1="(617) 555-0134 (cell)"), residents=row("r", property_id="x"))
    people = find_people(client, NUMBER, LINE, refused=lambda _: "")
    assert [person.id for person in people] == ["lead_1", "r"], "it does not end the asking"
    assert people[0].among_words == {NUMBER} and not people[0].numbers


def test_the_filter_is_asked_with_ten_digits_of_the_lines_integration(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    query = {"phone_1": "6175550134", "integration_id": "int_1", "limit": "250", "offset": "0"}
    http.add(
        responses.GET,
        f"{BASE}/v1/leads/",
        match=[query_param_matcher({**query, "order-by": "updated_at:desc"})],
        json={"meta": {"hasMore": False}, "results": [row()]},
    )
    assert found(client) == ["lead_1"]


def test_a_number_of_another_country_is_not_asked_for(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    assert found(client, number="+442079460018") == []
    assert asked(http) == []


def test_a_lead_at_the_lines_property_ends_the_asking(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    everybody(http, leads=row(), residents=row("resident_1"))
    assert found(client) == ["lead_1"]
    assert asked(http) == ["/v1/leads/"]


def test_a_closed_lead_at_the_lines_property_does_not_end_it(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    """The active resident of the same number comes before their own lease's closed lead."""
    everybody(http, leads=row(status="Leased"), residents=row("resident_1"))
    people = find_people(client, NUMBER, LINE, refused=lambda _: "")
    assert [person.id for person in people] == ["lead_1", "resident_1"]
    match = choose_person(NUMBER, people, LINE)
    assert match.person is not None and match.person.id == "resident_1"
    assert match.because == (
        "resident resident_1: the only active resident with this number at the line's property; "
        "1 other ranked behind"
    )


def test_a_lead_elsewhere_does_not_end_it(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    everybody(http, leads=row(property_id="prop_oak"), residents=row("resident_1"))
    assert found(client) == ["lead_1", "resident_1"]
    assert len(asked(http)) == 3


def test_a_person_for_whom_nothing_can_be_written_does_not_end_it(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    everybody(http, leads=row(), applicants=row("applicant_1"))

    def refused(person: Person) -> str:
        return "no events of leads there" if person.kind is LEAD else ""

    people = find_people(client, NUMBER, LINE, refused=refused)
    assert [(p.id, p.refused) for p in people] == [
        ("lead_1", "no events of leads there"),
        ("applicant_1", ""),
    ]
    assert len(asked(http)) == 2


def test_the_lines_own_order_of_kinds_is_kept(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    everybody(http)
    found(client, LINE.model_copy(update={"people": (RESIDENT, LEAD)}))
    assert asked(http) == ["/v1/residents/", "/v1/leads/"]


def test_a_line_without_a_property_takes_the_first_kind_that_has_somebody(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    everybody(http, leads=row(property_id="prop_oak"), residents=row("resident_1"))
    assert found(client, LINE.model_copy(update={"property_id": None})) == ["lead_1"]
    assert asked(http) == ["/v1/leads/"]


def test_every_page_is_read(client: PropexoClient, http: responses.RequestsMock) -> None:
    for page, more in ((0, True), (1, True), (2, False)):
        http.add(
            responses.GET,
            f"{BASE}/v1/leads/",
            match=[query_param_matcher({"offset": str(page * 250)}, strict_match=False)],
            json={"meta": {"hasMore": more}, "results": [row(f"lead_{page}", property_id="x")]},
        )
    everybody(http)
    assert found(client) == ["lead_0", "lead_1", "lead_2"]


def test_a_full_page_has_a_next_one_where_it_is_not_told(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    for page, count in ((0, 250), (1, 1)):
        http.add(
            responses.GET,
            f"{BASE}/v1/leads/",
            match=[query_param_matcher({"offset": str(page * 250)}, strict_match=False)],
            json={
                "meta": {"orderBy": []},
                "results": [row(f"lead_{page}_{n}", property_id="x") for n in range(count)],
            },
        )
    everybody(http)
    assert found(client)[-1] == "lead_1_0"


@pytest.mark.parametrize(
    "answer", [[], None, {}, {"results": None}, {"results": {}}, {"results": [None]}]
)
def test_an_answer_that_is_no_list_of_people_says_nothing_of_who_is_there(
    client: PropexoClient, http: responses.RequestsMock, answer: Any
) -> None:
    """It is asked again; it is neither nobody nor a bug of ours."""
    http.add(responses.GET, f"{BASE}/v1/leads/", json=answer)
    with pytest.raises(TemporaryError):
        found(client)


# Rows -------------------------------------------------------------------------------------------------


def test_half_a_character_or_a_nul_in_a_name_keeps_nobody_out_of_the_index(store: Store) -> None:
    """A PMS in JavaScript may cut an emoji in two; no database takes what is left."""
    people = [
        person_of(LEAD, row("lead_1", first_name="Ann \ud83d")),
        person_of(LEAD, row("lead_2", last_name="A\x00lvarez")),
    ]
    index = PeopleIndex(store)
    index.save(people)
    kept = sorted(index.find(NUMBER, "int_1"), key=lambda person: person.id)
    assert [person.name for person in kept] == ["Ann ? Alvarez", "Anna A lvarez"]


def test_a_row_of_nulls_is_a_person_too() -> None:
    blank = {"id": "lead_1", "integration_id": "int_1", "phone_1": None, "updated_at": None}
    person = person_of(LEAD, {**dict.fromkeys(row()), **blank})
    assert (person.name, person.numbers, person.property_id) == ("", frozenset(), None)
    assert person.updated_at == LONG_AGO
    assert person.is_active


@pytest.mark.parametrize(
    ("status", "active"),
    [
        (None, True),
        ("", True),
        ("Active", True),
        ("Contacted", True),
        ("Tour Scheduled", True),
        ("Lost", False),
        ("LEASED", False),
        ("Closed - Lost", False),
        ("Lost/Closed", False),
        ("Application_Denied", False),
        ("Canceled", False),
        ("Not Leased - active", True),
        ("Lead - not lost", True),
        ("Reactivated", True),
        ("Lost - reactivated", True),
        ("Un-leased", True),
        ("Not yet leased", True),
        ("Hasn't leased", True),
        ("Never leased", True),
        ("Previously lost", True),
        ("Not a duplicate", True),
        ("Future", True),
        ("Tour canceled", True),
        ("Canceled appointment", True),
        ("Quote Expired", True),
        ("Moved to waitlist", True),
        ("NotLeased", True),
        ("Re-leased", False),
        ("Pre-leased", False),
        ("No longer interested", False),
        ("Not interested", False),
        ("Not active", False),
        ("Inactive", False),
        ("Unqualified", False),
        ("Not reactivated - lost", False),
        ("Closed - Leased", False),
        ("Not lost; closed", False),
        ("Application denied", False),
        ("ApplicationDenied", False),
        ("Moved in", False),
        ("lost " * 10_000, False),
    ],
)
def test_a_lead_is_closed_by_the_words_of_its_status(status: str | None, active: bool) -> None:
    assert person_of(LEAD, row(status=status)).is_active is active


@pytest.mark.parametrize(
    ("states", "active"),
    [
        ([], True),
        (["PENDING"], True),
        (["DENIED"], False),
        (["CANCELED", "DENIED"], False),
        (["DENIED", "APPROVED"], True),
        ([None], True),
    ],
)
def test_an_applicant_is_closed_when_all_applications_are(
    states: list[str | None], active: bool
) -> None:
    applications = [
        {"application_id": f"a{place}", "status_normalized": state}
        for place, state in enumerate(states)
    ]
    person = person_of(APPLICANT, row("applicant_1", applications=applications))
    assert person.is_active is active


@pytest.mark.parametrize(
    ("states", "chosen"),
    [
        ([], None),
        (["PENDING", "CANCELED"], "a0"),
        (["DENIED", "APPROVED", "CANCELED"], "a1"),
        (["OTHER", "DENIED"], "a0"),
        (["PENDING", "APPROVED"], "a1"),
        (["CANCELED", "DENIED"], "a1"),
        ([None, "CANCELED"], "a0"),
        (["UNHEARD_OF", "canceled"], "a0"),
    ],
)
def test_the_application_of_an_event_is_a_live_one_then_the_latest(
    states: list[str | None], chosen: str | None
) -> None:
    applications = [
        {"application_id": f"a{place}", "status_normalized": state}
        for place, state in enumerate(states)
    ]
    person = person_of(APPLICANT, row("applicant_1", applications=applications))
    assert person.application_id == chosen


def test_where_nothing_is_normalized_the_pmss_own_word_decides() -> None:
    applications = [
        {"application_id": "a0", "status_normalized": None, "status_raw": "In review"},
        {"application_id": "a1", "status_normalized": None, "status_raw": "Cancelled"},
        {"application_id": None, "status_normalized": "PENDING"},
    ]
    assert person_of(APPLICANT, row(applications=applications)).application_id == "a0"


@pytest.mark.parametrize(
    ("days", "active"), [([None], True), ([30], True), ([-30], False), ([-30, None], True), ([], True)]
)  # fmt: skip
def test_a_resident_is_past_when_all_leases_ended(days: list[int | None], active: bool) -> None:
    today = datetime.now(UTC).date()
    leases = [
        {"lease_id": "l", "move_out_date": _day(today, day) if day is not None else None}
        for day in days
    ]
    assert person_of(RESIDENT, row("resident_1", leases_meta_data=leases)).is_active is active


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat() + "T00:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-20T12:00:00.000Z", datetime(2025, 11, 20, 12, tzinfo=UTC)),
        ("2025-11-20T12:00:00+02:00", datetime(2025, 11, 20, 10, tzinfo=UTC)),
        ("2025-11-20T12:00:00", datetime(2025, 11, 20, 12, tzinfo=UTC)),
        ("2025-11-20", datetime(2025, 11, 20, tzinfo=UTC)),
        ("yesterday", LONG_AGO),
        ("", LONG_AGO),
        (None, LONG_AGO),
    ],
)
def test_times_are_utc_and_no_time_is_long_ago(text: str | None, expected: datetime) -> None:
    assert moment(text) == expected
