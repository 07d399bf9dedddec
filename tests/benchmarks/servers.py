"""How are the measured servers run? Each by gunicorn with the adapter's own configuration, on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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


@contextmanager
def gunicorn(app: str, env: Mapping[str, str]) -> Iterator[str]:
    """The URL of this WSGI application, served as the adapter is."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:adapter.web.gunicorn_conf", app]
    process = subprocess.Popen(command, env={**env, "PORT": str(port)}, stderr=subprocess.DEVNULL)
    try:
        await_port(port, process)
        yield f"http://127.0.0.1:{port}"
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
