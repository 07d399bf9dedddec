"""How fast does a call get from its hook to the PMS, at what cost in requests and memory?

python -m tests.benchmarks.delivery

Real processes on this machine: `adapter web` (two of them), `adapter worker`, PostgreSQL, and the sandbox for
Propexo. The caller is in the index of people. A call is due at once when a hook has told its end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests

from adapter.domain.lines import PersonKind
from tests.benchmarks.load import (
    call_ended,
    hooks_of_a_call,
    overlapping,
    send_all,
    send_steadily,
    signed_request,
)
from tests.benchmarks.servers import adapter, environment, fresh_database
from tests.support.waiting import await_port, free_port
from tests.support.world import LINES

API_KEY = "sandbox-key"
CONNECTIONS = 8
PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Steady:
    """Hooks at a steady rate while the worker delivers. Latencies in milliseconds, delays in seconds."""

    hooks: int
    calls: int
    per_second: float
    failed: int
    p50_ms: float
    p99_ms: float
    post_p50_seconds: float
    post_p95_seconds: float
    requests_per_event: float
    web_mb: float
    worker_mb: float


@dataclass(frozen=True)
class Drain:
    """A backlog that one worker works off. bare_per_second: what eight plain clients post, no database."""

    calls: int
    per_second: float
    bare_per_second: float


@dataclass(frozen=True)
class Limited:
    """A backlog under a rate limit. limit: requests a minute; share: of it that events used, over two
    whole minutes (the limit counts the last 60 seconds, so a worker may use all of it in a burst).
    refused: requests answered 429."""

    calls: int
    limit: int
    share: float
    refused: int


class Bench:
    """An adapter and a sandbox of its own on this machine."""

    def __init__(self, stack: ExitStack, *, rate_limit: int) -> None:
        self.stack = stack
        self.database = stack.enter_context(fresh_database("bench_delivery"))
        port = free_port()
        self.sandbox = f"http://127.0.0.1:{port}"
        self.env = {
            **environment(self.database),
            "PROPEXO_BASE_URL": self.sandbox,
            "PROPEXO_API_KEY": API_KEY,
            "PROPEXO_RATE_LIMIT": str(rate_limit),
            "ADAPTER_LINES": LINES,
            "TWILIO_API_BASE_URL": self.sandbox,
        }
        stack.enter_context(
            running(
                ["sandbox", "--port", str(port), "--rate-limit", str(rate_limit)], self.env, port
            )
        )
        adapter("migrate", env=self.env)
        adapter("sync", env=self.env)

    def web(self) -> tuple[str, subprocess.Popen[bytes]]:
        port = free_port()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        env = {**self.env, "PORT": str(port), "PROMETHEUS_MULTIPROC_DIR": folder}
        process = self.stack.enter_context(running(["web"], env, port))
        return f"http://127.0.0.1:{port}", process

    def routes(self) -> Sequence[Mapping[str, object]]:
        answer = requests.get(f"{self.sandbox}/_sandbox/requests", timeout=30).json()
        return list(answer["routes"])

    def asked(self, status: int | None = None) -> int:
        """How many requests came to the sandbox."""
        return sum(
            int(str(route["count"])) for route in self.routes() if status in (None, route["status"])
        )

    def wait_until_idle(self) -> None:
        """Until a starting worker has read what it needs."""
        before = -1
        while before != (before := self.asked()):
            time.sleep(3)

    def wait_until(self, state: str, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.scalar("SELECT count(*) FROM calls WHERE state = ANY(%s)", state) >= count:
                return
            time.sleep(0.5)
        raise RuntimeError(f"fewer than {count} calls are {state}")

    def scalar(self, query: str, states: str) -> float:
        with psycopg.connect(self.database) as connection:
            row = connection.execute(query, [states.split()]).fetchone()
        assert row is not None
        return float(row[0])


@contextmanager
def running(
    command: Sequence[str], env: Mapping[str, str], port: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """An adapter command, until the end of the block. port: where it is waited for."""
    process = subprocess.Popen(
        [sys.executable, "-m", "adapter", *command],
        env=dict(env),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if port is not None:
            await_port(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(60)


def memory_mb(pid: int) -> float:
    """The memory of a process and its children, shared pages counted by share (PSS)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024 + sum(memory_mb(int(child)) for child in children)


_DELAYS = """
SELECT percentile_cont({share}) WITHIN GROUP (ORDER BY extract(epoch FROM posted_at - over_at))
FROM calls WHERE state = ANY(%s)
"""


def measure_steady(calls: int = 3000, per_second: float = 100.0, *, whole: bool = False) -> Steady:
    """Hooks come in at this rate while one worker delivers. whole: each call's hooks, not only its last."""
    with ExitStack() as stack:
        bench = Bench(stack, rate_limit=0)
        url, web = bench.web()
        worker = stack.enter_context(running(["worker"], bench.env))
        send_all(url, [signed_request(call_ended()) for _ in range(200)], CONNECTIONS)
        bench.wait_until("written", 200)
        bench.wait_until_idle()
        before = bench.asked()
        with psycopg.connect(bench.database, autocommit=True) as connection:
            connection.execute("DELETE FROM calls")
        hooks = overlapping([hooks_of_a_call() if whole else [call_ended()] for _ in range(calls)])
        sent = [signed_request(hook) for hook in hooks]
        result = send_steadily(url, sent, CONNECTIONS, per_second)
        bench.wait_until("written", calls - result.failed)
        return Steady(
            hooks=len(hooks),
            calls=calls,
            per_second=per_second,
            failed=result.failed,
            p50_ms=result.quantile(0.5),
            p99_ms=result.quantile(0.99),
            post_p50_seconds=bench.scalar(_DELAYS.format(share=0.5), "written"),
            post_p95_seconds=bench.scalar(_DELAYS.format(share=0.95), "written"),
            requests_per_event=(bench.asked() - before) / (calls - result.failed),
            web_mb=memory_mb(web.pid),
            worker_mb=memory_mb(worker.pid),
        )


def measure_drain(calls: int = 2000) -> Drain:
    """A backlog with the limit lifted."""
    with ExitStack() as stack:
        bench = Bench(stack, rate_limit=0)
        url, _ = bench.web()
        send_all(url, [signed_request(call_ended()) for _ in range(calls)], CONNECTIONS)
        bare = bare_posts(bench.sandbox, calls)
        stack.enter_context(running(["worker"], bench.env))
        bench.wait_until("posted written", calls)
        seconds = bench.scalar(
            "SELECT extract(epoch FROM max(posted_at) - min(posted_at)) FROM calls "
            "WHERE state = ANY(%s)",
            "posted written",
        )
        return Drain(calls, calls / seconds, bare)


def bare_posts(url: str, count: int) -> float:
    """Events a second that eight plain clients get accepted, each on its own connection."""
    body = {
        "integration_id": "int_entrata",
        f"{PersonKind.LEAD.value}_id": "lead_anna",
        "event_type_id": "et_call_main",
        "event_datetime": "2026-11-23T05:00:00-07:00",
        "employee_id": "emp_1",
        "notes": "A call.",
        "call_status": "NO_ANSWER",
        "call_duration": 0,
        "call_phone_number_from": "+16175550134",
        "call_phone_number_to": "+16175550100",
        "call_audio_link": "https://calls.example.com/recordings/1",
    }

    def post(share: int) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {API_KEY}"
            for _ in range(share):
                answer = session.post(f"{url}/v1/events/leads", json=body, timeout=30)
                answer.raise_for_status()

    begun = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(post, [count // CONNECTIONS] * CONNECTIONS))
    return count / (time.perf_counter() - begun)


def measure_limited(calls: int = 2000, limit: int = 900) -> Limited:
    """A backlog under a limit that the headers state; measured while it lasts."""
    with ExitStack() as stack:
        bench = Bench(stack, rate_limit=limit)
        url, _ = bench.web()
        send_all(url, [signed_request(call_ended()) for _ in range(calls)], CONNECTIONS)
        time.sleep(60)  # what `sync` used of the limit is forgotten
        stack.enter_context(running(["worker"], bench.env))
        bench.wait_until("posted written", calls)
        posted = bench.scalar(
            "SELECT count(*) FROM calls WHERE state = ANY(%s) AND posted_at < "
            "(SELECT min(posted_at) FROM calls) + interval '2 minutes'",
            "posted written",
        )
        return Limited(calls, limit, posted / (2 * limit), bench.asked(status=429))


def main() -> None:
    if not os.path.exists("/proc/self/smaps_rollup"):
        raise SystemExit("this benchmark reads memory from /proc, which only Linux has")
    for found in (measure_steady(), measure_drain(), measure_limited()):
        print(found, flush=True)


if __name__ == "__main__":
    main()
