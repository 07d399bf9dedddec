"""What does lines.toml say? It is given as a path or as its text, and becomes the lines of the domain."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from adapter.domain.lines import Line, Lines
from adapter.domain.phone import e164
from adapter.errors import SettingsError

# pydantic names these types as Python does; an operator writes TOML.
_FACTS = dict.fromkeys(
    ("tuple_type", "frozen_set_type"), 'Input should be a list, like ["...", "..."]'
)


def read_lines(text_or_path: str, defaults: Mapping[str, str | None]) -> Lines:
    """Return the lines. defaults: what a line has by the settings, under the keys of a line.

    Raise SettingsError if the text is wrong. It names the line, the key and what is allowed.
    """
    from_settings = {key: value for key, value in defaults.items() if value}
    source, text = _text(text_or_path)
    document = _document(source, text)
    unknown = sorted(set(document) - {"defaults", "lines"})
    if unknown:
        raise SettingsError(
            f"{source}: [{unknown[0]}] is not known; write [defaults] and [lines.*]"
        )
    common = {**from_settings, **_table(source, "defaults", document.get("defaults", {}))}
    fallback = _line(source, "defaults", common)
    lines: dict[str, Line] = {}
    for written, table in _table(source, "lines", document.get("lines", {})).items():
        number = e164(written)
        if number is None:
            raise SettingsError(
                f'{source}: [lines."{written}"] is not a phone number; write it like "+16175550100"'
            )
        if number in lines:
            raise SettingsError(f'{source}: [lines."{written}"] stands twice; keep one')
        where = f'lines."{written}"'
        lines[number] = _line(
            source, where, {**common, **_table(source, where, table), "number": number}
        )
    return Lines(fallback, lines, sha256(text.encode()).hexdigest())


def is_path(text_or_path: str) -> bool:
    """Return whether ADAPTER_LINES names a file. If not, it holds the lines themselves."""
    return bool(text_or_path.strip()) and not any(sign in text_or_path for sign in "\n=[")


def _text(text_or_path: str) -> tuple[str, str]:
    """Return the source as an error names it, and the text."""
    if not text_or_path.strip():
        return "lines", ""
    if not is_path(text_or_path):
        return "ADAPTER_LINES", text_or_path
    try:
        return text_or_path, Path(text_or_path).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"ADAPTER_LINES names {text_or_path}, which cannot be read ({error.strerror}); "
            "give the path of lines.toml, or its text"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{text_or_path} is not TOML: {error}") from error


def _document(source: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source} is not TOML: {error}") from error


def _table(source: str, where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{source}: [{where}] must be a table of keys and values")
    if where != "lines" and "number" in value:
        raise SettingsError(f"{source}: [{where}] number is not known; {_allowed()}")
    return value


def _allowed() -> str:
    return f"allowed are {', '.join(sorted(set(Line.model_fields) - {'number'}))}"


def _line(source: str, where: str, values: Mapping[str, Any]) -> Line:
    try:
        return Line.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "?"
        if first["type"] == "extra_forbidden":
            problem = f"is not known; {_allowed()}"
        else:
            fact = _FACTS.get(first["type"], first["msg"].removeprefix("Value error, "))
            problem = f"= {first['input']!r}: {fact}"
        raise SettingsError(f"{source}: [{where}] {key} {problem}") from error
