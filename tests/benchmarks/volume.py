"""Is a database of a million calls as fast as a small one? Hooks acknowledged, and lists of calls.

python -m tests.benchmarks.volume [--calls 1000000] [--hooks 2000] [--rounds 3]

The small database holds a thousand calls of the same kind, so that its lists have as many rows to show.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

import psycopg
from rich.console import Console
from rich.table import Table

from adapter.storage.engine import open_engine
from adapter.storage.store import Store
from tests.benchmarks.load import ACCOUNT, call_ended, send_all, signed_request
from tests.benchmarks.servers import adapter, adapter_web, environment, fresh_database

SMALL = 1000
CONNECTIONS = 8
LOOKS = 40
WANTED = 0.8
LISTS: Mapping[str, Callable[[Store], object]] = {
    "newest": lambda store: store.calls.search(),
    "held": lambda store: store.calls.search(state="held"),
    "of a state that is rare": lambda store: store.calls.search(state="failed"),
    "of a line": lambda store: store.calls.search(line="+16175550107"),
    "of a number": lambda store: store.calls.search(number="+16170000077"),
    "page 10": lambda store: store.calls.search(limit=50, offset=450),
    "one call's hooks and attempts": lambda store: (
        store.hooks.of_call(f"twilio:{ACCOUNT}:CA{77:032x}"),
        store.attempts.of_call(f"twilio:{ACCOUNT}:CA{77:032x}"),
    ),
    "oldest due": lambda store: store.runs.oldest_due(),
    "parked": lambda store: store.hooks.count_parked(),
}

# Twenty lines, every caller another one; one in 20 calls is held, a single one failed.
_CALLS = """
INSERT INTO calls (key, version, provider, account, call_id, state, reason, record, first_seen_at,
    over_at, started_at, direction, line, other, outcome, talk_seconds, run, queued_run, tries,
    person_kind, person_id, person_name, event, integration_id, job_id, posted_at, confirmed_at,
    link_version, updated_at)
SELECT 'twilio:{account}:' || sid, 1, 'twilio', '{account}', sid,
    CASE WHEN n = 7 THEN 'failed' WHEN n % 20 = 0 THEN 'held' ELSE 'written' END, NULL,
    '{{"provider":"twilio","account":"{account}","call_id":"' || sid || '","legs":{{"' || sid ||
    '":{{"id":"' || sid || '","direction":"inbound","from_number":"' || other || '","to_number":"' ||
    line || '","status":"completed","duration_seconds":42}}}},"was_read":true}}',
    at, at, at, 'inbound', line, other, 'answered', 42, 2, 2, 0,
    'lead', 'lead_' || n, 'Anna Archer', '{{"path":"/v1/entrata/events","body":{{"notes":"' ||
    repeat('x', 400) || '"}}}}', 'int_entrata', 'job_' || n, at, at, 0, at
FROM (SELECT n, 'CA' || lpad(to_hex(n), 32, '0') AS sid,
    '+161755501' || lpad((n % 20)::text, 2, '0') AS line,
    '+1617' || lpad(n::text, 7, '0') AS other,
    now() - interval '1 day' - n * interval '1 minute' AS at FROM generate_series(1, {count}) AS n) AS made
"""
_HOOKS = """
INSERT INTO hooks (received_at, provider, account, state, kind, call_key, method, target, headers, body)
SELECT first_seen_at, 'twilio', account, 'taken', 'status', key, 'POST', '/webhooks/twilio', '{}',
    convert_to(repeat('x', 600), 'UTF8') FROM calls
"""
_ATTEMPTS = """
INSERT INTO attempts (call_key, at, finished_at, step, asked, status, answer, doubtful)
SELECT key, first_seen_at, first_seen_at, 'post', 'POST /v1/entrata/events', 200, 'accepted', false
FROM calls
"""


def fill(url: str, count: int) -> None:
    """Put so many calls into an empty database, each with a hook and an attempt."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_CALLS.format(account=ACCOUNT, count=count).encode())
        connection.execute(_HOOKS)
        connection.execute(_ATTEMPTS)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def acknowledged(servers: Mapping[str, str], hooks: int, rounds: int) -> dict[str, list[float]]:
    """Hooks a second by server; they take turns, so that all see the same machine."""
    found: dict[str, list[float]] = {name: [] for name in servers}
    for server in servers.values():
        send_all(server, [signed_request(call_ended()) for _ in range(200)], CONNECTIONS)
    for _ in range(rounds):
        for name, server in servers.items():
            result = send_all(
                server, [signed_request(call_ended()) for _ in range(hooks)], CONNECTIONS
            )
            if result.failed:
                raise RuntimeError(f"{result.failed} hooks were not acknowledged")
            found[name].append(result.per_second)
    return found


def looked_up(stores: Mapping[str, Store], look: Callable[[Store], object]) -> dict[str, float]:
    """How often a second by store, by the median; they take turns."""
    took: dict[str, list[float]] = {name: [] for name in stores}
    for _ in range(LOOKS):
        for name, store in stores.items():
            begun = time.perf_counter()
            look(store)
            took[name].append(time.perf_counter() - begun)
    return {name: 1 / statistics.median(seconds) for name, seconds in took.items()}


def measure(calls: int, hooks: int, rounds: int) -> dict[str, tuple[float, float]]:
    """What is done a second with the small database and with the large one."""
    found: dict[str, tuple[float, float]] = {}
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(fresh_database(f"bench_volume_{name}"))
            for name in ("small", "large")
        }
        for name, count in (("small", SMALL), ("large", calls)):
            adapter("migrate", env=environment(urls[name]))
            fill(urls[name], count)
        stores = {
            name: Store(open_engine(url.replace("postgresql://", "postgresql+psycopg://")))
            for name, url in urls.items()
        }
        for what, look in LISTS.items():
            rates = looked_up(stores, look)
            found[what] = (rates["small"], rates["large"])
        for store in stores.values():
            store.engine.dispose()
        servers = {
            name: stack.enter_context(adapter_web(environment(url))).url
            for name, url in urls.items()
        }
        rounds_of = acknowledged(servers, hooks, rounds)
        small, large = (statistics.median(rounds_of[name]) for name in ("small", "large"))
        found["hooks acknowledged"] = (small, large)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--hooks", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found = measure(options.calls, options.hooks, options.rounds)
    table = Table(title=f"{options.calls:,} calls against {SMALL:,}; wanted: {WANTED} or more")
    for name in ("what, a second", "small", "large", "ratio"):
        table.add_column(name, justify="left" if name.startswith("what") else "right")
    for what, (small, large) in found.items():
        style = None if large / small >= WANTED else "red"
        table.add_row(what, f"{small:.0f}", f"{large:.0f}", f"{large / small:.2f}", style=style)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
