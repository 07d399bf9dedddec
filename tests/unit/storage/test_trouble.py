"""Is it told in one line why a database cannot be used, and whether to start again may help?"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.errors import SettingsError
from adapter.storage.trouble import full_disk, is_refusal, named, refuse_absent, trouble

SERVER = "postgresql+psycopg://ann:pass-word@db.example.com:5432/calls"


class Refused(Exception):
    """What a driver raises. sqlstate: the server's code for it."""

    def __init__(self, words: str, sqlstate: str | None = None) -> None:
        super().__init__(words)
        self.sqlstate = sqlstate


def error(words: str, sqlstate: str | None = None) -> sa.exc.OperationalError:
    return sa.exc.OperationalError("SELECT '+16175550134'", {}, Refused(words, sqlstate))


def fatal(words: str) -> sa.exc.OperationalError:
    """A refusal as PostgreSQL's client library words it."""
    return error(f'connection failed: connection to server at "10.0.0.1" failed: FATAL:  {words}')


def disk(*, free_blocks: int, roots_blocks: int = 0, blocks: int = 1_000_000) -> os.statvfs_result:
    """A disk with blocks of 4096 bytes. roots_blocks: how many of the free ones only root may use."""
    free = (free_blocks, free_blocks - roots_blocks)
    return os.statvfs_result((4096, 4096, blocks, *free, 0, 0, 0, 0, 255))


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere. In this block the process is asked for by a user who may not."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(65534, -1, -1)
    try:
        yield
    finally:
        os.setresuid(0, -1, -1)


# How it is named ------------------------------------------------------------------------------------


def test_a_server_is_named_without_user_and_password() -> None:
    assert named(SERVER) == "the database of DATABASE_URL (db.example.com)"
    assert named("postgresql:///calls") == "the database of DATABASE_URL (local socket)"
    assert named(SERVER, "TEST_DATABASE_URL").startswith("the database of TEST_DATABASE_URL")


def test_a_file_is_named_with_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = tmp_path / "adapter.sqlite3"
    assert named(f"sqlite:///{whole}") == f"the SQLite file {whole} of DATABASE_URL"
    relative = named("sqlite:///adapter.sqlite3")
    assert relative.startswith(f"the SQLite file {whole} (")
    assert "relative to the folder of the start" in relative


# What is wrong --------------------------------------------------------------------------------------


def test_a_servers_refusal_is_told_in_its_own_words_alone() -> None:
    told = trouble(SERVER, fatal('role "ann" does not exist'))
    assert 'cannot be used: role "ann" does not exist; check the URL' in told
    assert "10.0.0.1" not in told and "pass-word" not in told and "555" not in told
    assert len(told.splitlines()) == 1


def test_a_server_that_is_away_is_told_with_the_cause() -> None:
    told = trouble(SERVER, error("connection timeout expired\nMultiple connection attempts failed"))
    assert "cannot be used: connection timeout expired; check the URL, that the server runs" in told


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    told = trouble(f"sqlite:///{tmp_path}", error("unable to open database file"))
    assert "it is a folder" in told and "name another file in DATABASE_URL" in told


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    url = f"sqlite:///{tmp_path}/file/adapter.sqlite3"
    assert f"{tmp_path / 'file'} is not a folder" in trouble(url, error("unable to open"))
    with pytest.raises(SettingsError, match="is not a folder"):
        refuse_absent(url)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    told = trouble(f"sqlite:///{tmp_path}/notes.txt", error("file is not a database"))
    assert "file is not a database; look whether it is an SQLite database" in told


def test_a_command_that_only_looks_is_told_that_there_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    with pytest.raises(SettingsError, match=r"is not there: .*run adapter migrate"):
        refuse_absent(f"sqlite:///{path}")
    assert not path.exists()
    path.touch()
    refuse_absent(f"sqlite:///{path}")
    refuse_absent(SERVER)


def test_a_database_in_memory_is_no_file() -> None:
    for url in ("sqlite://", "sqlite:///:memory:", "sqlite:///file:calls?mode=memory&uri=true"):
        refuse_absent(url)
        assert full_disk(url) is None


def test_a_disk_with_room_is_not_full(tmp_path: Path) -> None:
    assert full_disk(f"sqlite:///{tmp_path}/not/yet/there.sqlite3") is None
    assert full_disk(SERVER) is None


def test_a_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And as the cause, where SQLite only says that it could not."""
    url = f"sqlite:///{tmp_path}/not/yet/there.sqlite3"
    monkeypatch.setattr(os, "statvfs", lambda _: disk(free_blocks=63))
    told = full_disk(url)
    assert told is not None and "cannot be used: its disk is full; give it room" in told
    assert told == trouble(url, error("disk I/O error"))
    monkeypatch.setattr(os, "statvfs", lambda _: disk(free_blocks=64))
    assert full_disk(url) is None


def test_what_only_root_may_use_of_a_disk_is_no_room_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/adapter.sqlite3"
    monkeypatch.setattr(os, "statvfs", lambda _: disk(free_blocks=1000, roots_blocks=1000))
    for user, is_full in ((0, False), (1000, True)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert (full_disk(url) is not None) is is_full


def test_a_disk_that_tells_nothing_of_its_room_is_not_taken_for_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One without blocks, such as /proc, and one on a network that does not answer."""
    url = f"sqlite:///{tmp_path}/adapter.sqlite3"
    monkeypatch.setattr(os, "statvfs", lambda _: disk(free_blocks=0, blocks=0))
    assert full_disk(url) is None

    def away(_: Path) -> os.statvfs_result:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "statvfs", away)
    assert full_disk(url) is None
    assert "disk I/O error; look whether" in trouble(url, error("disk I/O error"))


@pytest.mark.parametrize("is_there", [True, False], ids=["file", "folder"])
def test_what_this_user_may_not_write_is_told(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "locked" / "adapter.sqlite3"
    path.parent.mkdir()
    if is_there:
        path.touch(mode=0o400)
    path.parent.chmod(0o500)
    with as_nobody():
        told = trouble(f"sqlite:///{path}", error("attempt to write a readonly database"))
        locked = path if is_there else path.parent
        assert f"cannot be used: {locked} cannot be written by this user; give it" in told
        with pytest.raises(SettingsError, match="cannot be written by this user"):
            refuse_absent(f"sqlite:///{path.with_name('other.sqlite3')}")
    path.parent.chmod(0o700)


# May it help to start again? ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        'database "calls" does not exist',
        'role "ann" does not exist',
        "no such user: ann",
        'password authentication failed for user "ann"',
        'role "ann" is not permitted to log in',
        'permission denied for database "calls"',
        'no pg_hba.conf entry for host "10.0.0.2"',
    ],
)
def test_what_has_to_be_mended_first_is_a_refusal(words: str) -> None:
    assert is_refusal(SERVER, fatal(words))
    assert not is_refusal(SERVER, error(words)), "not said by the server at the connection"


@pytest.mark.parametrize(
    "words", ["the database system is starting up", "sorry, too many clients already"]
)
def test_a_server_that_is_busy_is_no_refusal(words: str) -> None:
    assert not is_refusal(SERVER, fatal(words))
    assert not is_refusal(SERVER, error("connection refused"))


def test_a_right_that_the_role_lacks_is_a_refusal() -> None:
    assert is_refusal(SERVER, error("permission denied for table calls", sqlstate="42501"))
    assert not is_refusal(SERVER, error("deadlock detected", sqlstate="40P01"))


def test_a_file_is_refused_unless_it_is_only_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/adapter.sqlite3"
    assert is_refusal(url, error("unable to open database file"))
    assert not is_refusal(url, error("database is locked"))
    assert is_refusal(url, sqlite3.OperationalError("attempt to write a readonly database"))
