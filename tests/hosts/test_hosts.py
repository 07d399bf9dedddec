"""The files for Heroku-style hosts do what they say: in a fresh folder, behind a router that ends TLS."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from packaging.requirements import Requirement

from adapter.bootstrap import CONNECTIONS
from adapter.config.settings import NOT_SET_BY_PEOPLE, Settings
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.sandbox.twilio import ACCOUNT, new_sid
from tests.hosts.machine import (
    ROOT,
    TOKEN,
    Host,
    Router,
    fresh_clone,
    fresh_database,
    is_listening,
    wait_until,
)
from tests.support.waiting import free_port

LINES = """
[lines."+16175550100"]
name = "Main Street leasing"
integration_id = "int_entrata"
property_id = "prop_main"
event_type = "Call"
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    app = create_sandbox(SandboxState(), api_key="host-key", rate_limit=0)
    with SandboxServer(app) as server:
        yield server


@pytest.fixture
def host(request: pytest.FixtureRequest, tmp_path: Path, sandbox: SandboxServer) -> Iterator[Host]:
    web_port = free_port()
    with fresh_database() as database_url, Router(tmp_path, web_port).running() as router:
        config = {
            "PORT": str(web_port),
            "DATABASE_URL": database_url,
            "PUBLIC_BASE_URL": router.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "PROPEXO_API_KEY": "host-key",
            "PROPEXO_BASE_URL": sandbox.url,
            "PROPEXO_VISIBLE_SECONDS": "2",
            "ADAPTER_LINES": LINES,
            "SETTLE_SECONDS": "0",
        }
        found = Host(request.getfixturevalue("clone"), router, database_url, config)
        try:
            yield found
        finally:
            found.kill()


def events(sandbox: SandboxServer) -> list[dict[str, Any]]:
    answer = requests.get(f"{sandbox.url}/_sandbox/events", timeout=5)
    return [event["body"] for event in answer.json()["events"]]


def set_faults(sandbox: SandboxServer, *faults: dict[str, Any]) -> None:
    url = f"{sandbox.url}/_sandbox/faults"
    requests.post(url, json=list(faults), timeout=5).raise_for_status()


def used_faults(sandbox: SandboxServer) -> int:
    faults = requests.get(f"{sandbox.url}/_sandbox/faults", timeout=5).json()["faults"]
    return sum(fault["used"] for fault in faults)


def assert_one_event_each(sandbox: SandboxServer, calls: list[str]) -> None:
    notes = [str(event["notes"]) for event in events(sandbox)]
    assert {call: sum(call in note for note in notes) for call in calls} == dict.fromkeys(calls, 1)


@pytest.mark.full
@pytest.mark.postgres
def test_signed_hook_over_https_becomes_an_event(host: Host, sandbox: SandboxServer) -> None:
    """The Procfile's lines, a postgres:// database, and a router that ends TLS and drops the port."""
    host.release()
    web = host.start_web()
    worker = host.start("worker")
    wait_until(lambda: host.get("/readyz") == 200, "ready: the database")
    call = new_sid()
    inside = f"http://127.0.0.1:{host.router.web_port}/webhooks/twilio"
    assert host.send(new_sid(), signed_url=inside) == 403
    assert host.send(call) == 204
    assert host.send(call) == 204
    wait_until(lambda: host.states() == ["written"], "the call is written", 30)
    (event,) = events(sandbox)
    assert event["call_status"] == "NO_ANSWER"
    assert event["lead_id"] == "lead_anna"
    assert event["call_audio_link"].startswith(f"{host.router.url}/recordings/")
    assert call in event["notes"]
    for process in (web, worker):
        host.terminate(process)
    for process in (web, worker):
        assert host.ended(process, time.monotonic()) == 0
    lines = host.log("worker").read_text().splitlines()
    assert any(json.loads(line).get("call") == f"twilio:{ACCOUNT}:{call}" for line in lines)


@pytest.mark.full
@pytest.mark.postgres
def test_web_told_to_stop_answers_the_hooks_that_are_in_flight(
    host: Host, sandbox: SandboxServer
) -> None:
    """Hooks wait for a locked table when SIGTERM comes; each is still answered and kept."""
    host.release()
    web = host.start_web()
    # No more than one process has connections for: it may be given all of them.
    in_flight, later = [new_sid() for _ in range(CONNECTIONS)], [new_sid() for _ in range(3)]
    with host.database() as locking, ThreadPoolExecutor(16) as senders:
        locking.execute("BEGIN")
        locking.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
        answers = [senders.submit(host.send, call) for call in in_flight]
        wait_until(lambda: waiting_for_locks(host) == len(in_flight), "the hooks are in flight")
        host.terminate(web)
        told_at = time.monotonic()
        wait_until(lambda: not is_listening(host.router.web_port), "no new connections are taken")
        assert [senders.submit(host.send, call).result() for call in later] == [502] * 3
        locking.execute("COMMIT")
        assert [answer.result() for answer in answers] == [204] * len(in_flight)
    assert host.ended(web, told_at) == 0
    assert len(host.states()) == len(in_flight)
    host.start_web()
    assert [host.send(call) for call in later] == [204] * 3
    host.start("worker")
    everything = in_flight + later
    wait_until(lambda: host.states() == ["written"] * len(everything), "all are written", 40)
    assert_one_event_each(sandbox, everything)


def waiting_for_locks(host: Host) -> int:
    query = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    with host.database() as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


@pytest.mark.full
@pytest.mark.postgres
def test_worker_told_to_stop_finishes_its_steps_and_leaves_the_rest(
    host: Host, sandbox: SandboxServer
) -> None:
    """SIGTERM while Propexo takes its time over the posts: no call is lost, none written twice."""
    host.config["WORKER_CONCURRENCY"] = "2"
    host.release()
    host.start_web()
    worker = host.start("worker")
    set_faults(
        sandbox,
        {"kind": "slow", "seconds": 3, "times": None, "path": "/v1/events", "method": "POST"},
    )
    calls = [new_sid() for _ in range(6)]
    assert [host.send(call) for call in calls] == [204] * 6
    wait_until(lambda: used_faults(sandbox) >= 2, "two posts are under way")
    host.terminate(worker)
    assert host.ended(worker, time.monotonic()) == 0
    assert len(events(sandbox)) < len(calls)
    set_faults(sandbox)
    host.start("worker")
    wait_until(lambda: host.states() == ["written"] * 6, "all are written", 90)
    assert_one_event_each(sandbox, calls)


@pytest.mark.full
@pytest.mark.postgres
def test_what_a_worker_could_not_finish_is_taken_up_by_the_next(
    host: Host, sandbox: SandboxServer
) -> None:
    """Propexo hangs for longer than the grace: the worker ends all the same, another takes over."""
    host.release()
    host.start_web()
    worker = host.start("worker")
    set_faults(
        sandbox,
        {"kind": "timeout_before", "seconds": 40, "times": 3, "path": "/v1/events", "method": "POST"},
    )  # fmt: skip
    calls = [new_sid() for _ in range(3)]
    assert [host.send(call) for call in calls] == [204] * 3
    wait_until(lambda: used_faults(sandbox) == 3, "three posts hang")
    host.terminate(worker)
    host.ended(worker, time.monotonic())
    assert events(sandbox) == []
    host.start("worker")
    wait_until(lambda: host.states() == ["written"] * 3, "all are written", 120)
    assert_one_event_each(sandbox, calls)


@pytest.mark.full
@pytest.mark.postgres
def test_what_a_killed_worker_was_doing_is_taken_up_by_the_next(
    host: Host, sandbox: SandboxServer
) -> None:
    """SIGKILL in the middle of the posts: the next worker looks for their traces, and posts the rest."""
    host.release()
    host.start_web()
    worker = host.start("worker")
    set_faults(
        sandbox,
        # Two have not got through when the worker dies, one has.
        {"kind": "timeout_before", "seconds": 20, "times": 2, "path": "/v1/events", "method": "POST"},
        {"kind": "timeout_after", "seconds": 20, "times": 1, "path": "/v1/events", "method": "POST"},
    )  # fmt: skip
    calls = [new_sid() for _ in range(3)]
    assert [host.send(call) for call in calls] == [204] * 3
    wait_until(lambda: used_faults(sandbox) == 3, "three posts are under way")
    wait_until(lambda: len(events(sandbox)) == 1, "one of them got through")
    host.kill_now(worker)
    host.start("worker")
    wait_until(lambda: host.states() == ["written"] * 3, "all are written", 120)
    assert_one_event_each(sandbox, calls)


@pytest.mark.full
@pytest.mark.postgres
def test_two_releases_at_once_leave_one_good_schema(host: Host) -> None:
    """Two deploys may overlap: both migrations succeed, and the web process is content."""
    both = [host.start("release"), host.start("release")]
    assert [process.wait(60) for process in both] == [0, 0], host.log("release").read_text()
    host.start_web()
    host.start("worker")
    wait_until(lambda: host.get("/readyz") == 200, "ready")


@pytest.mark.full
@pytest.mark.postgres
def test_run_refuses_a_disk_that_is_emptied_at_every_restart(host: Host) -> None:
    """DYNO is set and no database is attached: nothing starts, and the reason is said."""
    environ = host.environ("web")
    del environ["DATABASE_URL"]
    done = subprocess.run(
        ["python", "-m", "adapter", "run"],
        cwd=host.clone, env=environ, capture_output=True, text=True, timeout=60,
        executable=shutil.which("python", path=environ["PATH"]),
    )  # fmt: skip
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr and "DYNO" in done.stderr
    assert "Traceback" not in done.stderr


def test_env_example_names_every_setting_and_is_valid() -> None:
    """It cannot rot: every setting that people may set stands there once, with a value that is taken."""
    text = (ROOT / ".env.example").read_text()
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))
    names = set(Settings.model_fields) - NOT_SET_BY_PEOPLE
    assert set(given) == {name.upper() for name in names}
    assert len(re.findall(r"^[A-Z_]+=", text, re.MULTILINE)) == len(given)
    settings = Settings.from_environ(given)
    settings.require_for_web()
    settings.require_for_worker()


def test_env_example_can_be_read_by_a_shell() -> None:
    """`set -a; . ./.env` gives the same values as reading it line by line."""
    text = (ROOT / ".env.example").read_text()
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))
    script = "set -ea; . ./.env.example; env -0"
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, env={}, capture_output=True, check=True)
    read = dict(pair.split("=", 1) for pair in done.stdout.decode().split("\0") if pair)
    assert {name: read[name] for name in given} == given


def test_app_json_names_only_settings_and_only_commands_that_are_there() -> None:
    app = json.loads((ROOT / "app.json").read_text())
    assert {name.lower() for name in app["env"]} <= set(Settings.model_fields)
    assert all(entry["description"] for entry in app["env"].values())
    assert set(app["formation"]) == {"web", "worker"}
    assert app["success_url"] == "/inbox"
    assert app["env"]["PUBLIC_BASE_URL"]["required"] is False  # the app's own name serves
    assert any(addon.startswith("heroku-postgresql") for addon in app["addons"])


def test_requirements_are_pinned_hashed_and_fit_pyproject() -> None:
    """A host gets what was tried: exact versions with hashes, of everything that pyproject asks for."""
    text = (ROOT / "requirements.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9._-]+)==(\S+) \\$", text, re.MULTILINE))
    blocks = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)
    assert all("--hash=sha256:" in block for block in blocks if block.strip())
    assert "://" not in text and "--index-url" not in text and "--find-links" not in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    by_settings = [*extras["sso"], *extras["alerts"]]  # a setting is all that a host wants for them
    for wanted in map(Requirement, [*project["dependencies"], *by_settings]):
        assert wanted.specifier.contains(pinned[wanted.name.lower()]), wanted
        # psycopg[binary] is a package of its own.
        assert all(f"{wanted.name}-{extra}" in pinned for extra in wanted.extras), wanted
