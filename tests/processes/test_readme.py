"""Do the README's commands work as they stand there, in that order? .ci/run runs those that install something.

Twilio, Propexo and ngrok are stand-ins over real HTTP and TCP; each command is a real process in one folder.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.sandbox import twilio as simulated
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.processes import running
from tests.support.terminal import Terminal
from tests.support.twilio_api import FakeTwilio
from tests.support.waiting import free_port, wait_for

ROOT = Path(__file__).parents[2]
STAND_IN = ROOT / "tests/support/ngrok_stand_in"
KEY = "sandbox-key"
NUMBER = "+16175550100"
COMMANDS = [
    "adapter setup",
    "adapter --env-file .env run --tunnel --all",
    "adapter --env-file .env calls",
    "adapter --env-file .env show CA",
    "adapter --env-file .env doctor",
    "adapter --env-file .env run",
    "adapter --env-file .env connect --all",
    "adapter --env-file .env disconnect --all",
]


def readme_commands() -> list[str]:
    """The commands of the adapter in the part about setting it up, without what a shell leaves out."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    part = text.partition("## Set it up in ten minutes")[2].partition("\n## ")[0]
    blocks, words = (
        re.findall(r"```sh\n(.*?)```", part, re.S),
        re.sub(r"```.*?```", "", part, flags=re.S),
    )
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`(adapter [^`]+)`", words)
    return [line for line in lines if line.startswith("adapter ")] + inline


class Newcomer:
    """Somebody who follows the README in a folder of their own."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.environ = environ

    def at_terminal(self, command: str) -> Terminal:
        return Terminal(*shlex.split(command)[1:], environ=self.environ, folder=self.folder)

    def says(self, command: str) -> str:
        """What a command says that ends by itself."""
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            env=self.environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stdout + done.stderr

    @contextmanager
    def running(self, command: str, words: str) -> Iterator[None]:
        """While this command runs, from when it says these words until Ctrl-C."""
        arguments = command.removeprefix("adapter ")
        with running(arguments, self.environ, self.folder / "said.log") as process:
            wait_for(words, lambda: words in process.text(), seconds=120)
            yield
            process.popen.send_signal(signal.SIGINT)
            assert process.popen.wait(60) == 0, process.text()


@pytest.mark.full
def test_a_newcomer_follows_the_readme(tmp_path: Path) -> None:
    commands = readme_commands()
    assert commands == COMMANDS
    state = SandboxState(("ENTRATA",))
    for integration in state.ordered("integrations", "created_at", descending=False):
        integration["is_archived"] = integration["id"] != "int_entrata"
    with (
        FakeTwilio({ACCOUNT: TOKEN}) as twilio,
        SandboxServer(create_sandbox(state, api_key=KEY, rate_limit=0)) as propexo,
    ):
        number = twilio.add_number(ACCOUNT, "PN1", NUMBER, friendly_name="Main St leasing")
        before = dict(number)
        environ = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
        }
        environ |= {"TWILIO_API_BASE_URL": twilio.url, "PROPEXO_BASE_URL": propexo.url}
        environ |= {"NGROK_AUTHTOKEN": "an-authtoken", "PORT": str(free_port())}
        environ |= {"HOST": "127.0.0.1", "PYTHONPATH": f"{STAND_IN}{os.pathsep}{ROOT}"}
        newcomer = Newcomer(tmp_path, environ)
        follow(newcomer, iter(commands), number)
        assert number == before


def follow(newcomer: Newcomer, commands: Iterator[str], number: dict[str, object]) -> None:
    with newcomer.at_terminal(next(commands)) as terminal:
        terminal.answer("Twilio account's id", ACCOUNT)
        terminal.answer("auth token", TOKEN, is_hidden=True)
        terminal.answer("Propexo API key", KEY, is_hidden=True)
        terminal.answer("https address of this adapter", "")
        terminal.answer("Which property", "")
        terminal.answer("whose caller Propexo does not know", "")
        terminal.answer("event type of calls", "1")
        terminal.answer("lead source of unknown callers", "")
        terminal.answer("Write", "y")
        terminal.end()
    with newcomer.running(next(commands), "They get back what they had"):
        address = str(number["status_callback"]).partition("#")[0]
        call = simulated.new_sid()
        hook = simulated.hook(
            "missed",
            call=call,
            account=ACCOUNT,
            caller="+16175550134",
            called=NUMBER,
            seconds=0,
        )
        answer = simulated.send(address, hook, token=TOKEN, signed_url=address)
        assert answer.status_code == 204
        calls = next(commands)
        wait_for("the call is written", lambda: "written" in newcomer.says(calls), seconds=90)
        assert "Anna Alvarez" in newcomer.says(next(commands))
        assert "has what ENTRATA needs" in newcomer.says(next(commands))
    newcomer.environ["PUBLIC_BASE_URL"] = f"http://127.0.0.1:{newcomer.environ['PORT']}"
    with newcomer.running(next(commands), "listening on port"):
        for answer_all in commands:
            with newcomer.at_terminal(answer_all) as terminal:
                terminal.answer("callback(s)?", "y")
                assert terminal.end() == 0
            is_connect = "disconnect" not in answer_all
            assert bool(number["status_callback"]) is is_connect
