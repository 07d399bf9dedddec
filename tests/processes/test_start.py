"""Do web and worker say at their start which adapter this is, and what it works with?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapter.cli.startup import say_start
from adapter.config.lines_file import read_lines
from adapter.config.settings import Settings
from tests.support.environment import ENVIRON
from tests.support.processes import environment, running, sandbox
from tests.support.waiting import wait_for

Logged = Callable[[], list[dict[str, Any]]]


def said(logged: Logged, process: str = "web", **environ: str) -> dict[str, Any]:
    settings = Settings.from_environ({**ENVIRON, **environ})
    lines = read_lines(settings.adapter_lines, settings.line_defaults)
    say_start(process, settings, lines)
    (line,) = logged()
    return line


def test_it_says_version_address_database_lines_accounts_and_schema(
    logged: Logged, database_url: str
) -> None:
    line = said(
        logged,
        DATABASE_URL=database_url,
        PORT="8123",
        TWILIO_SUBACCOUNT_TOKENS='{"AC00000000000000000000000000000002": ["t"]}',
    )
    assert line["event"] == "web starts"
    assert line["version"].startswith("0.")
    assert (line["address"], line["listens_on"]) == ("https://calls.example.com", "0.0.0.0:8123")
    kind = "SQLite /" if database_url.startswith("sqlite") else "PostgreSQL adapter_test_"
    assert line["database"].startswith(kind)
    assert line["schema"].isdigit()
    assert line["lines"] == "1: ...00"
    assert line["accounts"] == f"twilio {ENVIRON['TWILIO_ACCOUNT_SID']}, AC{2:032}"


def test_it_shows_no_password_and_does_not_wait_for_a_database(logged: Logged) -> None:
    line = said(
        logged, DATABASE_URL="postgres://ann:pass-word@127.0.0.1:1/calls?password=pass-word"
    )
    assert line["database"] == "PostgreSQL calls on 127.0.0.1:1 as ann"
    assert line["schema"] == "not known: the database does not answer"
    assert "pass-word" not in str(line)


def test_a_database_that_is_not_there_is_not_made(logged: Logged, tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    line = said(logged, "worker", DATABASE_URL=f"sqlite:///{path}")
    assert line["schema"] == "none yet: run adapter migrate"
    assert not path.exists()
    assert "listens_on" not in line


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "every number, int_main"),
        (
            '[lines."+16175550100"]\nname = "Main Street"\n[lines."+16175550101"]',
            "2: Main Street, ...01",
        ),
    ],
)
def test_lines_are_named_without_their_numbers(logged: Logged, lines: str, words: str) -> None:
    assert said(logged, ADAPTER_LINES=lines, DATABASE_URL="sqlite:///none/x")["lines"] == words


def test_both_processes_say_it(tmp_path: Path) -> None:
    with sandbox() as propexo:
        environ = environment(f"sqlite:///{tmp_path}/live.sqlite3", propexo=propexo.url)
        with running("run", environ, tmp_path / "log") as process:
            events = ('"event": "web starts"', '"event": "worker starts"')
            wait_for(
                "both say it",
                lambda: all(event in process.text() for event in events),
                seconds=120,
            )
