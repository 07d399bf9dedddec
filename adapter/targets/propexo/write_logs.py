"""Which writes do Propexo's write logs show, and is one of them ours?

https://docs.propexo.com: GET /v1/admin/logs/writes/, newest first. It is not documented what `parameters` hold.
They are taken as what was sent, in whatever shape.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from adapter.domain.matching import LONG_AGO
from adapter.domain.phone import e164
from adapter.errors import NotSupported, PermanentError, TemporaryError
from adapter.targets.propexo.client import PropexoClient
from adapter.targets.propexo.notes import reference_in
from adapter.targets.propexo.people import moment

PAGE = 100
MAX_PAGES = 100
# How far Propexo's clock and ours may be apart.
MARGIN = timedelta(minutes=2)
# A month, as short as one is.
REACH_BACK = timedelta(days=28)
# The shortest of the ranges offered that surely holds a moment of this age.
_TIME_RANGES = (
    ("hour", timedelta(hours=1)),
    ("day", timedelta(days=1)),
    ("week", timedelta(days=7)),
)
# What EarlierWrites knows is this old at most; what it looks for was written before this process began.
FRESH = timedelta(seconds=60)
MAX_PAGES_AT_ONCE = 20
MAX_EARLIER_PAGES = 1000
WAIT_FOR_OTHER_SECONDS = 15.0
REFUSED_FOR = timedelta(minutes=10)
LONGEST_NUMBER = 40

Row = Mapping[str, Any]


def write_logs(
    client: PropexoClient,
    integration_id: str,
    category: str,
    since: datetime,
    *,
    step: str,
    offset: int = 0,
) -> Iterator[Row]:
    """Yield the rows of a category, newest first, back to a little before then.

    offset: so many of the newest rows are left out.
    Errors: NotSupported if they do not reach back so far, TemporaryError if they do not end; those of the
    client.
    """
    begin = since - MARGIN
    time_range = _time_range(begin)
    for first in range(offset, MAX_PAGES * PAGE, PAGE):
        rows = _page(client, integration_id, category, time_range, first, step)
        yield from rows
        if len(rows) < PAGE or LONG_AGO < moment(rows[-1].get("created_at")) < begin:
            return
    raise TemporaryError(
        f"Propexo's write logs have more than {MAX_PAGES * PAGE} rows since then: not read to the end"
    )


def marks_of(row: Row, category: str) -> Collection[str] | None:
    """Return the marks by which the write of this row is known, or None if it does not say what was written.

    An event is known by the reference at the end of its notes, a lead by its third_party_id and its numbers
    (E.164).
    """
    parameters = row.get("parameters")
    if isinstance(parameters, str):
        try:
            parameters = json.loads(parameters)
        except ValueError:
            return None
    if not isinstance(parameters, Mapping | list):
        return None
    marks = set()
    for name, text in _texts(parameters, None):
        if category == "events":
            mark = reference_in(text) if name == "notes" else None
        elif name == "third_party_id":
            mark = text
        else:
            mark = e164(text) if len(text) <= LONGEST_NUMBER else None
        if mark:
            marks.add(mark)
    return marks


class EarlierWrites:
    """Knows which writes there were before this process began. The logs are read once for many calls.

    What was read is kept. Reading goes on where it stopped, even if the rate limit stopped it.
    """

    def __init__(
        self, client: PropexoClient, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._client = client
        self._clock = clock
        self._books: dict[tuple[str, str], _Book] = {}
        self._lock = threading.Lock()

    def find(
        self, integration_id: str, category: str, marks: Collection[str], since: datetime
    ) -> str | None:
        """Return the newest job since then that has one of these marks and did not fail.

        Errors: NotSupported, PermanentError where the logs cannot tell; TemporaryError while they are read.
        """
        begin = since - MARGIN
        time_range = _time_range(begin)
        with self._lock:
            book = self._books.setdefault((integration_id, category), _Book(category))
        if not book.lock.acquire(timeout=WAIT_FOR_OTHER_SECONDS):
            raise TemporaryError(
                "the write logs are being read for another call", retry_after_seconds=2
            )
        try:
            now = self._clock()
            if book.refused is not None and now - book.refused_at < REFUSED_FOR:
                raise book.refused

            def page(range_: str, offset: int) -> Sequence[Row]:
                return _page(self._client, integration_id, category, range_, offset, "look")

            try:
                book.read_on(page, begin, time_range, now)
            except PermanentError as error:
                book.refused, book.refused_at = error, now
                raise
            found = next((book.jobs[mark] for mark in marks if mark in book.jobs), None)
            if found is None and book.unreadable_at >= begin:
                raise NotSupported("Propexo's write logs do not say what was written")
            return found
        finally:
            book.lock.release()


@dataclass
class _Book:
    """What was read of one integration's writes of a category.

    jobs: for each mark the newest job that did not fail. All rows from `newest` back to `oldest` are in it.
    The next older rows are at `offset`, or further on if new rows have come since.
    unreadable_at: the time of the newest row that does not say what was written.
    """

    category: str
    jobs: dict[str, str] = field(default_factory=dict)
    newest: datetime | None = None
    oldest: datetime = LONG_AGO
    offset: int = 0
    unreadable_at: datetime = LONG_AGO
    refused: PermanentError | None = None
    refused_at: datetime = LONG_AGO
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read_on(
        self,
        page: Callable[[str, int], Sequence[Row]],
        begin: datetime,
        time_range: str,
        now: datetime,
    ) -> None:
        """Read what is new, and back to `begin`."""
        if self.newest is None:
            self.newest = self.oldest = now
        elif now - self.newest >= FRESH:
            self._read_new(page, now)
        for _ in range(MAX_PAGES_AT_ONCE):
            if self.oldest <= begin:
                return
            if self.offset >= MAX_EARLIER_PAGES * PAGE:
                raise NotSupported(
                    f"Propexo's write logs have more than {self.offset} rows since then"
                )
            rows = page(time_range, self.offset)
            for row in rows:
                self._note(row, self.jobs)
            self.offset += len(rows)
            if len(rows) < PAGE:
                self.oldest = begin
            else:
                at = moment(rows[-1].get("created_at"))
                self.oldest = min(self.oldest, at) if at > LONG_AGO else self.oldest
        if self.oldest > begin:
            raise TemporaryError(
                f"the write logs are being read: {self.offset} rows so far", retry_after_seconds=1
            )

    def _read_new(self, page: Callable[[str, int], Sequence[Row]], now: datetime) -> None:
        assert self.newest is not None  # nosec B101 - tells the type checker what its callers ensure
        until = self.newest - MARGIN
        time_range, new = _time_range(until), dict[str, str]()
        for number in range(MAX_PAGES_AT_ONCE):
            rows = page(time_range, number * PAGE)
            for row in rows:
                self._note(row, new)
            if len(rows) < PAGE or LONG_AGO < moment(rows[-1].get("created_at")) < until:
                self.jobs |= new
                self.newest = now
                return
        self.newest, self.offset, self.jobs = None, 0, {}  # too much is new: read all of it again
        raise TemporaryError("the write logs are read anew", retry_after_seconds=1)

    def _note(self, row: Row, jobs: dict[str, str]) -> None:
        marks = marks_of(row, self.category)
        if marks is None:
            self.unreadable_at = max(self.unreadable_at, moment(row.get("created_at")))
        elif row.get("job_id") and row.get("status") != "FAILURE":
            for mark in marks:
                jobs.setdefault(mark, str(row["job_id"]))


def _time_range(begin: datetime) -> str:
    age = datetime.now(UTC) - begin
    if age > REACH_BACK:
        raise NotSupported("Propexo's write logs do not reach back that far")
    return next((name for name, length in _TIME_RANGES if age < length), "month")


def _page(
    client: PropexoClient,
    integration_id: str,
    category: str,
    time_range: str,
    offset: int,
    step: str,
) -> Sequence[Row]:
    answer = client.get(
        "/v1/admin/logs/writes/",
        {
            "integration_id": integration_id,
            "write_category": category,
            "time_range": time_range,
            "limit": PAGE,
            "offset": offset,
        },
        step=step,
    )
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, dict):
        raise PermanentError("Propexo's write logs have another shape", status=200)
    rows: Sequence[Row] = results.get("logs") or []
    return rows


def _texts(value: Any, name: str | None) -> Iterator[tuple[str | None, str]]:
    """Yield all texts in these parameters, each with the name of its field."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, name)
