"""What does `adapter copy` say, what does it ask, and does it show no password?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from adapter.cli import commands, common
from adapter.storage.moves import Moves
from adapter.storage.store import Store
from tests.support.environment import ENVIRON, NOW
from tests.support.rows import add, record

Run = Callable[..., Result]


@pytest.fixture
def backend() -> str:
    """The source is SQLite; tests/unit/operations has the other kinds."""
    return "sqlite"


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command on the source, in a terminal of 80 columns."""
    monkeypatch.setattr(common, "console", Console(width=80))

    def run_command(*arguments: str, text: str = "", **environ: str) -> Result:
        given = {**ENVIRON, "DATABASE_URL": database_url, **environ}
        return CliRunner().invoke(commands.cli, list(arguments), env=given, input=text)

    return run_command


def words(result: Result) -> str:
    return " ".join(result.output.split())


def test_it_asks_copies_and_says_how_many_rows_each_table_has(
    run: Run, store: Store, tmp_path: Path
) -> None:
    add(store, record())
    url = f"sqlite:///{tmp_path / 'target.sqlite3'}"
    assert run("copy", "--to", url, text="n\n").exit_code == 1
    assert Moves(store).get("out") is None
    result = run("copy", "--to", url, text="y\n")
    assert result.exit_code == 0, result.output
    assert "calls 1 1" in words(result)
    assert "The counts agree" in words(result)
    assert "Next: let DATABASE_URL name that one" in words(result)
    assert all(len(line) <= 80 for line in result.output.splitlines() if "/" not in line)
    again = run("copy", "--to", url)
    assert again.exit_code == 0 and "already" in words(again)


def test_afterwards_this_database_can_be_looked_at_and_nothing_else(
    run: Run, store: Store, tmp_path: Path
) -> None:
    add(store, record(), due_at=None)
    path = tmp_path / "target.sqlite3"
    assert run("copy", "--yes", "--to", f"sqlite:///{path}").exit_code == 0
    assert "CA0" in run("show", "CA0").output
    for command in (["worker"], ["web"], ["migrate"], ["ignore", "CA0"]):
        result = run(*command)
        assert result.exit_code == 1
        assert f"was moved to SQLite {path}" in result.output
        assert "adapter copy --undo" in result.output
        assert result.output.count("\n") == 1
    assert "was moved to SQLite" in words(run("doctor"))


def test_the_way_back_is_asked_for_and_says_what_can_go_wrong(
    run: Run, store: Store, tmp_path: Path
) -> None:
    add(store, record(), due_at=None)
    assert "was not moved" in words(run("copy", "--undo"))
    run("copy", "--yes", "--to", f"sqlite:///{tmp_path / 'target.sqlite3'}")
    asked = run("copy", "--undo", text="n\n")
    assert asked.exit_code == 1 and "calls can be written twice" in words(asked)
    assert run("ignore", "CA0").exit_code == 1
    assert run("copy", "--undo", text="y\n").exit_code == 0
    assert run("ignore", "CA0").exit_code == 0


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ann:pass-word@db/calls",
        "postgres://ann:pass-word@127.0.0.1:port/calls",
        "postgres://ann:pass-word@127.0.0.1:1/calls",
    ],
)
@pytest.mark.parametrize("way", ["option", "input"])
def test_no_password_is_shown_whatever_is_wrong(run: Run, url: str, way: str) -> None:
    if way == "option":
        result = run("copy", "--yes", "--to", url)
    else:
        result = run("copy", "--yes", "--to", "-", text=f"{url}\n")
    assert result.exit_code == 1
    assert "--to" in result.output and "pass-word" not in result.output
    assert result.output.count("\n") == 1


def test_a_url_of_nothing_or_both_options_is_a_wrong_use(run: Run) -> None:
    assert run("copy").exit_code == 2
    assert run("copy", "--undo", "--to", "sqlite:///x").exit_code == 2
    assert run("copy", "--yes", "--to", "-").exit_code == 1


def test_where_the_disk_is_emptied_a_file_is_no_target(
    run: Run, store: Store, tmp_path: Path
) -> None:
    store.workers.beat("host:1", NOW)
    result = run("copy", "--yes", "--to", f"sqlite:///{tmp_path / 'x'}", DYNO="web.1")
    assert result.exit_code == 1 and "empties its disk" in words(result)
