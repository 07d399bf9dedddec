"""Does the provider's list stand in the records in the end, and is nothing else touched?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa

from adapter.domain.call import CallState
from adapter.domain.outcome import Outcome
from adapter.reconcile.account import ReconcileDeps
from adapter.reconcile.run import LAG, Progress, Reconciliation, begins
from adapter.storage.daily_balances import DailyBalances
from adapter.storage.erasure import Erasure
from adapter.storage.reconciled_days import ReconciledDays
from adapter.storage.retention import Keep, Retention
from adapter.storage.schema import jobs
from adapter.storage.task_leases import TaskLease, TaskLeases
from adapter.worker.periodic import RETRY, PeriodicRunner
from adapter.worker.tasks import (
    NIGHTLY_WINDOW,
    WINDOW,
    HeldOnceMore,
    nightly,
    reaches_back,
    timed,
)
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, LINE, NOW, TOKEN
from tests.support.periodic import run_due
from tests.support.providers import twilio_provider
from tests.support.twilio_lists import TwilioLists, serving
from tests.support.world import SUBACCOUNT, SUBACCOUNT_TOKEN, FakeReader, World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
AGENT = "+16175550190"


@pytest.fixture
def twilio() -> Iterator[TwilioLists]:
    lists = TwilioLists({ACCOUNT: TOKEN, SUBACCOUNT: SUBACCOUNT_TOKEN}, page=3)
    with serving(lists):
        yield lists


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    return World(engine, clock)


@pytest.fixture
def reconciliation(world: World, twilio: TwilioLists) -> Reconciliation:
    return reconciling(world, twilio, ACCOUNT)


def reconciling(
    world: World, twilio: TwilioLists, *accounts: str, seconds_apart: float = 0.0
) -> Reconciliation:
    provider = twilio_provider(
        subaccounts={SUBACCOUNT: [SUBACCOUNT_TOKEN]}, api_url=twilio.url, accounts=accounts
    )
    deps = ReconcileDeps(
        store=world.store,
        intake=world.intake,
        rules=world.rules,
        clock=world.clock,
        seconds_apart=seconds_apart,
    )
    return Reconciliation([provider], deps)


def sid(number: int) -> str:
    return f"CA{number:032}"


def ended(call: str, *, status: str = "completed", seconds: int = 30) -> dict[str, str]:
    """The hook that Twilio sends when a call has ended."""
    return {
        "AccountSid": ACCOUNT,
        "CallSid": call,
        "From": "+16175550134",
        "To": LINE,
        "Direction": "inbound",
        "CallStatus": status,
        "CallDuration": str(seconds),
        "CallbackSource": "call-progress-events",
        "Timestamp": format_datetime(NOW - HOUR + timedelta(seconds=seconds)),
    }


# What is taken in -----------------------------------------------------------------------------------


def test_a_call_that_no_hook_told_of_is_taken_in_and_written_once(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    """With its dialled leg, so that nothing has to be asked when it is delivered."""
    call = twilio.call(ACCOUNT, sid(1), NOW - HOUR, seconds=60)
    twilio.call(
        ACCOUNT,
        sid(2),
        NOW - HOUR,
        seconds=42,
        parent=call,
        direction="outbound-dial",
        called=AGENT,
    )
    report = reconciliation.run(NOW - DAY)
    assert report.balance() == "Twilio 1 = waiting 1"
    assert report.taken_in == [call]
    found = world.call(call)
    assert found.record.was_read
    assert (found.outcome, found.talk_seconds) == (Outcome.ANSWERED.value, 42)
    world.finish()
    assert [post.body["reference"] for post in world.target.posts] == [call]
    again = reconciliation.run(NOW - DAY)
    assert again.balance() == "Twilio 1 = written 1"
    assert (again.taken_in, again.completed, again.attached) == ([], 0, 0)
    assert again.adds_up
    world.finish()
    assert len(world.target.posts) == 1


def test_a_missing_voicemail_is_taken_in_with_its_recording(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    call = twilio.call(ACCOUNT, sid(1), NOW - HOUR)
    twilio.recording(ACCOUNT, "RE1", call, NOW - HOUR)
    reconciliation.run(NOW - DAY)
    assert world.call(call).outcome == Outcome.VOICEMAIL.value


def test_the_balance_counts_every_state(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    world.clock.now = NOW - 2 * HOUR
    world.hook(
        ended(twilio.call(ACCOUNT, sid(1), NOW - 2 * HOUR, status="no-answer"), status="no-answer")
    )
    hidden = ended(twilio.call(ACCOUNT, sid(2), NOW - 2 * HOUR, caller="anonymous"))
    world.hook({**hidden, "From": "anonymous"})
    device = ended(twilio.call(ACCOUNT, sid(3), NOW - 2 * HOUR, caller="sip:desk@example.com"))
    world.hook({**device, "From": "sip:desk@example.com"})
    world.finish()
    twilio.call(ACCOUNT, sid(4), NOW - HOUR, status="busy")
    world.clock.now = NOW
    report = reconciliation.run(NOW - DAY)
    assert report.balance() == "Twilio 4 = written 1 + waiting 1 + ignored 1 + held 1"
    assert report.adds_up


def test_a_dry_run_changes_nothing(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    call = twilio.call(ACCOUNT, sid(1), NOW - HOUR)
    report = reconciliation.run(NOW - DAY, dry_run=True)
    assert report.balance() == "Twilio 1 = missing 1"
    assert report.taken_in == [call]
    assert not report.adds_up
    assert world.store.calls.search() == []


def test_what_ended_a_moment_ago_or_goes_on_is_left_to_its_hooks(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    twilio.call(ACCOUNT, sid(1), NOW - LAG + timedelta(seconds=1))
    twilio.call(ACCOUNT, sid(2), NOW, status="in-progress")
    report = reconciliation.run(NOW - DAY)
    assert (report.listed, report.left_alone) == (0, 2)
    assert world.store.calls.search() == []


def test_the_period_counts_by_the_end_of_a_call(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    """Twilio filters by the day on which a call began; one may end on the next day."""
    midnight = NOW.replace(hour=0)
    over_midnight = twilio.call(ACCOUNT, sid(1), midnight + HOUR, seconds=2 * 3600)
    twilio.call(ACCOUNT, sid(2), midnight - HOUR)
    twilio.call(
        ACCOUNT,
        sid(3),
        midnight + HOUR,
        seconds=1800,
        parent=over_midnight,
        direction="outbound-dial",
        called=AGENT,
    )
    report = reconciliation.run(midnight)
    assert report.taken_in == [over_midnight]
    assert world.call(over_midnight).talk_seconds == 1800


def test_all_pages_of_all_accounts_are_read(world: World, twilio: TwilioLists) -> None:
    for number in range(8):
        twilio.call(ACCOUNT, sid(number), NOW - HOUR)
        twilio.call(SUBACCOUNT, sid(100 + number), NOW - HOUR)
    report = reconciling(world, twilio, ACCOUNT, SUBACCOUNT).run(NOW - DAY)
    assert report.balance() == "Twilio 16 = waiting 16"
    assert world.call(sid(100), SUBACCOUNT).account == SUBACCOUNT


def test_an_account_whose_token_is_refused_does_not_stop_the_others(
    world: World, twilio: TwilioLists
) -> None:
    twilio.tokens[ACCOUNT] = "another"
    twilio.call(SUBACCOUNT, sid(1), NOW - HOUR)
    report = reconciling(world, twilio, ACCOUNT, SUBACCOUNT).run(NOW - DAY)
    assert report.balance() == "Twilio 1 = waiting 1"
    assert list(report.problems) == [ACCOUNT]
    assert not report.adds_up


def test_a_backlog_of_old_calls_becomes_due_little_by_little(
    world: World, twilio: TwilioLists
) -> None:
    for number in range(3):
        twilio.call(ACCOUNT, sid(number), NOW - HOUR, status="busy")
    reconciling(world, twilio, ACCOUNT, seconds_apart=2.0).run(NOW - DAY)
    due = sorted(call.due_at for call in world.store.calls.search() if call.due_at)
    assert due == [NOW, NOW + timedelta(seconds=2), NOW + timedelta(seconds=4)]


# What is known already ------------------------------------------------------------------------------


def test_a_missing_recording_is_attached_to_a_written_call(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    """Its event is corrected; there is no second one."""
    call = twilio.call(ACCOUNT, sid(1), NOW - HOUR)
    twilio.recording(ACCOUNT, "RE1", call, NOW - HOUR)
    world.hook(ended(call))
    world.finish()
    report = reconciliation.run(NOW - DAY)
    assert report.attached == 1
    assert list(world.call(call).record.recordings) == ["RE1"]
    (read,) = world.store.attempts.of_call(world.call(call).key)[-1:]
    assert (read.step, read.answer) == ("reconcile", "it has 1 more recording")
    world.finish()
    assert (len(world.target.posts), len(world.target.amendments)) == (1, 1)
    assert reconciliation.run(NOW - DAY).attached == 0


def test_a_missed_call_that_the_api_did_not_have_yet_is_dated_when_it_has(
    engine: sa.Engine, clock: Clock, twilio: TwilioLists
) -> None:
    """It is written at once, dated by its end; the list tells when it began to ring."""
    world = World(engine, clock, reader=FakeReader())  # whose API has no call
    ended_at = NOW - HOUR
    call = twilio.call(ACCOUNT, sid(1), ended_at, seconds=25, status="no-answer")
    clock.now = ended_at + timedelta(seconds=1)
    world.hook(ended(call, status="no-answer", seconds=0))
    world.pass_time(5)
    assert [post.body["started_at"] for post in world.target.posts] == [ended_at.isoformat()]
    world.finish()
    clock.now = NOW
    reconciling(world, twilio, ACCOUNT).run(NOW - DAY)
    world.finish()
    began = (ended_at - timedelta(seconds=25)).isoformat()
    assert [event.body["started_at"] for _, event in world.target.amendments] == [began]
    assert len(world.target.posts) == 1


@pytest.mark.parametrize("ending", ["nobody answered", "the caller gave up", "a message"])
def test_a_talk_that_looked_like_a_greeting_and_a_ring_is_corrected(
    engine: sa.Engine, clock: Clock, twilio: TwilioLists, ending: str
) -> None:
    """Nobody answered the one phone that a hook tells of. Before it another one had talked for 12 s."""
    world = World(engine, clock, reader=FakeReader())
    clock.now = ended_at = NOW - HOUR
    call = twilio.call(ACCOUNT, sid(1), ended_at, seconds=40)
    dialled = {"parent": call, "direction": "outbound-dial", "caller": LINE, "called": AGENT}
    rang_at = ended_at - timedelta(seconds=12 if ending == "a message" else 0)
    twilio.call(ACCOUNT, sid(2), ended_at - timedelta(seconds=24), seconds=12, **dialled)
    twilio.call(ACCOUNT, sid(3), rang_at, seconds=0, status="no-answer", **dialled)
    report = {k: v for k, v in ended(call).items() if k[:4] in ("Acco", "From", "To", "Dire")}
    report |= {"CallSid": call, "CallStatus": "completed", "DialCallSid": sid(3)}
    clock.now = rang_at
    if ending == "the caller gave up":
        world.hook({**report, "DialCallStatus": "canceled", "DialBridged": "false"})
    else:
        world.hook({**report, "DialCallStatus": "no-answer", "DialBridged": "false"})
    clock.now = ended_at
    if ending == "a message":
        message = {"RecordingSid": "RE" + "1" * 32, "RecordingDuration": "8"}
        world.hook({**report, **message, "RecordingStatus": "completed"})
    world.hook({**ended(call, seconds=40), "Timestamp": format_datetime(ended_at)})
    world.finish()
    clock.now = NOW
    reconciling(world, twilio, ACCOUNT).run(NOW - DAY)
    world.finish()
    (post,) = world.target.posts
    assert post.body["outcome"] in ("no_answer", "abandoned", "voicemail")
    (corrected,) = [event.body for _, event in world.target.amendments]
    assert (corrected["outcome"], corrected["talk_seconds"]) == ("answered", 12)
    told = world.store.attempts.of_call(world.call(call).key)
    assert ("reconcile", "it has 2 more legs") in [(each.step, each.answer) for each in told]


def test_a_recording_that_is_known_under_another_address_is_left_alone(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    call = twilio.call(ACCOUNT, sid(1), NOW - HOUR)
    twilio.recording(ACCOUNT, "RE1", call, NOW - HOUR)
    world.hook(ended(call))
    address = "https://recordings.example.s3.amazonaws.com/RE1"
    world.hook(
        {
            "AccountSid": ACCOUNT,
            "CallSid": call,
            "RecordingSid": "RE1",
            "RecordingUrl": address,
            "RecordingStatus": "completed",
            "RecordingDuration": "9",
            "RecordingSource": "RecordVerb",
        }
    )
    world.finish()
    before = world.call(call)
    report = reconciliation.run(NOW - DAY)
    assert (report.attached, report.completed) == (0, 0)
    assert world.call(call) == before


def test_a_call_whose_end_was_not_told_is_completed(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    call = twilio.call(ACCOUNT, sid(1), NOW - HOUR, status="no-answer")
    world.clock.now = NOW - HOUR
    ringing = ended(call, status="ringing")
    del ringing["CallDuration"]
    world.hook(ringing)
    world.clock.now = NOW
    report = reconciliation.run(NOW - DAY)
    assert (report.completed, report.taken_in) == (1, [])
    assert world.call(call).outcome == Outcome.NO_ANSWER.value
    world.pass_time(60)
    assert world.call(call).state is CallState.WRITTEN


def test_what_is_conclusive_is_not_changed(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    """Even where the list says something else of it."""
    call = twilio.call(ACCOUNT, sid(1), NOW - HOUR, status="completed", seconds=99)
    ringing = ended(call, status="ringing")
    del ringing["CallDuration"]
    world.hook({**ringing, "Timestamp": format_datetime(NOW - HOUR - timedelta(seconds=9))})
    world.hook(ended(call, status="busy", seconds=0))
    world.finish()
    before = world.call(call)
    reconciliation.run(NOW - DAY)
    assert world.call(call) == before


def test_a_forgotten_call_does_not_come_back(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    call = twilio.call(ACCOUNT, sid(1), NOW - HOUR)
    twilio.recording(ACCOUNT, "RE1", call, NOW - HOUR)
    world.hook(ended(call))
    world.finish()
    Erasure(world.store, "+16175550134").run(NOW)
    before = world.call(call)
    assert reconciliation.run(NOW - DAY).balance() == "Twilio 1 = written 1"
    assert world.call(call) == before


# Limits and interruptions ---------------------------------------------------------------------------


def test_it_waits_as_long_as_twilio_says_and_goes_on(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    for number in range(4):
        twilio.call(ACCOUNT, sid(number), NOW - HOUR)
    twilio.refusals = [(429, "7"), (429, "9"), (503, "")]
    waits: list[float] = []
    report = reconciliation.run(NOW - DAY, wait=waits.append)
    assert report.balance() == "Twilio 4 = waiting 4"
    assert waits == [7, 9, 8]


def test_it_gives_up_when_twilio_never_answers(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    twilio.refusals = [(503, "")] * 100
    waits: list[float] = []
    report = reconciliation.run(NOW - DAY, wait=waits.append)
    assert not report.adds_up
    assert not report.problems[ACCOUNT].permanent
    assert len(waits) < 10


def test_whole_days_leave_their_balance(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    """Not the first and the last day of the period, of which only a part is compared; and no dry run."""
    for number in range(5):
        twilio.call(ACCOUNT, sid(number), NOW - number * DAY - HOUR, seconds=60)
    balances, since = DailyBalances(world.store), NOW - 3 * DAY
    reconciliation.run(since, dry_run=True)
    assert balances.since(since.date()) == []
    reconciliation.run(since)
    kept = balances.since(since.date())
    assert [balance.day for balance in kept] == [NOW.date() - n * DAY for n in (1, 2)]
    assert {(b.account, b.provider, b.listed, b.compared_at) for b in kept} == {
        (ACCOUNT, "Twilio", 1, NOW)
    }
    assert all(balance.tally == {"waiting": 1} for balance in kept)


def test_a_month_can_be_stopped_and_goes_on(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    for number in range(30):
        twilio.call(ACCOUNT, sid(number), NOW - number * DAY - HOUR)
    seen: list[Progress] = []

    def stop_half_way(progress: Progress) -> None:
        seen.append(progress)
        if progress.done == 15:
            raise KeyboardInterrupt

    since = NOW - 30 * DAY
    with pytest.raises(KeyboardInterrupt):
        reconciliation.run(since, goes_on=True, watch=stop_half_way)
    assert seen[-1].total == 32
    assert 10 < len(world.store.calls.search()) < 20
    asked = twilio.count("/Calls.json")
    world.clock.advance(3600)
    report = reconciliation.run(since, goes_on=True)
    assert report.balance() == "Twilio 30 = waiting 30"
    assert twilio.count("/Calls.json") - asked < asked * 1.6
    assert ReconciledDays(world.store).days_done(ACCOUNT, NOW - DAY) == {}
    asked = twilio.count("/Calls.json")
    assert reconciliation.run(since, goes_on=True).balance() == "Twilio 30 = waiting 30"
    assert twilio.count("/Calls.json") - asked >= 32


# The tasks ---------------------------------------------------------------------------------------


def periodic(world: World, reconciliation: Reconciliation | None, owner: str) -> PeriodicRunner:
    retention = Retention(world.store, Keep())
    held = HeldOnceMore(world.store, lambda: True, seconds_apart=0)
    return PeriodicRunner(
        TaskLeases(world.store, owner),
        list(timed(reconciliation, retention, held)),
        clock=world.clock,
    )


def test_the_worker_compares_every_quarter_of_an_hour(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    one, two = (periodic(world, reconciliation, owner) for owner in ("one", "two"))
    assert [run_due(one), run_due(two)] == [[], []]
    world.clock.advance(60)
    call = twilio.call(ACCOUNT, sid(1), world.clock())
    world.clock.advance(14 * 60)
    assert [run_due(one), run_due(two), run_due(one)] == [["reconcile"], [], []]
    assert world.call(call).state is CallState.OPEN
    world.clock.advance(15 * 60)
    assert [run_due(two), run_due(one)] == [["reconcile"], []]


def test_what_was_before_the_adapter_is_not_taken_in_by_itself(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    """Something else may have written it then."""
    twilio.call(ACCOUNT, sid(1), NOW - HOUR)
    keeper = periodic(world, reconciliation, "one")
    run_due(keeper)
    world.clock.advance(15 * 60)
    assert run_due(keeper) == ["reconcile"]
    assert world.store.calls.search() == []


def test_a_task_that_fails_comes_again_soon(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    keeper = periodic(world, reconciliation, "one")
    run_due(keeper)
    call = twilio.call(ACCOUNT, sid(1), NOW + timedelta(minutes=1))
    world.clock.advance(15 * 60)
    twilio.refusals = [(429, "600")]
    assert run_due(keeper) == ["reconcile"]
    assert world.store.calls.search() == []
    assert run_due(keeper) == []
    world.clock.advance(RETRY.total_seconds())
    assert run_due(keeper) == ["reconcile"]
    assert world.call(call).state is CallState.OPEN


def test_the_task_of_a_dead_worker_is_taken_over(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    keeper = periodic(world, reconciliation, "one")
    run_due(keeper)
    now = world.clock.advance(15 * 60)
    dead = TaskLeases(world.store, "dead")
    assert dead.take("reconcile", now=now, until=now + timedelta(minutes=5)) is not None
    assert run_due(keeper) == []
    world.clock.advance(301)
    assert run_due(keeper) == ["reconcile"]
    assert not dead.renew("reconcile", until=world.clock() + HOUR)
    dead.finish("reconcile", next_at=NOW, ran_at=NOW)
    with world.store.begin() as connection:
        row = connection.execute(sa.select(jobs).where(jobs.c.name == "reconcile")).one()
    assert row.next_at == world.clock() + timedelta(minutes=15)


def test_a_stopping_worker_lets_go_of_its_task(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    keeper = periodic(world, reconciliation, "one")
    run_due(keeper)
    world.clock.advance(15 * 60)
    keeper.stop(timeout_seconds=0)
    assert run_due(keeper) == ["reconcile"]
    with world.store.begin() as connection:
        row = connection.execute(sa.select(jobs).where(jobs.c.name == "reconcile")).one()
    assert (row.held_by, row.ran_at) == (None, None)


def test_without_credentials_only_old_rows_are_pruned(world: World) -> None:
    keeper = periodic(world, None, "one")
    run_due(keeper)
    assert set(TaskLeases(world.store, "one").all()) == {"prune"}


@pytest.mark.parametrize(
    ("ran_ago", "first_ago", "reaches"),
    [
        (None, 30 * DAY, WINDOW),
        (timedelta(minutes=15), 30 * DAY, WINDOW),
        (5 * HOUR, 30 * DAY, 6 * HOUR),
        (30 * DAY, 30 * DAY, NIGHTLY_WINDOW),
        (None, HOUR, HOUR),
    ],
)
def test_a_comparison_reaches_back_over_the_time_without_one(
    ran_ago: timedelta | None, first_ago: timedelta, reaches: timedelta
) -> None:
    ran_at = NOW - ran_ago if ran_ago is not None else None
    row = TaskLease("reconcile", first_at=NOW - first_ago, next_at=NOW, ran_at=ran_at)
    assert NOW - reaches_back(row, NOW, WINDOW) == reaches


def test_nights_follow_each_other() -> None:
    night = nightly(NOW)
    assert night == datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert nightly(night) == night + DAY


# The period -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "begun"),
    [
        ("24h", NOW - DAY),
        ("3d", NOW - 3 * DAY),
        ("2026-02-01", datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_period_is_read(text: str, begun: datetime) -> None:
    assert begins(text, NOW) == begun


@pytest.mark.parametrize("text", ["", "yesterday", "3w", "-3d", "2026-13-01", "2026-03-09"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it like|future"):
        begins(text, NOW)


def test_an_event_that_an_earlier_version_wrote_is_left_as_it_is(
    world: World, twilio: TwilioLists, reconciliation: Reconciliation
) -> None:
    """The list knows a leg that nobody answered, of a call that 0.1.0 took for answered."""
    call = twilio.call(ACCOUNT, sid(1), NOW - HOUR)
    twilio.call(ACCOUNT, sid(2), NOW - HOUR, status="no-answer", parent=call)
    world.hook(ended(call))
    world.finish()
    written = world.call(call)
    assert written.event is not None
    with world.store.begin() as connection:
        world.store.calls.update(connection, written.key, event=replace(written.event, told=None))
    reconciliation.run(NOW - DAY)
    world.finish()
    assert (world.target.amendments, world.call(call).outcome) == ([], "answered")
