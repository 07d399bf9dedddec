"""Is an alert opened once and closed once by real workers, whichever of them is killed?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from adapter.config.settings import Settings
from adapter.domain.call import HookState, RawHook
from adapter.operations.alerts.send import REPEATED
from adapter.storage.engine import open_engine
from adapter.storage.schema import alerts, hooks, jobs
from adapter.storage.store import Store
from tests.support.environment import ACCOUNT
from tests.support.processes import Process, environment, running, wait_until_ready
from tests.support.receiver import Receiver, receiver
from tests.support.waiting import wait_for

PROGRAM = ("-m", "tests.support.quick_alerts")
OPENED, RESOLVED = "Alert: Hooks cannot be read", "Resolved: Hooks cannot be read"


@pytest.fixture
def box() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@contextmanager
def store_of(url: str) -> Iterator[Store]:
    store = Store(open_engine(Settings.from_environ({"DATABASE_URL": url}).database_url))
    yield store
    store.engine.dispose()


class Workers:
    """Real workers on one database, whose alerts go to the receiver."""

    def __init__(self, url: str, box: Receiver, folder: Path, stack: ExitStack) -> None:
        self.environ = environment(
            url,
            propexo="http://127.0.0.1:1",
            ALERT_URLS=box.apprise_url,
            HEARTBEAT_URL=box.url,
            PYTHONPATH=str(Path(__file__).parents[2]),
        )
        self._folder = folder
        self._stack = stack
        self._started = 0

    def start(self, command: str = "worker") -> Process:
        self._started += 1
        log = self._folder / f"{command}-{self._started}.log"
        return self._stack.enter_context(running(command, self.environ, log, PROGRAM))


@pytest.fixture
def workers(database_url: str, box: Receiver, tmp_path: Path) -> Iterator[Workers]:
    with ExitStack() as stack:
        yield Workers(database_url, box, tmp_path, stack)


def park(store: Store) -> None:
    """Let there be a hook that cannot be read."""
    hook = RawHook(
        received_at=datetime.now(UTC),
        provider="twilio",
        account=ACCOUNT,
        state=HookState.PARKED,
        kind=None,
        call_key=None,
        error="unreadable",
        method="POST",
        target="/webhooks/twilio",
        headers={},
        body=b"",
    )
    with store.begin() as connection:
        store.hooks.add(connection, hook)


def unpark(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(sa.delete(hooks))


def looks(store: Store) -> Callable[[], bool]:
    """Return what says whether a worker has looked since now."""

    def ran_at() -> datetime | None:
        with store.begin() as connection:
            query = sa.select(jobs.c.ran_at).where(jobs.c.name == "alerts")
            at: datetime | None = connection.execute(query).scalar_one_or_none()
        return at

    begun = datetime.now(UTC)
    return lambda: (at := ran_at()) is not None and at > begun


def openings(store: Store) -> int:
    with store.begin() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(alerts)).scalar_one()


@pytest.mark.full
def test_two_workers_and_a_kill_open_an_alert_once_and_close_it_once(
    workers: Workers, database_url: str, box: Receiver
) -> None:
    with store_of(database_url) as store:
        first, second = workers.start(), workers.start()
        wait_for("a worker looks", looks(store), seconds=60)
        park(store)
        first.kill()
        wait_for("it is told", lambda: OPENED in box.titles())
        third = workers.start()
        second.kill()
        wait_for("another worker looks", looks(store), seconds=60)
        unpark(store)
        wait_for("its end is told", lambda: RESOLVED in box.titles(), seconds=60)
        fourth = workers.start()
        third.kill()
        wait_for("the last worker looks", looks(store), seconds=60)
        wait_for("and again", looks(store), seconds=60)
        assert box.titles() == [OPENED, RESOLVED]
        assert openings(store) == 1
        assert fourth.stop() == 0
        text = "".join(process.text() for process in (first, second, third, fourth))
    assert "pa55word" not in text and "s3cret" not in text
    assert "alert opened" in text and "alert resolved" in text


def test_a_worker_that_is_killed_while_it_sends_costs_one_repeat_that_says_so(
    workers: Workers, database_url: str, box: Receiver
) -> None:
    workers.environ["CLAIMED_FOR_SECONDS"] = "3"
    with store_of(database_url) as store:
        first = workers.start()
        wait_for("a worker looks", looks(store), seconds=60)
        box.is_open.clear()
        park(store)
        wait_for("it is sending", lambda: len(box.bodies) == 1)
        first.kill()
        box.is_open.set()
        workers.start()
        wait_for("it is sent once more", lambda: len(box.bodies) == 2, seconds=60)
        wait_for("a worker looks again", looks(store), seconds=60)
        assert box.titles() == [OPENED, OPENED]
        assert REPEATED not in box.bodies[0]["message"]
        assert REPEATED in box.bodies[1]["message"]
        assert openings(store) == 1


@pytest.mark.full
def test_web_stores_what_it_refused_and_opens_the_alert_that_a_worker_tells(
    workers: Workers, database_url: str, box: Receiver
) -> None:
    with store_of(database_url) as store:
        web = workers.start("web")
        wait_until_ready(workers.environ, web)
        for _ in range(25):
            url = f"{workers.environ['PUBLIC_BASE_URL']}/webhooks/twilio"
            forged = requests.post(url, data={"CallSid": "CA1", "AccountSid": ACCOUNT}, timeout=5)
            assert forged.status_code == 403
        # A real web process looks once a minute.
        wait_for("web opens the alert", lambda: openings(store) == 1, seconds=100)
        worker = workers.start()
        wait_for("it pings", lambda: "/ping/s3cret" in box.paths, seconds=60)
        wait_for("it is told", lambda: "Alert: Hooks are refused" in box.titles(), seconds=60)
        assert worker.stop() == 0
