"""How are the measured servers run? Each by gunicorn with the adapter's own configuration, on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.benchmarks.load import ACCOUNT, PUBLIC_URL, TOKEN
from tests.support.waiting import await_port, free_port

SERVER = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@contextmanager
def fresh_database(name: str) -> Iterator[str]:
    """The URL of an empty database of this name, which is dropped at the end."""
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield SERVER.rpartition("/")[0] + f"/{name}"
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def environment(database_url: str) -> dict[str, str]:
    """The adapter's settings for a measurement."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "PUBLIC_BASE_URL": PUBLIC_URL.removesuffix("/webhooks/twilio"),
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "PROPEXO_API_KEY": "sandbox-key",
        "PROPEXO_INTEGRATION_ID": "int_entrata",
        "LOG_FORMAT": "json",
        "HOST": "127.0.0.1",
    }


def adapter(*arguments: str, env: Mapping[str, str]) -> None:
    """Run an adapter command to its end."""
    subprocess.run([sys.executable, "-m", "adapter", *arguments], env=dict(env), check=True)


@dataclass(frozen=True)
class Server:
    """A server that runs. pid: of the process that started the others."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """The processor time of its processes so far."""
        return _cpu_seconds(self.pid)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return own + sum(_cpu_seconds(int(child)) for child in children)


@contextmanager
def gunicorn(app: str, env: Mapping[str, str]) -> Iterator[Server]:
    """This WSGI application, served as the adapter is."""
    with _serving(["gunicorn", "-c", "python:adapter.web.gunicorn_conf", app], env) as server:
        yield server


@contextmanager
def adapter_web(env: Mapping[str, str]) -> Iterator[Server]:
    """The command that users start, with what it counts for /metrics."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _serving(["adapter", "web"], {**env, "PROMETHEUS_MULTIPROC_DIR": folder}) as server,
    ):
        yield server


@contextmanager
def _serving(module: Sequence[str], env: Mapping[str, str]) -> Iterator[Server]:
    port = free_port()
    output = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        env={**env, "PORT": str(port)},
        stdout=output,
        stderr=output,
    )
    try:
        await_port(port, process)
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis of our own that has every write on disk before it answers."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        command += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            await_port(port, process)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(10)
