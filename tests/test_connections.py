"""Does a process open no more connections to the database than the server grants?"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from adapter.bootstrap import FOR_WORKER, OTHERS, web_connections
from adapter.calls.database import connections_allowed
from adapter.settings import Settings

ALL, FEW = 8, 4


@pytest.fixture
def limited(postgres_database: str) -> Iterator[str]:
    """The URL of a database for a role that may have 20 connections."""
    role = f"limited_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{role}" LOGIN CONNECTION LIMIT 20')
        yield sa.make_url(postgres_database).set(username=role).render_as_string(False)
        connection.execute(f'DROP ROLE "{role}"')


def settings(url: str, **more: str) -> Settings:
    return Settings.from_environ({"DATABASE_URL": url, **more})


@pytest.mark.postgres
def test_the_lowest_limit_of_role_database_and_server_counts(
    limited: str, postgres_database: str
) -> None:
    assert connections_allowed(settings(limited).database_url) == 20
    allowed = connections_allowed(settings(postgres_database).database_url)
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        (most,) = connection.execute("SHOW max_connections").fetchone() or ("0",)
        assert 20 < allowed < int(most)
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 7')
        assert connections_allowed(settings(limited).database_url) == 7
        connection.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')


@pytest.mark.postgres
def test_two_web_processes_and_a_worker_get_along_with_a_small_plan(limited: str) -> None:
    web = web_connections(settings(limited))
    assert web == FEW
    assert 2 * web + FOR_WORKER + OTHERS < 20


@pytest.mark.postgres
def test_where_the_server_grants_enough_each_thread_may_have_one(postgres_database: str) -> None:
    assert web_connections(settings(postgres_database)) == ALL
    assert web_connections(settings(postgres_database, WEB_CONCURRENCY="16")) == FEW


def test_a_file_has_no_such_limit_and_an_absent_server_the_smallest() -> None:
    assert web_connections(settings("sqlite:///var/none.sqlite3")) == ALL
    assert web_connections(settings("postgresql://nobody@127.0.0.1:1/none")) == FEW
