"""Is each call of a bulk replay delivered again once, whatever happens to the workers? Real processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from uuid import uuid4

import pytest

from adapter.bootstrap import Container
from adapter.config.settings import Settings
from adapter.domain.call import Call, CallState
from adapter.domain.call_filter import CallFilter
from adapter.operations.bulk_replay import BulkReplaying
from adapter.storage.bulk_replays import BulkReplay, BulkState
from tests.support import quick_worker
from tests.support.actors import DANA
from tests.support.environment import ACCOUNT
from tests.support.hooks import signed, status_hook
from tests.support.processes import Process, Sandbox, environment, running, sandbox
from tests.support.waiting import wait_for

# A worker whose death is noticed within seconds.
QUICK_WORKER = (str(Path(quick_worker.__file__)),)
STRANGER = "+16175550188"
CALLS = 14
# Becomes known only after the calls are held.
PERSON = {
    "kind": "leads",
    "id": "lead_new",
    "integration_id": "int_entrata",
    "property_id": "prop_main",
    "first_name": "New",
    "phone_1": "6175550188",
}
# So few requests a minute that a worker plans four calls every two seconds.
PACED = {"PROPEXO_RATE_LIMIT": "720"}
PATIENCE = 90.0


@pytest.fixture
def propexo() -> Iterator[Sandbox]:
    with sandbox() as made:
        yield made


@pytest.fixture
def environ(database_url: str, propexo: Sandbox) -> dict[str, str]:
    return environment(
        database_url, propexo=propexo.url, SETTLE_SECONDS="0", PEOPLE_SYNC_SECONDS="0"
    )


@pytest.fixture
def container(environ: dict[str, str]) -> Iterator[Container]:
    made = Container(Settings.from_environ(environ))
    yield made
    made.store.engine.dispose()


def take(container: Container) -> str:
    """A missed call of a stranger comes in."""
    sid, now = f"CA{uuid4().hex}", datetime.now(UTC)
    hook = status_hook("no-answer", CallSid=sid, From=STRANGER, Timestamp=format_datetime(now))
    base_url = container.settings.public_base_url or ""
    container.intake.take(container.providers["twilio"], signed(hook, base_url=base_url, at=now))
    return sid


def call_of(container: Container, sid: str) -> Call:
    found = container.store.calls.get(f"twilio:{ACCOUNT}:{sid}")
    assert found is not None
    return found


def wait_until_all(container: Container, sids: list[str], state: CallState) -> None:
    wait_for(
        f"all calls are {state}",
        lambda: {call_of(container, sid).state for sid in sids} == {state} or None,
        seconds=PATIENCE,
    )


def wait_until_more_than(planned: int, bulk: Callable[[], BulkReplay]) -> None:
    wait_for("it goes on", lambda: bulk().planned > planned or None, seconds=PATIENCE)


@pytest.mark.full
def test_workers_that_are_killed_do_no_call_twice(
    container: Container, environ: dict[str, str], propexo: Sandbox, tmp_path: Path
) -> None:
    """Three are killed with kill -9, one after the other, while they are at it."""
    with running("worker", environ, tmp_path / "first.log", QUICK_WORKER):
        sids = [take(container) for _ in range(CALLS)]
        wait_until_all(container, sids, CallState.HELD)
    propexo.add_people([PERSON])
    replaying = BulkReplaying(container.store, lambda: datetime.now(UTC))
    held = CallFilter(state=CallState.HELD)
    bulk_id = replaying.begin(held, expected=CALLS, by=DANA)

    def bulk() -> BulkReplay:
        found = replaying.rows.get(bulk_id)
        assert found is not None
        return found

    paced = {**environ, **PACED}
    for number in range(3):
        process = Process(["worker"], paced, tmp_path / f"killed{number}.log", QUICK_WORKER)
        try:
            wait_until_more_than(bulk().planned, bulk)
        finally:
            process.kill()
        assert bulk().state is BulkState.RUNNING
    with running("worker", paced, tmp_path / "last.log", QUICK_WORKER):
        wait_for("it ends", lambda: bulk().state is BulkState.DONE or None, seconds=PATIENCE)
        wait_until_all(container, sids, CallState.WRITTEN)
    assert (bulk().planned, bulk().skipped) == (CALLS, {})
    for sid in sids:
        decisions = container.store.decisions.of_call(call_of(container, sid).key)
        assert [each.who for each in decisions] == ["dana"]
    events = Counter(sid for event in propexo.events() for sid in sids if sid in str(event["body"]))
    assert events == dict.fromkeys(sids, 1)
