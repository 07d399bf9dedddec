"""How often do a hook and an event wait for the database, and what if it is far away?

python -m tests.benchmarks.round_trips [--round-trip-ms 5 20] [--calls 600] [--report docs/performance.md]

Real processes, as users start them: `adapter web`, `adapter worker`, PostgreSQL behind a proxy that makes it
seem far away and counts the round trips (tests/support/far_database.py), and the sandbox for Propexo. A
proxy looks like a pooler to the adapter (docs/decisions/0009), so no statement is prepared here.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from adapter.storage.engine import open_engine
from adapter.storage.store import Store
from tests.benchmarks.delivery import Bench, running
from tests.benchmarks.load import call_ended, hooks_of_a_call, send_all, signed_request
from tests.benchmarks.report_sections import FAR_DATABASE, with_section
from tests.benchmarks.servers import adapter, environment, fresh_database
from tests.support.far_database import FarDatabase, far
from tests.support.reports import machine, revision

CONNECTIONS = 8
DUE = 50_000
AT_ONCE = 32  # runs that a worker has in hand
IDLE_SECONDS = 20.0
WARM_UP = 60


@dataclass(frozen=True)
class Hooks:
    """Round trips and milliseconds of a call's first hook and of a later one, medians."""

    round_trip_ms: float
    first_trips: float
    later_trips: float
    first_ms: float
    later_ms: float


@dataclass(frozen=True)
class Events:
    """One worker. Round trips beyond an idle worker's: of an event alone, and of one of a backlog.

    p95_seconds: from due to accepted, at ten calls a second.
    """

    round_trip_ms: float
    idle_transactions: float
    idle_trips: float
    alone_trips: float
    backlog_trips: float
    per_second: float
    p50_seconds: float
    p95_seconds: float


@dataclass(frozen=True)
class Look:
    """One look for due calls, with so many due."""

    due: int
    milliseconds: float


def measure_hooks(round_trip_ms: float, calls: int = 20) -> Hooks:
    with ExitStack() as stack:
        bench = FarBench(stack, round_trip_ms)
        url, _ = bench.web()
        send_all(url, [signed_request(call_ended()) for _ in range(200)], CONNECTIONS)
        first: list[tuple[float, float]] = []
        later: list[tuple[float, float]] = []
        for _ in range(calls):
            for place, hook in enumerate(hooks_of_a_call()):
                before = bench.database_far.trips
                result = send_all(url, [signed_request(hook)], 1)
                if result.failed:
                    raise RuntimeError("a hook was not acknowledged")
                taken = bench.database_far.trips - before, result.latencies[0] * 1000
                (later if place else first).append(taken)
        medians = [
            statistics.median(values)
            for values in (*zip(*first, strict=True), *zip(*later, strict=True))
        ]
        return Hooks(round_trip_ms, medians[0], medians[2], medians[1], medians[3])


def measure_events(round_trip_ms: float, calls: int = 600, alone: int = 12) -> Events:
    with ExitStack() as stack:
        bench = FarBench(stack, round_trip_ms)
        url, _ = bench.web(near=True)
        worker = {**bench.env, "DATABASE_URL": bench.database_far.url}
        stack.enter_context(running(["worker"], worker))
        done = _send(url, WARM_UP)
        bench.wait_until("written", done)
        bench.wait_until_idle()
        time.sleep(60)  # in its first minute the queue library asks more often
        idle_trips, idle_transactions = bench.idle()

        began, before = time.monotonic(), bench.database_far.trips
        for _ in range(alone):
            done += _send(url, 1)
            bench.wait_until("written", done)
        idle_part = idle_trips * (time.monotonic() - began)
        alone_trips = (bench.database_far.trips - before - idle_part) / alone

        bench.forget()
        began = time.monotonic()
        for place in range(100):
            time.sleep(max(0.0, began + place * 0.1 - time.monotonic()))
            _send(url, 1)
        bench.wait_until("written", 100)
        p50, p95 = (bench.delay(share) for share in (0.5, 0.95))

        bench.forget()
        with bench.paused_calls():
            _send(url, calls)
        began, before = time.monotonic(), bench.database_far.trips
        bench.wait_until("posted written", calls)
        per_second = calls / bench.scalar(_SPAN, "posted written")
        bench.wait_until("written", calls)
        idle_part = idle_trips * (time.monotonic() - began)
        backlog_trips = (bench.database_far.trips - before - idle_part) / calls
        return Events(
            round_trip_ms,
            round(idle_transactions, 1),
            round(idle_trips, 1),
            round(alone_trips, 1),
            round(backlog_trips, 1),
            round(per_second, 1),
            round(p50, 2),
            round(p95, 2),
        )


_SPAN = (
    "SELECT extract(epoch FROM max(posted_at) - min(queued_at)) FROM calls WHERE state = ANY(%s)"
)
_DELAY = """
SELECT percentile_cont({share}) WITHIN GROUP (ORDER BY extract(epoch FROM posted_at - over_at))
FROM calls WHERE state = ANY(%s)
"""


class FarBench(Bench):
    """A bench whose database is far away."""

    def __init__(self, stack: ExitStack, round_trip_ms: float) -> None:
        super().__init__(stack, rate_limit=0)
        self.database_far: FarDatabase = stack.enter_context(far(self.database, round_trip_ms))
        self._near = dict(self.env)

    def web(self, *, near: bool = False) -> tuple[str, subprocess.Popen[bytes]]:
        self.env = dict(self._near)
        if not near:
            self.env["DATABASE_URL"] = self.database_far.url
        try:
            return super().web()
        finally:
            self.env = dict(self._near)

    def idle(self) -> tuple[float, float]:
        """Round trips and transactions a second while there is nothing to do."""
        trips, transactions = self.database_far.trips, self._transactions()
        time.sleep(IDLE_SECONDS)
        return (
            (self.database_far.trips - trips) / IDLE_SECONDS,
            (self._transactions() - transactions) / IDLE_SECONDS,
        )

    def _transactions(self) -> float:
        """Those of others: what this asks with is one more, each time."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            row = connection.execute(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database "
                "WHERE datname = current_database()"
            ).fetchone()
        assert row is not None  # nosec B101 - there is a row for each database
        return float(row[0])

    def forget(self) -> None:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("DELETE FROM calls")

    def delay(self, share: float) -> float:
        return self.scalar(_DELAY.format(share=share), "written")

    def paused_calls(self) -> _NotDue:
        return _NotDue(self.database)


class _NotDue:
    """Calls that come in meanwhile are due only at the end, all at once."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(
                "CREATE OR REPLACE FUNCTION bench_later() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN NEW.due_at := NEW.due_at + interval '1 hour'; RETURN NEW; END $$"
            )
            connection.execute(
                "CREATE TRIGGER bench_later BEFORE INSERT ON calls FOR EACH ROW "
                "EXECUTE FUNCTION bench_later()"
            )

    def __exit__(self, *_: object) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("DROP TRIGGER bench_later ON calls")
            connection.execute("UPDATE calls SET due_at = now()")


def _send(url: str, calls: int) -> int:
    result = send_all(
        url, [signed_request(call_ended()) for _ in range(calls)], min(calls, CONNECTIONS)
    )
    if result.failed:
        raise RuntimeError("a hook was not acknowledged")
    return calls


_MANY_DUE = """
INSERT INTO calls (key, version, provider, account, call_id, state, record, first_seen_at, over_at, run,
                   queued_run, due_at, updated_at)
SELECT 'twilio:AC1:CA' || n, 1, 'twilio', 'AC1', 'CA' || n, 'open', '{}', now(), now(), 1, 0,
       now() - n * interval '1 millisecond', now()
FROM generate_series(1, %s) AS n
"""


def measure_look(due: int = DUE, looks: int = 15) -> Look:
    with fresh_database(f"bench_look_{secrets.token_hex(4)}") as url:
        adapter("migrate", env=environment(url))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_MANY_DUE, [due])
            connection.execute("ANALYZE calls")
        store = Store(open_engine(url.replace("postgresql://", "postgresql+psycopg://")))
        try:
            times = [_look(store, AT_ONCE) for _ in range(looks)]
        finally:
            store.engine.dispose()
    return Look(due, round(statistics.median(times), 2))


def _look(store: Store, limit: int) -> float:
    """Milliseconds of one look, as the dispatcher does it (adapter/worker/process.py)."""
    begun = time.perf_counter()
    with store.begin() as connection:
        store.runs.take_due(connection, datetime.now(UTC), limit)
    return (time.perf_counter() - begun) * 1000


def section(found: Sequence[tuple[Hooks, Events]], look: Look, command: str) -> Sequence[str]:
    """The lines of this measurement in the report."""
    rows: Sequence[tuple[str, Callable[[Hooks, Events], str], str]] = (
        ("round trips of a call's first hook", lambda h, _: f"{h.first_trips:.0f}", "1"),
        ("round trips of a later hook", lambda h, _: f"{h.later_trips:.0f}", "<= 2"),
        ("a first hook is acknowledged in", lambda h, _: f"{h.first_ms:.0f} ms", ""),
        ("a later hook is acknowledged in", lambda h, _: f"{h.later_ms:.0f} ms", ""),
        ("round trips of an event in a backlog", lambda _, e: f"{e.backlog_trips:.1f}", "<= 9"),
        ("round trips of an event alone", lambda _, e: f"{e.alone_trips:.1f}", ""),
        ("events a second, one worker", lambda _, e: f"{e.per_second:.0f}", ">= 60 at 5 ms"),
        ("from due to accepted, p95", lambda _, e: f"{e.p95_seconds:.2f} s", "< 1 s"),
        ("transactions a second, idle", lambda _, e: f"{e.idle_transactions:.1f}", "<= 10"),
    )
    return [
        FAR_DATABASE,
        "",
        f"    {command}",
        "",
        f"- When: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, revision {revision()}",
        f"- On: {machine()}",
        "",
        "A proxy before PostgreSQL makes every answer later, and counts how often one is waited for. To the "
        "adapter it looks like a pooler, so nothing is prepared. Hooks go to `adapter web`, events are written "
        f"by one `adapter worker`. A look for due calls takes {look.milliseconds:.0f} ms "
        f"with {look.due:,} calls due.",
        "",
        f"| | {' | '.join(f'{hooks.round_trip_ms:.0f} ms' for hooks, _ in found)} | wanted |",
        f"|---|{'---:|' * len(found)}---:|",
        *(
            f"| {what} | {' | '.join(show(*each) for each in found)} | {wanted} |"
            for what, show, wanted in rows
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--round-trip-ms", type=float, nargs="+", default=[5.0, 20.0])
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--only", choices=["hooks", "events", "look"])
    parser.add_argument("--report", type=Path, help="the report that gets a section of it")
    options = parser.parse_args()
    if not os.path.exists("/proc/self/smaps_rollup"):
        parser.error("the bench it shares with the others reads /proc, which only Linux has")
    found = []
    for round_trip_ms in options.round_trip_ms:
        hooks = events = None
        if options.only in (None, "hooks"):
            hooks = measure_hooks(round_trip_ms)
            print(json.dumps(asdict(hooks)), flush=True)
        if options.only in (None, "events"):
            events = measure_events(round_trip_ms, options.calls)
            print(json.dumps(asdict(events)), flush=True)
        if hooks and events:
            found.append((hooks, events))
    if options.only in (None, "look"):
        look = measure_look()
        print(json.dumps(asdict(look)), flush=True)
        if options.report and found:
            command = f"python -m tests.benchmarks.round_trips {' '.join(sys.argv[1:])}".strip()
            report = options.report.read_text(encoding="utf-8")
            lines = section(found, look, command)
            options.report.write_text(with_section(report, lines), encoding="utf-8")


if __name__ == "__main__":
    main()
