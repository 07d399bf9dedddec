"""The full form: python -m tests.faults --calls 10000 --seed N [--report docs/reliability.md]

It ends with 1 if anything is not as promised.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
from pathlib import Path

from rich.console import Console

from tests.faults.disk import small_disk
from tests.faults.faults import FAULTS, ON_SQLITE
from tests.faults.postgres import Cluster
from tests.faults.report import Part, report
from tests.faults.run import Result, make_plan, run
from tests.faults.world import World

SECONDS_PER_FAULT = 10.0
REST_SECONDS = 120.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--per-second", type=float, default=15.0, help="calls that come in")
    parser.add_argument("--haste", type=float, default=5.0, help="divides the adapter's patience")
    parser.add_argument("--only", action="append", metavar="FAULT", help="one kind of fault only")
    parser.add_argument("--report", type=Path, help="where the report is written")
    options = parser.parse_args()
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # so that nothing of ours is left running
    console = Console()
    wanted = options.only or list(FAULTS)
    unknown = [name for name in wanted if name not in FAULTS]
    if unknown:
        parser.error(f"no fault {unknown[0]!r}; there are {', '.join(FAULTS)}")
    console.print(f"seed {options.seed}")
    parts = []
    on_sqlite = [name for name in wanted if name in ON_SQLITE]
    if on_sqlite:
        parts.append(_on_sqlite(console, on_sqlite, options))
    on_postgres = [name for name in wanted if name not in ON_SQLITE]
    if on_postgres:
        parts.append(_on_postgres(console, on_postgres, options))
    problems = [problem for part in parts for problem in part.result.problems()]
    for part in parts:
        console.print(f"{part.title}: {part.result.findings.balance}")
    for problem in problems:
        console.print(problem, style="red", markup=False)
    if options.report:
        command = f"python -m tests.faults {' '.join(sys.argv[1:])}"
        text = report(parts[::-1], command=command, seed=options.seed, haste=options.haste)
        options.report.write_text(text, encoding="utf-8")
        console.print(f"The report is in {options.report}")
    return 1 if problems else 0


def _on_sqlite(console: Console, faults: list[str], options: argparse.Namespace) -> Part:
    with small_disk() as disk, World(disk=disk, haste=options.haste, processes=1) as world:
        calls = max(options.calls // 20, 50)
        result = _run(world, console, faults, options, calls, min(options.per_second, 8.0))
    kind = "a full file system" if disk.is_mounted else "a limit on the size of files"
    return Part(f"SQLite, one web and one worker, {kind}", "SQLite", result)


def _on_postgres(console: Console, faults: list[str], options: argparse.Namespace) -> Part:
    cluster = Cluster()
    try:
        with World(cluster, haste=options.haste) as world:
            result = _run(world, console, faults, options, options.calls, options.per_second)
    finally:
        cluster.remove()
    return Part("PostgreSQL, two webs and two workers", cluster.version, result)


def _run(
    world: World,
    console: Console,
    faults: list[str],
    options: argparse.Namespace,
    calls: int,
    per_second: float,
) -> Result:
    times = max(int(calls / per_second / SECONDS_PER_FAULT), 1)
    return run(
        world,
        calls=calls,
        per_second=per_second,
        plan=make_plan(faults, times, random.Random(options.seed)),
        seed=options.seed,
        rest_seconds=REST_SECONDS,
        console=console,
    )


if __name__ == "__main__":
    sys.exit(main())
