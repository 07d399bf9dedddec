"""Is a database of 0.1.0 taken along, with calls in every state, and nothing in it lost or doubled?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from adapter.config.settings import Settings
from adapter.domain.call import Call, CallState
from adapter.domain.cause import Cause
from adapter.domain.lifecycle import REPLAYABLE
from adapter.domain.lines import PersonKind
from adapter.storage.engine import open_engine, schema_state
from adapter.storage.people_index import PeopleIndex, SyncState
from adapter.storage.retention import Keep, Retention
from adapter.storage.schema import metadata
from adapter.storage.store import Store
from adapter.storage.task_leases import TaskLeases
from adapter.worker.migrate import migrate_database
from adapter.worker.periodic import PeriodicRunner
from adapter.worker.tasks import HeldOnceMore, timed
from tests.support.clock import Clock
from tests.support.hooks import recording_hook, status_hook
from tests.support.periodic import run_due
from tests.support.sandboxed import Adapter, adapter
from tests.support.world import FakeTarget, World
from tests.upgrades.dumps import restore
from tests.upgrades.make import ACCOUNT, CALLS, LINE, LINES, PEOPLE, call_id

AFTER = datetime(2026, 11, 28, 13, 0, tzinfo=UTC)  # an hour after the dumps were made
LEAD, APPLICANT, RESIDENT = PersonKind.LEAD, PersonKind.APPLICANT, PersonKind.RESIDENT
KINDS = tuple(PersonKind)
OLD = sorted(name for name, state in CALLS.items() if state == "written")
HELD = sorted(name for name, state in CALLS.items() if state == "held")


@pytest.fixture
def old_url(empty_database_url: str) -> str:
    """A database as 0.1.0 left it, in the form of DATABASE_URL."""
    restore("0.1.0", empty_database_url)
    return empty_database_url


@pytest.fixture
def upgraded_url(old_url: str) -> str:
    """It was upgraded at AFTER, whatever time it is here."""
    with time_machine.travel(AFTER, tick=False):
        migrate_database(Settings.from_environ({"DATABASE_URL": old_url}))
    return old_url


@pytest.fixture
def upgraded(upgraded_url: str) -> Iterator[Store]:
    url = Settings.from_environ({"DATABASE_URL": upgraded_url}).database_url
    engine = open_engine(url, pool_size=12)
    yield Store(engine)
    engine.dispose()


@pytest.fixture
def world(upgraded: Store) -> World:
    """The adapter of today on the old database; its target finds nobody and writes everything."""
    return World(upgraded.engine, Clock(AFTER), target=FakeTarget(people=[]), lines=LINES)


@pytest.fixture
def made(upgraded_url: str) -> Iterator[Adapter]:
    """The same with a sandbox that has the people of before; of its writes it knows nothing any more."""
    with adapter(upgraded_url, now=AFTER, ADAPTER_LINES=LINES, TWILIO_ACCOUNT_SID=ACCOUNT) as found:
        found.control("people", PEOPLE)
        yield found


def rows_of(engine: sa.Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table.name: connection.execute(
                sa.select(sa.func.count()).select_from(table)
            ).scalar_one()
            for table in metadata.sorted_tables
            if sa.inspect(engine).has_table(table.name)
        }


def calls_of(store: Store) -> dict[str, str]:
    return {call.call_id: call.state.value for call in store.calls.search(limit=1000)}


# The data ---------------------------------------------------------------------------------------


def test_everything_is_still_there(old_url: str) -> None:
    settings = Settings.from_environ({"DATABASE_URL": old_url})
    engine = open_engine(settings.database_url)
    try:
        assert schema_state(engine)[0] == "0001"
        before = rows_of(engine)
        migrate_database(settings)
        migrate_database(settings)
        found, needed = schema_state(engine)
        after = rows_of(engine)
    finally:
        engine.dispose()
    assert found == needed
    assert min(before[name] for name in ("calls", "hooks", "attempts", "people", "syncs")) > 0
    planned = {"jobs": before["jobs"] + 1}  # to look at what is held
    assert {name: after[name] for name in before} == {**before, **planned}


def test_every_call_stands_where_it_stood(upgraded: Store) -> None:
    expected = {call_id(name): state for name, state in CALLS.items() if state != "folded"}
    assert calls_of(upgraded) == expected
    assert {"written", "posted", "held", "ignored", "failed", "delivering", "open"} == set(
        expected.values()
    )
    assert upgraded.hooks.count_parked() == 1
    doubtful = next(call for call in upgraded.calls.find(call_id("doubtful")))
    with upgraded.begin() as connection:
        assert upgraded.attempts.last_in_doubt(connection, doubtful.key, "post") is not None


def test_every_call_that_is_not_written_has_the_cause_of_its_reason(upgraded: Store) -> None:
    found = {call.state: call.cause for call in upgraded.calls.search(limit=1000)}
    assert found[CallState.IGNORED] is Cause.IGNORE_LIST
    for call in upgraded.calls.search(limit=1000):
        is_decided = call.state in REPLAYABLE
        assert (call.cause not in (None, Cause.OTHER)) is is_decided, (call.state, call.reason)


def test_an_empty_database_of_0_1_0_has_nothing_to_look_at(empty_database_url: str) -> None:
    settings = Settings.from_environ({"DATABASE_URL": empty_database_url})
    migrate_database(settings)
    engine = open_engine(settings.database_url)
    try:
        assert rows_of(engine)["jobs"] == 0
    finally:
        engine.dispose()


def test_what_the_version_before_writes_still_fits(upgraded: Store) -> None:
    """Its processes may run a while longer: they know none of the new columns."""
    values = {"i": "int_new", "at": AFTER.isoformat(" ")}
    insert = (
        "INSERT INTO syncs (integration_id, kind, position, total, is_filled, known_until, read_at)"
        " VALUES (:i, 'lead', 250, 500, true, :at, :at)"
    )
    with upgraded.begin() as connection:
        connection.execute(sa.text(insert), values)
    assert PeopleIndex(upgraded).state("int_new", LEAD).is_to_be_reread


def test_decisions_made_before_are_kept_among_the_decisions(old_url: str) -> None:
    """They stood among the attempts, which are kept for a shorter time, without who made them."""
    settings = Settings.from_environ({"DATABASE_URL": old_url})
    engine = open_engine(settings.database_url)
    insert = (
        "INSERT INTO attempts (call_key, at, step, asked, doubtful)"
        " VALUES (:key, :at, :step, :asked, false)"
    )
    values = {"key": "twilio:AC0:CA0", "at": AFTER.replace(tzinfo=None).isoformat(" ")}
    told = [("operator", "not to be written"), ("operator", "to be delivered again")]
    try:
        with engine.begin() as connection:
            for step, asked in [*told, ("post", "POST /v1/events")]:
                connection.execute(sa.text(insert), {**values, "step": step, "asked": asked})
        migrate_database(settings)
        store = Store(engine)
        kept = store.decisions.of_call("twilio:AC0:CA0")
        assert [(each.who, each.what) for each in kept] == told
        assert {(each.origin, each.run) for each in kept} == {(None, 0)}
        assert [each.asked for each in store.attempts.of_call("twilio:AC0:CA0")] == [
            "POST /v1/events"
        ]
    finally:
        engine.dispose()


# The index of people -------------------------------------------------------------------------------


def test_until_the_people_are_read_anew_those_there_are_used(upgraded: Store) -> None:
    index = PeopleIndex(upgraded)
    assert index.is_filled("int_entrata", KINDS)
    assert not index.is_read_by_todays_rules("int_entrata", KINDS)
    assert [person.id for person in index.find("+16175550134", "int_entrata")] == ["lead_anna"]
    assert index.find("+16175561002", "int_entrata") == []


def test_until_the_people_are_read_anew_propexo_is_asked_for_those_who_call(made: Adapter) -> None:
    """By the rules of before, the application was the canceled one, and the active lead closed."""
    index = made.container.index
    for kind in KINDS:  # the version before had read the last changes
        index.save_state(replace(index.state("int_entrata", kind), known_until=made.now()))
    first = {
        number: index.find(number, "int_entrata") for number in ("+16175561005", "+16175561007")
    }
    assert all(first.values())
    calls = [made.missed(number, LINE) for number in first]
    made.work()
    assert [made.call(sid).person_id for sid in calls] == ["lead_active", "applicant_two"]
    event = made.call(calls[1]).event
    assert event is not None and event.person.application_id == "application_live"


def test_the_people_are_read_anew_without_being_emptied(made: Adapter) -> None:
    index, before = made.container.index, made.container.index.count()
    wrong = index.get(APPLICANT, "applicant_two")
    assert wrong is not None and wrong.application_id == "application_gone"
    while made.container.target.people.step(timedelta(minutes=5)):
        assert index.is_filled("int_entrata", KINDS)
        assert index.count() >= before
    assert index.is_read_by_todays_rules("int_entrata", KINDS)
    right = index.get(APPLICANT, "applicant_two")
    assert right is not None and right.application_id == "application_live"
    active = index.get(LEAD, "lead_active")
    assert active is not None and active.is_active
    for number in ("+16175561002", "+16175561004", "+525512345678"):
        assert len(index.find(number, "int_entrata")) == 1
    state = index.state("int_entrata", LEAD)
    assert (state.reread_position, state.position) == (None, state.total)
    asked = made.asked("/v1/leads/")
    assert not made.container.target.people.step(timedelta(minutes=5))
    assert made.asked("/v1/leads/") == asked, "once is enough"


def test_a_reading_anew_goes_on_where_it_was_interrupted(made: Adapter) -> None:
    """And what changes meanwhile is read as well."""
    made.control(
        "people",
        [
            {"kind": "lead", "id": f"lead_{n}", "phone_1": f"212555{n:04}",
             "created_at": "2025-12-01T00:00:00.000Z", "updated_at": "2025-12-01T00:00:00.000Z"}
            for n in range(600)
        ],
    )  # fmt: skip
    sync, index = made.container.target.people, made.container.index
    positions: list[int | None] = []
    while sync.step(timedelta(minutes=5)):
        positions.append(index.state("int_entrata", LEAD).reread_position)
        if positions.count(250) == 1 and positions[-1] == 250:
            changed = made.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
            made.person("lead", id="lead_late", phone_1="212 555 9999 (cell)", updated_at=changed)
            made.traveller.shift(timedelta(minutes=6))
    assert [p for p in dict.fromkeys(positions) if p] == [250, 500]
    assert index.is_read_by_todays_rules("int_entrata", KINDS)
    assert [person.id for person in index.find("+12125550599", "int_entrata")] == ["lead_599"]
    assert [person.id for person in index.find("+12125559999", "int_entrata")] == ["lead_late"]


def test_a_first_reading_that_0_1_0_began_is_done_again_at_its_end(upgraded: Store) -> None:
    index = PeopleIndex(upgraded)
    half = SyncState("int_half", LEAD, position=250, total=500, rules=1)
    index.save_state(half)
    assert index.state("int_half", LEAD) == half and not half.is_to_be_reread


# Calls that are held ---------------------------------------------------------------------------------


def periodic(world: World, *, is_read: bool = True) -> PeriodicRunner:
    held = HeldOnceMore(world.store, lambda: is_read, seconds_apart=10)
    tasks = list(timed(None, Retention(world.store, Keep()), held))
    return PeriodicRunner(TaskLeases(world.store, "test"), tasks, clock=world.clock)


def test_held_calls_are_looked_at_once_more_one_after_the_other(world: World) -> None:
    before = {name: world.call(call_id(name), ACCOUNT) for name in HELD}
    assert run_due(periodic(world)) == ["look_again"]
    planned = [world.call(call_id(name), ACCOUNT) for name in HELD]
    assert [call.run for call in planned] == [call.run + 1 for call in before.values()]
    assert {call.state for call in planned} == {CallState.HELD}
    waits = sorted((call.due_at - AFTER).total_seconds() for call in planned if call.due_at)
    assert waits == [10.0 * place for place in range(len(HELD))]
    assert run_due(periodic(world)) == [], "once only"


def test_held_calls_wait_for_the_people_to_be_read(world: World) -> None:
    waiting = periodic(world, is_read=False)
    waiting.stop(timeout_seconds=0)  # so that nothing waits in this test
    assert run_due(waiting) == ["look_again"]
    assert world.call(call_id("words"), ACCOUNT).due_at is None
    world.clock.advance(3600)
    assert run_due(periodic(world)) == ["look_again"]
    assert world.call(call_id("words"), ACCOUNT).due_at is not None


def test_people_who_cannot_be_read_for_a_day_keep_nothing_waiting(world: World) -> None:
    world.clock.advance(2 * 86400 + 3600)
    assert run_due(periodic(world, is_read=False)) == ["look_again"]
    assert world.call(call_id("words"), ACCOUNT).due_at is not None


def test_held_calls_end_by_the_rules_of_today(made: Adapter) -> None:
    made.fill_index()
    while run_due(made.container.periodic):
        pass
    made.pass_time(600)
    for name, person_id in (
        ("words", "lead_words"),
        ("second", "lead_both"),
        ("mexico", "lead_mexico"),
    ):
        call = made.call(call_id(name))
        assert (call.state, call.person_id) == (CallState.WRITTEN, person_id), call.reason
    reasons = {name: made.call(call_id(name)).reason or "" for name in HELD}
    assert "withheld" in reasons["withheld"]
    assert "withheld" in reasons["unavailable"]
    assert "nobody with this number" in reasons["stranger"]


# Calls that were written --------------------------------------------------------------------------------


def run_again(world: World, call: Call) -> None:
    with world.store.begin() as connection:
        world.store.calls.update(connection, call.key, run=call.run + 1, due_at=AFTER)
    world.delivery.run(call.key, call.run + 1)


@pytest.mark.parametrize("name", OLD)
def test_what_0_1_0_wrote_is_not_corrected_because_the_rules_changed(
    world: World, name: str
) -> None:
    call = world.call(call_id(name), ACCOUNT)
    run_again(world, call)
    after = world.call(call_id(name), ACCOUNT)
    assert world.target.amendments == [] and world.target.asked["prepare"] == 0
    assert (after.state, after.event, after.person_id) == (
        CallState.WRITTEN,
        call.event,
        call.person_id,
    )


def test_what_0_1_0_posted_is_confirmed_and_not_corrected(world: World) -> None:
    run_again(world, world.call(call_id("posted"), ACCOUNT))
    after = world.call(call_id("posted"), ACCOUNT)
    assert after.state is CallState.WRITTEN
    assert world.target.posts == [] and world.target.amendments == []


def test_a_hook_that_tells_more_corrects_it(world: World) -> None:
    call = world.call(call_id("missed"), ACCOUNT)
    world.hook(recording_hook(33, CallSid=call.call_id, AccountSid=ACCOUNT))
    world.target.events = ["event_of_0_1_0"]
    run_again(world, world.call(call_id("missed"), ACCOUNT))
    assert len(world.target.amendments) == 1
    assert world.target.posts == []


def test_a_hook_that_says_nothing_new_corrects_nothing(world: World) -> None:
    call = world.call(call_id("ringall"), ACCOUNT)
    (leg,) = [leg for leg in call.record.children if leg.status]
    hook = status_hook("canceled", CallSid=leg.id, ParentCallSid=call.call_id, AccountSid=ACCOUNT,
                       From="+16175550134", To="+16175550151", Direction="outbound-dial")  # fmt: skip
    del hook["Timestamp"]
    world.hook(hook)
    assert world.target.amendments == []
    assert world.call(call_id("ringall"), ACCOUNT).due_at is None


# Calls under way ---------------------------------------------------------------------------------------


@pytest.mark.full
def test_what_was_under_way_is_written_once(made: Adapter) -> None:
    """The sandbox has forgotten its writes, so that what was in doubt left no trace and is posted."""
    made.fill_index()
    made.pass_time(86_400)
    events = [event["body"]["notes"] for event in made.events()]
    for name in ("retrying", "doubtful", "due"):
        call = made.call(call_id(name))
        assert call.state is CallState.WRITTEN, (name, call.reason)
        assert len([notes for notes in events if call.call_id in notes]) == 1
    for name in OLD:
        assert not [notes for notes in events if call_id(name) in notes]
