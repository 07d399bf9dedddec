"""Why can this database not be used, and what is to be done about it? In one line, for people."""

from __future__ import annotations

import os
from pathlib import Path

import sqlalchemy as sa

from adapter.errors import SettingsError
from adapter.storage.engine import cause_of

# With less than this SQLite cannot even begin to write.
_ROOM_BYTES = 256 * 1024
# What PostgreSQL and poolers say of a role or database when they refuse a connection for good. No SQLSTATE
# comes with it; a server that speaks another language is taken for one that is away.
_REFUSALS = (
    ("database", "does not exist"),
    ("role", "does not exist"),
    ("user", "does not exist"),
    ("no such", ""),
    ("authentication failed", ""),
    ("not permitted to log in", ""),
    ("permission denied for database", ""),
    ("no pg_hba.conf entry", ""),
)
_NO_RIGHT = "42501"


def named(url: str | sa.URL, setting: str = "DATABASE_URL") -> str:
    """The database as an error names it: a file with its whole path, or a server; without user and password."""
    parsed = sa.make_url(url)
    if not parsed.drivername.startswith("sqlite"):
        return f"the database of {setting} ({parsed.host or 'local socket'})"
    path = Path(parsed.database or "")
    if path.is_absolute():
        return f"the SQLite file {path} of {setting}"
    return f"the SQLite file {path.absolute()} ({setting} is relative to the folder of the start)"


def refuse_absent(url: str | sa.URL) -> None:
    """Errors: SettingsError if SQLite's file is not there. A command that only looks must not make one."""
    path = _file(url)
    if path is not None and not path.exists():
        if fault := _fault(path):
            raise SettingsError(_faulty(url, fault))
        raise SettingsError(
            f"{named(url)} is not there: start it in the folder where the file is, give DATABASE_URL the whole "
            "path (sqlite:////srv/adapter.sqlite3), or make it: run adapter migrate"
        )


def trouble(url: str | sa.URL, error: BaseException, setting: str = "DATABASE_URL") -> str:
    """What is to be said when this error came of using the database."""
    path, cause = _file(url), cause_of(error)
    if path is None:
        _, fatal, said = cause.partition("FATAL: ")
        return (
            f"{named(url, setting)} cannot be used: {said.strip() if fatal else cause}; "
            "check the URL, that the server runs, and what the role may do"
        )
    if fault := _fault(path):
        return _faulty(url, fault, setting)
    return f"{named(url, setting)} cannot be used: {cause}; look whether it is an SQLite database"


def is_refusal(url: str | sa.URL, error: BaseException) -> bool:
    """True if to start again cannot help: the role, its rights or the file have to be mended first."""
    if _file(url) is not None:
        return "locked" not in cause_of(error)
    if getattr(getattr(error, "orig", None), "sqlstate", None) == _NO_RIGHT:
        return True
    cause = cause_of(error)
    return "FATAL:" in cause and any(one in cause and two in cause for one, two in _REFUSALS)


def full_disk(url: str | sa.URL) -> str | None:
    """What is to be said where SQLite's disk has no room; else None."""
    path = _file(url)
    if path is None or not _is_full(path):
        return None
    return _faulty(url, "its disk is full")


def _faulty(url: str | sa.URL, fault: str, setting: str = "DATABASE_URL") -> str:
    return (
        f"{named(url, setting)} cannot be used: {fault}; give it room and a folder that this user may write, "
        f"or name another file in {setting}"
    )


def _file(url: str | sa.URL) -> Path | None:
    """SQLite's file; None for a server and for a database in memory."""
    parsed = sa.make_url(url)
    name = parsed.database or ""
    is_file = parsed.drivername.startswith("sqlite") and name not in ("", ":memory:")
    return Path(name).absolute() if is_file and not name.startswith("file:") else None


def _fault(path: Path) -> str | None:
    """What is wrong with the file's place, as far as that can be seen; SQLite's own words do not say."""
    folder = _nearest(path.parent)
    if not folder.is_dir():
        return f"{folder} is not a folder"
    if path.is_dir():
        return "it is a folder"
    for each in (path, folder):
        if each.exists() and not os.access(each, os.W_OK):
            return f"{each} cannot be written by this user"
    return "its disk is full" if _is_full(path) else None


def _is_full(path: Path) -> bool:
    try:
        found = os.statvfs(_nearest(path.parent))
    except OSError:
        return False
    free = found.f_bfree if os.geteuid() == 0 else found.f_bavail
    return found.f_blocks > 0 and free * found.f_frsize < _ROOM_BYTES


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
