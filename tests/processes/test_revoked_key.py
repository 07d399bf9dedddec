"""Does a real adapter wait out a revoked key, over a restart, and say so wherever one looks?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from adapter.config.settings import Settings
from adapter.domain.call import Call, CallState
from adapter.sandbox.twilio import new_sid, send
from adapter.storage.engine import open_engine
from adapter.storage.pauses import TRY_EVERY
from adapter.storage.schema import pauses
from adapter.storage.store import Store
from tests.support.environment import LINE, TOKEN
from tests.support.hooks import CALLER
from tests.support.processes import Sandbox, environment, running, sandbox, wait_until_ready
from tests.support.sandboxed import missed_hook
from tests.support.waiting import wait_for

HOUR = timedelta(hours=1)
REVOKED = {"kind": "status", "status": 401, "times": "forever"}


@pytest.fixture
def propexo() -> Iterator[Sandbox]:
    with sandbox() as found:
        yield found


def ring(environ: Mapping[str, str], caller: str = CALLER) -> str:
    """A call that nobody took; its id."""
    sid = new_sid()
    url = f"{environ['PUBLIC_BASE_URL']}/webhooks/twilio"
    send(url, missed_hook(sid, caller, LINE), token=TOKEN).raise_for_status()
    return sid


def said_by(command: str, environ: Mapping[str, str], folder: Path) -> str:
    """What a command of the adapter prints."""
    made = subprocess.run(
        [sys.executable, "-m", "adapter", *command.split()],
        env={**environ, "COLUMNS": "200"},
        capture_output=True,
        cwd=folder,
        timeout=120,
    )
    return " ".join(made.stdout.decode().split())


def put_off_the_next_try(store: Store, by: timedelta) -> None:
    """What is refused may be tried again so much later; with less than no time: sooner."""
    with store.begin() as connection:
        for name, try_at in connection.execute(sa.select(pauses.c.name, pauses.c.try_at)).all():
            put_off = sa.update(pauses).where(pauses.c.name == name)
            connection.execute(put_off.values(try_at=try_at + by))


@pytest.mark.full
@pytest.mark.timeout(900)
def test_calls_wait_for_a_revoked_key_over_a_restart_and_go_on_by_themselves(
    database_url: str, propexo: Sandbox, tmp_path: Path
) -> None:
    environ = environment(database_url, propexo=propexo.url)
    store = Store(open_engine(Settings.from_environ({"DATABASE_URL": database_url}).database_url))

    def call(sid: str) -> Call:
        (found,) = store.calls.find(sid)
        return found

    def asked() -> int:
        return sum(int(each["count"]) for each in propexo.requests())

    with ExitStack() as stack:
        adapter = stack.enter_context(running("run", environ, tmp_path / "first.log"))
        wait_until_ready(environ, adapter)
        before = ring(environ)
        wait_for("written", lambda: call(before).state is CallState.WRITTEN, seconds=90)

        propexo.faults(REVOKED)
        sids = [ring(environ) for _ in range(5)]
        wait_for("all wait", lambda: all(call(sid).waits_for for sid in sids), seconds=90)
        assert {call(sid).state for sid in sids} == {CallState.DELIVERING}
        assert "PROPEXO_API_KEY" in (call(sids[0]).reason or "")
        # The minute between two tries passes when the test says so.
        put_off_the_next_try(store, HOUR)
        asked_before = asked()
        assert adapter.stop() == 0

        restarted = stack.enter_context(running("run", environ, tmp_path / "second.log"))
        wait_until_ready(environ, restarted)
        sids.append(ring(environ))
        wait_for("the new one waits too", lambda: call(sids[-1]).waits_for, seconds=90)
        assert asked() == asked_before, "nothing is asked before the minute has passed"
        put_off_the_next_try(store, -HOUR - TRY_EVERY)
        wait_for("the key is tried", lambda: asked() > asked_before, seconds=60)
        assert asked() == asked_before + 1

        details = requests.get(f"{environ['PUBLIC_BASE_URL']}/readyz", timeout=10)
        assert details.status_code == 200
        assert "PROPEXO_API_KEY" in details.json()["alarms"]["refused"]
        shown = said_by(f"show {sids[0]}", environ, tmp_path)
        assert "PROPEXO_API_KEY" in shown and "tried each minute" in shown
        told = said_by("doctor", environ, tmp_path)
        assert "6 call(s) wait for it" in told

        propexo.faults()
        put_off_the_next_try(store, -TRY_EVERY)
        for sid in sids:
            wait_for("written", lambda sid=sid: call(sid).state is CallState.WRITTEN, seconds=180)  # type: ignore[misc]  # mypy infers no types for a lambda with a default
        notes = [str(event["body"]["notes"]) for event in propexo.events()]
        assert {sid: sum(sid in note for note in notes) for sid in sids} == dict.fromkeys(sids, 1)
        assert store.calls.search(state="failed") == []
        errors = (tmp_path / "first.log").read_text().count('"Propexo refuses: calls wait"')
        assert errors == 1
    store.engine.dispose()
