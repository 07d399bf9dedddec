"""Templates and routes are compiled once a process, not by each application that a test makes."""

from __future__ import annotations

from typing import Any, ClassVar

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


class RuleKeptInMemory(Rule):
    """What builds the URL of a route is code that werkzeug makes of the route alone."""

    _known: ClassVar[dict[Any, Any]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        key = self.rule, tuple(self._trace), repr(self.defaults), append_unknown
        if key not in self._known:
            self._known[key] = super()._compile_builder(append_unknown)
        return self._known[key]


def keep_compiled() -> None:
    """Let all applications of this process share what they compile."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": KeptInMemory()}
    Flask.url_rule_class = RuleKeptInMemory
