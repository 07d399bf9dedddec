"""Has lines.toml changed since this process read it? A process keeps the lines that it read at its start."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from adapter.config.lines_file import read_lines
from adapter.domain.lines import Lines
from adapter.errors import SettingsError
from adapter.observability.logs import logger

LOOK_SECONDS = 15.0
# What operators are told about workers that are alive; the number of workers is filled in.
OTHER_LINES = "{} worker(s) go on with other lines than these, read at their start: start web and worker again"

log = logger("adapter.lines")
_for_children: Lines | None = None


def keep_for_children(lines: Lines) -> None:
    """Give these lines to all processes that are forked from this one, also to those that replace others later.

    If each read the file itself, none could be replaced while the file is broken, and gunicorn would end.
    """
    global _for_children
    _for_children = lines


def inherited_lines() -> Lines | None:
    """Return what `keep_for_children` was given in this process or its parent; None without it."""
    return _for_children


class LinesWatch:
    """Compares the file with the lines in use, and logs each change once."""

    def __init__(
        self, text_or_path: str, defaults: Mapping[str, str | None], in_use: Lines
    ) -> None:
        self._text_or_path = text_or_path
        self._defaults = defaults
        self._in_use = in_use
        self._last_seen: str | None = in_use.digest

    def look(self) -> bool:
        """Compare once. Return False: the next look has no hurry. A broken file is logged, not raised."""
        try:
            state, problem = read_lines(self._text_or_path, self._defaults).digest, None
        except SettingsError as error:
            state, problem = f"wrong: {error}", str(error)
        if state == self._last_seen:
            return False
        self._last_seen = state
        if problem is not None:
            log.error(
                "the lines file has changed and cannot be used: mend it before web or worker start again; "
                "until then they go on with what they read at their start",
                problem=problem,
            )
        elif state == self._in_use.digest:
            log.info("the lines file is again what this process read at its start")
        else:
            log.warning(
                "the lines file has changed since this process read it: start web and worker again to use it"
            )
        return False

    def watch(self) -> None:
        """Start a thread that looks again and again until the process ends."""
        threading.Thread(target=self._keep_looking, name="lines file", daemon=True).start()

    def _keep_looking(self) -> None:
        never = threading.Event()
        self.look()  # this process may replace another, long after the lines were read
        while not never.wait(LOOK_SECONDS):
            self.look()
