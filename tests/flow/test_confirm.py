"""Are accepted writes confirmed, many with one request, and failed ones tried again or told?"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

import pytest

from adapter.bootstrap import Container, web_app
from adapter.config.settings import Settings
from adapter.domain.call import CallState
from adapter.domain.call_event import mark_of
from adapter.domain.matching import Person
from adapter.errors import CredentialsRefused, NotSupported, PermanentError, TemporaryError
from adapter.operations.replay import replay_calls
from adapter.sandbox.twilio import new_sid
from adapter.targets import propexo
from adapter.targets.base import EarlierWrite, Target, WriteOutcome
from adapter.targets.propexo.target import PropexoTarget
from tests.support.actors import TESTER
from tests.support.hooks import dial_hook, recording_hook
from tests.support.sandboxed import MAIN, Adapter, adapter, lines, missed_hook

ANNA, BEN = "+16175550134", "+16175550135"
LOGS, STATUS, RETRY = "/v1/admin/logs/writes", "/v1/admin/write-status", "/v1/admin/retry-write"
SECRET = "propexo-webhook-secret"


class OwnTarget(PropexoTarget):
    """The real target. Its write logs answer with an error while a test wants that.

    amid: happens once, while it is asked what became of a write.
    """

    no_logs: Exception | None = None
    no_word: Exception | None = None
    no_corrections: Exception | None = None
    no_trace: Exception | None = None
    asked = 0
    amid: Callable[[], object] | None = None

    def confirm(self, job_id: str, *, integration_id: str | None = None) -> WriteOutcome:
        if self.no_word is not None:
            raise self.no_word
        self._happen_amid()
        return super().confirm(job_id, integration_id=integration_id)

    def takes_corrections(self, person: Person) -> bool:
        if self.no_corrections is not None:
            raise self.no_corrections
        return super().takes_corrections(person)

    def find_earlier(self, *about: Any, **more: Any) -> EarlierWrite:
        if self.no_trace is not None:
            raise self.no_trace
        return super().find_earlier(*about, **more)

    def ended_writes(self, integration_id: str, since: datetime) -> Mapping[str, bool]:
        self.asked += 1
        if self.no_logs is not None:
            raise self.no_logs
        self._happen_amid()
        return super().ended_writes(integration_id, since)

    def _happen_amid(self) -> None:
        """What a test wants to happen while the target is asked, once."""
        happens, self.amid = self.amid, None
        if happens is not None:
            happens()


class WithOwnTarget(Container):
    @cached_property
    def target(self) -> Target:
        built = propexo.build(self.target_deps)
        assert isinstance(built.api, PropexoTarget)
        return replace(built, api=OwnTarget(built.api.client, self.index))


@pytest.fixture
def made(database_url: str) -> Iterator[Adapter]:
    with adapter(
        database_url,
        container=WithOwnTarget,
        ADAPTER_LINES=lines(policy=""),
        PROPEXO_WEBHOOK_SECRET=SECRET,
    ) as found:
        yield found


def post(made: Adapter, count: int = 1) -> list[str]:
    """Calls of Anna's that were accepted just now; their ids."""
    sids = [made.missed(ANNA) for _ in range(count)]
    made.work()
    assert {made.call(sid).state for sid in sids} == {CallState.POSTED}
    return sids


def keep_on(made: Adapter, seconds: int, every: int = 10) -> None:
    """Time passes, with the bulk confirmation that the worker does beside its runs."""
    for _ in range(seconds // every):
        made.pass_time(every)
        made.container.bulk.work()
        made.work()


# In bulk ------------------------------------------------------------------------------------------------


def test_many_calls_are_confirmed_with_a_request_for_a_hundred(made: Adapter) -> None:
    sids = post(made, 120)
    made.pass_time(2)
    made.container.bulk.work()
    assert {made.call(sid).state for sid in sids} == {CallState.WRITTEN}
    assert made.asked(LOGS) == 2
    keep_on(made, 600)
    assert made.asked(STATUS) == 0
    assert made.asked(LOGS) == 2, "with nothing to confirm nothing is asked"


def test_a_confirmed_call_says_when(made: Adapter) -> None:
    (sid,) = post(made)
    made.pass_time(5)
    made.container.bulk.work()
    call = made.call(sid)
    assert (call.state, call.confirmed_at, call.reason) == (CallState.WRITTEN, made.now(), None)
    assert made.next_due() is None


def test_what_was_accepted_this_moment_is_not_asked_for_yet(made: Adapter) -> None:
    post(made)
    made.container.bulk.work()
    assert made.asked(LOGS) == 0


def test_each_integration_is_asked_for_its_own(database_url: str) -> None:
    second = lines("MRI", policy="").replace("+16175550100", "+16175550101")
    with adapter(
        database_url, vendors=["ENTRATA", "MRI"], ADAPTER_LINES=lines(policy="") + second
    ) as made:
        sids = [made.missed(ANNA), made.missed(ANNA, "+16175550101")]
        made.work()
        made.pass_time(2)
        made.container.bulk.work()
        assert {made.call(sid).state for sid in sids} == {CallState.WRITTEN}
        assert {event["person_id"] for event in made.events()} == {"lead_anna", "lead_anna_mri"}
        assert made.asked(LOGS) == 2


def test_what_the_logs_do_not_show_is_asked_for_by_itself(made: Adapter) -> None:
    """A straggler: the bulk confirmation is not there (another worker has it, and has died)."""
    (sid,) = post(made)
    made.pass_time(29)
    assert made.asked(STATUS) == 0
    made.pass_time(3)
    assert made.asked(STATUS) == 1
    assert made.call(sid).state is CallState.WRITTEN


def test_a_write_that_stays_pending_is_asked_for_less_and_less_and_then_said(made: Adapter) -> None:
    made.fault("pending_forever", path="/v1/events")
    (sid,) = post(made)
    made.pass_time(25 * 3600)
    call = made.call(sid)
    assert call.state is CallState.POSTED
    assert "has not confirmed it in a day" in (call.reason or "")
    assert made.asked(STATUS) <= 40
    assert len(made.events()) == 1


@pytest.mark.full
def test_one_write_that_stays_pending_does_not_make_every_pass_read_all_logs(made: Adapter) -> None:
    made.fault("pending_forever", path="/v1/events")
    post(made)
    made.pass_time(1)
    for _ in range(5):
        post(made, 120)
        keep_on(made, 60)
    before = made.asked(LOGS)
    keep_on(made, 60)
    assert made.asked(LOGS) - before <= 12, "one request for each pass of the last minute, or two"


# Where there are no logs ----------------------------------------------------------------------------------


def without_logs(made: Adapter, error: Exception) -> OwnTarget:
    """From now on the write logs answer with this error."""
    target = made.container.target.api
    assert isinstance(target, OwnTarget)
    target.no_logs = error
    return target


@pytest.mark.parametrize(
    "error", [NotSupported("405", status=405), PermanentError("404", status=404)]
)
def test_where_there_are_no_logs_calls_are_confirmed_one_by_one(
    made: Adapter, error: Exception
) -> None:
    target = without_logs(made, error)
    first = post(made)
    made.pass_time(2)
    made.container.bulk.work()
    assert made.container.bulk.without_logs == {"int_entrata"}
    sids = post(made, 3)
    made.pass_time(4)
    assert {made.call(sid).state for sid in sids} == {CallState.WRITTEN}, "without the long wait"
    keep_on(made, 60)
    assert made.call(first[0]).state is CallState.WRITTEN
    assert target.asked == 1


def test_one_integration_without_logs_leaves_the_others_their_bulk(made: Adapter) -> None:
    made.container.bulk.without_logs.add("int_other")
    (sid,) = post(made)
    made.pass_time(2)
    made.container.bulk.work()
    assert made.call(sid).state is CallState.WRITTEN
    assert made.asked(STATUS) == 0


@pytest.mark.parametrize("error", [TemporaryError("503", status=503), CredentialsRefused("401")])
def test_trouble_that_may_pass_does_not_end_the_bulk_confirmation(
    made: Adapter, error: Exception
) -> None:
    target = without_logs(made, error)
    (sid,) = post(made)
    made.pass_time(2)
    with pytest.raises(type(error)):
        made.container.bulk.work()
    assert not made.container.bulk.without_logs
    target.no_logs = None
    made.container.bulk.work()
    assert made.call(sid).state is CallState.WRITTEN


# Failures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_bulk", [True, False])
def test_a_temporary_failure_is_retried_and_written(made: Adapter, in_bulk: bool) -> None:
    made.fault("write_fails", path="/v1/events", errors=["the PMS timed out"], temporary=True)
    (sid,) = post(made)
    first = made.call(sid).job_id
    keep_on(made, 200) if in_bulk else made.pass_time(200)
    call = made.call(sid)
    assert (call.state, call.reason) == (CallState.WRITTEN, None)
    assert call.job_id != first
    assert call.retries == 1
    assert made.asked("/v1/events/leads", "POST") == 1, "retry-write, not another post"
    assert made.asked(RETRY) == 1
    assert "the PMS failed (the PMS timed out); asked to try again" in made.story(sid)


@pytest.mark.parametrize("in_bulk", [True, False])
def test_a_permanent_failure_is_told_in_the_words_of_the_pms(made: Adapter, in_bulk: bool) -> None:
    made.fault("write_fails", path="/v1/events", errors=["lead is closed"], temporary=False)
    (sid,) = post(made)
    keep_on(made, 200) if in_bulk else made.pass_time(200)
    call = made.call(sid)
    assert (call.state, call.reason) == (CallState.FAILED, "the PMS refused it: lead is closed")
    assert made.asked(RETRY) == 0
    assert "the PMS refused it: lead is closed" in made.story(sid)


def test_a_failure_that_will_not_pass_is_given_up_after_some_retries(made: Adapter) -> None:
    made.fault("write_fails", path="/v1/events", errors=["503 unavailable"], temporary=False)
    (sid,) = post(made)
    keep_on(made, 3 * 3600, every=60)
    call = made.call(sid)
    assert (call.state, call.reason) == (CallState.FAILED, "the PMS refused it: 503 unavailable")
    assert made.asked(RETRY) == 4
    assert made.asked("/v1/events/leads", "POST") == 1


def test_a_replay_after_such_a_failure_may_retry_again(made: Adapter) -> None:
    """The retries of before are those of another write."""
    from adapter.operations.replay import replay_calls

    made.fault("write_fails", path="/v1/events", errors=["503 unavailable"], temporary=False)
    (sid,) = post(made)
    keep_on(made, 3 * 3600, every=60)
    assert made.call(sid).state is CallState.FAILED
    made.fault("write_fails", path="/v1/events", errors=["503 unavailable"], temporary=True)
    list(replay_calls(made.store, [made.call(sid)], again=False, by=TESTER))
    made.work()
    keep_on(made, 600)
    assert made.call(sid).state is CallState.WRITTEN, made.call(sid).reason


def test_a_retry_whose_answer_was_lost_is_found_by_its_trace(made: Adapter) -> None:
    made.control(
        "faults",
        [
            {"kind": "write_fails", "path": "/v1/events", "errors": ["timed out"]},
            {"kind": "reset_after", "path": RETRY},
        ],
    )
    (sid,) = post(made)
    keep_on(made, 600)
    assert made.call(sid).state is CallState.WRITTEN, made.call(sid).reason
    (event,) = made.events()
    assert event["status"] == "SUCCESS"


def test_the_webhook_of_a_failed_write_brings_its_confirmation_forward(made: Adapter) -> None:
    made.fault("write_fails", path="/v1/events", errors=["lead is closed"], temporary=False)
    (sid,) = post(made)
    made.traveller.shift(1)
    body = json.dumps(
        {
            "trigger": "WRITE_OPERATION_FAILURE",
            "data": {"event": "WRITE_OPERATION_FAILURE", "root_job_id": made.call(sid).job_id},
        }
    ).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    client = web_app(Settings.from_environ(made.environ)).test_client()
    answer = client.post("/webhooks/propexo", data=body, headers={"propexo-signature": signature})
    assert answer.status_code == 204
    made.work()
    assert made.call(sid).state is CallState.FAILED, "a second after the post, not half a minute"


# What is learned meanwhile --------------------------------------------------------------------------------


def test_what_became_known_between_post_and_confirmation_is_still_seen(made: Adapter) -> None:
    """The mark of the facts tells that there is more to say than was written."""
    (sid,) = post(made)
    before = made.call(sid)
    assert before.event is not None
    assert before.event.facts_mark == mark_of(before.record)
    made.hook(**{**recording_hook(20), "CallSid": sid})
    assert mark_of(made.call(sid).record) != before.event.facts_mark
    made.pass_time(2)
    made.container.bulk.work()
    assert made.next_due() == made.now(), "a run of its own looks at it"
    made.work()
    assert made.call(sid).state is CallState.WRITTEN
    assert len(made.events()) == 1


@pytest.mark.parametrize("in_bulk", [True, False])
def test_what_became_known_amid_the_confirmation_is_still_seen(
    made: Adapter, in_bulk: bool
) -> None:
    (sid,) = post(made)
    told = {**dial_hook("completed", 45, bridged=True, parent="completed"), "CallSid": sid}
    own(made).amid = lambda: made.hook(**told)
    made.pass_time(2 if in_bulk else 40)
    if in_bulk:
        made.container.bulk.work()
    made.work()
    keep_on(made, 20)
    call = made.call(sid)
    assert (call.state, call.talk_seconds) == (CallState.WRITTEN, 45)
    assert "busy (it was answered)" in str(call.reason)


def test_two_confirmations_of_one_call_are_one(made: Adapter) -> None:
    (sid,) = post(made)
    call = made.call(sid)
    made.pass_time(2)
    told = [
        made.store.runs.confirm([call], succeeded=True, needs_run=False, now=made.now())
        for _ in range(2)
    ]
    assert told == [{call.key}, set()]


# What cannot be found out -------------------------------------------------------------------------------


def own(made: Adapter) -> OwnTarget:
    api = made.container.target.api
    assert isinstance(api, OwnTarget)
    return api


def test_a_bug_while_it_is_confirmed_leaves_it_accepted(made: Adapter) -> None:
    """It may stand in the PMS: as a failed call a plain replay would write it a second time."""
    own(made).no_logs = NotSupported("no logs")
    (sid,) = post(made)
    own(made).no_word = KeyError("status")
    keep_on(made, 120)
    call = made.call(sid)
    assert call.state is CallState.POSTED
    assert call.reason is not None and "what became of it could not be seen" in call.reason
    (outcome,) = [each for _, each in replay_calls(made.store, [call], again=False, by=TESTER)]
    assert "--again" in str(outcome)
    made.work()
    assert len(made.events()) == 1


@pytest.mark.parametrize("trouble", [PermanentError("400: no", status=400), KeyError("vendor")])
@pytest.mark.parametrize("is_more_asked", [True, False])
def test_what_was_written_stays_written_whatever_keeps_it_from_being_compared(
    made: Adapter, trouble: Exception, is_more_asked: bool
) -> None:
    """is_more_asked: it is compared only when the provider has told when the call began."""
    own(made).no_logs = NotSupported("no logs")
    if is_more_asked:
        (sid,) = post(made)
    else:
        sid = new_sid()
        rang = missed_hook(sid, ANNA, MAIN)
        del rang["CallDuration"]
        made.hook(**{**rang, "CallStatus": "ringing"})
        made.pass_time(20)
        made.missed(ANNA, sid=sid)
        made.work()
    told = dial_hook("completed", 45, bridged=True, parent="completed")
    made.hook(**{**told, "CallSid": sid})
    own(made).no_corrections = trouble
    keep_on(made, 300)
    call = made.call(sid)
    assert call.state is CallState.WRITTEN, call.reason
    assert call.confirmed_at is not None
    assert "could not be seen whether more is known" in str(call.reason)
    assert len(made.events()) == 1


def test_a_write_of_which_nothing_can_be_found_out_for_a_day_stays_accepted(made: Adapter) -> None:
    own(made).no_logs = NotSupported("no logs")
    (sid,) = post(made)
    own(made).no_word = TemporaryError("503")
    made.pass_time(26 * 3600)
    call = made.call(sid)
    assert call.state is CallState.POSTED
    assert call.reason == "accepted, but never confirmed: 503"
    assert made.next_due() is None
    assert len(made.events()) == 1


def test_a_written_event_that_cannot_be_compared_just_now_is_compared_later(made: Adapter) -> None:
    own(made).no_logs = NotSupported("no logs")
    (sid,) = post(made)
    made.hook(**{**dial_hook("completed", 45, bridged=True, parent="completed"), "CallSid": sid})
    own(made).no_corrections = TemporaryError("503")
    keep_on(made, 60)
    own(made).no_corrections = None
    keep_on(made, 300)
    call = made.call(sid)
    assert call.state is CallState.WRITTEN
    assert "busy (it was answered)" in str(call.reason)


def test_a_failed_write_is_not_tried_again_where_the_last_try_cannot_be_seen(made: Adapter) -> None:
    """The first retry got no answer, and Propexo refuses to say what became of it."""
    made.control(
        "faults",
        [
            {"kind": "write_fails", "path": "/v1/events", "errors": ["timed out"]},
            {"kind": "reset_after", "path": RETRY},
        ],
    )
    own(made).no_trace = PermanentError("400: no", status=400)
    (sid,) = post(made)
    keep_on(made, 600)
    call = made.call(sid)
    assert call.state is CallState.FAILED
    assert str(call.reason).startswith("the PMS refused it: timed out; the last try may have got")
    assert made.asked(RETRY) == 1
