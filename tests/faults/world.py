"""What runs in a test? Web and worker processes, the sandbox and a database, all of them breakable."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import requests
import sqlalchemy as sa

from adapter.storage.schema import workers
from tests.faults import traffic
from tests.faults.disk import SmallDisk
from tests.faults.postgres import Cluster
from tests.support.twilio_api import FakeTwilio
from tests.support.waiting import free_port

VISIBLE_SECONDS = 3.0
_LINES = f"""
[defaults]
integration_id = "int_entrata"
event_type = "Call"
ignore = ["{traffic.IGNORED}"]
[lines."{traffic.LINE}"]
name = "Main Street leasing"
property_id = "prop_main"
"""


@dataclass
class Child:
    """One process of ours, the head of a process group of its own. port: of a web process."""

    name: str
    process: subprocess.Popen[bytes]
    port: int = 0

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        """To the whole group: a web process is several."""
        if self.is_alive:
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """What a host does that loses power, or has no patience left."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def members(self) -> list[int]:
        """The processes that this one started."""
        file = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in file.read_text().split()] if file.exists() else []


@dataclass
class World:
    """Two of each process, on a database of their own; `with World(...) as world`.

    cluster: the PostgreSQL server, or disk: where SQLite's file is. haste: see tests.faults.entry.
    senders: of the run that is under way.
    """

    cluster: Cluster | None = None
    disk: SmallDisk | None = None
    haste: float = 1.0
    processes: int = 2
    webs: list[Child] = field(default_factory=list)
    workers: list[Child] = field(default_factory=list)
    started: int = 0
    sandbox: Child | None = None
    senders: traffic.Senders | None = None
    twilio: FakeTwilio = field(default_factory=lambda: FakeTwilio({traffic.ACCOUNT: traffic.TOKEN}))

    def __enter__(self) -> World:
        self.twilio.__enter__()
        try:
            self._set_up()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def _set_up(self) -> None:
        self.home = Path(mkdtemp(prefix="faults-"))
        (self.home / "armed").mkdir()
        (self.home / "logs").mkdir()
        folder = self.disk.folder if self.disk else self.home
        self.database_url = self.cluster.url if self.cluster else f"sqlite:///{folder}/db.sqlite3"
        self.sandbox_url = f"http://127.0.0.1:{free_port()}"
        url = self.database_url.replace("postgresql://", "postgresql+psycopg://")
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        port = self.sandbox_url.rpartition(":")[2]
        self.sandbox = self._start("sandbox", *self._entry("sandbox", port))
        self._run("migrate")
        self._await_port(self.sandbox, int(port))
        self.control("people", traffic.people())
        self.heal()
        # A fault that comes before a worker is up keeps it from starting, and no host starts it again here.
        if not wait_until(lambda: self._count_workers() >= self.processes, 60):
            raise RuntimeError("the workers did not come up")

    def _count_workers(self) -> int:
        with self.engine.connect() as connection:
            return int(
                connection.execute(sa.select(sa.func.count()).select_from(workers)).scalar_one()
            )

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for child in [*self.webs, *self.workers, *([self.sandbox] if self.sandbox else [])]:
            child.kill()
        self.twilio.__exit__()
        self.engine.dispose()
        if kind is None:
            shutil.rmtree(self.home, ignore_errors=True)
        else:
            sys.stderr.write(f"what the processes said is in {self.home}/logs\n")

    # Processes ------------------------------------------------------------------------------------

    @property
    def ports(self) -> Sequence[int]:
        """Where hooks can be sent, as far as a router would know."""
        return [web.port for web in self.webs]

    def heal(self) -> None:
        """Everything is as it should be again; nothing is armed or injected, dead ones are replaced."""
        for file in (self.home / "armed").iterdir():
            file.unlink(missing_ok=True)
        self.set_clock(0)
        self.call_late_after(None)
        self.inject([])
        self.heal_processes()

    def heal_processes(self) -> None:
        """As many web and worker processes as there should be are there, and alive."""
        self.replace_dead()
        while len(self.webs) < self.processes:
            self.start_web()
        while len(self.workers) < self.processes:
            self.start_worker()

    def replace_dead(self) -> None:
        for kin, start in ((self.webs, self.start_web), (self.workers, self.start_worker)):
            for child in [child for child in kin if not child.is_alive]:
                kin.remove(child)
                start()

    def start_web(self) -> Child:
        """One more web server, which listens when this returns."""
        port = free_port()
        app = "tests.faults.entry:web_app()"
        command = ("-m", "gunicorn", "-c", "python:adapter.web.gunicorn_conf", app)
        child = self._start("web", *command, PORT=str(port))
        child.port = port
        self._await_port(child, port)
        self._await_answer(child)
        self.webs.append(child)
        return child

    def start_worker(self) -> Child:
        # On SQLite a host's name for it would be refused: such hosts empty their disks.
        name = {"DYNO": f"worker.{self.started}"} if self.cluster else {}
        child = self._start("worker", *self._entry("worker"), **name)
        self.workers.append(child)
        return child

    def stop_in_order(self, children: Sequence[Child], within_seconds: float = 40) -> None:
        """SIGTERM, as at a deploy; what has not ended after the host's grace is killed."""
        for child in children:
            for kin in (self.webs, self.workers):
                if child in kin:
                    kin.remove(child)
            if child.is_alive:
                child.process.terminate()
        for child in children:
            try:
                child.process.wait(within_seconds)
            except subprocess.TimeoutExpired:
                child.kill()

    def pids(self) -> list[int]:
        """All web and worker processes, with those that they started."""
        heads = [child for child in [*self.webs, *self.workers] if child.is_alive]
        return [pid for head in heads for pid in (head.process.pid, *head.members())]

    def deploy(self, database_url: str, old_go_on_seconds: float) -> None:
        """New web and worker by way of this URL, beside the old ones at first; then those get SIGTERM."""
        self.database_url = database_url
        old = [*self.webs, *self.workers]
        for _ in range(self.processes):
            self.start_web()
            self.start_worker()
        time.sleep(old_go_on_seconds)
        self.stop_in_order(old)

    # Breaking ---------------------------------------------------------------------------------------

    def arm(self, point: str, within_seconds: float = 60) -> bool:
        """Let a process die (or freeze) at this point; whether one did within the time."""
        file = self.home / "armed" / point
        file.touch()
        reached = wait_until(lambda: not file.exists(), within_seconds, every=0.02)
        file.unlink(missing_ok=True)
        return reached

    def set_clock(self, wrong_by_seconds: float) -> None:
        """The clock of web and workers (not the sandbox's) is wrong by so much from now on."""
        fresh = self.home / "clock.new"
        fresh.write_text(str(wrong_by_seconds))
        fresh.replace(self.home / "clock")

    def call_late_after(self, seconds: float | None) -> None:
        """When web and worker think that a call comes late; None: as they do by themselves."""
        file = self.home / "late"
        if seconds is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(str(seconds))

    def inject(self, faults: list[dict[str, Any]]) -> None:
        """What the sandbox does wrong from now on; see adapter/sandbox/faults.py."""
        self.control("faults", faults)

    def control(self, name: str, body: Any = None) -> Any:
        """Ask the sandbox's control API."""
        url = f"{self.sandbox_url}/_sandbox/{name}"
        answer = (
            requests.get(url, timeout=60)
            if body is None
            else requests.post(url, json=body, timeout=60)
        )
        answer.raise_for_status()
        return answer.json()

    # ------------------------------------------------------------------------------------------------

    def _entry(self, *arguments: str) -> Sequence[str]:
        return ("-m", "tests.faults.entry", *arguments)

    def _start(self, name: str, *command: str, **more: str) -> Child:
        self.started += 1
        with (self.home / "logs" / f"{self.started:03}-{name}").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                env={**self._environ, **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return Child(name, process)

    def _run(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "adapter", *arguments]
        subprocess.run(command, env=self._environ, check=True, stdout=subprocess.DEVNULL)

    @property
    def _environ(self) -> Mapping[str, str]:
        kept = {
            n: os.environ[n] for n in ("PATH", "HOME", "TMPDIR", "PYTHONPATH") if n in os.environ
        }
        return {
            **kept,
            "FAULTS_DIR": str(self.home),
            "FAULTS_HASTE": str(self.haste),
            "HOST": "127.0.0.1",
            "PUBLIC_BASE_URL": traffic.PUBLIC_URL,
            "DATABASE_URL": self.database_url,
            "TWILIO_ACCOUNT_SID": traffic.ACCOUNT,
            "TWILIO_AUTH_TOKEN": traffic.TOKEN,
            "TWILIO_API_BASE_URL": self.twilio.url,
            "PROPEXO_API_KEY": "sandbox-key",
            "PROPEXO_BASE_URL": self.sandbox_url,
            "PROPEXO_RATE_LIMIT": "0",
            "PROPEXO_VISIBLE_SECONDS": str(VISIBLE_SECONDS),
            "ADAPTER_LINES": _LINES,
            "SETTLE_SECONDS": "0.5",
            "CONFIRM_SECONDS": "2",
            "RECORDING_WAIT_SECONDS": "2",
            "SECRET_KEY": "faults",
            "WEB_CONCURRENCY": "1",
            "LOG_FORMAT": "json",
        }

    @staticmethod
    def _await_port(child: Child, port: int) -> None:
        def listens() -> bool:
            if not child.is_alive:
                raise RuntimeError(f"{child.name} ended instead of listening")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                return False
            return True

        if not wait_until(listens, 60):
            raise RuntimeError(f"{child.name} does not listen")

    @staticmethod
    def _await_answer(web: Child) -> None:
        """Gunicorn listens before it has an application, and ends if it gets none."""

        def answers() -> bool:
            if not web.is_alive:
                raise RuntimeError(f"{web.name} ended instead of answering")
            try:
                return requests.get(f"http://127.0.0.1:{web.port}/livez", timeout=5).ok
            except requests.RequestException:
                return False

        if not wait_until(answers, 60):
            raise RuntimeError(f"{web.name} does not answer")


def wait_until(is_so: Callable[[], bool], within_seconds: float, *, every: float = 0.1) -> bool:
    """Whether it became so within the time."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(every)
    return is_so()
