"""What do the tests share? Settings, databases to run on, a clock, and signed hooks."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stderr
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import hypothesis
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.test import TestResponse

from adapter.bootstrap import migrate
from adapter.config.settings import Settings
from adapter.observability.logs import configure_logging
from adapter.providers.base import HookRequest
from adapter.storage.engine import open_engine
from adapter.storage.schema import metadata
from adapter.storage.store import Store
from tests.support.pgbouncer import PROGRAM, transaction_pooler

ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "main-token"
BASE_URL = "https://calls.example.com"
PATH = "/webhooks/twilio"
LINE = "+16175550100"
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ENVIRON = {
    "PUBLIC_BASE_URL": BASE_URL,
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "PROPEXO_API_KEY": "propexo-key",
    "PROPEXO_INTEGRATION_ID": "int_main",
    "ADAPTER_LINES": f'[lines."{LINE}"]\nproperty_id = "prop_main"\n',
    "SECRET_KEY": "secret-key",
}
Pairs = Mapping[str, str] | Iterable[tuple[str, str]]


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
        help="run the tests that are marked full too; so it is where CI=true",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Put the tests' files into memory where there is room: SQLite waits for the disk at each commit.

    The default lane tries few examples of each property.
    """
    hypothesis.settings.register_profile("default lane", max_examples=25)
    if not config.getoption("full"):
        hypothesis.settings.load_profile("default lane")
    has_room = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES
    if has_room:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of the full lane, unless they are asked for."""
    if config.getoption("full"):
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("full")]


def full(*values: Any) -> Any:
    """A case of the full lane, for parametrize."""
    return pytest.param(*values, marks=pytest.mark.full)


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
    migrate(Settings.from_environ({"DATABASE_URL": f"sqlite:///{path}"}))
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
    migrate(Settings.from_environ({"DATABASE_URL": url}))
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


class PostgresServer:
    """Makes databases and drops them. url: of a database that one may connect to."""

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(Settings.from_environ({"DATABASE_URL": url}).database_url)

    @property
    def url(self) -> str:
        """Of a database that one may connect to."""
        plain = self._url.set(drivername="postgresql")
        return plain.render_as_string(hide_password=False)

    def problem(self) -> str | None:
        try:
            self._execute("SELECT 1")
        except sa.exc.OperationalError as error:
            return str(error.orig)
        return None

    def create(self) -> str:
        name = f"adapter_test_{uuid.uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name}")
        self._execute(f"ALTER DATABASE {name} SET synchronous_commit = off")  # only for speed
        url = self._url.set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self._execute(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        engine = sa.create_engine(
            self._url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3}
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def empty(engine: sa.Engine) -> None:
    """Delete all rows of ours, and the queue library's runs."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
        schema = "" if engine.dialect.name == "sqlite" else "dbos."
        connection.exec_driver_sql(f"DELETE FROM {schema}workflow_status")


# Fakes ----------------------------------------------------------------------------------------------


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


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


# Hooks ----------------------------------------------------------------------------------------------


def signed(
    params: Pairs,
    *,
    token: str = TOKEN,
    method: str = "POST",
    target: str = PATH,
    base_url: str = BASE_URL,
    at: datetime = NOW,
) -> HookRequest:
    """A hook as Twilio sends and signs it. A GET's parameters are put behind the target."""
    pairs = MultiDict(params)
    form = urlencode(list(pairs.items(multi=True)))
    headers = {"Host": "calls.example.com"}
    if method == "GET":
        target = f"{target}?{form}"
        signature = sign(base_url + target, token=token)
    else:
        signature = sign(base_url + target, pairs, token=token)
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    headers["X-Twilio-Signature"] = signature
    return HookRequest(
        method, target, Headers(headers), form.encode() if method == "POST" else b"", at
    )


def sign(url: str, params: Mapping[str, Any] | None = None, *, token: str = TOKEN) -> str:
    """Twilio's signature of a request to this URL."""
    return str(RequestValidator(token).compute_signature(url, params or {}))


def send(client: FlaskClient, hook: HookRequest) -> TestResponse:
    """The answer to a hook that is sent over HTTP, its target unchanged on the way."""
    path, _, query = hook.target.partition("?")
    return client.open(
        path,
        method=hook.method,
        query_string=query,
        data=hook.body,
        headers=dict(hook.headers),
        environ_overrides={"RAW_URI": hook.target, "REQUEST_URI": hook.target},
    )
