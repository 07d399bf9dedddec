"""Is the first call to a connected number told while it happens?"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from rich.console import Console

from adapter.cli.watch_call import watch_first_call
from adapter.domain.call import CallState
from tests.support.sandboxed import MAIN, OTHER_STRANGER, STRANGER, Adapter, acquainted


def watch(adapter: Adapter, *steps: Callable[[], object]) -> tuple[CallState | None, str]:
    """What the command found and printed. steps: what happens at each pause; after them it is stopped."""
    out = io.StringIO()
    left: Iterator[Callable[[], object]] = iter(steps)

    def pause() -> bool:
        step = next(left, None)
        if step is not None:
            step()
        return step is None

    console = Console(file=out, width=200, color_system=None)
    call = watch_first_call(adapter.container, console, [MAIN], adapter.now(), pause)
    return call.state if call else None, out.getvalue()


def test_the_story_of_the_first_call_until_it_is_written(database_url: str) -> None:
    with acquainted(database_url) as adapter:
        adapter.person("lead", id="lead_known", phone_1=STRANGER, property_id="prop_main")
        adapter.missed(OTHER_STRANGER)  # before the wait: not the one
        adapter.pass_time(60)
        adapter.fill_index()

        def alive() -> None:
            adapter.store.workers.beat("worker.1:0", datetime.now(UTC))

        def hook() -> None:
            alive()
            adapter.missed(STRANGER)

        def later() -> None:
            adapter.pass_time(30)
            alive()

        state, text = watch(adapter, alive, hook, *[later] * 20)
    assert state in (CallState.WRITTEN, CallState.HELD)
    assert "Waiting for the first call to (617) 555-0100" in text
    assert "from (617) 555-0160" in text and "0161" not in text
    assert text.count("Hook: status") == 1
    assert f"It is {state}" in text and "Next:" in text


def test_it_says_that_no_worker_is_alive_and_ends_when_it_is_stopped(database_url: str) -> None:
    with acquainted(database_url) as adapter:
        state, text = watch(adapter, lambda: adapter.missed(STRANGER), lambda: None, lambda: None)
    assert state is CallState.OPEN
    assert text.count("no worker is alive") == 1


def test_no_call_comes(database_url: str) -> None:
    with acquainted(database_url) as adapter:
        state, text = watch(
            adapter, lambda: adapter.traveller.shift(timedelta(minutes=1)), lambda: None
        )
    assert state is None
    assert "No call came" in text
