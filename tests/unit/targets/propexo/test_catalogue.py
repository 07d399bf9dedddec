"""Which choices does Propexo offer for a line, and in which order?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
import responses

from adapter.config.settings import Settings
from adapter.domain.lines import Line, PersonKind, UnknownCaller
from adapter.errors import CredentialsRefused, PermanentError
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.targets.catalogue import Question
from adapter.targets.propexo.catalogue import PropexoCatalogue, catalogue

KEY = "sandbox-key"
HERE = "https://calls.example.com/webhooks/propexo"
PROPEXO = "https://api.propexo.com"
LEADS_ONLY = (PersonKind.LEAD,)


@pytest.fixture
def state() -> SandboxState:
    return SandboxState(("ENTRATA", "YARDI"))


@pytest.fixture
def found(state: SandboxState) -> Iterator[PropexoCatalogue]:
    with SandboxServer(create_sandbox(state, api_key=KEY, rate_limit=0)) as server:
        yield of(server.url)


def of(url: str, key: str = KEY) -> PropexoCatalogue:
    return catalogue(Settings.from_environ({"PROPEXO_BASE_URL": url, "PROPEXO_API_KEY": key}))


def event_type(
    state: SandboxState, id: str, name: str, *models: str, place: str = "prop_main"
) -> None:
    fields = {"id": id, "name": name, "models": list(models), "property_id": place}
    state.add("event-types", {**fields, "integration_id": "int_entrata"})


def asked(found: PropexoCatalogue, **keys: object) -> Sequence[Question]:
    line = {"integration_id": "int_entrata", "property_id": "prop_main", **keys}
    return found.questions(Line.model_validate(line))


def offered(question: Question) -> list[tuple[str, str]]:
    return [(choice.key, choice.value) for choice in question.choices]


# Integrations and properties ---------------------------------------------------------------------


def test_integrations_say_why_nothing_can_be_written(
    state: SandboxState, found: PropexoCatalogue
) -> None:
    state.add_integration("int_off", vendor="MRI", active=False)
    state.add_integration("int_old", vendor="MRI", is_archived=True)
    by_id = {each.id: each for each in found.integrations()}
    assert by_id["int_entrata"].problem is None
    assert by_id["int_entrata"].system == "ENTRATA"
    assert by_id["int_knock"].problem == "KNOCK takes no call events"
    assert "is not active" in (by_id["int_off"].problem or "")
    assert "int_old" not in by_id


def test_properties_that_are_not_active_come_last(
    state: SandboxState, found: PropexoCatalogue
) -> None:
    owner = {"integration_id": "int_entrata"}
    state.add("properties", {**owner, "id": "prop_a", "name": "Abbey", "is_active": False})
    places = found.places("int_entrata")
    assert [place.id for place in places] == ["prop_main", "prop_oak", "prop_a"]
    assert [place.label for place in places][1:] == ["Oak Park, Boston, MA", "Abbey, not active"]


# Questions ---------------------------------------------------------------------------------------


def test_types_like_a_call_come_first(state: SandboxState, found: PropexoCatalogue) -> None:
    everybody = ("leads", "applicants", "residents")
    event_type(state, "et_1", "Appointment", *everybody)
    event_type(state, "et_2", "Outgoing call", *everybody)
    event_type(state, "et_3", "Recalled", *everybody)
    event_type(state, "et_4", "Telephone", "leads")
    event_type(state, "et_5", "Call elsewhere", *everybody, place="prop_oak")
    question = asked(found)[0]
    assert question.key == "event_type_id"
    assert "ENTRATA needs it for leads, applicants and residents" in question.why
    names = [choice.value for choice in question.choices]
    assert names == [
        "Call",
        "Outgoing call",
        "Appointment",
        "Email",
        "Note",
        "Recalled",
        "Telephone",
    ]
    assert question.choices[-1].remark == "leads only"
    assert question.proposal is None  # two are like a call, so neither is proposed


def test_a_name_that_is_several_ids_is_one_choice(
    state: SandboxState, found: PropexoCatalogue
) -> None:
    """A name is looked up for each kind of person; the same name twice for one kind says nothing."""
    event_type(state, "et_1", "Visit", "leads")
    event_type(state, "et_2", "visit", "applicants", "residents")
    event_type(state, "et_3", "Note", "leads")
    question = asked(found)[0]
    assert ("event_type", "Visit") in offered(question) or ("event_type", "visit") in offered(
        question
    )
    assert {("event_type_id", "et_3"), ("event_type_id", "et_note_main")} <= set(offered(question))
    assert question.choice("et_1") == question.choice("VISIT")
    assert question.choice("et_3") != question.choice("et_note_main")
    assert question.choice("nothing") is None


def test_what_a_line_has_or_inherits_is_not_asked(found: PropexoCatalogue) -> None:
    keys = [question.key for question in asked(found, event_type="Call")]
    assert keys == ["lead_source_id"]
    assert not asked(found, event_type_id="et_call_main", lead_source_id="ls_phone")


def test_leads_make_optional_answers_needed(found: PropexoCatalogue) -> None:
    (source,) = asked(found, event_type="Call")
    assert not source.is_needed
    (source,) = asked(found, event_type="Call", unknown_caller=UnknownCaller.CREATE_LEAD)
    assert source.is_needed
    assert source.proposal is not None and source.proposal.value == "ls_phone"


def test_agents_are_offered_by_name_and_may_be_others(
    state: SandboxState, found: PropexoCatalogue
) -> None:
    owner = {"integration_id": "int_yardi", "is_active": True}
    state.add("employees", {**owner, "id": "emp_2", "name": "Ann Away", "property_id": "prop_x"})
    state.add("employees", {**owner, "id": "emp_3", "name": "Gone", "is_active": False})
    line = {"integration_id": "int_yardi", "property_id": "prop_main_yardi"}
    question = asked(found, **line, people=LEADS_ONLY)[0]
    assert offered(question) == [("agent_name", "Lee Agent"), ("agent_name", "Ann Away")]
    other = question.choice("Somebody Else")
    assert other is not None and (other.key, other.value) == ("agent_name", "Somebody Else")


def test_where_nothing_is_listed_a_text_is_an_id(found: PropexoCatalogue) -> None:
    question = asked(found, property_id="prop_of_which_nothing_was_read")[0]
    assert question.choices == [] and question.proposal is None
    choice = question.choice("et_9")
    assert choice is not None and (choice.key, choice.value) == ("event_type_id", "et_9")


# The webhook of failed writes --------------------------------------------------------------------


def test_a_webhook_is_made_active_and_found_again(
    state: SandboxState, found: PropexoCatalogue
) -> None:
    assert found.failure_hook(HERE) is None
    made = found.add_failure_hook(HERE, "a-secret-of-ours")
    assert made.secret == "a-secret-of-ours"
    assert found.failure_hook(HERE) == made
    assert found.failure_hook("https://other.example/webhooks/propexo") is None
    (row,) = state.webhooks
    assert row["active"] is True
    row["triggers"] = [{"id": "1", "trigger": "DATA_NEW", "model": "events"}]
    assert found.failure_hook(HERE) is None


@responses.activate
def test_a_secret_that_is_hidden_is_none() -> None:
    row = {"url": HERE, "active": True, "secret": "****************"}
    responses.get(f"{PROPEXO}/v1/webhooks/", json={"results": [row], "meta": {"hasMore": False}})
    hook = of(PROPEXO).failure_hook(HERE)
    assert hook is not None and hook.secret is None


@responses.activate
@pytest.mark.parametrize("status", [404, 405])
def test_where_webhooks_cannot_be_listed_there_is_none(status: int) -> None:
    responses.get(f"{PROPEXO}/v1/webhooks/", status=status, json={})
    assert of(PROPEXO).failure_hook(HERE) is None


@responses.activate
def test_other_refusals_are_errors() -> None:
    responses.get(f"{PROPEXO}/v1/webhooks/", status=400, json={})
    with pytest.raises(PermanentError):
        of(PROPEXO).failure_hook(HERE)


def test_a_wrong_key_is_refused() -> None:
    with (
        SandboxServer(create_sandbox(SandboxState(), api_key=KEY, rate_limit=0)) as server,
        pytest.raises(CredentialsRefused),
    ):
        of(server.url, "wrong").integrations()
