"""Is a database told from one that has our tables, and from one that cannot be read?"""

from __future__ import annotations

from pathlib import Path

from adapter.storage.first_use import is_unused


def test_a_file_that_is_not_there_is_unused(tmp_path: Path) -> None:
    assert is_unused(f"sqlite:///{tmp_path / 'adapter.sqlite3'}")


def test_a_file_that_is_no_database_is_not_said_to_be_unused(tmp_path: Path) -> None:
    path = tmp_path / "adapter.sqlite3"
    path.write_bytes(b"something else " * 100)
    assert not is_unused(f"sqlite:///{path}")


def test_a_database_with_our_tables_is_not_unused(sqlite_template: Path) -> None:
    assert not is_unused(f"sqlite:///{sqlite_template}")
