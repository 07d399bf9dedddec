"""Which files does `adapter setup` read and write, and which settings stand in them?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from adapter.config.env_file import settings_in
from adapter.config.env_text import with_settings
from adapter.config.file_writes import FileChange, read_file
from adapter.config.lines_file import is_path
from adapter.errors import SettingsError

ENV_MODE = 0o600
HOOK_DECLINED = (
    "# No webhook of failed writes: adapter setup offers it again if this comment is removed."
)
# The setting with the secret of the webhook that tells of failed writes.
SIGNED_WITH = "PROPEXO_WEBHOOK_SECRET"
HEAD = """\
# The adapter's settings, with secrets, written by adapter setup; docs/operating.md, Settings, has every one.
# Name this file to each command: adapter --env-file .env doctor. What stands in the environment wins.
"""
# What stands above a setting that is added.
REMARKS = dict(
    (
        ("TWILIO_ACCOUNT_SID", "Twilio's account and its auth token (Console, Account info)."),
        ("PROPEXO_API_KEY", "A key of Propexo that may read people and write events."),
        ("PROPEXO_WEBHOOK_SECRET", "Signs Propexo's webhooks of failed writes."),
        (
            "PUBLIC_BASE_URL",
            "The https address under which Twilio reaches this adapter, up to /webhooks/twilio.",
        ),
        ("ADAPTER_LINES", "Your numbers, and what belongs to each."),
        ("DATABASE_URL", "PostgreSQL (postgres://user:password@host/name) or SQLite."),
        ("SECRET_KEY", "Signs the links to calls. Keep it: with another one, all links end."),
        ("ADMIN_PASSWORD", "The password of the pages for people (/login)."),
        ("TWILIO_API_BASE_URL", "Another address of Twilio's API, as it stood in the environment."),
        ("PROPEXO_BASE_URL", "Another address of Propexo's API, as it stood in the environment."),
    )
)
# What of these stands in the environment is written too, so that the file says all by itself.
KEPT = (
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_SUBACCOUNT_TOKENS",
    "TWILIO_API_BASE_URL",
    "PROPEXO_API_KEY",
    "PROPEXO_BASE_URL",
    "PROPEXO_WEBHOOK_SECRET",
    "PUBLIC_BASE_URL",
    "DATABASE_URL",
    "SECRET_KEY",
    "ADMIN_PASSWORD",
)


@dataclass(frozen=True)
class Files:
    """The files as they were read. settings: what stands in .env, blank values too.

    environ: the environment without what --env-file had put there. lines_text: "" where there are no lines yet.
    """

    env_path: Path
    env_before: bytes | None
    settings: Mapping[str, str]
    environ: Mapping[str, str]
    lines_path: Path
    lines_before: bytes | None
    lines_text: str

    @property
    def merged(self) -> Mapping[str, str]:
        """Return the settings that hold: the environment wins, where it is not blank."""
        not_blank = {name: value for name, value in self.environ.items() if value.strip()}
        return {**self.settings, **not_blank}

    @property
    def env_text(self) -> str:
        """Return the text of .env."""
        return _decoded(self.env_path, self.env_before or b"")

    def changes(
        self, values: Mapping[str, str], lines_text: str, *, declines_hook: bool = False
    ) -> list[FileChange]:
        """Return what is to be written: lines.toml first, which .env names. What is right is left out.

        declines_hook: the webhook of failed writes is not wanted, which is to be remembered.
        """
        env_text = with_settings(self.env_text or HEAD, values, REMARKS)
        if declines_hook and HOOK_DECLINED not in env_text:
            env_text = f"{env_text.rstrip()}\n\n{HOOK_DECLINED}\n"
        env_after = env_text.encode()
        changes = []
        is_new = self.lines_before is None and lines_text
        if is_new or lines_text != self.lines_text:
            changes.append(
                FileChange(
                    path=self.lines_path,
                    before=self.lines_before,
                    after=lines_text.encode(),
                    keeps_old=True,
                )
            )
        if env_after != self.env_before or _mode(self.env_path) != ENV_MODE:
            changes.append(
                FileChange(
                    path=self.env_path, before=self.env_before, after=env_after, mode=ENV_MODE
                )
            )
        return changes


def read_files(environ: Mapping[str, str], *, env_file: str | None, folder: str | None) -> Files:
    """Read .env and lines.toml. env_file: the one that --env-file names. Raise SettingsError.

    folder: where they are, or are to be, if no file is named.
    """
    env_path = (Path(env_file) if env_file else Path(folder or ".") / ".env").absolute()
    if not env_path.parent.is_dir():
        raise SettingsError(f"the folder {env_path.parent} is not there: make it first")
    before = read_file(env_path)
    settings = settings_in(_decoded(env_path, before or b""), str(env_path))
    own = {name: value for name, value in environ.items() if settings.get(name) != value}
    not_blank = {name: value for name, value in own.items() if value.strip()}
    named = {**settings, **not_blank}.get("ADAPTER_LINES", "").strip()
    lines_path = _lines_path(named, env_path.parent)
    lines_before = read_file(lines_path)
    text = _decoded(lines_path, lines_before or b"")
    if named and not is_path(named):
        if lines_before is not None:
            raise SettingsError(
                f"ADAPTER_LINES holds the lines as text, and {lines_path} is there too: "
                "set ADAPTER_LINES to the one path, or move the file away"
            )
        text = named if named.endswith("\n") else f"{named}\n"
    return Files(env_path, before, settings, own, lines_path, lines_before, text)


def database_beside(env_path: Path) -> str:
    """Return the URL of an SQLite file that is found from any folder."""
    path = env_path.parent / "var" / "adapter.sqlite3"
    return sa.URL.create("sqlite", database=str(path)).render_as_string()


def refuse_unwritable(files: Files) -> None:
    """Raise SettingsError if a path cannot stand in a setting, or a file cannot be made there."""
    for path in (files.lines_path, files.env_path):
        if not os.access(path.parent, os.W_OK):
            raise SettingsError(f"no file can be made in {path.parent}: give another --folder")
    strange = set("\n=[?#'\\") & set(str(files.lines_path))
    if strange:
        raise SettingsError(
            f"the path {files.lines_path} has {sorted(strange)[0]!r}, which cannot stand in a setting: "
            "give another --folder"
        )


def _lines_path(named: str, folder: Path) -> Path:
    """Return where lines.toml is: as ADAPTER_LINES says, from here or from the folder of .env."""
    if not is_path(named):
        return folder / "lines.toml"
    path = Path(named)
    return path.absolute() if path.exists() or path.is_absolute() else folder / path


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8: {error.reason}") from error


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return None


def shown(path: Path) -> str:
    """Return the path as it is said in this folder."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
