"""Is a call that comes late written once, also where our own records of it were lost?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.domain.call import CallState
from adapter.errors import NotSupported, TemporaryError
from adapter.operations.replay import replay_calls
from adapter.storage.task_leases import TaskLeases
from adapter.targets.base import FoundJob, FoundOnRecord, NoTrace, WriteOutcome, WriteState
from tests.support.actors import TESTER
from tests.support.clock import Clock
from tests.support.environment import LINE
from tests.support.hooks import CALL, status_hook
from tests.support.world import LINES, FakeTarget, World

MINUTE = timedelta(minutes=1)
UNSEEN = NotSupported("no write logs: Propexo answered 403", status=403)
DOWN = TemporaryError("Propexo answered 503", status=503)
NOW_AND_THEN = [timedelta(minutes=6), timedelta(days=3)]


def ended(world: World, ago: timedelta, **more: str) -> datetime:
    """Hear now of a missed call that ended so long ago; when it ended."""
    at = world.clock() - ago
    world.hook({**status_hook("no-answer"), "Timestamp": format_datetime(at), **more})
    return at


def restarted(world: World, engine: sa.Engine) -> World:
    """Another worker, which begins now; Propexo is as it was."""
    return World(engine, world.clock, target=world.target)


def began_long_ago(world: World, ago: timedelta = timedelta(days=30)) -> None:
    now = world.clock() - ago
    TaskLeases(world.store, "worker").plan({"prune": now}, now)


# First heard of late ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ago", NOW_AND_THEN)
def test_a_call_first_heard_of_late_is_not_written_twice(world: World, ago: timedelta) -> None:
    world.target.earlier = [FoundJob("job_before")]
    at = ended(world, ago)
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.job_id, call.event_id) == (CallState.WRITTEN, "job_before", "event_1")
    assert (call.person_id, call.confirmed_at is not None) == ("lead_anna", True)
    assert world.target.posts == []
    assert world.target.earlier_looks == [(at, True)], "since its end, wherever it can be seen"
    story = [
        f"{a.step}: {a.asked} {a.answer} {a.next}" for a in world.store.attempts.of_call(call.key)
    ]
    assert any("yes, job job_before not asked again" in line for line in story)


def test_one_that_is_seen_on_the_persons_record_alone_is_written(world: World) -> None:
    world.target.earlier = [FoundOnRecord()]
    ended(world, 6 * MINUTE)
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert world.target.posts == []


def test_one_that_nobody_wrote_is_written_after_one_look(world: World) -> None:
    ended(world, 6 * MINUTE)
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert (len(world.target.posts), world.target.asked["find_unrecorded"]) == (1, 1)


@pytest.mark.parametrize("ago", [4 * MINUTE, timedelta(seconds=2)])
def test_a_call_that_ended_before_the_worker_began_is_looked_for_in_the_logs_only(
    world: World, ago: timedelta
) -> None:
    """A backup may have been restored in between; where nothing can be seen it is written."""
    at = ended(world, ago)
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert (len(world.target.posts), world.target.earlier_looks) == (1, [(at, False)])


@pytest.mark.parametrize("ago", [timedelta(0), -MINUTE])
def test_a_call_in_time_costs_no_look(world: World, ago: timedelta) -> None:
    ended(world, ago)
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert world.target.asked["find_unrecorded"] == 0


def test_a_hook_without_a_time_is_taken_to_come_at_the_end(world: World) -> None:
    world.hook(status_hook("no-answer"))
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert world.target.asked["find_unrecorded"] == 0


def test_while_it_cannot_be_looked_for_nothing_is_written(world: World) -> None:
    world.target.earlier = [DOWN, DOWN, FoundJob("job_before")]
    ended(world, 6 * MINUTE)
    world.finish()
    assert world.call(CALL).job_id == "job_before"
    assert world.target.posts == []


def test_a_write_that_failed_then_may_be_tried_again(world: World) -> None:
    world.target.earlier = [FoundJob("job_before")]
    world.target.confirmations = [WriteOutcome(WriteState.FAILED, "timed out", may_retry=True)]
    ended(world, 6 * MINUTE)
    world.finish()
    assert (world.call(CALL).state, world.call(CALL).retries) == (CallState.WRITTEN, 1)
    assert world.target.posts == []


# Where nothing can be seen --------------------------------------------------------------------------------


def test_where_nothing_can_be_seen_it_is_held_until_a_person_has_looked(world: World) -> None:
    began_long_ago(world)
    world.target.earlier = [UNSEEN] * 9
    ended(world, 6 * MINUTE)
    world.finish()
    call = world.call(CALL)
    assert (call.state, world.target.posts) == (CallState.HELD, [])
    for words in ("403", "adapter ignore CALL", "adapter replay CALL --again"):
        assert words in (call.reason or "")
    list(replay_calls(world.store, [call], again=False, by=TESTER))
    world.finish()
    assert (world.call(CALL).state, world.target.posts) == (CallState.HELD, [])
    list(replay_calls(world.store, [world.call(CALL)], again=True, by=TESTER))
    world.finish()
    assert (world.call(CALL).state, len(world.target.posts)) == (CallState.WRITTEN, 1)


@pytest.mark.parametrize("begun", [None, timedelta(0), timedelta(hours=1)])
def test_calls_of_before_the_adapter_began_are_written_also_where_nothing_can_be_seen(
    world: World, begun: timedelta | None
) -> None:
    """The first `adapter reconcile --since 30d`, with a key that may not see the write logs."""
    if begun is not None:
        began_long_ago(world, begun)
    world.target.earlier = [UNSEEN]
    ended(world, timedelta(days=3))
    world.finish()
    assert (world.call(CALL).state, len(world.target.posts)) == (CallState.WRITTEN, 1)


# First tried late -----------------------------------------------------------------------------------------


def test_a_call_that_was_due_before_this_worker_began_is_not_written_twice(
    world: World, engine: sa.Engine
) -> None:
    """As it stands in a backup: heard of in time, and not written yet."""
    began_long_ago(world)
    ended(world, timedelta(0))
    world.clock.advance(3600)
    after = restarted(world, engine)
    world.target.earlier = [
        DOWN,
        FoundJob("job_before"),
    ]  # the second look is in time, and has to know
    after.finish()
    assert after.call(CALL).job_id == "job_before"
    assert world.target.posts == []
    assert [thorough for _, thorough in world.target.earlier_looks] == [True, True]


def test_where_nothing_can_be_seen_of_it_it_is_held(world: World, engine: sa.Engine) -> None:
    began_long_ago(world)
    world.hook(status_hook("no-answer"))
    world.clock.advance(3600)
    after = restarted(world, engine)
    world.target.earlier = [DOWN, UNSEEN]
    after.finish()
    assert (after.call(CALL).state, world.target.posts) == (CallState.HELD, [])


def test_a_short_stop_of_the_worker_costs_a_look_and_holds_nothing(
    world: World, engine: sa.Engine
) -> None:
    world.target.earlier = [UNSEEN]
    ended(world, timedelta(0))
    world.clock.advance(240)
    after = restarted(world, engine)
    after.finish()
    assert after.call(CALL).state is CallState.WRITTEN
    assert [thorough for _, thorough in world.target.earlier_looks] == [False]


def test_what_waited_while_the_worker_ran_is_looked_for_and_never_held(world: World) -> None:
    """An outage of Propexo, a long queue: the logs are looked at, and where there are none it is written."""
    began_long_ago(world)
    world.target.lookups = [DOWN] * 9
    world.target.earlier = [UNSEEN]
    ended(world, timedelta(0))
    world.finish()
    assert (world.call(CALL).state, len(world.target.posts)) == (CallState.WRITTEN, 1)
    assert [thorough for _, thorough in world.target.earlier_looks] == [False]


def test_a_held_call_that_was_assigned_before_the_backup_was_restored_is_not_written_twice(
    world: World,
) -> None:
    ended(world, timedelta(0), From="+16175550199")
    world.finish()
    assert world.call(CALL).state is CallState.HELD
    world.clock.advance(86_400)
    with world.store.begin() as connection:
        values: dict[str, Any] = {"assigned_kind": "lead", "assigned_id": "lead_anna"}
        values |= {"run": 2, "due_at": world.clock(), "state": CallState.OPEN}
        world.store.calls.update(connection, world.call(CALL).key, **values)
    world.target.earlier = [FoundJob("job_before")]
    world.finish()
    assert world.call(CALL).job_id == "job_before"
    assert world.target.posts == []


def test_replay_again_writes_a_second_event_as_it_says(world: World) -> None:
    ended(world, 6 * MINUTE)
    world.finish()
    world.target.earlier = [FoundJob("job_1")]
    list(replay_calls(world.store, [world.call(CALL)], again=True, by=TESTER))
    world.finish()
    assert (world.call(CALL).state, len(world.target.posts)) == (CallState.WRITTEN, 2)


def test_a_retry_that_the_backup_does_not_know_of_is_not_asked_for_twice(
    world: World, engine: sa.Engine
) -> None:
    ended(world, timedelta(0))
    world.run_next()  # posted as job_1
    world.clock.advance(3600)
    after = restarted(world, engine)
    failed = WriteOutcome(WriteState.FAILED, "timed out", may_retry=True)
    world.target.confirmations = [failed]
    world.target.traces = [FoundJob("job_retry")]
    after.finish()
    assert (after.call(CALL).state, after.call(CALL).job_id) == (CallState.WRITTEN, "job_retry")
    assert world.target.asked["retry"] == 0


# Leads ------------------------------------------------------------------------------------------------------


@pytest.fixture
def strangers(engine: sa.Engine, clock: Clock) -> Iterator[World]:
    lines = LINES.replace(f'[lines."{LINE}"]', f'[lines."{LINE}"]\nunknown_caller = "create_lead"')
    yield World(engine, clock, lines=lines, target=FakeTarget(people=()))


def test_a_lead_that_was_asked_for_before_is_not_made_twice(strangers: World) -> None:
    strangers.target.earlier = [FoundJob("lead_job"), NoTrace()]
    made = WriteOutcome(WriteState.WRITTEN, record_id="lead_new")
    strangers.target.confirmations = [made]
    ended(strangers, 6 * MINUTE)
    strangers.finish()
    call = strangers.call(CALL)
    assert (call.state, call.person_id) == (CallState.WRITTEN, "lead_new")
    assert [post.path for post in strangers.target.posts] == ["/events/lead"]


def test_a_lead_of_a_late_call_that_nobody_asked_for_is_made(strangers: World) -> None:
    strangers.target.confirmations = [WriteOutcome(WriteState.WRITTEN, record_id="lead_new")]
    ended(strangers, 6 * MINUTE)
    strangers.finish()
    assert [post.path for post in strangers.target.posts] == ["/leads", "/events/lead"]


def test_where_nothing_can_be_seen_of_a_lead_the_call_is_held(strangers: World) -> None:
    began_long_ago(strangers)
    strangers.target.earlier = [UNSEEN]
    ended(strangers, 6 * MINUTE)
    strangers.finish()
    assert (strangers.call(CALL).state, strangers.target.posts) == (CallState.HELD, [])
