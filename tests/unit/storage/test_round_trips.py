"""How often does a transaction wait for the database, and does it mean the same with fewer waits?"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from adapter.errors import StoreRefused
from adapter.storage.engine import open_engine
from adapter.storage.session import Session
from tests.support.databases import empty
from tests.support.far_database import FarDatabase, far

pytestmark = pytest.mark.postgres
_ADD = sa.text("INSERT INTO secrets (name, value) VALUES (:name, :value)")


@pytest.fixture
def database(postgres_database: str, postgres_cleaner: sa.Engine) -> Iterator[FarDatabase]:
    empty(postgres_cleaner)
    plain = postgres_database.replace("postgresql+psycopg://", "postgresql://")
    with far(plain, round_trip_ms=4) as proxy:
        yield proxy


@pytest.fixture
def session(database: FarDatabase) -> Iterator[Session]:
    engine = open_engine(database.url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect():
        pass  # what a new connection asks first is not counted
    yield Session(engine)
    engine.dispose()


def stored(postgres_database: str) -> list[str]:
    with psycopg.connect(postgres_database.replace("+psycopg", "")) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM secrets ORDER BY name")]


def test_begin_travels_with_the_first_statement(session: Session, database: FarDatabase) -> None:
    before = database.trips
    with session.begin() as connection:
        connection.execute(sa.text("SELECT 1")).one()
    assert database.trips - before == 2  # and COMMIT


def test_a_transaction_without_a_statement_asks_nothing(
    session: Session, database: FarDatabase
) -> None:
    before = database.trips
    with session.begin():
        pass
    assert database.trips == before


def test_an_error_in_the_first_statement_leaves_the_connection_usable(session: Session) -> None:
    with pytest.raises(StoreRefused), session.begin() as connection:
        connection.execute(sa.text("SELECT 1/:zero"), {"zero": 0})
    with session.begin() as connection:
        assert connection.execute(sa.text("SELECT :n"), {"n": 2}).scalar_one() == 2


def test_what_a_block_wrote_before_it_failed_is_not_there(
    session: Session, postgres_database: str
) -> None:
    with pytest.raises(ZeroDivisionError), session.begin() as connection:
        connection.execute(_ADD, {"name": "a", "value": "1"})
        raise ZeroDivisionError
    assert stored(postgres_database) == []


def test_what_runs_later_travels_with_commit(
    session: Session, database: FarDatabase, postgres_database: str
) -> None:
    before = database.trips
    with session.begin() as connection:
        first = session.later(connection, _ADD, {"name": "a", "value": "1"})
        session.later(connection, _ADD, {"name": "b", "value": "2"})
        assert database.trips == before
    assert database.trips - before == 1
    assert first.rowcount == 1
    assert stored(postgres_database) == ["a", "b"]


def test_a_statement_sees_what_was_to_run_later(session: Session) -> None:
    with session.begin() as connection:
        session.later(connection, _ADD, {"name": "a", "value": "1"})
        count = connection.execute(sa.text("SELECT count(*) FROM secrets WHERE name = 'a'"))
        assert count.scalar_one() == 1


def test_if_one_that_ran_later_fails_nothing_is_committed(
    session: Session, postgres_database: str
) -> None:
    with pytest.raises(StoreRefused), session.begin() as connection:
        session.later(connection, _ADD, {"name": "a", "value": "1"})
        session.later(connection, _ADD, {"name": "a", "value": "2"})
    assert stored(postgres_database) == []
    with session.begin() as connection:
        session.later(connection, _ADD, {"name": "c", "value": "3"})
    assert stored(postgres_database) == ["c"]


def test_what_was_to_run_later_is_dropped_by_a_rollback(
    session: Session, postgres_database: str
) -> None:
    with pytest.raises(ZeroDivisionError), session.begin() as connection:
        session.later(connection, _ADD, {"name": "a", "value": "1"})
        raise ZeroDivisionError
    with session.begin() as connection:
        session.later(connection, _ADD, {"name": "b", "value": "2"})
    assert stored(postgres_database) == ["b"]
