"""The fixtures of all tests: the two lanes, databases, a clock, and what was logged."""

from __future__ import annotations

import gc
import io
import json
import logging
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa

from adapter.config.settings import Settings
from adapter.observability.logs import configure_logging
from adapter.storage.engine import open_engine
from adapter.storage.store import Store
from adapter.worker.migrate import migrate_database
from tests.support.clock import Clock
from tests.support.compiled import keep_compiled
from tests.support.databases import PostgresServer, empty
from tests.support.environment import ENVIRON
from tests.support.lanes import LONGEST, is_of_full_lane, is_same_in_both, name_of, passed_in
from tests.support.pgbouncer import PROGRAM, transaction_pooler
from tests.support.scheduling import Worlds

keep_compiled()

# A shell lets what it starts in the background ignore SIGINT, and `nohup` lets it ignore SIGHUP. What the
# tests start would inherit that. It does not inherit a handler, whatever that does.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


@pytest.fixture
def settings() -> Settings:
    """Settings of a web process that could run."""
    return Settings.from_environ(ENVIRON)


# Lanes --------------------------------------------------------------------------------------------

MEMORY = Path("/dev/shm")
MEMORY_BYTES = 500_000_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full",
        action="store_true",
        default=os.environ.get("CI") == "true",
        help="run the tests too that are marked full, browser or postgres; so it is where CI=true",
    )
    parser.addoption(
        "--beyond",
        metavar="JUNIT_XML",
        help="with --full: leave out what passed in this run of the default lane and has no greater depth here",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Put the tests' files into memory where there is room: SQLite waits for the disk at each commit.

    The default lane tries few examples of each property. CI tries the same ones each time, so that it fails by
    what was changed; all other runs of the full lane look for new ones.
    """
    # How long an example takes says nothing on a loaded machine; speed is measured in tests/benchmarks.
    untimed = hypothesis.settings(
        deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.register_profile("default lane", untimed, max_examples=25)
    hypothesis.settings.register_profile("untimed", untimed)
    hypothesis.settings.register_profile("CI", untimed, derandomize=True, database=None)
    if not config.getoption("full"):
        hypothesis.settings.load_profile("default lane")
    elif os.environ.get("CI") == "true":
        hypothesis.settings.load_profile("CI")
    else:
        hypothesis.settings.load_profile("untimed")
    has_room = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES
    if has_room:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Worlds | None:
    """Deal the faults out to a few worlds where --dist loadgroup asks for it."""
    return Worlds(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of the full lane, unless they are asked for. What takes longest comes first."""
    if not config.getoption("full"):
        config.hook.pytest_deselected(items=[item for item in items if is_of_full_lane(item)])
        items[:] = [item for item in items if not is_of_full_lane(item)]
    if before := config.getoption("beyond"):
        passed = passed_in(Path(before))
        left_out = [item for item in items if is_same_in_both(item) and name_of(item) in passed]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    ranks = (rank for rank, prefix in enumerate(LONGEST) if item.nodeid.startswith(prefix))
    return next(ranks, len(LONGEST))


@pytest.fixture(scope="session")
def is_full(request: pytest.FixtureRequest) -> bool:
    """True in the full lane. For a test that walks through permutations by itself."""
    return bool(request.config.getoption("full"))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was run, as the header that would say it is left out."""
    lane = "full lane" if config.getoption("full") else "default lane, without what --full adds"
    seed = config.getoption("randomly_seed", None)
    terminalreporter.write_line(f"The {lane}. This order again: --randomly-seed={seed}")


# Databases ----------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest) -> str:
    """Every test that asks for a database runs on both kinds."""
    return str(request.param)


@pytest.fixture
def empty_database_url(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    """A new database without any table, in the form that DATABASE_URL takes."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest) -> str:
    """A migrated database without rows."""
    if backend == "postgres":
        url: str = request.getfixturevalue("postgres_database")
        empty(request.getfixturevalue("postgres_cleaner"))
        return url
    # Always the same path, so that `engine` can be the same too.
    path: Path = request.getfixturevalue("sqlite_folder") / "adapter.sqlite3"
    for ending in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def engine(database_url: str, engines: dict[str, sa.Engine]) -> Iterator[sa.Engine]:
    """An engine on a migrated database without rows. What a test listens to on it ends with the test."""
    url = Settings.from_environ({"DATABASE_URL": database_url}).database_url
    if url not in engines:
        engines[url] = open_engine(url, pool_size=12)
    yield engines[url].execution_options()
    engines[url].dispose()


@pytest.fixture(scope="session")
def engines() -> dict[str, sa.Engine]:
    """The engines by URL. They live as long as the session, as each would compile every statement anew."""
    return {}


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("database")


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    return Store(engine)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "adapter.sqlite3"
    migrate_database(Settings.from_environ({"DATABASE_URL": f"sqlite:///{path}"}))
    return path


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """The server that the tests may use; without one they are skipped, but not in CI."""
    server = PostgresServer(
        os.environ.get("TEST_DATABASE_URL") or "postgresql://postgres@127.0.0.1:5432/postgres"
    )
    problem = server.problem()
    if problem and os.environ.get("CI") == "true":
        pytest.fail(f"no PostgreSQL server for the tests, set TEST_DATABASE_URL: {problem}")
    if problem:
        pytest.skip(f"no PostgreSQL server for the tests, set TEST_DATABASE_URL: {problem}")
    return server


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """One migrated PostgreSQL database for the whole session."""
    url = postgres_server.create()
    migrate_database(Settings.from_environ({"DATABASE_URL": url}))
    yield url
    postgres_server.drop(url)


@pytest.fixture(scope="session")
def postgres_cleaner(postgres_database: str) -> Iterator[sa.Engine]:
    """An engine that empties the session's database before each test."""
    url = Settings.from_environ({"DATABASE_URL": postgres_database}).database_url
    engine = sa.create_engine(url, pool_pre_ping=True)
    yield engine
    engine.dispose()


@pytest.fixture
def pooled_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A new database without any table, by way of PgBouncer in transaction mode.

    Without a PgBouncer its tests are skipped, but not in CI.
    """
    if PROGRAM is None and os.environ.get("CI") != "true":
        pytest.skip("no pgbouncer for the tests: install Debian's pgbouncer")
    url = postgres_server.create()
    with transaction_pooler(url) as pooled:
        yield pooled
    postgres_server.drop(url)


# Time -----------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def no_garbage() -> Iterator[None]:
    """What earlier tests left is thrown away now. Amid a recursion as deep as Python allows that would fail."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# Logs -----------------------------------------------------------------------------------------------


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was logged since the last time that one asked, line by line."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    with redirect_stderr(written):
        configure_logging("json")

    def lines() -> list[dict[str, Any]]:
        text = written.getvalue()
        written.seek(0)
        written.truncate()
        return [json.loads(line) for line in text.splitlines()]

    yield lines
    root.handlers[:] = handlers
    root.setLevel(level)
