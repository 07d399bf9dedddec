"""Which failure ends a run how?"""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from adapter.delivery.result import Finished, Reschedule, after_error
from adapter.domain.call import Call, CallState
from adapter.domain.cause import Cause
from adapter.errors import (
    CannotVerify,
    CredentialsRefused,
    EndingUnknown,
    LineIncomplete,
    LocalRateLimit,
    NotSupported,
    NoValidEvent,
    Paused,
    PermanentError,
    ProviderRefused,
    TemporaryError,
)
from tests.support.environment import NOW

DAY = timedelta(hours=24)


def a_call(**values: Any) -> Call:
    blank: dict[str, Any] = {each.name: None for each in fields(Call)}
    return Call(**{**blank, "key": "k", "tries": 0, "state": CallState.DELIVERING, **values})


def again(call: Call, error: Exception, *, backoff_seconds: float = 2.0) -> Reschedule:
    result = after_error(call, error, NOW, backoff_seconds)
    assert isinstance(result, Reschedule)
    return result


def test_waits_double_with_every_try_and_never_exceed_about_a_quarter_of_an_hour() -> None:
    down = TemporaryError("down")
    waits = [again(a_call(tries=tries), down).delay_seconds for tries in range(40)]
    for tries, wait in enumerate(waits):
        wanted = min(2.0 * 2**tries, 900)
        assert 0.8 * wanted <= wait <= 1.2 * wanted


def test_waits_differ_so_that_not_all_come_back_at_once() -> None:
    down = TemporaryError("down")
    assert len({again(a_call(tries=5), down).delay_seconds for _ in range(20)}) > 10


def test_the_other_sides_own_wait_is_the_least() -> None:
    error = TemporaryError("429", retry_after_seconds=77)
    assert again(a_call(), error).delay_seconds == 77
    assert again(a_call(tries=20), error).delay_seconds > 77


def test_a_temporary_failure_counts_as_a_try_and_keeps_its_words() -> None:
    result = again(a_call(), TemporaryError("Propexo answered 503"))
    assert (result.is_failed_attempt, result.reason, result.state) == (
        True,
        "Propexo answered 503",
        CallState.DELIVERING,
    )


@pytest.mark.parametrize("retry_after", [None, 12.5])
def test_a_spent_budget_waits_without_counting(retry_after: float | None) -> None:
    result = again(a_call(tries=9), LocalRateLimit("spent", retry_after_seconds=retry_after))
    assert (result.is_failed_attempt, result.delay_seconds) == (False, retry_after or 1.0)


def test_a_spent_budget_does_not_end_the_tries_after_a_day() -> None:
    result = after_error(a_call(tried_since=NOW - 2 * DAY), LocalRateLimit("spent"), NOW, 2.0)
    assert isinstance(result, Reschedule)


@pytest.mark.parametrize(
    ("tried", "ends"), [(DAY - timedelta(seconds=1), False), (DAY, True), (2 * DAY, True)]
)
def test_tries_end_after_a_day(tried: timedelta, ends: bool) -> None:
    result = after_error(a_call(tried_since=NOW - tried, tries=99), TemporaryError("x"), NOW, 2.0)
    assert isinstance(result, Finished) is ends
    if ends:
        assert result.state is CallState.FAILED
        assert result.reason == "given up after a day of trying: x"


@pytest.mark.parametrize(
    ("error", "state", "cause"),
    [
        (PermanentError("400: wrong"), CallState.FAILED, Cause.REFUSED_BY_TARGET),
        (NotSupported("405: not offered"), CallState.HELD, Cause.NOT_SUPPORTED),
        (CannotVerify("no logs"), CallState.HELD, Cause.WRITE_IN_DOUBT),
        (LineIncomplete("it lacks x"), CallState.FAILED, Cause.LINE_INCOMPLETE),
        (NoValidEvent("too long"), CallState.FAILED, Cause.DOES_NOT_FIT),
        (EndingUnknown("not known"), CallState.FAILED, Cause.NO_ENDING),
        (ProviderRefused("400: no"), CallState.FAILED, Cause.REFUSED_BY_PROVIDER),
        (ValueError("oops"), CallState.FAILED, Cause.BUG),
    ],
)
def test_a_permanent_failure_ends_the_delivery(
    error: Exception, state: CallState, cause: Cause
) -> None:
    result = after_error(a_call(), error, NOW, 2.0)
    assert isinstance(result, Finished)
    assert (result.state, result.cause) == (state, cause)
    assert result.reason is not None
    assert str(error) in result.reason


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        (CallState.HELD, None),
        (CallState.FAILED, None),
        (CallState.IGNORED, None),
        (CallState.WRITTEN, Cause.OTHER),
    ],
)
def test_an_end_has_a_cause_where_an_operator_may_replay_it_and_only_there(
    state: CallState, cause: Cause | None
) -> None:
    with pytest.raises(ValueError, match=state.value):
        Finished(state, "why", cause=cause)


def test_what_the_key_may_not_do_waits_a_minute_each_time_and_fails_only_after_a_day() -> None:
    """A right can be given back; of a key that is refused altogether there is Paused."""
    refused = CredentialsRefused("Propexo answered 403: no", status=403)
    result = again(a_call(tries=0), refused)
    assert (result.is_failed_attempt, result.delay_seconds) == (True, 60.0)
    over = after_error(a_call(tried_since=NOW - DAY, tries=9), refused, NOW, 2.0)
    assert isinstance(over, Finished) and over.state is CallState.FAILED


@pytest.mark.parametrize("state", [CallState.DELIVERING, CallState.POSTED])
def test_a_pause_is_no_try_and_ends_no_call_however_long_it_lasts(state: CallState) -> None:
    job_id = "job_1" if state is CallState.POSTED else None
    call = a_call(tries=7, tried_since=NOW - 9 * DAY, state=state, job_id=job_id)
    result = again(call, Paused("the key is refused", waits_for="key/1"))
    assert (result.is_failed_attempt, result.state, result.waits_for) == (False, state, "key/1")
    assert result.reason == "the key is refused"


@pytest.mark.parametrize("state", [CallState.POSTED, CallState.WRITTEN])
@pytest.mark.parametrize("error", [TemporaryError("down"), LocalRateLimit("spent")])
def test_a_call_that_was_accepted_keeps_its_state_while_it_waits(
    state: CallState, error: Exception
) -> None:
    assert again(a_call(job_id="job_1", state=state), error).state is state


@pytest.mark.parametrize(
    "error", [PermanentError("404: gone"), NotSupported("405"), KeyError("a bug")], ids=repr
)
def test_a_written_call_stays_written_whatever_a_later_look_at_it_meets(error: Exception) -> None:
    """As failed or held it could be replayed, and that would write a second event."""
    written = a_call(state=CallState.WRITTEN, job_id="job_1")
    result = after_error(written, error, NOW, 2.0)
    assert isinstance(result, Finished)
    assert result.state is CallState.WRITTEN
    assert str(error) in str(result.reason)
