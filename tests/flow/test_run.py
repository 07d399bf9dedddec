"""Does a run count once, note what it asked, and leave the next run planned in the same transaction?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from functools import partial

import pytest

from adapter.delivery.result import Finished, Reschedule, failed, held
from adapter.delivery.run import Delivery
from adapter.domain.call import Call, CallState
from adapter.domain.cause import Cause
from adapter.errors import StoreUnavailable, TemporaryError
from adapter.observability.exchanges import Exchange, record_exchange
from adapter.storage.store import Store
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT
from tests.support.hooks import CALL, dial_hook, recording_hook, status_hook
from tests.support.world import World

KEY = f"twilio:{ACCOUNT}:{CALL}"
Advance = Callable[[Call], "Finished | Reschedule"]


@pytest.fixture
def due(world: World) -> Store:
    """A store with one call whose run is queued."""
    world.hook(status_hook("no-answer"))
    assert world.queue_next() == (KEY, 1)
    return world.store


def deliver(store: Store, clock: Clock, advance: Advance, number: int = 1) -> Call:
    Delivery(store=store, advance=advance, clock=clock).run(KEY, number)
    return found(store)


def found(store: Store) -> Call:
    call = store.calls.get(KEY)
    assert call is not None
    return call


def never(call: Call) -> Finished | Reschedule:
    raise AssertionError("this run counts no more")


def asks(store: Store, clock: Clock, text: str, status: int = 200) -> None:
    record_exchange(Exchange(clock(), clock(), "lookup", f"GET /{text}", status, text))


def test_a_run_that_a_later_one_replaced_does_nothing(due: Store, clock: Clock) -> None:
    with due.begin() as connection:
        due.calls.update(connection, KEY, run=2)
    assert deliver(due, clock, never).state is CallState.OPEN


def test_a_call_that_ends_while_it_is_looked_at_does_not_wait_as_if_it_went_on(
    world: World, clock: Clock
) -> None:
    """The run read the record before the hook came. Its long wait is for a call that goes on."""
    world.hook(status_hook("in-progress"))
    assert world.queue_next() == (KEY, 1)

    def looks(call: Call) -> Reschedule:
        world.hook(status_hook("completed", Timestamp=format_datetime(clock())))
        return Reschedule(600.0, "the call is still going on", CallState.OPEN)

    call = deliver(world.store, clock, looks)
    assert (call.state, call.run) == (CallState.OPEN, 2)
    assert call.due_at is not None and call.due_at - clock() < timedelta(seconds=60)


def test_a_hook_amid_a_look_does_not_put_the_next_one_off(world: World, clock: Clock) -> None:
    world.hook(status_hook("in-progress"))
    assert world.queue_next() == (KEY, 1)

    def looks(call: Call) -> Reschedule:
        world.hook(status_hook("completed", Timestamp=format_datetime(clock())))
        return Reschedule(0.5, "the call is still going on", CallState.OPEN)

    call = deliver(world.store, clock, looks)
    assert call.due_at == clock() + timedelta(seconds=0.5)


def test_without_a_hook_the_wait_is_the_one_that_the_run_wants(world: World, clock: Clock) -> None:
    world.hook(status_hook("in-progress"))
    assert world.queue_next() == (KEY, 1)
    waits = Reschedule(600.0, "the call is still going on", CallState.OPEN)
    call = deliver(world.store, clock, lambda call: waits)
    assert call.due_at == clock() + timedelta(seconds=600)


def test_a_hook_amid_a_failed_post_does_not_shorten_the_wait(
    due: Store, world: World, clock: Clock
) -> None:
    """What is waited for then is the target, not more facts."""

    def fails(call: Call) -> Reschedule:
        world.hook(recording_hook(12))
        raise TemporaryError("503", retry_after_seconds=600.0)

    call = deliver(due, clock, fails)
    assert call.due_at is not None and call.due_at - clock() >= timedelta(seconds=600)


def test_a_run_of_a_folded_call_does_nothing(due: Store, clock: Clock) -> None:
    with due.begin() as connection:
        due.calls.update(connection, KEY, state=CallState.FOLDED)
    assert deliver(due, clock, never).state is CallState.FOLDED


def test_a_run_of_an_unknown_call_does_nothing(due: Store, clock: Clock) -> None:
    Delivery(store=due, advance=never, clock=clock).run("twilio:AC:CA", 1)


def test_while_it_runs_the_call_is_being_delivered(due: Store, clock: Clock) -> None:
    def advance(call: Call) -> Finished:
        assert found(due).state is CallState.DELIVERING
        return Finished(CallState.WRITTEN)

    assert deliver(due, clock, advance).state is CallState.WRITTEN


def test_a_done_call_is_planned_no_more(due: Store, clock: Clock) -> None:
    call = deliver(
        due, clock, lambda _: Finished(CallState.HELD, "nobody", {"because": "rule"}, Cause.OTHER)
    )
    assert (call.state, call.reason, call.because) == (CallState.HELD, "nobody", "rule")
    assert (call.due_at, call.tries, call.tried_since) == (None, 0, None)
    with due.begin() as connection:
        assert due.runs.take_due(connection, clock() + timedelta(days=9), 10) == []


def test_again_plans_the_next_run_after_its_delay(due: Store, clock: Clock) -> None:
    call = deliver(due, clock, lambda _: Reschedule(30, "later", CallState.POSTED))
    assert (call.state, call.run, call.tries) == (CallState.POSTED, 2, 0)
    assert call.due_at == clock() + timedelta(seconds=30)
    with due.begin() as connection:
        assert due.runs.take_due(connection, clock() + timedelta(seconds=29), 10) == []
        assert due.runs.take_due(connection, clock() + timedelta(seconds=30), 10) == [(KEY, 2)]


def test_failed_tries_are_counted_from_the_first_one(due: Store, clock: Clock) -> None:
    begun = clock()
    failing = Reschedule(5, "down", is_failed_attempt=True)
    deliver(due, clock, lambda _: failing)
    clock.advance(7)
    call = deliver(due, clock, lambda _: failing, number=2)
    assert (call.tries, call.tried_since, call.run) == (2, begun, 3)


def test_a_run_that_was_begun_twice_plans_one_next_run(due: Store, clock: Clock) -> None:
    deliver(due, clock, lambda _: Reschedule(5, "down", is_failed_attempt=True))
    call = deliver(due, clock, never)
    assert call.run == 2


def test_what_was_asked_is_kept_with_what_was_decided_after_it(due: Store, clock: Clock) -> None:
    def advance(call: Call) -> Finished:
        asks(due, clock, "leads")
        asks(due, clock, "residents", 404)
        return held(Cause.NOBODY_FOUND, "nobody found")

    deliver(due, clock, advance)
    told = [(a.asked, a.status, a.answer, a.next, a.in_doubt) for a in due.attempts.of_call(KEY)]
    assert told == [
        ("GET /leads", 200, "leads", None, False),
        ("GET /residents", 404, "residents", "nobody found", False),
    ]


def test_a_run_that_was_replaced_while_it_ran_keeps_what_it_asked_and_decides_nothing(
    due: Store, clock: Clock
) -> None:
    def advance(call: Call) -> Finished:
        asks(due, clock, "leads")
        with due.begin() as connection:
            due.calls.update(connection, KEY, run=5, reason="replaced")
        return failed(Cause.OTHER, "too late")

    call = deliver(due, clock, advance)
    assert (call.run, call.reason) == (5, "replaced")
    assert call.state is not CallState.FAILED
    assert len(due.attempts.of_call(KEY)) == 1


def test_facts_that_came_while_it_was_held_are_looked_at_in_a_run_of_their_own(
    world: World, due: Store, clock: Clock
) -> None:
    def advance(call: Call) -> Finished:
        world.hook(dial_hook("completed", 30, bridged=True, parent="in-progress"))
        return held(Cause.NO_NUMBER, "not told who called")

    call = deliver(due, clock, advance)
    assert (call.state, call.run, call.due_at) == (CallState.HELD, 2, clock())


def test_facts_that_came_while_it_was_posted_are_seen_by_the_next_run(
    world: World, due: Store, clock: Clock
) -> None:
    def advance(call: Call) -> Reschedule:
        world.hook(dial_hook("completed", 30, bridged=True, parent="in-progress"))
        return Reschedule(1, "accepted", CallState.POSTED)

    call = deliver(due, clock, advance)
    assert call.record.dials
    assert (call.state, call.run) == (CallState.POSTED, 2)


@pytest.mark.parametrize("replaced", [False, True])
def test_what_was_accepted_is_noted_whatever_comes_next(
    due: Store, clock: Clock, replaced: bool
) -> None:
    def advance(call: Call) -> Reschedule:
        if replaced:
            with due.begin() as connection:
                due.calls.update(connection, KEY, run=5, reason="replaced")
        note = partial(due.calls.update, key=KEY, job_id="job_1")
        return Reschedule(1, "accepted", CallState.POSTED, on_commit=note)

    call = deliver(due, clock, advance)
    assert call.job_id == "job_1"
    assert (call.run, call.reason) == ((5, "replaced") if replaced else (2, "accepted"))


def test_what_was_accepted_and_the_next_run_are_noted_together_or_not_at_all(
    due: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> bool:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(due.runs, "end", gone)
    with pytest.raises(StoreUnavailable):
        note = partial(due.calls.update, key=KEY, job_id="job_1")
        deliver(due, clock, lambda _: Reschedule(1, "accepted", CallState.POSTED, on_commit=note))
    assert (found(due).job_id, found(due).run) == (None, 1)


def test_without_the_database_a_run_changes_nothing_and_may_be_begun_again(
    due: Store, clock: Clock
) -> None:
    def advance(call: Call) -> Finished:
        raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        deliver(due, clock, advance)
    assert found(due).run == 1
    assert deliver(due, clock, lambda _: Finished(CallState.WRITTEN)).state is CallState.WRITTEN


def test_a_bug_fails_the_call_and_says_so(due: Store, clock: Clock) -> None:
    def advance(call: Call) -> Finished:
        raise KeyError("lead_id")

    call = deliver(due, clock, advance)
    assert (call.state, call.reason) == (
        CallState.FAILED,
        "a bug of the adapter: KeyError: 'lead_id'",
    )


def test_an_error_of_the_other_side_plans_another_try(due: Store, clock: Clock) -> None:
    def advance(call: Call) -> Finished:
        raise TemporaryError("Propexo answered 503")

    call = deliver(due, clock, advance)
    assert (call.state, call.tries, call.run) == (CallState.DELIVERING, 1, 2)
    assert call.due_at is not None
    assert call.due_at > clock()


# Handing out -------------------------------------------------------------------------------------------


def test_a_due_run_is_handed_out_once(world: World, clock: Clock) -> None:
    world.hook(status_hook("busy"))
    with world.store.begin() as connection:
        assert world.store.runs.take_due(connection, clock(), 10) == [(KEY, 1)]
        assert world.store.runs.take_due(connection, clock(), 10) == []


def test_a_run_that_waited_long_to_be_handed_out_is_not_taken_for_lost(
    world: World, clock: Clock
) -> None:
    """No worker ran for an hour. Whoever begins now must not have its runs replaced under its hands."""
    world.hook(status_hook("busy"))
    clock.advance(3600)
    with world.store.begin() as connection:
        assert world.store.runs.take_due(connection, clock(), 10) == [(KEY, 1)]
    world.store.runs.requeue_lost(clock() - timedelta(minutes=10), clock())
    assert world.call(CALL).run == 1


def test_a_run_that_was_handed_out_and_never_ended_is_planned_again(
    world: World, clock: Clock
) -> None:
    world.hook(status_hook("busy"))
    world.queue_next()
    clock.advance(3600)
    assert world.store.runs.requeue_lost(clock() - timedelta(minutes=10), clock()) == 1
    world.finish()
    assert world.call(CALL).state is CallState.WRITTEN
    assert len(world.target.posts) == 1
