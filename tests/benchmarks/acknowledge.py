"""How many hooks a second are acknowledged, as a share of what others do in the same run?

python -m tests.benchmarks.acknowledge [--hooks 500] [--rounds 28]

All check the same signature: a bare Flask route, a Flask route that writes the same rows in one round trip
of psycopg, and Flask + Celery + Redis with `appendfsync always` (left out where celery or a redis-server is
missing). The adapter is `adapter web`, as users start it, with its metrics; the others run on gunicorn with the
adapter's configuration. All are on this machine, and take turns. The processor time of a hook is that of the
server's own processes, in the same rounds: it does not depend so much on what else the machine does.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import statistics
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from tests.benchmarks.load import Result, call_ended, send_all, signed_request
from tests.benchmarks.servers import (
    Server,
    adapter,
    adapter_web,
    environment,
    fresh_database,
    gunicorn,
    redis_server,
)

CONNECTIONS = (8, 32)
OURS = "adapter"
Results = Mapping[tuple[str, int], list[Result]]


@contextmanager
def all_servers() -> Iterator[dict[str, Server]]:
    """The measured servers by name."""
    with ExitStack() as stack:
        database_url = stack.enter_context(fresh_database("bench_acknowledge"))
        env = environment(database_url)
        adapter("migrate", env=env)
        apps = {
            "bare Flask": "tests.benchmarks.rivals:bare()",
            "one round trip": "tests.benchmarks.rivals:one_round_trip()",
        }
        if importlib.util.find_spec("celery") and shutil.which("redis-server"):
            env["REDIS_URL"] = stack.enter_context(redis_server())
            apps["Celery + Redis"] = "tests.benchmarks.rivals:celery_redis()"
        servers = {name: stack.enter_context(gunicorn(app, env)) for name, app in apps.items()}
        yield {OURS: stack.enter_context(adapter_web(env)), **servers}


def measure(hooks: int, rounds: int) -> Results:
    """The results by server and number of connections."""
    found: dict[tuple[str, int], list[Result]] = {}
    with all_servers() as servers:
        for server in servers.values():
            send_all(server.url, [signed_request(call_ended()) for _ in range(400)], 8)
        names = list(servers)
        for turn in range(rounds):
            begin = turn % len(
                names
            )  # what one leaves the database to do is not always the same one's
            for connections in CONNECTIONS:
                for name in names[begin:] + names[:begin]:
                    requests = [signed_request(call_ended()) for _ in range(hooks)]
                    before = servers[name].cpu_seconds()
                    result = send_all(servers[name].url, requests, connections)
                    used = servers[name].cpu_seconds() - before
                    result = replace(result, cpu_seconds=used)
                    found.setdefault((name, connections), []).append(result)
    return found


def rate(results: list[Result]) -> float:
    """Hooks a second: the median of the rounds."""
    return statistics.median(result.per_second for result in results)


def share(ours: list[Result], theirs: list[Result]) -> float:
    """Our rate as a share of theirs: the median of the rounds, each compared with itself.

    A machine's speed drifts in the course of a minute; within a round it is much the same for all.
    """
    return statistics.median(shares(ours, theirs))


def shares(ours: list[Result], theirs: list[Result]) -> list[float]:
    """Our rate as a share of theirs in each round."""
    return [one.per_second / other.per_second for one, other in zip(ours, theirs, strict=True)]


def cpu(results: list[Result]) -> float:
    """Microseconds of the server's processor time for a hook: the median of the rounds."""
    return statistics.median(result.cpu_microseconds for result in results)


def table_of(found: Results) -> Table:
    """Rates, latencies, and the adapter's rate as a share of each."""
    table = Table(title="Acknowledged hooks")
    for name in (
        "connections",
        "server",
        "hooks/s",
        "p50 ms",
        "p99 ms",
        "failed",
        "adapter's share of it",
        "CPU us/hook",
        "its CPU as a share of the adapter's",
    ):
        table.add_column(name, justify="left" if name == "server" else "right")
    for (name, connections), results in sorted(
        found.items(), key=lambda item: (item[0][1], item[0][0])
    ):
        table.add_row(
            str(connections),
            name,
            f"{rate(results):.0f}",
            f"{statistics.median(r.quantile(0.5) for r in results):.1f}",
            f"{statistics.median(r.quantile(0.99) for r in results):.1f}",
            str(sum(r.failed for r in results)),
            f"{share(found[OURS, connections], results):.2f}",
            f"{cpu(results):.0f}",
            f"{cpu(results) / cpu(found[OURS, connections]):.2f}",
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hooks", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=28, help="5 or more")
    options = parser.parse_args()
    if options.rounds < 5:
        parser.error("of fewer than 5 rounds the median says little")
    Console(width=120).print(table_of(measure(options.hooks, options.rounds)))


if __name__ == "__main__":
    main()
