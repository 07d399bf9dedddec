"""Did a write get through whose answer was lost? The newest rows of the write logs, read once for all who ask.

After an outage many calls ask this at the same moment. If each of them read the logs, they would use up the
rate limit, and keep the workers from the calls that wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime

from adapter.domain.matching import LONG_AGO
from adapter.errors import CannotVerify, TemporaryError
from adapter.targets.propexo.client import PropexoClient
from adapter.targets.propexo.people import moment
from adapter.targets.propexo.write_logs import MARGIN, marks_of, write_logs

WAIT_FOR_OTHER_SECONDS = 15.0


@dataclass(frozen=True)
class LoggedWrite:
    """One row of the write logs. at: when Propexo accepted it, aware UTC. marks: see marks_of."""

    job_id: str
    at: datetime
    marks: Collection[str] | None


class RecentWrites:
    """Reads the write logs for calls whose last try is in doubt.

    A reading counts for everyone who asked before it began, and for nobody else: what was accepted before they
    asked is in it. So whoever asks during a reading waits for the next one.
    monotonic: seconds by a clock that does not jump.
    """

    def __init__(
        self, client: PropexoClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._readings: dict[tuple[str, str], _Reading] = {}
        self._lock = threading.Lock()

    def find(
        self,
        integration_id: str,
        category: str,
        marks: Set[str],
        since: datetime,
        *,
        after_job: str | None = None,
    ) -> str | None:
        """Return the newest job since then that has one of these marks. after_job: it came after this one.

        Errors: CannotVerify if there is none, and not all rows say what was written; as of write_logs;
        TemporaryError if the reading for another call takes too long.
        """
        asked, is_readable = self._monotonic(), True
        with self._lock:
            reading = self._readings.setdefault((integration_id, category), _Reading())
        if not reading.lock.acquire(timeout=WAIT_FOR_OTHER_SECONDS):
            raise TemporaryError(
                "the write logs are being read for another call", retry_after_seconds=2
            )
        try:
            if reading.begun < asked:
                reading.begun, reading.back_to, reading.rows = self._monotonic(), None, []
            for row in reading.rows_since(self._client, integration_id, category, since):
                if row.job_id == after_job or LONG_AGO < row.at < since - MARGIN:
                    break
                if row.marks is None:
                    is_readable = False
                elif not marks.isdisjoint(row.marks):
                    return row.job_id
        finally:
            reading.lock.release()
        if not is_readable:
            raise CannotVerify("Propexo's write logs do not say what was written", status=200)
        return None


@dataclass
class _Reading:
    """One reading of a category. begun: by the monotonic clock. back_to: it has all rows since then.

    Where a reading broke off, who asked before it began goes on with it.
    """

    begun: float = float("-inf")
    back_to: datetime | None = None
    rows: list[LoggedWrite] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rows_since(
        self, client: PropexoClient, integration_id: str, category: str, begin: datetime
    ) -> Iterator[LoggedWrite]:
        """Yield the rows back to `begin` at least: those that were read, then those that are read now."""
        yield from self.rows
        if self.back_to is None or self.back_to > begin:
            for row in write_logs(
                client, integration_id, category, begin, step="look", offset=len(self.rows)
            ):
                at = moment(row.get("created_at"))
                self.rows.append(LoggedWrite(str(row["job_id"]), at, marks_of(row, category)))
                yield self.rows[-1]
            self.back_to = begin
