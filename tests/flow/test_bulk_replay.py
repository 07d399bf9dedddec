"""Are all calls that match delivered again, each once, and is it said before how many, and what is skipped?"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.domain.call import CallState
from adapter.domain.call_filter import CallFilter, Search
from adapter.errors import CountChanged, StoreUnavailable
from adapter.operations.bulk_replay import DECIDED_MEANWHILE, BulkReplaying, BulkReplayTask
from adapter.operations.decisions import ignore
from adapter.storage.bulk_replays import BulkState
from adapter.storage.erasure import Erasure
from adapter.storage.retention import Keep, Retention
from adapter.storage.schema import bulk_replays
from tests.support.actors import DANA, ERIC
from tests.support.clock import Clock
from tests.support.environment import LINE
from tests.support.hooks import status_hook
from tests.support.rows import add, record
from tests.support.world import PEOPLE, FakeTarget, World

STRANGER = "+16175550177"
HELD = CallFilter(state=CallState.HELD)


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    """Nobody is known yet."""
    return World(engine, clock, target=FakeTarget(people=()))


@pytest.fixture
def replaying(world: World) -> BulkReplaying:
    return BulkReplaying(world.store, world.clock)


def hold(world: World, count: int, caller: str = STRANGER) -> list[str]:
    sids = [f"CA{caller[-4:]}{number}" for number in range(count)]
    for sid in sids:
        world.hook(status_hook("no-answer", CallSid=sid, From=caller))
        world.clock.now += timedelta(seconds=1)
    world.finish()
    assert {world.call(sid).state for sid in sids} == {CallState.HELD}
    return sids


def do_all(world: World, replaying: BulkReplaying, limit: int = 3) -> None:
    for _ in range(100):
        if not replaying.work(world.intake, limit):
            return
    raise AssertionError("it never ends")


def test_what_would_be_done_is_said_first(world: World, replaying: BulkReplaying) -> None:
    for state in CallState:
        add(world.store, record(f"CA{state}", f"CA{state}"), state=state)
    forgotten = record("CA9", "CA9").model_copy(update={"is_forgotten": True})
    add(world.store, forgotten, state="ignored", cause="forgotten")
    everything = replaying.preview(CallFilter())
    assert (everything.matching, everything.planned) == (8, 3), "legs are no calls"
    assert everything.skipped == {
        "written already; it would stand there twice": 2,
        "still under way by itself": 2,
        "forgotten on request": 1,
    }
    assert replaying.preview(CallFilter(state=CallState.FAILED)).planned == 1


@pytest.mark.parametrize("expected", [0, 2, 4])
def test_if_more_or_fewer_match_nothing_is_begun(
    world: World, replaying: BulkReplaying, expected: int
) -> None:
    hold(world, 3)
    with pytest.raises(CountChanged) as caught:
        replaying.begin(HELD, expected=expected, by=DANA)
    assert (caught.value.expected, caught.value.actual) == (expected, 3)
    assert replaying.rows.newest() == []
    assert replaying.work(world.intake, 10) is False


def test_every_call_that_matches_is_delivered_again_once(
    world: World, replaying: BulkReplaying
) -> None:
    sids = hold(world, 7)
    others = hold(world, 2, "+16175550178")
    wanted = CallFilter(search=Search(numbers=frozenset({STRANGER})))
    bulk_id = replaying.begin(wanted, expected=7, by=DANA)
    before = {sid: world.call(sid).run for sid in sids + others}
    world.target.people = PEOPLE
    do_all(world, replaying)
    bulk = replaying.rows.get(bulk_id)
    assert bulk is not None
    assert (bulk.state, bulk.planned, bulk.skipped, bulk.who) == (BulkState.DONE, 7, {}, "dana")
    after = {sid: world.call(sid).run - before[sid] for sid in sids + others}
    assert after == dict.fromkeys(sids, 1) | dict.fromkeys(others, 0)
    for sid in sids:
        (decision,) = world.store.decisions.of_call(world.call(sid).key)
        assert (decision.who, decision.what) == ("dana", "to be delivered again")


def test_calls_that_came_later_are_not_touched(world: World, replaying: BulkReplaying) -> None:
    hold(world, 2)
    bulk_id = replaying.begin(HELD, expected=2, by=DANA)
    world.clock.now += timedelta(minutes=1)
    (late,) = hold(world, 1, "+16175550178")
    do_all(world, replaying)
    assert world.call(late).state is CallState.HELD
    bulk = replaying.rows.get(bulk_id)
    assert bulk is not None and bulk.planned == 2


def test_what_somebody_decided_meanwhile_is_left_alone(
    world: World, replaying: BulkReplaying
) -> None:
    sids = hold(world, 3)
    bulk_id = replaying.begin(CallFilter(), expected=3, by=DANA)
    ignore(world.store, world.call(sids[0]), by=ERIC)
    do_all(world, replaying, limit=1)
    bulk = replaying.rows.get(bulk_id)
    assert bulk is not None and (bulk.planned, bulk.skipped) == (2, {DECIDED_MEANWHILE: 1})
    assert world.call(sids[0]).state is CallState.IGNORED


def test_it_can_be_stopped_and_says_who_did(world: World, replaying: BulkReplaying) -> None:
    hold(world, 5)
    bulk_id = replaying.begin(HELD, expected=5, by=DANA)
    assert replaying.work(world.intake, 2)
    assert replaying.stop(bulk_id, by=ERIC)
    assert not replaying.work(world.intake, 2)
    bulk = replaying.rows.get(bulk_id)
    assert bulk is not None
    assert (bulk.state, bulk.stopped_by, bulk.planned) == (BulkState.STOPPED, "eric", 2)
    states = Counter(call.state for call in world.store.calls.search())
    assert states == {CallState.HELD: 3, CallState.OPEN: 2}
    assert not replaying.stop(bulk_id, by=DANA), "it has ended"


def test_a_piece_that_breaks_off_is_done_again_as_a_whole(
    world: World, replaying: BulkReplaying
) -> None:
    """As a worker that is killed in the middle leaves it."""
    sids = hold(world, 4)
    replaying.begin(HELD, expected=4, by=DANA)
    before = {sid: world.call(sid).run for sid in sids}
    real, left = world.store.decisions.add, [2]

    def breaks(*args: Any, **kwargs: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StoreUnavailable("gone")
        real(*args, **kwargs)

    vars(world.store.decisions)["add"] = breaks
    with pytest.raises(StoreUnavailable):
        replaying.work(world.intake, 10)
    assert {sid: world.call(sid).run for sid in sids} == before
    vars(world.store.decisions)["add"] = real
    do_all(world, replaying)
    assert {world.call(sid).run - before[sid] for sid in sids} == {1}


def test_of_two_workers_at_it_each_call_is_one_s(world: World, replaying: BulkReplaying) -> None:
    """As after a lease that ran out: both believe that it is their turn."""
    sids = hold(world, 12)
    replaying.begin(HELD, expected=12, by=DANA)
    before = {sid: world.call(sid).run for sid in sids}

    def work() -> None:
        while replaying.work(world.intake, 2):
            pass

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(work), pool.submit(work)]:
            future.result(60)
    assert {world.call(sid).run - before[sid] for sid in sids} == {1}
    (bulk,) = replaying.rows.newest()
    assert (bulk.state, bulk.planned) == (BulkState.DONE, 12)


def test_parked_hooks_are_read_again(world: World, replaying: BulkReplaying) -> None:
    for number in range(3):
        world.hook(status_hook("exploded", CallSid=f"CA{number}"))
    parked = replaying.preview_parked().matching
    assert parked == 3
    bulk_id = replaying.begin_parked(expected=parked, by=DANA)
    do_all(world, replaying)
    bulk = replaying.rows.get(bulk_id)
    assert bulk is not None and bulk.state is BulkState.DONE
    assert bulk.skipped == {"still cannot be read": parked}
    with pytest.raises(CountChanged):
        replaying.begin_parked(expected=parked + 1, by=DANA)


def test_new_calls_need_not_wait_for_old_ones(world: World, replaying: BulkReplaying) -> None:
    """Where Propexo's rate is limited, only a few calls are planned at a time."""
    sids = hold(world, 8)
    task = BulkReplayTask(replaying, world.intake, seconds_apart=0.6)
    assert task.every == timedelta(seconds=2)
    replaying.begin(HELD, expected=8, by=DANA)
    assert task.work() is False
    assert sum(world.call(sid).state is CallState.OPEN for sid in sids) == 3
    slow = BulkReplayTask(replaying, world.intake, seconds_apart=6.0)
    assert slow.every == timedelta(seconds=6)
    slow.work()
    assert sum(world.call(sid).state is CallState.OPEN for sid in sids) == 4
    assert BulkReplayTask(replaying, world.intake, seconds_apart=0).work() is True


# What is kept ---------------------------------------------------------------------------------------------


def filters(world: World) -> str:
    with world.store.begin() as connection:
        return str(connection.execute(sa.select(bulk_replays.c.filter)).scalar_one())


SEARCH = CallFilter(
    lines=frozenset({LINE}),
    search=Search(numbers=frozenset({STRANGER}), words=("anna",), ending="0177"),
)


def test_what_was_searched_for_is_kept_only_as_long_as_it_goes_on(
    world: World, replaying: BulkReplaying
) -> None:
    hold(world, 1)
    replaying.begin(SEARCH, expected=1, by=DANA)
    assert STRANGER in filters(world)
    do_all(world, replaying)
    kept = json.loads(filters(world))
    assert kept["search"] is None and kept["lines"] == [LINE]


def test_a_stopped_one_keeps_no_search_either(world: World, replaying: BulkReplaying) -> None:
    hold(world, 1)
    replaying.stop(replaying.begin(SEARCH, expected=1, by=DANA), by=DANA)
    assert json.loads(filters(world))["search"] is None


def test_forget_takes_the_number_out_of_one_that_goes_on(
    world: World, replaying: BulkReplaying
) -> None:
    hold(world, 2)
    replaying.begin(CallFilter(search=Search(numbers=frozenset({STRANGER}))), expected=2, by=DANA)
    Erasure(world.store, STRANGER).run(world.clock())
    assert STRANGER not in filters(world) and "6175550177" not in filters(world)
    do_all(world, replaying)
    assert replaying.rows.newest()[0].state is BulkState.DONE


def test_old_ones_go_and_those_that_go_on_stay(world: World, replaying: BulkReplaying) -> None:
    hold(world, 1)
    first = replaying.begin(HELD, expected=1, by=DANA)
    replaying.stop(first, by=DANA)
    second = replaying.begin(HELD, expected=1, by=DANA)
    Retention(world.store, Keep(attempt_days=90)).prune(world.clock() + timedelta(days=91))
    assert [bulk.id for bulk in replaying.rows.newest()] == [second]
