"""Does `adapter setup` lead to lines that work, and leave nothing behind if it is stopped? On a pty."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapter.config.env_file import read_env_file
from adapter.config.lines_file import read_lines
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.lanes import full
from tests.support.terminal import CTRL_C, CTRL_D, Terminal
from tests.support.twilio_api import FakeTwilio

KEY = "sandbox-key"
MAIN, OAK, FAX = "+16175550100", "+16175550101", "+16175550102"


@dataclass
class Both:
    """A Twilio with three numbers and a Propexo with two properties, and the environment that names them."""

    twilio: FakeTwilio
    propexo: SandboxState
    environ: dict[str, str]


@pytest.fixture
def both() -> Iterator[Both]:
    state = SandboxState(("ENTRATA",))
    for vendor in list(state.ordered("integrations", "created_at", descending=False)):
        vendor["is_archived"] = vendor["id"] != "int_entrata"
    with (
        FakeTwilio({ACCOUNT: TOKEN}) as twilio,
        SandboxServer(create_sandbox(state, api_key=KEY, rate_limit=0)) as propexo,
    ):
        twilio.add_number(ACCOUNT, "PN1", MAIN, friendly_name="Main St leasing")
        twilio.add_number(ACCOUNT, "PN2", OAK, friendly_name="(617) 555-0101")
        twilio.add_number(ACCOUNT, "PN3", FAX, friendly_name="The old fax")
        environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environ |= {"TWILIO_API_BASE_URL": twilio.url, "PROPEXO_BASE_URL": propexo.url}
        yield Both(twilio, state, environ)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def answer_keys(terminal: Terminal, *, address: str = "") -> None:
    terminal.answer("Twilio account's id", ACCOUNT)
    terminal.answer("auth token", "not-the-token", is_hidden=True)
    terminal.answer("no good", "")
    terminal.answer("auth token", TOKEN, is_hidden=True)
    terminal.answer("Propexo API key", KEY, is_hidden=True)
    terminal.answer("https address of this adapter", address)


@pytest.mark.full
def test_the_dialogue_leads_to_files_that_work(both: Both, tmp_path: Path) -> None:
    """A wrong token is asked for again, and pairs are only proposed. Run again, it asks nothing."""
    here = "https://calls.example.com"  # nobody listens there, which doctor says
    with Terminal("setup", environ=both.environ, folder=tmp_path) as terminal:
        answer_keys(terminal, address=here)
        terminal.wait_for("(617) 555-0100 Main St leasing")
        terminal.wait_for("(the names are alike)")
        terminal.answer("Which property", "")
        terminal.wait_for("(617) 555-0101")
        terminal.answer("Which property", "oak")
        terminal.wait_for("The old fax")
        terminal.answer("Which property", "-")
        terminal.wait_for("whose caller Propexo does not know")
        terminal.answer("Which?", "create_lead")
        terminal.wait_for("Main St leasing: event type of calls. ENTRATA needs it")
        terminal.wait_for("1 Call 2 Email")
        terminal.answer("Which?", "1")
        terminal.wait_for("lead source of unknown callers")
        terminal.answer("Which?", "phone")
        terminal.wait_for("New lines")
        terminal.answer("failed writes", "y")
        terminal.answer("Write", "y")
        terminal.wait_for("adapter doctor")
        terminal.wait_for("has what ENTRATA needs")
        terminal.answer("Change 2 callback(s)?", "y")
        assert terminal.end() == 0
    for secret in (TOKEN, KEY):
        assert secret not in terminal.text
    assert names(tmp_path) == [".env", "lines.toml", "var"]
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    settings = read_env_file(tmp_path / ".env")
    lines = read_lines(settings["ADAPTER_LINES"], {}).by_number
    assert {n: line.property_id for n, line in lines.items()} == {
        MAIN: "prop_main",
        OAK: "prop_oak",
    }
    assert {line.event_type for line in lines.values()} == {"Call"}
    assert {line.lead_source_id for line in lines.values()} == {"ls_phone"}
    (hook,) = both.propexo.webhooks
    assert hook["url"] == f"{here}/webhooks/propexo"
    assert hook["secret"] == settings["PROPEXO_WEBHOOK_SECRET"]
    calls_back = {
        row["phone_number"]: row["status_callback"] for row in both.twilio.numbers.values()
    }
    wanted = f"{here}/webhooks/twilio#rc=5&rp=all"
    assert calls_back == {MAIN: wanted, OAK: wanted, FAX: ""}

    before = {path: path.read_bytes() for path in (tmp_path / ".env", tmp_path / "lines.toml")}
    again = Terminal(
        "--env-file", str(tmp_path / ".env"), "setup", environ=both.environ, folder=tmp_path
    )
    with again:
        assert again.end() == 0  # nothing is asked
    assert "Nothing is new" in again.text
    assert before == {path: path.read_bytes() for path in before}
    assert len(both.propexo.webhooks) == 1


@pytest.mark.parametrize("key", [CTRL_C, full(CTRL_D)])
@pytest.mark.parametrize(
    "question",
    [
        "auth token",
        full("Which property"),
        full("Write"),
    ],
)
def test_stopped_at_a_question_it_leaves_nothing(
    both: Both, tmp_path: Path, key: str, question: str
) -> None:
    keys = {"TWILIO_ACCOUNT_SID": ACCOUNT, "PROPEXO_API_KEY": KEY}
    if question != "auth token":
        keys |= {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": "http://127.0.0.1:9"}
    command = ["setup", "--no-failure-webhook", "--unknown-caller", "hold", "--event-type", "Call"]
    command += ["--lead-source", "ls_phone"]
    if question == "Write":
        command += ["--line", f"{MAIN}=prop_main", "--no-line", OAK, "--no-line", FAX]
    with Terminal(*command, environ={**both.environ, **keys}, folder=tmp_path) as terminal:
        terminal.press(question, key, is_hidden=question == "auth token")
        assert terminal.end(again=key) == 1
    assert "nothing was written" in terminal.text
    assert "Traceback" not in terminal.text
    assert names(tmp_path) == []


@pytest.mark.full
def test_a_real_process_without_a_terminal(both: Both, tmp_path: Path) -> None:
    """The keys come from the environment, the pairs by flags; what is written works from another folder."""
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    site.mkdir()
    elsewhere.mkdir()

    def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "adapter", *command],
            env={**both.environ, **more},
            cwd=elsewhere,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    setup = ("setup", "--folder", str(site), "--public-base-url", "http://127.0.0.1:9")
    keys = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "PROPEXO_API_KEY": KEY}
    missing = run(*setup, **keys)
    assert missing.returncode == 2, missing.stdout
    for words in ("--line NUMBER=PROPERTY", MAIN, "perhaps prop_main", "prop_oak"):
        assert words in missing.stderr
    assert names(site) == []
    pairs = ("--line", f"{MAIN}=prop_main", "--line", f"{OAK}=prop_oak", "--no-line", FAX)
    done = run(*setup, *pairs, "--event-type", "Call", **keys)
    assert done.returncode == 0, done.stderr
    assert names(elsewhere) == []
    connected = run("--env-file", str(site / ".env"), "connect", "--all", "--yes")
    assert connected.returncode == 0, connected.stderr
    assert [row["status_callback"] != "" for row in both.twilio.numbers.values()] == [
        True,
        True,
        False,
    ]
    given_back = run("--env-file", str(site / ".env"), "disconnect", "--all", "--yes")
    assert given_back.returncode == 0, given_back.stderr
    assert {row["status_callback"] for row in both.twilio.numbers.values()} == {""}
