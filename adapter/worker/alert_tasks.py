"""Which periodic tasks tell people that something is wrong? Those of a worker, and those of a web process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from adapter.config.public_address import TUNNEL
from adapter.net.heartbeat import ping
from adapter.observability.logs import logger
from adapter.observability.metrics import REFUSED_HOOKS
from adapter.operations.alerts.build import Alerting
from adapter.operations.own_address import AddressTeller
from adapter.storage.refused_hooks import RefusedHooks
from adapter.storage.session import Session
from adapter.storage.task_leases import TaskLeases
from adapter.storage.web_processes import WebProcesses
from adapter.worker.periodic import PeriodicRunner, PeriodicTask, Turn
from adapter.worker.pulse import Pulse

LOOK_EVERY = timedelta(seconds=30)
WEB_LOOKS_EVERY = timedelta(minutes=1)
PING_EVERY = timedelta(minutes=1)
CALLBACKS_EVERY = timedelta(hours=6)
FLUSH_EVERY = timedelta(seconds=10)
# Until it is told, as the database may be down or not migrated at the start.
TELL_EVERY = timedelta(seconds=5)
# By this a web process is known to be alive (adapter.operations.database_copy).
SIGN_EVERY = timedelta(seconds=10)
# Who looks is replaced soon after it died.
LEASE = timedelta(seconds=15)

log = logger("adapter.worker.alerts")


def alert_tasks(alerts: Alerting, pulse: Pulse) -> Iterator[PeriodicTask]:
    """What one worker does at a time."""
    yield PeriodicTask("alerts", lambda turn: _look(alerts, turn), every=LOOK_EVERY, lease=LEASE)
    if alerts.settings.public_base_url_from != TUNNEL:  # it ends, and the numbers go back with it
        yield PeriodicTask("callbacks", lambda _: alerts.callbacks.look(), every=CALLBACKS_EVERY)
    if alerts.digest is not None:
        digest = alerts.digest
        yield PeriodicTask("digest", lambda _: digest.plan(), at=digest.next_at)
    if alerts.settings.heartbeat_url is not None:
        url = alerts.settings.heartbeat_url.get_secret_value()
        yield PeriodicTask("ping", lambda _: _ping(url, pulse), every=PING_EVERY, lease=LEASE)


def web_tasks(alerts: Alerting, started_at: datetime) -> Iterator[PeriodicTask]:
    """What web does beside its requests, as no worker may be there. started_at: of this process."""
    teller = AddressTeller(alerts.settings, alerts.store, alerts.clock)

    def look(turn: Turn) -> None:
        alerts.watch.look_from_web(started_at)
        if alerts.watch.is_no_worker_there(started_at):
            alerts.sender.send_waiting(turn.go_on)

    yield PeriodicTask("address", lambda _: teller.tell(), every=TELL_EVERY, in_each_worker=True)
    yield PeriodicTask("alerts_web", look, every=WEB_LOOKS_EVERY, lease=LEASE)
    yield PeriodicTask(
        "refused_hooks",
        lambda _: flush_refused(alerts.store),
        every=FLUSH_EVERY,
        in_each_worker=True,
    )


def web_runner(alerts: Alerting, owner: str) -> PeriodicRunner:
    """Return what does these tasks in a web process. owner: a name of this process."""
    clock = alerts.clock
    leases = TaskLeases(alerts.store, f"web:{owner}")
    processes = WebProcesses(alerts.store)
    sign = PeriodicTask(
        "sign_of_life",
        lambda _: processes.beat(owner, clock()),
        every=SIGN_EVERY,
        in_each_worker=True,
    )
    return PeriodicRunner(leases, [*web_tasks(alerts, clock()), sign], clock=clock)


def flush_refused(session: Session) -> None:
    """Store how many hooks this process refused. Raise StoreUnavailable; nothing is lost by that."""
    counts = REFUSED_HOOKS.take()
    try:
        RefusedHooks(session).add(counts)
    except BaseException:
        REFUSED_HOOKS.put_back(counts)
        raise


def _look(alerts: Alerting, turn: Turn) -> None:
    alerts.watch.look()
    alerts.sender.send_waiting(turn.go_on)


def _ping(url: str, pulse: Pulse, ask: Callable[[str], None] = ping) -> None:
    if trouble := pulse.trouble:
        log.error("HEARTBEAT_URL is not pinged: this worker is not well", reason=trouble)
        return
    ask(url)
