"""All that docs/performance.md tells, measured in one run.

python -m tests.benchmarks --report docs/performance.md
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from tests.benchmarks.acknowledge import CONNECTIONS, OURS, Results, measure, rate, share, shares
from tests.benchmarks.delivery import (
    Drain,
    Limited,
    Steady,
    measure_drain,
    measure_limited,
    measure_steady,
)
from tests.benchmarks.load import RENEW_AFTER, Result
from tests.benchmarks.report_sections import FAR_DATABASE, PAGES, section_of, with_section
from tests.support.reports import machine, revision

ROUND_TRIP, BARE, CELERY = "one round trip", "bare Flask", "Celery + Redis"
ROUNDS, ACKNOWLEDGED = 28, 500
WANTED_SHARES = {ROUND_TRIP: 0.8, CELERY: 1.0}
STEADY_ROWS: Sequence[tuple[str, Callable[[Steady], str], str]] = (
    ("hooks", lambda s: f"{s.hooks:,}", ""),
    ("calls that ended", lambda s: f"{s.calls:,}", ""),
    ("acknowledged, p50", lambda s: f"{s.p50_ms:.1f} ms", ""),
    ("acknowledged, p99", lambda s: f"{s.p99_ms:.1f} ms", "< 50 ms"),
    ("from due to accepted by Propexo, p50", lambda s: f"{s.post_p50_seconds:.2f} s", ""),
    ("from due to accepted by Propexo, p95", lambda s: f"{s.post_p95_seconds:.2f} s", "< 1 s"),
    ("requests to Propexo for an event", lambda s: f"{s.requests_per_event:.2f}", "<= 1.1"),
    ("memory of web (PSS, two processes and their parent)", lambda s: f"{s.web_mb:.0f} MB", ""),
    ("memory of the worker (PSS)", lambda s: f"{s.worker_mb:.0f} MB", ""),
    ("memory together", lambda s: f"{s.web_mb + s.worker_mb:.0f} MB", "< 300 MB"),
)


def report(
    found: Results, steady: Sequence[Steady], drain: Drain, limited: Limited, command: str
) -> Sequence[str]:
    """The lines of the report in Markdown. steady: whole calls, calls of one hook each, and few of these."""
    names = [name for name in (BARE, ROUND_TRIP, CELERY) if (name, CONNECTIONS[0]) in found]
    lines = [
        "# Performance",
        "",
        "This page is written by the run that it tells of. Nothing in it is edited by hand.",
        "",
        f"    {command}",
        "",
        f"- When: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, revision {revision()}",
        f"- On: {machine()}",
        "- Everything runs on that machine: the sender, web (two processes), worker, PostgreSQL, and the "
        "sandbox for Propexo. So only ratios mean anything elsewhere.",
        "",
        "## Acknowledging",
        "",
        "A hook is acknowledged when it and its call are committed. The others check the same signature: a "
        "bare Flask route; one that writes the same rows in one round trip of psycopg, without reading what "
        "the hook says; and Flask + Celery + Redis with `appendfsync always`. Every connection is made "
        f"anew after {RENEW_AFTER} hooks, as which process of a server gets how many of them is chance. "
        f"The servers take turns, {ROUNDS} rounds of {ACKNOWLEDGED:,} hooks each, and each round begins with "
        "another; all figures are medians of the rounds, and a share is taken within each round. In brackets: "
        "half of the rounds lay between these.",
        "",
        "| connections | server | hooks/s | p50 ms | p99 ms | the adapter's share of it | wanted |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for connections in CONNECTIONS:
        ours = found[OURS, connections]
        for name in (OURS, *names):
            results = found[name, connections]
            middle = sorted(results, key=lambda result: result.per_second)[len(results) // 2]
            wanted = WANTED_SHARES.get(name)
            lines.append(
                f"| {connections} | {name} | {rate(results):.0f} | {middle.quantile(0.5):.1f} | "
                f"{middle.quantile(0.99):.1f} | {_share(ours, results)} | {wanted or ''} |"
            )
    lines += [
        "",
        "## From the hook to the PMS",
        "",
        "Hooks at a steady rate while one worker delivers: first the three of each call (it is initiated, "
        "rings, ends), then calls of which each has one hook alone. A call is due at once when it has ended. "
        f"{sum(s.failed for s in steady)} were not acknowledged. A hook's latency counts from the moment it "
        "was to be sent. Propexo's own default limit is 2.5 requests a second. Where more calls end than "
        "one worker on this machine can write (see the backlog below), they wait.",
        "",
        f"| | {' | '.join(map(_rate, steady))} | wanted |",
        f"|---|{'---:|' * len(steady)}---:|",
        *(
            f"| {what} | {' | '.join(map(show, steady))} | {wanted} |"
            for what, show, wanted in STEADY_ROWS
        ),
        "",
        "## Working off a backlog",
        "",
        "| | measured | wanted |",
        "|---|---:|---:|",
        f"| {drain.calls:,} calls, no limit, one worker | {drain.per_second:.0f} events/s | |",
        f"| the same events posted by eight plain clients | {drain.bare_per_second:.0f} events/s | |",
        f"| the worker's share of that | {drain.per_second / drain.bare_per_second:.2f} | |",
        f"| {limited.calls:,} calls under a limit of {limited.limit} requests a minute: what of the limit "
        f"became events in two minutes | {limited.share:.1%} | >= 95 % |",
        f"| requests refused with 429 meanwhile | {limited.refused} | 0 |",
    ]
    return lines


def _share(ours: list[Result], theirs: list[Result]) -> str:
    low, _, high = statistics.quantiles(shares(ours, theirs), n=4)
    return f"{share(ours, theirs):.2f} ({low:.2f} to {high:.2f})" if theirs is not ours else "1"


def _rate(steady: Steady) -> str:
    each = "three a call" if steady.hooks > steady.calls else "one a call"
    return f"{steady.per_second:.0f} a second, {each}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, help="where the report is written")
    options = parser.parse_args()
    if not os.path.exists("/proc/self/smaps_rollup"):
        parser.error("memory is read from /proc, which only Linux has")
    console = Console()
    with console.status("measuring: acknowledging (3 min)"):
        found = measure(hooks=ACKNOWLEDGED, rounds=ROUNDS)
    with console.status("measuring: a steady rate (4 min)"):
        steady = (
            measure_steady(calls=1000, per_second=100, whole=True),
            measure_steady(calls=3000, per_second=100),
            measure_steady(calls=400, per_second=10),
        )
    with console.status("measuring: a backlog (1 min)"):
        drain = measure_drain()
    with console.status("measuring: a backlog under a limit (4 min)"):
        limited = measure_limited()
    command = f"python -m tests.benchmarks {' '.join(sys.argv[1:])}".strip()
    lines = report(found, steady, drain, limited, command)
    text = "\n".join(lines) + "\n"
    if options.report:
        before = options.report.read_text("utf-8") if options.report.exists() else ""
        for heading in (FAR_DATABASE, PAGES):  # they are measured by themselves
            if kept := section_of(before, heading):
                text = with_section(text, kept.splitlines())
        options.report.write_text(text, encoding="utf-8")
    console.print(text, markup=False)


if __name__ == "__main__":
    main()
