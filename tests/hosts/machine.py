"""What a Heroku-style host does, done here: a fresh folder, a fresh database, TLS in front, SIGTERM."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from twilio.request_validator import RequestValidator

from adapter.sandbox.twilio import ACCOUNT, hook, new_sid
from tests.support.waiting import free_port

ROOT = Path(__file__).parents[2]
TOKEN = "host-test-token"
LINE = "+16175550100"
ANNA = "+16175550134"
GRACE_SECONDS = 30.0  # what such a host gives between SIGTERM and SIGKILL
POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


def unavailable(what: str) -> None:
    """Skip here, where it may be missing; fail in CI, where it must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}: CI must have it")
    pytest.skip(what)


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
    """The condition's value once it is true; fails with `what` when the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def repository_files() -> list[str]:
    """The names of the files that a clone has, and of new ones that are not ignored."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        unavailable("this is no git clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [name for name in listed.split("\0") if (ROOT / name).is_file()]


def fresh_clone(folder: Path) -> Path:
    """The repository's files in a folder of their own, with what a host installs, and no more."""
    for name in repository_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-m", "venv", folder / ".venv"], check=True)
    install = ["-m", "pip", "install", "-q", "--require-hashes", "-r", "requirements.txt"]
    subprocess.run([folder / ".venv/bin/python", *install], cwd=folder, check=True)
    return folder


@contextmanager
def fresh_database() -> Iterator[str]:
    """A PostgreSQL database of its own, as hosts write it: postgres://..."""
    name = f"adapter_hosts_{new_sid()[2:12]}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError:
        unavailable("no PostgreSQL on 127.0.0.1:5432 and no TEST_DATABASE_URL")
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            head = POSTGRES.rpartition("/")[0].partition("://")[2]
            yield f"postgres://{head}/{name}"
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@dataclass
class Router:
    """nginx in front of the web process: it ends TLS and says so in X-Forwarded-*."""

    folder: Path
    web_port: int
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @contextmanager
    def running(self) -> Iterator[Router]:
        if shutil.which("nginx") is None or shutil.which("openssl") is None:
            unavailable("no nginx or no openssl")
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        out = ["-keyout", str(self.folder / "key.pem"), "-out", str(self.certificate)]
        subprocess.run([*command, *names, *out], check=True, capture_output=True)
        (self.folder / "nginx.conf").write_text(self._configuration())
        arguments = ["-p", str(self.folder), "-c", "nginx.conf", "-e", "nginx.log"]
        process = subprocess.Popen(["nginx", *arguments])
        try:
            wait_until(lambda: is_listening(self.port), "nginx listens")
            yield self
        finally:
            process.terminate()
            process.wait(10)

    def _configuration(self) -> str:
        temporary = "\n".join(
            f"{kind}_temp_path {kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
user {getpass.getuser()};
daemon off;
worker_processes 1;
pid nginx.pid;
events {{ worker_connections 256; }}
http {{
  access_log off;
  {temporary}
  upstream app {{ server 127.0.0.1:{self.web_port}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_certificate certificate.pem;
    ssl_certificate_key key.pem;
    location / {{
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_read_timeout 30s;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Port {self.port};
      proxy_set_header X-Request-Id $request_id;
    }}
  }}
}}
"""


@dataclass
class Host:
    """Runs the Procfile's lines as they stand there, in the clone, with these config variables."""

    clone: Path
    router: Router
    database_url: str
    config: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def procfile(self) -> Mapping[str, str]:
        lines = (self.clone / "Procfile").read_text().splitlines()
        return {name: command.strip() for name, _, command in (x.partition(":") for x in lines)}

    def environ(self, process: str) -> dict[str, str]:
        path = f"{self.clone}/.venv/bin:/usr/local/bin:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self.clone), "DYNO": f"{process}.1", **self.config}

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a line of the Procfile by its name."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                ["bash", "-c", self.procfile[name]],
                cwd=self.clone, env=self.environ(name), stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self.running.append(process)
        return process

    def log(self, name: str) -> Path:
        return self.router.folder / f"{name}.log"

    def release(self) -> None:
        assert self.start("release").wait(60) == 0, self.log("release").read_text()

    def start_web(self) -> subprocess.Popen[bytes]:
        web = self.start("web")
        wait_until(lambda: self.get("/livez") == 200, "the web process answers")
        return web

    def terminate(self, process: subprocess.Popen[bytes]) -> None:
        """SIGTERM to every process of the dyno, as such a host does it."""
        os.killpg(process.pid, signal.SIGTERM)

    def ended(self, process: subprocess.Popen[bytes], since: float) -> int:
        """The exit code of a process that got SIGTERM at this (monotonic) time; fails after the grace."""
        try:
            return process.wait(max(0.0, since + GRACE_SECONDS - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise AssertionError("it did not end within the grace after SIGTERM") from None

    def kill_now(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL to every process of the dyno."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill(self) -> None:
        for process in self.running:
            if process.poll() is None:
                self.kill_now(process)

    def get(self, path: str) -> int:
        try:
            url = self.router.url + path
            return requests.get(url, verify=str(self.router.certificate), timeout=10).status_code
        except requests.RequestException:
            return 0

    def send(self, call: str, *, signed_url: str | None = None) -> int:
        """One signed hook about a missed call, through the router; the answer's status."""
        params = hook("missed", call=call, account=ACCOUNT, caller=ANNA, called=LINE)
        url = f"{self.router.url}/webhooks/twilio"
        signature = RequestValidator(TOKEN).compute_signature(signed_url or url, params)
        headers = {"X-Twilio-Signature": signature}
        certificate = str(self.router.certificate)
        answer = requests.post(url, params, headers=headers, verify=certificate, timeout=60)
        return answer.status_code

    def database(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.database_url, autocommit=True)

    def states(self) -> list[str]:
        """The state of every call that is stored."""
        with self.database() as connection:
            return [row[0] for row in connection.execute("SELECT state FROM calls")]
