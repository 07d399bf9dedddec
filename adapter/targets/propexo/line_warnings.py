"""Is what lines lack said at the start, before the first call shows it?"""

from __future__ import annotations

from collections.abc import Iterable

from adapter.domain.lines import Line
from adapter.errors import LocalRateLimit, RemoteError
from adapter.observability.logs import logger
from adapter.targets.propexo.directory import Directory
from adapter.targets.propexo.requirements import lacking

log = logger("adapter.lines")


class LineWatch:
    """Logs one warning for each line that lacks something, once in the life of a process."""

    def __init__(self, lines: Iterable[Line], directory: Directory) -> None:
        self._left = list(lines)
        self._directory = directory

    def look(self) -> bool:
        """Look at the lines that could not be looked at so far; False: there is no hurry with more.

        A line whose integration cannot be read does not keep the others from it. Errors: RemoteError
        if some are left.
        """
        failure: RemoteError | None = None
        for line in list(self._left):
            try:
                vendor, problems = lacking(line, self._directory)
            except LocalRateLimit:
                raise
            except RemoteError as error:
                failure = failure or error
                continue
            self._left.remove(line)
            if problems:
                log.warning(
                    "a line lacks something: its calls may be held",
                    line=line.title,
                    pms=vendor,
                    problems="; ".join(problems),
                )
        if failure is not None:
            raise failure
        return False
