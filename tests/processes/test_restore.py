"""Is everything written once where a backup was restored, by the commands of docs/backup.md?"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.config.settings import Settings
from adapter.domain.call import CallState
from tests.support.databases import PostgresServer
from tests.support.sandboxed import MAIN, Adapter, acquainted, lines, missed_hook

ANNA, STRANGER = "+16175550134", "+16175550160"
HOUR = timedelta(hours=1).total_seconds()
LOGS = "/v1/admin/logs/writes/"


class Backup:
    """One backup of one database. Both are done by the tools that an operator would use."""

    def __init__(self, url: str, folder: Path, server: PostgresServer | None) -> None:
        self.url = sa.make_url(Settings.from_environ({"DATABASE_URL": url}).database_url)
        self.folder = folder
        self.server = server

    def take(self) -> None:
        if self.server is None:
            run("sqlite3", str(self.url.database), f"VACUUM INTO '{self.folder / 'backup'}'")
        else:
            run(
                "pg_dump",
                "--format=custom",
                f"--file={self.folder / 'backup'}",
                self._plain(self.url),
            )

    def restore(self) -> str:
        """Into a new database; its URL."""
        if self.server is None:
            restored = self.folder / "restored.sqlite3"
            shutil.copy(self.folder / "backup", restored)
            return f"sqlite:///{restored}"
        url = self.server.create()
        target = self._plain(sa.make_url(url))
        run("pg_restore", "--no-owner", f"--dbname={target}", str(self.folder / "backup"))
        return url

    @staticmethod
    def _plain(url: sa.URL) -> str:
        return url.set(drivername="postgresql").render_as_string(hide_password=False)


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def backup(
    database_url: str, backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Backup:
    tool = "sqlite3" if backend == "sqlite" else "pg_restore"
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not there")
    server = request.getfixturevalue("postgres_server") if backend == "postgres" else None
    return Backup(database_url, tmp_path, server)


@pytest.fixture
def before(database_url: str) -> Iterator[Adapter]:
    with acquainted(database_url, ADAPTER_LINES=lines()) as made:
        yield made


def restored(before: Adapter, backup: Backup) -> Adapter:
    """An adapter that was started on the restored backup; the sandbox is as it was."""
    after = Adapter(
        backup.restore(),
        before.traveller,
        before.url,
        ADAPTER_LINES=before.environ["ADAPTER_LINES"],
    )
    _ = after.container.delivery  # it begins now
    return after


def hook_of(sid: str, caller: str, made: Adapter) -> dict[str, str]:
    return {**missed_hook(sid, caller, MAIN), "Timestamp": format_datetime(made.now())}


def written(made: Adapter, sid: str) -> int:
    return sum(sid in str(event["body"]) for event in made.events())


@pytest.mark.parametrize("caller", [ANNA, STRANGER])
def test_a_call_that_the_backup_does_not_know_is_not_written_again(
    before: Adapter, backup: Backup, caller: str
) -> None:
    """The same hook once more. For a stranger the lead is not made again either."""
    backup.take()
    sid = "CA" + "7" * 32
    hook = hook_of(sid, caller, before)
    before.hook(**hook)
    before.pass_time(4 * HOUR)
    leads = len(before.leads())
    if caller == ANNA:
        assert (before.call(sid).state, written(before, sid)) == (CallState.WRITTEN, 1)
    else:
        assert leads == 1
    after = restored(before, backup)
    after.hook(**hook)
    after.pass_time(24 * HOUR)
    call = after.call(sid)
    assert (call.state, written(after, sid)) == (CallState.WRITTEN, 1), call.reason
    assert call.confirmed_at is not None
    assert len(after.leads()) == leads
    after.store.engine.dispose()


def test_a_call_that_the_backup_holds_unwritten_is_not_written_again(
    before: Adapter, backup: Backup
) -> None:
    sid = "CA" + "8" * 32
    before.hook(**hook_of(sid, ANNA, before))
    backup.take()
    before.pass_time(2 * HOUR)
    assert before.call(sid).state is CallState.WRITTEN
    job_id = before.call(sid).job_id
    after = restored(before, backup)
    assert after.call(sid).state is CallState.OPEN
    after.pass_time(HOUR)
    call = after.call(sid)
    assert (call.state, call.job_id, written(after, sid)) == (CallState.WRITTEN, job_id, 1)
    assert f"yes, job {job_id}" in after.story(sid)
    after.store.engine.dispose()


def test_what_was_never_written_is_written_after_the_restore(
    before: Adapter, backup: Backup
) -> None:
    sid = "CA" + "9" * 32
    before.hook(**hook_of(sid, ANNA, before))
    backup.take()
    before.traveller.move_to(before.now() + timedelta(hours=2))  # no worker ran
    after = restored(before, backup)
    after.pass_time(HOUR)
    assert (after.call(sid).state, written(after, sid)) == (CallState.WRITTEN, 1)
    after.store.engine.dispose()


def test_many_late_calls_share_the_reading_of_the_logs(before: Adapter) -> None:
    """As the first `adapter reconcile` takes them in: one request for each, and a few for the logs."""
    ago = before.now() - timedelta(days=2)
    asked = before.asked()
    sids = [f"CA{number:032x}" for number in range(40)]
    for sid in sids:
        before.hook(**{**hook_of(sid, ANNA, before), "Timestamp": format_datetime(ago)})
    before.pass_time(600)
    assert {before.call(sid).state for sid in sids} == {CallState.WRITTEN}
    assert before.asked(LOGS) <= 3
    assert before.asked("/v1/events/", "GET") <= len(sids)
    assert before.asked() - asked <= 5 * len(sids)
