"""Does a page wait for slow work only when nothing is known yet?"""

from __future__ import annotations

import threading

from adapter.web.pages.kept import Kept
from tests.support.waiting import wait_for


def test_the_first_page_waits_and_later_ones_have_the_result() -> None:
    calls: list[int] = []
    now = [0.0]

    def work() -> int:
        calls.append(1)
        return len(calls)

    kept = Kept(work, fresh_seconds=60, patience_seconds=10, monotonic=lambda: now[0])
    assert [kept.get(), kept.get()] == [1, 1]
    now[0] = 61.0
    assert kept.get() in (1, 2)
    wait_for("the renewal", lambda: len(calls) == 2)
    assert wait_for("the result", lambda: kept.get() == 2)


def test_work_that_hangs_costs_no_page_more_than_its_patience() -> None:
    release = threading.Event()
    kept = Kept(lambda: release.wait(30), patience_seconds=0.05)
    assert kept.get() is None
    release.set()
    assert wait_for("the result", kept.get)


def test_a_failure_is_no_result() -> None:
    def fail() -> int:
        raise ValueError("no")

    assert Kept(fail).get() is None
