"""Has lines.toml changed since this process read it? A running process keeps what it began with."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from adapter.domain.lines import Lines, read_lines
from adapter.errors import SettingsError
from adapter.observability.logs import logger

LOOK_SECONDS = 15.0
# For operators, of workers that are alive.
OTHER_LINES = "{} worker(s) go on with other lines than these, read at their start: start web and worker again"

log = logger("adapter.lines")
_kept: Lines | None = None


def keep(lines: Lines) -> None:
    """Before processes are forked: they all have these lines, also one that replaces another later.

    One that read the file itself would not start while the file is broken, and gunicorn would end with it.
    """
    global _kept
    _kept = lines


def kept() -> Lines | None:
    """What `keep` was given in this process or its parent."""
    return _kept


class LinesFile:
    """Says once in the log what became of the file. in_use: the lines that this process works with."""

    def __init__(
        self, text_or_path: str, defaults: Mapping[str, str | None], in_use: Lines
    ) -> None:
        self._given = text_or_path
        self._defaults = defaults
        self._in_use = in_use
        self._said: str | None = in_use.digest

    def look(self) -> bool:
        """Look once. False: there is no hurry with more. Nothing that stands in the file is an error here."""
        try:
            found, problem = read_lines(self._given, self._defaults).digest, None
        except SettingsError as error:
            found, problem = f"wrong: {error}", str(error)
        if found == self._said:
            return False
        self._said = found
        if problem is not None:
            log.error(
                "the lines file has changed and cannot be used: mend it before web or worker start again; "
                "until then they go on with what they read at their start",
                problem=problem,
            )
        elif found == self._in_use.digest:
            log.info("the lines file is again what this process read at its start")
        else:
            log.warning(
                "the lines file has changed since this process read it: start web and worker again to use it"
            )
        return False

    def watch(self) -> None:
        """Look again and again, in a thread of its own, as long as this process lives."""
        threading.Thread(target=self._keep_looking, name="lines file", daemon=True).start()

    def _keep_looking(self) -> None:
        never = threading.Event()
        self.look()  # this process may replace another, long after the start
        while not never.wait(LOOK_SECONDS):
            self.look()
