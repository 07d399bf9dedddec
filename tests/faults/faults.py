"""Which faults are there? Each breaks the world while calls come in, and ends when it is mended.

A mended fault may leave work behind (a dead worker's runs); nothing may be lost or written twice by it.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from adapter.storage.workers import DEAD_AFTER
from adapter.targets.propexo.client import READ_SECONDS
from tests.faults import traffic
from tests.faults.audit import unfinished
from tests.faults.world import Child, World, wait_until
from tests.support.pgbouncer import transaction_pooler
from tests.support.slow_clients import ATTACKS, SlowClients
from tests.support.waiting import free_port

Act = Callable[[World, random.Random], None]


@dataclass(frozen=True)
class Fault:
    """promise: what holds although this happens. Errors of act: NotReached if it could not happen."""

    name: str
    promise: str
    act: Act


class NotReached(Exception):
    """The chosen point was never come to, so nothing was shown."""


class NotKept(Exception):
    """While the fault was there, something was not as promised that the balance does not show."""


FAULTS: dict[str, Fault] = {}
ON_SQLITE = ("disk full",)
ON_POSTGRES = (
    "restart postgres",
    "crash postgres",
    "postgres away",
    "cut connections",
    "frozen postgres",
    "stop worker while frozen",
    "pooler",
    "restored backup",
)
# Seconds; so that nobody waits for 5 minutes.
LATE_AFTER = 3.0


def _fault(promise: str) -> Callable[[Act], Act]:
    def keep(act: Act) -> Act:
        name = act.__name__.replace("_", " ")
        FAULTS[name] = Fault(name, promise, act)
        return act

    return keep


# Processes ----------------------------------------------------------------------------------------


@_fault("kill -9 of a whole web server at a random moment")
def kill_web(world: World, dice: random.Random) -> None:
    time.sleep(dice.uniform(0, 1))
    dice.choice(world.webs).kill()
    time.sleep(dice.uniform(0.2, 1.5))  # the router still sends hooks there
    world.replace_dead()


@_fault("kill -9 of one process of a web server; its parent starts another")
def kill_web_process(world: World, dice: random.Random) -> None:
    time.sleep(dice.uniform(0, 1))
    web = dice.choice(world.webs)
    for pid in web.members():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    time.sleep(1)


@_fault("kill -9 of web before the hook's transaction is committed")
def kill_web_before_commit(world: World, dice: random.Random) -> None:
    _kill_at(world, "before_commit")


@_fault("kill -9 of web after the commit and before the answer")
def kill_web_after_commit(world: World, dice: random.Random) -> None:
    _kill_at(world, "after_commit")


@_fault("kill -9 of a worker at a random moment; another is started")
def kill_worker(world: World, dice: random.Random) -> None:
    time.sleep(dice.uniform(0, 1))
    dice.choice(world.workers).kill()
    time.sleep(dice.uniform(0.2, 1.5))
    world.replace_dead()


@_fault("kill -9 of a worker that never returns; the other takes its work over")
def lose_worker(world: World, dice: random.Random) -> None:
    time.sleep(dice.uniform(0, 1))
    worker = dice.choice(world.workers)
    worker.kill()
    world.workers.remove(worker)
    time.sleep(dead_after(world) * 1.5)


@_fault("kill -9 of a worker amid the transaction that queues due calls")
def kill_worker_amid_dispatch(world: World, dice: random.Random) -> None:
    _kill_at(world, "amid_dispatch")


@_fault("kill -9 of a worker after it queued due calls")
def kill_worker_after_dispatch(world: World, dice: random.Random) -> None:
    _kill_at(world, "after_dispatch")


@_fault("kill -9 of a worker after it began a call's run")
def kill_worker_after_claim(world: World, dice: random.Random) -> None:
    _kill_at(world, "after_claim")


@_fault("kill -9 of a worker after the intent to post was noted and before the post")
def kill_worker_before_post(world: World, dice: random.Random) -> None:
    _kill_at(world, "before_post")


@_fault("kill -9 of a worker after the post and before the commit")
def kill_worker_after_post(world: World, dice: random.Random) -> None:
    _kill_at(world, "after_post")


@_fault("kill -9 of a worker after a step and before what comes next is committed")
def kill_worker_before_note(world: World, dice: random.Random) -> None:
    _kill_at(world, "before_note")


@_fault("kill -9 of a worker after a run was committed and before the queue knows of its end")
def kill_worker_after_note(world: World, dice: random.Random) -> None:
    _kill_at(world, "after_note")


@_fault("a deploy: new web and worker beside the old ones, which get SIGTERM")
def deploy(world: World, dice: random.Random) -> None:
    world.deploy(world.database_url, dice.uniform(0.5, 2))


@_fault("a worker is frozen (SIGSTOP) until others think that it is dead, and goes on")
def freeze_worker(world: World, dice: random.Random) -> None:
    time.sleep(dice.uniform(0, 1))
    worker = dice.choice(world.workers)
    worker.signal(signal.SIGSTOP)
    _thaw_later(world, [worker])


@_fault(
    "a worker is frozen after it began a call's run, until others think that it is dead, and goes on"
)
def freeze_worker_after_claim(world: World, dice: random.Random) -> None:
    if not world.arm("freeze_after_claim"):
        raise NotReached("after_claim")
    _thaw_later(world, list(world.workers))


@_fault("500 slow clients of every kind hold connections to each web server")
def slow_clients(world: World, dice: random.Random) -> None:
    """Of the hooks that are sent meanwhile, most have to be answered at the first try."""
    assert world.senders is not None
    answered = []
    with ExitStack() as attacks:
        for web in world.webs:
            attacks.enter_context(SlowClients(web.port, 500, list(ATTACKS)))
        until = time.monotonic() + dice.uniform(8, 12)
        while time.monotonic() < until:
            answered.append(world.senders.is_answered_at_once(traffic.ignored_hook()))
            time.sleep(0.2)
    if answered.count(True) <= len(answered) / 2:
        raise NotKept(f"{answered.count(False)} of {len(answered)} hooks were not answered")


# Database -----------------------------------------------------------------------------------------


@_fault("PostgreSQL is stopped and started")
def restart_postgres(world: World, dice: random.Random) -> None:
    _stop_postgres(world, "fast", dice.uniform(1, 3))


@_fault("PostgreSQL crashes and recovers")
def crash_postgres(world: World, dice: random.Random) -> None:
    _stop_postgres(world, "immediate", dice.uniform(1, 3))


@_fault(
    "PostgreSQL is away, amid many runs, for longer than it takes to think that a worker is dead"
)
def postgres_away(world: World, dice: random.Random) -> None:
    world.inject([{"kind": "slow", "times": None, "seconds": 1.0, "path": "/v1/"}])
    time.sleep(dice.uniform(1, 2))
    _stop_postgres(world, "immediate", dead_after(world) * 1.4)
    time.sleep(3)
    world.inject([])


@_fault("PostgreSQL freezes: it takes connections and answers nothing; later it goes on")
def frozen_postgres(world: World, dice: random.Random) -> None:
    assert world.cluster is not None
    world.cluster.freeze()
    try:
        time.sleep(dead_after(world) * dice.uniform(0.5, 1.5))
    finally:
        world.cluster.thaw()


@_fault("a worker is told to stop while PostgreSQL is frozen, and ends in time all the same")
def stop_worker_while_frozen(world: World, dice: random.Random) -> None:
    assert world.cluster is not None
    worker = dice.choice(world.workers)
    world.cluster.freeze()
    try:
        time.sleep(dice.uniform(0, 1))
        worker.process.terminate()
        worker.process.wait(30)
    finally:
        world.cluster.thaw()
    world.replace_dead()


@_fault("all connections to PostgreSQL are cut, again and again")
def cut_connections(world: World, dice: random.Random) -> None:
    assert world.cluster is not None
    for _ in range(6):
        time.sleep(dice.uniform(0.1, 0.8))
        with psycopg.connect(world.cluster.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND backend_type = 'client backend'"
            )


@_fault(
    "a deploy puts PgBouncer in transaction mode before PostgreSQL; it ends and starts; a deploy ends it"
)
def pooler(world: World, dice: random.Random) -> None:
    assert world.cluster is not None
    direct, port = world.database_url, free_port()
    with transaction_pooler(direct, sessions=6, at_port=port) as pooled:
        world.deploy(pooled, 0)
        is_used = _await_a_write(world)
        time.sleep(dice.uniform(1, 3))
    time.sleep(dice.uniform(0.5, 2))
    with transaction_pooler(direct, sessions=6, at_port=port):
        is_used |= _await_a_write(world)
        time.sleep(dice.uniform(1, 3))
        world.deploy(direct, 0)
    if not is_used:
        raise NotReached("a write by way of the pooler")


@_fault(
    "a backup is restored, without the calls that were written since; their hooks come again, late"
)
def restored_backup(world: World, dice: random.Random) -> None:
    assert world.cluster is not None and world.senders is not None
    backed_up_at = time.time()
    world.cluster.back_up("dump")
    is_written = _await_a_write(world)
    time.sleep(dice.uniform(0, 2))
    world.stop_in_order([*world.webs, *world.workers])
    world.cluster.restore("dump")
    world.call_late_after(LATE_AFTER)
    # What was due or had ended before the stop is late when they start: also what settled meanwhile.
    time.sleep(LATE_AFTER * 2)
    world.heal_processes()
    again = world.senders.send_again(backed_up_at)
    # What the backup knew of is under way too, and has to be at its end before nothing is late any more.
    promised = [call for call in world.senders.calls if call.acknowledged_at]
    is_at_end = wait_until(lambda: not unfinished(world, promised), 60, every=0.5)
    if not (is_written and again and is_at_end):
        raise NotReached("a call that was written since the backup, and comes again")


@_fault("the disk of SQLite is full, and has room again later")
def disk_full(world: World, dice: random.Random) -> None:
    assert world.disk is not None, "this fault is about SQLite"
    world.disk.fill(world.pids())
    time.sleep(dice.uniform(4, 6))
    world.disk.empty(world.pids())


# Clock --------------------------------------------------------------------------------------------


@_fault("the clock jumps ahead, and later back")
def clock_ahead(world: World, dice: random.Random) -> None:
    _jump(world, dice, dice.uniform(8, 15))


@_fault("the clock jumps back, and later ahead")
def clock_back(world: World, dice: random.Random) -> None:
    _jump(world, dice, -dice.uniform(5, 10))


@_fault("the clock jumps ahead while posts break off after they were accepted")
def clock_ahead_in_doubt(world: World, dice: random.Random) -> None:
    world.inject([_on_posts("reset_after", rate=0.5)])
    _jump(world, dice, dice.uniform(8, 15))
    world.inject([])


# Propexo ------------------------------------------------------------------------------------------


@_fault("Propexo answers 500, 502 and 503, before and after it accepted")
def server_errors(world: World, dice: random.Random) -> None:
    kinds = [
        _on_posts("status", status=500, rate=0.2),
        _on_posts("status_after", status=502, rate=0.3),
        {"kind": "status", "times": None, "status": 503, "rate": 0.15, "path": "/v1/"},
    ]
    _misbehave(world, kinds, 5)


@_fault("connections to Propexo break, before and after it accepted")
def resets(world: World, dice: random.Random) -> None:
    kinds = [
        _on_posts("reset_before", rate=0.25),
        _on_posts("reset_after", rate=0.4),
        {"kind": "reset_before", "times": None, "rate": 0.1, "path": "/v1/"},
    ]
    _misbehave(world, kinds, 5)


@_fault("Propexo does not answer in time, before and after it accepted")
def timeouts(world: World, dice: random.Random) -> None:
    seconds = READ_SECONDS / world.haste + 1
    kinds = [
        _on_posts("timeout_before", rate=0.25, times=8, seconds=seconds),
        _on_posts("timeout_after", rate=0.4, times=12, seconds=seconds),
    ]
    _misbehave(world, kinds, 5)


@_fault("Propexo accepts a post up to 1.5 s after we stopped waiting for its answer")
def late_acceptance(world: World, dice: random.Random) -> None:
    seconds = READ_SECONDS / world.haste
    kinds = [
        _on_posts("slow", rate=0.2, times=4, seconds=seconds + late) for late in (0.5, 1.0, 1.5)
    ]
    _misbehave(world, kinds, 5)


@_fault("Propexo answers 429, with and without Retry-After")
def too_many_requests(world: World, dice: random.Random) -> None:
    kinds: list[dict[str, Any]] = [
        _on_posts("status", status=429, retry_after="2", rate=0.3),
        {"kind": "status", "times": None, "status": 429, "rate": 0.2, "path": "/v1/"},
    ]
    _misbehave(world, kinds, 5)


@_fault("Propexo is slow")
def slow_answers(world: World, dice: random.Random) -> None:
    kinds: list[dict[str, Any]] = [
        {"kind": "slow", "times": None, "seconds": 1.5, "rate": 0.4, "path": "/v1/"}
    ]
    _misbehave(world, kinds, 6)


@_fault("the PMS refuses writes that Propexo had accepted, some of them after a broken connection")
def failing_writes(world: World, dice: random.Random) -> None:
    kinds = [
        _on_posts("write_fails", rate=0.3, times=20),
        _on_posts("reset_after", rate=0.3, times=20),
    ]
    _misbehave(world, kinds, 5)


@_fault("a worker is killed after its post while posts break off and the database goes away")
def everything_at_once(world: World, dice: random.Random) -> None:
    world.inject([_on_posts("reset_after", rate=0.3), _on_posts("status", status=500, rate=0.2)])
    _kill_at(world, "after_post")
    if world.cluster is not None:
        _stop_postgres(world, "immediate", dice.uniform(1, 4))
    _kill_at(world, "after_post")
    world.inject([])


# --------------------------------------------------------------------------------------------------


def dead_after(world: World) -> float:
    """After how many seconds of silence a worker is thought to be dead."""
    return DEAD_AFTER.total_seconds() / world.haste


def _await_a_write(world: World) -> bool:
    """Whether the sandbox accepts one more event, before long."""
    since = datetime.now(UTC)

    def is_written() -> bool:
        events = world.control("events")["events"]
        return any(datetime.fromisoformat(each["accepted_at"]) > since for each in events)

    return wait_until(is_written, 20)


def _kill_at(world: World, point: str) -> None:
    if not world.arm(point):
        raise NotReached(point)
    time.sleep(0.5)
    world.replace_dead()


def _thaw_later(world: World, workers: list[Child]) -> None:
    # So long, and a heartbeat more, until the other one looks; then it begins what this one had.
    time.sleep(dead_after(world) * 1.4 + 2)
    for worker in workers:
        worker.signal(signal.SIGCONT)


def _stop_postgres(world: World, mode: str, seconds: float) -> None:
    assert world.cluster is not None, "this fault is about PostgreSQL"
    world.cluster.stop(mode)
    time.sleep(seconds)
    world.cluster.start()


def _jump(world: World, dice: random.Random, seconds: float) -> None:
    for wrong_by in (seconds, 0):
        time.sleep(dice.uniform(0.5, 2))
        world.set_clock(wrong_by)
    time.sleep(1)


def _on_posts(kind: str, *, rate: float, times: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "rate": rate,
        "times": times,
        "method": "POST",
        "path": "/v1/events/",
        **more,
    }


def _misbehave(world: World, faults: list[dict[str, Any]], seconds: float) -> None:
    """For so long; longer where nothing was asked meanwhile, as after a fault that stopped all posts."""

    def has_happened() -> bool:
        used: Mapping[str, Any] = world.control("faults")
        return any(each["used"] for each in used["faults"])

    world.inject(faults)
    time.sleep(seconds)
    is_reached = wait_until(has_happened, 60)
    world.inject([])
    if not is_reached:
        raise NotReached(faults[0]["kind"])
