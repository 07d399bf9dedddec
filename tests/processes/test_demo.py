"""Does `adapter demo` show all of it, leave nothing behind, and fail when anything is wrong?"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests
from rich.console import Console

from adapter.cli import demo
from adapter.domain.call import CallState
from adapter.storage.store import Store
from tests.support.rows import record, row


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str
    home: Path
    here: Path
    temporary: Path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The demo, run once as a newcomer would, in an empty directory and with nothing set."""
    root = tmp_path_factory.mktemp("demo")
    home, here, temporary = (root / name for name in ("home", "here", "tmp"))
    for folder in (home, here, temporary):
        folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "adapter", "demo"],
        env={**kept, "HOME": str(home), "TMPDIR": str(temporary), "LANG": "C.UTF-8"},
        cwd=here,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr, home, here, temporary)


def test_it_succeeds_and_is_silent_about_errors(ran: Ran) -> None:
    assert ran.code == 0, ran.out + ran.err
    assert "Traceback" not in ran.out + ran.err


@pytest.mark.parametrize("title", [*[sample.title for sample in demo.samples()], "forged"])
def test_every_call_has_a_row_that_came_out_right(ran: Ran, title: str) -> None:
    (row,) = [line for line in ran.out.splitlines() if line.lstrip(" ✓✗").startswith(f"{title}  ")]
    assert "✓" in row
    assert "✗" not in row


def test_the_table_says_who_and_what_was_written(ran: Ran) -> None:
    row = next(line for line in ran.out.splitlines() if line.lstrip(" ✓✗").startswith("answered  "))
    for part in ("(617) 555-0134", "3:12", "Anna Alvarez (lead)", "ANSWER", "confirmed"):
        assert part in row


def test_it_ends_in_what_to_do_next(ran: Ran) -> None:
    assert "Next:" in ran.out.strip().splitlines()[-1] or "Next:" in ran.out.strip()[-400:]
    assert "adapter setup" in ran.out


def test_it_leaves_no_files_behind(ran: Ran) -> None:
    for folder in (ran.here, ran.home, ran.temporary):
        assert list(folder.iterdir()) == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc")
def test_it_leaves_no_processes_behind(ran: Ran) -> None:
    left = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(ran.home).encode() in environ.read_bytes():
                left.append((environ.parent / "cmdline").read_bytes())
        except OSError:
            continue
    assert left == []


# When something is wrong ------------------------------------------------------------------------------


@pytest.fixture
def told() -> Console:
    return Console(file=io.StringIO(), width=200)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


WRONG: list[tuple[str, Callable[[demo.Sample], demo.Sample]]] = [
    ("outcome", lambda sample: replace(sample, outcome="busy")),
    ("state", lambda sample: replace(sample, person=None)),
    ("person", lambda sample: replace(sample, person="lead_cara")),
    ("talk", lambda sample: replace(sample, talk=7)),
]


@pytest.mark.parametrize(
    "change",
    [pytest.param(change, id=name) for name, change in WRONG],
)
@pytest.mark.full
def test_a_call_that_came_out_otherwise_fails_the_demo(
    told: Console,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[demo.Sample], demo.Sample],
) -> None:
    sample = next(each for each in demo.samples() if each.title == "missed")
    monkeypatch.setattr(demo, "samples", lambda: [change(sample)])
    assert demo.run_demo(told) != 0
    assert "✗" in text(told)
    assert "1 call(s) did not come out as they should" in text(told)


@pytest.mark.full
def test_a_hook_that_comes_after_the_call_was_written_is_no_failure(
    told: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a slow machine: the PMS takes no correction, and the one event is as it should be."""
    real = demo._environ
    short = {"SETTLE_SECONDS": "0.1"}
    monkeypatch.setattr(demo, "_environ", lambda *given: {**real(*given), **short})
    sample = next(each for each in demo.samples() if each.title == "answered")
    monkeypatch.setattr(demo, "samples", lambda: [sample])
    assert demo.run_demo(told, hook_delay=2.0) == 0, text(told)
    assert "0 refused by Propexo" in text(told)


def test_a_refused_correction_is_no_refused_write() -> None:
    with demo._sandbox() as sandbox:
        key = {"Authorization": "Bearer demo-key"}
        for method, path in (("PUT", "/v1/events/leads/none"), ("POST", "/v1/events/leads")):
            answer = requests.request(
                method, f"{sandbox.url}{path}", json={}, headers=key, timeout=30
            )
            assert 400 <= answer.status_code < 500
        assert [each["method"] for each in demo._refused_writes(sandbox.url)] == ["POST"]


RIGHT = {"call_status": "BUSY", "call_duration": 0}


@pytest.mark.parametrize(
    ("events", "is_right"),
    [
        ([("lead_cara", RIGHT)], True),
        ([], False),
        ([("lead_cara", RIGHT), ("lead_cara", RIGHT)], False),
        ([("lead_ben", RIGHT)], False),
        ([("lead_cara", {**RIGHT, "call_status": "ANSWER"})], False),
        ([("lead_cara", {**RIGHT, "call_duration": 42})], False),
    ],
    ids=["right", "no event", "two events", "another person", "another status", "another length"],
)
def test_what_stands_in_the_pms_is_checked(
    store: Store, events: list[tuple[str, dict[str, object]]], is_right: bool
) -> None:
    sample = next(each for each in demo.samples() if each.title == "busy")
    with store.begin() as connection:
        call = store.calls.take(connection, row(record()))
    call = replace(
        call,
        state=CallState.WRITTEN,
        outcome="busy",
        person_id="lead_cara",
        talk_seconds=0,
    )
    stands = [{"person_id": person, "body": body} for person, body in events]
    assert demo._is_right(sample, call, stands) is is_right


def test_an_adapter_that_does_not_start_fails_the_demo_and_shows_why(
    told: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = demo._environ
    monkeypatch.setattr(demo, "_environ", lambda *given: {**real(*given), "SETTLE_SECONDS": "soon"})
    assert demo.run_demo(told) != 0
    assert "did not start" in text(told)
    assert "SETTLE_SECONDS" in text(told)
