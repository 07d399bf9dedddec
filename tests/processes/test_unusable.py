"""A database or a port that cannot be used is told in one line that names the cause. With real processes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg
import pytest

from tests.faults.disk import SmallDisk, small_disk
from tests.support.databases import PostgresServer
from tests.support.environment import ENVIRON
from tests.support.waiting import free_port

COMMANDS = ("web", "worker", "run", "migrate", "doctor", "calls")
# Root may write everywhere, unless it gives that right away.
AS_USER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if not os.geteuid() else ()
NOWHERE = "http://127.0.0.1:1"


def told(
    folder: Path,
    commands: Sequence[str] = COMMANDS,
    *,
    wrapper: Sequence[str] = (),
    **environ: str,
) -> Mapping[str, str]:
    """What each command said, started in this folder. It ended with 1, in one line, without a traceback."""
    given = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ},
        **ENVIRON,
        "PUBLIC_BASE_URL": NOWHERE,
        "PROPEXO_BASE_URL": NOWHERE,
        "TWILIO_API_BASE_URL": NOWHERE,
        "HOST": "127.0.0.1",
        "COLUMNS": "100",
        **environ,
    }
    started = {
        command: subprocess.Popen(
            [*wrapper, sys.executable, "-m", "adapter", command],
            env={"PORT": str(free_port()), **given},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
        )
        for command in commands
    }
    said = {}
    try:
        for command, process in started.items():
            said[command] = process.communicate(timeout=120)[0]
            assert process.returncode == 1, f"{command} {process.returncode}: {said[command]}"
            assert "Traceback" not in said[command] and "Error" not in said[command], said[command]
            assert command == "doctor" or len(said[command].splitlines()) == 1, said[command]
    finally:
        for process in started.values():
            if process.poll() is None:
                process.kill()
                process.wait()
    return said


def all_name(said: Mapping[str, str], *parts: str) -> None:
    for command, text in said.items():
        for part in parts:
            assert part in " ".join(text.split()), f"{command}: {text}"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that its user may read and not write."""
    if AS_USER and shutil.which(AS_USER[0]) is None:
        pytest.skip("root may write everywhere, and there is no setpriv to change that")
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


# SQLite -----------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written(locked: Path, is_full: bool) -> None:
    said = told(locked, COMMANDS if is_full else ("run", "doctor"), wrapper=AS_USER)
    all_name(said, f"{locked}/var/adapter.sqlite3", f"{locked} cannot be written by this user")


@pytest.mark.full
def test_a_file_that_cannot_be_written(locked: Path, sqlite_template: Path) -> None:
    locked.chmod(0o755)
    file = locked / "db.sqlite3"
    shutil.copy(sqlite_template, file)
    file.chmod(0o444)
    locked.chmod(0o555)
    said = told(locked, wrapper=AS_USER, DATABASE_URL="sqlite:///db.sqlite3")
    all_name(said, f"{file} cannot be written by this user")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(None, id="default", marks=pytest.mark.full),
        pytest.param("sqlite:///var/x.sqlite3", id="given"),
    ],
)
def test_a_relative_path_from_another_folder(
    tmp_path: Path, sqlite_template: Path, url: str | None, is_full: bool
) -> None:
    """The one that was meant is elsewhere. What only looks makes no new one in its place."""
    here, there = tmp_path / "here", tmp_path / "there"
    name = "x.sqlite3" if url else "adapter.sqlite3"
    (here / "var").mkdir(parents=True)
    shutil.copy(sqlite_template, here / "var" / name)
    there.mkdir()
    environ = {"DATABASE_URL": url} if url else {}
    commands = ("web", "worker", "doctor", "calls") if is_full else ("worker", "calls")
    said = told(there, commands, **environ)
    facts = (f"{there}/var/{name}", "is relative to the folder of the start", "is not there")
    all_name(said, *facts, "adapter migrate")
    assert list(there.iterdir()) == []


def test_migrate_says_where_a_relative_path_led(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "adapter", "migrate"],
        cwd=tmp_path,
        env={name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert f"{tmp_path}/var/adapter.sqlite3" in " ".join(done.stdout.split())


@pytest.fixture
def full() -> Iterator[SmallDisk]:
    with small_disk(8) as disk:
        if not disk.is_mounted:
            pytest.skip("no small disk can be mounted here")
        yield disk


@pytest.mark.full
@pytest.mark.parametrize("is_migrated", [True, False], ids=["migrated", "new"])
def test_a_full_disk(full: SmallDisk, sqlite_template: Path, is_migrated: bool) -> None:
    file = full.folder / "db.sqlite3"
    if is_migrated:
        shutil.copy(sqlite_template, file)
    full.fill([])
    said = told(full.folder, DATABASE_URL=f"sqlite:///{file}")
    all_name(said, f"the SQLite file {file} of DATABASE_URL", "its disk is full")


# PostgreSQL -------------------------------------------------------------------------------------------


@pytest.fixture
def role(postgres_server: PostgresServer, postgres_database: str) -> Iterator[str]:
    """A role that may connect and log in, and has no right to anything of ours."""
    name = f"adapter_test_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")
        yield name
        connection.execute(f"DROP ROLE {name}")


def as_role(url: str, name: str) -> str:
    _, _, place = url.partition("://")
    return f"postgres://{name}:s3cret@{place.rpartition('@')[2]}"


@pytest.mark.full
@pytest.mark.postgres
def test_a_role_that_does_not_exist(tmp_path: Path, postgres_database: str) -> None:
    said = told(tmp_path, DATABASE_URL=as_role(postgres_database, "nobody_there"))
    all_name(said, "DATABASE_URL", 'role "nobody_there" does not exist')
    assert "s3cret" not in str(said)


@pytest.mark.full
@pytest.mark.postgres
def test_a_role_that_is_refused(
    tmp_path: Path, postgres_server: PostgresServer, postgres_database: str, role: str
) -> None:
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {role} NOLOGIN")
    said = told(tmp_path, DATABASE_URL=as_role(postgres_database, role))
    all_name(said, "DATABASE_URL", f'role "{role}" is not permitted to log in')


@pytest.mark.full
@pytest.mark.postgres
def test_a_role_without_rights(tmp_path: Path, postgres_database: str, role: str) -> None:
    said = told(tmp_path, DATABASE_URL=as_role(postgres_database, role))
    all_name(said, "DATABASE_URL", "permission denied for")


@pytest.mark.full
@pytest.mark.postgres
def test_a_database_that_does_not_exist(tmp_path: Path, postgres_database: str) -> None:
    url = postgres_database.rpartition("/")[0] + "/none_of_this_name"
    said = told(tmp_path, DATABASE_URL=url)
    all_name(said, "DATABASE_URL", 'database "none_of_this_name" does not exist')


# Port -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["web", pytest.param("run", marks=pytest.mark.full)])
def test_a_taken_port(command: str, tmp_path: Path, sqlite_template: Path) -> None:
    file = tmp_path / "db.sqlite3"
    shutil.copy(sqlite_template, file)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = told(tmp_path, [command], DATABASE_URL=f"sqlite:///{file}", PORT=port)
    all_name(said, f"PORT {port}", "another program listens there")


@pytest.mark.full
def test_a_host_that_is_not_this_machine(tmp_path: Path) -> None:
    all_name(told(tmp_path, ["web", "run"], HOST="192.0.2.1"), "HOST 192.0.2.1", "no address of")
