"""Do web and worker of 0.1.0 go on while its database is migrated, and does each call keep its meaning?

Real processes of both versions: those of 0.1.0 run its code out of git, on the database of its dump, with calls
in every state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from adapter.sandbox.twilio import hook, send
from adapter.storage.engine import open_engine, schema_state
from adapter.worker.migrate import migrate_database
from tests.support.browser_user import WITH_PAGES, BrowserUser
from tests.support.processes import Sandbox, running, wait_until_ready
from tests.support.waiting import free_port, wait_for
from tests.upgrades.dumps import restore
from tests.upgrades.make import (
    ACCOUNT,
    CALLS,
    LINE,
    PEOPLE,
    TOKEN,
    Old,
    call_id,
    is_cut_off,
    old_version,
)

# Of the calls of the dump: those that are at their end, whatever runs.
ENDED = sorted(name for name, state in CALLS.items() if state in ("written", "ignored", "folded"))
# Nobody becomes known for these, by the rules of today either.
WAITING = ["stranger", "withheld", "unavailable", "refused"]
MEANING = "call_id, state, outcome, event, event_id, job_id, person_kind, person_id, started_at"


@dataclass
class Both:
    """The old version at work, with the environment in which today's processes work beside it."""

    old: Old
    environ: Mapping[str, str]
    engine: sa.Engine

    def state(self, name: str) -> str | None:
        query = sa.text("SELECT state FROM calls WHERE call_id = :id")
        with self.engine.connect() as connection:
            found: str | None = connection.execute(
                query, {"id": call_id(name)}
            ).scalar_one_or_none()
        return found

    def await_state(self, name: str, state: str) -> None:
        wait_for(f"{name} to be {state}", lambda: self.state(name) == state, seconds=120)

    def meanings(self, names: list[str]) -> list[Any]:
        with self.engine.connect() as connection:
            rows = connection.execute(
                sa.text(f"SELECT {MEANING} FROM calls ORDER BY call_id")
            ).all()
        return [row for row in rows if row.call_id in {call_id(name) for name in names}]

    def hook_today(self, kind: str, name: str, caller: str) -> None:
        """Send a hook to today's web process."""
        params = hook(
            kind, call=call_id(name), account=ACCOUNT, caller=caller, called=LINE,
            recording="RE" + call_id(name)[2:],
        )  # fmt: skip
        url = f"{self.environ['PUBLIC_BASE_URL']}/webhooks/twilio"
        send(url, params, token=TOKEN).raise_for_status()


@pytest.fixture
def both(empty_database_url: str, tmp_path: Path) -> Iterator[Both]:
    restore("0.1.0", empty_database_url)
    engine = open_engine(Settings.from_environ({"DATABASE_URL": empty_database_url}).database_url)
    with old_version(tmp_path, empty_database_url) as old:
        old.control("people", PEOPLE)
        port = free_port()
        environ = {
            **old.environ,
            **WITH_PAGES,
            "PYTHONPATH": "",
            "PORT": str(port),
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        }
        yield Both(old, environ, engine)
    engine.dispose()


@pytest.mark.full
@pytest.mark.skipif(is_cut_off(), reason="a shallow clone does not have the old code")
def test_the_version_before_goes_on_while_its_database_is_migrated(
    both: Both, tmp_path: Path
) -> None:
    old = both.old
    old.start("worker")
    old.hook("missed", "before", "+16175550135")
    both.await_state("before", "written")
    ended = both.meanings(ENDED)
    assert len(ended) >= len(ENDED) - 1  # what was folded has no row of its own, unless it was late

    assert schema_state(both.engine)[0] == "0001"
    migrate_database(Settings.from_environ(dict(both.environ)))

    # The version before, on the schema of today: all kinds of hooks, written and held as ever.
    old.hook("missed", "missed after", "+16175550134")
    for kind in ("dial", "answered"):
        old.hook(kind, "answered after", "+16175550135")
    old.hook("voicemail", "voicemail after", "+16175550136")
    old.hook("answered", "voicemail after", "+16175550136")
    old.hook("missed", "stranger after", "+16175550198")
    for name in ("missed after", "answered after", "voicemail after"):
        both.await_state(name, "written")
    both.await_state("stranger after", "held")

    # Both versions at once, on either side of a call.
    with (
        running("web", both.environ, tmp_path / "web.log") as web,
        running("worker", both.environ, tmp_path / "worker.log") as worker,
    ):
        wait_until_ready(both.environ, web)
        both.hook_today("missed", "at today's web", "+16175550134")
        old.hook("missed", "at the old web", "+16175550135")
        for name in ("at today's web", "at the old web"):
            both.await_state(name, "written")
        for name in ("web", "worker", "sandbox"):
            assert old.children[name].poll() is None, name
        for name in ("web", "worker"):
            old.end(name, 15)
            log = (old.code / f"{name}.log").read_text()
            assert "Traceback" not in log and "UndefinedColumn" not in log, log

        # Today's alone.
        both.hook_today("missed", "today", "+16175550136")
        both.await_state("today", "written")
        settle_what_is_held(both)
        for process in (web, worker):
            assert process.popen.poll() is None and "Traceback" not in process.text()
    assert both.meanings(ENDED) == ended
    assert_nothing_was_written_twice(both)


def settle_what_is_held(both: Both) -> None:
    """By the pages, which show every call."""
    user = BrowserUser(
        web_app(Settings.from_environ(dict(both.environ))), base_url=both.environ["PUBLIC_BASE_URL"]
    )
    user.sign_in()
    for name, state in CALLS.items():
        page = user.get(f"/calls/{call_id(name)}")
        assert page.status_code == (404 if both.state(name) is None else 200), (name, state)
    for name in WAITING:
        assert both.state(name) == CALLS[name], name
        user.get(f"/calls/{call_id(name)}")
        assert user.post(f"/calls/{call_id(name)}/ignore").status_code == 303
        both.await_state(name, "ignored")
    user.get(f"/calls/{call_id('stranger after')}")
    form = {"kind": "lead", "person_id": "lead_anna"}
    assert user.post(f"/calls/{call_id('stranger after')}/assign", form).status_code == 303
    both.await_state("stranger after", "written")


def assert_nothing_was_written_twice(both: Both) -> None:
    """The sandbox knows no event of before. So what the dump says is written or accepted may not be in it."""
    notes = [str(event["body"].get("notes")) for event in Sandbox(both.old.sandbox_url).events()]
    for name in CALLS:
        count = sum(f"[call {call_id(name)}]" in note for note in notes)
        most = 0 if CALLS[name] in ("written", "posted", "failed", "ignored", "folded") else 1
        assert count <= most, (name, count)
    new = ("before", "missed after", "answered after", "voicemail after", "stranger after",
           "at today's web", "at the old web", "today")  # fmt: skip
    for name in new:
        assert sum(f"[call {call_id(name)}]" in note for note in notes) == 1, name
