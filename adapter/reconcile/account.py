"""How do one account's calls of a period stand against the records?

The list is read by the day on which calls began; a call belongs to the period in which it ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from adapter.delivery.provider_reads import complete
from adapter.domain import lifecycle
from adapter.domain.assessment import Assessment, CallRules
from adapter.domain.call import Call, CallState
from adapter.domain.merge import join
from adapter.domain.record import CallRecord, Leg, Recording, RecordingState, call_key
from adapter.intake.service import Intake
from adapter.observability.logs import logger
from adapter.providers.base import Provider
from adapter.providers.call_log import LoggedDay
from adapter.reconcile.logged_calls import LoggedCalls
from adapter.reconcile.report import Report, word
from adapter.storage.reconciled_days import Ledger, batches
from adapter.storage.store import Store

# An unfinished comparison goes on where it was if it is begun again within this time.
GOES_ON_FOR = timedelta(hours=24)
_ONE_DAY = timedelta(days=1)

log = logger("adapter.reconcile")


@dataclass(frozen=True, kw_only=True)
class ReconcileDeps:
    """What a comparison works with; see Reconciliation."""

    store: Store
    intake: Intake
    rules: CallRules
    clock: Callable[[], datetime]
    seconds_apart: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The calls of one account that ended from `since` to `until`; what is found goes into the report."""

    deps: ReconcileDeps
    provider: Provider
    account: str
    since: datetime
    until: datetime
    report: Report
    wait: Callable[[float], None]
    dry_run: bool
    goes_on: bool

    @property
    def days(self) -> Sequence[date]:
        """The days on which these calls began; a call lasts a day at the most."""
        first = self.since.astimezone(UTC).date() - _ONE_DAY
        last = self.until.astimezone(UTC).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def run(self) -> Iterator[date]:
        """Compare day by day; each that is done.

        Errors: RemoteError if the list cannot be read, StoreUnavailable.
        """
        ledger, now = Ledger(self.deps.store), self.deps.clock()
        done = ledger.days_done(self.account, now - GOES_ON_FOR) if self.goes_on else {}
        following: LoggedDay | None = None
        for day in self.days:
            if day in done and self._is_whole(day):
                tally, following = Counter(done[day]), None
                self.report.listed += tally.total()
            else:
                today = following or self._read(day)
                # Legs and recordings of a call that goes on past midnight stand in the next day's list.
                following = self._read(day + _ONE_DAY) if day < self.days[-1] else LoggedDay()
                tally = self._compare(ledger, today, following)
                if self.goes_on and self._is_whole(day):
                    ledger.day_done(self.account, day, tally, now)
            self.report.tally += tally
            yield day

    def _is_whole(self, day: date) -> bool:
        """All calls that began on this day ended in the period, whatever minute it begins at."""
        return self.since.date() < day < self.until.date() - _ONE_DAY

    def _read(self, day: date) -> LoggedDay:
        return self.provider.call_log.day(self.account, day, self.wait)

    def _compare(self, ledger: Ledger, today: LoggedDay, following: LoggedDay) -> Counter[str]:
        """Bring the records up to the list; where the day's calls stand then."""
        listed = LoggedCalls(today, following)
        ended = {self._key(leg.id): leg for leg in today.legs if self._is_in_period(leg)}
        self.report.listed += len(ended)
        tally: Counter[str] = Counter()
        for keys in batches(list(ended)):
            known = ledger.calls(keys)
            for key in keys:
                self._bring_up(known.get(key), ended[key], listed)
            states = ledger.states(keys)
            tally.update(word(states.get(key)) for key in keys)
        return tally

    def _is_in_period(self, leg: Leg) -> bool:
        """A call, not a leg that one dialled, that ended in the period."""
        if leg.parent_id is not None:
            return False
        if not leg.is_over or leg.ended_at is None or leg.ended_at > self.until:
            self.report.left_alone += 1
            return False
        return leg.ended_at >= self.since

    def _bring_up(self, call: Call | None, leg: Leg, listed: LoggedCalls) -> None:
        """Take in what the list has of this call beyond its record."""
        if call is not None and (call.state is CallState.FOLDED or call.record.is_forgotten):
            return
        nothing = CallRecord(provider=self.provider.name, account=self.account, call_id=leg.id)
        known = found = call.record if call is not None else nothing
        if call is None:
            begun = nothing.model_copy(update={"legs": {leg.id: leg}})
            found = complete(begun, self.deps.rules, listed, lambda record: True)
        elif call.state in lifecycle.OPEN_TO_NEW_FACTS and not _is_of_earlier_version(call):
            found = self._completed(known, listed)
        recordings = listed.recordings_of(self.account, leg.id)
        missing = {r.id: r for r in recordings if _is_missing(r, known)}
        if missing:
            found = join(found, nothing.model_copy(update={"recordings": missing}))
        if found == known:
            return
        if call is None:
            self.report.taken_in.append(leg.id)
        else:
            self.report.completed += found.legs != known.legs
            self.report.attached += bool(missing)
        if not self.dry_run:
            self._take_in(found, is_new=call is None)

    def _completed(self, known: CallRecord, listed: LoggedCalls) -> CallRecord:
        """The record with what the list answers of its open questions, or has of it beyond what was known.

        A leg that became known late changes the record only where another outcome follows from it.
        """
        rules = self.deps.rules
        if rules.assess(known).questions:
            return complete(known, rules, listed, lambda record: True)
        legs = listed.legs_dialled_by(self.account, known.call_id)
        more = join(known, known.model_copy(update={"legs": {leg.id: leg for leg in legs}}))
        if _said(rules.assess(more)) == _said(rules.assess(known)):
            return known
        return more

    def _take_in(self, facts: CallRecord, *, is_new: bool) -> None:
        store, now = self.deps.store, self.deps.clock()
        with store.begin() as connection:
            key = self.deps.intake.add(connection, facts, now)
            call = store.calls.read(connection, key)
            if is_new and call is not None and call.version == 1 and call.due_at is not None:
                behind = (len(self.report.taken_in) - 1) * self.deps.seconds_apart
                later = lifecycle.postpone(call, until=now + timedelta(seconds=behind))
                store.calls.update(connection, key, **later)
        log.debug("taken in from the provider's list", call=key, is_new=is_new)

    def _key(self, sid: str) -> str:
        return call_key(self.provider.name, self.account, sid)


def _is_of_earlier_version(call: Call) -> bool:
    """Its event was written by the rules of an earlier version, and stays as it is."""
    if call.state is not CallState.WRITTEN or call.event is None:
        return False
    return call.event.told is None


def _said(assessment: Assessment) -> tuple[object, ...]:
    """What an event says of a call."""
    ending, who = assessment.ending, assessment.parties
    return ending.outcome, ending.talk_seconds, who.direction, who.other, who.line


def _is_missing(recording: Recording, record: CallRecord) -> bool:
    """It is there, and the record does not know so; a difference in its address is none."""
    known = record.recordings.get(recording.id)
    if known is not None and known.state is RecordingState.DELETED:
        return False
    is_known = known is not None and known.state is RecordingState.COMPLETE and bool(known.url)
    return recording.state is RecordingState.COMPLETE and not is_known
