"""Is no call lost and none written twice, whatever happens to the workers? Real queue, real processes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from dbos import DBOS

from adapter.bootstrap import Container
from adapter.config.settings import Settings
from adapter.delivery.throttle import DispatchThrottle
from adapter.domain.call import Call, CallState
from adapter.errors import StoreUnavailable
from adapter.storage.store import Store
from adapter.worker.periodic import PeriodicRunner
from adapter.worker.process import Worker
from tests.support import quick_worker
from tests.support.environment import ACCOUNT
from tests.support.hooks import signed, status_hook
from tests.support.processes import Process, Sandbox, environment, running, sandbox
from tests.support.waiting import wait_for

# A worker whose death is noticed within seconds.
QUICK_WORKER = (str(Path(quick_worker.__file__)),)
PATIENCE = 60.0
Environ = Mapping[str, str]


@pytest.fixture(scope="module")
def one_sandbox() -> Iterator[Sandbox]:
    with sandbox() as running_sandbox:
        yield running_sandbox


@pytest.fixture
def propexo(one_sandbox: Sandbox) -> Sandbox:
    one_sandbox.faults()
    return one_sandbox


@pytest.fixture
def environ(database_url: str, propexo: Sandbox) -> dict[str, str]:
    return environment(
        database_url, propexo=propexo.url, SETTLE_SECONDS="0", PEOPLE_SYNC_SECONDS="0"
    )


@pytest.fixture
def container(environ: Environ) -> Iterator[Container]:
    made = Container(Settings.from_environ(environ))
    yield made
    made.store.engine.dispose()


def take(container: Container, *, sid: str, caller: str = "+16175550134") -> None:
    """A missed call comes in."""
    now = datetime.now(UTC)
    hook = signed(
        status_hook("no-answer", CallSid=sid, From=caller, Timestamp=format_datetime(now)),
        base_url=container.settings.public_base_url or "",
        at=now,
    )
    container.intake.take(container.providers["twilio"], hook)


def new_sid() -> str:
    """An id that no other test has, since all share a sandbox."""
    return f"CA{uuid4().hex}"


def call_of(container: Container, sid: str) -> Call:
    found = container.store.calls.get(f"twilio:{ACCOUNT}:{sid}")
    assert found is not None
    return found


def events_of(propexo: Sandbox, sid: str) -> list[dict[str, Any]]:
    return [event for event in propexo.events() if sid in str(event["body"])]


def wait_until(container: Container, sid: str, state: CallState) -> Call:
    wait_for(
        f"{sid} is {state}",
        lambda: call_of(container, sid).state is state or None,
        seconds=PATIENCE,
    )
    return call_of(container, sid)


# Handing out ------------------------------------------------------------------------------------------


@pytest.fixture
def worker(container: Container) -> Iterator[Worker]:
    """A worker that never starts; what it hands out stays on the queue."""
    made = Worker(
        throttle=DispatchThrottle(),
        store=container.store,
        deliver=lambda key, run: None,
        periodic=PeriodicRunner(None, [], clock=lambda: datetime.now(UTC)),
        executor_id="test",
        concurrency=1,
    )
    yield made
    DBOS.destroy()


def queued(store: Store) -> list[str]:
    """The workflows that the queue library knows."""
    table = "workflow_status" if store.engine.dialect.name == "sqlite" else "dbos.workflow_status"
    with store.begin() as connection:
        return [row[0] for row in connection.execute(sa.text(f"SELECT workflow_uuid FROM {table}"))]


def test_a_due_call_is_queued_once_and_marked_so(container: Container, worker: Worker) -> None:
    sid = new_sid()
    take(container, sid=sid)
    assert worker.dispatch() == 1
    assert worker.dispatch() == 0
    assert queued(container.store) == [f"twilio:{ACCOUNT}:{sid}"]
    assert call_of(container, sid).is_queued


def test_if_queueing_fails_the_mark_is_not_set_either(
    container: Container, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sids = [new_sid(), new_sid()]
    for sid in sids:
        take(container, sid=sid)
    library = worker._queue._client._sys_db
    real = library.init_workflow_with_connection

    def fails_when_it_is_done(*args: Any, **options: Any) -> Any:
        real(*args, **options)
        raise RuntimeError("out of paper")

    monkeypatch.setattr(library, "init_workflow_with_connection", fails_when_it_is_done)
    with pytest.raises(RuntimeError):
        worker.dispatch()
    assert queued(container.store) == []
    assert not any(call_of(container, sid).is_queued for sid in sids)
    monkeypatch.undo()
    assert worker.dispatch() == 2
    assert len(queued(container.store)) == 1, "runs that are handed out together are one workflow"
    assert all(call_of(container, sid).is_queued for sid in sids)


@pytest.mark.parametrize(
    "is_committed",
    [
        pytest.param(True, id="committed"),
        pytest.param(False, id="not committed", marks=pytest.mark.full),
    ],
)
def test_what_was_handed_out_is_done_once_although_the_commit_was_not_answered(
    container: Container, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    """After a commit nobody else begins the run, as this worker is alive. Without one it is due again."""
    begin = Store.begin
    broken: list[Store] = []

    @contextmanager
    def breaks_once(store: Store) -> Iterator[sa.Connection]:
        is_to_break = not broken and threading.current_thread().name == "dispatcher"
        with begin(store) as connection:
            yield connection
            if is_to_break and not is_committed:
                broken.append(store)
                raise StoreUnavailable("the connection broke")
        if is_to_break and is_committed:
            broken.append(store)
            raise StoreUnavailable("the connection broke")

    done: list[str] = []
    made = Worker(
        throttle=DispatchThrottle(),
        store=container.store,
        deliver=lambda key, run: done.append(key),
        periodic=PeriodicRunner(None, [], clock=lambda: datetime.now(UTC)),
        executor_id="test",
        concurrency=1,
    )
    sid = new_sid()
    take(container, sid=sid)
    monkeypatch.setattr(Store, "begin", breaks_once)
    made.start()
    try:
        wait_for("the run", lambda: done)
        assert broken and done == [f"twilio:{ACCOUNT}:{sid}"]
    finally:
        made.stop(1)


def test_a_worker_hands_out_no_more_than_it_can_have_in_hand(
    container: Container, worker: Worker
) -> None:
    sids = [new_sid() for _ in range(5)]
    for sid in sids:
        take(container, sid=sid)
    assert worker.dispatch() == 2, "one that it does, and the next"
    assert worker.dispatch() == 0
    assert sum(call_of(container, sid).is_queued for sid in sids) == 2


def test_a_call_that_is_not_due_is_not_queued(container: Container, worker: Worker) -> None:
    sid = new_sid()
    take(container, sid=sid)
    with container.store.begin() as connection:
        later = datetime.now(UTC) + timedelta(hours=1)
        container.store.calls.update(connection, f"twilio:{ACCOUNT}:{sid}", due_at=later)
    assert worker.dispatch() == 0
    assert queued(container.store) == []


# Processes --------------------------------------------------------------------------------------------


def post_fault(kind: str, seconds: float) -> dict[str, Any]:
    return {"kind": kind, "seconds": seconds, "method": "POST", "path": "/v1/events/leads"}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(post_fault("timeout_after", 120), id="accepted, never answered"),
        pytest.param(post_fault("slow", 1.5), id="accepted later", marks=pytest.mark.full),
        pytest.param(post_fault("timeout_before", 120), id="not accepted", marks=pytest.mark.full),
    ],
)
def test_a_worker_that_is_killed_while_it_posts_is_replaced_and_one_event_results(
    container: Container, environ: Environ, propexo: Sandbox, tmp_path: Path, fault: dict[str, Any]
) -> None:
    propexo.faults({**fault, "times": 1})
    sid = new_sid()
    take(container, sid=sid)
    first = Process(["worker"], environ, tmp_path / "first.log", QUICK_WORKER)
    try:
        wait_for("the post is under way", lambda: propexo.used_faults() == [1], seconds=PATIENCE)
    finally:
        first.kill()
    assert call_of(container, sid).job_id is None
    with running("worker", environ, tmp_path / "second.log", QUICK_WORKER) as second:
        call = wait_until(container, sid, CallState.WRITTEN)
        assert "taking over the work of a dead worker" in second.text()
    assert len(events_of(propexo, sid)) == 1
    assert call.person_id == "lead_anna"
    steps = [attempt.step for attempt in container.store.attempts.of_call(call.key)]
    assert "look" in steps, "its trace was looked for"


def test_a_worker_that_is_told_to_stop_finishes_what_it_does(
    container: Container, environ: Environ, propexo: Sandbox, tmp_path: Path
) -> None:
    propexo.faults(post_fault("slow", 2))
    sid = new_sid()
    take(container, sid=sid)
    process = Process(["worker"], environ, tmp_path / "worker.log")
    try:
        wait_for("the post is under way", lambda: propexo.used_faults() == [1], seconds=PATIENCE)
        assert process.stop() == 0
    finally:
        if process.popen.poll() is None:
            process.kill()
    call = call_of(container, sid)
    assert (call.state, bool(call.job_id)) == (CallState.POSTED, True)
    assert len(events_of(propexo, sid)) == 1
    assert not any(attempt.in_doubt for attempt in container.store.attempts.of_call(call.key))
    assert container.store.workers.seen_at() == {}
    assert "Traceback" not in process.text()


@pytest.mark.full
def test_what_a_stopped_worker_left_is_taken_up_by_the_next(
    container: Container, environ: Environ, propexo: Sandbox, tmp_path: Path
) -> None:
    sids = [new_sid() for _ in range(12)]
    for sid in sids:
        take(container, sid=sid)
    slow = {"kind": "slow", "seconds": 0.3, "method": "POST", "times": "forever"}
    propexo.faults(slow)
    few = {**environ, "WORKER_CONCURRENCY": "2"}
    process = Process(["worker"], few, tmp_path / "first.log")
    try:
        wait_for("some are posted", lambda: propexo.used_faults()[0] >= 3, seconds=PATIENCE)
        assert process.stop() == 0
    finally:
        if process.popen.poll() is None:
            process.kill()
    with running("worker", environ, tmp_path / "second.log"):
        for sid in sids:
            wait_until(container, sid, CallState.WRITTEN)
    assert [len(events_of(propexo, sid)) for sid in sids] == [1] * 12


@pytest.mark.full
def test_a_worker_that_is_told_to_stop_leaves_to_others_what_it_has_not_begun(
    container: Container, environ: Environ, propexo: Sandbox, tmp_path: Path
) -> None:
    """At once, not when the one that is under way has ended."""
    propexo.faults(post_fault("slow", 6))
    first, second = new_sid(), new_sid()
    for sid in (first, second):
        take(container, sid=sid)
    one = {**environ, "WORKER_CONCURRENCY": "1"}
    process = Process(["worker"], one, tmp_path / "worker.log")
    try:
        wait_for("a post is under way", lambda: propexo.used_faults() == [1], seconds=PATIENCE)
        wait_for("both are with it", lambda: both_are_with_it(container.store), seconds=PATIENCE)
        process.popen.terminate()
        calls = partial(map, partial(call_of, container), (first, second))
        wait_for("one is put back", lambda: any(c.run == 2 for c in calls()), seconds=PATIENCE)
        assert not any(call.job_id for call in calls()), "the other is still under way"
        assert process.stop() == 0
    finally:
        if process.popen.poll() is None:
            process.kill()
    (waiting,) = (call for call in calls() if not call.job_id)
    assert waiting.run == 2
    assert events_of(propexo, waiting.call_id) == []
    with running("worker", environ, tmp_path / "next.log"):
        for sid in (first, second):
            wait_until(container, sid, CallState.WRITTEN)
    assert [len(events_of(propexo, sid)) for sid in (first, second)] == [1, 1]


def both_are_with_it(store: Store) -> bool | None:
    table = "workflow_status" if store.engine.dialect.name == "sqlite" else "dbos.workflow_status"
    begun = sa.text(f"SELECT count(*) FROM {table} WHERE status = 'PENDING'")
    queued = sa.text("SELECT count(*) FROM calls WHERE queued_run >= run")
    with store.begin() as connection:
        counts = [connection.execute(query).scalar_one() for query in (begun, queued)]
    return (counts[0] >= 1 and counts[1] == 2) or None


@pytest.mark.full
def test_two_workers_write_sixty_calls_once_each(
    container: Container, environ: Environ, propexo: Sandbox, tmp_path: Path
) -> None:
    sids = [new_sid() for _ in range(60)]
    with (
        running("worker", environ, tmp_path / "one.log") as one,
        running("worker", environ, tmp_path / "two.log") as two,
    ):
        for sid in sids:
            take(container, sid=sid)
        for sid in sids:
            wait_until(container, sid, CallState.WRITTEN)
        logs = one.text() + two.text()
    events = Counter(sid for event in propexo.events() for sid in sids if sid in str(event["body"]))
    assert events == Counter(sids)
    assert propexo.refused() == []
    assert "Traceback" not in logs


@pytest.mark.full
def test_a_long_silence_of_all_workers_makes_no_run_be_taken_for_lost(
    container: Container, environ: Environ, propexo: Sandbox, tmp_path: Path
) -> None:
    """Calls that waited for an hour are handed out by a worker that has just come; slow posts stay its."""
    sids = [new_sid() for _ in range(8)]
    for sid in sids:
        take(container, sid=sid)
    with container.store.begin() as connection:
        for sid in sids:
            old = datetime.now(UTC) - timedelta(hours=1)
            container.store.calls.update(connection, f"twilio:{ACCOUNT}:{sid}", due_at=old)
    propexo.faults({"kind": "slow", "seconds": 1, "path": "/v1/leads", "times": "forever"})
    with running("worker", environ, tmp_path / "worker.log", QUICK_WORKER) as process:
        for sid in sids:
            wait_until(container, sid, CallState.WRITTEN)
        assert "runs that never ended" not in process.text()
    assert [len(events_of(propexo, sid)) for sid in sids] == [1] * 8
