"""Do the commands print the same JSON as the API, alone on standard output?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import responses
from click.testing import CliRunner, Result

from adapter.cli import commands
from adapter.domain.actor import Role
from adapter.domain.call_links import Links
from adapter.operations.call_json import call_json
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, BASE_URL, ENVIRON, LINE
from tests.support.hooks import CALL, status_hook
from tests.support.world import LINES, World

Run = Callable[..., Result]
STRANGER = "+16175550160"
HELD = "CA" + "9" * 32


@pytest.fixture
def run(database_url: str) -> Run:
    """A command on this database, as a program runs it."""

    def run_command(*arguments: str) -> Result:
        given = {**ENVIRON, "DATABASE_URL": database_url, "ADAPTER_LINES": LINES}
        return CliRunner().invoke(commands.cli, list(arguments), env=given)

    return run_command


@pytest.fixture
def world(engine: Any, clock: Clock) -> World:
    """A call that is written, and a later one that is held."""
    made = World(engine, clock)
    made.hook(status_hook("no-answer"))
    made.finish()
    made.clock.now = made.clock().replace(hour=23)
    made.hook(status_hook("no-answer", CallSid=HELD, From=STRANGER))
    made.finish()
    return made


def printed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def expected(world: World, sid: str) -> dict[str, Any]:
    links = Links(BASE_URL, ["secret"])
    return call_json(world.call(sid), world.rules.lines, links, role=Role.OPERATOR)


def test_calls_are_a_plain_list_newest_first(run: Run, world: World) -> None:
    found = printed(run("calls", "--json"))
    assert found == [expected(world, HELD), expected(world, CALL)]
    assert found[1]["other_number"] == "+16175550134"


def test_filters_count_for_json_too(run: Run, world: World) -> None:
    found = printed(run("calls", "--json", "--state", "written", "--limit", "5"))
    assert [call["call_id"] for call in found] == [CALL]
    assert printed(run("calls", "--json", "--state", "failed")) == []


def test_held_calls_say_their_cause(run: Run, world: World) -> None:
    (found,) = printed(run("held", "--json"))
    assert (found["call_id"], found["cause"]) == (HELD, "nobody_found")


def test_one_call_is_an_object(run: Run, world: World) -> None:
    assert printed(run("show", "--json", CALL)) == expected(world, CALL)


def test_a_call_that_is_not_there_is_an_error_and_no_json(run: Run, world: World) -> None:
    result = run("show", "--json", "CA0")
    assert result.exit_code != 0
    assert result.stdout == ""
    assert "no call 'CA0' is known" in result.stderr


def test_what_a_terminal_obeys_is_escaped(run: Run, world: World) -> None:
    with world.store.begin() as connection:
        key = world.call(CALL).key
        world.store.calls.update(connection, key, person_name="\x9b31mAnna\u202e", reason=None)
    result = run("show", "--json", CALL)
    assert result.stdout.isascii()
    assert printed(result)["person"]["name"] == "\x9b31mAnna\u202e"


@responses.activate
def test_lines_are_a_list_with_what_each_lacks(run: Run, world: World) -> None:
    """Propexo cannot be reached here, which is a problem of each line, and an exit code."""
    result = run("lines", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [line["number"] for line in found][:1] == [LINE]
    assert found[0] | {"problems": []} == {
        "number": LINE,
        "name": "Main Street leasing",
        "pms": "?",
        "integration_id": "int_entrata",
        "property_id": "prop_main",
        "unknown_caller": "hold",
        "problems": [],
    }
    assert all("could not be checked" in line["problems"][0] for line in found)


@responses.activate
def test_findings_of_doctor_are_a_list(run: Run, world: World) -> None:
    result = run("doctor", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert {tuple(finding) for finding in found} == {("check", "ok", "advice")}
    assert "database" in {finding["check"] for finding in found if finding["ok"]}
    assert [finding["advice"] for finding in found if not finding["ok"]]


@responses.activate
def test_a_reconciliation_is_an_object(run: Run, world: World) -> None:
    """Twilio refuses the token here: the account is named, with the reason."""
    responses.get(re.compile("https://"), status=401, json={"message": "no"})
    result = run("reconcile", "--json", "--dry-run")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert list(found["problems"]) == [ACCOUNT]
    assert {key: found[key] for key in ("dry_run", "adds_up", "listed", "taken_in")} == {
        "dry_run": True,
        "adds_up": False,
        "listed": 0,
        "taken_in": [],
    }
