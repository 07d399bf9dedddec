"""Is a web process known to be alive before its first request, and does it start whatever the database does?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapter.errors import StoreUnavailable
from adapter.storage.store import Store
from adapter.storage.web_processes import WebProcesses
from adapter.web.first_sign import first_sign
from tests.support.environment import NOW

Logged = Callable[[], list[dict[str, Any]]]


def test_it_is_known_at_once(store: Store) -> None:
    first_sign(WebProcesses(store), "web-1", NOW)
    assert WebProcesses(store).seen_at() == {"web-1": NOW}


def test_a_database_that_hangs_keeps_no_process_from_starting(store: Store) -> None:
    goes_on, has_answered = threading.Event(), threading.Event()

    class Hanging(WebProcesses):
        def beat(self, name: str, now: datetime) -> None:
            goes_on.wait(60)
            has_answered.set()

    first_sign(Hanging(store), "web-1", NOW, patience_seconds=0.01)
    assert not has_answered.is_set()
    goes_on.set()


def test_a_database_that_is_away_keeps_no_process_from_starting(
    store: Store, logged: Logged
) -> None:
    class Away(WebProcesses):
        def beat(self, name: str, now: datetime) -> None:
            raise StoreUnavailable("it is away")

    first_sign(Away(store), "web-1", NOW)
    (line,) = logged()
    assert line["reason"] == "it is away"
