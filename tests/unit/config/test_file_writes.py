"""Are several files written whole, or not at all?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapter.config.file_writes import FileChange, read_file, write_files
from adapter.errors import SettingsError


def change(
    path: Path, after: str, *, keeps_old: bool = False, mode: int | None = None
) -> FileChange:
    return FileChange(
        path=path, before=read_file(path), after=after.encode(), mode=mode, keeps_old=keeps_old
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_are_written_with_their_modes(tmp_path: Path) -> None:
    one, two = tmp_path / ".env", tmp_path / "lines.toml"
    two.write_text("old")
    two.chmod(0o640)
    kept = write_files([change(one, "A=1", mode=0o600), change(two, "new", keeps_old=True)])
    assert (one.read_text(), two.read_text()) == ("A=1", "new")
    assert one.stat().st_mode & 0o777 == 0o600
    assert two.stat().st_mode & 0o777 == 0o640
    assert kept == [tmp_path / "lines.toml.old"]
    assert kept[0].read_text() == "old"
    assert kept[0].stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == [".env", "lines.toml", "lines.toml.old"]


def test_a_mode_that_is_too_wide_is_narrowed(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1")
    path.chmod(0o644)
    write_files([change(path, "A=1", mode=0o600)])
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_old_copy_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "lines.toml"
    path.write_text("1")
    for text in ("2", "3", "4"):
        write_files([change(path, text, keeps_old=True)])
    found = {name: (tmp_path / name).read_text() for name in names(tmp_path)}
    assert found == {
        "lines.toml": "4",
        "lines.toml.old": "1",
        "lines.toml.old.2": "2",
        "lines.toml.old.3": "3",
    }


def test_what_somebody_else_changed_is_not_overwritten(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    two.write_text("as read")
    changes = [change(one, "1"), change(two, "2")]
    two.write_text("by somebody else")
    with pytest.raises(SettingsError, match="changed meanwhile"):
        write_files(changes)
    assert names(tmp_path) == ["two"]
    assert two.read_text() == "by somebody else"


def test_a_folder_that_is_not_there_keeps_all_from_being_written(tmp_path: Path) -> None:
    changes = [change(tmp_path / "one", "1"), change(tmp_path / "no" / "two", "2")]
    with pytest.raises(
        SettingsError, match=r"cannot be written: No such file.*nothing was changed"
    ):
        write_files(changes)
    assert names(tmp_path) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_files([change(tmp_path / "link", "new")])
    assert os.readlink(tmp_path / "link") == str(tmp_path / "real")
    assert (tmp_path / "real").read_text() == "new"
