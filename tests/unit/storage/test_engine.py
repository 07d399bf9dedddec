"""Is SQLite opened so that others wait for it, and nobody else reads it?"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.storage.engine import cause_of, empty_traces, open_engine


def pragma(engine: sa.Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_a_new_file_is_its_owners_alone_in_a_folder_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "var" / "adapter.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    assert pragma(engine, "journal_mode") == "wal"
    assert (pragma(engine, "synchronous"), pragma(engine, "secure_delete")) == (2, 1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    engine.dispose()


def test_what_is_deleted_is_overwritten_also_where_sqlite_is_not_built_so(tmp_path: Path) -> None:
    """Debian's SQLite is."""
    engine = open_engine(f"sqlite:///{tmp_path / 'adapter.sqlite3'}")

    @sa.event.listens_for(engine, "connect", insert=True)
    def _as_elsewhere(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA secure_delete=OFF")

    assert pragma(engine, "secure_delete") == 1
    engine.dispose()


def test_an_error_does_not_show_what_was_to_be_stored(engine: sa.Engine) -> None:
    with (
        pytest.raises(sa.exc.DBAPIError) as caught,
        engine.connect() as connection,
    ):
        connection.execute(
            sa.text("SELECT nothing FROM nowhere WHERE a = :a"), {"a": "+16175550134"}
        )
    assert "6175550134" not in str(caught.value)


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "adapter.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE old (id)")
    path.chmod(0o644)
    engine = open_engine(f"sqlite:///{path}")
    assert pragma(engine, "journal_mode") == "wal"
    assert path.stat().st_mode & 0o777 == 0o600
    engine.dispose()


def test_a_file_that_is_no_database_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and longer than SQLite's own header is " * 4, "utf-8")
    path.chmod(0o644)
    engine = open_engine(f"sqlite:///{path}")
    with pytest.raises(sa.exc.DatabaseError, match="not a database"):
        engine.connect()
    assert path.stat().st_mode & 0o777 == 0o644
    engine.dispose()


def test_a_folder_in_the_place_of_the_file_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    engine = open_engine(f"sqlite:///{tmp_path}")
    with pytest.raises(sa.exc.OperationalError, match="unable to open"):
        engine.connect()
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    engine.dispose()


def test_a_folder_that_cannot_be_made_is_sqlites_to_tell(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    engine = open_engine(f"sqlite:///{tmp_path}/file/adapter.sqlite3")
    with pytest.raises(sa.exc.OperationalError, match="unable to open"):
        engine.connect()
    engine.dispose()


def test_who_opens_a_file_that_another_writes_waits_for_it(tmp_path: Path) -> None:
    """To turn on WAL is the one statement that SQLite does not let wait."""
    path = tmp_path / "adapter.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    asked = threading.Event()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("CREATE TABLE calls (id)")
        other.execute("BEGIN EXCLUSIVE")
        opened: list[object] = []

        def open_it() -> None:
            asked.set()
            opened.append(pragma(engine, "journal_mode"))

        thread = threading.Thread(target=open_it)
        thread.start()
        assert asked.wait(10)
        thread.join(0.3)
        assert thread.is_alive() and opened == [], "it waits for the other writer"
        other.execute("COMMIT")
        thread.join(30)
    assert opened == ["wal"]
    engine.dispose()


def test_after_emptying_the_log_of_writes_has_nothing(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/adapter.sqlite3")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE calls (other TEXT)")
        connection.exec_driver_sql("INSERT INTO calls VALUES ('+16175550134')")
    assert empty_traces(engine)
    assert (tmp_path / "adapter.sqlite3-wal").stat().st_size == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("one\n two   words ", "one"),
        ("could not connect\nFATAL:  role does not exist", "FATAL: role does not exist"),
        ("", "ValueError"),
    ],
)
def test_the_cause_of_an_error_is_one_line(words: str, cause: str) -> None:
    assert cause_of(ValueError(words)) == cause
