"""How is the provider's API asked for what the hooks left open? adapter.domain.questions says what that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from adapter.domain.assessment import Assessment, CallRules
from adapter.domain.call import Call
from adapter.domain.merge import join
from adapter.domain.outcome import Outcome
from adapter.domain.questions import (
    API_LAG,
    BETWEEN_LOOKS_SECONDS,
    GOES_ON_AT_MOST_SECONDS,
    GOES_ON_SECONDS,
    LOOKS_AT_SECONDS,
    Read,
    asks_for,
)
from adapter.domain.record import CallRecord, Leg, Recording
from adapter.errors import CredentialsRefused, PermanentError
from adapter.observability.logs import logger
from adapter.providers.base import CallLookup

T = TypeVar("T")

log = logger("adapter.delivery")


@dataclass(frozen=True)
class Look:
    """The record with what one look at the API told.

    had_call: whether the API has the call; False is a 404, None that the call itself was not asked for.
    """

    record: CallRecord
    had_call: bool | None = None


def complete(
    record: CallRecord,
    rules: CallRules,
    calls: CallLookup,
    has_caught_up: Callable[[CallRecord], bool],
    *,
    listed_until: datetime,
    is_long_known: bool = True,
) -> Look:
    """Return the record with what the API knows beyond the hooks. One look makes at most four reads.

    The reads are made in the order of `Read`. Each is made only while a question is open that it answers.
    has_caught_up: whether the API has had time to learn of the end of the call (API_LAG). If it has, was_read
    is set, unless a leg is still connected or a recording is still being processed.
    listed_until: a leg that ended by then is in the API's list.
    is_long_known: the call was first heard of so long ago that the API has had time to learn of it.
    Errors: as of CallLookup. A call or list that the provider does not have adds nothing.
    """
    account, sid = record.account, record.call_id
    knows_the_end, had_call = True, None
    questions = rules.assess(record).questions
    # Where no hook dates the call and the provider is asked anyway, it tells that, too.
    is_undated = record.is_over and record.parent.started_at is None
    if asks_for(questions, Read.CALL) or (questions and is_undated):
        leg = calls.leg(account, sid)
        had_call = leg is not None
        if leg is None and not record.is_over:
            # The provider does not have it yet, or any more: then the hooks are all there is.
            return Look(record.model_copy(update={"was_read": is_long_known}), had_call)
        knows_the_end = leg is not None and leg.is_over
        if leg is not None:
            record = _with(record, legs=[leg])
            if leg.parent_id is not None or not record.is_over:
                return Look(record, had_call)
    if asks_for(rules.assess(record).questions, Read.LEGS):
        listed = read_list(calls.legs_dialled_by, account, sid)
        record = _with(record, legs=listed)
        if record.is_over and record.picked_up_legs <= {leg.id for leg in listed}:
            record = record.model_copy(update={"listed_until": listed_until})
    assessment = rules.assess(record)
    person = assessment.parties.person_leg
    if person is not None and asks_for(assessment.questions, Read.ONWARD):
        record = _with(record, legs=read_list(calls.legs_dialled_by, account, person.id))
        assessment = rules.assess(record)
    if asks_for(assessment.questions, Read.RECORDINGS):
        record = _with(record, recordings=read_list(calls.recordings_of, account, sid))
        assessment = rules.assess(record)
    is_done = record.is_over and not record.goes_on and not is_being_processed(assessment)
    was_read = is_done and has_caught_up(record)
    was_asked = record.was_asked or (record.is_over and knows_the_end)
    asked = {"was_read": was_read, "was_asked": was_asked}
    return Look(record.model_copy(update=asked), had_call)


def is_being_processed(assessment: Assessment) -> bool:
    """True if a message was left and the provider does not tell its length yet."""
    return assessment.ending.outcome is Outcome.VOICEMAIL and not assessment.ending.has_length


def has_caught_up(record: CallRecord, over_at: datetime, now: datetime) -> bool:
    """True once the API has had time to learn of the end of this call and of its legs.

    over_at: when we heard of its end; it counts where the provider did not say when the call ended.
    """
    return now - (record.last_end or over_at) >= API_LAG


def seconds_to_next_look(record: CallRecord, over_at: datetime, now: datetime) -> float:
    """Return how long to wait before the API is asked again about a call that has ended."""
    since_end = (now - (record.last_end or over_at)).total_seconds()
    following = (at - since_end for at in LOOKS_AT_SECONDS)
    return next((wait for wait in following if wait >= BETWEEN_LOOKS_SECONDS), GOES_ON_SECONDS)


def seconds_to_next_news(call: Call, now: datetime) -> float:
    """Return how long to wait before the next look at a call that goes on, or of which a leg does.

    After the end of the call the wait grows with the time since then. Before, each wait is half as long again;
    the looks at a call that is new do not count.
    """
    if call.over_at is not None:
        wait = (now - call.over_at) / timedelta(seconds=2)
    else:
        further = call.run - 1 - len(LOOKS_AT_SECONDS)
        wait = GOES_ON_SECONDS * 1.5 ** min(max(further, 0), 10)
    return min(max(wait, GOES_ON_SECONDS), GOES_ON_AT_MOST_SECONDS)


def read_list(read: Callable[..., Sequence[T]], account: str, *what: object) -> Sequence[T]:
    """Return the list, or nothing if the provider has none for this (404)."""
    try:
        return read(account, *what)
    except CredentialsRefused:
        raise
    except PermanentError as error:
        log.info("the provider has no such list", reason=str(error))
        return ()


def _with(
    record: CallRecord, *, legs: Iterable[Leg] = (), recordings: Iterable[Recording] = ()
) -> CallRecord:
    return join(
        record,
        CallRecord(
            provider=record.provider,
            account=record.account,
            call_id=record.call_id,
            legs={leg.id: leg for leg in legs},
            recordings={recording.id: recording for recording in recordings},
        ),
    )
