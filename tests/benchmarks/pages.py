"""How fast are the pages with a million calls, and what do they cost the hooks?

python -m tests.benchmarks.pages [--calls 1000000] [--looks 40] [--hooks 3000] [--report docs/performance.md]

The pages are read as a browser reads them, by HTTP, from `adapter web`. Wanted: each within 100 ms at the 95th
percentile. While four readers open pages without a pause, hooks are acknowledged too; the figure is the share
of what is acknowledged without readers.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from adapter.storage.engine import open_engine
from adapter.storage.hourly_counts import HourlyCounts
from adapter.storage.store import Store
from tests.benchmarks.load import call_ended, send_all, signed_request
from tests.benchmarks.report_sections import PAGES as HEADING
from tests.benchmarks.report_sections import with_section
from tests.benchmarks.servers import adapter, adapter_web, environment, fresh_database
from tests.benchmarks.volume import fill
from tests.support.reports import machine, revision

PASSWORD = "benchmark password"
WANTED_MS = 100.0
READERS, CONNECTIONS, ROUNDS = 4, 8, 5
# A page, and what is asked of it.
PAGES: Sequence[tuple[str, str]] = (
    ("the inbox", "/inbox"),
    ("the inbox, one group", "/inbox?state=held&cause=nobody_found&line=%2B16175550100"),
    ("calls, the newest", "/calls"),
    ("calls that are held", "/calls?state=held"),
    ("calls of a line", "/calls?line=%2B16175550107"),
    ("calls of a number", "/calls?q=(617)%20000-0077"),
    ("calls of a person", "/calls?q=Anna%20Name77"),
    ("calls of an outcome and a week", "/calls?outcome=answered&since=7d"),
    ("one call", f"/calls/CA{77:032x}"),
    ("lines", "/lines"),
    ("health, 24 hours", "/health"),
    ("health, 30 days", "/health?period=30d"),
    ("alerts", "/alerts"),
)


def signed_in(url: str) -> requests.Session:
    """A browser that is signed in as an operator."""
    session = requests.Session()
    page = session.get(f"{url}/login", timeout=30)
    _unsecure(session)
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"name": "Benchmark", "password": PASSWORD, "csrf_token": token, "next": ""}
    session.post(f"{url}/login", data=form, timeout=30, allow_redirects=False).raise_for_status()
    _unsecure(session)
    return session


def _unsecure(session: requests.Session) -> None:
    """Let cookies go over plain HTTP. The adapter sets them for its public address, which is https."""
    for cookie in session.cookies:
        cookie.secure = False


def milliseconds(session: requests.Session, url: str, looks: int) -> tuple[float, float]:
    """How long a page takes: the median, and the 95th percentile."""
    took = []
    for _ in range(looks):
        _unsecure(session)
        begun = time.perf_counter()
        answer = session.get(url, timeout=60, allow_redirects=False)
        took.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{url} answered {answer.status_code}")
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


@contextmanager
def readers(url: str) -> Iterator[None]:
    """Meanwhile four people open one page after the other. Some are told to come again; they do at once."""
    stop = threading.Event()

    def read(session: requests.Session) -> None:
        while not stop.is_set():
            for _, path in PAGES:
                _unsecure(session)
                session.get(url + path, timeout=60)

    sessions = [signed_in(url) for _ in range(READERS)]
    threads = [threading.Thread(target=read, args=(each,), daemon=True) for each in sessions]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def acknowledged(url: str, hooks: int) -> tuple[list[float], list[float]]:
    """Hooks a second without readers and with them; they take turns."""
    alone: list[float] = []
    beside: list[float] = []

    def once() -> float:
        batch = [signed_request(call_ended()) for _ in range(hooks)]
        result = send_all(url, batch, CONNECTIONS)
        if result.failed:
            raise RuntimeError(f"{result.failed} hooks were not acknowledged")
        return result.per_second

    once()
    for _ in range(ROUNDS):
        alone.append(once())
        with readers(url):
            beside.append(once())
    return alone, beside


@dataclass(frozen=True)
class Found:
    """times: by page the median and the 95th percentile, in ms. alone, beside: hooks a second."""

    times: Mapping[str, tuple[float, float]]
    counted_in_seconds: float
    alone: float
    beside: float


def measure(calls: int, looks: int, hooks: int) -> Found:
    with fresh_database("bench_pages") as url:
        env = {**environment(url), "ADMIN_PASSWORD": PASSWORD}
        adapter("migrate", env=env)
        fill(url, calls)
        store = Store(open_engine(url.replace("postgresql://", "postgresql+psycopg://")))
        begun = time.perf_counter()
        HourlyCounts(store).recount(datetime.now(UTC) - timedelta(days=31))
        counted_in = time.perf_counter() - begun
        store.engine.dispose()
        with adapter_web(env) as server:
            session = signed_in(server.url)
            times = {name: milliseconds(session, server.url + path, looks) for name, path in PAGES}
            alone, beside = acknowledged(server.url, hooks)
    return Found(times, counted_in, statistics.median(alone), statistics.median(beside))


def section(found: Found, calls: int, command: str) -> Sequence[str]:
    """The lines of this measurement in the report."""
    return [
        HEADING,
        "",
        f"    {command}",
        "",
        f"- When: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, revision {revision()}",
        f"- On: {machine()}",
        "",
        "Pages are read by HTTP from `adapter web`, by an operator who is signed in; the database has "
        f"{calls:,} calls. Wanted: {WANTED_MS:.0f} ms at the most, at the 95th percentile.",
        "",
        "| page | median | p95 |",
        "|---|---:|---:|",
        *(
            f"| {name} | {mid:.0f} ms | {most:.0f} ms |"
            for name, (mid, most) in found.times.items()
        ),
        "",
        f"A worker counts the calls of 31 days in {found.counted_in_seconds:.1f} s. Hooks acknowledged: "
        f"{found.alone:.0f} a second; while {READERS} people open one page after the other without a "
        f"pause, on the same processors, {found.beside:.0f}, {found.beside / found.alone:.2f} of it.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--looks", type=int, default=40)
    parser.add_argument("--hooks", type=int, default=3000)
    parser.add_argument("--report", type=Path, help="the report that gets a section of it")
    options = parser.parse_args()
    found = measure(options.calls, options.looks, options.hooks)
    command = f"python -m tests.benchmarks.pages {' '.join(sys.argv[1:])}".strip()
    lines = section(found, options.calls, command)
    print("\n".join(lines))
    if options.report:
        report = options.report.read_text(encoding="utf-8")
        options.report.write_text(with_section(report, lines), encoding="utf-8")


if __name__ == "__main__":
    main()
