"""Is a database moved by real processes: killed amid it, resumed, closed, left alone while one is at work?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from adapter.config.settings import Settings
from adapter.domain.call import CallState
from adapter.sandbox.twilio import hook, send
from adapter.storage.engine import open_engine
from adapter.storage.moves import Move, Moves
from adapter.storage.schema import calls
from adapter.storage.store import Store
from adapter.storage.web_processes import WebProcesses
from adapter.worker.migrate import migrate_url
from tests.support.databases import PostgresServer
from tests.support.environment import ACCOUNT, LINE, NOW, TOKEN
from tests.support.processes import Process, environment, running, sandbox, wait_until_ready
from tests.support.rows import record, row
from tests.support.waiting import wait_for

PASSWORD = "pass-word"
STOPPER = 4711


@pytest.fixture
def source(tmp_path: Path, sqlite_template: Path) -> Iterator[Store]:
    path = tmp_path / "source.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    yield Store(engine)
    engine.dispose()


@pytest.fixture
def target(postgres_server: PostgresServer) -> Iterator[Store]:
    url = postgres_server.create()
    engine = open_engine(Settings.from_environ({"DATABASE_URL": url}).database_url)
    yield Store(engine)
    engine.dispose()
    postgres_server.drop(url)


def url_of(store: Store) -> str:
    url = store.engine.url
    if url.drivername.startswith("sqlite"):
        return f"sqlite:///{url.database}"
    # The server of the tests asks for no password.
    with_password = url.set(drivername="postgresql", password=url.password or PASSWORD)
    return with_password.render_as_string(hide_password=False)


def run(environ: dict[str, str], *command: str, text: str = "") -> tuple[int, str]:
    """The exit code of an adapter command, and all that it says."""
    done = subprocess.run(
        [sys.executable, "-m", "adapter", *command], env={**environ, "COLUMNS": "500"}, input=text,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout


def move(environ: dict[str, str], target: Store) -> tuple[int, str]:
    return run(environ, "copy", "--yes", "--to", url_of(target))


def call_ids(store: Store) -> list[str]:
    with store.begin() as connection:
        return sorted(connection.execute(sa.text("SELECT call_id FROM calls")).scalars())


def hold_back(target: Store, key: str) -> None:
    """Let the row with this key wait until nobody holds the lock STOPPER."""
    migrate_url(target.engine.url.render_as_string(hide_password=False), setting="--to")
    body = f"BEGIN IF NEW.key = '{key}' THEN PERFORM pg_advisory_xact_lock({STOPPER}); END IF; RETURN NEW; END"
    with target.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER wait BEFORE INSERT ON calls FOR EACH ROW EXECUTE FUNCTION wait()"
        )


@pytest.mark.full
@pytest.mark.postgres
def test_killed_amid_a_table_it_goes_on_and_the_source_is_closed(
    source: Store, target: Store, tmp_path: Path
) -> None:
    """Of 2,500 calls, 1,000 are there when it is killed, and 1,000 are under way."""
    new = [dict(row(record(call_id=f"CA{number:04}"), due_at=None)) for number in range(2500)]
    more = {"version": 1, "queued_run": 0}
    with source.begin() as connection:
        connection.execute(sa.insert(calls), [{**each, **more, "state": "held"} for each in new])
    key = record(call_id="CA1500").key
    hold_back(target, key)
    environ = environment(url_of(source), propexo="http://127.0.0.1:1", SECRET_KEY="")
    source.secrets.get_or_set("links", "the key of the links")
    said = tmp_path / "copy.log"
    with target.engine.connect() as holder:
        holder.execute(sa.select(sa.func.pg_advisory_xact_lock(STOPPER)))
        killed = Process(["copy", "--yes", "--to", url_of(target)], environ, said)
        waits = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")

        def is_amid() -> bool:
            assert killed.popen.poll() is None, killed.text()
            return len(call_ids(target)) == 1000 and bool(holder.execute(waits).scalar_one())

        wait_for("the copy to be amid the calls", is_amid)
        killed.kill()
    at_target = {**environ, "DATABASE_URL": url_of(target)}
    code, words = run(at_target, "web")
    assert code == 1 and "holds an unfinished copy of SQLite" in words

    code, resumed = move(environ, target)
    assert code == 0, resumed
    assert "goes on" in resumed and "calls" in resumed and "2500" in resumed
    assert call_ids(target) == call_ids(source) == [f"CA{number:04}" for number in range(2500)]
    assert target.secrets.get_or_set("links", "another") == "the key of the links"
    code, closed = run(environ, "worker")
    assert (code, closed.count("\n")) == (1, 1)
    assert f"was moved to PostgreSQL {target.engine.url.database} on" in closed
    assert PASSWORD not in said.read_text() + words + resumed + closed


@pytest.mark.full
@pytest.mark.postgres
def test_while_a_worker_lives_nothing_is_moved(
    source: Store, target: Store, tmp_path: Path
) -> None:
    with sandbox() as propexo:
        environ = environment(url_of(source), propexo=propexo.url)
        with running("worker", environ, tmp_path / "worker.log"):
            wait_for("the worker lives", source.workers.seen_at)
            code, words = move(environ, target)
            assert code == 1 and "worker " in words and "stop web and worker everywhere" in words
        assert Moves(source).get("out") is None
        code, words = move(environ, target)
        assert code == 0, words


@pytest.mark.full
@pytest.mark.postgres
def test_while_web_lives_nothing_is_moved(source: Store, target: Store, tmp_path: Path) -> None:
    environ = environment(url_of(source), propexo="http://127.0.0.1:1")
    with running("web", environ, tmp_path / "web.log") as web:
        wait_until_ready(environ, web)
        assert WebProcesses(source).seen_at()
        code, words = move(environ, target)
        assert code == 1 and "web " in words and "stop web and worker everywhere" in words
    code, words = move(environ, target)
    assert code == 0 and "looking whether it still is" in words


@pytest.mark.full
def test_processes_that_were_missed_take_and_deliver_nothing(source: Store, tmp_path: Path) -> None:
    """As if neither had given a sign of life. Each says why; after the way back both go on by themselves."""
    with sandbox() as propexo:
        environ = environment(url_of(source), propexo=propexo.url)
        with (
            running("web", environ, tmp_path / "web.log") as web,
            running("worker", environ, tmp_path / "worker.log") as worker,
        ):
            wait_until_ready(environ, web)
            wait_for("the worker lives", source.workers.seen_at)
            Moves(source).move_out(
                Move("out", "copy", "instance", "PostgreSQL calls on db:5432", NOW)
            )
            params = hook(
                "missed", call="CA" + "7" * 32, account=ACCOUNT, caller="+16175550134", called=LINE
            )
            hooks_url = f"{environ['PUBLIC_BASE_URL']}/webhooks/twilio"
            answer = send(hooks_url, params, token=TOKEN)
            assert answer.status_code == 503
            ready = requests.get(f"{environ['PUBLIC_BASE_URL']}/readyz", timeout=10)
            assert ready.status_code == 503
            assert (
                "was moved to PostgreSQL calls on db:5432" in ready.json()["problems"]["database"]
            )
            words = "was moved to PostgreSQL calls on db:5432"
            wait_for("web says so", lambda: words in web.text())
            wait_for("the worker says so", lambda: "does nothing any more" in worker.text())
            assert words in worker.text() and "Traceback" not in worker.text()
            assert not source.calls.search(limit=1)
            Moves(source).undo()
            send(hooks_url, params, token=TOKEN).raise_for_status()

            def is_written() -> bool:
                return source.calls.search(limit=1)[0].state is CallState.WRITTEN

            wait_for("the call to be written", is_written, seconds=120)
        assert len(propexo.events()) == 1
