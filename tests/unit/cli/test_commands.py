"""Does each command do what it says, and say what to do when it cannot?"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from rich.console import Console

from adapter.cli import commands, common
from adapter.config.settings import Settings
from adapter.domain.call import CallState
from adapter.errors import PermanentError, TemporaryError
from adapter.storage.engine import open_engine, schema_state
from adapter.storage.schema import calls
from tests.support.clock import Clock
from tests.support.commands import is_told
from tests.support.environment import ACCOUNT, ENVIRON
from tests.support.hooks import CALL, answered_hooks, recording_hook, status_hook
from tests.support.waiting import free_port
from tests.support.world import World

Run = Callable[..., Result]
OTHER = "CA" + "9" * 32


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command on this database. In a wide terminal, so that no cell is cut."""
    monkeypatch.setattr(common, "console", Console(width=250))

    def run_command(*arguments: str, **environ: str | None) -> Result:
        given = {**ENVIRON, "DATABASE_URL": database_url, **environ}
        return CliRunner().invoke(commands.cli, list(arguments), env=given)

    return run_command


def deliver(world: World, *hooks: dict[str, str]) -> None:
    for params in hooks:
        world.hook(params)
    world.finish()


# Help ---------------------------------------------------------------------------------------------------


def test_the_help_shows_what_each_command_says_of_itself() -> None:
    context = click.Context(commands.cli)
    for name, (*_, told) in commands.COMMANDS.items():
        command = commands.cli.get_command(context, name)
        assert command is not None
        assert (command.help or "").strip().splitlines()[0] == told


@pytest.mark.parametrize("name", sorted(commands.COMMANDS))
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help_that_says_what_it_does(name: str, option: str) -> None:
    result = CliRunner().invoke(commands.cli, [name, option], env={"DATABASE_URL": "nonsense"})
    assert result.exit_code == 0
    assert f"adapter {name}" in result.output
    words = [line for line in result.output.splitlines()[1:] if line.strip()]
    assert len(words[0]) > 15


def test_the_commands_that_the_design_names_are_there() -> None:
    named = "demo run web worker migrate doctor simulate calls show replay sandbox"
    assert set(named.split()) <= set(commands.COMMANDS)


def test_help_and_version_stand_at_the_top() -> None:
    assert CliRunner().invoke(commands.cli, ["--help"]).exit_code == 0
    assert "0." in CliRunner().invoke(commands.cli, ["--version"]).output


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["show"],
        ["replay"],
        ["replay", CALL, "--state", "failed"],
        ["replay", "--state", "written"],
        ["calls", "--state", "nonsense"],
        ["calls", "--limit", "0"],
        ["simulate", "--seconds", "many"],
        ["simulate", "--seconds", "-5"],
        ["sandbox", "--port", "0"],
        ["simulate", "--kind", "nonsense"],
        ["sandbox", "--port", "99999"],
    ],
    ids=" ".join,
)
def test_wrong_usage_fails_and_says_what_is_right(run: Run, arguments: list[str]) -> None:
    is_told(run(*arguments), "Error")


# Settings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "web", "simulate"])
def test_without_a_token_nothing_that_takes_hooks_starts(run: Run, command: str) -> None:
    is_told(run(command, TWILIO_AUTH_TOKEN=None), "TWILIO_AUTH_TOKEN is not set")


@pytest.mark.parametrize("command", ["run", "worker"])
def test_without_a_key_nothing_that_writes_starts(run: Run, command: str) -> None:
    is_told(run(command, PROPEXO_API_KEY=None), "PROPEXO_API_KEY is not set")


@pytest.mark.parametrize("command", ["run", "web", "worker", "migrate"])
@pytest.mark.parametrize("host", ["DYNO", "RENDER"])
def test_on_a_disk_that_is_emptied_sqlite_is_refused(run: Run, command: str, host: str) -> None:
    result = run(command, DATABASE_URL="sqlite:///var/x.sqlite3", **{host: "web.1"})
    is_told(result, "DATABASE_URL", host, "PostgreSQL")


@pytest.mark.parametrize("command", ["calls", "migrate", "run", "doctor"])
def test_a_wrong_setting_is_named(run: Run, command: str) -> None:
    is_told(run(command, SETTLE_SECONDS="soon"), "SETTLE_SECONDS")


@pytest.mark.parametrize("command", ["run", "web", "worker", "lines"])
def test_wrong_lines_are_refused_at_start_in_one_line(run: Run, command: str) -> None:
    wrong = run(command, ADAPTER_LINES='[lines."+16175550100"]\nagnt_name = "Lee"\n')
    is_told(wrong, '[lines."+16175550100"] agnt_name is not known; allowed are')


@pytest.mark.parametrize("command", [["calls"], ["show", CALL], ["replay", CALL], ["worker"]])
def test_a_database_without_tables_is_told_with_the_way_out(
    run: Run, command: list[str], tmp_path: Path
) -> None:
    is_told(run(*command, DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite3"), "adapter migrate")


@pytest.mark.parametrize("command", [["calls"], ["show", CALL], ["migrate"], ["worker"]])
def test_a_database_that_cannot_be_reached_is_told(run: Run, command: list[str]) -> None:
    nowhere = f"postgres://nobody@127.0.0.1:{free_port()}/nothing"
    is_told(run(*command, DATABASE_URL=nowhere))


# migrate ------------------------------------------------------------------------------------------------


def test_migrate_makes_the_tables_and_may_be_run_again(run: Run, empty_database_url: str) -> None:
    for _ in range(2):
        result = run("migrate", DATABASE_URL=empty_database_url)
        assert result.exit_code == 0, result.output
        assert "Next:" in result.output
    url = Settings.from_environ({"DATABASE_URL": empty_database_url}).database_url
    engine = open_engine(url)
    found, needed = schema_state(engine)
    engine.dispose()
    assert found == needed


# calls, show, replay ------------------------------------------------------------------------------------


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    return World(engine, clock)


def test_calls_lists_the_newest_first_and_filters(run: Run, world: World) -> None:
    deliver(world, *answered_hooks(192))
    world.clock.advance(60)
    deliver(world, status_hook("no-answer", CallSid=OTHER, From="+16175550199"))
    everything = run("calls")
    assert everything.exit_code == 0
    assert everything.output.index(OTHER) < everything.output.index(CALL)
    for part in ("(617) 555-0134", "answered", "3:12", "Anna (lead)", "written", "held"):
        assert part in everything.output
    assert "2 call(s)" in everything.output
    for options, shown, hidden in (
        (["--state", "held"], OTHER, CALL),
        (["--state", "written"], CALL, OTHER),
        (["--number", "(617) 555-0134"], CALL, OTHER),
        (["--number", "617-555-0199"], OTHER, CALL),
        (["--limit", "1"], OTHER, CALL),
    ):
        output = run("calls", *options).output
        assert shown in output
        assert hidden not in output
    assert "2 call(s)" in run("calls", "--line", "617-555-0100").output
    assert "0 call(s)" in run("calls", "--line", "617-555-0101").output


def test_show_tells_the_whole_story_in_order(run: Run, world: World) -> None:
    deliver(world, *answered_hooks(192), recording_hook(190))
    result = run("show", CALL)
    assert result.exit_code == 0
    told = result.output
    for part in (
        f"Incoming call {CALL}",
        "(617) 555-0134",
        "answered, talk time 3:12",
        "RE3333",
        "Anna (lead)",
        "the only active lead with this number",
        "written",
        "Next: nothing to do",
    ):
        assert part in told
    places = [told.index(part) for part in ("hook: dial", "hook: status", "post: POST")]
    assert places == sorted(places)


def test_show_takes_the_whole_key_as_well(run: Run, world: World) -> None:
    deliver(world, status_hook("no-answer"))
    assert run("show", f"twilio:{ACCOUNT}:{CALL}").exit_code == 0


def test_an_unknown_call_is_told(run: Run) -> None:
    is_told(run("show", OTHER), OTHER, "adapter calls")
    is_told(run("replay", OTHER), OTHER, "adapter calls")


def test_a_call_id_of_two_accounts_must_be_told_apart(run: Run, world: World) -> None:
    deliver(world, status_hook("no-answer"))
    subaccount = "AC00000000000000000000000000000002"
    deliver(world, status_hook("no-answer", AccountSid=subaccount))
    is_told(run("show", CALL), f"twilio:{subaccount}:{CALL}")


def test_an_id_may_be_shortened_while_it_names_one_call(run: Run, world: World) -> None:
    near = CALL[:-1] + "2"
    deliver(world, status_hook("no-answer"))
    for begun in (CALL[:5], CALL[:-1], f"twilio:{ACCOUNT}:{CALL[:6]}"):
        assert f"Incoming call {CALL}" in run("show", begun).output
    deliver(world, status_hook("busy", CallSid=near))
    is_told(run("show", CALL[:-1]), "several calls begin with", CALL, near, "give more")
    is_told(run("show", CALL[:-1].lower()), "no call", "adapter calls")
    assert run("show", CALL).exit_code == 0


@pytest.mark.parametrize(
    "command",
    [["link"], ["revoke"], ["ignore"], ["create-lead"], ["replay"], ["assign", "--lead", "lead_1"]],
    ids=" ".join,
)
def test_every_command_that_takes_a_call_takes_a_shortened_id(
    run: Run, world: World, command: list[str]
) -> None:
    deliver(world, status_hook("no-answer", CallSid=OTHER, From="+16175550199"))  # held
    done = run(*command, OTHER[:8], PROPEXO_BASE_URL="http://127.0.0.1:1")
    assert done.exit_code == 0, done.output
    assert OTHER in done.output or "/recordings/" in done.output


def test_show_says_that_nothing_is_written_without_a_worker(run: Run, world: World) -> None:
    world.hook(status_hook("no-answer"))
    assert "no worker is alive" in run("show", CALL).output
    world.store.workers.beat("a worker", datetime.now(UTC))
    assert "a worker takes it up when it is due" in run("show", CALL).output
    world.finish()
    assert "it stands on the person's record" in run("show", CALL).output


def test_replay_says_whether_a_worker_will_take_it_up(run: Run, world: World) -> None:
    deliver(world, status_hook("no-answer", From="+16175550199"))
    assert "No worker is alive: start adapter worker" in run("replay", CALL).output
    world.store.workers.beat("a worker", datetime.now(UTC))
    assert "The worker takes them up" in run("replay", CALL).output


@pytest.mark.parametrize(
    ("answers", "title"),
    [
        ([], "What was written to"),
        (
            [PermanentError("Propexo answered 400: notes", status=400)],
            "What was to be written, and was not",
        ),
        ([TemporaryError("no answer", in_doubt=True)], "What may have been written to"),
    ],
    ids=["written", "refused", "in doubt"],
)
def test_show_says_what_became_of_the_event(
    run: Run, world: World, answers: list[Exception], title: str
) -> None:
    world.target.answers = list(answers)  # it is used up, and the next database needs it too
    world.hook(status_hook("no-answer"))
    world.run_next() if answers else world.finish()
    shown = run("show", CALL).output
    assert title in shown
    assert (title == "What was written to") is ("What was written" in shown)


def test_replay_delivers_a_failed_call_again(run: Run, world: World) -> None:
    world.target.answers = [PermanentError("Propexo answered 400: notes", status=400)]
    deliver(world, status_hook("no-answer"))
    assert "adapter replay" in run("show", CALL).output
    result = run("replay", CALL)
    assert result.exit_code == 0
    assert "will be delivered again" in result.output
    assert world.call(CALL).state is CallState.OPEN
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert len(world.target.posts) == 2


def test_replay_of_all_that_failed_leaves_the_rest_alone(run: Run, world: World) -> None:
    world.target.answers = [PermanentError("Propexo answered 400: notes", status=400)]
    deliver(world, status_hook("no-answer"))
    deliver(world, status_hook("busy", CallSid=OTHER))
    assert "1 call(s)" in run("replay", "--state", "failed", "--yes").output
    world.finish()
    states = {call.call_id: call.state for call in world.store.calls.search()}
    assert set(states.values()) == {CallState.WRITTEN}
    assert len(world.target.posts) == 3


def test_replay_of_several_says_how_many_and_does_nothing_unasked(run: Run, world: World) -> None:
    """There is no terminal here, so nobody can be asked."""
    assert "0 failed call(s) match" in run("replay", "--state", "failed").output
    world.target.answers = [PermanentError("Propexo answered 400: notes", status=400)]
    deliver(world, status_hook("no-answer"))
    is_told(run("replay", "--state", "failed"), "1 failed call(s) match", "--yes")
    assert world.call(CALL).state is CallState.FAILED


def test_replay_chooses_by_reason_line_and_date(run: Run, world: World) -> None:
    others = [PermanentError(f"Propexo answered {s}: 100%_wrong", status=s) for s in (400, 401)]
    world.target.answers = list(others)
    deliver(world, status_hook("no-answer"))
    deliver(world, status_hook("no-answer", CallSid=OTHER, To="+16175550101"))
    with world.store.begin() as connection:
        key = world.call(CALL).key
        earlier = {"first_seen_at": datetime(2026, 1, 2, tzinfo=UTC)}
        connection.execute(sa.update(calls).where(calls.c.key == key).values(**earlier))

    def count(*options: str) -> int:
        output = run("replay", "--state", "failed", *options).output
        return int(output.split(" failed call(s) match")[0].split()[-1])

    assert count() == 2
    assert count("--reason", "ANSWERED 401") == 1
    assert count("--reason", "0%_w") == 2 and count("--reason", "0_%w") == 0, "no wildcards"
    assert count("--line", "+16175550101") == 1 and count("--line", "+16175550109") == 0
    assert count("--since", "2026-02-01") == 1 and count("--until", "2026-02-01") == 1
    result = run("replay", "--state", "failed", "--reason", "answered 401", "--yes")
    assert result.exit_code == 0 and OTHER in result.output
    assert world.call(CALL).state is CallState.FAILED
    assert world.call(OTHER).state is CallState.OPEN


@pytest.mark.parametrize("option", ["--reason", "--line", "--since", "--until"])
@pytest.mark.parametrize("what", [[CALL], ["--state", "parked"]])
def test_replay_has_its_filters_only_for_calls_of_a_state(
    run: Run, what: list[str], option: str
) -> None:
    is_told(run("replay", *what, option, "2026-01-01"), f"{option} needs --state")


def test_replay_of_a_written_call_makes_no_second_event_unless_it_is_insisted_on(
    run: Run, world: World
) -> None:
    deliver(world, status_hook("no-answer"))
    assert "--again would write a second event" in run("replay", CALL).output
    world.finish()
    assert len(world.target.posts) == 1
    assert "will be delivered again" in run("replay", CALL, "--again").output
    world.finish()
    assert len(world.target.posts) == 2


def test_replay_reads_parked_hooks_again_and_says_what_is_left(run: Run, world: World) -> None:
    assert run("replay", "--state", "parked").exit_code == 0
    world.hook(status_hook("teleported"))
    result = run("replay", "--state", "parked")
    assert result.exit_code == 1
    assert "1 still cannot be read" in result.output


# The shell ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not there")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("adapter rec", "reconcile"),
        pytest.param("adapter --env", "--env-file", marks=pytest.mark.full),
        pytest.param("adapter calls --state h", "held", marks=pytest.mark.full),
        pytest.param("adapter replay --state p", "parked", marks=pytest.mark.full),
    ],
)
def test_bash_completes(typed: str, offered: str) -> None:
    """What docs/operating.md says is put into a bash, and asked as that does at the tab key."""
    words = typed.split()
    script = f"""
        eval "$(_ADAPTER_COMPLETE=bash_source adapter)"
        function=$(complete -p adapter | grep -o -- '-F [^ ]*' | cut -c4-)
        COMP_WORDS=({" ".join(words)}); COMP_CWORD={len(words) - 1}
        $function adapter
        echo "${{COMPREPLY[@]}}"
    """
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], env={"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [offered], done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "worker",
        pytest.param("migrate", marks=pytest.mark.full),
        pytest.param("calls", marks=pytest.mark.full),
    ],
)
def test_a_schema_newer_than_the_code_is_told_in_one_line(
    command: str, sqlite_template: Path, tmp_path: Path
) -> None:
    """After a rollback: `adapter migrate` is no way out, and a worker would not know what it writes."""
    path = tmp_path / "newer.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    done = subprocess.run(
        [sys.executable, "-m", "adapter", command],
        env={**os.environ, **ENVIRON, "DATABASE_URL": f"sqlite:///{path}"},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "schema 9999, which is newer" in done.stderr
    assert len(done.stderr.splitlines()) == 1 and "Traceback" not in done.stderr
