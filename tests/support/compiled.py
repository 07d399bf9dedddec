"""Templates, routes and SQL are compiled once a process, not by each application that a test makes."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.engine import base
from sqlalchemy.util import LRUCache
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


class StatementsOfAll(LRUCache[Any, Any]):
    """Compiled statements by what they are and the kind of database, whichever engine compiled them."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_of_all(key), default)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_of_all(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_of_all(key), value)


def _of_all(key: Any) -> Any:
    """The key without the dialect, of which each engine has its own."""
    dialect, *statement = key
    return (dialect.name, dialect.driver, *statement)


class KeptEngine(base.Engine):
    """An engine that shares the statements that it compiles."""

    _statements: ClassVar[StatementsOfAll] = StatementsOfAll(2000)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._compiled_cache = self._statements


def keep_compiled() -> None:
    """Let all applications of this process share what they compile."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": KeptInMemory()}
    Flask.url_rule_class = RuleKeptInMemory
    base.Engine = KeptEngine  # type: ignore[misc]  # create_engine makes one of these
