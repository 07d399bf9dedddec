"""Is it kept who decided, and is the second of two who decide at once told who was first?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from adapter.domain.actor import Actor
from adapter.domain.call import Call, CallState
from adapter.errors import CountChanged, DecidedMeanwhile
from adapter.operations import decisions
from adapter.operations.replay import WILL_BE, replay_call, replay_calls
from adapter.storage.retention import Keep, Retention
from tests.support.actors import DANA, ERIC
from tests.support.clock import Clock
from tests.support.environment import NOW
from tests.support.hooks import status_hook
from tests.support.world import LEAD, LINES, OTHER_LINE, World

CALL = "CA1"
STRANGER = "+16175550177"
Decide = Callable[[World, Call, Actor], object]


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    """One held call of a stranger."""
    made = World(engine, clock)
    hold(made, CALL)
    return made


def hold(world: World, sid: str) -> None:
    world.hook(status_hook("no-answer", CallSid=sid, From=STRANGER))
    world.finish()
    assert world.call(sid).state is CallState.HELD


def assign(world: World, call: Call, by: Actor) -> object:
    target: Any = SimpleNamespace(api=world.target, label="the target")
    return decisions.assign(
        world.store,
        call,
        kind=LEAD,
        person_id="lead_anna",
        target=target,
        lines=world.rules.lines,
        by=by,
    )


def create_lead(world: World, call: Call, by: Actor) -> None:
    decisions.create_lead(world.store, call, by=by)


def ignore(world: World, call: Call, by: Actor) -> None:
    decisions.ignore(world.store, call, by=by)


def replay(world: World, call: Call, by: Actor) -> object:
    return replay_call(world.store, call, again=False, by=by)


WAYS: dict[str, tuple[Decide, str]] = {
    "assign": (assign, "assigned to lead lead_anna"),
    "create lead": (create_lead, "a lead is to be made of the caller"),
    "ignore": (ignore, "not to be written"),
    "replay": (replay, "to be delivered again"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_decision_leaves_who_when_what_and_from_where(world: World, way: str) -> None:
    decide, what = WAYS[way]
    decide(world, world.call(CALL), DANA)
    (kept,) = world.store.decisions.of_call(world.call(CALL).key)
    assert (kept.who, kept.origin, kept.what) == ("dana", "192.0.2.7", what)
    assert kept.run == world.call(CALL).run


def test_ended_links_leave_a_decision_and_stop_nobody(world: World) -> None:
    call = world.call(CALL)
    assert decisions.revoke_link(world.store, call, by=DANA) == 1
    ignore(world, call, ERIC)
    subjects = [each.what for each in world.store.decisions.of_call(call.key)]
    assert subjects == ["all links to it that were given out are ended", "not to be written"]


@pytest.mark.parametrize("second", WAYS)
@pytest.mark.parametrize("first", WAYS)
def test_the_second_is_told_who_was_first_and_changes_nothing(
    world: World, first: str, second: str
) -> None:
    seen = world.call(CALL)
    WAYS[first][0](world, seen, DANA)
    after = world.call(CALL)
    with pytest.raises(DecidedMeanwhile, match="dana was first") as caught:
        WAYS[second][0](world, seen, ERIC)
    assert (caught.value.who, caught.value.what) == ("dana", WAYS[first][1])
    now = world.call(CALL)
    assert (now.run, now.state, now.assigned_kind) == (after.run, after.state, after.assigned_kind)
    assert len(world.store.decisions.of_call(seen.key)) == 1


def test_who_has_seen_the_first_decision_may_decide_otherwise(world: World) -> None:
    ignore(world, world.call(CALL), DANA)
    seen = world.call(CALL).run
    assert replay_call(world.store, world.call(CALL), again=False, by=ERIC, seen=seen) == WILL_BE
    assert [each.who for each in world.store.decisions.of_call(world.call(CALL).key)] == [
        "dana",
        "eric",
    ]


def test_who_does_not_say_what_they_saw_is_told_of_the_last_minute(world: World) -> None:
    """As programs do, and forms that lack the field: the call is read anew when the request arrives."""
    ignore(world, world.call(CALL), DANA)
    with pytest.raises(DecidedMeanwhile):
        assign(world, world.call(CALL), ERIC)
    assign(world, world.call(CALL), DANA)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        ignore(world, world.call(CALL), ERIC)
    names = [each.who for each in world.store.decisions.of_call(world.call(CALL).key)]
    assert names == ["dana", "dana", "eric"]


def test_ending_the_links_hides_no_decision(world: World) -> None:
    seen = world.call(CALL)
    ignore(world, seen, DANA)
    decisions.revoke_link(world.store, seen, by=DANA)
    with pytest.raises(DecidedMeanwhile):
        assign(world, seen, ERIC)


def test_a_run_of_the_worker_in_between_is_no_decision(world: World) -> None:
    seen = world.call(CALL)
    world.store.runs.wake_held({STRANGER}, since=NOW - timedelta(days=1), now=world.clock())
    world.finish()
    assert world.call(CALL).run > seen.run
    ignore(world, seen, DANA)
    assert world.call(CALL).state is CallState.IGNORED


def test_of_two_at_once_one_wins_and_one_event_is_written(world: World) -> None:
    """On both databases, in threads that begin together, many times."""
    sids = [f"CA{number}" for number in range(2, 22)]
    for sid in sids:
        hold(world, sid)
    together = threading.Barrier(2)

    def try_each(decide: Decide, by: Actor) -> dict[str, DecidedMeanwhile | None]:
        ends: dict[str, DecidedMeanwhile | None] = {}
        for sid in sids:
            seen = world.call(sid)
            together.wait(10)
            try:
                decide(world, seen, by)
                ends[sid] = None
            except DecidedMeanwhile as error:
                ends[sid] = error
            together.wait(10)
        return ends

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(try_each, assign, DANA), pool.submit(try_each, replay_again, ERIC)]
        dana, eric = (future.result(60) for future in futures)
    for sid in sids:
        loser = [error for error in (dana[sid], eric[sid]) if error is not None]
        assert len(loser) == 1, f"{sid}: exactly one is told that another was first"
        assert loser[0].who == ("dana" if eric[sid] else "eric")
        assert len(world.store.decisions.of_call(world.call(sid).key)) == 1
    world.finish()
    written = [sid for sid in sids if dana[sid] is None]
    assert len(world.target.posts) == len(written), "one event for each call that was assigned"


def replay_again(world: World, call: Call, by: Actor) -> object:
    return replay_call(world.store, call, again=True, by=by)


def test_a_second_event_is_asked_for_once_by_two(world: World) -> None:
    assign(world, world.call(CALL), DANA)
    world.finish()
    written = world.call(CALL)
    assert written.state is CallState.WRITTEN
    assert replay_again(world, written, DANA) == WILL_BE
    ((_, said),) = replay_calls(world.store, [written], again=True, by=ERIC)
    assert said.startswith("was not touched: dana was first")
    world.finish()
    assert len(world.target.posts) == 2, "what one of them asked for"


def test_decisions_stay_as_long_as_the_call(world: World) -> None:
    ignore(world, world.call(CALL), DANA)
    key = world.call(CALL).key
    long_after = world.clock() + timedelta(days=200)
    Retention(world.store, Keep(attempt_days=90)).prune(long_after)
    assert [each.who for each in world.store.decisions.of_call(key)] == ["dana"]
    Retention(world.store, Keep(call_days=100)).prune(long_after)
    assert world.store.decisions.of_call(key) == []


# Every held call from the same number ---------------------------------------------------------------


def alike(world: World, expected: int) -> decisions.Alike:
    lines = decisions.lines_alike(world.call(CALL), world.rules.lines)
    return decisions.Alike(lines, expected)


def test_a_decision_may_hold_for_every_held_call_from_the_number(world: World) -> None:
    """Not for calls of others, nor for those that are not held."""
    for sid in ("CA2", "CA3"):
        hold(world, sid)
    world.hook(status_hook("no-answer", CallSid="CA4", From="+16175550178"))
    world.finish()
    ignore(world, world.call("CA3"), ERIC)
    assert decisions.count_alike(world.store, world.call(CALL), world.rules.lines) == 2
    decisions.ignore(world.store, world.call(CALL), by=DANA, alike=alike(world, 2))
    ended = {sid: world.call(sid).state for sid in (CALL, "CA2", "CA3", "CA4")}
    assert ended == {
        CALL: CallState.IGNORED,
        "CA2": CallState.IGNORED,
        "CA3": CallState.IGNORED,
        "CA4": CallState.HELD,
    }
    who = {
        sid: [d.who for d in world.store.decisions.of_call(world.call(sid).key)] for sid in ended
    }
    assert who == {CALL: ["dana"], "CA2": ["dana"], "CA3": ["eric"], "CA4": []}


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_if_there_are_more_or_fewer_than_was_seen_nothing_is_done(
    world: World, expected: int
) -> None:
    hold(world, "CA2")
    with pytest.raises(CountChanged) as caught:
        decisions.ignore(world.store, world.call(CALL), by=DANA, alike=alike(world, expected))
    assert (caught.value.expected, caught.value.actual) == (expected, 2)
    assert {world.call(sid).state for sid in (CALL, "CA2")} == {CallState.HELD}
    assert world.store.decisions.of_call(world.call(CALL).key) == []


def test_calls_of_another_integration_are_not_written_on_these_people(
    engine: sa.Engine, clock: Clock
) -> None:
    elsewhere = '[lines."+16175550102"]\nintegration_id = "int_other"\n'
    world = World(engine, clock, lines=LINES + elsewhere)
    hold(world, CALL)
    world.hook(status_hook("no-answer", CallSid="CA2", From=STRANGER, To="+16175550102"))
    world.hook(status_hook("no-answer", CallSid="CA3", From=STRANGER, To=OTHER_LINE))
    world.finish()
    assert decisions.count_alike(world.store, world.call(CALL), world.rules.lines) == 2
    assert decisions.count_alike(world.store, world.call("CA2"), world.rules.lines) == 1


def test_callers_who_withheld_their_number_are_not_one(world: World) -> None:
    for sid in ("CA2", "CA3"):
        world.hook(status_hook("no-answer", CallSid=sid, From="anonymous"))
    world.finish()
    call = world.call("CA2")
    assert decisions.count_alike(world.store, call, world.rules.lines) == 0
    both = decisions.Alike(decisions.lines_alike(call, world.rules.lines), 2)
    with pytest.raises(CountChanged):
        decisions.ignore(world.store, call, by=DANA, alike=both)
    assert world.call("CA3").state is CallState.HELD
