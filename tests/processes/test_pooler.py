"""Does all of it work behind PgBouncer in transaction mode, and is nothing left in its sessions?"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
import sqlalchemy as sa

from adapter.bootstrap import CONNECTIONS, Container
from adapter.config.settings import Settings
from adapter.domain.call import CallState
from adapter.errors import SettingsError, StoreUnavailable
from adapter.providers.base import HookRequest
from adapter.storage import engine as database
from adapter.storage import pooler
from adapter.storage.store import Store
from adapter.worker.migrate import migrate_database
from tests.support.databases import PostgresServer
from tests.support.environment import ACCOUNT, PATH
from tests.support.hooks import signed, status_hook
from tests.support.pgbouncer import transaction_pooler
from tests.support.processes import Process, environment, running, sandbox, wait_until_ready
from tests.support.waiting import wait_for

pytestmark = pytest.mark.postgres
CALLS = 30
NOWHERE = "http://127.0.0.1:1"


def direct(url: str, server: PostgresServer) -> str:
    """The same database without the pooler."""
    address = sa.make_url(server.url)
    return address.set(database=sa.make_url(url).database).render_as_string(hide_password=False)


def sessions_hold(url: str, query: str) -> list[Any]:
    """What this query says in each session of the pool; they take turns."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        return [connection.execute(query).fetchone() for _ in range(12)]


def hooks_of(base_url: str, sid: str) -> list[HookRequest]:
    """What Twilio tells of one missed call, one after the other."""
    return [
        signed(
            status_hook(status, CallSid=sid, SequenceNumber=f"{number}"),
            base_url=base_url,
            at=datetime.now(UTC),
        )
        for number, status in enumerate(("ringing", "no-answer"))
    ]


@pytest.fixture
def migrated(pooled_url: str) -> str:
    migrate_database(Settings.from_environ({"DATABASE_URL": pooled_url}))
    return pooled_url


@pytest.fixture
def container(migrated: str) -> Iterator[Container]:
    settings = Settings.from_environ(environment(migrated, propexo=NOWHERE))
    made = Container(settings, pool_size=CONNECTIONS)
    yield made
    made.store.engine.dispose()


def test_every_hook_is_taken_and_none_is_parked(
    container: Container, postgres_server: PostgresServer
) -> None:
    sids = [f"CA{uuid4().hex}" for _ in range(100)]
    base_url = container.settings.public_base_url or ""

    def take(sid: str) -> None:
        for hook in hooks_of(base_url, sid):
            container.intake.take(container.providers["twilio"], hook)

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(take, sids))
    assert container.store.hooks.count_parked() == 0
    assert sum(container.store.calls.count().values()) == len(sids)
    assert all(
        [hook.state for hook in container.store.hooks.of_call(f"twilio:{ACCOUNT}:{sid}")]
        == ["taken"] * 2
        for sid in sids
    )


def test_web_and_worker_write_every_call_once(migrated: str, tmp_path: Path) -> None:
    with sandbox() as propexo:
        environ = environment(
            migrated, propexo=propexo.url, SETTLE_SECONDS="0", PEOPLE_SYNC_SECONDS="0"
        )
        with (
            running("web", environ, tmp_path / "web.log") as web,
            running("worker", environ, tmp_path / "worker.log") as worker,
        ):
            wait_until_ready(environ, web)
            sids = [f"CA{uuid4().hex}" for _ in range(CALLS)]
            for sid in sids:
                for hook in hooks_of(environ["PUBLIC_BASE_URL"], sid):
                    assert _sent(environ, hook) == 204
            store = Container(Settings.from_environ(environ)).store
            wait_for(
                "all are written",
                lambda: store.calls.count().get((CallState.WRITTEN.value, "no_answer")) == CALLS,
                seconds=90,
            )
            store.engine.dispose()
        told = web.text() + worker.text()
        written = [str(event["body"]) for event in propexo.events()]
    assert [sum(sid in body for body in written) for sid in sids] == [1] * CALLS
    assert "statements are not prepared" in told
    assert "Traceback" not in told and "does not take it" not in told
    assert set(sessions_hold(migrated, "SELECT count(*) FROM pg_prepared_statements")) == {(0,)}
    assert set(sessions_hold(migrated, "SELECT count(*) FROM pg_listening_channels()")) == {(0,)}


def _sent(environ: Mapping[str, str], hook: HookRequest) -> int:
    url = environ["PUBLIC_BASE_URL"] + PATH
    return requests.post(url, data=hook.body, headers=dict(hook.headers), timeout=10).status_code


def test_nothing_that_was_set_stays_in_a_session_of_the_pool(container: Container) -> None:
    with container.store.begin() as connection:
        name = "idle_in_transaction_session_timeout"
        limit = connection.exec_driver_sql(f"SHOW {name}").scalar_one()
    assert limit == f"{pooler.FROZEN_SECONDS}s"
    assert set(
        sessions_hold(container.settings.database_url.replace("+psycopg", ""), f"SHOW {name}")
    ) == {("0",)}


def test_who_freezes_amid_a_transaction_loses_its_locks(
    container: Container, migrated: str
) -> None:
    with (
        container.store.begin() as other,
        pytest.raises(StoreUnavailable),
        container.store.begin() as frozen,
    ):
        frozen.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '1ms'")
        pid = frozen.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        there = sa.text(
            "SELECT count(pg_stat_clear_snapshot()) FROM pg_stat_activity WHERE pid = :pid"
        )
        until = time.monotonic() + 20
        while other.execute(there, {"pid": pid}).scalar_one():
            assert time.monotonic() < until, "its session goes on"
        frozen.exec_driver_sql("SELECT 1")
    assert container.store.calls.get("k") is None


# How it is found out ----------------------------------------------------------------------------------


def test_statements_are_prepared_only_where_no_pooler_is(
    container: Container, postgres_database: str
) -> None:
    url = Settings.from_environ({"DATABASE_URL": postgres_database}).database_url
    engine = database.open_engine(url, pool_size=1)
    prepared = sa.text("SELECT count(*) FROM pg_prepared_statements")
    assert pooler.is_direct(engine)
    assert not pooler.is_direct(container.store.engine)
    for opened, is_prepared in ((engine, True), (container.store.engine, False)):
        store = Store(opened)
        for _ in range(20):
            store.calls.get("nobody")
            with store.begin() as connection:
                store.calls.locked(connection, "nobody")
        with opened.connect() as connection:
            assert (connection.execute(prepared).scalar_one() > 0) is is_prepared
    engine.dispose()


def test_a_pooler_that_hands_on_the_servers_own_number_is_told_by_the_port() -> None:
    class Handed:
        """A connection as such a pooler would show it."""

        info = SimpleNamespace(backend_pid=4711)

        def execute(self, _: str) -> Any:
            return self

        def fetchone(self) -> tuple[int, int]:
            return 4711, 1

        def fileno(self) -> int:
            return one.fileno()

    with socket.create_server(("127.0.0.1", 0)) as one:
        assert not pooler._is_direct(Handed())


# Migrating --------------------------------------------------------------------------------------------


def locks(url: str) -> int:
    with psycopg.connect(url) as connection:
        # Of this database: others migrate theirs on the same server at the same time.
        row = connection.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
        return int(row.fetchone()[0])  # type: ignore[index]  # a count is always one row


def test_four_migrations_at_once_leave_no_lock_behind(
    pooled_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    environ = environment(pooled_url, propexo=NOWHERE)
    four = [Process(["migrate"], environ, tmp_path / f"{number}.log") for number in range(4)]
    assert [process.popen.wait(120) for process in four] == [0] * 4, [p.text() for p in four]
    assert locks(direct(pooled_url, postgres_server)) == 0
    engine = database.open_engine(Settings.from_environ({"DATABASE_URL": pooled_url}).database_url)
    found, needed = database.schema_state(engine)
    assert found == needed and database.has_queue(engine)
    engine.dispose()


def test_migrate_goes_to_the_direct_url(pooled_url: str, postgres_server: PostgresServer) -> None:
    """Also where the pooler is not there yet."""
    url = direct(pooled_url, postgres_server)
    nowhere = "postgres://postgres@127.0.0.1:1/none"
    migrate_database(Settings.from_environ({"DATABASE_URL": nowhere, "DATABASE_DIRECT_URL": url}))
    assert locks(url) == 0
    migrate_database(
        Settings.from_environ({"DATABASE_URL": pooled_url, "DATABASE_DIRECT_URL": url})
    )


def test_a_direct_url_of_another_database_is_refused(
    pooled_url: str, postgres_server: PostgresServer
) -> None:
    other = postgres_server.create()
    environ = {"DATABASE_URL": pooled_url, "DATABASE_DIRECT_URL": other}
    with pytest.raises(SettingsError, match="another database"):
        migrate_database(Settings.from_environ(environ))
    postgres_server.drop(other)


def test_a_pool_of_two_sessions_is_enough_for_four_migrations(
    postgres_server: PostgresServer,
) -> None:
    """Whoever waits for the lock takes no session from the one who has it."""
    url = postgres_server.create()
    with transaction_pooler(url, sessions=2) as pooled, ThreadPoolExecutor(4) as threads:
        settings = Settings.from_environ({"DATABASE_URL": pooled})
        list(threads.map(migrate_database, [settings] * 4))
        assert locks(url) == 0
    postgres_server.drop(url)
