"""Is it noticed that lines.toml has changed since a process read it?"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adapter.bootstrap import Container
from adapter.cli import commands
from adapter.config.lines_file import read_lines
from adapter.config.lines_watch import LinesWatch
from adapter.config.settings import Settings
from adapter.storage.store import Store
from tests.support.environment import ENVIRON, NOW
from tests.support.processes import environment, running, wait_until_ready
from tests.support.waiting import wait_for

Logged = Callable[[], list[dict[str, Any]]]
FIRST = '[lines."+16175550100"]\nproperty_id = "prop_main"\n'
SECOND = FIRST.replace("prop_main", "prop_oak")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lines.toml"
    path.write_text(FIRST)
    return path


def started(file: Path) -> LinesWatch:
    return LinesWatch(str(file), {}, read_lines(str(file), {}))


def test_a_change_is_said_once(file: Path, logged: Logged) -> None:
    watched = started(file)
    watched.look()
    assert logged() == []
    file.write_text(SECOND)
    for _ in range(3):
        watched.look()
    (line,) = logged()
    assert line["level"] == "warning"
    assert "has changed since this process read it: start web and worker again" in line["event"]


def test_a_change_that_is_taken_back_is_said(file: Path, logged: Logged) -> None:
    watched = started(file)
    for text in (SECOND, FIRST):
        file.write_text(text)
        watched.look()
    assert [line["level"] for line in logged()] == ["warning", "info"]


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (b'[lines."+16175550100"]\ncolour = "red"\n', "colour is not known"),
        (b"[lines", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        (None, "cannot be read"),
    ],
    ids=["key", "syntax", "bytes", "gone"],
)
def test_a_broken_file_is_said_and_hurts_nothing(
    file: Path, logged: Logged, broken: bytes | None, problem: str
) -> None:
    watched = started(file)
    if broken is None:
        file.unlink()
    else:
        file.write_bytes(broken)
    watched.look()
    watched.look()
    (line,) = logged()
    assert line["level"] == "error" and problem in line["problem"]
    assert "until then they go on with what they read at their start" in line["event"]


def test_lines_given_as_text_are_not_watched() -> None:
    assert Container(Settings.from_environ(ENVIRON)).lines_watch is None


def test_a_worker_looks_at_the_file_now_and_then(file: Path, database_url: str) -> None:
    settings = Settings.from_environ(
        {**ENVIRON, "ADAPTER_LINES": str(file), "DATABASE_URL": database_url}
    )
    container = Container(settings)
    assert "lines file" in container.periodic.tasks
    container.store.engine.dispose()


@pytest.mark.parametrize("command", ["lines", "doctor"])
def test_an_operator_is_told_of_workers_with_other_lines(
    command: str, file: Path, database_url: str, store: Store
) -> None:
    nowhere = "http://127.0.0.1:1"
    environ = {
        **ENVIRON,
        "DATABASE_URL": database_url,
        "ADAPTER_LINES": str(file),
        "PUBLIC_BASE_URL": nowhere,
        "PROPEXO_BASE_URL": nowhere,
        "TWILIO_API_BASE_URL": nowhere,
        "COLUMNS": "200",
    }
    words = "1 worker(s) go on with other lines than these"

    def said() -> str:
        return " ".join(CliRunner().invoke(commands.cli, [command], env=environ).output.split())

    store.workers.beat("before", NOW, "dead long since")
    store.workers.beat("now", datetime.now(UTC), read_lines(str(file), {}).digest)
    store.workers.beat("of the version before", datetime.now(UTC))
    assert words not in said()
    file.write_text(SECOND)
    assert words in said()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found in /proc")
def test_a_process_of_web_that_is_replaced_has_the_lines_of_the_start(
    file: Path, database_url: str, tmp_path: Path
) -> None:
    """While the file is broken; else gunicorn ended, since its new process did not start."""
    environ = environment(database_url, propexo="http://127.0.0.1:1", ADAPTER_LINES=str(file))
    with running("web", environ, tmp_path / "web.log") as web:
        pid = web.popen.pid

        def processes() -> set[int]:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            return set(map(int, children.split()))

        wait_until_ready(environ, web)
        before = processes()
        file.write_text("[lines")
        for process in before:
            os.kill(process, signal.SIGKILL)
        wait_for("another process is there", lambda: bool(processes() - before))
        wait_until_ready(environ, web)
        wait_for(
            "the change is noticed",
            lambda: "the lines file has changed and cannot be used" in web.text(),
        )
        assert web.popen.poll() is None
