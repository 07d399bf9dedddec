"""What does a file of settings say? (`adapter --env-file PATH COMMAND`)"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import parse_stream

from adapter.errors import SettingsError


def read_env_file(path: Path) -> Mapping[str, str]:
    """The names and values of lines like NAME=value, quoted as for a shell; "$" stays as it is.

    Errors: SettingsError naming the file and the line. No value is shown.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            found = list(parse_stream(file))
    except (OSError, UnicodeDecodeError) as error:
        fact = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"--env-file {path} cannot be read: {fact}") from error
    for each in found:
        if each.error or (each.key is not None and each.value is None):
            raise SettingsError(
                f"--env-file {path}, line {each.original.line}: this is not NAME=value; a value with blanks "
                "or line breaks stands in single quotes"
            )
    return {each.key: each.value for each in found if each.key and each.value is not None}


def with_env_file(environ: Mapping[str, str], path: Path) -> Mapping[str, str]:
    """The environment with what the file adds. A blank value in the environment counts as none."""
    given = {name: value for name, value in environ.items() if value.strip()}
    return {**read_env_file(path), **given}
