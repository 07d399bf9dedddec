"""Does a hook become part of its call's record: once, in any order, together with its schedule?"""

from __future__ import annotations

import itertools
import json
import random
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import Headers

from adapter.config.lines_file import read_lines
from adapter.domain.assessment import CallRules
from adapter.domain.call import Call, CallState, RawHook
from adapter.domain.due import REORDER_SECONDS, RecordingLinks, SettlePolicy
from adapter.domain.lines import Lines
from adapter.domain.outcome import Outcome
from adapter.domain.record import AnsweredBy, CallRecord, Leg, LegStatus
from adapter.errors import HookTooLarge, StoreRefused, StoreUnavailable, UntrustedHook
from adapter.intake.service import MAX_BODY_BYTES, Intake
from adapter.operations.replay import replay_parked
from adapter.providers.base import (
    HookKind,
    HookRequest,
    Parameters,
    ParsedHook,
    Provider,
    Reply,
)
from adapter.providers.twilio.signature import parameters
from adapter.storage.engine import open_engine
from adapter.storage.hooks import Hooks
from adapter.storage.schema import calls, conference_recordings, hooks
from adapter.storage.store import Store
from tests.support.databases import refusing
from tests.support.environment import ACCOUNT, LINE, NOW
from tests.support.hooks import signed
from tests.support.providers import twilio_provider

PERSON, AGENT = "+16175550134", "+16175550150"
CALL, CHILD = "CA00000000000000000000000000000001", "CA00000000000000000000000000000002"
RECORDING = "RE00000000000000000000000000000001"
POLICY = SettlePolicy(settle_seconds=10, recording_wait_seconds=300, unfinished_seconds=14_400)
Params = dict[str, str]
HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """Twilio's hooks going into one store, as they would over HTTP."""

    store: Store
    intake: Intake
    twilio: Provider

    def take(self, params: Mapping[str, str], *, after: float = 0) -> Reply:
        """A hook that comes so many seconds after NOW."""
        hook = signed(params, at=NOW + timedelta(seconds=after))
        return self.intake.take(self.twilio, hook)

    def call(self, sid: str = CALL) -> Call:
        found = self.store.calls.get(f"twilio:{ACCOUNT}:{sid}")
        assert found is not None, f"there is no call {sid}"
        return found

    def keys(self) -> list[str]:
        with self.store.begin() as connection:
            return list(connection.execute(sa.select(calls.c.key)).scalars())

    def due(self, after: float) -> list[tuple[str, int]]:
        """What a worker would take up then."""
        with self.store.begin() as connection:
            return list(self.store.runs.take_due(connection, NOW + timedelta(seconds=after), 100))

    def set(self, sid: str = CALL, **values: Any) -> None:
        with self.store.begin() as connection:
            self.store.calls.update(connection, f"twilio:{ACCOUNT}:{sid}", **values)


def desk_on(
    store: Store,
    policy: SettlePolicy = POLICY,
    lines: Lines | None = None,
    call_days: int | None = None,
) -> Desk:
    ours = lines or read_lines(f'[lines."{LINE}"]\nstaff = ["{AGENT}"]', {"integration_id": "i"})
    twilio = twilio_provider()
    intake = Intake(
        store=store,
        providers={"twilio": twilio},
        rules=CallRules(ours, policy),
        call_days=call_days,
    )
    return Desk(store, intake, twilio)


@pytest.fixture
def desk(store: Store) -> Desk:
    return desk_on(store)


# Hooks ----------------------------------------------------------------------------------------------

COMMON = {"AccountSid": ACCOUNT, "ApiVersion": "2010-04-01"}
ENDS = {**COMMON, "CallSid": CALL, "From": PERSON, "To": LINE, "Direction": "inbound"}
PROGRESS = {
    "CallbackSource": "call-progress-events",
    "SequenceNumber": "0",
    "Timestamp": "Mon, 02 Mar 2026 15:00:00 +0000",
}


def status(value: str, seconds: int | None = None, **params: str) -> Params:
    known = {**ENDS, **PROGRESS, "CallStatus": value, **params}
    return known if seconds is None else {**known, "CallDuration": str(seconds)}


def child(value: str, seconds: int | None = None, **params: str) -> Params:
    leg = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    return status(value, seconds, **{**leg, **params})


def dial(value: str, parent: str = "in-progress", **params: str) -> Params:
    talked = {"DialBridged": "true", "DialCallDuration": "95"}
    return {
        **ENDS,
        "CallStatus": parent,
        "DialCallStatus": value,
        "DialCallSid": CHILD,
        **(talked if value == "completed" else {"DialBridged": "false"}),
        **params,
    }


def recording(seconds: int = 20, source: str = "DialVerb", **params: str) -> Params:
    return {
        **COMMON,
        "CallSid": CALL,
        "RecordingSid": RECORDING,
        "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}",
        "RecordingStatus": "completed",
        "RecordingDuration": str(seconds),
        "RecordingSource": source,
        **params,
    }


def machine(sid: str = CHILD, answered_by: str = "machine_start") -> Params:
    return {**COMMON, "CallSid": sid, "AnsweredBy": answered_by, "MachineDetectionDuration": "2400"}


COMPLETED = status("completed", 110)
BRIDGED = dial("completed")
STORY = [
    status("ringing"),
    status("in-progress", SequenceNumber="1"),
    child("completed", 96),
    BRIDGED,
    COMPLETED,
    recording(95),
]


# One record per call --------------------------------------------------------------------------------


def test_a_hook_makes_a_call_and_is_kept_as_it_came(desk: Desk) -> None:
    params = {**COMPLETED, "CallerName": "FAYETTEVILL  NC", "ToCity": "São Paulo"}
    hook = signed(params)
    assert desk.intake.take(desk.twilio, hook).status == 204
    call = desk.call()
    assert (call.direction, call.line, call.other) == ("inbound", LINE, PERSON)
    assert (call.outcome, call.talk_seconds, call.state) == ("answered", 110, CallState.OPEN)
    (kept,) = desk.store.hooks.of_call(call.key)
    assert (kept.body, kept.target, kept.method) == (hook.body, hook.target, "POST")
    assert (kept.state, kept.kind, kept.received_at) == ("taken", "status", NOW)


def test_only_headers_that_explain_a_hook_are_kept(desk: Desk) -> None:
    hook = signed(COMPLETED)
    secret = {"Authorization": "Basic c2VjcmV0", "Cookie": "a=b"}
    token = {"I-Twilio-Idempotency-Token": "t"}
    desk.intake.take(
        desk.twilio, replace(hook, headers=Headers({**hook.headers, **secret, **token}))
    )
    (kept,) = desk.store.hooks.of_call(desk.call().key)
    assert set(kept.headers) == {"Content-Type", "X-Twilio-Signature", *token}


@pytest.mark.parametrize("params", [COMPLETED, child("completed", 9), BRIDGED, recording()])
def test_a_hook_that_comes_again_changes_nothing_but_is_counted(desk: Desk, params: Params) -> None:
    desk.take(params)
    before = desk.call()
    desk.take(params, after=1)
    desk.take(params, after=500)
    assert replace(desk.call(), version=before.version) == before
    assert [hook.repeats for hook in desk.store.hooks.of_call(before.key)] == [2]


@pytest.mark.parametrize("seed", range(6))
def test_the_record_is_the_same_in_any_order(desk: Desk, seed: int) -> None:
    hooks = [*STORY, *STORY[2:5]]
    random.Random(seed).shuffle(hooks)
    for second, params in enumerate(hooks):
        desk.take(params, after=second)
    call = desk.call()
    assert desk.keys() == [call.key]
    assert (call.outcome, call.talk_seconds, call.other) == ("answered", 96, PERSON)
    assert (call.direction, call.line, call.run) == ("inbound", LINE, 1)
    assert list(call.record.recordings) == [RECORDING]
    assert call.record.parent.status is LegStatus.COMPLETED
    assert call.over_at is not None


def test_hooks_at_the_same_time_lose_nothing(desk: Desk) -> None:
    barrier = threading.Barrier(len(STORY))

    def send(params: Params) -> int:
        barrier.wait()
        return desk.take(params).status

    with ThreadPoolExecutor(len(STORY)) as threads:
        assert set(threads.map(send, STORY)) <= {200, 204}
    call = desk.call()
    assert desk.keys() == [call.key]
    assert (call.outcome, call.talk_seconds) == ("answered", 96)
    assert set(call.record.legs) == {CALL, CHILD} and list(call.record.recordings) == [RECORDING]
    assert len(desk.store.hooks.of_call(call.key)) == len(STORY)


def test_a_late_progress_event_does_not_reopen_a_call(desk: Desk) -> None:
    desk.take(status("no-answer", 0))
    desk.take(status("ringing"), after=2)
    assert desk.call().outcome == "no_answer"
    assert desk.call().over_at == NOW


def test_the_same_call_id_of_two_accounts_is_two_calls(store: Store) -> None:
    desk = desk_on(store)
    other = "AC" + "f" * 32
    twilio = twilio_provider(account=None)
    for account in (ACCOUNT, other):
        desk.intake.take(twilio, signed({**COMPLETED, "AccountSid": account}))
    assert len(desk.keys()) == 2


# When it is due -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "seconds"),
    [
        (status("no-answer", 0), REORDER_SECONDS),
        (status("busy", 0), 0),
        (COMPLETED, 10),
        (BRIDGED, 10),
        (dial("completed", "completed"), 10),  # when the call began is not told yet
        (dial("no-answer"), 60),  # the caller may leave a message
        (recording(), 10),
        (status("ringing"), 14_400),
    ],
)
def test_when_a_first_hook_makes_its_call_due(desk: Desk, params: Params, seconds: float) -> None:
    desk.take(params)
    assert desk.call().due_at == NOW + timedelta(seconds=seconds)
    assert desk.due(seconds - 0.1) == []
    assert desk.due(seconds) == [(desk.call().key, 1)]


def test_one_run_is_planned_however_many_hooks_come(desk: Desk) -> None:
    for params in STORY * 2:
        desk.take(params)
    assert desk.due(100_000) == [(desk.call().key, 1)]
    assert desk.due(100_000) == []


def test_a_later_hook_brings_the_delivery_forward(desk: Desk) -> None:
    desk.take(status("ringing"))
    desk.take(COMPLETED, after=60)
    assert desk.call().due_at == NOW + timedelta(seconds=70)
    desk.take(dial("completed", "completed"), after=61)
    assert desk.call().due_at == NOW + timedelta(seconds=60)


def test_a_call_is_over_when_the_first_hook_says_so(desk: Desk) -> None:
    """Waits are counted from there: a hook that comes late does not delay the delivery."""
    desk.take(COMPLETED)
    desk.take(status("in-progress"), after=5)
    desk.take(child("no-answer", 0), after=8)
    assert desk.call().over_at == NOW
    assert desk.call().due_at == NOW + timedelta(seconds=10)


def test_the_providers_link_is_waited_for_and_no_longer(store: Store) -> None:
    desk = desk_on(store, replace(POLICY, links=RecordingLinks.PROVIDER))
    desk.take(dial("completed", "completed"))
    assert desk.call().due_at == NOW + timedelta(seconds=300)
    desk.take(recording(), after=30)
    assert desk.due(30) == [(desk.call().key, 1)]


def test_hooks_do_not_disturb_a_delivery_that_is_under_way(desk: Desk) -> None:
    desk.take(status("busy", 0))
    assert len(desk.due(0)) == 1
    planned = desk.call()
    desk.take(recording(source="RecordVerb"), after=1)
    assert desk.call().run == planned.run
    assert desk.due(1000) == []
    desk.set(state=CallState.DELIVERING)
    desk.take(child("no-answer", 0), after=2)
    assert desk.call().run == planned.run
    assert desk.due(1000) == []
    assert set(desk.call().record.legs) == {CALL, CHILD}


def test_a_held_call_that_a_later_hook_may_explain_is_looked_at_again(desk: Desk) -> None:
    desk.take({**COMMON, "CallSid": CALL, "CallStatus": "completed", "CallDuration": "5"})
    assert len(desk.due(100)) == 1
    desk.set(state=CallState.HELD, due_at=None)
    desk.take(COMPLETED, after=200)
    assert desk.call().run == 2
    assert desk.due(200) == [(desk.call().key, 2)]


def test_a_held_call_is_left_alone_by_a_hook_that_tells_nothing_new(desk: Desk) -> None:
    desk.take(COMPLETED)
    desk.due(100)
    desk.set(state=CallState.HELD, due_at=None)
    desk.take(COMPLETED, after=200)
    assert desk.call().run == 1
    assert desk.due(1000) == []


def test_a_written_call_that_a_later_hook_corrects_is_looked_at_again(desk: Desk) -> None:
    desk.take(COMPLETED)
    desk.due(100)
    desk.set(state=CallState.WRITTEN, due_at=None)
    desk.take(recording(), after=600)
    assert desk.due(600) == [(desk.call().key, 2)]


# Legs that name no parent ---------------------------------------------------------------------------

FOLDED: Sequence[Sequence[Params]] = list(
    itertools.permutations([machine(), child("completed", 20), COMPLETED])
)


@pytest.mark.parametrize("hooks", FOLDED)
def test_a_detection_on_a_dialled_leg_goes_to_its_call_in_any_order(
    desk: Desk, hooks: Sequence[Params]
) -> None:
    """Machine detection names only the leg; the leg's own status hook names its parent."""
    for second, params in enumerate(hooks):
        desk.take(params, after=second)
    call = desk.call()
    assert call.record.legs[CHILD].answered_by is AnsweredBy.MACHINE
    assert call.outcome == "no_answer"
    assert [found.key for found in desk.store.calls.search()] == [call.key]


def test_a_folded_leg_is_never_delivered(desk: Desk) -> None:
    desk.take(machine())
    desk.take(child("completed", 20), after=1)
    assert desk.call(CHILD).state is CallState.FOLDED
    assert desk.due(1_000_000) == [(desk.call().key, 1)]
    assert desk.store.runs.requeue_lost(NOW + timedelta(days=1), NOW) <= 1, (
        "folded legs come back for ever"
    )


def test_a_detection_goes_to_the_call_whose_dial_names_the_leg(desk: Desk) -> None:
    """Where the dial has an action and its numbers have no status callback."""
    desk.take(machine())
    desk.take(dial("completed", "completed"), after=1)
    desk.take(machine(answered_by="machine_end_beep"), after=2)
    assert [found.call_id for found in desk.store.calls.search()] == [CALL]
    assert desk.call().record.legs[CHILD].answered_by is AnsweredBy.MACHINE


def test_a_detection_on_the_call_itself_stays_there(desk: Desk) -> None:
    outbound = {"Direction": "outbound-api", "From": LINE, "To": PERSON}
    desk.take(machine(CALL))
    desk.take(status("completed", 30, **outbound), after=1)
    assert desk.call().outcome == "voicemail"
    assert len(desk.keys()) == 1


def test_a_detection_at_the_same_time_as_its_legs_hook_is_not_lost(desk: Desk) -> None:
    """Two processes: one stores the detection, the other the leg, and neither sees the other's yet."""
    leg = Leg(id=CHILD, answered_by=AnsweredBy.MACHINE)
    detection = CallRecord(provider="twilio", account=ACCOUNT, call_id=CHILD, legs={CHILD: leg})
    other = threading.Thread(target=desk.take, args=[child("completed", 20)])
    with desk.store.begin() as connection:
        desk.intake.add(connection, detection, NOW)
        other.start()
        other.join(timeout=0.5)  # it may wait for us, and then ends after our commit
    other.join(timeout=20)
    assert desk.call().record.legs[CHILD].answered_by is AnsweredBy.MACHINE


# What cannot be taken -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hook",
    [
        replace(
            signed(COMPLETED),
            headers=Headers({"Content-Type": "application/x-www-form-urlencoded"}),
        ),
        signed(COMPLETED, token="wrong"),
        signed({**COMPLETED, "AccountSid": "AC" + "9" * 32}),
    ],
)
def test_a_hook_that_is_not_trusted_leaves_no_trace(desk: Desk, hook: HookRequest) -> None:
    with pytest.raises(UntrustedHook):
        desk.intake.take(desk.twilio, hook)
    assert desk.keys() == [] and desk.store.hooks.count_parked() == 0


@pytest.mark.parametrize("size", [MAX_BODY_BYTES - 2000, MAX_BODY_BYTES + 1])
def test_a_hook_has_64_kib_at_most(desk: Desk, size: int) -> None:
    hook = signed({**COMPLETED, "Pad": "x" * size})
    if size < MAX_BODY_BYTES:
        assert desk.intake.take(desk.twilio, hook).status == 204
        return
    with pytest.raises(HookTooLarge):
        desk.intake.take(desk.twilio, hook)
    assert desk.keys() == []


def test_a_url_has_64_kib_at_most(desk: Desk) -> None:
    with pytest.raises(HookTooLarge):
        desk.intake.take(
            desk.twilio, signed({**COMPLETED, "Pad": "x" * MAX_BODY_BYTES}, method="GET")
        )


UNREADABLE = {**ENDS, "CallStatus": "exploded"}


def test_a_trusted_hook_that_cannot_be_read_is_parked_and_acknowledged(desk: Desk) -> None:
    hook = signed(UNREADABLE)
    assert desk.intake.take(desk.twilio, hook).status == 204
    (parked,) = desk.store.hooks.parked()
    assert (parked.body, parked.account, parked.state) == (hook.body, ACCOUNT, "parked")
    assert parked.error == "CallStatus has a value that is not known: 'exploded'"
    assert desk.keys() == []


def test_a_parked_hook_is_taken_after_the_fix(desk: Desk) -> None:
    desk.take(COMPLETED)
    desk.take(UNREADABLE, after=1)
    assert replay_parked(desk.intake) == (0, 1)
    (parked,) = desk.store.hooks.parked()
    with desk.store.begin() as connection:  # what a fix of the reader would make of it
        desk.store.hooks.update(connection, parked.id, body=signed(child("completed", 5)).body)
    assert replay_parked(desk.intake) == (1, 0)
    assert desk.store.hooks.count_parked() == 0
    assert set(desk.call().record.legs) == {CALL, CHILD}
    assert len(desk.store.hooks.of_call(desk.call().key)) == 2


@dataclass
class BrokenHooks:
    """A HookParser with a bug in its reading."""

    error: Exception

    def parse(self, request: HookRequest) -> Parameters:
        return parameters(request)

    def verify(self, request: HookRequest, params: Parameters) -> str:
        return ACCOUNT

    def read(self, params: Parameters, account: str, received_at: datetime) -> ParsedHook:
        raise self.error

    def call_ids(self, params: Parameters) -> list[str]:
        return [params["CallSid"]]

    def reply(self, event: ParsedHook | None) -> Reply:
        return Reply(204)


def test_a_bug_in_reading_parks_the_hook_and_a_replay_leaves_it_parked(store: Store) -> None:
    """One such hook must not keep the ones behind it from being replayed."""
    hooks = BrokenHooks(OverflowError("date value out of range"))
    broken = twilio_provider(name="broken", hooks=hooks)
    rules = CallRules(read_lines("", {}), POLICY)
    intake = Intake(store=store, providers={"broken": broken}, rules=rules)
    assert intake.take(broken, signed(COMPLETED)).status == 204
    (parked,) = store.hooks.parked()
    assert parked.error == "OverflowError: date value out of range"
    assert replay_parked(intake) == (0, 1)


class FailingHooks(Hooks):
    """Fails after the call was merged, before the transaction is committed."""

    error: Exception | None = None

    def add(self, connection: sa.Connection, hook: RawHook) -> int:
        hook_id = super().add(connection, hook)
        if self.error is not None and hook.state == "taken":
            raise self.error
        return hook_id


class FailingStore(Store):
    """A store whose hooks fail."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.hooks: FailingHooks = FailingHooks(self)


def test_record_and_schedule_and_hook_are_stored_together_or_not_at_all(
    engine: sa.Engine,
) -> None:
    store = FailingStore(engine)
    desk = desk_on(store)
    store.hooks.error = RuntimeError("a bug behind the merge")
    assert desk.take(child("completed", 9)).status == 204
    assert desk.keys() == []
    assert [hook.error for hook in store.hooks.parked()] == ["RuntimeError: a bug behind the merge"]
    store.hooks.error = None
    assert replay_parked(desk.intake) == (1, 0)
    assert len(desk.keys()) == 1


def test_a_hook_is_not_acknowledged_while_the_database_is_down() -> None:
    engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    desk = desk_on(Store(engine))
    with pytest.raises(StoreUnavailable):
        desk.take(COMPLETED)
    with pytest.raises(StoreUnavailable):
        desk.take(UNREADABLE)
    engine.dispose()


def test_a_hook_is_not_parked_when_the_database_fails_meanwhile(engine: sa.Engine) -> None:
    """The provider sends it again; parked it would count as taken."""
    store = FailingStore(engine)
    store.hooks.error = StoreUnavailable("gone")
    desk = desk_on(store)
    with pytest.raises(StoreUnavailable):
        desk.take(child("completed", 9))
    assert desk.keys() == [] and store.hooks.count_parked() == 0


@pytest.mark.parametrize("table", ["hooks", "calls"])
@pytest.mark.parametrize("params", [COMPLETED, dial("completed")], ids=["one", "joined"])
def test_what_the_database_refuses_is_not_parked(
    engine: sa.Engine, table: str, params: Params
) -> None:
    """It is not the hook's fault, and the same hook is taken when that is mended."""
    desk = desk_on(Store(engine))
    with refusing(engine, table), pytest.raises(StoreRefused, match="does not take it") as error:
        desk.take(params)
    assert PERSON not in str(error.value) and CALL not in str(error.value)
    assert desk.keys() == [] and desk.store.hooks.count_parked() == 0
    assert desk.take(params).status in (200, 204)
    assert desk.keys() == [f"twilio:{ACCOUNT}:{CALL}"]


def test_a_replayed_hook_stays_parked_while_the_database_refuses(
    desk: Desk, engine: sa.Engine
) -> None:
    desk.take(UNREADABLE)
    (parked,) = desk.store.hooks.parked()
    with desk.store.begin() as connection:
        desk.store.hooks.update(connection, parked.id, body=signed(COMPLETED).body)
    with refusing(engine, "calls"), pytest.raises(StoreRefused):
        replay_parked(desk.intake)
    assert replay_parked(desk.intake) == (1, 0)


def test_a_machine_at_its_end_is_not_the_hooks_fault(engine: sa.Engine) -> None:
    store = FailingStore(engine)
    store.hooks.error = OSError(24, "Too many open files")
    desk = desk_on(store)
    with pytest.raises(StoreUnavailable):
        desk.take(child("completed", 9))
    assert store.hooks.count_parked() == 0


@pytest.mark.parametrize(
    "params",
    [
        {**COMPLETED, "From": "sip:" + random.Random(1).randbytes(2000).hex()},
        status("completed", 1, CallerName=random.Random(1).randbytes(4000).hex()),
        dial("completed", DialCallSid=random.Random(1).randbytes(2000).hex()),
    ],
    ids=["a party", "a name", "the id of a leg"],
)
def test_no_length_that_a_hook_may_have_is_refused_by_the_database(
    desk: Desk, params: Params
) -> None:
    """Else it would be 503 for ever. An id that cannot be one is content that cannot be read."""
    assert desk.take(params).status in (200, 204)
    assert len(desk.keys()) + desk.store.hooks.count_parked() == 1


# What comes again ----------------------------------------------------------------------------------


def reordered(hook: HookRequest) -> HookRequest:
    """The same content under the same signature, in other bytes."""
    pairs = hook.body.decode().split("&")
    return replace(hook, body="&".join([*pairs[::-1], pairs[0]]).encode())


@pytest.mark.parametrize("params", [COMPLETED, dial("completed"), UNREADABLE])
def test_a_hook_that_comes_again_is_counted_and_not_kept_again(desk: Desk, params: Params) -> None:
    hook = signed(params)
    for copy in (hook, hook, reordered(hook), replace(reordered(hook), received_at=NOW + HOUR)):
        assert desk.intake.take(desk.twilio, copy).status in (200, 204)
    with desk.store.begin() as connection:
        rows = connection.execute(
            sa.select(hooks.c.repeats, hooks.c.repeated_at, hooks.c.body)
        ).all()
    assert [tuple(row) for row in rows] == [(3, NOW + HOUR, hook.body)]


def test_what_comes_again_changes_nothing_of_the_call(desk: Desk) -> None:
    desk.take(COMPLETED)
    before = desk.call()
    for _ in range(20):
        desk.take(COMPLETED, after=3600)
    assert replace(desk.call(), version=before.version) == before


def test_another_hook_that_says_nothing_new_is_kept(desk: Desk) -> None:
    """It may explain something later, and there is only one of it."""
    desk.take(COMPLETED)
    desk.take({**COMPLETED, "SequenceNumber": "7"})
    assert len(desk.store.hooks.of_call(desk.call().key)) == 2


def test_the_first_hook_again_after_news_is_counted_too(desk: Desk) -> None:
    desk.take(status("ringing"))
    desk.take(status("completed", 60))
    for _ in range(5):
        desk.take(status("ringing"))
    first, second = desk.store.hooks.of_call(desk.call().key)
    assert (first.repeats, second.repeats) == (5, 0)


def test_a_captured_hook_of_a_call_that_was_thrown_away_makes_no_new_one(store: Store) -> None:
    """Its event may stand in the PMS; nothing here knows of it any more."""
    desk = desk_on(store, call_days=30)
    old = {**status("completed", 60), "Timestamp": "Mon, 26 Jan 2026 14:58:00 +0000"}
    recent = {**old, "Timestamp": "Thu, 12 Feb 2026 14:58:00 +0000"}
    assert desk.take(old).status == 204
    assert desk.keys() == [] and store.hooks.count_parked() == 0
    assert desk.take(recent).status == 204
    assert len(desk.keys()) == 1


# Facts that did not come by a hook ------------------------------------------------------------------


def test_facts_from_the_providers_api_join_the_record(desk: Desk) -> None:
    desk.take(COMPLETED)
    facts = CallRecord(
        provider="twilio",
        account=ACCOUNT,
        call_id=CALL,
        legs={CHILD: Leg(id=CHILD, parent_id=CALL, status=LegStatus.NO_ANSWER)},
        was_read=True,
    )
    with desk.store.begin() as connection:
        assert desk.intake.add(connection, facts, NOW) == desk.call().key
    call = desk.call()
    assert call.record.was_read and set(call.record.legs) == {CALL, CHILD}
    assert call.outcome == Outcome.NO_ANSWER


def test_the_kept_hooks_tell_their_kinds(desk: Desk) -> None:
    for params in STORY:
        desk.take(params)
    kinds = [hook.kind for hook in desk.store.hooks.of_call(desk.call().key)]
    S, D, R = HookKind.STATUS, HookKind.DIAL, HookKind.RECORDING  # noqa: N806 - one letter a kind: the order is to be read as a row
    assert kinds == [S, S, S, D, S, R]


def test_the_stored_record_is_plain_json(desk: Desk) -> None:
    desk.take(COMPLETED)
    stored = json.loads(desk.call().record_json)
    assert stored["legs"][CALL]["status"] == "completed"


def test_times_come_from_the_hook_and_not_from_the_clock(desk: Desk) -> None:
    """What is replayed days later is dated as it came."""
    timestamp = "Mon, 02 Mar 2026 14:58:00 +0000"
    desk.take(status("completed", 60, Timestamp=timestamp))
    call = desk.call()
    assert call.started_at == datetime.fromisoformat("2026-03-02T14:57:00+00:00")
    assert call.first_seen_at == call.over_at == NOW


# Queues, conferences, and hooks that tell of no call ------------------------------------------------

AGENTS_CALL = "CA00000000000000000000000000000009"
CONFERENCE = "CF00000000000000000000000000000001"


@pytest.mark.parametrize("is_first", [True, False], ids=["dial first", "call first"])
def test_a_queued_call_that_an_agents_dial_names_stays_a_call(desk: Desk, is_first: bool) -> None:
    """`<Dial><Queue>` on the agent's leg may name the queued caller's call as the one it dialled."""
    agents = {
        **dial("completed"),
        "CallSid": AGENTS_CALL,
        "From": "client:anna",
        "DialCallSid": CALL,
    }
    ended = status("completed", 100)
    for hook in (agents, ended) if is_first else (ended, agents):
        desk.take(hook)
    recorded = {
        **COMMON,
        "CallSid": CALL,
        "RecordingSid": RECORDING,
        "RecordingStatus": "completed",
        "RecordingDuration": "90",
    }
    desk.take(recorded)
    assert desk.call().state is CallState.OPEN
    assert list(desk.call().record.recordings) == [RECORDING]
    assert desk.call(AGENTS_CALL).record.recordings == {}


def test_a_queued_call_that_is_told_of_at_the_same_moment_is_not_folded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first hook is committed after the agent's dial has looked for it, and before it looks again."""
    agents = {
        **dial("completed"),
        "CallSid": AGENTS_CALL,
        "From": "client:anna",
        "DialCallSid": CALL,
    }
    calls = desk.store.calls
    locked, looks = calls.locked, []

    def look(connection: sa.Connection, key: str) -> Call | None:
        looks.append(key)
        return None if len(looks) == 1 else locked(connection, key)

    desk.take(status("completed", 100))
    monkeypatch.setattr(calls, "locked", look)
    desk.take(agents)
    monkeypatch.undo()
    assert looks[0] == looks[1] == desk.call().key
    assert desk.call().state is CallState.OPEN
    assert desk.call(AGENTS_CALL).state is CallState.OPEN


def conference(call_id: str, event: str = "participant-join") -> Params:
    return {
        **COMMON,
        "ConferenceSid": CONFERENCE,
        "CallSid": call_id,
        "StatusCallbackEvent": event,
        "FriendlyName": "room of +16175550134",
    }


CONFERENCE_RECORDING = {
    **COMMON,
    "ConferenceSid": CONFERENCE,
    "RecordingSid": RECORDING,
    "RecordingStatus": "completed",
    "RecordingDuration": "31",
    "RecordingSource": "Conference",
    "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}",
}


def kept_hooks(desk: Desk) -> int:
    with desk.store.begin() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(hooks)).scalar_one())


@pytest.mark.parametrize(
    "params",
    [
        conference(CALL),
        {**COMMON, "CallSid": CALL, "StreamSid": "MZ1", "StreamEvent": "stream-started"},
        {**COMMON, "CallSid": CALL, "PaymentSid": "PK1", "PaymentCardNumber": "xxxx-4242"},
    ],
    ids=["conference", "stream", "payment"],
)
def test_a_hook_that_is_not_used_is_answered_counted_and_not_kept(
    desk: Desk, params: Params
) -> None:
    assert desk.take(params).status == 204
    assert (kept_hooks(desk), desk.keys()) == (0, [])


ORDERS = list(itertools.permutations(range(4)))


@pytest.mark.parametrize("order", ORDERS)
def test_a_conferences_recording_goes_to_the_one_call_with_a_person(
    desk: Desk, order: tuple[int, ...]
) -> None:
    """The other part of the conference is an agent's browser phone."""
    agents = {**status("completed", 90), "CallSid": AGENTS_CALL, "From": "client:anna", "To": ""}
    told = [
        [conference(CALL), conference(AGENTS_CALL)],
        [CONFERENCE_RECORDING, CONFERENCE_RECORDING],
        [status("completed", 100)],
        [agents],
    ]
    for place in order:
        for hook in told[place]:
            assert desk.take(hook).status == 204
    desk.intake.attach_conference_recordings(NOW + timedelta(seconds=5))
    assert desk.call().record.recordings == {}, (
        "others may have taken part, of whom no hook came yet"
    )
    desk.intake.attach_conference_recordings(NOW + timedelta(seconds=60))
    assert list(desk.call().record.recordings) == [RECORDING]
    assert desk.call(AGENTS_CALL).record.recordings == {}


def test_a_conferences_recording_goes_to_nobody_where_two_persons_took_part(desk: Desk) -> None:
    other = {**status("completed", 90), "CallSid": CHILD, "From": "+16175550135"}
    for hook in (status("completed", 100), other, conference(CALL), conference(CHILD)):
        desk.take(hook)
    desk.take(CONFERENCE_RECORDING)
    for seconds in (60, 7200):
        desk.intake.attach_conference_recordings(NOW + timedelta(seconds=seconds))
    assert desk.call().record.recordings == desk.call(CHILD).record.recordings == {}


def conference_recordings_kept(desk: Desk) -> int:
    query = sa.select(sa.func.count()).select_from(conference_recordings)
    with desk.store.begin() as connection:
        return int(connection.execute(query).scalar_one())


def test_a_conferences_recording_goes_to_the_call_whose_leg_took_part(desk: Desk) -> None:
    """The caller was put into the conference by the leg that rang the agent."""
    for hook in (child("completed", 30), status("completed", 100), conference(CHILD)):
        desk.take(hook)
    desk.take(CONFERENCE_RECORDING)
    desk.intake.attach_conference_recordings(NOW + timedelta(seconds=60))
    assert list(desk.call().record.recordings) == [RECORDING]
    assert conference_recordings_kept(desk) == 0


def test_a_conferences_recording_of_which_no_call_becomes_known_is_given_up_after_an_hour(
    desk: Desk,
) -> None:
    desk.take(conference(CALL))
    desk.take(CONFERENCE_RECORDING)
    desk.intake.attach_conference_recordings(NOW + timedelta(minutes=59))
    assert conference_recordings_kept(desk) == 1
    desk.intake.attach_conference_recordings(NOW + timedelta(minutes=61))
    assert conference_recordings_kept(desk) == 0
    desk.take(status("completed", 100))
    desk.intake.attach_conference_recordings(NOW + timedelta(minutes=62))
    assert desk.call().record.recordings == {}
