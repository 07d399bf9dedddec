"""Are the write logs read once for all calls that ask at the same time, and is no reading too old for one?"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from adapter.errors import TemporaryError
from adapter.targets.propexo.recent_writes import RecentWrites
from tests.support.propexo_client import BASE, NoBudget, a_client
from tests.support.waiting import wait_for

NOW = datetime.now(UTC)
OTHERS = 20
OURS = {"CA7"}


def serve(answer: Callable[[int], int]) -> list[int]:
    """Serve pages of 100 rows, 20 to the minute, and return the offsets asked. answer: the status for one."""
    offsets: list[int] = []

    def page(request: Any) -> tuple[int, dict[str, str], str]:
        offset = int(parse_qs(urlsplit(request.url).query)["offset"][0])
        offsets.append(offset)
        rows = [
            {
                "job_id": f"job_{number}",
                "created_at": (NOW - timedelta(minutes=number // 20)).isoformat(),
                "parameters": {"notes": f"[call CA{number}]"},
            }
            for number in range(offset, offset + 100)
        ]
        return answer(offset), {}, json.dumps({"results": {"logs": rows}})

    responses.add_callback(responses.GET, f"{BASE}/v1/admin/logs/writes/", callback=page)
    return offsets


@responses.activate
def test_the_logs_are_read_once_for_all_that_ask_while_they_are_read() -> None:
    """The reading that was under way when they asked does not count for them."""
    may_answer, asking = threading.Event(), threading.Semaphore(0)

    def answer(_: int) -> int:
        assert may_answer.wait(30)
        return 200

    def clock() -> float:
        asking.release()
        return time.monotonic()

    offsets = serve(answer)
    recent = RecentWrites(a_client(NoBudget()), monotonic=clock)
    with ThreadPoolExecutor(1 + OTHERS) as pool:
        first = pool.submit(recent.find, "int_1", "events", OURS, NOW)
        wait_for("the first reading", lambda: offsets)
        rest = [pool.submit(recent.find, "int_1", "events", OURS, NOW) for _ in range(OTHERS)]
        for _ in range(2 + OTHERS):  # the first looks at the clock twice
            assert asking.acquire(timeout=30)
        may_answer.set()
        found = [future.result(30) for future in (first, *rest)]
    assert set(found) == {"job_7"}
    assert offsets == [0, 0]


@responses.activate
def test_what_was_read_before_a_call_asked_is_read_again() -> None:
    offsets = serve(lambda _: 200)
    recent = RecentWrites(a_client(NoBudget()))
    recent.find("int_1", "events", OURS, NOW)
    recent.find("int_1", "events", OURS, NOW)
    recent.find("int_1", "leads", OURS, NOW)
    assert offsets == [0, 0, 0]


@responses.activate
def test_a_reading_that_broke_off_is_gone_on_with_as_far_back_as_each_asks() -> None:
    statuses = iter([200, 503, 200, 200])
    offsets = serve(lambda _: next(statuses))
    recent = RecentWrites(a_client(NoBudget()), monotonic=lambda: 0.0)
    with pytest.raises(TemporaryError):
        recent.find("int_1", "events", {"CA150"}, NOW - timedelta(minutes=4))
    near = recent.find("int_1", "events", {"CA150"}, NOW - timedelta(minutes=4))
    far = recent.find("int_1", "events", {"CA239"}, NOW - timedelta(minutes=9))
    assert offsets == [0, 100, 100, 141], "row 140 is the first that is too old"
    assert (near, far) == (None, "job_239"), "2 minutes more are looked at, as clocks differ"
