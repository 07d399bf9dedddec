"""Do calls wait while Propexo refuses the key or an integration, at one request a minute, and go on then?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from adapter.bootstrap import Container
from adapter.config.settings import Settings
from adapter.domain.call import Call, CallState
from adapter.domain.lines import PersonKind
from adapter.errors import Paused, RemoteError
from adapter.operations.decisions import assign
from adapter.worker.build import build_resume_paused
from tests.support.actors import TESTER
from tests.support.sandboxed import API_KEY, MAIN, OTHER_STRANGER, STRANGER, Adapter, adapter, lines
from tests.support.targets import propexo_api

ANNA, BEN = "+16175550134", "+16175550135"
YARDI = "+16175550101"
LINES = (
    lines()
    + f'[lines."{YARDI}"]\nintegration_id = "int_yardi"\nproperty_id = "prop_main_yardi"\n'
    + 'agent_name = "Lee Agent"\n'
)
REFUSALS = [401, 403]
DAY = 24 * 3600


@pytest.fixture
def made(database_url: str) -> Iterator[Adapter]:
    with adapter(database_url, vendors=("ENTRATA", "YARDI"), ADAPTER_LINES=LINES) as found:
        yield found


def revoke(made: Adapter, status: int = 401, **more: Any) -> None:
    made.fault("status", status=status, times="forever", **more)


def restore(made: Adapter) -> None:
    made.control("faults", [])


def resume_paused(container: Container) -> None:
    """What a worker does every few seconds. Errors: as of the target."""
    clock = container.target_deps.clock
    build_resume_paused(container.pauses, container.target, clock).work()


def keep_on(made: Adapter, seconds: int, *others: Container) -> None:
    """Time passes, with what each worker does beside its runs."""
    for _ in range(seconds // 10):
        made.pass_time(10)
        for container in (made.container, *others):
            with suppress(RemoteError):
                resume_paused(container)
            with suppress(RemoteError):
                container.bulk.work()
        made.work()


def states(made: Adapter, sids: list[str]) -> set[CallState]:
    return {made.call(sid).state for sid in sids}


def restarted(made: Adapter, **more: str) -> Container:
    """The container of another worker."""
    return Container(
        Settings.from_environ({**made.environ, **more}), monotonic=made.container.monotonic
    )


@pytest.mark.parametrize("status", REFUSALS)
def test_calls_wait_for_a_revoked_key_at_a_request_a_minute_and_go_on_by_themselves(
    made: Adapter, status: int
) -> None:
    revoke(made, status)
    sids = [made.missed(ANNA) for _ in range(30)]
    made.work()
    for call in map(made.call, sids):
        assert call.state is CallState.DELIVERING
        assert call.waits_for == made.container.target.key_pause
        assert call.reason is not None
        assert f"{status}" in call.reason and "PROPEXO_API_KEY" in call.reason
        assert API_KEY not in call.reason
    assert made.asked() == 2, "the refused request, and the question whether it is the key"
    keep_on(made, 600)
    assert made.asked() - 2 <= 10
    late = made.missed(BEN)
    keep_on(made, 60)
    assert "PROPEXO_API_KEY" in (made.call(late).reason or "")
    restore(made)
    keep_on(made, 90)
    assert states(made, [*sids, late]) == {CallState.WRITTEN}
    assert len(made.events()) == 31
    assert made.call(late).waits_for is None
    assert not made.container.pauses.all()


@pytest.mark.full
def test_a_key_that_is_revoked_for_days_fails_no_call(made: Adapter) -> None:
    made.fault("status", status=503, times=3)
    sid = made.missed(ANNA)
    made.pass_time(5)
    assert made.call(sid).tries > 0
    revoke(made)
    for _ in range(3):
        made.pass_time(DAY)
        resume_paused(made.container)
    made.fault("status", status=503, times=2)
    keep_on(made, 300)
    assert made.call(sid).state is CallState.WRITTEN


def test_a_refused_integration_waits_alone(made: Adapter) -> None:
    revoke(made, 403, integration_id="int_entrata")
    sids = [made.missed(ANNA) for _ in range(10)]
    other = made.missed(STRANGER, YARDI)
    made.person("lead", id="lead_yara", integration_id="int_yardi", phone_1=STRANGER)
    made.work()
    assert {made.call(sid).waits_for for sid in sids} == {"integration/int_entrata"}
    assert "integration int_entrata" in (made.call(sids[0]).reason or "")
    assert not made.call(sids[0]).reason.startswith("Propexo refuses PROPEXO_API_KEY")  # type: ignore[union-attr]  # a reason is there: the line before says so
    keep_on(made, 60)
    assert made.call(other).state is CallState.WRITTEN
    before = made.asked()
    keep_on(made, 600)
    assert made.asked() - before <= 10
    restore(made)
    keep_on(made, 90)
    assert states(made, sids) == {CallState.WRITTEN}


@pytest.mark.parametrize("status", REFUSALS)
def test_refused_writes_wait_at_one_post_a_minute(made: Adapter, status: int) -> None:
    """The key may read everything, and write nothing: reading well does not end the pause."""
    made.fill_index()
    revoke(made, status, method="POST")
    sids = [made.missed(ANNA) for _ in range(10)]
    made.work()
    assert {made.call(sid).waits_for for sid in sids} == {"writes/int_entrata"}
    before = made.asked("/v1/events", "POST")
    assert before == 1
    keep_on(made, 600)
    assert made.asked("/v1/events", "POST") - before <= 10
    restore(made)
    keep_on(made, 90)
    assert states(made, sids) == {CallState.WRITTEN}
    assert len(made.events()) == 10


def test_the_pause_is_shared_by_all_workers_and_survives_their_restart(made: Adapter) -> None:
    revoke(made)
    made.missed(ANNA)
    made.work()
    asked = made.asked()
    other = restarted(made)
    with pytest.raises(Paused, match="PROPEXO_API_KEY"):
        propexo_api(other).client.get(
            "/v1/leads/", {"integration_id": "int_entrata"}, step="lookup"
        )
    assert made.asked() == asked, "it believed the pause"
    keep_on(made, 600, other, restarted(made))
    assert made.asked() - asked <= 10, "three workers, one request a minute"
    other.store.engine.dispose()


def test_with_a_new_key_calls_go_on_at_once(made: Adapter) -> None:
    """The operator puts a new key into the settings and starts the worker again."""
    wrong = restarted(made, PROPEXO_API_KEY="revoked-key")
    sid = made.missed(ANNA)
    for key, run in made.take_due():
        wrong.delivery.run(key, run)
    assert made.call(sid).waits_for == wrong.target.key_pause
    resume_paused(made.container)
    made.work()
    assert made.call(sid).state is CallState.POSTED
    wrong.store.engine.dispose()


def test_accepted_writes_are_confirmed_after_the_pause(made: Adapter) -> None:
    sids = [made.missed(ANNA) for _ in range(5)]
    made.work()
    assert states(made, sids) == {CallState.POSTED}
    revoke(made)
    keep_on(made, 60)
    for _ in range(2):
        made.pass_time(DAY)
        resume_paused(made.container)
    assert states(made, sids) == {CallState.POSTED}
    restore(made)
    keep_on(made, 90)
    assert states(made, sids) == {CallState.WRITTEN}
    assert len(made.events()) == 5


def test_a_refused_retry_of_a_failed_write_waits(made: Adapter) -> None:
    made.control(
        "faults",
        [
            {"kind": "write_fails", "path": "/v1/events", "errors": ["the PMS timed out"]},
            {"kind": "status", "status": 403, "path": "/v1/admin/retry-write", "times": "forever"},
        ],
    )
    sid = made.missed(ANNA)
    made.work()
    keep_on(made, 300)
    assert made.call(sid).state is CallState.POSTED
    assert made.call(sid).waits_for == "writes/int_entrata"
    restore(made)
    keep_on(made, 300)
    assert made.call(sid).state is CallState.WRITTEN


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("path", ["", "/v1/leads"])
def test_a_lead_is_made_after_the_pause_and_once(made: Adapter, status: int, path: str) -> None:
    made.fill_index()
    revoke(made, status, **({"path": path, "method": "POST"} if path else {}))
    sids = [made.missed(STRANGER), made.missed(OTHER_STRANGER)]
    keep_on(made, 120)
    assert states(made, sids) == {CallState.DELIVERING}
    restore(made)
    keep_on(made, 180)
    assert len(made.leads()) == 2


def test_a_call_that_was_assigned_waits_too(made: Adapter) -> None:
    sid = made.missed(STRANGER)
    revoke(made)
    unchecked = assign(
        made.store,
        made.call(sid),
        kind=PersonKind.LEAD,
        person_id="lead_anna",
        target=made.container.target,
        lines=made.container.lines,
        by=TESTER,
    )
    assert "PROPEXO_API_KEY" in (unchecked or "")
    keep_on(made, 120)
    assert made.call(sid).state is CallState.DELIVERING
    restore(made)
    keep_on(made, 90)
    assert (made.call(sid).state, made.call(sid).person_id) == (CallState.WRITTEN, "lead_anna")


def test_people_are_read_into_the_index_after_the_pause(made: Adapter) -> None:
    revoke(made)
    for _ in range(40):
        with pytest.raises(Paused):
            made.container.target.people.step(timedelta(minutes=5))
        made.pass_time(15)
    assert made.asked() <= 12
    restore(made)
    keep_on(made, 90)
    made.fill_index()
    assert all(state.is_filled for state in made.container.target.people.states())


def test_one_list_that_is_refused_keeps_no_call_and_no_other_list_waiting(made: Adapter) -> None:
    """A key that may not read residents, of lines that write on leads."""
    revoke(made, 403, path="/v1/residents/")
    for _ in range(40):
        with pytest.raises(Paused, match="residents"):
            while made.container.target.people.step(timedelta(hours=5)):
                pass
        made.pass_time(15)
        resume_paused(made.container)
    refused = made.asked("/v1/residents/")
    assert refused <= 2 * 11, "once a minute for each of two integrations"
    filled = {s.kind for s in made.container.target.people.states() if s.is_filled}
    assert filled == {PersonKind.LEAD, PersonKind.APPLICANT}
    sid = made.missed(ANNA)
    made.work()
    assert made.call(sid).state is CallState.POSTED
    assert made.call(sid).waits_for is None


def test_it_is_said_as_an_error_once_and_then_at_most_each_minute(
    made: Adapter, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    revoke(made)
    for _ in range(20):
        made.missed(ANNA)
    made.work()
    said = [line for line in logged() if line["level"] == "error"]
    assert len(said) == 1
    assert "PROPEXO_API_KEY" in said[0]["reason"] and "401" in said[0]["reason"]
    keep_on(made, 300)
    assert 4 <= len([line for line in logged() if line["level"] == "error"]) <= 5
    restore(made)
    keep_on(made, 90)
    assert [line for line in logged() if line["level"] == "warning" and "goes on" in line["event"]]


def test_a_pause_that_nobody_waits_for_is_forgotten(made: Adapter) -> None:
    made.container.pauses.begin("integration/int_gone", "Propexo refuses it")
    made.container.pauses.begin("key/another", "Propexo refuses it")
    keep_on(made, 60)
    assert len(made.container.pauses.all()) == 2
    keep_on(made, 700)
    assert not made.container.pauses.all()


def test_trouble_amid_the_question_whether_it_is_the_key_says_nothing_of_it(made: Adapter) -> None:
    made.control(
        "faults",
        [
            {"kind": "status", "status": 403, "path": "/v1/leads", "times": 1},
            {"kind": "status", "status": 503, "path": "/v1/admin/integrations", "times": 1},
        ],
    )
    sid = made.missed(ANNA)
    made.work()
    assert not made.container.pauses.all()
    keep_on(made, 60)
    assert made.call(sid).state is CallState.WRITTEN


def test_a_hook_that_comes_meanwhile_does_not_make_it_run(made: Adapter) -> None:
    revoke(made)
    sid = made.missed(ANNA)
    made.work()
    before: Call = made.call(sid)
    made.hook(
        AccountSid=before.account,
        CallSid=sid,
        RecordingSid="RE" + "3" * 32,
        RecordingUrl="https://api.twilio.com/Recordings/RE" + "3" * 32,
        RecordingStatus="completed",
        RecordingDuration="5",
        To=MAIN,
    )
    assert made.call(sid).due_at == before.due_at
