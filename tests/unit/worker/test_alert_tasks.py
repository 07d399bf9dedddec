"""Does a healthy worker ping, and an unwell one not? Does web store what it refused?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from adapter.config.settings import Settings
from adapter.domain.lines import Line, Lines
from adapter.errors import StoreUnavailable
from adapter.observability.metrics import REFUSED_HOOKS
from adapter.operations.alerts.build import Alerting
from adapter.storage.alerts import Alerts
from adapter.storage.refused_hooks import RefusedHooks
from adapter.storage.store import Store
from adapter.storage.task_leases import TaskLeases
from adapter.worker.alert_tasks import alert_tasks, flush_refused, web_runner
from adapter.worker.periodic import PeriodicRunner
from adapter.worker.pulse import STOPPED_AFTER_SECONDS, STUCK_AFTER_SECONDS, Pulse
from tests.support.clock import Clock
from tests.support.environment import ENVIRON, NOW
from tests.support.periodic import run_due
from tests.support.receiver import receiver

LINES = Lines(Line(), {})


@pytest.fixture(autouse=True)
def nothing_refused_before() -> None:
    """Other tests of this process refuse hooks, and the process counts them."""
    REFUSED_HOOKS.take()


def alerting(store: Store, clock: Clock, **environ: str) -> Alerting:
    return Alerting(
        settings=Settings.from_environ({**ENVIRON, **environ}),
        store=store,
        providers=[],
        lines=lambda: LINES,
        clock=clock,
    )


def runner(alerts: Alerting, pulse: Pulse, name: str = "worker") -> PeriodicRunner:
    leases = TaskLeases(alerts.store, name)
    return PeriodicRunner(leases, list(alert_tasks(alerts, pulse)), clock=alerts.clock)


def test_a_pulse_tells_when_the_work_does_not_go_on() -> None:
    now = [0.0]
    pulse = Pulse(lambda: now[0])
    assert pulse.trouble is None
    now[0] += STOPPED_AFTER_SECONDS + 1
    assert pulse.trouble == "no due calls were looked for since 31 s"
    pulse.looked(in_hand=3)
    assert pulse.trouble is None
    now[0] += STUCK_AFTER_SECONDS
    pulse.looked(in_hand=3)
    assert pulse.trouble is not None
    pulse.ended()
    assert pulse.trouble is None
    now[0] += 2 * STUCK_AFTER_SECONDS
    pulse.looked(in_hand=0)
    assert pulse.trouble is None


def test_one_of_several_workers_pings_each_minute_while_it_is_well(
    store: Store, clock: Clock, logged: Any
) -> None:
    now = [0.0]
    with receiver() as box:
        alerts = alerting(store, clock, HEARTBEAT_URL=box.url)
        pulse = Pulse(lambda: now[0])
        workers = [runner(alerts, pulse, name) for name in "ab"]
        for worker in workers:
            run_due(worker)
        clock.advance(1)
        for worker in workers:
            run_due(worker)
        assert box.paths == ["/ping/s3cret"]
        clock.advance(61)
        for worker in workers:
            run_due(worker)
        assert len(box.paths) == 2
        now[0] += STOPPED_AFTER_SECONDS + 1
        clock.advance(61)
        for worker in workers:
            run_due(worker)
        assert len(box.paths) == 2
        box.status = 500
        pulse.looked(in_hand=0)
        clock.advance(61)
        run_due(workers[0])
    said = str(logged())
    assert "this worker is not well" in said
    assert "HEARTBEAT_URL answered 500" in said
    assert "s3cret" not in said


def test_without_a_digest_hour_and_an_address_there_are_no_such_tasks(
    store: Store, clock: Clock
) -> None:
    names = {task.name for task in alert_tasks(alerting(store, clock), Pulse())}
    assert names == {"alerts", "callbacks"}


def test_web_stores_what_it_refused_and_keeps_it_while_the_database_is_away(
    store: Store, clock: Clock
) -> None:
    REFUSED_HOOKS.take()
    web = web_runner(alerting(store, clock), "one")
    for _ in range(25):
        REFUSED_HOOKS.count()

    class Away(Store):
        def begin(self) -> Any:
            raise StoreUnavailable("it is away")

    with pytest.raises(StoreUnavailable):
        flush_refused(Away(store.engine))
    clock.advance(10)
    run_due(web)
    clock.advance(10)
    run_due(web)
    assert RefusedHooks(store).since(NOW - timedelta(days=1)) == 25


def test_web_opens_the_alert_of_no_worker(store: Store, clock: Clock) -> None:
    web = web_runner(alerting(store, clock), "one")
    for _ in range(5):
        run_due(web)
        clock.advance(61)
    (alert,) = Alerts(store).all_open()
    assert alert.key == "no_worker"
