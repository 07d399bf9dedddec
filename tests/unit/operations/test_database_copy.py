"""Does everything get into the other database, once, wherever the copy is killed; and is one of them closed?"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.config.settings import Settings
from adapter.errors import DatabaseMoved, SettingsError
from adapter.operations.database_copy import DatabaseCopy, Steps, TableCount
from adapter.storage.copied_rows import COPIED, NOT_COPIED
from adapter.storage.engine import open_engine, schema_state
from adapter.storage.moves import Moves, refuse_moved
from adapter.storage.schema import calls, hooks
from adapter.storage.store import Store
from adapter.storage.web_processes import WebProcesses
from adapter.worker.migrate import migrate_url
from tests.support.databases import PostgresServer
from tests.support.environment import NOW
from tests.support.filled import fill, rows_by_table
from tests.support.lanes import full
from tests.support.rows import add, record

OLD = datetime(2026, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone."""


class Databases:
    """Makes databases, migrated or not, and stores on them."""

    def __init__(self, folder: Path, template: Path, server: Callable[[], PostgresServer]) -> None:
        self._folder, self._template, self._server = folder, template, server
        self._urls: list[str] = []
        self._engines: list[sa.Engine] = []

    def url(self, kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{self._folder / f'{len(self._engines)}.sqlite3'}"
        url = self._server().create()
        self._urls.append(url)
        return Settings.from_environ({"DATABASE_URL": url}).database_url

    def open(self, url: str) -> Store:
        engine = open_engine(url)
        self._engines.append(engine)
        return Store(engine)

    def make(self, kind: str) -> Store:
        """A migrated database without rows."""
        url = self.url(kind)
        if kind == "sqlite":
            shutil.copy(self._template, str(sa.make_url(url).database))
        else:
            migrate_url(url, setting="DATABASE_URL")
        return self.open(url)

    def close(self) -> None:
        for engine in self._engines:
            engine.dispose()
        for url in self._urls:
            self._server().drop(url)


@pytest.fixture
def databases(
    tmp_path: Path, sqlite_template: Path, request: pytest.FixtureRequest
) -> Iterator[Databases]:
    made = Databases(tmp_path, sqlite_template, lambda: request.getfixturevalue("postgres_server"))
    yield made
    made.close()


@pytest.fixture
def source(databases: Databases) -> Store:
    """A database with rows in every table, of a time when no process was alive."""
    store = databases.make("sqlite")
    fill(store.engine)
    with store.begin() as connection:
        for table in NOT_COPIED:
            connection.execute(sa.delete(table))
    return store


class Copying:
    """A copy on a clock of its own. waits: how long it may look for life. begun: whether each went on."""

    def __init__(self, source: Store, target: Store) -> None:
        self.source, self.target = source, target
        self.now = datetime.now(UTC)
        self.waits: list[float] = []
        self.begun: list[bool] = []
        self.slept: Callable[[], None] = lambda: None

    def run(self) -> Any:
        steps = Steps(
            waits=self.waits.append,
            begins=lambda _, goes_on: self.begun.append(goes_on),
            copied=lambda *_: None,
        )
        url = self.target.engine.url.render_as_string(hide_password=False)
        return DatabaseCopy(
            self.source,
            self.target,
            migrate_target=lambda: migrate_url(url, setting="--to"),
            steps=steps,
            clock=lambda: self.now,
            sleep=self._sleep,
        ).run()

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.slept()


def usable(store: Store) -> bool:
    """True if web and worker may begin here."""
    if schema_state(store.engine)[0] is None:
        return False
    try:
        refuse_moved(store.engine)
    except SettingsError:
        return False
    return True


def of_calls(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    names = {table.name for table in COPIED}
    return {name: rows for name, rows in rows_by_table(store.engine).items() if name in names}


# What is copied ------------------------------------------------------------------------------------

postgres = pytest.mark.postgres


@pytest.mark.parametrize(
    ("kinds"),
    [
        pytest.param(("sqlite", "postgres"), marks=postgres),
        pytest.param(("postgres", "sqlite"), marks=[postgres, pytest.mark.full]),
        pytest.param(("postgres", "postgres"), marks=[postgres, pytest.mark.full]),
        full(("sqlite", "sqlite")),
    ],
)
def test_every_row_of_every_table_gets_there(databases: Databases, kinds: tuple[str, str]) -> None:
    """Those of a new table too. A table that is not to be copied has to be named here."""
    assert {table.name for table in NOT_COPIED} == {
        "workers", "web_processes", "moves", "copied_tables",
    }  # fmt: skip
    source, target = databases.make(kinds[0]), databases.open(databases.url(kinds[1]))
    fill(source.engine)
    with source.begin() as connection:
        for table in NOT_COPIED:
            connection.execute(sa.delete(table))
    source.secrets.instance()
    before = of_calls(source)
    counts = Copying(source, target).run()
    assert counts == [TableCount(t.name, len(before[t.name]), len(before[t.name])) for t in COPIED]
    assert of_calls(target) == of_calls(source) == before
    assert all(before.values())
    assert target.secrets.get_or_set("links", "a new one") == source_secret(source, "links")
    assert target.secrets.known_instance() == source.secrets.known_instance()


def source_secret(source: Store, name: str) -> str:
    query = sa.text("SELECT value FROM secrets WHERE name = :name")
    with source.autocommit() as connection:
        found = connection.execute(query, {"name": name}).scalar_one_or_none()
    return found or "a new one"


@pytest.mark.full
@pytest.mark.postgres
def test_new_rows_are_numbered_behind_the_copied_ones(databases: Databases, source: Store) -> None:
    target = databases.open(databases.url("postgres"))
    Copying(source, target).run()
    numbered = [table for table in COPIED if table.autoincrement_column is not None]
    assert {"hooks", "attempts", "decisions"} <= {table.name for table in numbered}
    for table in numbered:
        column = table.autoincrement_column
        assert column is not None
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        with target.begin() as connection:
            following = connection.execute(sa.select(sa.func.nextval(sequence))).scalar_one()
        assert following == 7 * 2 + 5 + 1, table.name


def test_more_rows_than_a_batch_all_get_there(databases: Databases) -> None:
    source, target = databases.make("sqlite"), databases.make("sqlite")
    fill(source.engine, [calls, hooks], 2001)
    Copying(source, target).run()
    assert of_calls(target)["hooks"] == of_calls(source)["hooks"]
    assert len(of_calls(target)["calls"]) == 2001


def test_what_was_in_a_workers_hand_is_due_again(databases: Databases) -> None:
    """The queue's own rows stay behind. A run that waits for its time keeps it."""
    source, target = databases.make("sqlite"), databases.make("sqlite")
    later = datetime.now(UTC) + timedelta(days=1)
    add(source, record(call_id="CA1"))
    add(source, record(call_id="CA2"), due_at=later)
    with source.begin() as connection:
        assert len(source.runs.take_due(connection, NOW, 10)) == 1
    copying = Copying(source, target)
    copying.run()
    with target.begin() as connection:
        due = target.runs.take_due(connection, copying.now, 10)
    (call,) = target.calls.find("CA1")
    assert due == [(call.key, 2)]
    (waiting,) = target.calls.find("CA2")
    assert (waiting.run, waiting.due_at) == (1, later)


# Killed anywhere --------------------------------------------------------------------------------------


@contextmanager
def killed_before_commit(source: Store, target: Store, number: int) -> Iterator[None]:
    """The commit of this number does not come about, of those by which one of the two changes."""
    left = [number]

    def note(connection: sa.Connection, _: Any, statement: str, *__: Any) -> None:
        if statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE", "CREATE", "DROP")):
            connection.info["has_changed"] = True

    def commit(connection: sa.Connection) -> None:
        left[0] -= connection.info.pop("has_changed", False)
        if left[0] == 0:
            left[0] = -1
            raise Killed

    for store in (source, target):
        sa.event.listen(store.engine, "before_cursor_execute", note)
        sa.event.listen(store.engine, "commit", commit)
    try:
        yield
    finally:
        for store in (source, target):
            sa.event.remove(store.engine, "before_cursor_execute", note)
            sa.event.remove(store.engine, "commit", commit)


@pytest.mark.full
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=postgres)])
def test_killed_before_any_of_its_commits_it_goes_on_and_two_are_never_open(
    databases: Databases, kind: str
) -> None:
    source = databases.make("sqlite")
    add(source, record())
    source.secrets.get_or_set("links", "the key")
    pristine = of_calls(source)
    number = 0
    while True:
        number += 1
        target = databases.open(databases.url(kind))
        copying = Copying(source, target)
        is_done = True
        try:
            with killed_before_commit(source, target, number):
                copying.run()
        except Killed:
            is_done = False
        is_open = usable(target) and bool(of_calls(target)["calls"])
        assert usable(source) + is_open <= 1
        if is_done:
            break
        copying.run()
        assert usable(target) and not usable(source)
        assert of_calls(target)["calls"] == pristine["calls"]
        assert target.secrets.get_or_set("links", "another") == "the key"
        assert copying.run() is None
        Moves(source).undo()
        assert usable(source)
    assert number > 5


# Who is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("process", "where"),
    [("worker", "source"), ("web", "source"), full("worker", "target"), ("web", "target")],
)
def test_a_database_at_which_a_process_works_is_left_alone(
    databases: Databases, process: str, where: str
) -> None:
    source, target = databases.make("sqlite"), databases.make("sqlite")
    copying = Copying(source, target)
    store = source if where == "source" else target

    def beat() -> None:
        beats = store.workers if process == "worker" else WebProcesses(store)
        beats.beat("host:1", copying.now)

    beat()
    copying.slept = beat
    with pytest.raises(
        SettingsError, match=rf"^{process} host:1 is at work in .*stop web and worker"
    ):
        copying.run()
    assert copying.waits == [30.0]
    assert usable(source) and usable(target)


def test_a_process_that_has_ended_is_waited_for_and_no_longer(databases: Databases) -> None:
    source, target = databases.make("sqlite"), databases.make("sqlite")
    copying = Copying(source, target)
    WebProcesses(source).beat("host:1", copying.now - timedelta(seconds=12))
    begun = copying.now
    copying.run()
    assert timedelta(seconds=18) <= copying.now - begun < timedelta(seconds=19)
    later = Copying(target, databases.make("sqlite"))
    later.run()
    assert later.waits == []


def test_a_target_with_data_of_its_own_is_left_alone(databases: Databases, source: Store) -> None:
    target = databases.make("sqlite")
    add(target, record())
    with pytest.raises(
        SettingsError, match=r"has data of its own \(calls\): give an empty database"
    ):
        Copying(source, target).run()
    assert usable(source) and len(of_calls(target)["calls"]) == 1


def test_what_an_idle_adapter_writes_by_itself_is_no_data(databases: Databases) -> None:
    source, target = databases.make("sqlite"), databases.make("sqlite")
    add(source, record())
    target.secrets.instance()
    WebProcesses(target).beat("host:1", OLD)
    Copying(source, target).run()
    assert len(of_calls(target)["calls"]) == 1
    assert of_calls(target)["secrets"] == of_calls(source)["secrets"]


def test_a_database_is_not_copied_into_itself(databases: Databases) -> None:
    source = databases.make("sqlite")
    again = databases.open(source.engine.url.render_as_string())
    with pytest.raises(SettingsError, match="is this database itself"):
        Copying(source, again).run()
    assert usable(source)


def test_a_target_of_an_older_schema_with_data_is_left_alone(databases: Databases) -> None:
    source, target = databases.make("sqlite"), databases.make("sqlite")
    add(target, record())
    with target.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(SettingsError, match=r"has schema 0001, needed is .* and data in calls"):
        Copying(source, target).run()
    with target.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="newer than this version"):
        Copying(source, target).run()
    assert usable(source)


def test_an_unfinished_copy_of_another_database_is_left_alone(databases: Databases) -> None:
    first, second, target = (databases.make("sqlite") for _ in range(3))
    for store in (first, second):
        store.secrets.instance()
        add(store, record())
    with pytest.raises(Killed), killed_before_commit(first, target, 4):
        Copying(first, target).run()
    with pytest.raises(SettingsError, match=r"unfinished copy of .*which is another database"):
        Copying(second, target).run()
    with pytest.raises(SettingsError, match="this database holds an unfinished copy"):
        Copying(target, databases.make("sqlite")).run()
    assert usable(second) and not usable(first) and not usable(target)


def test_an_undone_copy_is_begun_anew_with_what_came_meanwhile(databases: Databases) -> None:
    source, target = databases.make("sqlite"), databases.make("sqlite")
    add(source, record(call_id="CA1"))
    source.secrets.instance()
    with pytest.raises(Killed), killed_before_commit(source, target, 4):
        Copying(source, target).run()
    move = Moves(source).undo()
    assert move is not None and move.done_at is None
    assert usable(source) and not usable(target)
    add(source, record(call_id="CA2"))
    copying = Copying(source, target)
    copying.run()
    assert copying.begun == [False]
    assert sorted(call.call_id for call in target.calls.search(limit=9)) == ["CA1", "CA2"]


def test_a_moved_database_goes_nowhere_else(databases: Databases) -> None:
    source, target, other = (databases.make("sqlite") for _ in range(3))
    Copying(source, target).run()
    with pytest.raises(
        SettingsError, match=rf"moved to SQLite {target.engine.url.database} already"
    ):
        Copying(source, other).run()
    with pytest.raises(SettingsError, match=r"was moved to .* itself: give an empty one"):
        Copying(other, source).run()
    assert usable(target) and usable(other)


# Closed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgres", marks=[postgres, pytest.mark.full])]
)
def test_a_moved_database_can_be_read_and_takes_no_change_of_any_table(
    databases: Databases, kind: str
) -> None:
    source, target = databases.make(kind), databases.make("sqlite")
    fill(source.engine)
    with source.begin() as connection:
        for table in NOT_COPIED:
            connection.execute(sa.delete(table))
    Copying(source, target).run()
    before = of_calls(source)
    for table in (*COPIED, *NOT_COPIED[:2]):
        column = next(iter(table.columns))
        for statement in (
            sa.insert(table).from_select(list(table.columns), sa.select(table)),
            sa.update(table).values({column: column}),
            sa.delete(table),
        ):
            if table in NOT_COPIED and not statement.is_insert:
                continue  # it has no row, which is all the same to PostgreSQL alone
            with (
                pytest.raises(DatabaseMoved, match="adapter copy --undo"),
                source.begin() as change,
            ):
                change.execute(statement)
                if table in NOT_COPIED:
                    change.execute(
                        sa.insert(table), [{"seen_at": NOW, table.columns.keys()[0]: "x"}]
                    )
    assert of_calls(source) == before
    Moves(source).undo()
    add(source, record())
    assert len(of_calls(source)["calls"]) == 4
