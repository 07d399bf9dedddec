"""Do a process's threads get along with the few connections that it opens?"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa

from adapter.bootstrap import CONNECTIONS, Container
from adapter.config.settings import Settings
from tests.support.hooks import signed, status_hook
from tests.support.processes import environment

HOOKS, THREADS = 400, 16


@pytest.fixture
def limited(postgres_database: str) -> Iterator[str]:
    """The URL of the database for a role that may have just these connections."""
    role = f"limited_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{role}" LOGIN CONNECTION LIMIT {CONNECTIONS}')
        connection.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{role}"')
        connection.execute(f'GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "{role}"')
        yield sa.make_url(postgres_database).set(username=role).render_as_string(False)
        connection.execute(f'DROP OWNED BY "{role}"')
        connection.execute(f'DROP ROLE "{role}"')


@pytest.mark.postgres
def test_threads_wait_for_one_another_and_every_hook_is_taken(limited: str) -> None:
    container = Container(
        Settings.from_environ(environment(limited, propexo="http://127.0.0.1:1")),
        pool_size=CONNECTIONS,
    )

    def take(number: int) -> None:
        # Four hooks of each call, so that they also wait for the row of one call.
        hook = status_hook(
            "ringing", CallSid=f"CA{number // 4:032x}", SequenceNumber=f"{number % 4}"
        )
        base_url = container.settings.public_base_url or ""
        container.intake.take(
            container.providers["twilio"], signed(hook, base_url=base_url, at=datetime.now(UTC))
        )

    try:
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(take, range(HOOKS)))
        calls = [container.store.calls.find(f"CA{number:032x}") for number in range(HOOKS // 4)]
        assert [len(found) for found in calls] == [1] * (HOOKS // 4)
        hooks = [len(container.store.hooks.of_call(call.key)) for (call,) in calls]
        assert hooks == [4] * (HOOKS // 4)
    finally:
        container.store.engine.dispose()


def test_two_web_processes_and_a_worker_get_along_with_a_small_plan() -> None:
    release, command = 2, 1
    assert 3 * CONNECTIONS + release + command < 20
