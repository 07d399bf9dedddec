"""What does the whole adapter do? The demo shows it: real processes, real HTTP, and a sandbox for Propexo."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess  # nosec B404 - it starts this very program, through no shell
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from adapter.bootstrap import Container
from adapter.cli.render import COLOURS, number, person
from adapter.cli.terminal import Column, Listing, say
from adapter.config.settings import Settings
from adapter.domain.call import Call, CallState
from adapter.domain.lifecycle import ENDED
from adapter.domain.outcome import Outcome
from adapter.processes.lifetime import start
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.sandbox.call_list import CallList
from adapter.sandbox.stories import STORIES, Story, Teller, ToldCall, began_at
from adapter.sandbox.twilio import ACCOUNT, hook, new_sid, send
from adapter.sandbox.twilio_teller import TwilioTeller
from adapter.targets.propexo.models import CALL_STATUS
from adapter.text.phrases import clock_duration
from adapter.text.plain import plain

LINE = "+16175550100"
# Limits for a slow or busy machine. Usually it takes a few seconds.
READY_SECONDS = 120
FINAL_SECONDS = 180


@dataclass(frozen=True)
class Sample:
    """A call to send, and what must become of it. person None: nothing may be written.

    number: of the other side. seconds: of talk, or of the message. times: how often each hook comes.
    """

    title: str
    story: Story
    number: str
    person: str | None
    seconds: int
    outcome: str
    talk: int
    times: int = 1
    is_backwards: bool = False
    call: str = field(default_factory=new_sid)

    @property
    def state(self) -> CallState:
        return CallState.HELD if self.person is None else CallState.WRITTEN

    def hooks(self, teller: Teller) -> list[Mapping[str, str]]:
        """Return the hooks of the whole call, in the order in which they are sent."""
        began = began_at(self.story, self.seconds, datetime.now(UTC), None)
        call = ToldCall(self.call, self.number, LINE, began, self.story.is_outbound)
        moments = self.story.moments(self.seconds)
        hooks = [hook for moment in moments for hook in teller.hooks(moment, call)]
        return (hooks[::-1] if self.is_backwards else hooks) * self.times


def samples() -> list[Sample]:
    """Return a dozen calls as a leasing office has them."""
    anna, ben, cara, dan = (f"+1617555013{digit}" for digit in (4, 5, 6, 7))
    finn, gia = "+16175550140", "+16175550141"
    return [
        _sample("answered", "answered", anna, "lead_anna", 192),
        _sample("missed", "missed", ben, "lead_ben"),
        _sample("busy", "busy", cara, "lead_cara"),
        _sample("outbound", "outbound", anna, "lead_anna", 65),
        _sample("told three times", "missed", anna, "lead_anna", times=3),
        _sample("out of order", "forwarded", dan, "lead_dan_main", 75, is_backwards=True),
        _sample("late recording", "forwarded", ben, "lead_ben", 600),
        _sample("voicemail", "voicemail", cara, "lead_cara", 18),
        _sample("applicant", "missed", finn, "applicant_finn"),
        _sample("resident", "answered", gia, "resident_gia", 33),
        _sample("stranger", "missed", "+16175550199", None),
        _sample("withheld number", "missed", "+266696687", None),
    ]


def _sample(
    title: str, story: str, number: str, person: str | None, seconds: int = 0, **more: Any
) -> Sample:
    told = STORIES[story]
    talk = seconds if told.has_talk else 0
    return Sample(title, told, number, person, seconds, told.outcome, talk, **more)


def run_demo(console: Console, *, keep_open: bool = False, hook_delay: float = 0.0) -> int:
    """Run the demo. Return 0 if every call ended as it should. hook_delay: seconds before each hook."""
    started = time.monotonic()
    calls_at_provider = CallList()
    with (
        tempfile.TemporaryDirectory(prefix="adapter-demo-") as folder,
        _sandbox(calls_at_provider) as sandbox,
    ):
        environ = _environ(Path(folder), sandbox.url)
        say(
            console,
            Text.assemble(
                ("Sandbox", "bold"),
                f" for Propexo on {sandbox.url}, ",
                ("adapter", "bold"),
                f" (web and worker) on {environ['PUBLIC_BASE_URL']}\n",
            ),
        )
        with _adapter(environ, Path(folder)) as process:
            if not _is_ready(environ, process):
                console.print("[red]The adapter did not start.[/red] Its log:")
                for line in (Path(folder) / "log").read_text()[-3000:].splitlines():
                    say(console, line)
                return 1
            sent = samples()
            hooks = _hooks_of(sent, environ)
            for params in hooks:
                calls_at_provider.add_ended(params)
            store = Container(Settings.from_environ(environ)).store
            with _progress(console) as progress:
                _send_all(progress, environ, hooks, hook_delay)
                forged = _send_forged(environ)
                calls = _await_final(progress, store.calls.get, sent, process)
            written = requests.get(f"{sandbox.url}/_sandbox/events", timeout=30).json()["events"]
            refused = _refused_writes(sandbox.url)
            wrong = _show(console, sent, calls, written, forged)
            seconds = time.monotonic() - started
            say(console, _summary(len(hooks), len(sent), written, refused, seconds))
            if keep_open:
                say(console, _invitation(environ, sandbox.url))
                _wait_for_interrupt(process)
            store.engine.dispose()
    if wrong or refused:
        say(console, Text(f"{wrong} call(s) did not come out as they should.", "red"))
        return 1
    say(
        console,
        "\nNext: adapter setup asks for your keys and writes .env and lines.toml; adapter --env-file .env run "
        "starts it; beside it adapter --env-file .env doctor says what is missing, and adapter --env-file .env "
        "connect --all has Twilio's numbers call back to it",
    )
    return 0


def _refused_writes(sandbox_url: str) -> list[dict[str, Any]]:
    """Return the new events that Propexo refused. A refused correction is no failure: some PMSs take none."""
    refused = requests.get(f"{sandbox_url}/_sandbox/refused", timeout=30).json()["refused"]
    return [each for each in refused if each["method"] == "POST"]


@contextmanager
def _sandbox(call_list: CallList | None = None) -> Iterator[SandboxServer]:
    app = create_sandbox(SandboxState(), api_key="demo-key", write_seconds=0.2, call_list=call_list)
    with SandboxServer(app) as server:
        yield server


def _environ(folder: Path, sandbox_url: str) -> dict[str, str]:
    port = _free_port()
    inherited = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")
        if name in os.environ
    }
    return {
        **inherited,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "ADMIN_PASSWORD": secrets.token_urlsafe(9),
        "TWILIO_API_BASE_URL": sandbox_url,  # nothing of the demo leaves this machine
        "PROPEXO_API_KEY": "demo-key",
        "PROPEXO_BASE_URL": sandbox_url,
        "ADAPTER_LINES": _LINES,
        "SETTLE_SECONDS": "3",  # the next hook of a call comes later on a slow machine
        "CONFIRM_SECONDS": "1",
        "WEB_CONCURRENCY": "1",
        "LOG_FORMAT": "json",
    }


_LINES = f"""
[defaults]
integration_id = "int_entrata"
event_type = "Call"
[lines."{LINE}"]
name = "Main Street leasing"
property_id = "prop_main"
"""


@contextmanager
def _adapter(environ: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = start(["run"], environ, stdout=log, stderr=log, cwd=folder)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


def _is_ready(environ: Mapping[str, str], process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            answer = requests.get(f"{environ['PUBLIC_BASE_URL']}/readyz", timeout=10)
            if answer.ok and "alarms" not in answer.json():  # a worker is alive too
                return True
        except requests.RequestException:
            pass
        time.sleep(0.1)
    return False


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
    )


def _hooks_of(sent: list[Sample], environ: Mapping[str, str]) -> list[Mapping[str, str]]:
    teller = TwilioTeller(ACCOUNT, environ["TWILIO_AUTH_TOKEN"])
    return [params for sample in sent for params in sample.hooks(teller)]


def _send_all(
    progress: Progress,
    environ: Mapping[str, str],
    hooks: Sequence[Mapping[str, str]],
    delay: float,
) -> None:
    url = f"{environ['PUBLIC_BASE_URL']}/webhooks/twilio"
    for params in progress.track(hooks, description="signed hooks sent"):
        time.sleep(delay)
        send(url, params, token=environ["TWILIO_AUTH_TOKEN"], timeout=60).raise_for_status()


def _send_forged(environ: Mapping[str, str]) -> requests.Response:
    params = hook("answered", call=new_sid(), account=ACCOUNT, caller="+16175550134", called=LINE)
    url, forged_with = f"{environ['PUBLIC_BASE_URL']}/webhooks/twilio", "not the token"
    return send(url, params, token=forged_with, timeout=60)


def _await_final(
    progress: Progress,
    read: Callable[[str], Call | None],
    sent: list[Sample],
    process: subprocess.Popen[bytes],
) -> dict[str, Call]:
    """Return the calls when all are final, when the time is up, or when the adapter has ended."""
    task = progress.add_task("calls delivered and confirmed", total=len(sent))
    deadline = time.monotonic() + FINAL_SECONDS
    while True:
        calls = {s.call: call for s in sent if (call := read(f"twilio:{ACCOUNT}:{s.call}"))}
        done = sum(call.state in ENDED for call in calls.values())
        progress.update(task, completed=done)
        is_over = process.poll() is not None or time.monotonic() > deadline
        if done == len(sent) or is_over:
            return calls
        time.sleep(0.1)


def _show(
    console: Console,
    sent: list[Sample],
    calls: Mapping[str, Call],
    written: list[dict[str, Any]],
    forged: requests.Response,
) -> int:
    """Print the table. Return how many rows are not as they should be."""
    table = Listing(
        Column(name="", is_first=True),
        Column(name="call", is_first=True),
        Column(name="other side"),
        Column(name="outcome"),
        Column(name="talk", is_right=True),
        Column(name="person"),
        Column(name="written", is_named=True),
        Column(name="result", is_first=True),
        title="What became of the calls",
    )
    wrong = 0
    for sample in sent:
        call = calls.get(sample.call)
        events = [event for event in written if sample.call in str(event["body"])]
        is_right = call is not None and _is_right(sample, call, events)
        wrong += not is_right
        if call is None:
            table.add(_mark(is_right), sample.title, "", "", "", "", "", "never stored")
            continue
        result = "confirmed" if call.state is CallState.WRITTEN else call.state.value
        table.add(
            _mark(is_right),
            sample.title,
            f"{'→' if call.direction == 'outbound' else '←'} {number(call.other)}",
            (call.outcome or "").replace("_", " "),
            clock_duration(call.talk_seconds),
            person(call),
            ", ".join(str(event["body"]["call_status"]) for event in events) or "nothing",
            Text(plain(f"{result}: {call.reason}" if call.reason else result), COLOURS[call.state]),
        )
    is_refused = forged.status_code == 403
    answer = f"{'refused' if is_refused else 'not refused'}: {forged.status_code}"
    table.add(_mark(is_refused), "forged", "", "", "", "", "nothing", answer)
    console.print(table)
    return wrong + (not is_refused)


def _mark(is_right: bool) -> Text:
    return Text("✓", "green") if is_right else Text("✗", "red")


def _is_right(sample: Sample, call: Call, events: list[dict[str, Any]]) -> bool:
    """Return whether the call ended as it should, and the PMS has the one event or none."""
    if (call.state, call.outcome, call.person_id) != (sample.state, sample.outcome, sample.person):
        return False
    if call.talk_seconds != sample.talk:
        return False
    if sample.person is None:
        return not events
    status = CALL_STATUS[Outcome(sample.outcome)]
    return [
        (event["person_id"], event["body"]["call_status"], event["body"]["call_duration"])
        for event in events
    ] == [(sample.person, status, sample.talk)]


def _summary(
    hooks: int,
    calls: int,
    written: list[dict[str, Any]],
    refused: list[dict[str, Any]],
    seconds: float,
) -> str:
    return (
        f"{hooks} hooks, {calls} calls, {len(written)} events on people's records, "
        f"{len(refused)} refused by Propexo, in {seconds:.0f} s"
    )


def _invitation(environ: Mapping[str, str], sandbox_url: str) -> str:
    """Return where to look around, and the password of this demo."""
    return (
        f"\nLook around: {environ['PUBLIC_BASE_URL']}/inbox, with any name and the password "
        f"{environ['ADMIN_PASSWORD']}\nEvents that Propexo has: {sandbox_url}/_sandbox/events\n"
        "Running until Ctrl-C, which removes everything"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_interrupt(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait()
    except KeyboardInterrupt:
        return
