"""A real adapter on this machine: its commands as processes, a sandbox for Propexo, a Twilio API of stories."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import requests

from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.waiting import free_port, wait_for
from tests.support.world import LINES, SUBACCOUNT, SUBACCOUNT_TOKEN

T = TypeVar("T")
API_KEY = "sandbox-key"


# Propexo --------------------------------------------------------------------------------------------


class Sandbox:
    """The sandbox over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url

    def events(self) -> list[dict[str, Any]]:
        return list(self._get("events")["events"])

    def writes(self) -> list[dict[str, Any]]:
        return list(self._get("writes")["writes"])

    def add_people(self, people: Sequence[Mapping[str, Any]]) -> None:
        answer = requests.post(f"{self.url}/_sandbox/people", json=list(people), timeout=5)
        answer.raise_for_status()

    def refused(self) -> list[Any]:
        return list(self._get("refused")["refused"])

    def requests(self) -> list[dict[str, Any]]:
        return list(self._get("requests")["routes"])

    def faults(self, *faults: Mapping[str, Any]) -> None:
        answer = requests.post(f"{self.url}/_sandbox/faults", json=list(faults), timeout=5)
        answer.raise_for_status()

    def used_faults(self) -> list[int]:
        return [int(fault["used"]) for fault in self._get("faults")["faults"]]

    def _get(self, path: str) -> Any:
        return requests.get(f"{self.url}/_sandbox/{path}", timeout=5).json()


@contextmanager
def sandbox(vendors: Sequence[str] = ("ENTRATA",)) -> Iterator[Sandbox]:
    app = create_sandbox(
        SandboxState(vendors),
        api_key=API_KEY,
        rate_limit=0,
        write_seconds=0.1,
        read_back_seconds=0.2,
    )
    with SandboxServer(app) as server:
        yield Sandbox(server.url)


# Twilio ---------------------------------------------------------------------------------------------


@dataclass
class TwilioApi:
    """Twilio's REST API: calls, the legs they dialled and their recordings, in Twilio's JSON."""

    calls: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    recordings: dict[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def add(self, call: str, rest: Mapping[str, Any]) -> None:
        for row in [rest["call"], *rest["children"]]:
            if row:
                self.calls[row["sid"]] = row
        self.recordings[call] = rest["recordings"]

    def answer(self, target: str, user: str, password: str) -> tuple[int, Mapping[str, Any]]:
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        parts = url.path.removesuffix(".json").strip("/").split("/")
        self.asked.append(target)
        tokens = {ACCOUNT: TOKEN, SUBACCOUNT: SUBACCOUNT_TOKEN}
        if parts[:2] != ["2010-04-01", "Accounts"] or tokens.get(user) != password:
            self.refused.append(target)
            return 401, {"code": 20003, "message": "Authenticate", "status": 401}
        match parts[2:]:
            case [account, "Calls"] if account == user:
                parent = query.get("ParentCallSid")
                rows = [
                    row
                    for row in self.calls.values()
                    if row["parent_call_sid"] == parent and row["account_sid"] == account
                ]
                return 200, {"calls": rows, "next_page_uri": None, "page": 0, "page_size": 1000}
            case [account, "Calls", sid] if account == user and sid in self.calls:
                return 200, self.calls[sid]
            case [account, "Calls", sid, "Recordings"] if account == user and sid in self.calls:
                rows = list(self.recordings.get(sid, ()))
                return 200, {"recordings": rows, "next_page_uri": None, "page": 0}
        return 404, {"code": 20404, "message": "not found", "status": 404}


@contextmanager
def twilio_api(api: TwilioApi) -> Iterator[str]:
    """Its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            import base64

            scheme, _, given = self.headers.get("Authorization", "").partition(" ")
            user, _, password = base64.b64decode(given).decode().partition(":")
            status, row = api.answer(self.path, user, password if scheme == "Basic" else "")
            body = json.dumps(row).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# The adapter ------------------------------------------------------------------------------------------


def environment(
    database_url: str, *, propexo: str, twilio: str | None = None, **more: str
) -> dict[str, str]:
    """The environment of an adapter that reaches nothing but this machine."""
    port = free_port()
    return {
        **{
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "PYTHONPATH")
            if name in os.environ
        },
        "PYTHONFAULTHANDLER": "1",  # at SIGABRT it tells what each thread does
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": database_url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_SUBACCOUNT_TOKENS": json.dumps({SUBACCOUNT: [SUBACCOUNT_TOKEN]}),
        "TWILIO_API_BASE_URL": twilio or propexo,  # the sandbox knows no such path: 404
        "PROPEXO_API_KEY": API_KEY,
        "PROPEXO_BASE_URL": propexo,
        "PROPEXO_RATE_LIMIT": "0",
        "PROPEXO_VISIBLE_SECONDS": "2",
        "CONFIRM_SECONDS": "0.5",
        "ADAPTER_LINES": LINES,
        "SETTLE_SECONDS": "2",
        "RECORDING_WAIT_SECONDS": "3",
        "SECRET_KEY": "secret-key",
        "WEB_CONCURRENCY": "1",
        "LOG_FORMAT": "json",
        **more,
    }


class Process:
    """One adapter command. log: where its output goes. program: what python is to run, and which Python."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        log: Path,
        program: Sequence[str] = ("-m", "adapter"),
        python: str | Path = sys.executable,
    ) -> None:
        self.log = log
        with log.open("wb") as out:
            self.popen = subprocess.Popen(
                [python, *program, *command],
                env=dict(environ),
                stdout=out,
                stderr=out,
                cwd=log.parent,
            )

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """As a crash of the machine: no goodbye."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, seconds: float = 30) -> int:
        """SIGTERM; the exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.wait_for_end(seconds)

    def wait_for_end(self, seconds: float = 30) -> int:
        """The exit code. Fails if it takes longer, by default than hosts wait, and tells where it hangs."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.send_signal(signal.SIGABRT)
            self.popen.wait(30)
            raise AssertionError(f"it does not end:\n{self.text()[-5000:]}") from None


@contextmanager
def running(
    command: str,
    environ: Mapping[str, str],
    log: Path,
    program: Sequence[str] = ("-m", "adapter"),
) -> Iterator[Process]:
    process = Process(command.split(), environ, log, program)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.popen.terminate()
            process.wait_for_end()


def wait_until_ready(environ: Mapping[str, str], process: Process) -> None:
    def is_ready() -> bool:
        assert process.popen.poll() is None, process.text()
        try:
            return requests.get(f"{environ['PUBLIC_BASE_URL']}/readyz", timeout=2).ok
        except requests.RequestException:
            return False

    wait_for("the adapter answers", is_ready, seconds=120)
