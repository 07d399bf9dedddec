"""Templates are compiled once a process, not by each application that a test makes."""

from __future__ import annotations

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


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


def keep_compiled_templates() -> None:
    """Let all applications of this process share what they compile."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": KeptInMemory()}
