"""`adapter doctor` finds what is wrong, says what to do, and shows no secret."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses
from click.testing import CliRunner
from flask import Flask, redirect
from requests import PreparedRequest
from rich.console import Console

from adapter import bootstrap
from adapter.bootstrap import Container
from adapter.cli.commands import cli
from adapter.cli.doctor import examine
from adapter.cli.doctor.settings import check_settings
from adapter.config.settings import Settings
from adapter.domain.actor import Actor
from adapter.operations.alerts.manage import send_test
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.storage.api_health import ApiHealth
from adapter.worker.migrate import migrate_database
from tests.support.receiver import receiver

SID = "AC" + "1" * 32
SUB = "AC" + "2" * 32
TOKEN = "s3cret-main-token"
KEY = "s3cret-propexo-key"
TWILIO = "https://api.twilio.com"
LINES = """
[defaults]
integration_id = "int_entrata"
event_type = "Call"
[lines."+16175550100"]
property_id = "prop_main"
"""

Environ = dict[str, str]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    """A Propexo that knows ENTRATA's and YARDI's sample companies."""
    app = create_sandbox(SandboxState(("ENTRATA", "YARDI")), api_key=KEY, rate_limit=0)
    with SandboxServer(app) as server:
        yield server


@pytest.fixture
def environ(
    tmp_path: Path, sandbox: SandboxServer, numbers: list[dict[str, Any]]
) -> Iterator[Environ]:
    """A set-up in which all is well: migrated, a worker alive, the app behind its public address."""
    given = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/doctor.sqlite3",
        "PUBLIC_BASE_URL": "https://calls.example.com",
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "PROPEXO_API_KEY": KEY,
        "PROPEXO_BASE_URL": sandbox.url,
        "ADAPTER_LINES": LINES,
    }
    settings = Settings.from_environ(given)
    migrate_database(settings)
    store = Container(settings).store
    store.workers.beat("worker.1:0", datetime.now(UTC))
    with SandboxServer(bootstrap.web_app(settings)) as server:
        here = f"{server.url}/webhooks/twilio#rc=5&rp=all"
        numbers.append({"sid": "PN1", "phone_number": "+16175550100", "status_callback": here})
        yield {**given, "PUBLIC_BASE_URL": server.url}
    store.engine.dispose()


@pytest.fixture
def numbers() -> list[dict[str, Any]]:
    """The numbers of the main account, as Twilio lists them."""
    return []


@pytest.fixture(autouse=True)
def twilio(numbers: list[dict[str, Any]]) -> Iterator[responses.RequestsMock]:
    """Twilio takes TOKEN for SID; everything on this machine is asked for real."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_passthru("http://127.0.0.1")
        mock.add_callback("GET", f"{TWILIO}/2010-04-01/Accounts/{SID}.json", account)
        mock.get(f"{TWILIO}/2010-04-01/Accounts/{SUB}.json", json={"status": "suspended"})
        mock.add_callback(
            "GET",
            f"{TWILIO}/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers.json",
            lambda _: (200, {}, json.dumps({"incoming_phone_numbers": numbers})),
        )
        yield mock


def account(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
    """Twilio's answer about the main account, to whoever asks with TOKEN."""
    basic = "Basic " + b64encode(f"{SID}:{TOKEN}".encode()).decode()
    if request.headers["Authorization"] != basic:
        return 401, {}, '{"code": 20003, "message": "Authenticate", "status": 401}'
    return 200, {}, f'{{"sid": "{SID}", "status": "active"}}'


def doctor(environ: Environ) -> tuple[int, str]:
    """The exit code and all that was printed, in one line."""
    out = io.StringIO()
    code = examine(Console(file=out, width=400, color_system=None), environ)
    return code, " ".join(out.getvalue().split())


def problems(environ: Environ) -> str:
    code, text = doctor(environ)
    assert code == 1
    assert TOKEN not in text and KEY not in text
    return text


def test_all_is_well(environ: Environ) -> None:
    """Exit 0; each part is told, the next step is said, and neither secret nor full number is shown."""
    code, text = doctor(environ)
    assert code == 0, text
    for words in ("active, ENTRATA", "1 alive", "reaches this adapter", "takes TWILIO_AUTH_TOKEN"):
        assert words in text
    assert "1 number(s) call back here: number (0100)" in text
    assert "Next: call one of your numbers" in text
    assert TOKEN not in text and KEY not in text and "6175550100" not in text


def test_nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer's first run names every setting that is needed, and makes nothing."""
    monkeypatch.chdir(tmp_path)
    text = problems({})
    for name in ("PUBLIC_BASE_URL", "TWILIO_AUTH_TOKEN", "PROPEXO_API_KEY"):
        assert f"{name} is not set" in text
    assert "PROPEXO_INTEGRATION_ID" in text and "adapter migrate" in text
    assert list(tmp_path.iterdir()) == []


def test_every_wrong_setting_is_named_not_only_the_first(environ: Environ) -> None:
    text = problems(environ | {"PORT": "http", "SETTLE_SECONDS": "-1", "PROPEXO_API_KEYS": "x"})
    assert "PORT" in text and "SETTLE_SECONDS" in text
    # What is set right is checked all the same.
    assert "reaches this adapter" in text and "active, ENTRATA" in text


def test_a_misspelt_setting_is_told_from_one_that_is_missing(environ: Environ) -> None:
    environ["PROPEXO_APIKEY"] = environ.pop("PROPEXO_API_KEY")
    text = problems(environ)
    assert "did you mean PROPEXO_API_KEY?" in text and "PROPEXO_API_KEY is not set" in text


def test_a_sign_in_that_lets_nobody_in_is_told(environ: Environ) -> None:
    oidc = {"OIDC_ISSUER": "https://accounts.example.com", "OIDC_CLIENT_ID": "adapter"}
    _, findings = check_settings(environ | oidc)
    (finding,) = [finding for finding in findings if finding.check == "OIDC_ISSUER"]
    assert not finding.ok and "nobody may come in" in finding.advice
    _, findings = check_settings(environ | oidc | {"OIDC_VIEWERS": "@example.com"})
    assert all(finding.ok for finding in findings if finding.check.startswith("OIDC_"))


def test_public_address_without_tls(environ: Environ) -> None:
    _, findings = check_settings(environ | {"PUBLIC_BASE_URL": "http://192.0.2.1"})
    (finding,) = (found for found in findings if found.check == "PUBLIC_BASE_URL")
    assert not finding.ok and "is not https" in finding.advice


def test_wrong_lines_file(environ: Environ) -> None:
    text = problems(environ | {"ADAPTER_LINES": '[lines."+16175550100"]\ncolour = "red"\n'})
    assert "colour is not known" in text and "answers, and takes the key" in text


def test_database_is_not_migrated(environ: Environ, tmp_path: Path) -> None:
    (tmp_path / "new.sqlite3").touch()
    text = problems(environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3"})
    assert "the schema is missing" in text and "run `adapter migrate`" in text


def test_database_cannot_be_reached(environ: Environ) -> None:
    """The other checks go on, and the password is not shown."""
    text = problems(environ | {"DATABASE_URL": "postgres://me:s3cret-pw@127.0.0.1:1/calls"})
    assert "cannot be used" in text and "s3cret-pw" not in text
    assert "answers, and takes the key" in text


def test_no_worker_is_alive(environ: Environ) -> None:
    store = Container(Settings.from_environ(environ)).store
    store.workers.beat("worker.1:0", datetime.now(UTC) - timedelta(minutes=5))
    assert "none is alive" in problems(environ)


def test_propexo_refuses_the_key(environ: Environ) -> None:
    text = problems(environ | {"PROPEXO_API_KEY": "s3cret-other"})
    assert "PROPEXO_API_KEY is refused" in text and "s3cret-other" not in text


def test_propexo_does_not_answer(environ: Environ) -> None:
    assert "check PROPEXO_BASE_URL" in problems(
        environ | {"PROPEXO_BASE_URL": "http://127.0.0.1:1"}
    )


def test_unknown_integration(environ: Environ) -> None:
    text = problems(environ | {"ADAPTER_LINES": LINES.replace("int_entrata", "int_nobody")})
    assert "integration int_nobody" in text and "PROPEXO_INTEGRATION_ID" in text


def test_a_line_lacks_what_its_pms_needs(environ: Environ) -> None:
    """Yardi wants an agent's name; the way out names both places where it can stand."""
    lines = LINES.replace("int_entrata", "int_yardi").replace("prop_main", "prop_main_yardi")
    text = problems(environ | {"ADAPTER_LINES": lines})
    assert "YARDI needs agent_name" in text and "PROPEXO_AGENT_NAME" in text
    assert problems(environ | {"ADAPTER_LINES": lines.replace("prop_main_yardi", "prop_main")})
    code, text = doctor(environ | {"ADAPTER_LINES": lines, "PROPEXO_AGENT_NAME": "Lee Agent"})
    assert code == 0, text
    assert "calls of residents are held" in text


def test_a_line_lacks_what_new_leads_need_at_its_pms(environ: Environ) -> None:
    """Each line is told by itself, and by the name that people have for it."""
    text = """
[lines."+16175550100"]
name = "Main Street"
integration_id = "int_entrata"
property_id = "prop_main"
event_type = "Call"
unknown_caller = "create_lead"
[lines."+16175550101"]
name = "Oak Park"
integration_id = "int_yardi"
agent_name = "Lee Agent"
unknown_caller = "create_lead"
"""
    told = problems(environ | {"ADAPTER_LINES": text})
    street, oak = (told.split(f"line {name}", 1)[1] for name in ("Main Street", "Oak Park"))
    assert "ENTRATA needs lead_source_id for new leads" in street
    for key in ("lead_source_id", "employee_id", "property_id", "organization_name"):
        assert f"YARDI needs {key} for new leads" in oak


def test_the_doctor_and_lines_say_the_same(environ: Environ) -> None:
    wrong = environ | {"ADAPTER_LINES": LINES.replace("int_entrata", "int_yardi")}
    told = problems(wrong)
    result = CliRunner().invoke(cli, ["lines"], env={**wrong, "COLUMNS": "400"})
    said = " ".join(result.output.split())
    assert result.exit_code == 1
    for problem in (
        "YARDI needs agent_name for leads and applicants, the line has none: set PROPEXO_AGENT_NAME, "
        "or agent_name in lines.toml",
        "property_id prop_main is none of integration int_yardi: use one of prop_main_yardi",
    ):
        assert problem in told and problem in said


def test_an_integration_without_event_types_is_told_with_a_way_out(environ: Environ) -> None:
    """REALPAGE's sample company was not made: nothing has been read from this PMS."""
    told = problems(environ | {"ADAPTER_LINES": LINES.replace("int_entrata", "int_realpage")})
    assert "Propexo lists no event types there" in told and "set PROPEXO_EVENT_TYPE_ID" in told
    assert "none in lines.toml" not in told


def test_property_and_event_type_that_propexo_does_not_have(environ: Environ) -> None:
    wrong = LINES.replace("prop_main", "prop_none")
    assert "property_id prop_none is none of integration int_entrata" in problems(
        environ | {"ADAPTER_LINES": wrong}
    )
    wrong = LINES.replace('"Call"', '"Telegram"')
    assert "use one of Call, Email, Note" in problems(environ | {"ADAPTER_LINES": wrong})


def test_an_old_token_and_a_suspended_subaccount(environ: Environ) -> None:
    """Each token is tried by itself: one that Twilio refuses must not go on signing."""
    environ["TWILIO_AUTH_TOKEN"] = f"{TOKEN},s3cret-old"
    environ["TWILIO_SUBACCOUNT_TOKENS"] = f'{{"{SUB}": ["s3cret-sub"]}}'
    text = problems(environ)
    assert "takes TWILIO_AUTH_TOKEN (1 of 2)" in text
    assert "TWILIO_AUTH_TOKEN (2 of 2) is refused" in text
    assert "the account is suspended" in text
    assert "s3cret" not in text


def test_numbers_that_do_not_call_back_here(
    environ: Environ, numbers: list[dict[str, Any]]
) -> None:
    (main,) = numbers
    other = {"sid": "PN2", "phone_number": "+16175550199"}
    numbers.append(other)
    code, text = doctor(environ)
    assert code == 0
    assert "1 of the account are no line of lines.toml: number (0199)" in text
    other["status_callback"] = main["status_callback"]
    main["status_callback"] = f"{environ['PUBLIC_BASE_URL']}/webhooks/twilio"
    text = problems(environ)
    assert "number (0100): the fragment #rc=5&rp=all is lacking" in text
    assert "number (0199): it calls back here and is no line" in text
    main["status_callback"] = ""
    assert "number (0100): its status callback is not set: adapter connect" in problems(environ)
    numbers.remove(main)
    assert "number (0100) is a number of no account" in problems(environ)


def test_an_account_without_a_token_among_others_is_named(environ: Environ) -> None:
    del environ["TWILIO_AUTH_TOKEN"]
    environ["TWILIO_SUBACCOUNT_TOKENS"] = f'{{"{SUB}": ["s3cret-sub"]}}'
    assert "no token is set for this account" in problems(environ)


def test_public_address_leads_elsewhere(environ: Environ, tmp_path: Path) -> None:
    """Nothing there, something else there, a redirect, or an adapter with another database."""
    other = Flask("other")
    other.add_url_rule("/readyz", "readyz", lambda: "hello")
    other.add_url_rule("/old/readyz", "old", lambda: redirect("https://new.example.com/readyz"))
    with SandboxServer(other) as server:
        text = problems(environ | {"PUBLIC_BASE_URL": server.url})
        assert "something else answers" in text
        text = problems(environ | {"PUBLIC_BASE_URL": f"{server.url}/old"})
        assert "redirects to https://new.example.com" in text
        text = problems(environ | {"PUBLIC_BASE_URL": f"{server.url}/gone"})
        assert "answered 404" in text
    assert "cannot be reached" in problems(environ | {"PUBLIC_BASE_URL": "http://127.0.0.1:1"})
    second = environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/second.sqlite3"}
    migrate_database(Settings.from_environ(second))
    assert "an adapter with another database" in problems(second)


def test_an_api_of_the_provider_that_does_not_answer_the_workers(environ: Environ) -> None:
    """The doctor itself may reach it: another machine, another network."""
    store = Container(Settings.from_environ(environ)).store
    since = datetime.now(UTC) - timedelta(minutes=20)
    ApiHealth(store).failed("twilio", SID, "Twilio's API gave no answer (ConnectTimeout)", since)
    found = problems(environ)
    assert "has not answered the workers for 20 min" in found
    assert "marked as assumed" in found
    ApiHealth(store).worked("twilio", SID, datetime.now(UTC))
    code, _ = doctor(environ)
    assert code == 0
    store.engine.dispose()


def test_the_channels_of_alerts_are_told_without_their_addresses(environ: Environ) -> None:
    with receiver() as box:
        environ["ALERT_URLS"] = box.apprise_url
        code, text = doctor(environ)
        assert code == 0, text
        assert "told in 1 channel(s)" in text and "pa55word" not in text
        box.status = 410
        container = Container(Settings.from_environ(environ))
        send_test(container.alerts.sender, container.alerts.page, by=Actor("cli:test"))
        container.store.engine.dispose()
        text = problems(environ)
        assert "it answered 410" in text and "adapter alerts test" in text
        assert "pa55word" not in text
    wrong = problems(environ | {"ALERT_URLS": "nonsense://pa55word"})
    assert "none that apprise knows" in wrong and "pa55word" not in wrong


def test_channels_are_checked_without_making_a_database(environ: Environ, tmp_path: Path) -> None:
    path = tmp_path / "absent.sqlite3"
    urls = {"ALERT_URLS": "json://127.0.0.1/x", "DATABASE_URL": f"sqlite:///{path}"}
    assert "told in 1 channel(s)" in problems(environ | urls)
    assert not path.exists()
