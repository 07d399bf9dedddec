"""Is one file enough for the settings, and does the environment win over it?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapter.config.env_file import read_env_file, with_env_file
from adapter.config.settings import Settings
from adapter.errors import SettingsError

EXAMPLE = Path(__file__).parents[3] / ".env.example"


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.env"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_says_the_same_as_in_a_shell() -> None:
    """What `set -a; . ./.env.example` sets is what is read from the file."""
    told = subprocess.run(
        ["sh", "-c", f'set -a; . "{EXAMPLE}"; exec "{sys.executable}" -c "import json, os; '
         'print(json.dumps(dict(os.environ)))"'],
        env={},
        capture_output=True,
        check=True,
    )  # fmt: skip
    shell = json.loads(told.stdout)
    assert {name: shell[name] for name in read_env_file(EXAMPLE)} == read_env_file(EXAMPLE)
    Settings.from_environ(read_env_file(EXAMPLE)).require_for_web()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("X=plain", "plain"),
        ("export X=exported", "exported"),
        ("X=  spaced  # a comment", "spaced"),
        ("X=https://a.example/webhooks/twilio#rc=5", "https://a.example/webhooks/twilio#rc=5"),
        ("X=a$HOME${HOME}b", "a$HOME${HOME}b"),
        ("""X='{"AC1": ["token"]}'""", '{"AC1": ["token"]}'),
        ('X=\'[lines."+16175550100"]\nname = "Main"\'', '[lines."+16175550100"]\nname = "Main"'),
        ("\ufeffX=begins with a mark", "begins with a mark"),
        ("X=", ""),
    ],
)
def test_values_are_read_as_they_are_written(tmp_path: Path, line: str, value: str) -> None:
    assert read_env_file(written(tmp_path, line + "\n"))["X"] == value


def test_the_environment_wins_unless_it_is_blank(tmp_path: Path) -> None:
    path = written(tmp_path, "PORT=1\nHOST=file\nLOG_FORMAT=json\n")
    found = with_env_file({"PORT": "2", "HOST": " ", "OTHER": "x"}, path)
    assert found == {"PORT": "2", "HOST": "file", "LOG_FORMAT": "json", "OTHER": "x"}


@pytest.mark.parametrize("wrong", ["TOKEN secret-value", "TOKEN", "TOKEN='secret-value"])
def test_a_line_that_says_nothing_is_named_without_its_value(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"settings\.env, line 3: .*NAME=value") as caught:
        read_env_file(written(tmp_path, f"PORT=1\n# comment\n{wrong}\n"))
    assert "secret-value" not in str(caught.value)


def adapter(*arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "adapter", *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_command_reads_its_file(tmp_path: Path) -> None:
    written(tmp_path, "DATABASE_URL=sqlite:///of_file.sqlite3\n")
    assert adapter("--env-file", "settings.env", "migrate", folder=tmp_path).returncode == 0
    assert (tmp_path / "of_file.sqlite3").exists()
    won = {"DATABASE_URL": "sqlite:///of_environ.sqlite3"}
    assert adapter("--env-file", "settings.env", "migrate", folder=tmp_path, **won).returncode == 0
    assert (tmp_path / "of_environ.sqlite3").exists()


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["missing", "not text"])
def test_a_file_that_cannot_be_read_is_told_in_one_line(
    tmp_path: Path, content: bytes | None
) -> None:
    if content:
        (tmp_path / "gone.env").write_bytes(content)
    told = adapter("--env-file", "gone.env", "calls", folder=tmp_path)
    assert told.returncode == 1
    assert told.stderr.startswith("adapter: --env-file gone.env cannot be read: ")
    assert len(told.stderr.splitlines()) == 1
