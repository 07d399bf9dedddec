"""What becomes of a call with somebody nobody knows, against the sandbox over HTTP?

What the sandbox never answers comes from a target that answers as a test says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cached_property
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.bootstrap import Container
from adapter.delivery.lead_creation import LeadWrite
from adapter.domain.call import CallState
from adapter.domain.call_event import WriteRequest
from adapter.domain.cause import Cause
from adapter.domain.phone import e164
from adapter.domain.record import call_key
from adapter.errors import StoreUnavailable, TemporaryError
from adapter.sandbox.twilio import new_sid
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.lead_requests import LeadRequest, LeadRequests
from adapter.targets import propexo
from adapter.targets.base import FoundOnRecord
from tests.support.actors import TESTER
from tests.support.clock import Clock
from tests.support.hooks import CALL, status_hook
from tests.support.sandboxed import (
    MAIN,
    OTHER_STRANGER,
    STRANGER,
    Adapter,
    acquainted,
    adapter,
    lines,
    missed_hook,
)
from tests.support.world import LINES, FakeTarget, World

OTHER_MAIN = "+16175550101"
ENTRATA_SYNC = timedelta(hours=12).total_seconds()


@pytest.fixture
def entrata(database_url: str) -> Iterator[Adapter]:
    """Entrata: the new lead's id comes with the next sync, half a day later."""
    with acquainted(database_url, ADAPTER_LINES=lines(), read_back_seconds=ENTRATA_SYNC) as made:
        yield made


class Interrupted(LeadRequests):
    """Loses the database for a moment just as an accepted lead is to be noted."""

    is_broken = False

    def update(self, connection: sa.Connection, lead: LeadRequest, **values: Any) -> None:
        if "job_id" in values and self.is_broken:
            self.is_broken = False
            raise StoreUnavailable("the database did not do it: OperationalError")
        super().update(connection, lead, **values)


class Interposed(Breakers):
    """Lets something happen just before an intent is noted."""

    happens: Callable[[], object] | None = None

    def wait(self, integration_id: str, now: float) -> float:
        happens, self.happens = self.happens, None
        if happens is not None:
            happens()
        return super().wait(integration_id, now)


class WithHands(Container):
    """Parts that do as usual, until a test takes a hand."""

    @cached_property
    def leads(self) -> LeadRequests:
        return Interrupted(self.store)

    @cached_property
    def breakers(self) -> Breakers:
        return Interposed(self.store)


@pytest.fixture
def mri(database_url: str) -> Iterator[Adapter]:
    """MRI: write-status names the new lead."""
    with acquainted(
        database_url, vendors=["MRI"], ADAPTER_LINES=lines("MRI"), container=WithHands
    ) as made:
        yield made


def just_before(
    question: str,
    made: Adapter,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[], object],
) -> None:
    """Let something happen once, just before the target is asked this question: a method of its API."""
    target = made.container.target.api
    real = getattr(target, question)

    def ask(*arguments: object, **options: object) -> object:
        monkeypatch.undo()
        happens()
        return real(*arguments, **options)

    monkeypatch.setattr(target, question, ask)


def given_up(made: Adapter) -> str:
    """Propexo refuses a stranger's lead for a day, and says each time that it was not made; the call's id."""
    made.fault("status", method="POST", path="/v1/leads", times="forever", status=429)
    sid = made.missed()
    made.work()
    made.traveller.move_to(made.now() + timedelta(hours=25))
    made.work()
    assert made.call(sid).state is CallState.FAILED
    made.control("faults", [])
    return sid


# The line's policy ----------------------------------------------------------------------------------


def test_a_strangers_call_is_held_unless_the_line_says_otherwise(database_url: str) -> None:
    with acquainted(database_url, ADAPTER_LINES=lines(policy="")) as made:
        sid = made.missed()
        made.pass_time(60)
        call = made.call(sid)
        assert call.state is CallState.HELD
        assert "nobody with this number" in (call.reason or "")
        assert made.control("writes")["writes"] == []


def test_a_strangers_call_is_ignored_where_the_line_says_so(database_url: str) -> None:
    with acquainted(database_url, ADAPTER_LINES=lines(policy="ignore")) as made:
        sid = made.missed()
        made.pass_time(60)
        call = made.call(sid)
        assert call.state is CallState.IGNORED
        assert "unknown callers are ignored" in (call.reason or "")
        assert made.control("writes")["writes"] == []


def test_who_is_not_found_while_people_cannot_be_read_is_held_after_a_day(
    database_url: str,
) -> None:
    """Looked for less and less often meanwhile: the requests are others' too."""
    with adapter(database_url, ADAPTER_LINES=lines()) as made:
        sid = made.missed(STRANGER)
        made.work()
        made.pass_time(23 * 3600)
        assert made.call(sid).state is CallState.DELIVERING
        made.pass_time(12 * 3600)
        assert made.call(sid).state is CallState.HELD
        assert "the index of people is being read" in (made.call(sid).reason or "")
        assert made.call(sid).run < 50
        assert made.leads() == []


@pytest.mark.parametrize("policy", ["create_lead", "ignore"])
@pytest.mark.parametrize("number", ["(212) 555-0177", "+44 20 7946 0018"])
def test_nobody_is_taken_for_a_stranger_before_all_people_are_known(
    database_url: str, policy: str, number: str
) -> None:
    """By their second number, or one from abroad, people are found in the index only."""
    with adapter(database_url, ADAPTER_LINES=lines(policy=policy)) as made:
        made.person("lead", id="lead_known", phone_2=number, property_id="prop_main")
        caller = e164(number)
        assert caller is not None
        sid = made.missed(caller)
        made.work()
        assert made.call(sid).state is CallState.DELIVERING
        assert "the index of people is being read" in (made.call(sid).reason or "")
        made.fill_index()
        made.pass_time(60)
        assert made.call(sid).person_id == "lead_known"
        assert made.leads() == []


def outgoing(status: str, **more: str) -> dict[str, str]:
    """The hook of a call that our program made to a stranger."""
    ends = {"From": MAIN, "To": STRANGER, "Direction": "outbound-api"}
    return {**missed_hook(new_sid(), STRANGER, MAIN), **ends, "CallStatus": status, **more}


@pytest.mark.parametrize("outbound", ["", "true"], ids=["by default", "where the line says so"])
def test_a_stranger_whom_we_called_becomes_a_lead_only_where_the_line_says_so(
    database_url: str, outbound: str
) -> None:
    """An operator's word makes the lead all the same."""
    from adapter.operations.decisions import create_lead

    text = lines("MRI") + (f"create_lead_outbound = {outbound}\n" if outbound else "")
    with acquainted(database_url, vendors=["MRI"], ADAPTER_LINES=text) as made:
        hook = outgoing("busy")
        made.hook(**hook)
        made.pass_time(600)
        call = made.call(hook["CallSid"])
        if outbound:
            assert call.state is CallState.WRITTEN, call.reason
            return
        assert (call.state, made.leads()) == (CallState.HELD, [])
        assert "create_lead_outbound = true" in (call.reason or "")
        create_lead(made.store, call, by=TESTER)
        made.pass_time(600)
        assert made.call(hook["CallSid"]).state is CallState.WRITTEN


@pytest.mark.parametrize(
    ("hook", "why"),
    [
        (
            outgoing("failed", SipResponseCode="404"),
            "the number does not exist or is out of service",
        ),
        (outgoing("failed", SipResponseCode="503"), "the call could not be connected"),
    ],
    ids=["no such number", "not connected"],
)
def test_a_number_that_was_never_reached_becomes_no_lead(
    database_url: str, hook: dict[str, str], why: str
) -> None:
    text = lines("MRI") + "create_lead_outbound = true\n"
    with acquainted(database_url, vendors=["MRI"], ADAPTER_LINES=text) as made:
        made.hook(**hook)
        made.pass_time(600)
        call = made.call(hook["CallSid"])
        assert (call.state, made.leads()) == (CallState.HELD, [])
        assert f"no lead is made: {why}" in (call.reason or "")


def test_a_known_callers_call_makes_no_lead(mri: Adapter) -> None:
    sid = mri.missed("+16175550134")
    mri.pass_time(60)
    assert mri.call(sid).person_id == "lead_anna_mri"
    assert mri.leads() == []


def test_a_withheld_number_makes_no_lead(mri: Adapter) -> None:
    sid = mri.missed("anonymous")
    mri.pass_time(60)
    assert mri.call(sid).state is CallState.HELD
    assert mri.leads() == []


# A lead is made -------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ["MRI", "RENTMANAGER", "REALPAGE", "YARDI"])
def test_where_the_id_is_told_the_call_is_written_on_the_new_lead(
    database_url: str, vendor: str
) -> None:
    with acquainted(
        database_url,
        vendors=[vendor],
        ADAPTER_LINES=lines(vendor),
        read_back_seconds=ENTRATA_SYNC,
    ) as made:
        sid = made.missed()
        made.pass_time(120)
        call, (lead,) = made.call(sid), made.leads()
        assert call.state is CallState.WRITTEN, call.reason
        assert call.person_id == lead["person_id"]
        assert call.because == f"lead {lead['person_id']}: made for this caller"
        assert lead["body"]["phone_1"] == STRANGER
        assert [event["person_id"] for event in made.events()] == [lead["person_id"]]
        assert made.refused() == []


@pytest.mark.parametrize("vendor", ["ENTRATA", "REALPAGE_RPX", "RESMAN"])
def test_where_the_id_is_not_told_the_call_waits_for_the_sync_and_is_then_written(
    database_url: str, vendor: str
) -> None:
    with acquainted(
        database_url,
        vendors=[vendor],
        ADAPTER_LINES=lines(vendor),
        read_back_seconds=ENTRATA_SYNC,
    ) as made:
        sid = made.missed()
        made.pass_time(600)
        call = made.call(sid)
        assert (call.state, made.events()) == (CallState.DELIVERING, [])
        assert "a lead was made; waiting for the PMS to show it" in made.story(sid)
        made.pass_time(ENTRATA_SYNC + 3600)
        call, (lead,) = made.call(sid), made.leads()
        assert call.state is CallState.WRITTEN, call.reason
        assert call.person_id == lead["person_id"]
        assert len(made.events()) == 1
        assert "lead: POST /v1/leads/" in made.story(sid)
        assert made.refused() == []


def test_the_story_tells_once_that_a_lead_was_asked_for(mri: Adapter) -> None:
    sid = mri.missed()
    mri.pass_time(120)
    assert mri.story(sid).count("lead: POST /v1/leads/") == 1


def test_a_call_that_waits_for_the_sync_asks_seldom(entrata: Adapter) -> None:
    entrata.missed()
    entrata.pass_time(1800)
    before = entrata.asked()
    entrata.pass_time(3600 * 6)
    assert entrata.asked() - before <= 6 * 2 * 7


def test_the_next_call_of_the_stranger_goes_on_the_same_lead(mri: Adapter) -> None:
    first = mri.missed()
    mri.pass_time(300)
    second = mri.missed()
    mri.pass_time(300)
    assert mri.call(second).person_id == mri.call(first).person_id
    assert len(mri.leads()) == 1
    assert len(mri.events()) == 2


def test_before_the_pms_shows_the_new_lead_the_next_call_goes_on_it_too(
    database_url: str,
) -> None:
    """The lead's id is known. What became of its write is not asked again, and need not be kept by Propexo."""
    with acquainted(
        database_url,
        vendors=["MRI"],
        ADAPTER_LINES=lines("MRI"),
        read_back_seconds=ENTRATA_SYNC,
    ) as made:
        first = made.missed()
        made.pass_time(120)
        (lead,) = made.leads()
        path = f"/v1/admin/write-status/{lead['job_id']}"
        made.fault("status", path=path, times="forever", status=404)
        second = made.missed()
        made.pass_time(120)
        assert made.call(second).state is CallState.WRITTEN, made.call(second).reason
        assert made.call(second).person_id == made.call(first).person_id == lead["person_id"]
        assert (len(made.leads()), len(made.events())) == (1, 2)


def test_a_lead_that_the_sync_shows_amid_a_run_is_written_on_in_that_run(
    entrata: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows up after people were looked for, and before it is asked what became of the lead."""
    sid = entrata.missed()
    entrata.work()
    entrata.traveller.move_to(entrata.now() + timedelta(seconds=2))
    sync = entrata.now() + timedelta(seconds=ENTRATA_SYNC)
    just_before("confirm", entrata, monkeypatch, lambda: entrata.traveller.move_to(sync))
    ((key, run),) = entrata.take_due()
    entrata.container.delivery.run(key, run)
    (lead,) = entrata.leads()
    assert (entrata.call(sid).state, entrata.call(sid).person_id) == (
        CallState.POSTED,
        lead["person_id"],
    )
    made = entrata.container.leads.get("int_entrata", STRANGER)
    assert made is not None and made.lead_id == lead["person_id"]


@pytest.mark.parametrize(
    ("kind", "phone"), [("resident", STRANGER), ("lead", f"{STRANGER} (her sister)")]
)
def test_somebody_else_who_shows_up_amid_a_run_is_not_taken_for_the_lead(
    entrata: Adapter, monkeypatch: pytest.MonkeyPatch, kind: str, phone: str
) -> None:
    """The lead was made with the number as its whole field."""

    def move_in() -> None:
        entrata.person(kind, id="somebody_new", phone_1=phone, property_id="prop_main")

    sid = entrata.missed()
    entrata.work()
    entrata.traveller.move_to(entrata.now() + timedelta(seconds=2))
    just_before("confirm", entrata, monkeypatch, move_in)
    ((key, run),) = entrata.take_due()
    entrata.container.delivery.run(key, run)
    made = entrata.container.leads.get("int_entrata", STRANGER)
    assert made is not None and made.lead_id is None
    assert "waiting for the PMS to show it" in (entrata.call(sid).reason or "")
    entrata.pass_time(60)
    assert entrata.call(sid).person_id == "somebody_new", "who has the number now"


@pytest.mark.parametrize("vendor", ["MRI", "ENTRATA"])
def test_two_calls_of_one_stranger_at_the_same_moment_make_one_lead(
    database_url: str, vendor: str
) -> None:
    with acquainted(database_url, vendors=[vendor], ADAPTER_LINES=lines(vendor)) as made:
        sids = [made.missed() for _ in range(4)]
        other = made.missed(OTHER_STRANGER)
        found = made.take_due()
        barrier = Barrier(len(found))

        def run(item: tuple[str, int]) -> None:
            barrier.wait(10)
            made.container.delivery.run(*item)

        with ThreadPoolExecutor(len(found)) as pool:
            list(pool.map(run, found))
        made.pass_time(3600)
        assert sorted(lead["body"]["phone_1"] for lead in made.leads()) == [
            STRANGER,
            OTHER_STRANGER,
        ]
        states = {sid: made.call(sid).state for sid in [*sids, other]}
        assert set(states.values()) == {CallState.WRITTEN}, states
        assert len({made.call(sid).person_id for sid in sids}) == 1
        assert len(made.events()) == 5


# Doubt ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ["MRI", "ENTRATA"])
@pytest.mark.parametrize(
    "kind", ["reset_before", "reset_after", "status_after", "status", "timeout_after"]
)
def test_a_doubtful_creation_makes_one_lead(database_url: str, vendor: str, kind: str) -> None:
    with acquainted(database_url, vendors=[vendor], ADAPTER_LINES=lines(vendor)) as made:
        if kind == "timeout_after":
            impatient = propexo.build(made.container.target_deps, read_seconds=0.2)
            made.container.__dict__["target"] = impatient
            made.fault(kind, method="POST", path="/v1/leads", seconds=0.6)
        else:
            made.fault(kind, method="POST", path="/v1/leads", times=2, status=503)
        sid = made.missed()
        made.pass_time(3600)
        call = made.call(sid)
        assert call.state is CallState.WRITTEN, call.reason
        assert len(made.leads()) == 1
        assert [event["person_id"] for event in made.events()] == [call.person_id]


def test_a_lead_is_looked_for_by_the_whole_id_of_its_call(mri: Adapter) -> None:
    """It was asked for with that id as its reference. A provider's ids may hold colons."""
    key, request = call_key("acme", "A0", "v3:a-b"), WriteRequest("/v1/leads/", {}, {})
    now = datetime(2026, 11, 1, tzinfo=UTC)
    lead = mri.container.leads.claim("int_mri", STRANGER, key, request, now)
    assert LeadWrite(mri.container.leads, lead).reference == "v3:a-b"


def test_two_live_runs_of_one_call_make_one_lead(mri: Adapter) -> None:
    """A worker that was taken for dead goes on, after another one did the same run."""
    sid = mri.missed()
    ((key, run),) = mri.take_due()
    interposed = mri.container.breakers
    assert isinstance(interposed, Interposed)
    interposed.happens = lambda: mri.container.delivery.run(key, run)
    mri.container.delivery.run(key, run)
    assert interposed.happens is None
    mri.pass_time(3600)
    assert mri.call(sid).state is CallState.WRITTEN
    assert len(mri.leads()) == 1


def test_a_look_for_the_trace_that_is_refused_does_not_let_a_second_lead_be_made(
    entrata: Adapter,
) -> None:
    """The lead was accepted, its answer lost, and the write logs are closed to us for a while."""
    entrata.control(
        "faults",
        [
            {"kind": "reset_after", "method": "POST", "path": "/v1/leads"},
            {"kind": "status", "path": "/v1/admin/logs", "status": 400, "times": None},
        ],
    )
    first = entrata.missed()
    entrata.pass_time(120)
    assert entrata.call(first).state is CallState.HELD
    assert "may have got through, and that cannot be seen" in (entrata.call(first).reason or "")
    entrata.control("faults", [])
    second = entrata.missed()
    entrata.pass_time(4 * ENTRATA_SYNC)
    assert entrata.call(second).state is CallState.WRITTEN, entrata.call(second).reason
    assert len(entrata.leads()) == 1


def test_no_lead_is_asked_for_while_the_pms_fails_one_write_after_the_other(mri: Adapter) -> None:
    breakers = Breakers(mri.store)
    now = mri.now().timestamp()
    while not breakers.wait("int_mri", now):
        breakers.failed("int_mri", now, now)
    sid = mri.missed()
    mri.work()
    assert "waiting for it to recover" in (mri.call(sid).reason or "")
    assert mri.leads() == []
    mri.pass_time(3600)
    assert mri.call(sid).state is CallState.WRITTEN


def test_a_database_that_fails_after_the_lead_was_accepted_makes_no_second_lead(
    mri: Adapter,
) -> None:
    leads = mri.container.leads
    assert isinstance(leads, Interrupted)
    leads.is_broken = True
    sid = mri.missed()
    ((key, run),) = mri.take_due()
    with pytest.raises(StoreUnavailable):
        mri.container.delivery.run(key, run)
    mri.container.delivery.run(key, run)  # the worker begins the same run again
    mri.pass_time(3600)
    assert mri.call(sid).state is CallState.WRITTEN
    assert len(mri.leads()) == 1


def test_a_lead_that_may_be_made_by_a_job_nobody_knows_is_not_asked_for_again(
    engine: sa.Engine, clock: Clock
) -> None:
    """Its answer is lost, and a target shows a lead of this number without the job that made it."""
    target = FakeTarget(
        people=(),
        answers=[TemporaryError("Propexo answered 502", status=502, in_doubt=True)],
        traces=[FoundOnRecord()] * 20,
    )
    text = LINES.replace("[defaults]", '[defaults]\nunknown_caller = "create_lead"')
    world = World(engine, clock, target=target, lines=text)
    world.hook(status_hook("busy"))
    world.finish()
    call = world.call(CALL)
    assert (call.state, call.cause) == (CallState.HELD, Cause.WRITE_IN_DOUBT)
    assert "cannot be seen by which job" in (call.reason or "")
    assert [post.path for post in target.posts] == ["/leads"]


# Refused --------------------------------------------------------------------------------------------


def test_a_refused_creation_holds_the_call_in_the_apis_words(database_url: str) -> None:
    text = lines("MRI", property_id="prop_gone")
    with acquainted(database_url, vendors=["MRI"], ADAPTER_LINES=text) as made:
        sid = made.missed()
        made.pass_time(600)
        call = made.call(sid)
        assert call.state is CallState.HELD
        assert "the lead could not be made" in (call.reason or "")
        assert "property_id does not exist" in (call.reason or "")
        assert made.leads() == []


def test_a_creation_that_the_pms_fails_holds_the_call_in_its_words(mri: Adapter) -> None:
    mri.fault("write_fails", path="/v1/leads", errors=["phone is not valid"], temporary=False)
    sid = mri.missed()
    mri.pass_time(600)
    call = mri.call(sid)
    assert call.state is CallState.HELD
    assert "phone is not valid" in (call.reason or "")
    assert mri.events() == []


@pytest.mark.parametrize("vendor", ["ENTRATA", "RESMAN"])
def test_a_line_that_lacks_what_a_lead_needs_holds_the_call_naming_the_key(
    database_url: str, vendor: str
) -> None:
    text = lines(vendor, lead_source_id="")
    with acquainted(database_url, vendors=[vendor], ADAPTER_LINES=text) as made:
        sid = made.missed()
        made.pass_time(600)
        call = made.call(sid)
        assert "lead_source_id" in (call.reason or "")
        assert "lines.toml" in (call.reason or "")
        assert call.state is CallState.HELD, "something for a person to put right"


def test_where_leads_cannot_be_made_the_call_is_held_with_the_reason(database_url: str) -> None:
    text = lines("KNOCK")
    with acquainted(database_url, vendors=["KNOCK"], ADAPTER_LINES=text) as made:
        sid = made.missed()
        made.pass_time(600)
        assert made.call(sid).state is CallState.HELD
        assert "CRM" in (made.call(sid).reason or "")


def test_after_the_fix_a_replay_of_the_call_makes_the_lead(mri: Adapter) -> None:
    from adapter.operations.replay import replay_calls

    mri.fault("write_fails", path="/v1/leads", errors=["phone is not valid"], temporary=False)
    sid = mri.missed()
    mri.pass_time(600)
    list(replay_calls(mri.store, [mri.call(sid)], again=False, by=TESTER))
    mri.pass_time(600)
    assert mri.call(sid).state is CallState.WRITTEN
    assert len(mri.events()) == 1


def test_after_the_fix_any_call_of_the_stranger_makes_the_lead(mri: Adapter) -> None:
    """The first call's failure is not that of all calls to come."""
    mri.fault("write_fails", path="/v1/leads", errors=["timeout"], temporary=True)
    mri.missed()
    mri.pass_time(600)
    second = mri.missed()
    mri.pass_time(600)
    assert mri.call(second).state is CallState.WRITTEN, mri.call(second).reason


def test_an_operators_wish_for_a_lead_tries_again_what_failed_for_another_call(
    mri: Adapter,
) -> None:
    from adapter.operations.decisions import create_lead

    mri.fault("write_fails", path="/v1/leads", errors=["no such source"], temporary=False)
    mri.missed()
    mri.pass_time(600)
    second = mri.missed()
    mri.pass_time(600)
    if mri.call(second).state is CallState.HELD:
        create_lead(mri.store, mri.call(second), by=TESTER)
        mri.pass_time(600)
    assert mri.call(second).state is CallState.WRITTEN, mri.call(second).reason


@pytest.mark.full
def test_where_the_call_that_asked_gives_up_another_call_takes_over(mri: Adapter) -> None:
    """Propexo is down for leads for more than a day; the next day the stranger calls again."""
    first = mri.missed()
    mri.fault("status", method="POST", path="/v1/leads", times="forever", status=503)
    mri.pass_time(26 * 3600)
    assert mri.call(first).state is CallState.FAILED
    mri.control("faults", [])
    second = mri.missed()
    mri.pass_time(3600)
    assert mri.call(second).state is CallState.WRITTEN, mri.call(second).reason
    assert len(mri.leads()) == 1


def test_where_the_asking_call_was_refused_until_it_gave_up_another_call_takes_over(
    mri: Adapter,
) -> None:
    """Each answer said that no lead was made, so that no trace has to be looked for."""
    given_up(mri)
    before = mri.asked("/v1/admin/logs")
    second = mri.missed()
    mri.work()
    assert mri.asked("/v1/admin/logs") == before
    mri.pass_time(600)
    assert mri.call(second).state is CallState.WRITTEN, mri.call(second).reason
    assert len(mri.leads()) == 1


def test_a_call_that_lacks_what_a_lead_needs_takes_over_from_no_other(database_url: str) -> None:
    """It came on another line. The lead stays to be made by a call of a line that is complete."""
    other = lines(lead_source_id="").replace(MAIN, OTHER_MAIN)
    with acquainted(database_url, ADAPTER_LINES=lines() + other) as made:
        given_up(made)
        lacking = made.missed(line=OTHER_MAIN)
        made.pass_time(600)
        call = made.call(lacking)
        assert (call.state, call.cause) == (CallState.HELD, Cause.LINE_INCOMPLETE)
        assert "lead_source_id" in (call.reason or "")
        whole = made.missed()
        made.pass_time(3600)
        assert made.call(whole).state is CallState.WRITTEN, made.call(whole).reason
        assert len(made.leads()) == 1


def test_of_two_calls_that_take_over_at_the_same_moment_one_makes_the_lead(
    mri: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third is faster and asks for the lead. The answer is lost: only the third's attempts tell of it."""
    given_up(mri)
    mri.fault("reset_after", method="POST", path="/v1/leads")
    second = mri.missed()
    ((key, run),) = mri.take_due()
    third = new_sid()

    def be_faster() -> None:
        mri.missed(sid=third)
        mri.work()

    just_before("new_lead", mri, monkeypatch, be_faster)
    mri.container.delivery.run(key, run)
    assert len(mri.leads()) == 1, "the third has asked"
    mri.pass_time(3600)
    for sid in (second, third):
        assert mri.call(sid).state is CallState.WRITTEN, mri.call(sid).reason
    assert mri.call(second).person_id == mri.call(third).person_id
    assert len(mri.leads()) == 1


@pytest.mark.full
def test_calls_that_wait_for_anothers_lead_do_not_flood_propexo(mri: Adapter) -> None:
    mri.fault("status", method="POST", path="/v1/leads", times="forever", status=503)
    mri.missed()
    mri.pass_time(60)
    before = mri.asked()
    mri.missed()
    mri.pass_time(3600)
    assert mri.asked() - before <= 300, "requests in an hour for two calls that only wait"


def test_a_stranger_from_abroad_gets_a_lead_too(mri: Adapter) -> None:
    sid = mri.missed("+442079460018")
    mri.pass_time(600)
    assert mri.call(sid).state is CallState.WRITTEN, mri.call(sid).reason
    assert len(mri.leads()) == 1


def test_the_names_of_new_leads_are_those_that_the_line_says(database_url: str) -> None:
    text = lines("MRI", lead_first_name="Phone", lead_last_name="Inquiry")
    with acquainted(database_url, vendors=["MRI"], ADAPTER_LINES=text) as made:
        made.missed()
        made.pass_time(600)
        body: Mapping[str, Any] = made.leads()[0]["body"]
        assert (body["first_name"], body["last_name"]) == ("Phone", "Inquiry")
