"""How does all go: what is wrong, what waits, and how did the calls of the last days fare?

`HealthReports.report` answers for a page and for the API. It asks nothing outside. It reads a bounded number of
rows, however many calls there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from math import ceil, inf
from zoneinfo import ZoneInfo

from adapter.config.lines_watch import OTHER_LINES
from adapter.domain.lines import Line, Lines
from adapter.operations.alarms import Alarms
from adapter.operations.set_up_checks import set_up_report
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.daily_balances import DailyBalance, DailyBalances
from adapter.storage.hourly_counts import Counted, HourlyCounts, PeriodCount
from adapter.storage.line_calls import last_calls
from adapter.storage.set_up_checks import SetUpChecks
from adapter.storage.standing import Standing, Undelivered
from adapter.storage.store import Store
from adapter.storage.workers import DEAD_AFTER

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# So many days of balances are shown, whatever the period.
BALANCE_DAYS = 7


class Period(StrEnum):
    """What a report looks back on."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def days(self) -> int:
        return {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 30}[self]


@dataclass(frozen=True)
class Bucket:
    """The calls of an hour or of a day. begins_at: in the zone of the report."""

    begins_at: datetime
    by_outcome: Mapping[str, int]
    by_state: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


@dataclass(frozen=True)
class Delay:
    """The time from the end of a call until it was confirmed on the record.

    Half of the calls, and 95 of 100, were there within so many seconds. None: no call was there, or it took
    longer than the longest limit that is counted (a day).
    """

    half_within_seconds: float | None
    most_within_seconds: float | None
    calls: int


@dataclass(frozen=True)
class Budget:
    """Requests to the target in the last minute. limit: requests a minute; 0: no limit is known."""

    used: int
    limit: int


@dataclass(frozen=True)
class Breaker:
    """An integration whose last writes failed. is_open: nothing is written there until then."""

    integration_id: str
    failures: int
    is_open: bool
    open_until: datetime


@dataclass(frozen=True)
class HealthReport:
    """How all goes. problems: by name, a sentence that also says what to do.

    not_known: what nobody has looked at lately, in sentences.
    buckets: hours for a period of a day, else days; the oldest first, also those without calls.
    shares: of the calls of the period, by state, from 0 to 1.
    last_calls: when the adapter first heard of the newest call on each line; None: it had none.
    counted_at: when the calls were last counted; None: never.
    """

    at: datetime
    period: Period
    problems: Mapping[str, str]
    not_known: Sequence[str]
    workers_alive: int
    undelivered: Undelivered
    oldest_unconfirmed_at: datetime | None
    parked_hooks: int
    budget: Budget
    breakers: Sequence[Breaker]
    buckets: Sequence[Bucket]
    shares: Mapping[str, float]
    delay: Delay
    balances: Sequence[DailyBalance]
    last_calls: Sequence[tuple[Line, datetime | None]]
    counted_at: datetime | None

    @property
    def calls(self) -> int:
        """How many calls the period had."""
        return sum(bucket.total for bucket in self.buckets)


@dataclass(frozen=True, kw_only=True)
class HealthReports:
    """Makes reports. rate_limit: requests a minute that the settings allow; rate_limit_name: of its budget.

    setting_problems: what is wrong with the settings of this process, by setting.
    """

    store: Store
    alarms: Alarms
    clock: Callable[[], datetime]
    lines: Lines
    rate_limit: int
    rate_limit_name: str
    setting_problems: Mapping[str, str]

    def report(self, period: Period) -> HealthReport:
        """Return the report of this period until now. Raise StoreUnavailable."""
        now, standing = self.clock(), Standing(self.store)
        begins = _begins(now, period, ZoneInfo(self.lines.defaults.timezone))
        counts = HourlyCounts(self.store).since(*begins)
        buckets = _buckets(begins, counts)
        states: Counter[str] = Counter()
        for bucket in buckets:
            states.update(bucket.by_state)
        used, stated = standing.budget(self.rate_limit_name, now.timestamp())
        seen = self.store.workers.seen_at().values()
        set_up = set_up_report(SetUpChecks(self.store), self.setting_problems, now)
        return HealthReport(
            at=now,
            period=period,
            problems={**self._problems(now), **set_up.problems},
            not_known=set_up.not_known,
            workers_alive=sum(now - at < DEAD_AFTER for at in seen),
            undelivered=standing.undelivered(),
            oldest_unconfirmed_at=standing.oldest_unconfirmed(),
            parked_hooks=standing.parked(),
            budget=Budget(used, stated or self.rate_limit),
            breakers=_breakers(standing),
            buckets=buckets,
            shares=_shares(states),
            delay=_delay(counts),
            balances=DailyBalances(self.store).since(_day(now) - BALANCE_DAYS * DAY),
            last_calls=self._last_calls(),
            counted_at=standing.jobs().get("count"),
        )

    def _last_calls(self) -> Sequence[tuple[Line, datetime | None]]:
        newest = last_calls(self.store, list(self.lines.by_number))
        return [(line, newest.get(number)) for number, line in self.lines.by_number.items()]

    def _problems(self, now: datetime) -> Mapping[str, str]:
        found = {name: alarm() for name, alarm in self.alarms.by_name().items()}
        since = now - DEAD_AFTER
        others = self.store.workers.count_with_other_lines(self.lines.digest, since)
        found["lines in use"] = OTHER_LINES.format(others) if others else None
        return {name: sentence for name, sentence in found.items() if sentence}


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _begins(now: datetime, period: Period, zone: ZoneInfo) -> Sequence[datetime]:
    """Return when each bucket of the period begins; the last one is not over yet."""
    local = now.astimezone(zone)
    if period is Period.DAY:
        # In UTC, so that an hour that the clocks repeat or leave out is one hour.
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return [(hour - n * HOUR).astimezone(zone) for n in reversed(range(24))]
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (today.date() - n * DAY for n in reversed(range(period.days)))
    return [datetime(day.year, day.month, day.day, tzinfo=zone) for day in days]


def _buckets(begins: Sequence[datetime], counts: Sequence[PeriodCount]) -> Sequence[Bucket]:
    sums: dict[tuple[int, Counted], dict[str, int]] = defaultdict(dict)
    for count in counts:
        sums[count.place, count.by][count.label] = count.count
    return [
        Bucket(begin, sums[place, Counted.OUTCOME], sums[place, Counted.STATE])
        for place, begin in enumerate(begins)
    ]


def _shares(states: Counter[str]) -> Mapping[str, float]:
    total = states.total()
    return {state: count / total for state, count in sorted(states.items())} if total else {}


def _delay(counts: Sequence[PeriodCount]) -> Delay:
    by_limit: Counter[float] = Counter()
    for count in counts:
        if count.by is Counted.DELAY:
            by_limit[float(count.label)] += count.count
    return Delay(_within(by_limit, 0.5), _within(by_limit, 0.95), by_limit.total())


def _within(by_limit: Counter[float], share: float) -> float | None:
    """Return the limit below which this share of the calls was; None if none is known."""
    wanted, below = ceil(by_limit.total() * share), 0
    for limit, count in sorted(by_limit.items()):
        below += count
        if below >= wanted:
            return limit if limit < inf else None
    return None


def _breakers(standing: Standing) -> Sequence[Breaker]:
    return [
        Breaker(
            row.integration_id,
            row.failures,
            row.failures >= Breakers.FAILURES,
            datetime.fromtimestamp(row.open_until, UTC),
        )
        for row in standing.breakers()
    ]
