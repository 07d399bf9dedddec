"""What does `adapter setup` do without a terminal? Against a Twilio and a Propexo over real HTTP."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from adapter.cli import common
from adapter.cli.commands import cli
from adapter.cli.terminal import Screen
from adapter.config.env_file import read_env_file
from adapter.config.lines_file import read_lines
from adapter.config.settings import Settings
from adapter.domain.lines import Line
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.lanes import full
from tests.support.twilio_api import FakeTwilio, Fault

Run = Callable[..., Result]
KEY = "sandbox-key"
MAIN, OAK, FAX = "+16175550100", "+16175550101", "+16175550102"
HERE = "http://127.0.0.1:9"  # nobody listens there
KEYS = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "PROPEXO_API_KEY": KEY}
PAIRS = ("--line", f"{MAIN}=prop_main", "--line", f"{OAK}=prop_oak")
ENTRATA = ("--integration", "int_entrata")


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    """Two numbers with the names of properties, and one of which nobody knows what it is."""
    with FakeTwilio({ACCOUNT: TOKEN}) as server:
        server.add_number(ACCOUNT, "PN1", MAIN, friendly_name="Main St leasing")
        server.add_number(ACCOUNT, "PN2", OAK, friendly_name="Oak Park")
        server.add_number(ACCOUNT, "PN3", FAX, friendly_name="The fax")
        yield server


@pytest.fixture
def propexo() -> SandboxState:
    return SandboxState(("ENTRATA", "YARDI", "REALPAGE_RPX"))


@pytest.fixture
def server(propexo: SandboxState) -> Iterator[SandboxServer]:
    with SandboxServer(create_sandbox(propexo, api_key=KEY, rate_limit=0)) as server:
        yield server


@pytest.fixture
def run(
    twilio: FakeTwilio,
    server: SandboxServer,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Runs the command in an empty folder, with a database that has its tables."""
    database = tmp_path_factory.mktemp("database") / "adapter.sqlite3"
    shutil.copyfile(sqlite_template, database)
    monkeypatch.setattr(common, "console", Screen(width=300))
    for name in [name for name in os.environ if name.startswith(("TWILIO_", "PROPEXO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments: str, keys: dict[str, str] | None = None, **more: str) -> Result:
        environ = {
            "TWILIO_API_BASE_URL": twilio.url,
            "PROPEXO_BASE_URL": server.url,
            "DATABASE_URL": f"sqlite:///{database}",
            **(KEYS if keys is None else keys),
            **more,
        }
        result = CliRunner().invoke(cli, ["setup", *arguments], env=environ)
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert TOKEN not in result.output and KEY not in result.output
        return result

    return run_command


def well(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def failed(result: Result, code: int = 2) -> str:
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def written(folder: Path) -> dict[str, Line]:
    """The lines that the settings lead to."""
    settings = Settings.from_environ(read_env_file(folder / ".env"))
    return read_lines(settings.adapter_lines, settings.line_defaults).by_number


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What is missing ---------------------------------------------------------------------------------


def test_without_keys_it_names_them_all(run: Run, tmp_path: Path) -> None:
    said = failed(run(keys={}))
    for name in KEYS:
        assert name in said
    assert "--twilio-account-sid" in said
    assert names(tmp_path) == []


def test_keys_that_are_refused_are_said_to_be(run: Run, tmp_path: Path) -> None:
    said = failed(run(keys={**KEYS, "TWILIO_AUTH_TOKEN": "wrong", "PROPEXO_API_KEY": "wrong too"}))
    assert "Twilio account's auth token: it is refused (401)" in said
    assert "Propexo API key: it is refused (401)" in said
    assert "wrong" not in said.replace("missing or wrong", "")
    said = failed(run(keys={**KEYS, "TWILIO_ACCOUNT_SID": "SK" + "0" * 32}))
    assert "that of an API key (SK...)" in said
    assert names(tmp_path) == []


def test_an_api_that_does_not_answer_ends_it(run: Run, twilio: FakeTwilio) -> None:
    twilio.faults = [Fault("IncomingPhoneNumbers", 503)]
    assert "TWILIO_API_BASE_URL and the network" in failed(run(), 1)
    assert "PROPEXO_BASE_URL is http://127.0.0.1:9" in failed(run(PROPEXO_BASE_URL=HERE), 1)


def test_without_pairs_it_shows_numbers_and_properties(run: Run, tmp_path: Path) -> None:
    said = failed(run(*ENTRATA))
    assert "give --line NUMBER=PROPERTY, or --accept-proposals" in said
    assert f"{MAIN} Main St leasing; perhaps prop_main, Main Street" in said
    assert f"{FAX} The fax prop" in said.replace("properties: ", "")
    assert "prop_oak Oak Park, Boston, MA" in said
    assert names(tmp_path) == []


def test_an_event_type_is_asked_for_once_with_all_that_there_are(run: Run, tmp_path: Path) -> None:
    said = failed(run(*PAIRS))
    assert said.count("--event-type VALUE") == 1
    assert "ENTRATA needs it for leads, applicants and residents" in said
    assert "Call Email Note" in said
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--line", f"{MAIN}=prop_x"), "there is no property prop_x"),
        (("--line", "+16175550177=prop_main"), "+16175550177 is a number of none of the accounts"),
        full(("--no-line", "+16175550177"), "+16175550177 is a number of none of the accounts"),
        ((*PAIRS, "--event-type", "Fax"), "Fax is none of Main Street"),
        ((*PAIRS, "--integration", "int_x"), "there is no integration int_x for this key"),
        full((*PAIRS, "--integration", "int_knock"), "KNOCK takes no call events"),
        (("--line", MAIN), "is no pair; write NUMBER=PROPERTY"),
        (
            ("--line", f"{MAIN}=prop_main", "--line", f"{MAIN}=prop_oak"),
            f"it says 'prop_main' and 'prop_oak' of {MAIN}; give one of them",
        ),
        full((*PAIRS, "--no-line", MAIN), f"{MAIN} stands in --line too"),
        full((*PAIRS, "--event-type", "Call", "--event-type", "Note"), "of all lines"),
        full(("--line", "12=prop_main"), "'12' is not a phone number"),
        (
            ("--line", f"{MAIN}=prop_main", "--public-base-url", "calls.example.com"),
            "PUBLIC_BASE_URL",
        ),
    ],
)
def test_a_flag_that_is_wrong_is_named(
    run: Run, tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    assert said in failed(run(*flags, "--employee", "emp_1"))
    assert names(tmp_path) == []


def test_a_number_that_cannot_work_becomes_no_line(
    run: Run, twilio: FakeTwilio, tmp_path: Path
) -> None:
    twilio.add_number(ACCOUNT, "PN4", "+16175550105", trunk_sid="TK" + "1" * 32)
    said = failed(run(*PAIRS, *ENTRATA, "--line", "+16175550105=prop_main"))
    assert "+16175550105 cannot be a line" in said and "trunk" in said
    assert names(tmp_path) == []


def test_a_subaccount_without_a_token_is_named(run: Run, twilio: FakeTwilio) -> None:
    below = "AC" + "2" * 32
    twilio.accounts.append({"sid": below, "owner_account_sid": ACCOUNT, "status": "active"})
    said = run().output
    assert f"The numbers of the subaccount {below} are not among them" in said


# What is written ---------------------------------------------------------------------------------


def test_proposals_are_taken_only_if_that_is_said(run: Run, tmp_path: Path) -> None:
    """Which of two properties of one name it is, is not clear; so is a number without a name."""
    assert "which number belongs to which property" in failed(run("--accept-proposals"))
    said = well(run(*ENTRATA, "--accept-proposals"))
    assert "No line yet: (617) 555-0102 The fax" in said
    lines = written(tmp_path)
    assert {n: (line.property_id, line.event_type) for n, line in lines.items()} == {
        MAIN: ("prop_main", "Call"),
        OAK: ("prop_oak", "Call"),
    }
    assert "has what ENTRATA needs" in said


def test_the_files_are_whole_and_their_secrets_are_kept(run: Run, tmp_path: Path) -> None:
    flags = (*PAIRS, "--event-type", "Call", "--public-base-url", f"{HERE}/")
    well(run(*flags, DATABASE_URL=""))
    assert names(tmp_path) == [".env", "lines.toml", "var"]
    path = tmp_path / ".env"
    assert path.stat().st_mode & 0o777 == 0o600
    settings = read_env_file(path)
    assert settings["PUBLIC_BASE_URL"] == HERE
    assert settings["ADAPTER_LINES"] == str(tmp_path / "lines.toml")
    assert settings["DATABASE_URL"] == f"sqlite:///{tmp_path}/var/adapter.sqlite3"
    assert {name: settings[name] for name in KEYS} == KEYS
    assert len(settings["SECRET_KEY"]) >= 32 and len(settings["ADMIN_PASSWORD"]) >= 16
    text = (tmp_path / "lines.toml").read_text()
    assert 'property_id = "prop_main"  # Main Street, Boston, MA' in text


def test_what_is_there_stays(run: Run, tmp_path: Path) -> None:
    """A file of settings and lines of somebody's own: only what is new is added."""
    own = "# mine\nSETTLE_SECONDS=20\nADAPTER_LINES=lines.toml\nTWILIO_AUTH_TOKEN=\n"
    (tmp_path / ".env").write_text(own)
    (tmp_path / ".env").chmod(0o644)
    old = f'[defaults]\nevent_type = "Call"  # all of them\n[lines."{MAIN}"]\nintegration_id = "int_entrata"\n'
    (tmp_path / "lines.toml").write_text(old)
    well(run("--line", f"{OAK}=prop_oak", "--no-line", FAX))
    assert (tmp_path / "lines.toml").read_text().startswith(old)
    assert (tmp_path / "lines.toml.old").read_text() == old
    text = (tmp_path / ".env").read_text()
    assert text.startswith("# mine\nSETTLE_SECONDS=20\n")
    assert text.count("TWILIO_AUTH_TOKEN") == 1
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    lines = written(tmp_path)
    assert list(lines) == [MAIN, OAK]
    assert lines[OAK].event_type == "Call"


def test_run_again_it_changes_nothing_and_wants_nothing(run: Run, tmp_path: Path) -> None:
    flags = (*PAIRS, "--event-type", "Call", "--public-base-url", HERE, "--failure-webhook")
    well(run(*flags))
    before = {path: path.read_bytes() for path in (tmp_path / ".env", tmp_path / "lines.toml")}
    assert "Nothing is new" in well(run(*flags))
    assert "Nothing is new" in well(run(keys={}))
    assert before == {path: path.read_bytes() for path in before}
    assert names(tmp_path) == [".env", "lines.toml"]
    said = failed(run("--line", f"{MAIN}=prop_oak"))
    assert f"lines.toml has {MAIN} with the property prop_main: change it there" in said


def test_only_what_is_new_is_asked(run: Run, twilio: FakeTwilio, tmp_path: Path) -> None:
    well(run(*PAIRS, "--event-type", "Call", "--no-line", FAX))
    new = "+16175550103"
    twilio.add_number(ACCOUNT, "PN4", new, friendly_name="Oak Park annex")
    said = well(run(keys={}))
    assert "No line yet: (617) 555-0103 Oak Park annex" in said and "The fax" not in said
    well(run("--line", f"{new}=prop_oak", "--event-type", "Note", keys={}))
    lines = written(tmp_path)
    assert [line.event_type for line in lines.values()] == ["Call", "Call", "Note"]


def test_lines_that_were_given_as_text_become_a_file(run: Run, tmp_path: Path) -> None:
    text = f'[lines."{MAIN}"]\nintegration_id = "int_entrata"\nevent_type = "Call"'
    (tmp_path / ".env").write_text(f"ADAPTER_LINES='{text}'\n")
    well(run("--line", f"{OAK}=prop_oak", "--event-type", "Call", "--no-line", FAX))
    assert list(written(tmp_path)) == [MAIN, OAK]
    assert read_env_file(tmp_path / ".env")["ADAPTER_LINES"] == str(tmp_path / "lines.toml")


def test_wrong_files_are_left_as_they_are(run: Run, tmp_path: Path) -> None:
    (tmp_path / "lines.toml").write_text("[lines")
    (tmp_path / ".env").write_text("ADAPTER_LINES=lines.toml\n")
    assert "is not TOML" in failed(run(*PAIRS, "--event-type", "Call"), 1)
    (tmp_path / ".env").write_text("not a setting\n")
    assert "line 1: this is not NAME=value" in failed(run(*PAIRS), 1)
    assert names(tmp_path) == [".env", "lines.toml"]


def test_the_key_of_a_database_that_was_used_is_left_alone(run: Run, tmp_path: Path) -> None:
    well(run(*PAIRS, "--event-type", "Call"))
    settings = read_env_file(tmp_path / ".env")
    assert "SECRET_KEY" not in settings
    assert settings["DATABASE_URL"].endswith("/adapter.sqlite3")


def test_settings_for_another_propexo_are_blanked(run: Run, tmp_path: Path) -> None:
    """.env.example has the ids of the sandbox; at the real Propexo they would be everybody's defaults."""
    (tmp_path / ".env").write_text(
        "PROPEXO_INTEGRATION_ID=int_other\nPROPEXO_EVENT_TYPE_ID=et_other\n"
    )
    said = well(run(*PAIRS, "--event-type", "Call"))
    assert "PROPEXO_INTEGRATION_ID and PROPEXO_EVENT_TYPE_ID" in said
    settings = read_env_file(tmp_path / ".env")
    assert (settings["PROPEXO_INTEGRATION_ID"], settings["PROPEXO_EVENT_TYPE_ID"]) == ("", "")
    assert {line.event_type for line in written(tmp_path).values()} == {"Call"}


def test_a_file_that_is_named_may_be_new(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    path = tmp_path / "site" / "settings"
    command = ["--env-file", str(path), "setup", *PAIRS, "--event-type", "Call"]
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TWILIO_API_BASE_URL", HERE)
    result = CliRunner().invoke(cli, command)
    assert "Twilio's API gave no answer" in result.output, result.output  # so it was read
    assert not path.exists()


def test_on_a_host_it_refuses(run: Run) -> None:
    assert "DYNO is set: this host empties its disk" in failed(run(DYNO="web.1"), 1)


# What each system needs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vendor", "flags", "keys"),
    [
        full("yardi", ("--agent-name", "Lee Agent"), {"agent_name": "Lee Agent"}),
        (
            "realpage_rpx",
            ("--event-type", "Call", "--employee", "lee@example.com"),
            {"event_type": "Call", "employee_id": "emp_1_realpage_rpx"},
        ),
        (
            "yardi",
            (
                *("--unknown-caller", "create_lead", "--agent-name", "Lee Agent"),
                *("--lead-source", "Phone call", "--employee", "Lee Agent"),
                *("--organization-name", "Example Living"),
            ),
            {
                "unknown_caller": "create_lead",
                "lead_source_id": "ls_phone_yardi",
                "employee_id": "emp_1_yardi",
                "organization_name": "Example Living",
            },
        ),
    ],
)
def test_a_line_gets_what_its_system_needs(
    run: Run, tmp_path: Path, vendor: str, flags: tuple[str, ...], keys: dict[str, str]
) -> None:
    pair = ("--line", f"{MAIN}=prop_main_{vendor}")
    for at in range(0, len(flags), 2):
        if flags[at] != "--unknown-caller":
            assert flags[at] in failed(run(*pair, *flags[:at], *flags[at + 2 :]))
    said = well(run(*pair, *flags))
    assert f"has what {vendor.upper()} needs" in said
    line = written(tmp_path)[MAIN]
    assert {key: getattr(line, key) for key in keys} == keys


def test_employees_are_listed_by_name_and_address(run: Run) -> None:
    said = failed(run("--line", f"{MAIN}=prop_main_realpage_rpx", "--event-type", "Call"))
    assert "emp_1_realpage_rpx Lee Agent, lee@example.com" in said


def test_an_answer_may_be_for_one_line(run: Run, tmp_path: Path) -> None:
    well(run(*PAIRS, "--event-type", "Call", "--event-type", f"{OAK}=Note"))
    lines = written(tmp_path)
    assert (lines[MAIN].event_type, lines[OAK].event_type) == ("Call", "Note")


def test_what_propexo_has_not_read_yet_is_left_open(
    run: Run, propexo: SandboxState, tmp_path: Path
) -> None:
    propexo.add_integration("int_new", vendor="MRI")
    propexo.add("properties", {"id": "prop_new", "integration_id": "int_new", "name": "New House"})
    said = well(run("--line", f"{MAIN}=prop_new"))
    assert "event_type_id is left open: MRI needs it for leads, applicants and residents" in said
    assert '# event_type_id = "..."  # MRI needs it' in (tmp_path / "lines.toml").read_text()


# Afterwards --------------------------------------------------------------------------------------


def callbacks(twilio: FakeTwilio) -> dict[str, str]:
    return {row["phone_number"]: row["status_callback"] for row in twilio.numbers.values()}


def test_numbers_are_connected_if_that_is_said(run: Run, twilio: FakeTwilio) -> None:
    flags = (*PAIRS, "--event-type", "Call", "--public-base-url", HERE)
    assert "connect --all" in well(run(*flags))
    assert set(callbacks(twilio).values()) == {""}
    said = well(run(*flags, "--connect"))
    assert "2 of 2 callback(s) changed" in said
    here = f"{HERE}/webhooks/twilio#rc=5&rp=all"
    assert callbacks(twilio) == {MAIN: here, OAK: here, FAX: ""}


def test_what_needs_an_address_says_so(run: Run, tmp_path: Path) -> None:
    said = failed(run(*PAIRS, "--event-type", "Call", "--connect", "--failure-webhook"))
    assert "for --connect" in said and "for --failure-webhook" in said
    assert "--public-base-url" in said
    assert names(tmp_path) == []


def test_a_foreign_callback_is_left_alone(run: Run, twilio: FakeTwilio, tmp_path: Path) -> None:
    other = "https://other.example/status"
    twilio.numbers["PN1"]["status_callback"] = other
    flags = (*PAIRS, "--event-type", "Call", "--public-base-url", HERE, "--connect")
    assert "it calls back to somebody else" in failed(run(*flags), 1)
    assert callbacks(twilio)[MAIN] == other
    assert names(tmp_path) == [".env", "lines.toml"]


def hooks(propexo: SandboxState) -> list[tuple[Any, ...]]:
    return [(hook["url"], hook["active"], hook["secret"]) for hook in propexo.webhooks]


def test_the_webhook_of_failed_writes_is_made_once(
    run: Run, propexo: SandboxState, tmp_path: Path
) -> None:
    flags = (*PAIRS, "--event-type", "Call", "--public-base-url", HERE)
    well(run(*flags))
    assert hooks(propexo) == []
    well(run("--failure-webhook", keys={}))
    secret = read_env_file(tmp_path / ".env")["PROPEXO_WEBHOOK_SECRET"]
    assert hooks(propexo) == [(f"{HERE}/webhooks/propexo", True, secret)]
    assert propexo.webhooks[0]["triggers"][0]["trigger"] == "WRITE_OPERATION_FAILURE"
    well(run("--failure-webhook", keys={}))
    assert len(propexo.webhooks) == 1
    (tmp_path / ".env").unlink()
    well(run(*flags))  # what Propexo has is taken over
    assert read_env_file(tmp_path / ".env")["PROPEXO_WEBHOOK_SECRET"] == secret


@pytest.mark.parametrize(
    ("fault", "said"),
    [("status", "it was not made"), full("status_after", "it is not known whether it was made")],
)
def test_a_webhook_that_is_not_made_is_said(
    run: Run, server: SandboxServer, tmp_path: Path, fault: str, said: str
) -> None:
    """The files are there all the same, with the secret; run again, it goes on from there."""
    status = {"status": 403, "status_after": 500}[fault]
    faults = [
        {"kind": fault, "status": status, "method": "POST", "path": "/v1/webhooks/", "times": 1}
    ]
    requests.post(f"{server.url}/_sandbox/faults", json=faults, timeout=10).raise_for_status()
    flags = (*PAIRS, "--event-type", "Call", "--public-base-url", HERE, "--failure-webhook")
    assert said in failed(run(*flags), 1)
    secret = read_env_file(tmp_path / ".env")["PROPEXO_WEBHOOK_SECRET"]
    well(run("--failure-webhook", keys={}))
    assert read_env_file(tmp_path / ".env")["PROPEXO_WEBHOOK_SECRET"] == secret


def test_a_webhook_that_was_declined_is_not_offered_again(
    run: Run, propexo: SandboxState, tmp_path: Path
) -> None:
    flags = (*PAIRS, "--event-type", "Call", "--public-base-url", HERE)
    well(run(*flags, "--no-failure-webhook"))
    text = (tmp_path / ".env").read_text()
    assert text.count("# No webhook of failed writes") == 1
    assert "Nothing is new" in well(run("--no-failure-webhook", keys={}))
    well(run("--failure-webhook", keys={}))  # until somebody says so
    assert len(propexo.webhooks) == 1
