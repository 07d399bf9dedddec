"""Is a database of a million calls as fast as a small one? Hooks acknowledged, and lists of calls.

python -m tests.benchmarks.volume [--calls 1000000] [--hooks 2000] [--rounds 3] [--lists]

--lists: only how long the lists of people and programs take, by filter, search and page.

The small database holds a thousand calls of the same kind, so that its lists have as many rows to show.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
from rich.console import Console
from rich.table import Table

from adapter.domain.call import CallState
from adapter.domain.call_filter import CallFilter, Cursor, Search
from adapter.domain.cause import Cause
from adapter.domain.lines import PersonKind
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.storage.engine import open_engine
from adapter.storage.standing import Standing
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
    "oldest due": lambda store: Standing(store).undelivered().due_at,
    "parked": lambda store: store.hooks.count_parked(),
}

# What people ask for on /calls and programs at /api/v1/calls: a page, and the count of all.
LINE = frozenset({"+16175550107"})
RECENT = datetime.now(UTC) - timedelta(days=30)
FILTERS: Mapping[str, CallFilter] = {
    "all": CallFilter(),
    "held": CallFilter(state=CallState.HELD),
    "held, of a cause and a line": CallFilter(
        state=CallState.HELD, cause=Cause.LINE_INCOMPLETE, lines=LINE
    ),
    "failed: one call": CallFilter(state=CallState.FAILED),
    "posted: none": CallFilter(state=CallState.POSTED),
    "voicemail": CallFilter(outcome=Outcome.VOICEMAIL),
    "disconnected: few": CallFilter(outcome=Outcome.DISCONNECTED),
    "unknown outcome: none": CallFilter(outcome=Outcome.UNKNOWN),
    "outbound": CallFilter(direction=Direction.OUTBOUND),
    "residents": CallFilter(kind=PersonKind.RESIDENT),
    "a line": CallFilter(lines=LINE),
    "a line, 30 days": CallFilter(lines=LINE, since=RECENT),
    "30 days, voicemail, residents": CallFilter(
        since=RECENT, outcome=Outcome.VOICEMAIL, kind=PersonKind.RESIDENT
    ),
    "held, but of a person: none": CallFilter(state=CallState.HELD, kind=PersonKind.LEAD),
    "held and outbound": CallFilter(state=CallState.HELD, direction=Direction.OUTBOUND),
    "a line, outbound, busy": CallFilter(
        lines=LINE, direction=Direction.OUTBOUND, outcome=Outcome.BUSY
    ),
    "long ago": CallFilter(until=RECENT - timedelta(days=365)),
    "q: a number": CallFilter(search=Search(numbers=frozenset({"+16170000077"}))),
    "q: last digits": CallFilter(search=Search(ending="0077", id="0077")),
    "q: last seven digits": CallFilter(search=Search(ending="0012377", id="0012377")),
    "q: a call id": CallFilter(search=Search(id=f"CA{77:032x}")),
    "q: a job id": CallFilter(search=Search(id="job_77")),
    "q: a name": CallFilter(search=Search(words=("name77",))),
    "q: a first name of 1 in 100": CallFilter(search=Search(id="anna", words=("anna",))),
    "q: two words": CallFilter(search=Search(words=("anna", "name77"))),
    "q: nobody": CallFilter(search=Search(id="zzz", words=("zzz",))),
    "q: a name, held": CallFilter(state=CallState.HELD, search=Search(words=("name77",))),
}
MOST_MILLISECONDS = 100.0

# Twenty lines, every caller another one; one in 20 calls is held, a single one failed. One in 10 is a
# voicemail, one in 50 outgoing, one in 50,000 had no number to call.
_CALLS = """
INSERT INTO calls (key, version, provider, account, call_id, state, cause, reason, record, first_seen_at,
    over_at, started_at, direction, line, other, outcome, talk_seconds, run, queued_run, tries,
    person_kind, person_id, person_name, event, integration_id, job_id, posted_at, confirmed_at,
    link_version, updated_at)
SELECT 'twilio:{account}:' || sid, 1, 'twilio', '{account}', sid,
    CASE WHEN n = 7 THEN 'failed' WHEN n % 20 = 0 THEN 'held' ELSE 'written' END,
    CASE WHEN n = 7 THEN 'bug' WHEN n % 2000 = 0 THEN 'line_incomplete'
        WHEN n % 20 = 0 THEN 'nobody_found' END, NULL,
    '{{"provider":"twilio","account":"{account}","call_id":"' || sid || '","legs":{{"' || sid ||
    '":{{"id":"' || sid || '","direction":"inbound","from_number":"' || other || '","to_number":"' ||
    line || '","status":"completed","duration_seconds":42}}}},"was_read":true}}',
    at, at, at, CASE WHEN n % 50 = 0 THEN 'outbound' ELSE 'inbound' END, line, other,
    CASE WHEN n % 50000 = 9 THEN 'disconnected' WHEN n % 10 = 1 THEN 'voicemail'
        WHEN n % 10 = 2 THEN 'no_answer' WHEN n % 100 = 3 THEN 'busy' ELSE 'answered' END, 42, 2, 2, 0,
    CASE WHEN n % 20 = 0 THEN NULL WHEN n % 5 = 1 THEN 'resident' WHEN n % 7 = 2 THEN 'applicant'
        ELSE 'lead' END, CASE WHEN n % 20 <> 0 THEN 'person_' || n % 100000 END,
    CASE WHEN n % 20 <> 0 THEN
        CASE WHEN n % 100 = 77 THEN 'Anna' ELSE 'First' || n % 100 END || ' Name' || n % 5000 END,
    '{{"path":"/v1/entrata/events","person":{{"kind":"lead","id":"lead_1","integration_id":"int_entrata"}},' ||
    '"body":{{"notes":"' || repeat('x', 400) || '"}}}}',
    'int_entrata', 'job_' || n, at, at, 0, at
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


def took_lists(store: Store) -> dict[str, tuple[float, float, float]]:
    """Milliseconds of a page, of a page far behind it, and of the count, by filter; 95 of 100 were faster."""
    found = {}
    for what, wanted in FILTERS.items():
        lists = store.call_lists
        behind = Cursor(datetime.now(UTC) - timedelta(days=300), "z")
        found[what] = (
            percentile(partial(lists.page, wanted)),
            percentile(partial(lists.page, wanted, behind)),
            percentile(partial(lists.count, wanted)),
        )
    return found


def percentile(look: Callable[[], object]) -> float:
    """The milliseconds in which 95 of 100 looks were done."""
    took = []
    for _ in range(LOOKS):
        begun = time.perf_counter()
        look()
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.quantiles(took, n=20)[-1]


def measure_lists(calls: int) -> dict[str, tuple[float, float, float]]:
    """How long the lists of a database with so many calls take."""
    with fresh_database("bench_volume_lists") as url:
        adapter("migrate", env=environment(url))
        fill(url, calls)
        store = Store(open_engine(url.replace("postgresql://", "postgresql+psycopg://")))
        found = took_lists(store)
        store.engine.dispose()
    return found


def print_lists(calls: int) -> None:
    table = Table(
        title=f"{calls:,} calls: milliseconds (p95); wanted: {MOST_MILLISECONDS:.0f} at most"
    )
    for name in ("list", "page", "far page", "count"):
        table.add_column(name, justify="left" if name == "list" else "right")
    for what, milliseconds in measure_lists(calls).items():
        style = None if max(milliseconds) <= MOST_MILLISECONDS else "red"
        table.add_row(what, *(f"{each:.1f}" for each in milliseconds), style=style)
    Console(width=100).print(table)


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
    parser.add_argument("--lists", action="store_true")
    options = parser.parse_args()
    print_lists(options.calls)
    if options.lists:
        return
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
