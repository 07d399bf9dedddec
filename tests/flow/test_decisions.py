"""Are held calls worked off as an operator decides? Through the commands, on a real database."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from adapter.cli.commands import cli
from adapter.domain.call import CallState
from tests.support.sandboxed import MAIN, OTHER_STRANGER, STRANGER, Adapter, adapter, lines

NOT_HELD = "only a call that is held, ignored, failed or still open can be decided about"


@pytest.fixture
def made(database_url: str) -> Iterator[Adapter]:
    """Held calls of strangers, at a PMS that names new leads."""
    with adapter(database_url, vendors=["MRI", "YARDI"], ADAPTER_LINES=lines("MRI", "")) as found:
        yield found


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    text: str


def run(made: Adapter, *arguments: str, **environ: str) -> Said:
    """One adapter command with this adapter's environment."""
    given = {name: None for name in os.environ if name.isupper()}  # nothing of the machine's own
    kept = {"PATH": os.environ["PATH"], "COLUMNS": "200"}
    result = CliRunner().invoke(
        cli, list(arguments), env={**given, **kept, **made.environ, **environ}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Said(result.exit_code, " ".join(result.output.split()))


def held(made: Adapter, caller: str = STRANGER) -> str:
    sid = made.missed(caller)
    made.pass_time(60)
    assert made.call(sid).state is CallState.HELD
    return sid


def person_of(made: Adapter) -> Sequence[str]:
    return [event["person_id"] for event in made.events()]


# Held -------------------------------------------------------------------------------------------------


def test_held_lists_the_calls_that_wait_with_the_reason_and_what_to_do(made: Adapter) -> None:
    sid, other = held(made), held(made, OTHER_STRANGER)
    made.missed("+16175550134")
    made.pass_time(60)
    said = run(made, "held")
    assert said.code == 0
    assert "nobody with this number among the leads, applicants and residents" in said.text
    assert sid in said.text and other in said.text
    assert said.text.count("CA") >= 2 and "2 held." in said.text
    for command in ("adapter assign", "adapter create-lead", "adapter ignore", "adapter show"):
        assert command in said.text


def test_with_nothing_held_that_is_said(made: Adapter) -> None:
    assert "0 held." in run(made, "held").text


# Assign -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_indexed", [True, False], ids=["in the index", "not in the index"])
@pytest.mark.parametrize(
    ("option", "person", "path"),
    [
        ("--lead", "lead_ben_mri", "/v1/events/leads"),
        ("--applicant", "applicant_finn_mri", "/v1/events/applicants/mri/"),
        ("--resident", "resident_gia_mri", "/v1/events/residents"),
    ],
)
def test_an_assigned_call_is_written_on_that_person(
    made: Adapter, option: str, person: str, path: str, is_indexed: bool
) -> None:
    sid = held(made)
    if is_indexed:
        made.fill_index()
    said = run(made, "assign", sid, option, person)
    assert (said.code, f"goes to {option[2:]} {person}" in said.text) == (0, True)
    made.pass_time(60)
    call = made.call(sid)
    assert call.state is CallState.WRITTEN, call.reason
    assert (call.person_kind, call.person_id) == (option[2:], person)
    assert call.because == f"{option[2:]} {person}: assigned by an operator"
    (event,) = made.events()
    assert (event["person_id"], event["path"]) == (person, path)


@pytest.mark.parametrize("option", ["--lead", "--applicant", "--resident"])
def test_a_wrong_id_is_refused_at_once_and_nothing_changes(made: Adapter, option: str) -> None:
    sid = held(made)
    before = made.call(sid)
    said = run(made, "assign", sid, option, "nobody_1")
    assert said.code == 1
    assert f"{option[2:]} nobody_1 cannot be taken, and call {sid} stays as it is" in said.text
    assert "look the id up at Propexo" in said.text and "goes to" not in said.text
    after = made.call(sid)
    assert (after.state, after.run, after.reason) == (before.state, before.run, before.reason)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PROPEXO_BASE_URL": "http://127.0.0.1:1"}, "Propexo cannot be reached"),
        ({"PROPEXO_API_KEY": "another"}, "check PROPEXO_API_KEY"),
    ],
)
def test_an_id_that_cannot_be_checked_now_is_checked_when_it_is_delivered(
    made: Adapter, environ: dict[str, str], words: str
) -> None:
    sid = held(made)
    said = run(made, "assign", sid, "--lead", "nobody_1", **environ)
    assert said.code == 0
    assert "lead nobody_1 will be checked when it is delivered" in said.text
    assert words in said.text
    made.pass_time(60)
    call = made.call(sid)
    assert call.state in (CallState.FAILED, CallState.HELD)
    assert "nobody_1" in (call.reason or ""), call.reason
    assert "bug" not in (call.reason or "")
    made.fill_index()
    run(made, "assign", sid, "--lead", "lead_ben_mri")
    made.pass_time(60)
    assert made.call(sid).state is CallState.WRITTEN
    assert person_of(made) == ["lead_ben_mri"]


@pytest.mark.parametrize("is_indexed", [True, False], ids=["in the index", "not in the index"])
def test_somebody_of_another_integration_is_refused_in_words(
    made: Adapter, is_indexed: bool
) -> None:
    sid = held(made)
    if is_indexed:
        yardi = {"ADAPTER_LINES": lines("YARDI", "").replace(MAIN, "+16175550101")}
        environ = {**made.environ, **yardi}
        from adapter.bootstrap import Container
        from adapter.config.settings import Settings

        other = Container(Settings.from_environ(environ))
        from datetime import timedelta

        while other.target.people.step(timedelta(minutes=5)):
            pass
        other.store.engine.dispose()
    said = run(made, "assign", sid, "--lead", "lead_ben_yardi")
    assert said.code == 1
    assert "lead_ben_yardi belongs to integration int_yardi" in said.text
    made.pass_time(60)
    assert made.call(sid).state is CallState.HELD
    assert made.events() == []


def test_an_id_of_another_kind_is_refused(made: Adapter) -> None:
    sid = held(made)
    assert run(made, "assign", sid, "--lead", "resident_gia_mri").code == 1
    made.pass_time(60)
    assert made.call(sid).state is CallState.HELD
    assert made.events() == []


@pytest.mark.parametrize(
    "options",
    [[], ["--lead", "lead_1", "--resident", "resident_1"], ["--lead", ""]],
)
def test_exactly_one_person_must_be_named(made: Adapter, options: list[str]) -> None:
    said = run(made, "assign", held(made), *options)
    assert said.code == 2
    assert "exactly one of --lead, --applicant, --resident" in said.text


def test_an_assignment_overrules_the_rules(made: Adapter) -> None:
    """A withheld number: nobody can be found, but the operator knows who it was."""
    sid = held(made, "anonymous")
    run(made, "assign", sid, "--lead", "lead_ben_mri")
    made.fill_index()
    made.pass_time(60)
    call = made.call(sid)
    assert call.state is CallState.WRITTEN, call.reason


@pytest.mark.parametrize(
    "arguments",
    [["assign", "{}", "--lead", "lead_cara_mri"], ["ignore", "{}"], ["create-lead", "{}"]],
)
def test_a_written_call_cannot_be_decided_about(made: Adapter, arguments: list[str]) -> None:
    sid = made.missed("+16175550134")
    made.pass_time(60)
    said = run(made, *(each.format(sid) for each in arguments))
    assert said.code == 1
    assert f"call {sid} is written" in said.text and NOT_HELD in said.text
    made.pass_time(60)
    assert person_of(made) == ["lead_anna_mri"]


@pytest.mark.parametrize(
    "arguments", [("assign", "--lead", "lead_ben_mri"), ("ignore",), ("create-lead",)], ids=str
)
def test_a_call_whose_event_was_just_found_at_the_target_cannot_be_decided_about(
    made: Adapter, arguments: tuple[str, ...]
) -> None:
    """The run that found it notes that at once, and ends a moment later."""
    sid = held(made)
    key = made.call(sid).key
    with made.store.begin() as connection:
        made.store.calls.update(connection, key, state=CallState.DELIVERING, job_id="job_1")
    command, *options = arguments
    said = run(made, command, sid, *options)
    assert said.code == 1 and NOT_HELD in said.text, said.text
    assert made.call(sid).job_id == "job_1"


def test_a_call_that_nobody_knows_is_said(made: Adapter) -> None:
    for command in (["assign", "--lead", "x"], ["ignore"], ["create-lead"], ["show"], ["replay"]):
        said = run(made, command[0], "CA_gone", *command[1:])
        assert said.code == 1
        assert "no call 'CA_gone' is known" in said.text


# Ignore -----------------------------------------------------------------------------------------------


def test_an_ignored_call_is_never_written_but_by_a_replay(made: Adapter) -> None:
    sid = held(made)
    said = run(made, "ignore", sid)
    assert (said.code, f"adapter replay {sid}" in said.text) == (0, True)
    made.person("lead", id="lead_late", integration_id="int_mri", phone_1=STRANGER)
    made.fill_index()
    made.pass_time(3600)
    call = made.call(sid)
    assert (call.state, call.reason) == (CallState.IGNORED, "by an operator")
    assert made.events() == []
    run(made, "replay", sid)
    made.pass_time(60)
    assert made.call(sid).state is CallState.WRITTEN, made.call(sid).reason


def test_an_ignored_call_stays_ignored_when_another_hook_comes(made: Adapter) -> None:
    from tests.support.hooks import recording_hook

    sid = held(made)
    run(made, "ignore", sid)
    made.hook(**{**recording_hook(20), "CallSid": sid})
    made.pass_time(3600)
    assert made.call(sid).state is CallState.IGNORED


# Create a lead -----------------------------------------------------------------------------------------


def test_a_lead_is_made_on_an_operators_word(made: Adapter) -> None:
    sid = held(made)
    said = run(made, "create-lead", sid)
    assert (said.code, f"adapter show {sid}" in said.text) == (0, True)
    made.pass_time(120)
    call, (lead,) = made.call(sid), made.leads()
    assert call.state is CallState.WRITTEN, call.reason
    assert call.person_id == lead["person_id"]
    assert lead["body"]["phone_1"] == STRANGER


def test_a_lead_wanted_for_somebody_who_is_known_by_now_is_not_made(made: Adapter) -> None:
    sid = held(made)
    made.person(
        "lead",
        id="lead_late",
        integration_id="int_mri",
        property_id="prop_main_mri",
        phone_1="6175550160",
    )
    run(made, "create-lead", sid)
    made.pass_time(120)
    assert made.call(sid).person_id == "lead_late"
    assert made.leads() == []


def test_a_lead_for_a_withheld_number_is_refused_in_words(made: Adapter) -> None:
    sid = held(made, "anonymous")
    run(made, "create-lead", sid)
    made.pass_time(120)
    call = made.call(sid)
    assert call.state is CallState.HELD
    assert "withheld" in (call.reason or ""), call.reason
    assert made.leads() == []


def test_a_call_that_waits_for_its_lead_can_still_be_decided_about(database_url: str) -> None:
    """Entrata shows a new lead half a day later; the operator knows the person now."""
    with adapter(database_url, ADAPTER_LINES=lines(), read_back_seconds=12 * 3600) as made:
        sid = made.missed()
        made.pass_time(600)
        assert made.call(sid).state is CallState.DELIVERING
        said = run(made, "assign", sid, "--lead", "lead_ben")
        assert said.code == 0, said.text


# Replay -----------------------------------------------------------------------------------------------


def test_a_replay_looks_again(made: Adapter) -> None:
    sid = held(made)
    made.person(
        "lead",
        id="lead_late",
        integration_id="int_mri",
        property_id="prop_main_mri",
        phone_1="6175550160",
    )
    said = run(made, "replay", sid)
    assert (said.code, "will be delivered again" in said.text) == (0, True)
    made.pass_time(60)
    assert made.call(sid).person_id == "lead_late"


def test_all_held_calls_are_replayed_at_once(made: Adapter) -> None:
    sids = [held(made), held(made, OTHER_STRANGER)]
    assert "2 call(s)" in run(made, "replay", "--state", "held", "--yes").text
    made.pass_time(60)
    assert {made.call(sid).state for sid in sids} == {CallState.HELD}


def test_a_written_call_is_replayed_only_on_demand(made: Adapter) -> None:
    sid = made.missed("+16175550134")
    made.pass_time(60)
    assert "--again would write a second event" in run(made, "replay", sid).text
    made.pass_time(60)
    assert len(made.events()) == 1


# Lines ------------------------------------------------------------------------------------------------


def test_lines_shows_each_line_with_its_pms_and_what_it_lacks(made: Adapter) -> None:
    text = lines("MRI", "") + lines("YARDI", "", agent_name="").replace(MAIN, "+16175550101")
    said = run(made, "lines", ADAPTER_LINES=text)
    assert said.code == 1
    for words in ("(617) 555-0100", "MRI", "(617) 555-0101", "YARDI", "agent_name"):
        assert words in said.text
    assert "Next: what is said above" in said.text


def test_lines_that_lack_nothing_are_said_to_be_whole(made: Adapter) -> None:
    """No default integration: calls to other numbers are held, which is no mistake."""
    said = run(made, "lines")
    assert "none" in said.text
    assert "Next:" not in said.text
    assert said.code == 0


def test_sync_reads_all_people_and_says_so(made: Adapter) -> None:
    said = run(made, "sync")
    assert said.code == 0, said.text
    assert "The index is up to date" in said.text
    assert made.container.index.count() == 9


def test_sync_refuses_an_integration_that_propexo_does_not_have(made: Adapter) -> None:
    """Nothing of it is up to date, and it must not pass for an index without people."""
    second = lines("MRI", "", name="Oak Park", integration_id="int_gone")
    text = lines("MRI", "") + second.replace(MAIN, "+16175550101")
    said = run(made, "sync", ADAPTER_LINES=text)
    assert said.code == 1
    assert "Propexo has no integration int_gone for this key" in said.text
    assert "integration_id in lines.toml (it is named by Oak Park)" in said.text
    assert "up to date" not in said.text
    assert made.container.index.count() == 0


def test_the_story_tells_of_every_decision_at_its_time_and_in_order(made: Adapter) -> None:
    sid = held(made)
    for seconds, *arguments in (
        (3600, "ignore"),
        (3600, "replay"),
        (3600, "create-lead"),
        (0, "assign", "--lead", "lead_ben_mri"),
    ):
        made.pass_time(seconds)
        assert run(made, str(arguments[0]), sid, *map(str, arguments[1:])).code == 0
    made.pass_time(3600)
    assert made.call(sid).state is CallState.WRITTEN
    run(made, "replay", sid, "--again")
    told = run(made, "show", sid).text
    moment = r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \w+ +"  # with its zone
    decisions = re.findall(moment + r"(cli:\S+: .+?) (?=\d{4}-|What was|Next)", told)
    who = f"cli:{getpass.getuser()}: "
    assert [what.removeprefix(who) for _, what in decisions] == [
        "not to be written",
        "to be delivered again",
        "a lead is to be made of the caller",
        "assigned to lead lead_ben_mri",
        "to be delivered again, although it was written",
    ]
    moments = re.findall(moment + "(?:hook|cli|lookup|post|lead|confirm)", told)
    assert moments == sorted(moments) and len(moments) > len(decisions) + 2


def test_the_story_tells_of_the_decision(made: Adapter) -> None:
    sid = held(made)
    made.fill_index()
    run(made, "assign", sid, "--lead", "lead_ben_mri")
    made.pass_time(60)
    said = run(made, "show", sid)
    assert "lead lead_ben_mri: assigned by an operator" in said.text
    assert "nobody with this number" in said.text, "and of what was before"
