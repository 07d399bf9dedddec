"""Templates and routes are compiled once a process, not by each application that a test makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class KeptInMemory(BytecodeCache):
    """Compiled templates by their name and source."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        compiled = self._compiled.get(f"{bucket.key} {bucket.checksum}")
        if compiled is not None:
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[f"{bucket.key} {bucket.checksum}"] = bucket.bytecode_to_string()


def keep_compiled() -> None:
    """Let all applications of this process share what they compile."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": KeptInMemory()}
    _keep_compiled_routes()


def _keep_compiled_routes() -> None:
    """What builds the URL of a route is code that werkzeug makes of the route alone."""
    compile_builder: Callable[..., Any] = Rule._compile_builder
    known: dict[Any, Any] = {}

    def kept(rule: Rule, append_unknown: bool = True) -> Any:
        key = rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    Rule._compile_builder = kept  # type: ignore[assignment,method-assign]
