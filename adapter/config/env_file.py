"""Which settings stand in the file that `adapter --env-file PATH COMMAND` names?"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import parse_stream

from adapter.errors import SettingsError


def read_env_file(path: Path) -> Mapping[str, str]:
    """Return the names and values. A line is NAME=value, quoted as for a shell; "$" has no meaning.

    Raise SettingsError if the file cannot be read. It names the file and the line, and shows no value.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fact = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"--env-file {path} cannot be read: {fact}") from error
    return settings_in(text, f"--env-file {path}")


def settings_in(text: str, source: str) -> Mapping[str, str]:
    """Return the names and values. source: how an error names the text. Raise SettingsError naming the line."""
    entries = list(parse_stream(io.StringIO(text)))
    for entry in entries:
        if entry.error or (entry.key is not None and entry.value is None):
            raise SettingsError(
                f"{source}, line {entry.original.line}: this is not NAME=value; a value with blanks "
                "or line breaks stands in single quotes"
            )
    return {e.key: e.value for e in entries if e.key and e.value is not None}


def with_env_file(environ: Mapping[str, str], path: Path) -> Mapping[str, str]:
    """Return the file's settings, replaced by those of the environment that are not blank."""
    not_blank = {name: value for name, value in environ.items() if value.strip()}
    return {**read_env_file(path), **not_blank}
