"""Is what a line lacks for its PMS found before the first call shows it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from adapter.config.lines_file import read_lines
from adapter.domain.lines import Line
from adapter.errors import CredentialsRefused
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.targets.propexo.client import PropexoClient
from adapter.targets.propexo.directory import Directory
from adapter.targets.propexo.rate_limiter import RateLimiter
from adapter.targets.propexo.requirements import lacking
from tests.support.propexo_client import KEY, NeverAsked, directory

NUMBER = "+16175550100"
VENDORS = ("ENTRATA", "YARDI", "REALPAGE", "REALPAGE_RPX", "RESMAN", "MRI", "BUILDIUM", "NEWPMS")


@pytest.fixture
def state() -> SandboxState:
    return SandboxState(VENDORS)


@pytest.fixture
def url(state: SandboxState) -> Iterator[str]:
    with SandboxServer(create_sandbox(state, api_key=KEY, rate_limit=0)) as server:
        yield server.url


def line(vendor: str, **keys: str | Sequence[str]) -> Line:
    """A line of this PMS that has only what is said."""
    given = {"integration_id": f"int_{vendor.lower()}", **keys}
    text = "".join(f"{k} = {v if isinstance(v, list) else repr(v)}\n" for k, v in given.items())
    return read_lines(f'[lines."{NUMBER}"]\n{text}', {}).by_number[NUMBER]


def of(vendor: str, **keys: str | Sequence[str]) -> Line:
    """A line with all that a call event may need."""
    suffix = "" if vendor == "ENTRATA" else f"_{vendor.lower()}"
    whole: dict[str, str | Sequence[str]] = {
        "property_id": f"prop_main{suffix}",
        "event_type": "Call",
        "employee": "lee@example.com",
        "agent_name": "Lee Agent",
    }
    return line(vendor, **{**whole, **keys})


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_whole_line_lacks_nothing(url: str, vendor: str) -> None:
    assert lacking(of(vendor), directory(url)) == (vendor, [])


@pytest.mark.parametrize(
    ("vendor", "missing"),
    [
        ("ENTRATA", ["event_type_id for leads, applicants and residents"]),
        ("YARDI", ["agent_name for leads and applicants"]),
        ("REALPAGE", ["event_type_id for applicants and residents"]),
        (
            "REALPAGE_RPX",
            ["event_type_id for leads, applicants and residents", "employee_id for leads"],
        ),
        ("RESMAN", []),
        ("MRI", ["event_type_id for leads, applicants and residents"]),
        ("BUILDIUM", []),
        ("NEWPMS", []),
    ],
)
def test_what_the_pms_needs_and_the_line_lacks_is_named_with_the_kinds(
    url: str, vendor: str, missing: list[str]
) -> None:
    found, problems = lacking(line(vendor), directory(url))
    assert found == vendor
    needed = [problem.partition(", the line has none: set ")[0] for problem in problems]
    assert sorted(needed) == sorted(f"{vendor} needs {each}" for each in missing)


def test_the_way_out_names_the_setting_and_the_name_that_does_as_well(url: str) -> None:
    (problem,) = lacking(line("ENTRATA"), directory(url))[1]
    assert problem.endswith(
        "set PROPEXO_EVENT_TYPE_ID, or event_type_id or event_type (its name) in lines.toml"
    )
    (problem,) = lacking(of("ENTRATA", unknown_caller="create_lead"), directory(url))[1]
    assert problem.endswith("for new leads, the line has none: set lead_source_id in lines.toml")


def test_only_the_kinds_of_people_that_the_line_has_count(url: str) -> None:
    assert lacking(line("REALPAGE", people=["lead"]), directory(url)) == ("REALPAGE", [])


def test_a_pms_that_takes_no_events_of_the_lines_people_is_said(url: str) -> None:
    vendor, problems = lacking(line("APPFOLIO"), directory(url))
    assert vendor == "APPFOLIO"
    assert len(problems) == 1 and "APPFOLIO takes no call events" in problems[0]
    assert "another PMS" in problems[0]
    _, problems = lacking(line("BUILDIUM", people=["lead"]), directory(url))
    assert problems == [
        "BUILDIUM takes no call events for leads: put applicant or resident into people in lines.toml"
    ]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"event_type": "Kall"},
            "there is no event type 'Kall' for leads, applicants and residents at property prop_main: "
            "use one of Call, Email, Note as event_type in lines.toml",
        ),
        (
            {"employee": "nobody@example.com"},
            "there is no active employee 'nobody@example.com': "
            "use one of Lee Agent as employee in lines.toml",
        ),
    ],
)
def test_a_misspelt_name_is_found_and_those_that_are_there_are_told(
    url: str, keys: dict[str, str], words: str
) -> None:
    assert lacking(of("ENTRATA", **keys), directory(url)) == ("ENTRATA", [words])


@pytest.mark.parametrize(
    ("key", "things", "setting"),
    [
        ("event_type", "event types", "PROPEXO_EVENT_TYPE_ID, or event_type_id in lines.toml"),
        ("employee", "active employees", "PROPEXO_EMPLOYEE_ID, or employee_id in lines.toml"),
    ],
)
def test_where_propexo_lists_none_a_name_cannot_be_looked_up_and_that_is_said(
    url: str, state: SandboxState, key: str, things: str, setting: str
) -> None:
    """An integration that is new at Propexo: nothing has been read from the PMS yet."""
    state.add_integration("int_empty", vendor="REALPAGE_RPX")
    given = {"event_type_id": "et_1", "employee_id": "emp_1", key: "Call"}
    del given[f"{key}_id"]
    bare = line("empty", **given)
    (problem,) = lacking(bare, directory(url))[1]
    assert f"Propexo lists no {things} there" in problem and "none" not in problem
    assert problem.endswith(f"wait until it has read them from the PMS, or set {setting}")


def test_an_employee_may_be_named_by_name_or_e_mail_in_any_case(url: str) -> None:
    for name in ("Lee Agent", "LEE@EXAMPLE.COM"):
        assert lacking(of("REALPAGE_RPX", employee=name), directory(url))[1] == []


def test_an_employee_who_left_is_as_good_as_none(url: str, state: SandboxState) -> None:
    state.add(
        "employees",
        {
            "id": "emp_gone",
            "integration_id": "int_entrata",
            "property_id": "prop_main",
            "name": "Gone Agent",
            "email": "gone@example.com",
            "is_active": False,
        },
    )
    assert (
        "no active employee" in lacking(of("ENTRATA", employee="Gone Agent"), directory(url))[1][0]
    )


def test_an_event_type_that_some_kinds_of_people_do_not_have_is_found(
    url: str, state: SandboxState
) -> None:
    """Leads have it, applicants and residents do not: their calls would be refused one by one."""
    state.add(
        "event-types",
        {
            "id": "et_prospects",
            "integration_id": "int_entrata",
            "property_id": "prop_main",
            "name": "Prospect call",
            "models": ["leads"],
        },
    )
    assert (
        lacking(of("ENTRATA", event_type="Prospect call", people=["lead"]), directory(url))[1] == []
    )
    _, problems = lacking(of("ENTRATA", event_type="Prospect call"), directory(url))
    assert problems, "there is no such event type for residents"


def test_an_event_type_at_another_property_only_is_found(url: str, state: SandboxState) -> None:
    state.add(
        "event-types",
        {
            "id": "et_oak_only",
            "integration_id": "int_entrata",
            "property_id": "prop_oak",
            "name": "Oak call",
            "models": ["leads", "applicants", "residents"],
        },
    )
    _, problems = lacking(of("ENTRATA", event_type="Oak call"), directory(url))
    assert len(problems) == 1 and "prop_main" in problems[0]


def test_a_name_that_the_pms_needs_nothing_of_is_no_problem(url: str) -> None:
    """[defaults] names an event type for the lines that need one; Yardi and ResMan do not."""
    whole = of("YARDI", event_type="Telephone", employee="nobody@example.com")
    assert lacking(whole, directory(url))[1] == []


def test_an_id_that_propexo_does_not_know_is_found(url: str) -> None:
    for given in (
        line("ENTRATA", event_type_id="et_gone"),
        of("ENTRATA", property_id="prop_gone"),
        of("ENTRATA", lead_source_id="ls_gone", unknown_caller="create_lead"),
    ):
        (problem,) = lacking(given, directory(url))[1]
        key = next(key for key, value in given if str(value).endswith("_gone"))
        assert f"{key} {getattr(given, key)} is none of integration int_entrata" in problem
        assert "use one of " in problem and f"{key} in lines.toml" in problem
    assert (
        "prop_main (Main Street), prop_oak (Oak Park)"
        in lacking(of("ENTRATA", property_id="x"), directory(url))[1][0]
    )


@pytest.mark.parametrize(
    ("vendor", "keys"),
    [
        ("ENTRATA", ["lead_source_id"]),
        ("YARDI", ["lead_source_id", "organization_name"]),
        ("REALPAGE_RPX", ["lead_relationship_id"]),
        ("NEWPMS", []),
    ],
)
def test_what_new_leads_need_counts_where_they_are_to_be_made(
    url: str, vendor: str, keys: list[str]
) -> None:
    problems = lacking(of(vendor, unknown_caller="create_lead"), directory(url))[1]
    assert [problem.partition(" for new leads")[0] for problem in problems] == [
        f"{vendor} needs {key}" for key in keys
    ]


def test_a_key_that_leads_events_and_new_leads_need_is_named_once(url: str) -> None:
    bare = line("ENTRATA", event_type="Call", unknown_caller="create_lead", people=["lead"])
    assert [problem.split(",")[0] for problem in lacking(bare, directory(url))[1]] == [
        "ENTRATA needs lead_source_id for new leads",
        "ENTRATA needs property_id for new leads",
    ]
    bare = line("MRI", unknown_caller="create_lead", people=["lead"], property_id="prop_main_mri")
    assert len(lacking(bare, directory(url))[1]) == 1


def test_an_employee_that_only_new_leads_need_is_looked_up_for_them(url: str) -> None:
    """Yardi's events take no employee; its leads do."""
    keys = {"lead_source_id": "ls_phone_yardi", "organization_name": "Example Living"}
    whole = of("YARDI", employee="nobody", unknown_caller="create_lead", **keys)
    (problem,) = lacking(whole, directory(url))[1]
    assert "no active employee 'nobody'" in problem


def test_a_pms_that_takes_no_new_leads_is_said_with_the_way_out(url: str) -> None:
    problems = lacking(line("KNOCK", unknown_caller="create_lead"), directory(url))[1]
    assert any(
        problem.startswith("KNOCK takes no new leads")
        and problem.endswith('set unknown_caller to "hold" in lines.toml')
        for problem in problems
    )


def test_a_line_without_or_with_an_unknown_integration_says_so(url: str) -> None:
    without = read_lines(f'[lines."{NUMBER}"]\n', {}).by_number[NUMBER]
    place = "PROPEXO_INTEGRATION_ID, or integration_id in lines.toml"
    assert lacking(without, directory(url)) == ("?", [f"it has no integration: set {place}"])
    assert lacking(line("gone"), directory(url)) == (
        "?",
        [f"Propexo has no integration int_gone for this key: correct {place}"],
    )


@pytest.mark.parametrize(
    "fields", [{"active": False}, {"is_archived": True}, {"can_authenticate": False}]
)
def test_an_integration_that_is_off_is_said(
    url: str, state: SandboxState, fields: dict[str, bool]
) -> None:
    state.add_integration("int_off", vendor="RESMAN", **fields)
    _, problems = lacking(line("off"), directory(url))
    assert len(problems) == 1 and "the integration int_off " in problems[0]
    assert "Propexo's dashboard" in problems[0]


def test_where_propexo_cannot_be_asked_nothing_is_made_up(url: str) -> None:
    with pytest.raises(CredentialsRefused, match="PROPEXO_API_KEY"):
        lacking(of("ENTRATA"), directory(url, "wrong-key"))


# The directory ------------------------------------------------------------------------------------------


def test_what_was_looked_up_is_kept_for_ten_minutes(url: str, state: SandboxState) -> None:
    now = [0.0]
    rate_limiter = RateLimiter(NeverAsked(), name="x", limit=0, clock=lambda: 0.0)
    client = PropexoClient(base_url=url, api_key=KEY, rate_limiter=rate_limiter)
    kept = Directory(client, clock=lambda: now[0])
    assert kept.vendor("int_new_one") is None
    state.add_integration("int_new_one", vendor="MRI")
    now[0] = 599.0
    assert kept.vendor("int_new_one") is None
    now[0] = 601.0
    assert kept.vendor("int_new_one") == "MRI"


def test_long_lists_are_read_to_the_end(url: str, state: SandboxState) -> None:
    for n in range(300):
        state.add(
            "employees",
            {
                "id": f"emp_many_{n}",
                "integration_id": "int_mri",
                "property_id": "prop_main_mri",
                "name": f"Agent {n}",
                "is_active": True,
                "created_at": f"2025-10-{n % 28 + 1:02}T00:00:00.000Z",
            },
        )
    assert all(
        not lacking(of("MRI", employee=f"Agent {n}"), directory(url))[1] for n in (0, 150, 299)
    )
