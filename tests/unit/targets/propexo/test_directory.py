"""Are names in lines.toml turned into the right ids, with few questions?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import Person
from adapter.errors import CredentialsRefused, TemporaryError
from adapter.targets.propexo.directory import REFRESH_SECONDS, Directory
from tests.support.propexo_client import BASE, NoBudget, a_client

LEAD, RESIDENT = PersonKind.LEAD, PersonKind.RESIDENT
LINE = Line(integration_id="int_1", property_id="prop_main", event_type="Call")


@dataclass
class Time:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def directory(time: Time) -> Directory:
    return Directory(a_client(NoBudget()), clock=time)


def person(kind: PersonKind = LEAD, property_id: str | None = "prop_main") -> Person:
    return Person(kind, "p1", "int_1", property_id=property_id)


def line(**changes: Any) -> Line:
    return LINE.model_copy(update=changes)


def serve(http: responses.RequestsMock, path: str, *rows: dict[str, Any]) -> None:
    http.add(responses.GET, f"{BASE}{path}", json={"meta": {"hasMore": False}, "results": rows})


def event_type(id: str, name: str = "Call", place: str = "prop_main", **more: Any) -> Any:
    return {"id": id, "name": name, "property_id": place, "models": ["leads"], **more}


def test_an_event_type_is_found_by_its_name_at_the_persons_property(
    directory: Directory, http: responses.RequestsMock
) -> None:
    serve(
        http,
        "/v1/event-types/",
        event_type("et_mail", "Email"),
        event_type("et_oak", place="prop_oak"),
        event_type("et_call", "CALL"),
    )
    assert directory.event_type_id(LINE, person()) == "et_call"


def test_a_person_of_no_property_has_the_event_type_of_the_lines(
    directory: Directory, http: responses.RequestsMock
) -> None:
    rows = (event_type("et_oak", place="prop_oak"), event_type("et_main"))
    serve(http, "/v1/event-types/", *rows)
    assert directory.event_type_id(LINE, person(property_id=None)) == "et_main"


def test_an_event_type_of_another_kind_of_person_is_not_taken(
    directory: Directory, http: responses.RequestsMock
) -> None:
    rows = [event_type("et_1"), event_type("et_2", models=["residents", "applicants"])]
    serve(http, "/v1/event-types/", *rows)
    assert directory.event_type_id(LINE, person(RESIDENT)) == "et_2"


@pytest.mark.parametrize("models", [None, []])
def test_an_event_type_that_names_no_models_is_for_all(
    directory: Directory, http: responses.RequestsMock, models: list[str] | None
) -> None:
    serve(http, "/v1/event-types/", event_type("et_1", models=models))
    assert directory.event_type_id(LINE, person(RESIDENT)) == "et_1"


def test_no_event_type_of_this_name_is_none(
    directory: Directory, http: responses.RequestsMock
) -> None:
    serve(http, "/v1/event-types/", event_type("et_1", "Email"))
    assert directory.event_type_id(LINE, person()) is None


def test_an_id_is_taken_as_it_is_and_nothing_is_asked(
    directory: Directory, http: responses.RequestsMock
) -> None:
    assert directory.event_type_id(line(event_type=None, event_type_id="et_9"), person()) == "et_9"
    assert directory.event_type_id(line(event_type_id="et_9"), person()) == "et_9"
    assert directory.employee_id(line(employee_id="emp_9", employee="Lee"), person()) == "emp_9"
    assert directory.employee_id(LINE, person()) is None
    assert len(http.calls) == 0


def test_of_a_person_elsewhere_the_type_of_the_same_name_there_is_taken(
    directory: Directory, http: responses.RequestsMock
) -> None:
    serve(http, "/v1/event-types/", event_type("et_oak", place="prop_oak"))
    elsewhere = person(property_id="prop_oak")
    assert directory.event_type_id(line(event_type_id="et_9"), elsewhere) == "et_oak"


def test_an_employee_is_found_by_name_or_mail_at_the_persons_property_first(
    directory: Directory, http: responses.RequestsMock
) -> None:
    serve(
        http,
        "/v1/employees/",
        {"id": "e1", "name": "Lee Agent", "email": "x@example.com", "property_id": "prop_oak"},
        {"id": "e2", "name": "Lee Agent", "property_id": "prop_main", "is_active": False},
        {"id": "e3", "name": "lee agent", "property_id": "prop_main", "is_active": True},
        {"id": "e4", "name": None, "email": "Lee@Example.com", "property_id": None},
    )
    assert directory.employee_id(line(employee="Lee Agent"), person()) == "e3"
    assert directory.employee_id(line(employee="lee@example.com"), person()) == "e4"
    assert directory.employee_id(line(employee="Nobody"), person()) is None
    assert len(http.calls) == 1, "what was read is kept"


def test_what_was_read_is_read_again_after_ten_minutes(
    directory: Directory, http: responses.RequestsMock, time: Time
) -> None:
    http.add(responses.GET, f"{BASE}/v1/event-types/", json={"results": []})
    http.add(responses.GET, f"{BASE}/v1/event-types/", json={"results": [event_type("new")]})
    assert directory.event_type_id(LINE, person()) is None
    time.now = REFRESH_SECONDS - 1
    assert directory.event_type_id(LINE, person()) is None
    time.now = REFRESH_SECONDS
    assert directory.event_type_id(LINE, person()) == "new"


def test_every_page_is_read(directory: Directory, http: responses.RequestsMock) -> None:
    for page, more in ((0, True), (1, False)):
        http.add(
            responses.GET,
            f"{BASE}/v1/event-types/",
            match=[query_param_matcher({"offset": str(page * 250)}, strict_match=False)],
            json={"meta": {"hasMore": more}, "results": [event_type(f"et_{page}", f"T{page}")]},
        )
    assert directory.event_type_id(line(event_type="T1"), person()) == "et_1"


def test_a_full_page_has_a_next_one_where_it_is_not_told(
    directory: Directory, http: responses.RequestsMock
) -> None:
    for page, count in ((0, 250), (1, 1)):
        http.add(
            responses.GET,
            f"{BASE}/v1/event-types/",
            match=[query_param_matcher({"offset": str(page * 250)}, strict_match=False)],
            json={
                "meta": {"orderBy": [], "hasMore": None},
                "results": [event_type(f"et_{page}_{n}", f"T{page}") for n in range(count)],
            },
        )
    assert directory.event_type_id(line(event_type="T1"), person()) == "et_1_0"


@pytest.mark.parametrize("status", [404, 405])
def test_a_pms_without_such_a_list_has_none(
    directory: Directory, http: responses.RequestsMock, status: int
) -> None:
    http.add(responses.GET, f"{BASE}/v1/event-types/", status=status)
    assert directory.event_type_id(LINE, person()) is None


@pytest.mark.parametrize(("status", "kind"), [(503, TemporaryError), (401, CredentialsRefused)])
def test_trouble_is_not_kept(
    directory: Directory, http: responses.RequestsMock, status: int, kind: type[Exception]
) -> None:
    http.add(responses.GET, f"{BASE}/v1/event-types/", status=status)
    serve(http, "/v1/event-types/", event_type("et_1"))
    with pytest.raises(kind):
        directory.event_type_id(LINE, person())
    assert directory.event_type_id(LINE, person()) == "et_1"


@pytest.mark.parametrize("is_bare", [True, False])
def test_an_integration_tells_its_pms_in_both_shapes_of_the_list(
    directory: Directory, http: responses.RequestsMock, is_bare: bool
) -> None:
    rows = [{"id": "int_0", "vendor": "YARDI"}, {"id": "int_1", "vendor": "ENTRATA"}]
    http.add(
        responses.GET, f"{BASE}/v1/admin/integrations/", json=rows if is_bare else {"results": rows}
    )
    assert directory.vendor("int_1") == "ENTRATA"
    assert directory.vendor("int_7") is None
