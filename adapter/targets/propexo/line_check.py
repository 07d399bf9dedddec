"""What do lines lack for their PMS, and is it said at the start, before the first call shows it?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from adapter.domain.lines import Line
from adapter.errors import LocalRateLimit, RemoteError
from adapter.observability.logs import logger
from adapter.targets.propexo.directory import Directory
from adapter.targets.propexo.requirements import lacking, refuse_unknown

log = logger("adapter.lines")


class PropexoLineCheck:
    """See adapter.targets.base.LineCheck. lines: of which `warn` warns."""

    def __init__(self, lines: Callable[[], Iterable[Line]], directory: Directory) -> None:
        self._lines = lines
        self._directory = directory
        self._left: list[Line] | None = None

    def lacking(self, line: Line) -> tuple[str, Sequence[str]]:
        return lacking(line, self._directory)

    def refuse_unknown(self, lines: Iterable[Line]) -> bool:
        return refuse_unknown(lines, self._directory)

    def warn(self) -> bool:
        """Look at the lines that could not be looked at so far.

        A line whose integration cannot be read does not keep the others from it. Errors: RemoteError
        if some are left.
        """
        if self._left is None:
            self._left = list(self._lines())
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
