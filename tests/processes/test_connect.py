"""Is a callback given back although `adapter connect` was killed in the middle?"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.storage.schema import callback_changes
from adapter.storage.store import Store
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.lanes import full
from tests.support.processes import Process, environment, running
from tests.support.rows import add, record
from tests.support.twilio_api import FakeTwilio
from tests.support.waiting import wait_for

LINE = "+16175550100"
OTHER = "https://other.example/status"


def ended(process: Process) -> int:
    code = process.popen.wait(60)
    assert code == 0, process.text()
    return code


@pytest.mark.parametrize("is_done", [True, full(False)])
def test_killed_between_the_commit_and_the_answer(
    database_url: str, store: Store, tmp_path: Path, is_done: bool
) -> None:
    """What was there is in the database by then; the command can be run again, and taken back."""
    with FakeTwilio({ACCOUNT: TOKEN}) as twilio:
        row = twilio.add_number(ACCOUNT, "PN1", LINE, status_callback=OTHER)
        before = dict(row)
        environ = environment(
            database_url,
            propexo=twilio.url,
            twilio=twilio.url,
            TWILIO_SUBACCOUNT_TOKENS="{}",
            PUBLIC_BASE_URL="https://calls.example.com",
        )
        here = "https://calls.example.com/webhooks/twilio#rc=5&rp=all"

        def run(*command: str) -> Process:
            return Process(command, environ, tmp_path / f"{command[0]}.log")

        connect = ("connect", LINE, "--replace", "--yes")
        twilio.held_change = threading.Event()
        killed = run(*connect)
        assert twilio.change_asked.wait(60)
        with store.autocommit() as connection:
            (kept,) = connection.execute(sa.select(callback_changes))
        assert (kept.old_url, kept.new_url, kept.confirmed_at) == (OTHER, here, None)
        killed.kill()
        twilio.drop_change = not is_done
        twilio.held_change.set()
        assert twilio.change_ended.wait(10)
        twilio.drop_change = False  # each later one is made at once
        assert ended(run(*connect)) == 0
        assert row["status_callback"] == here
        assert ended(run("disconnect", LINE, "--yes")) == 0
        assert row == before


def test_the_first_call_is_told_after_connecting(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    with FakeTwilio({ACCOUNT: TOKEN}) as twilio:
        twilio.add_number(ACCOUNT, "PN1", LINE)
        environ = environment(
            database_url, propexo=twilio.url, twilio=twilio.url, TWILIO_SUBACCOUNT_TOKENS="{}"
        )
        with running(f"connect {LINE} --yes --watch", environ, tmp_path / "log") as watching:
            wait_for(
                "it waits", lambda: "Waiting for the first call" in watching.text(), seconds=60
            )
            add(store, record(call_id="CA1"), state="written", first_seen_at=datetime.now(UTC))
            assert ended(watching) == 0
        assert "Call CA1 from" in watching.text()
        assert "It is written" in watching.text()
        with running(f"connect {LINE} --watch", environ, tmp_path / "log") as stopped:
            wait_for("it waits", lambda: "Waiting for the first call" in stopped.text(), seconds=60)
            assert stopped.stop() == 0
        assert "No call came" in stopped.text()
