"""Which calls of one account are in the call log of a period, and what do the records lack of them?

The log is read by the day on which calls began. A call belongs to the period in which it ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from adapter.delivery.provider_reads import complete
from adapter.domain import lifecycle
from adapter.domain.assessment import Assessment, CallRules
from adapter.domain.call import Call, CallState
from adapter.domain.merge import join
from adapter.domain.questions import API_LAG
from adapter.domain.record import CallRecord, Leg, Recording, RecordingState, call_key
from adapter.intake.service import Intake
from adapter.observability.exchanges import Exchange
from adapter.observability.logs import logger
from adapter.providers.base import Provider
from adapter.providers.call_log import LoggedDay
from adapter.reconcile.logged_calls import LoggedCalls
from adapter.reconcile.report import Report, word
from adapter.storage.daily_balances import DailyBalance, DailyBalances
from adapter.storage.reconciled_days import ReconciledDays, batches
from adapter.storage.store import Store

# A comparison that was interrupted goes on where it was, if it is started again within this time.
GOES_ON_FOR = timedelta(hours=24)
_ONE_DAY = timedelta(days=1)
# What a comparison is called in the story of a call that it added to.
STEP = "reconcile"

log = logger("adapter.reconcile")


@dataclass(frozen=True, kw_only=True)
class ReconcileDeps:
    """What a comparison works with.

    seconds_apart: how far apart calls that were taken in become due, so that they do not delay new ones.
    """

    store: Store
    intake: Intake
    rules: CallRules
    clock: Callable[[], datetime]
    seconds_apart: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Compares the calls of one account that ended from `since` to `until`, and fills the report.

    last_hook_at: when the last hook came before the comparison; None if none is known.
    """

    deps: ReconcileDeps
    provider: Provider
    account: str
    since: datetime
    until: datetime
    report: Report
    wait: Callable[[float], None]
    dry_run: bool
    goes_on: bool
    last_hook_at: datetime | None

    @property
    def days(self) -> Sequence[date]:
        """The days on which these calls may have begun; a call lasts a day at most."""
        first = self.since.astimezone(UTC).date() - _ONE_DAY
        last = self.until.astimezone(UTC).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def run(self) -> Iterator[date]:
        """Compare day by day. Yield each day when it is done.

        Raise RemoteError if the log cannot be read, and StoreUnavailable.
        """
        reconciled, now = ReconciledDays(self.deps.store), self.deps.clock()
        done = reconciled.days_done(self.account, now - GOES_ON_FOR) if self.goes_on else {}
        following: LoggedDay | None = None
        for day in self.days:
            if day in done and self._is_whole(day):
                tally, following = Counter(done[day]), None
                self.report.listed += tally.total()
            else:
                today = following or self._read(day)
                # Legs and recordings of a call that goes on past midnight stand in the next day's list.
                following = self._read(day + _ONE_DAY) if day < self.days[-1] else LoggedDay()
                tally = self._compare(reconciled, today, following)
                if self.goes_on and self._is_whole(day):
                    reconciled.day_done(self.account, day, tally, now)
            self.report.tally += tally
            if not self.dry_run and self.since.date() < day < self.until.date():
                self._keep_balance(day, tally)
            yield day

    def _keep_balance(self, day: date, tally: Mapping[str, int]) -> None:
        """Keep how this day compared. The whole of it lies in the period."""
        balance = DailyBalance(
            account=self.account,
            day=day,
            provider=self.provider.label,
            listed=sum(tally.values()),
            tally=tally,
            compared_at=self.deps.clock(),
        )
        DailyBalances(self.deps.store).put(balance)

    def _is_whole(self, day: date) -> bool:
        """Return whether every call that began on this day ended in the period."""
        return self.since.date() < day < self.until.date() - _ONE_DAY

    def _read(self, day: date) -> LoggedDay:
        return self.provider.call_log.day(self.account, day, self.wait)

    def _compare(
        self, reconciled: ReconciledDays, today: LoggedDay, following: LoggedDay
    ) -> Counter[str]:
        """Take in what the records lack. Return how many of the day's calls then have each state."""
        logged = LoggedCalls(today, following)
        ended = {self._key(leg.id): leg for leg in today.legs if self._is_in_period(leg)}
        self.report.listed += len(ended)
        self.report.unheard += sum(self._is_unheard(leg) for leg in ended.values())
        tally: Counter[str] = Counter()
        for keys in batches(list(ended)):
            known = reconciled.calls(keys)
            for key in keys:
                self._bring_up(known.get(key), ended[key], logged)
            states = reconciled.states(keys)
            tally.update(word(states.get(key)) for key in keys)
        return tally

    def _is_in_period(self, leg: Leg) -> bool:
        """Return whether this is a call, and not a leg that a call dialled, and ended in the period."""
        if leg.parent_id is not None:
            return False
        if not leg.is_over or leg.ended_at is None or leg.ended_at > self.until:
            self.report.left_alone += 1
            return False
        return leg.ended_at >= self.since

    def _is_unheard(self, leg: Leg) -> bool:
        """Return whether this call ended after the last hook that had come."""
        if leg.ended_at is None:
            return False
        return self.last_hook_at is None or leg.ended_at > self.last_hook_at

    @property
    def _listed_until(self) -> datetime:
        """A leg that ended by then is in the provider's list."""
        return self.deps.clock() - API_LAG

    def _bring_up(self, call: Call | None, leg: Leg, logged: LoggedCalls) -> None:
        """Take in what the log has of this call beyond its record."""
        if call is not None and (call.state is CallState.FOLDED or call.record.is_forgotten):
            return
        nothing = CallRecord(provider=self.provider.name, account=self.account, call_id=leg.id)
        known = updated = call.record if call is not None else nothing
        if call is None:
            begun = nothing.model_copy(update={"legs": {leg.id: leg}})
            updated = complete(
                begun, self.deps.rules, logged, lambda record: True, listed_until=self._listed_until
            ).record
        elif call.state in lifecycle.OPEN_TO_NEW_FACTS and not _is_of_earlier_version(call):
            updated = self._completed(known, logged)
        recordings = logged.recordings_of(self.account, leg.id)
        missing = {r.id: r for r in recordings if _is_missing(r, known)}
        if missing:
            updated = join(updated, nothing.model_copy(update={"recordings": missing}))
        if updated == known:
            return
        if call is None:
            self.report.taken_in.append(leg.id)
        else:
            self.report.completed += updated.legs != known.legs
            self.report.attached += bool(missing)
        if not self.dry_run:
            self._take_in(
                updated, is_new=call is None, news=_news(known, updated, is_new=call is None)
            )

    def _completed(self, known: CallRecord, logged: LoggedCalls) -> CallRecord:
        """Return the record with what the log adds to it.

        A leg that became known late is added only if another outcome follows from it.
        """
        rules = self.deps.rules
        if rules.assess(known).questions:
            asked = complete(
                known, rules, logged, lambda record: True, listed_until=self._listed_until
            ).record
            is_news = (asked.legs, asked.recordings) != (known.legs, known.recordings)
            after, before = rules.assess(asked), rules.assess(known)
            is_surer = after.ending.assumed != before.ending.assumed
            says_more = is_surer or _event_facts(after) != _event_facts(before)
            return asked if is_news or says_more else known
        legs = logged.legs_dialled_by(self.account, known.call_id)
        more = join(known, known.model_copy(update={"legs": {leg.id: leg for leg in legs}}))
        if _event_facts(rules.assess(more)) == _event_facts(rules.assess(known)):
            return known
        return more

    def _take_in(self, facts: CallRecord, *, is_new: bool, news: str) -> None:
        """Merge these facts into the call's record. news: what they add, in words for the call's story."""
        store, now = self.deps.store, self.deps.clock()
        with store.begin() as connection:
            key = self.deps.intake.add(connection, facts, now)
            read = Exchange(now, now, STEP, f"{self.provider.label}'s call log", None, news)
            store.attempts.add(connection, key, [read], then=None)
            call = store.calls.read(connection, key)
            if is_new and call is not None and call.version == 1 and call.due_at is not None:
                behind = (len(self.report.taken_in) - 1) * self.deps.seconds_apart
                later = lifecycle.postpone(call, until=now + timedelta(seconds=behind))
                store.calls.update(connection, key, **later)
        log.debug("taken in from the provider's list", call=key, is_new=is_new)

    def _key(self, sid: str) -> str:
        return call_key(self.provider.name, self.account, sid)


def _news(known: CallRecord, updated: CallRecord, *, is_new: bool) -> str:
    """Say what the log has beyond the record."""
    if is_new:
        return "it has this call, of which no hook told"
    legs = len(updated.legs.keys() - known.legs.keys())
    recordings = len(updated.recordings.keys() - known.recordings.keys())
    more = [f"{legs} more leg{'s' if legs > 1 else ''}"] if legs else []
    more += [f"{recordings} more recording{'s' if recordings > 1 else ''}"] if recordings else []
    return f"it has {' and '.join(more) or 'more of what is known'}"


def _is_of_earlier_version(call: Call) -> bool:
    """Return whether an earlier version of the adapter wrote the event, which then stays as it is."""
    if call.state is not CallState.WRITTEN or call.event is None:
        return False
    return call.event.told is None


def _event_facts(assessment: Assessment) -> tuple[object, ...]:
    """Return what an event says of a call."""
    ending, who = assessment.ending, assessment.parties
    return ending.outcome, ending.talk_seconds, who.direction, who.other, who.line


def _is_missing(recording: Recording, record: CallRecord) -> bool:
    """Return whether the log has this recording and the record does not. Another URL is no difference."""
    known = record.recordings.get(recording.id)
    if known is not None and known.state is RecordingState.DELETED:
        return False
    is_known = known is not None and known.state is RecordingState.COMPLETE and bool(known.url)
    return recording.state is RecordingState.COMPLETE and not is_known
