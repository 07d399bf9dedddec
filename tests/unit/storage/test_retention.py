"""Is what is old thrown away, and nothing else; and what a person wants forgotten, gone?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOSClient, DBOSPortableJSONSerializer

from adapter.domain.call import FORGOTTEN, CallState, HookState, RawHook
from adapter.domain.call_event import WriteRequest
from adapter.operations.replay import replay_calls
from adapter.storage import retention
from adapter.storage.erasure import Erasure, Forgotten
from adapter.storage.lead_requests import LeadRequests
from adapter.storage.people_index import PeopleIndex
from adapter.storage.retention import Keep, Retention
from adapter.storage.schema import attempts, hooks, legs, metadata
from adapter.storage.store import Store
from adapter.targets.base import WriteOutcome, WriteState
from adapter.worker.dbos_queue import APPLICATION, QUEUE, WORKFLOW, prune_workflows
from tests.support.actors import TESTER
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, LINE, NOW
from tests.support.world import ANNA, PEOPLE, STAFF, World

DAY = timedelta(days=1)
CALLER = "+16175550134"
OTHER = "+16175550135"


def lead_request(body: dict[str, str]) -> WriteRequest:
    return WriteRequest("/v1/leads/", {}, body)


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    return World(engine, clock)


def ended(call: str, caller: str = CALLER, **values: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "CallSid": call,
        "From": caller,
        "To": LINE,
        "Direction": "inbound",
        "CallStatus": "no-answer",
        "CallDuration": "0",
        "CallerName": "ANNA  ARCHER",
        "CallbackSource": "call-progress-events",
        **values,
    }


def count(store: Store, table: sa.Table) -> int:
    with store.begin() as connection:
        query = sa.select(sa.func.count()).select_from(table)
        return int(connection.execute(query).scalar_one())


def add_hook(store: Store, at: datetime, **values: Any) -> None:
    given = {"provider": "twilio", "account": ACCOUNT, "method": "POST", "target": "/", "body": b""}
    with store.begin() as connection:
        store.hooks.add(connection, RawHook(received_at=at, headers={}, **{**given, **values}))


def add_attempt(store: Store, at: datetime, *, doubtful: bool = False) -> None:
    step = "lead" if doubtful else "post"
    with store.begin() as connection:
        attempt = store.attempts.start(connection, call_key="key", at=at, step=step, asked="POST")
        assert attempt is not None
        store.attempts.finish(connection, attempt, in_doubt=doubtful)


# What is old ----------------------------------------------------------------------------------------


def test_old_hooks_go_and_parked_ones_stay(store: Store) -> None:
    add_hook(store, NOW - 31 * DAY)
    add_hook(store, NOW - 31 * DAY, state=HookState.PARKED, error="unreadable")
    add_hook(store, NOW - 29 * DAY)
    assert Retention(store, Keep()).prune(NOW)["hooks"] == 1
    assert count(store, hooks) == 2
    assert store.hooks.count_parked() == 1


def test_old_attempts_go_but_for_those_that_may_have_got_through(store: Store) -> None:
    """A replay looks for their trace before it posts again."""
    add_attempt(store, NOW - 91 * DAY)
    add_attempt(store, NOW - 91 * DAY, doubtful=True)
    add_attempt(store, NOW - 89 * DAY)
    assert Retention(store, Keep()).prune(NOW)["attempts"] == 1
    assert count(store, attempts) == 2


def test_old_calls_go_with_all_that_belongs_to_them(world: World, clock: Clock) -> None:
    clock.now = NOW - 100 * DAY
    world.hook(ended("CA1"))
    world.hook(
        ended("CA2", "client:anna", ParentCallSid="CA1", Direction="outbound-dial", To=STAFF)
    )
    world.finish()
    clock.now = NOW
    world.hook(ended("CA3"))
    world.finish()
    Retention(world.store, Keep(call_days=99)).prune(NOW)
    assert [call.call_id for call in world.store.calls.search()] == ["CA3"]
    for table in (legs, hooks, attempts):
        keys = sa.select(table.c.call_key).distinct()
        with world.store.begin() as connection:
            assert set(connection.execute(keys).scalars()) <= {f"twilio:{ACCOUNT}:CA3"}


def test_a_lead_that_an_old_call_asked_for_goes_with_it(world: World, clock: Clock) -> None:
    """It holds a number and a name; that of a call that stays, stays."""
    clock.now = NOW - 100 * DAY
    world.hook(ended("CA1"))
    world.finish()
    clock.now = NOW
    world.hook(ended("CA2", OTHER))
    world.finish()
    leads = LeadRequests(world.store)
    for call, number in (("CA1", CALLER), ("CA2", OTHER)):
        leads.claim(
            "int_entrata",
            number,
            world.call(call).key,
            lead_request({"phone": number}),
            NOW,
        )
    Retention(world.store, Keep(call_days=99)).prune(NOW)
    assert leads.get("int_entrata", CALLER) is None
    assert leads.get("int_entrata", OTHER) is not None
    assert CALLER.removeprefix("+1") not in everything(world.store)


@pytest.mark.parametrize("age", [0, 1])
def test_a_row_goes_when_it_is_older_than_it_is_kept_and_not_a_second_before(
    store: Store, age: int
) -> None:
    at = NOW - 30 * DAY - timedelta(seconds=age)
    add_hook(store, at)
    assert Retention(store, Keep(hook_days=30)).prune(NOW)["hooks"] == age


def test_nothing_goes_by_a_clock_that_stands_wrong_in_the_past(store: Store) -> None:
    add_hook(store, NOW - 29 * DAY)
    add_attempt(store, NOW - 29 * DAY)
    pruned = Retention(store, Keep()).prune(NOW - 365 * DAY)
    assert set(pruned.values()) == {0}


def test_two_that_prune_at_once_do_each_other_no_harm(store: Store) -> None:
    for _ in range(30):
        add_hook(store, NOW - 31 * DAY)
        add_attempt(store, NOW - 91 * DAY)
    both = [Retention(store, Keep()) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        pruned = list(pool.map(lambda each: each.prune(NOW), both))
    assert sum(each["hooks"] for each in pruned) == 30
    assert sum(each["attempts"] for each in pruned) == 30


def test_a_parked_hook_stays_also_when_its_call_goes(world: World, clock: Clock) -> None:
    clock.now = NOW - 100 * DAY
    world.hook(ended("CA1"))
    world.finish()
    world.hook(ended("CA1", CallStatus="exploded"))
    clock.now = NOW
    Retention(world.store, Keep(call_days=99)).prune(NOW)
    assert (list(world.store.calls.search()), world.store.hooks.count_parked()) == ([], 1)


def test_a_call_that_is_under_way_stays(world: World, clock: Clock) -> None:
    clock.now = NOW - 100 * DAY
    world.hook(ended("CA1"))
    Retention(world.store, Keep(call_days=99)).prune(NOW)
    assert world.call("CA1").state is CallState.OPEN


def test_it_goes_by_batches_and_is_told_to_stop_between_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        add_hook(store, NOW - 31 * DAY)
    left: list[int] = []

    def stop_after_two() -> None:
        left.append(count(store, hooks))
        if len(left) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Retention(store, Keep()).prune(NOW, stop_after_two)
    assert left == [3, 1]
    assert Retention(store, Keep()).prune(NOW)["hooks"] == 1
    assert Retention(store, Keep()).prune(NOW)["hooks"] == 0


def test_finished_runs_go_and_waiting_ones_stay(store: Store) -> None:
    client = DBOSClient(
        system_database_engine=store.engine,
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
        lazy=True,
    )
    ids = ["old", "old_waiting", "new"]
    for id in ids:
        with store.begin() as connection:
            client.enqueue_in_transaction(
                connection,
                {"workflow_name": WORKFLOW, "queue_name": QUEUE, "workflow_id": id},
                "key",
                1,
            )
    schema = None if store.engine.dialect.name == "sqlite" else "dbos"
    runs = sa.table(
        "workflow_status",
        *(sa.column(name) for name in ("workflow_uuid", "status", "created_at")),
        schema=schema,
    )
    made = [(NOW - 8 * DAY, "SUCCESS"), (NOW - 8 * DAY, "ENQUEUED"), (NOW - 6 * DAY, "SUCCESS")]
    with store.begin() as connection:
        for id, (at, status) in zip(ids, made, strict=True):
            values = {"status": status, "created_at": int(at.timestamp() * 1000)}
            connection.execute(sa.update(runs).where(runs.c.workflow_uuid == id).values(**values))
    pruned = Retention(store, Keep(), lambda at: prune_workflows(store.engine, at)).prune(NOW)
    assert pruned["workflows"] == 1
    with store.begin() as connection:
        left = set(connection.execute(sa.select(runs.c.workflow_uuid)).scalars())
    assert left == {"old_waiting", "new"}


# What is to be forgotten ----------------------------------------------------------------------------


def everything(store: Store) -> str:
    """All that stands in the database, as one text."""
    found = []
    with store.begin() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                found.append(str([bytes(v) if isinstance(v, memoryview) else v for v in row]))
    return "\n".join(found)


def forget(world: World, number: str = CALLER) -> Forgotten:
    return Erasure(world.store, number).run(world.clock())


def test_a_written_call_keeps_its_outcome_and_time_and_nothing_of_the_person(world: World) -> None:
    world.hook(ended("CA1"))
    world.hook(
        {
            "AccountSid": ACCOUNT,
            "CallSid": "CA1",
            "From": CALLER,
            "TranscriptionText": "please call me back",
            "RecordingSid": "RE1",
        }
    )
    world.finish()
    PeopleIndex(world.store).save([ANNA])
    LeadRequests(world.store).claim(
        "int_entrata", CALLER, "key", lead_request({"phone": CALLER}), NOW
    )
    before = world.call("CA1")
    gone = forget(world)
    assert (gone.calls, gone.hooks, gone.people, gone.new_leads) == (1, 2, 1, 1)
    assert gone.undelivered == 0
    left = everything(world.store)
    for trace in ("6175550134", "call me back", "ARCHER", "Anna", "lead_anna", "RE1"):
        assert trace not in left
    after = world.call("CA1")
    kept = ("state", "outcome", "talk_seconds", "started_at", "direction", "line", "over_at")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert after.reason == FORGOTTEN
    assert after.link_version == before.link_version + 1
    assert forget(world) == Forgotten()


@pytest.mark.parametrize("is_held", [False, True])
def test_a_call_that_was_still_to_be_written_is_ignored(world: World, is_held: bool) -> None:
    world.target.people = []
    world.hook(ended("CA1"))
    if is_held:
        world.finish()
        assert world.call("CA1").state is CallState.HELD
    assert forget(world).undelivered == 1
    call = world.call("CA1")
    assert (call.state, call.reason, call.due_at) == (CallState.IGNORED, FORGOTTEN, None)
    world.finish()
    assert world.target.posts == []


def test_a_run_under_way_does_not_bring_it_back(world: World) -> None:
    world.hook(ended("CA1"))
    key, run = world.queue_next()
    forget(world)
    world.delivery.run(key, run)
    assert world.call("CA1").state is CallState.IGNORED
    assert world.target.posts == []


@pytest.mark.parametrize("is_known", [True, False])
def test_a_hook_that_comes_again_brings_nothing_back(world: World, is_known: bool) -> None:
    """Twilio may send one twice, and people replay them from ngrok."""
    world.target.people = PEOPLE if is_known else []
    world.hook(ended("CA1"))
    world.finish()
    posts, state = len(world.target.posts), world.call("CA1").state
    assert state is (CallState.WRITTEN if is_known else CallState.HELD)
    forget(world)
    before = world.call("CA1")
    world.target.people = PEOPLE
    world.hook(ended("CA1"))
    world.hook(ended("CA2", ParentCallSid="CA1", Direction="outbound-dial", To=CALLER))
    world.finish()
    after = world.call("CA1")
    assert (after.state, after.record, after.other) == (before.state, before.record, None)
    assert len(world.target.posts) == posts
    assert "6175550134" not in everything(world.store)
    assert count(world.store, hooks) == 0


def test_a_forgotten_call_that_is_confirmed_later_stays_forgotten(world: World) -> None:
    world.target.confirmations = [WriteOutcome(WriteState.PENDING)]
    world.hook(ended("CA1"))
    world.run_next()
    assert world.call("CA1").state is CallState.POSTED
    forget(world)
    world.finish()
    assert world.call("CA1").state is CallState.WRITTEN
    world.hook(ended("CA1"))
    world.finish()
    assert "6175550134" not in everything(world.store)


def test_a_failed_write_of_a_forgotten_call_is_not_tried_again(world: World) -> None:
    refused = WriteOutcome(WriteState.FAILED, "timed out", may_retry=True)
    world.target.confirmations = [WriteOutcome(WriteState.PENDING), refused]
    world.hook(ended("CA1"))
    world.run_next()
    forget(world)
    world.finish()
    assert world.call("CA1").state is CallState.FAILED
    assert world.target.asked["retry"] == 0
    ((_, said),) = replay_calls(world.store, [world.call("CA1")], again=True, by=TESTER)
    assert "forgotten" in said
    assert world.call("CA1").state is CallState.FAILED


def test_a_call_with_somebody_else_loses_only_the_number(world: World) -> None:
    """An agent's own phone, on a leg of the caller's call."""
    agent = "+16175550199"
    world.hook(ended("CA1"))
    world.hook(ended("CA2", ParentCallSid="CA1", Direction="outbound-dial", To=agent))
    world.finish()
    gone = forget(world, agent)
    assert (gone.calls, gone.mentions) == (0, 1)
    assert "6175550199" not in everything(world.store)
    call = world.call("CA1")
    assert (call.other, call.person_id) == (CALLER, "lead_anna")
    assert call.event is not None


@pytest.mark.parametrize(
    "raw", ["16175550134", "sip:+16175550134@203.0.113.5:5060", "(617) 555-0134"]
)
def test_it_is_found_however_it_was_written(world: World, raw: str) -> None:
    world.hook(ended("CA1", raw))
    world.finish()
    assert forget(world).calls == 1
    assert "5550134" not in everything(world.store)


def test_people_are_forgotten_by_any_of_their_numbers(world: World) -> None:
    """With all their other numbers; nobody else."""
    index = PeopleIndex(world.store)
    many = frozenset({OTHER, "+16175550141", "+16175550142"})
    index.save(
        [
            replace(ANNA, id="words", numbers=many, among_words=frozenset({CALLER})),
            replace(ANNA, id="third", numbers=frozenset({"+1212", "+1213", CALLER})),
            replace(ANNA, id="other", numbers=many, among_words=frozenset({"+16175550143"})),
        ]
    )
    assert forget(world).people == 2
    assert index.count() == 1
    assert "+16175550143" in everything(world.store)
    assert CALLER not in everything(world.store)
    assert len(index.find("+16175550142", "int_entrata")) == 1


def test_a_number_is_forgotten_also_as_it_was_before_its_countrys_change(world: World) -> None:
    world.hook(ended("CA1", "+5215512345678"))
    world.finish()
    assert forget(world, "+525512345678").calls == 1
    assert "5512345678" not in everything(world.store)


def test_parked_hooks_with_the_number_go_too(world: World) -> None:
    add_hook(world.store, NOW, state=HookState.PARKED, body=b"From=%2B16175550134")
    add_hook(
        world.store, NOW, state=HookState.PARKED, method="GET", target="/hook?From=%2B16175550134"
    )
    add_hook(world.store, NOW, state=HookState.PARKED, body=b"From=%2B16175550135")
    assert forget(world).hooks == 2
    assert world.store.hooks.count_parked() == 1


def test_nobody_else_is_touched(world: World) -> None:
    for number, caller in enumerate((CALLER, OTHER)):
        world.hook(ended(f"CA{number}", caller))
    world.finish()
    PeopleIndex(world.store).save([person for person in PEOPLE if OTHER in person.numbers])
    before = world.call("CA1")
    hooks_before = world.store.hooks.of_call(before.key)
    assert forget(world).calls == 1
    assert world.call("CA1") == before
    assert world.store.hooks.of_call(before.key) == hooks_before
    assert len(PeopleIndex(world.store).find(OTHER, "int_entrata")) == 1
