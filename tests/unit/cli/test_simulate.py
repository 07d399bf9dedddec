"""Does `adapter simulate` tell calls that end, and say what to do where a hook is not taken?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
import responses
from click.testing import CliRunner, Result

from adapter.bootstrap import PROVIDERS
from adapter.cli import commands, simulate
from adapter.domain.call import Call, CallState
from adapter.sandbox.stories import STORIES
from adapter.sandbox.twilio import KINDS
from adapter.sandbox.twilio_teller import TwilioTeller
from adapter.storage.engine import open_engine
from adapter.storage.store import Store
from tests.support.commands import is_told
from tests.support.environment import ACCOUNT, ENVIRON, LINE, TOKEN
from tests.support.processes import environment, running, sandbox, wait_until_ready
from tests.support.waiting import free_port, wait_for

Run = Callable[..., Result]
PERSON = "+16175550134"


@pytest.fixture
def run(database_url: str) -> Run:
    """A command on this database."""

    def run_command(*arguments: str, **environ: str | None) -> Result:
        given = {**ENVIRON, "DATABASE_URL": database_url, **environ}
        return CliRunner().invoke(commands.cli, list(arguments), env=given)

    return run_command


def stored(live: dict[str, str], sid: str) -> Sequence[Call]:
    store = Store(open_engine(live["DATABASE_URL"]))
    try:
        return store.calls.find(sid)
    finally:
        store.engine.dispose()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of an adapter that runs."""
    folder = tmp_path_factory.mktemp("live")
    with sandbox() as propexo:
        environ = environment(f"sqlite:///{folder}/live.sqlite3", propexo=propexo.url)
        with running("run", environ, folder / "log") as process:
            wait_until_ready(environ, process)
            yield environ


@pytest.mark.parametrize("kind", KINDS)
def test_simulate_sends_a_hook_that_is_taken_and_names_the_next_command(
    live: dict[str, str], kind: str
) -> None:
    result = CliRunner().invoke(commands.cli, ["simulate", "--kind", kind], env=live)
    assert result.exit_code == 0, result.output
    assert result.output.startswith(("200", "204"))
    sid = result.output.rsplit(maxsplit=1)[-1]
    shown = CliRunner().invoke(commands.cli, ["show", sid], env=live)
    assert shown.exit_code == 0, shown.output
    assert "hook: " in shown.output


@pytest.mark.parametrize("kind", ["voicemail", "recording", "machine"])
def test_a_lone_hook_that_tells_no_end_says_so(live: dict[str, str], kind: str) -> None:
    result = CliRunner().invoke(commands.cli, ["simulate", "--kind", kind], env=live)
    assert "does not tell how the call ended" in " ".join(result.output.split())


def test_a_lone_hook_of_a_call_out_is_of_our_line(live: dict[str, str]) -> None:
    result = CliRunner().invoke(commands.cli, ["simulate", "--kind", "outbound"], env=live)
    (call,) = stored(live, result.output.rsplit(maxsplit=1)[-1])
    assert (call.line, call.other) == (LINE, PERSON)


@pytest.mark.full
def test_every_story_ends_and_show_tells_how(live: dict[str, str]) -> None:
    """All of them at once: each call ends in the PMS, with the outcome that the list promises."""
    told = {}
    for name in STORIES:
        arguments = ["simulate", "--story", name, "--fast"]
        result = CliRunner().invoke(commands.cli, arguments, env=live)
        assert result.exit_code == 0, result.output
        told[name] = result.output.rsplit(maxsplit=1)[-1]

    def outcomes() -> dict[str, str | None]:
        calls = {name: stored(live, sid)[0] for name, sid in told.items()}
        return {
            name: call.outcome for name, call in calls.items() if call.state is CallState.WRITTEN
        }

    expected = {name: story.outcome for name, story in STORIES.items()}
    wait_for("all are written", lambda: len(outcomes()) == len(told), seconds=120)
    assert outcomes() == expected
    shown = CliRunner().invoke(commands.cli, ["show", told["voicemail"]], env=live)
    assert "voicemail" in shown.output


def test_the_list_names_every_story_in_a_line_of_a_narrow_terminal() -> None:
    result = CliRunner().invoke(commands.cli, ["simulate", "--list"], env={"COLUMNS": "80"})
    lines = result.output.splitlines()
    assert [
        name for name in STORIES if not any(line.startswith(f"{name} ") for line in lines)
    ] == []
    assert max(map(len, lines)) <= 80 and len(lines) == len(STORIES) + 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--story", "nonsense"], "there are answered, missed"),
        (["--story", "missed", "--kind", "missed"], "one of --story"),
        (["--story", "missed", "--fast", "--pace", "2"], "not both"),
        (["--pace", "2"], "go with --story"),
        (["--story", "missed", "--pace", "0"], "--pace"),
        (["--provider", "nobody"], "there are twilio"),
    ],
)
def test_options_that_make_no_sense_are_refused(run: Run, arguments: list[str], words: str) -> None:
    result = run("simulate", *arguments)
    assert result.exit_code == 2 and words in result.output


def test_every_provider_tells_its_stories() -> None:
    assert set(simulate.TELLERS) == set(PROVIDERS)


class Told:
    """Stories that are told to nobody, and how long was waited between their hooks."""

    def __init__(self, *, interrupt_at: int | None = None) -> None:
        self.waits: list[float] = []
        self.calls = 0
        self._interrupt_at = interrupt_at

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) == self._interrupt_at:
            raise KeyboardInterrupt

    def tell(self, story: str, pace: float | None) -> None:
        url = "http://127.0.0.1:1/webhooks/twilio"
        with responses.RequestsMock() as answers:
            answer = answers.post(url, status=204)
            sending = simulate.Sending(TwilioTeller(ACCOUNT, TOKEN), url, url)
            ends = (PERSON, LINE)
            simulate.tell(sending, STORIES[story], "CA1", ends, 30, pace, wait=self.wait)
            self.calls = answer.call_count


def test_a_story_is_told_as_slowly_as_in_life() -> None:
    told = Told()
    told.tell("voicemail", 1.0)
    assert sum(told.waits) == STORIES["voicemail"].moments(30)[-1].at > 60
    twice = Told()
    twice.tell("voicemail", 2.0)
    assert sum(twice.waits) == sum(told.waits) / 2


def test_what_happens_stands_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    Told().tell("voicemail", None)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.endswith(": 204")]
    assert len(lines) == 5 and lines[0] == "   0:24  nobody picked up: 204"


def test_a_fast_story_waits_for_nothing() -> None:
    told = Told()
    told.tell("voicemail", None)
    assert (told.waits, told.calls) == ([], 5)


def test_ctrl_c_tells_the_rest_at_once() -> None:
    """So that no call stays open."""
    told = Told(interrupt_at=2)
    told.tell("voicemail", 1.0)
    assert (len(told.waits), told.calls) == (2, 5)


def test_simulate_with_another_token_is_refused(live: dict[str, str]) -> None:
    forged = {**live, "TWILIO_AUTH_TOKEN": "another"}
    result = CliRunner().invoke(commands.cli, ["simulate"], env=forged)
    is_told(result, "403", "not taken", "compare TWILIO_AUTH_TOKEN", "its log names the URL")
    assert "adapter show" not in result.output


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (301, "redirects: set PUBLIC_BASE_URL"),
        (404, "the adapter's own?"),
        (500, "log says why"),
        (502, "a proxy answers"),
        (503, "adapter doctor"),
    ],
)
def test_simulate_says_what_to_do_about_an_answer(run: Run, status: int, words: str) -> None:
    url = "http://127.0.0.1:1/webhooks/twilio"
    with responses.RequestsMock() as answers:
        answers.post(url, status=status, headers={"Location": "http://127.0.0.1:1/elsewhere"})
        result = run("simulate", "--url", url)
    is_told(result, str(status), words)
    assert "adapter show" not in result.output


def test_simulate_signs_nothing_with_an_empty_key(run: Run) -> None:
    """Where only subaccounts have tokens."""
    subaccounts = '{"AC1": ["a"]}'
    result = run("simulate", TWILIO_AUTH_TOKEN="", TWILIO_SUBACCOUNT_TOKENS=subaccounts)
    is_told(result, "TWILIO_AUTH_TOKEN is not set")


def test_simulate_without_a_server_says_so(run: Run) -> None:
    url = f"http://127.0.0.1:{free_port()}/webhooks/twilio"
    is_told(run("simulate", "--url", url), "does not answer", "start adapter run")
