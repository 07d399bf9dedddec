"""What else is there to know of a call before it is written?

The provider's API is asked for what the hooks left open. Our own database is asked what became of the call on
another of our lines. The answer is the record that may be written, or when to look again.
docs/decisions/0013-asking-the-provider.md has the reasons for the times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.delivery.provider_reads import (
    complete,
    has_caught_up,
    is_being_processed,
    read_list,
    seconds_to_next_look,
    seconds_to_next_news,
)
from adapter.delivery.relays import Relays
from adapter.delivery.result import BACKOFF_SECONDS, Finished, Reschedule, RunResult, after_error
from adapter.domain.assessment import CallRules, list_columns
from adapter.domain.call import Call, CallState
from adapter.domain.handed_on import SAME_END
from adapter.domain.lifecycle import CallUpdate
from adapter.domain.merge import join, moved
from adapter.domain.out_of_queue import pick_up
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.domain.phone import e164
from adapter.domain.questions import API_LAG, UNREACHABLE_AFTER
from adapter.domain.record import CallRecord
from adapter.domain.relays import SAME_TIME
from adapter.errors import (
    CredentialsRefused,
    NotReached,
    NotSupported,
    PermanentError,
    ProviderRefused,
    RemoteError,
    TemporaryError,
)
from adapter.observability.logs import logger
from adapter.providers.base import CallApi, Provider
from adapter.storage.api_health import ApiHealth
from adapter.storage.conferences import Conferences
from adapter.storage.store import Store

Fold = Callable[[sa.Connection, CallRecord, datetime], str]

# The call on our other line is looked for every two seconds, until so long after the end.
LINE_SECONDS = 2.0
LINE_OFTEN_SECONDS = 90.0
# A message that is still being processed so long after the end is written without its length.
PROCESSED_WITHIN = timedelta(minutes=15)

log = logger("adapter.delivery")


class Enrichment:
    """Completes the records of calls that are due.

    providers: by name. A call of another provider is written as its hooks told it.
    fold: merges facts into the call that they turn out to belong to, and returns that call's key.
    clock: aware UTC now.
    """

    def __init__(
        self,
        *,
        store: Store,
        rules: CallRules,
        providers: Mapping[str, Provider],
        fold: Fold,
        health: ApiHealth,
        relays: Relays,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._conferences = Conferences(store)
        self._rules = rules
        self._providers = providers
        self._fold = fold
        self._health = health
        self._relays = relays
        self._clock = clock
        self._longest_call = timedelta(seconds=rules.policy.unfinished_seconds)

    def complete(self, call: Call) -> CallRecord | RunResult:
        """Return the record of the call, as complete as it has to be to be written.

        Errors: RemoteError where the provider's API may yet answer, StoreUnavailable.
        """
        record = self._ask_provider(call)
        if not isinstance(record, CallRecord):
            return record
        return self._ask_lines(call, record)

    def _ask_provider(self, call: Call) -> CallRecord | RunResult:
        """Ask the provider's API, where the hooks left something open."""
        now = self._clock()
        over_at = call.over_at or now
        record = self._in_conference(self._picked_up(call.record))
        record = self._relays.told(record, over_at)
        provider = self._providers.get(call.provider)
        is_open = bool(self._rules.assess(record).questions)
        if not is_open:
            return self._keep(call, record, now)
        if provider is None or not provider.api.can_read(call.account):
            return self._without_reader(call, self._keep(call, record, now), now)

        def caught_up(known: CallRecord) -> bool:
            return has_caught_up(known, over_at, now)

        try:
            is_new = now - call.first_seen_at < API_LAG
            # Of an API that has our other calls, 404 says that it does not have this one yet.
            has_others = self._health.has_calls(call.provider, call.account)
            lacks_for = UNREACHABLE_AFTER if has_others else API_LAG
            look = complete(
                record,
                self._rules,
                provider.api,
                caught_up,
                listed_until=now - API_LAG,
                is_long_known=now - call.first_seen_at >= lacks_for,
            )
            record = look.record
            self._take_in_line_calls(record, provider.api, over_at)
        except (TemporaryError, CredentialsRefused) as error:
            return self._without_answer(call, error, self._clock())
        except NotSupported:
            raise
        except PermanentError as error:
            raise ProviderRefused(str(error), status=error.status) from error
        had_call = bool(look.had_call)
        self._health.worked(call.provider, call.account, now, had_call=had_call)
        if record.parent.parent_id is not None:
            return self._fold_into(call, record, record.parent.parent_id)
        record = self._relays.told(self._in_conference(record), over_at)
        record = self._keep(call, record, now)
        assessment = self._rules.assess(record)
        lasts_too_long = record.is_over and now - over_at > self._longest_call
        goes_on = not record.is_over or record.goes_on
        if goes_on and not record.was_read and not lasts_too_long:
            # A leg that goes on may be one that the API does not know to have ended.
            if record.is_over and not caught_up(record):
                wait = seconds_to_next_look(record, over_at, now)
            elif is_new:  # the API may not know yet how far it came
                wait = seconds_to_next_look(record, call.first_seen_at, now)
            else:
                wait = seconds_to_next_news(call, now)
            return self._again(call, wait, "the call is still going on")
        if not assessment.questions:
            return record
        are_details = all(question.is_detail for question in assessment.questions)
        is_unknown = look.had_call is False
        if are_details and is_unknown and not self._health.has_calls(call.provider, call.account):
            return record  # nobody is known to have talked, and this API has none of our calls
        if not caught_up(record):
            wait = seconds_to_next_look(record, over_at, now)
            return self._again(call, wait, f"not known yet: {assessment.questions[0].name}")
        if is_being_processed(assessment) and now - over_at < PROCESSED_WITHIN:
            wait = seconds_to_next_news(call, now)
            return self._again(call, wait, "the message is still being processed")
        return record

    def _picked_up(self, record: CallRecord) -> CallRecord:
        """Return the record with what is told by the call that took this one out of a queue."""
        may_be = bool(record.queues or self._rules.assess(record).questions)
        if record.pick_ups or not may_be:
            return record
        owner = self._store.legs.known_owner(record.key)
        agents = self._store.calls.get(owner) if owner is not None else None
        told = pick_up(agents.record, record) if agents is not None else None
        return join(record, told) if told is not None else record

    def _in_conference(self, record: CallRecord) -> CallRecord:
        """Return the record with when the caller joined a conference, if that may tell the talk time."""
        known = self._rules.assess(record).known
        if known.parties.direction is not Direction.INBOUND or record.conference_at:
            return record
        if known.ending.outcome is Outcome.ANSWERED:
            length = record.parent.duration_seconds or 0
            is_unexplained = length - known.ending.talk_seconds > SAME_END.total_seconds()
            may_be = is_unexplained or known.has_dialled_conference
            joined = self._conferences.joined_at(record) if may_be else None
        else:
            joined = self._conferences.met_somebody_at(record) if known.has_open_end else None
        return record.model_copy(update={"conference_at": joined}) if joined else record

    def _without_reader(
        self, call: Call, record: CallRecord, now: datetime
    ) -> CallRecord | Reschedule:
        """There are no credentials to ask with, so hooks are all there will be. Wait for late ones."""
        has_end = record.is_over and record.parent.status is not None
        wait = (
            self._rules.policy.recording_wait_seconds - (now - call.first_seen_at).total_seconds()
        )
        if has_end or wait <= 0:
            return record
        return self._again(call, wait, "the end of the call was not reported")

    def _without_answer(
        self, call: Call, error: RemoteError, now: datetime
    ) -> CallRecord | RunResult:
        """The API did not answer: ask again later, or do without it if it has not answered for long."""
        is_refusal = isinstance(error, CredentialsRefused)
        self._health.failed(call.provider, call.account, str(error), now, is_refusal=is_refusal)
        questions = self._rules.assess(call.record).questions
        is_worth_asking_again = any(question.is_asked_again for question in questions)
        are_details = all(question.is_detail for question in questions)
        if are_details and isinstance(error, NotReached | CredentialsRefused):
            return call.record  # nobody is known to have talked, and nothing more is to be had
        over_at = call.over_at or call.first_seen_at
        if not has_caught_up(call.record, over_at, now):
            wait = seconds_to_next_look(call.record, over_at, now)
            wait = max(wait, error.retry_after_seconds or 0.0)
            return self._again(call, wait, str(error), is_failure=True)
        if not is_worth_asking_again:
            silent = call.record.model_copy(update={"was_unreachable": True})
            return self._keep(call, silent, now)
        has_waited = call.tried_since is not None and now - call.tried_since >= UNREACHABLE_AFTER
        if has_waited or self._health.is_unreachable(call.provider, call.account, now):
            log.error(
                "the provider's API is silent: what it could tell is assumed", reason=str(error)
            )
            silent = call.record.model_copy(update={"was_unreachable": True})
            return self._keep(call, silent, now)
        passing = TemporaryError(
            str(error), status=error.status, retry_after_seconds=error.retry_after_seconds
        )
        # The call waits as one that is open: a hook that tells what is missing brings it forward.
        later = after_error(call, passing, now, BACKOFF_SECONDS)
        return replace(later, state=_waiting(call)) if isinstance(later, Reschedule) else later

    def _take_in_line_calls(self, record: CallRecord, api: CallApi, over_at: datetime) -> None:
        """Take in the calls on our other lines that this one led to, where no hook told of them.

        Errors: as of the API.
        """
        parties = self._rules.assess(record).parties
        for leg_id in sorted(parties.line_legs - record.relayed.keys()):
            leg = record.legs[leg_id]
            number = e164(leg.to_number)
            if number is None or self._relays.is_known(record, leg, over_at):
                continue
            since = (leg.started_at or record.began_at or over_at) - SAME_TIME
            for line_leg in read_list(api.calls_to, record.account, number, since):
                if line_leg.is_over and line_leg.parent_id is None:
                    facts = CallRecord(
                        provider=record.provider,
                        account=record.account,
                        call_id=line_leg.id,
                        legs={line_leg.id: line_leg},
                    )
                    with self._store.begin() as connection:
                        self._fold(connection, facts, self._clock())

    def _ask_lines(self, call: Call, record: CallRecord) -> CallRecord | Reschedule:
        """Add what became of the call on our other lines, if it was connected to one."""
        now = self._clock()
        over_at = call.over_at or now
        known = dict(record.relayed)
        for leg_id in sorted(self._rules.assess(record).parties.line_legs - known.keys()):
            relayed = self._relays.find(record, record.legs[leg_id], over_at, now)
            if relayed is None:
                return self._wait_for_line(call, now)
            known[leg_id] = relayed
        for leg_id in self._rules.assess(record).known.unnamed_connections:
            there = self._relays.find_unnamed(record, record.dials[leg_id], over_at)
            if there is None:
                continue  # it led to a person: no call on another line is known
            relayed = self._relays.said(leg_id, there) if there.record.is_over else None
            if relayed is not None:
                known[leg_id] = relayed
            elif there.record.is_over or not has_caught_up(record, over_at, now):
                return self._wait_for_line(call, now)
        if known == record.relayed:
            return record
        return self._keep(call, record.model_copy(update={"relayed": known}), now)

    def _wait_for_line(self, call: Call, now: datetime) -> Reschedule:
        """Wait until the call on our other line is settled. Look often at first: it is our own database."""
        since_end = (now - (call.over_at or now)).total_seconds()
        wait = LINE_SECONDS if since_end < LINE_OFTEN_SECONDS else seconds_to_next_news(call, now)
        return self._again(call, wait, "waiting for the call on our other line to be settled")

    def _again(
        self, call: Call, seconds: float, reason: str, *, is_failure: bool = False
    ) -> Reschedule:
        """Plan another look. Until then a hook may still bring the call forward."""
        return Reschedule(seconds, reason, _waiting(call), is_failed_attempt=is_failure)

    def _keep(self, call: Call, record: CallRecord, now: datetime) -> CallRecord:
        """Store the record, joined with what came meanwhile, and return it."""
        if record == call.record:
            return record
        with self._store.begin() as connection:
            current = self._store.calls.locked(connection, call.key)
            if current is None or current.record.is_forgotten:
                return record
            record = join(current.record, record)
            update: CallUpdate = {
                **list_columns(record, self._rules.assess(record)),
                "record": record.to_json(),
                "over_at": current.over_at or (now if record.is_over else None),
            }
            self._store.calls.update(connection, call.key, **update)
        return record

    def _fold_into(self, call: Call, record: CallRecord, parent_id: str) -> Finished:
        """The call is a leg of another one: its facts go there, and nothing is written for it."""
        facts = moved(record, parent_id)
        with self._store.begin() as connection:
            key = self._fold(connection, facts, self._clock())
        return Finished(CallState.FOLDED, f"a leg of {key}")


def _waiting(call: Call) -> CallState:
    """The state in which a call waits to be looked at again."""
    return call.state if call.state is CallState.WRITTEN else CallState.OPEN
