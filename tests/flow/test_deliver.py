"""Does one due call become one event, whatever goes wrong on its way?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.delivery.result import RunResult
from adapter.delivery.run import Delivery
from adapter.domain.call import Call, CallState
from adapter.domain.call_event import WriteRequest
from adapter.domain.lines import Line
from adapter.domain.matching import Person
from adapter.domain.record import Leg, LegDirection, LegStatus
from adapter.errors import (
    LocalRateLimit,
    NotSupported,
    PermanentError,
    TemporaryError,
)
from adapter.net.send_deadline import is_too_late_to_send
from adapter.operations.replay import replay_calls
from adapter.storage.schema import breakers
from adapter.targets.base import FoundJob, FoundOnRecord, NoTrace, WriteOutcome, WriteState
from tests.support.actors import TESTER
from tests.support.clock import Clock
from tests.support.environment import LINE, NOW
from tests.support.hooks import (
    CALL,
    CALLER,
    CHILD,
    answered_hooks,
    dial_hook,
    recording_hook,
    status_hook,
)
from tests.support.world import PEOPLE, FakeReader, FakeTarget, World

DAY = timedelta(hours=24).total_seconds()
DOUBTFUL = TemporaryError("Propexo did not answer in time", in_doubt=True)
DOWN = TemporaryError("Propexo answered 503", status=503)


class Crash(BaseException):
    """The process dies here."""


def take(world: World, *hooks: dict[str, str]) -> None:
    for params in hooks:
        world.hook(params)


def missed(world: World) -> None:
    """A call that is due at once."""
    take(world, status_hook("no-answer"))


# All well -------------------------------------------------------------------------------------------


def test_a_missed_call_is_written_and_confirmed_at_once(world: World) -> None:
    missed(world)
    world.pass_time(2)
    call = world.call(CALL)
    assert (call.state, call.person_id, call.job_id) == (CallState.WRITTEN, "lead_anna", "job_1")
    assert call.event_id == "event_1"
    assert call.confirmed_at is not None
    assert len(world.target.posts) == 1


def test_a_post_is_too_late_once_this_process_was_frozen_after_noting_it(engine: sa.Engine) -> None:
    """The client looks at that last of all: another process may take the run for abandoned by now."""
    clock = Clock()
    late: list[bool] = []

    class Frozen(FakeTarget):
        def post(self, request: WriteRequest) -> str:
            for seconds in (0.0, 4.9, 0.2):
                clock.advance(seconds)
                late.append(is_too_late_to_send())
            return super().post(request)

    world = World(engine, clock, target=Frozen())
    missed(world)
    world.finish()
    assert late == [False, False, True]
    assert not is_too_late_to_send()


def test_the_attempts_tell_of_the_post_and_its_answer(world: World) -> None:
    missed(world)
    world.finish()
    (post,) = [
        a for a in world.store.attempts.of_call(f"{world.call(CALL).key}") if a.step == "post"
    ]
    assert (post.status, post.answer, post.in_doubt) == (200, "accepted as job job_1", False)
    assert post.finished_at is not None


# Looking up -----------------------------------------------------------------------------------------


def test_while_propexo_is_down_a_call_waits_and_is_written_once_it_is_back(world: World) -> None:
    world.target.lookups = [DOWN] * 5
    missed(world)
    world.run_next()
    call = world.call(CALL)
    assert (call.state, call.tries) == (CallState.DELIVERING, 1)
    assert call.reason == "Propexo answered 503"
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert world.call(CALL).tries == 0
    assert len(world.target.posts) == 1


def test_a_call_is_given_up_only_after_a_day_of_trying(world: World) -> None:
    world.target.lookups = [DOWN] * 1000
    missed(world)
    begun = world.clock()
    world.finish()
    call = world.call(CALL)
    assert call.state is CallState.FAILED
    assert call.reason is not None
    assert "given up after a day" in call.reason
    assert DAY <= (world.clock() - begun).total_seconds() <= DAY + 3600
    assert 90 <= world.target.asked["find_people"] <= 200, "about every quarter of an hour"
    assert world.target.posts == []


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (PermanentError("Propexo answered 400: no such thing", status=400), CallState.FAILED),
        (NotSupported("this PMS takes no call events", status=405), CallState.HELD),
    ],
)
def test_a_permanent_error_ends_the_delivery_in_the_apis_own_words(
    world: World, error: Exception, state: CallState
) -> None:
    world.target.lookups = [error]
    missed(world)
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.reason) == (state, str(error))
    assert world.target.posts == []


def test_what_cannot_be_prepared_is_held_and_not_posted(world: World) -> None:
    world.target.refusals = [NotSupported("this PMS takes no call events of residents")]
    missed(world)
    world.finish()
    assert world.call(CALL).state is CallState.HELD
    assert world.target.posts == []


def test_nobody_found_is_held_with_the_reason(world: World) -> None:
    take(world, status_hook("no-answer", From="+16175550199"))
    world.finish()
    call = world.call(CALL)
    assert call.state is CallState.HELD
    assert call.reason is not None
    assert "nobody with this number" in call.reason


def test_waiting_for_the_rate_limit_is_no_failed_try(world: World) -> None:
    world.target.lookups = [LocalRateLimit("spent", retry_after_seconds=30)] * 3
    missed(world)
    world.run_next()
    begun = world.clock()
    call = world.call(CALL)
    assert (call.tries, call.tried_since) == (0, None)
    assert call.due_at == begun + timedelta(seconds=30)
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN


def test_the_rate_limit_may_make_a_call_wait_for_more_than_a_day(world: World) -> None:
    world.target.lookups = [LocalRateLimit("spent", retry_after_seconds=3600)] * 30
    missed(world)
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN


# Posting ----------------------------------------------------------------------------------------------


def test_a_post_that_surely_did_not_get_through_is_simply_made_again(world: World) -> None:
    world.target.answers = [DOWN, TemporaryError("no connection")]
    missed(world)
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert world.target.asked["find_earlier"] == 0
    assert len(world.target.posts) == 3


def test_a_hook_that_comes_while_its_person_is_looked_for_is_in_the_event(
    engine: sa.Engine, clock: Clock
) -> None:
    """What the run had read before would be false, and not every PMS takes a correction."""
    left = dial_hook("canceled", bridged=False, parent="completed")

    class Slow(FakeTarget):
        def find_people(self, number: str, line: Line) -> Sequence[Person]:
            if not self.asked["find_people"]:
                world.hook(left)
            return super().find_people(number, line)

    world = World(engine, clock, target=Slow())
    world.hook(status_hook("completed", 40))
    world.pass_time(30)
    assert [post.body["outcome"] for post in world.target.posts] == ["abandoned"]
    assert world.target.asked["find_people"] == 2


def test_a_call_that_fails_is_logged_as_an_error(
    world: World, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    world.target.answers = [PermanentError("PMS says no", status=400)]
    missed(world)
    logged()
    world.finish()
    assert [line["level"] for line in logged() if line["event"] == "failed"] == ["error"]


def test_a_refused_post_fails_and_is_never_made_again(world: World) -> None:
    world.target.answers = [PermanentError("Propexo answered 400: notes: too long", status=400)]
    missed(world)
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.reason) == (
        CallState.FAILED,
        "Propexo answered 400: notes: too long",
    )
    assert len(world.target.posts) == 1


def test_after_a_doubtful_post_a_trace_in_the_logs_is_as_good_as_an_answer(world: World) -> None:
    world.target.answers = [DOUBTFUL]
    world.target.traces = [FoundJob("job_7")]
    missed(world)
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.job_id) == (CallState.WRITTEN, "job_7")
    assert len(world.target.posts) == 1
    assert world.target.asked["confirm"] == 1


def test_a_trace_that_shows_up_late_is_found_before_anything_is_posted_again(world: World) -> None:
    world.target.answers = [DOUBTFUL]
    world.target.traces = [NoTrace(), NoTrace(), NoTrace(), FoundJob("job_7")]
    missed(world)
    world.finish()
    assert world.call(CALL).job_id == "job_7"
    assert len(world.target.posts) == 1


def test_an_event_seen_on_the_person_without_a_job_is_written(world: World) -> None:
    world.target.answers = [DOUBTFUL]
    world.target.traces = [FoundOnRecord()]
    missed(world)
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.reason) == (CallState.WRITTEN, "found on the person's record")
    assert len(world.target.posts) == 1
    assert world.target.asked["confirm"] == 0


def test_without_a_trace_it_is_posted_again_but_not_before_a_write_would_be_visible(
    world: World,
) -> None:
    world.target.answers = [DOUBTFUL]
    missed(world)
    world.pass_time(59)
    assert len(world.target.posts) == 1
    assert world.target.asked["find_earlier"] >= 3
    world.finish()
    assert len(world.target.posts) == 2
    assert world.call(CALL).state is CallState.WRITTEN


def test_while_its_trace_cannot_be_looked_for_nothing_is_posted_again(world: World) -> None:
    world.target.answers = [DOUBTFUL]
    world.target.traces = [DOWN] * 8 + [FoundJob("job_7")]
    missed(world)
    world.finish()
    assert world.call(CALL).job_id == "job_7"
    assert len(world.target.posts) == 1


def test_where_no_trace_could_be_seen_a_person_decides(world: World) -> None:
    """The write logs are not offered: neither is it posted blindly, nor does it fail for want of logs."""
    world.target.answers = [DOUBTFUL]
    world.target.traces = [NotSupported("Propexo answered 404: no such endpoint", status=404)] * 99
    missed(world)
    world.finish()
    call = world.call(CALL)
    assert call.state is CallState.HELD
    assert "may have got through, and that cannot be seen" in (call.reason or "")
    assert len(world.target.posts) == 1
    assert 3 <= world.target.asked["find_earlier"] <= 9, "it may be on the person's record soon"

    list(replay_calls(world.store, [call], again=False, by=TESTER))
    world.finish()
    assert world.call(CALL).state is CallState.HELD
    assert len(world.target.posts) == 1
    list(replay_calls(world.store, [world.call(CALL)], again=True, by=TESTER))
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN, "the operator looked, and it was not there"
    assert len(world.target.posts) == 2


def test_every_doubtful_post_is_looked_for_anew(world: World) -> None:
    world.target.answers = [DOUBTFUL, DOUBTFUL]
    missed(world)
    world.pass_time(90)
    assert len(world.target.posts) == 2
    world.target.traces = [FoundJob("job_8")]
    world.finish()
    assert world.call(CALL).job_id == "job_8"
    assert len(world.target.posts) == 2


def test_a_crash_between_post_and_commit_makes_one_event(world: World) -> None:
    world.target.answers = [Crash()]
    missed(world)
    key, number = world.queue_next()
    with pytest.raises(Crash):
        world.delivery.run(key, number)
    world.target.traces = [FoundJob("job_1")]
    world.delivery.run(key, number)  # another worker begins the same run again
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert len(world.target.posts) == 1


def test_a_crash_before_the_post_got_out_makes_one_event(world: World) -> None:
    world.target.answers = [Crash()]
    missed(world)
    key, number = world.queue_next()
    with pytest.raises(Crash):
        world.delivery.run(key, number)
    world.target.posts.clear()  # what the fake was asked before the crash never reached Propexo
    world.delivery.run(key, number)
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert len(world.target.posts) == 1


def test_a_worker_that_was_stuck_while_another_took_over_posts_nothing(world: World) -> None:
    """It hangs in the lookup for so long that its run is begun again elsewhere, and then wakes up."""
    missed(world)
    key, number = world.queue_next()
    real: Any = world.target.find_people

    def stuck(*args: Any) -> Any:
        vars(world.target)["find_people"] = real
        world.delivery.run(key, number)
        return real(*args)

    vars(world.target)["find_people"] = stuck
    world.delivery.run(key, number)
    world.finish()
    assert len(world.target.posts) == 1
    assert world.call(CALL).state is CallState.WRITTEN


def test_a_worker_that_wakes_up_while_another_posts_leaves_no_mark(world: World) -> None:
    """The other one has noted its intent, and waits for the answer."""
    missed(world)
    key, number = world.queue_next()
    looks_up, posts, may_post = threading.Event(), threading.Event(), threading.Event()
    find, post = world.target.find_people, world.target.post
    first = threading.current_thread()

    def find_people(*args: Any) -> Any:
        if threading.current_thread() is first:
            looks_up.set()
            assert posts.wait(10)
            return [replace(person, name="Another Name") for person in find(*args)]
        return find(*args)

    def slow_post(*args: Any) -> Any:
        posts.set()
        assert may_post.wait(10)
        return post(*args)

    def run_elsewhere() -> None:
        assert looks_up.wait(10)
        world.delivery.run(key, number)

    vars(world.target).update(find_people=find_people, post=slow_post)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(run_elsewhere)
        world.delivery.run(key, number)
        stuck = world.call(CALL)
        may_post.set()
        other.result(10)
    assert stuck.reason == "another run of this call is at it"
    assert stuck.person_name != "Another Name", "what it was about to note is undone"
    world.finish()
    assert len(world.target.posts) == 1
    assert world.call(CALL).state is CallState.WRITTEN


# Confirming -------------------------------------------------------------------------------------------


def test_a_pending_write_is_asked_for_with_growing_waits(world: World) -> None:
    world.target.confirmations = [WriteOutcome(WriteState.PENDING)] * 6
    missed(world)
    world.pass_time(0.5)
    asked_at = []
    while world.next_due() is not None:
        world.run_next()
        asked_at.append(world.clock())
    waits = [(b - a).total_seconds() for a, b in pairwise(asked_at)]
    assert waits == sorted(waits)
    assert waits[-1] >= 60
    assert world.call(CALL).state is CallState.WRITTEN
    assert len(world.target.posts) == 1


def test_a_write_that_stays_pending_for_a_day_is_left_as_posted_with_the_reason(
    world: World,
) -> None:
    world.target.confirmations = [WriteOutcome(WriteState.PENDING)] * 1000
    missed(world)
    world.finish()
    call = world.call(CALL)
    assert call.state is CallState.POSTED
    assert call.reason == "accepted, but the PMS has not confirmed it in a day"
    assert world.target.asked["confirm"] < 60


def test_a_write_that_the_pms_refused_fails_in_its_words(world: World) -> None:
    world.target.confirmations = [WriteOutcome(WriteState.FAILED, "lead is archived")]
    missed(world)
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.reason) == (CallState.FAILED, "the PMS refused it: lead is archived")
    assert len(world.target.posts) == 1


def test_a_spent_budget_does_not_count_as_an_answer_of_the_pms(world: World) -> None:
    """Else a PMS that is down would never be left alone by those who wait for the rate limit, too."""
    spent = LocalRateLimit("spent", retry_after_seconds=1)
    world.target.answers = [DOWN, DOWN, spent, DOWN]
    missed(world)
    for _ in range(4):
        world.run_next()
    with world.store.begin() as connection:
        assert connection.execute(sa.select(breakers.c.failures)).scalar_one() == 3


TIMED_OUT = WriteOutcome(WriteState.FAILED, "timed out", may_retry=True)


def test_a_retry_that_may_have_got_through_is_looked_for_before_another(world: World) -> None:
    world.target.confirmations = [TIMED_OUT] * 4
    world.target.retries = [DOUBTFUL]
    world.target.traces = [NoTrace(), NoTrace(), FoundJob("job_2")]
    missed(world)
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.job_id, call.retries) == (CallState.WRITTEN, "job_2", 1)
    assert world.target.asked["retry"] == 1
    assert len(world.target.posts) == 1


def test_a_crash_after_a_retry_and_before_its_commit_makes_no_second_one(world: World) -> None:
    world.target.confirmations = [TIMED_OUT] * 3
    world.target.retries = [Crash()]
    world.target.traces = [NoTrace(), FoundJob("job_2")]
    missed(world)
    world.run_next()
    key, run = world.queue_next()
    with pytest.raises(Crash):
        world.delivery.run(key, run)
    world.delivery.run(key, run)  # another worker begins the same run again
    world.finish()
    assert world.call(CALL).job_id == "job_2"
    assert world.target.asked["retry"] == 1


def test_a_retry_without_a_trace_is_asked_for_again(world: World) -> None:
    world.target.confirmations = [TIMED_OUT] * 9
    world.target.retries = [DOUBTFUL]
    missed(world)
    world.pass_time(50)
    assert world.target.asked["retry"] == 1
    world.pass_time(20)
    assert world.target.asked["retry"] == 2
    assert world.call(CALL).retries == 1, "what left no trace was none"


def test_a_job_that_was_tried_again_by_somebody_else_is_followed(world: World) -> None:
    world.target.confirmations = [TIMED_OUT]
    world.target.retries = [PermanentError("Propexo answered 400: not failed", status=400)]
    world.target.traces = [FoundJob("job_5")]
    missed(world)
    world.finish()
    assert (world.call(CALL).state, world.call(CALL).job_id) == (CallState.WRITTEN, "job_5")


def test_a_write_that_cannot_be_tried_again_fails_and_says_why(world: World) -> None:
    world.target.confirmations = [TIMED_OUT]
    world.target.retries = [PermanentError("Propexo answered 400: no retries here", status=400)]
    missed(world)
    world.finish()
    call = world.call(CALL)
    assert call.state is CallState.FAILED
    assert "timed out; not tried again: Propexo answered 400: no retries here" in (
        call.reason or ""
    )


def test_a_write_in_part_is_written_and_says_so(world: World) -> None:
    world.target.confirmations = [WriteOutcome(WriteState.PARTLY, "no agent", "event_9")]
    missed(world)
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.reason) == (CallState.WRITTEN, "written in part: no agent")


def test_while_confirming_fails_the_call_stays_posted_and_is_asked_for_again(world: World) -> None:
    world.target.confirmations = [DOWN, DOWN, LocalRateLimit("spent", retry_after_seconds=5)]
    missed(world)
    world.pass_time(3)
    assert world.call(CALL).state is CallState.POSTED
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert len(world.target.posts) == 1


# After the fact -----------------------------------------------------------------------------------------


def test_a_late_recording_is_added_to_a_delivered_call(world: World) -> None:
    take(world, *answered_hooks())
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    take(world, recording_hook(40))
    world.finish()
    (amended,) = world.target.amendments
    assert amended[0] == "event_1"
    assert amended[1].body["has_recording"] is True
    assert len(world.target.posts) == 1
    assert world.call(CALL).record.recordings


def test_a_correction_of_the_outcome_corrects_the_event_and_makes_no_second_one(
    world: World,
) -> None:
    take(world, status_hook("completed", 30))
    world.finish()
    assert world.target.posts[0].body["assumed"] is True
    take(world, dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.outcome) == (CallState.WRITTEN, "no_answer")
    assert [a[1].body["outcome"] for a in world.target.amendments] == ["no_answer"]
    assert len(world.target.posts) == 1
    assert call.reason is not None
    assert call.reason == (
        "the event in the PMS says: answered (it was no answer), 30 s of talk (it was 0 s); "
        "it was corrected"
    )


def test_a_correction_that_comes_while_the_write_is_confirmed_is_made_after_it(
    world: World,
) -> None:
    world.target.confirmations = [WriteOutcome(WriteState.PENDING)] * 2
    take(world, status_hook("completed", 30))
    world.pass_time(12)
    assert world.call(CALL).state is CallState.POSTED
    take(world, dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.finish()
    assert [a[1].body["outcome"] for a in world.target.amendments] == ["no_answer"]
    assert len(world.target.posts) == 1


def test_where_events_cannot_be_corrected_the_reason_says_so_and_nothing_is_posted(
    world: World,
) -> None:
    world.target.no_amending = NotSupported("this PMS cannot update events", status=405)
    take(world, status_hook("completed", 30))
    world.finish()
    take(world, dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.finish()
    call = world.call(CALL)
    assert call.state is CallState.WRITTEN
    assert call.reason is not None
    assert "answered (it was no answer)" in call.reason
    assert "it cannot be corrected there" in call.reason
    assert len(world.target.posts) == 1


def test_a_pms_that_takes_no_corrections_is_not_asked_for_one(world: World) -> None:
    """Whoever asks is told what stands wrong there."""
    world.target.is_correctable = False
    take(world, status_hook("completed", 30))
    world.finish()
    world.target.asked.clear()
    take(world, dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.finish()
    call = world.call(CALL)
    assert world.target.asked.keys() <= {"prepare"}
    assert call.state is CallState.WRITTEN
    assert call.reason == (
        "the event in the PMS says: answered (it was no answer), 30 s of talk (it was 0 s); "
        "this PMS takes no corrections"
    )


def test_a_time_that_turns_out_to_be_another_one_is_corrected(world: World) -> None:
    """The result of a dial tells how long they talked, and no more of when the call began."""
    take(world, answered_hooks(600)[0])
    world.finish()
    begun = world.target.posts[0].body["started_at"]
    assert begun == (NOW - timedelta(seconds=600)).isoformat()
    take(world, status_hook("completed", 660, Timestamp="Mon, 02 Mar 2026 15:00:00 +0000"))
    world.finish()
    (amended,) = world.target.amendments
    assert amended[1].body["started_at"] == (NOW - timedelta(seconds=660)).isoformat()
    assert "begun at 2026-03-02 14:50:00 UTC (it was 2026-03-02 14:49:00 UTC)" in (
        world.call(CALL).reason or ""
    )


def test_an_event_that_cannot_be_seen_yet_is_corrected_when_it_can(world: World) -> None:
    world.target.confirmations = [WriteOutcome(WriteState.WRITTEN, record_id=None)]
    take(world, status_hook("completed", 30))
    world.finish()
    world.target.events = [None, None, "event_5"]
    take(world, dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.finish()
    assert [a[0] for a in world.target.amendments] == ["event_5"]


def test_an_event_that_is_never_seen_is_looked_for_a_day_and_no_longer(world: World) -> None:
    world.target.confirmations = [WriteOutcome(WriteState.WRITTEN, record_id=None)]
    take(world, status_hook("completed", 30))
    world.finish()
    take(world, dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.finish()
    call = world.call(CALL)
    assert call.state is CallState.WRITTEN
    assert call.reason is not None
    assert "was not found to correct it" in call.reason
    assert world.target.amendments == []
    assert len(world.target.posts) == 1


def test_a_correction_waits_while_propexo_is_down_and_leaves_the_call_written(
    world: World,
) -> None:
    take(world, status_hook("completed", 30))
    world.finish()
    world.target.events = [DOWN, DOWN]
    take(world, dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.run_next()
    assert world.call(CALL).state is CallState.WRITTEN
    world.finish()
    assert len(world.target.amendments) == 1
    assert len(world.target.posts) == 1


def test_a_hook_that_changes_nothing_written_amends_nothing(world: World) -> None:
    take(world, *answered_hooks())
    world.finish()
    take(world, *answered_hooks())
    world.finish()
    take(world, status_hook("completed", 50, CallerName="ALVAREZ  A"))
    world.finish()
    assert world.target.amendments == []
    assert len(world.target.posts) == 1


def test_a_held_call_is_written_when_later_facts_explain_it(world: World) -> None:
    take(world, status_hook("no-answer", From=""))
    world.finish()
    assert world.call(CALL).state is CallState.HELD
    take(world, status_hook("no-answer"))
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert len(world.target.posts) == 1


def test_what_a_run_read_by_itself_is_no_reason_to_look_at_a_held_call_again(
    reading: World, reader: FakeReader
) -> None:
    reader.call = leg(LegStatus.NO_ANSWER, started_at=NOW - timedelta(seconds=20))
    reading.target.people = ()
    take(reading, status_hook("no-answer"))
    first = reading.run_next()
    call = reading.call(CALL)
    assert (call.state, call.record.parent.started_at) == (CallState.HELD, reader.call.started_at)
    assert (first[1], reading.next_due()) == (1, None)


def test_what_a_hook_told_after_the_run_read_is_a_reason_to_look_at_it_again(
    engine: sa.Engine, clock: Clock, reader: FakeReader
) -> None:
    """It may answer what the call is held for."""

    class Target(FakeTarget):
        def find_people(self, number: str, line: Line) -> Sequence[Person]:
            if not self.asked["find_people"]:
                reading.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
            return super().find_people(number, line)

    reading = World(engine, clock, reader=reader, target=Target(lookups=[()]))
    reader.call = leg(LegStatus.NO_ANSWER, started_at=NOW - timedelta(seconds=20))
    take(reading, status_hook("no-answer"))
    reading.run_next()
    assert reading.call(CALL).state is CallState.HELD
    assert reading.next_due() == reading.clock()
    reading.finish()
    assert reading.call(CALL).state is CallState.WRITTEN


def test_an_ignored_call_is_written_when_later_facts_show_a_person(world: World) -> None:
    """A browser phone's call seemed to be with nobody; its dialled leg is told late."""
    take(world, status_hook("completed", 50, From="client:lee", To=""))
    world.finish()
    assert world.call(CALL).state is CallState.IGNORED
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial"}
    take(world, status_hook("completed", 42, From=LINE, To=CALLER, **child))
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert [p.body["talk_seconds"] for p in world.target.posts] == [42]


def test_an_ignored_call_is_written_where_a_person_became_known_amid_its_run(world: World) -> None:
    take(world, status_hook("completed", 50, From="client:lee", To=""))
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial"}
    dialled = status_hook("completed", 42, From=LINE, To=CALLER, **child)

    def amid(call: Call) -> RunResult:
        ended = world.steps.advance(call)
        world.hook(dialled)
        return ended

    key, number = world.queue_next()
    Delivery(store=world.store, advance=amid, clock=world.clock).run(key, number)
    assert world.call(CALL).state is CallState.IGNORED
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert [p.body["talk_seconds"] for p in world.target.posts] == [42]


# The provider's API --------------------------------------------------------------------------------------


def leg(status: LegStatus, seconds: int = 0, **more: Any) -> Leg:
    kept: dict[str, Any] = {
        "id": CALL,
        "direction": LegDirection.INBOUND,
        "from_number": CALLER,
        "to_number": LINE,
        "status": status,
        "duration_seconds": seconds,
    }
    return Leg(**{**kept, **more})


def child(status: LegStatus, seconds: int = 0) -> Leg:
    more = {"id": CHILD, "parent_id": CALL, "direction": LegDirection.DIALLED}
    return leg(status, seconds, **more, to_number="+16175550151")


def test_a_call_that_still_goes_on_is_looked_at_again_later(
    reading: World, reader: FakeReader
) -> None:
    reader.call = leg(LegStatus.IN_PROGRESS)
    take(reading, status_hook("in-progress"))
    reading.run_next()  # after four hours
    call = reading.call(CALL)
    assert (call.state, call.reason) == (CallState.OPEN, "the call is still going on")
    assert reading.target.posts == []
    reader.call = leg(LegStatus.NO_ANSWER)
    reading.finish()
    assert reading.call(CALL).state is CallState.WRITTEN
    assert len(reading.target.posts) == 1


def test_a_call_that_still_goes_on_is_written_soon_after_its_end_is_told(
    reading: World, reader: FakeReader
) -> None:
    reader.call = leg(LegStatus.IN_PROGRESS)
    take(reading, status_hook("in-progress"))
    reading.run_next()
    take(reading, *answered_hooks())
    reading.pass_time(15)
    assert reading.call(CALL).state is CallState.WRITTEN


def test_without_an_end_and_without_the_api_a_call_is_held(world: World) -> None:
    take(world, status_hook("ringing"))
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.reason) == (
        CallState.HELD,
        "the provider never reported how the call ended",
    )


def test_a_leg_whose_parent_only_the_api_knows_is_folded_into_its_call(
    reading: World, reader: FakeReader
) -> None:
    stray = {"CallSid": CHILD, "AccountSid": status_hook("ringing")["AccountSid"]}
    take(reading, {**stray, "AnsweredBy": "human", "MachineDetectionDuration": "900"})
    reader.call = child(LegStatus.COMPLETED, 33)
    reading.run_next()
    assert reading.call(CHILD).state is CallState.FOLDED
    reader.call = leg(LegStatus.COMPLETED, 40)
    reader.children = [child(LegStatus.COMPLETED, 33)]
    reading.finish()
    assert [p.body["talk_seconds"] for p in reading.target.posts] == [33]
    assert reading.call(CALL).state is CallState.WRITTEN


def test_a_busy_api_delays_only_this_call_and_a_quarter_of_an_hour_at_most(
    reading: World, reader: FakeReader
) -> None:
    reader.errors = [TemporaryError("Twilio's API answered 429", status=429)] * 1000
    take(reading, status_hook("completed", 30))
    began = format_datetime(reading.clock() - timedelta(seconds=20))
    take(reading, status_hook("ringing", CallSid="CA" + "9" * 32, Timestamp=began))
    take(reading, status_hook("busy", CallSid="CA" + "9" * 32))
    reading.pass_time(1)
    assert reading.call("CA" + "9" * 32).state is CallState.WRITTEN
    assert reading.call(CALL).state is CallState.OPEN
    reading.pass_time(3600)
    assert reading.call(CALL).state is CallState.WRITTEN
    assert reading.target.posts[-1].body["assumed"] is True


def test_an_api_that_is_behind_the_hooks_is_asked_again_for_a_minute(
    reading: World, reader: FakeReader
) -> None:
    reader.call = leg(LegStatus.COMPLETED, 40)
    reader.children = [child(LegStatus.IN_PROGRESS)]
    take(reading, status_hook("completed", 40))
    reading.pass_time(20)
    assert reading.target.posts == []
    reader.children = [child(LegStatus.COMPLETED, 31)]
    reading.finish()
    assert [p.body["talk_seconds"] for p in reading.target.posts] == [31]


def test_an_api_that_never_catches_up_does_not_hold_the_call_for_ever(
    reading: World, reader: FakeReader
) -> None:
    """A call lasts four hours at the most."""
    reader.call = leg(LegStatus.COMPLETED, 40)
    reader.children = [child(LegStatus.IN_PROGRESS)]
    take(reading, status_hook("completed", 40))
    reading.pass_time(3600)
    assert reading.call(CALL).state is CallState.OPEN
    reading.pass_time(4 * 3600)
    assert reading.call(CALL).state is CallState.WRITTEN
    assert len(reading.target.posts) == 1


def test_without_credentials_nothing_is_read(reading: World, reader: FakeReader) -> None:
    reader.has_credentials = False
    take(reading, status_hook("completed", 40))
    reading.finish()
    assert reader.reads == []
    assert reading.call(CALL).state is CallState.WRITTEN


# Lines ---------------------------------------------------------------------------------------------------


def test_a_call_on_no_line_of_ours_is_held(world: World, clock: Clock) -> None:
    other = World(
        world.store.engine,
        clock,
        lines=f'[lines."{LINE}"]\nintegration_id = "int_entrata"\n',
        target=FakeTarget(people=PEOPLE),
    )
    other.hook(status_hook("no-answer", To="+16175550177"))
    other.finish()
    call = other.call(CALL)
    assert call.state is CallState.HELD
    assert call.reason is not None
    assert "lines.toml" in call.reason
    assert other.target.asked["find_people"] == 0
