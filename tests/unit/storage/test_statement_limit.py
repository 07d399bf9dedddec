"""Does a statement of a page end after its time, on every database, and no other statement?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa

from adapter.config.settings import Settings
from adapter.errors import StoreUnavailable
from adapter.storage.engine import open_engine
from adapter.storage.session import Session

LIMIT_SECONDS = 0.3
ENDLESS = {
    "postgresql": "SELECT pg_sleep(30)",
    "sqlite": "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
}
Way = Callable[[Session], AbstractContextManager[sa.Connection]]
WAYS: list[Way] = [Session.begin, Session.autocommit]


@pytest.fixture
def limited() -> Iterator[Callable[[str], Session]]:
    engines = []

    def made(url: str) -> Session:
        url = Settings.from_environ({"DATABASE_URL": url}).database_url
        engines.append(open_engine(url, statement_seconds=LIMIT_SECONDS))
        return Session(engines[-1])

    yield made
    for engine in engines:
        engine.dispose()


def assert_limited(session: Session, way: Way) -> None:
    begun = time.monotonic()
    statement = sa.text(ENDLESS[session.engine.dialect.name])
    with pytest.raises(StoreUnavailable), way(session) as connection:
        connection.execute(statement)
    assert LIMIT_SECONDS <= time.monotonic() - begun < 5
    with way(session) as connection:  # the connection goes on, with a new limit
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_statement_ends_after_its_time(
    empty_database_url: str, limited: Callable[[str], Session], way: Way
) -> None:
    assert_limited(limited(empty_database_url), way)


@pytest.mark.postgres
@pytest.mark.parametrize("way", WAYS)
def test_also_through_a_pooler_which_shares_sessions(
    pooled_url: str, limited: Callable[[str], Session], way: Way
) -> None:
    assert_limited(limited(pooled_url), way)
    other = open_engine(Settings.from_environ({"DATABASE_URL": pooled_url}).database_url)
    try:
        with Session(other).begin() as connection:
            assert connection.execute(sa.text("SHOW statement_timeout")).scalar_one() == "0"
    finally:
        other.dispose()
