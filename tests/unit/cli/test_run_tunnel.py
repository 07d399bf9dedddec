"""What does `adapter run --tunnel` refuse, in one line, before anything is connected?"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapter.cli.commands import cli
from tests.support.environment import ACCOUNT, ENVIRON, TOKEN
from tests.support.twilio_api import FakeTwilio
from tests.support.waiting import free_port

STAND_IN = str(Path(__file__).parents[2] / "support/ngrok_stand_in")
ONE = "+16175550100"


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    """A number with somebody else's callback."""
    with FakeTwilio({ACCOUNT: TOKEN}) as server:
        server.add_number(ACCOUNT, "PN1", ONE, status_callback="https://other.example/status")
        yield server


def refusal(twilio: FakeTwilio, folder: Path, *options: str, **environ: str) -> str:
    given = {
        **ENVIRON,
        "DATABASE_URL": f"sqlite:///{folder}/adapter.sqlite3",
        "TWILIO_API_BASE_URL": twilio.url,
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "NGROK_AUTHTOKEN": "the-authtoken",
        **environ,
    }
    result = CliRunner().invoke(cli, ["run", "--tunnel", *options], env=given)
    assert isinstance(result.exception, SystemExit) and result.exit_code != 0
    assert "the-authtoken" not in result.output and twilio.changed == []
    return result.output


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """What the command does with signals ends with the test."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def ngrok(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The stand-in for the library, which opens a tunnel on this machine."""
    monkeypatch.syspath_prepend(STAND_IN)
    monkeypatch.delitem(sys.modules, "ngrok", raising=False)
    yield
    sys.modules.pop("ngrok", None)


@pytest.mark.parametrize("host", ["DYNO", "RENDER", "FLY_APP_NAME"])
@pytest.mark.usefixtures("ngrok")
def test_a_host_has_an_address_of_its_own(twilio: FakeTwilio, tmp_path: Path, host: str) -> None:
    said = refusal(twilio, tmp_path, "--all", **{host: "web-1"})
    assert f"--tunnel is for your own machine, and {host} is set" in said
    assert len(said.splitlines()) == 1


@pytest.mark.usefixtures("ngrok")
def test_the_token_is_named_if_it_is_missing_or_refused(twilio: FakeTwilio, tmp_path: Path) -> None:
    said = refusal(twilio, tmp_path, "--all", NGROK_AUTHTOKEN="")
    assert "--tunnel needs NGROK_AUTHTOKEN, which is not set" in said
    assert len(said.splitlines()) == 1
    said = refusal(twilio, tmp_path, "--all", NGROK_AUTHTOKEN="refused-token")
    assert said.startswith("adapter: ngrok refuses NGROK_AUTHTOKEN (ERR_NGROK_105): copy it again")
    assert "refused-token" not in said and len(said.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []  # no database was made


def test_the_library_is_named_if_it_is_missing(
    twilio: FakeTwilio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ngrok", None)
    said = refusal(twilio, tmp_path, "--all")
    assert "pip install 'call-adapter[tunnel]'" in said and "set PUBLIC_BASE_URL" in said
    assert len(said.splitlines()) == 1


@pytest.mark.usefixtures("ngrok")
def test_numbers_that_cannot_be_connected_end_it(twilio: FakeTwilio, tmp_path: Path) -> None:
    said = refusal(twilio, tmp_path, "--number", ONE)
    assert "--replace" in said and "cannot be connected, as said above" in said
    said = refusal(twilio, tmp_path, "--number", "+16175550199")
    assert "no account has the number +16175550199" in said
    assert "'x' is not a phone number" in refusal(twilio, tmp_path, "--number", "x")


def test_its_options_go_with_it(twilio: FakeTwilio, tmp_path: Path) -> None:
    assert "not both" in refusal(twilio, tmp_path, "--all", "--number", ONE)
    result = CliRunner().invoke(cli, ["run", "--all"], env=ENVIRON)
    assert result.exit_code == 2 and "go with --tunnel" in result.output
