"""What did the day before bring? One message a day, at an hour that the settings name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from adapter.domain import lifecycle
from adapter.domain.call import CallState
from adapter.operations.alerts.send import Sender
from adapter.reconcile.report import Report
from adapter.storage.alert_notices import Message
from adapter.storage.alerts import Alerts
from adapter.storage.daily_balances import DailyBalance, DailyBalances
from adapter.storage.hourly_counts import Counted, HourlyCounts
from adapter.storage.standing import Standing
from adapter.storage.store import Store

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Digest:
    """Plans the message of each day, once. hour: of the day in this zone. page: the address of its link."""

    store: Store
    sender: Sender
    hour: int
    zone: ZoneInfo
    page: str
    clock: Callable[[], datetime]

    def next_at(self, now: datetime) -> datetime:
        """Return the next moment at which the day before is told of."""
        today = now.astimezone(self.zone).date()
        at = self._moment(today)
        return at if at > now else self._moment(today + _DAY)

    def plan(self) -> None:
        """Plan the message of the day before, if that was not done yet. Raise StoreUnavailable."""
        day = self.clock().astimezone(self.zone).date() - _DAY
        title = f"The calls of {day:%A}, {day:%Y-%m-%d}"
        body = "\n".join([*self._lines(day), self.page])
        self.sender.plan(Message(f"digest:{day}", "digest", title, body))

    def _moment(self, day: date) -> datetime:
        local = datetime(day.year, day.month, day.day, self.hour, tzinfo=self.zone)
        return local.astimezone(UTC)

    def _lines(self, day: date) -> Sequence[str]:
        counts = self._counts(day)
        total = counts.total()
        shown = [state for state in CallState if state in lifecycle.ACCEPTED | lifecycle.REPLAYABLE]
        parts = [f"{counts[state]} {state.value}" for state in shown if counts[state]]
        if waiting := sum(counts[state] for state in lifecycle.UNDELIVERED):
            parts.append(f"{waiting} waiting")
        calls = "No call came." if not total else f"{total} call(s): {', '.join(parts)}."
        balances = [b for b in DailyBalances(self.store).since(day) if b.day == day]
        compared = [_balance(balance) for balance in balances] or [
            "Not compared with the provider's list yet."
        ]
        now_held = Standing(self.store).held()
        alerts = len(Alerts(self.store).all_open())
        return [
            calls,
            *compared,
            f"Now {now_held} call(s) wait for a decision, and {alerts} alert(s) are open.",
        ]

    def _counts(self, day: date) -> Counter[str]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        following = day + _DAY
        end = datetime(following.year, following.month, following.day, tzinfo=self.zone)
        counts: Counter[str] = Counter()
        for count in HourlyCounts(self.store).since(midnight, end):
            if count.by is Counted.STATE and count.place == 0:
                counts[count.label] += count.count
        return counts


def _balance(balance: DailyBalance) -> str:
    report = Report(balance.provider, listed=balance.listed, tally=Counter(balance.tally))
    words = "" if report.adds_up else " (it does not add up)"
    return f"{report.balance()}{words}, by the provider's day (UTC)."
