"""What does a file of settings say once some of them are changed? The rest of it stays as it is."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

from dotenv.parser import Binding, parse_stream

_NEEDS_NO_QUOTES = re.compile(r"[\w./:@%+,=-]*", re.ASCII)


def with_settings(text: str, values: Mapping[str, str], remarks: Mapping[str, str]) -> str:
    """Return the text with these values. What it has is replaced in its place; the rest comes at the end.

    remarks: what stands as a comment above a setting that is added.
    """
    bindings = list(parse_stream(io.StringIO(text)))
    last = {binding.key: at for at, binding in enumerate(bindings) if binding.key in values}
    kept = []
    for at, binding in enumerate(bindings):
        value = values.get(binding.key or "")
        is_other = value is not None and last[binding.key] == at and binding.value != value
        kept.append(_replaced(binding, value or "") if is_other else binding.original.string)
    pieces = ["".join(kept)]
    added = {name: value for name, value in values.items() if name not in last}
    if added and pieces[0] and not pieces[0].endswith("\n"):
        pieces.append("\n")
    for name, value in added.items():
        remark = remarks.get(name)
        pieces.append(f"\n# {remark}\n" if remark else "")
        pieces.append(f"{name}={quoted(value)}\n")
    return "".join(pieces)


def quoted(value: str) -> str:
    """Return the value as `adapter --env-file` reads it, and a shell too where that can be."""
    if _NEEDS_NO_QUOTES.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _replaced(binding: Binding, value: str) -> str:
    """Return the line with another value. Blank lines before it stay."""
    old = binding.original.string
    start = re.match(r"\s*(?:export\s+)?", old)
    end = "\n" if old.endswith("\n") else ""
    return f"{start[0] if start else ''}{binding.key}={quoted(value)}{end}"
