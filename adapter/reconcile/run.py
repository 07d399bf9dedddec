"""Do the records have every call of the providers' call logs?

A provider sends a hook once or twice and then forgets it. Its own log proves that no call is missing. A call
that no hook told of is taken in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from adapter.errors import RemoteError
from adapter.observability.logs import logger
from adapter.observability.metrics import (
    RECONCILE_AT,
    RECONCILE_MISSED,
    RECONCILE_REFUSED,
    RECONCILE_UNHEARD,
)
from adapter.providers.base import Provider
from adapter.reconcile.account import Comparison, ReconcileDeps
from adapter.reconcile.report import Progress, Report
from adapter.storage.reconciled_days import ReconciledDays
from adapter.storage.totals import Totals

__all__ = ["LAG", "Progress", "ReconcileDeps", "Reconciliation", "Report", "begins"]

# The log is later than the hooks. So calls that ended within this time are left to the hooks.
LAG = timedelta(minutes=10)

_AGO = re.compile(r"(\d{1,5})\s*([hd])")

log = logger("adapter.reconcile")


class Reconciliation:
    """Compares the call logs of all accounts of these providers with the records."""

    def __init__(self, providers: Sequence[Provider], deps: ReconcileDeps) -> None:
        self._accounts = [(each, account) for each in providers for account in each.accounts]
        self.deps = deps

    @property
    def accounts(self) -> Sequence[str]:
        """The accounts whose logs can be read."""
        return [account for _, account in self._accounts]

    def run(
        self,
        since: datetime,
        *,
        dry_run: bool = False,
        goes_on: bool = False,
        wait: Callable[[float], None] = time.sleep,
        watch: Callable[[Progress], None] = lambda progress: None,
    ) -> Report:
        """Compare the calls that ended since then, and take in what is missing. Return the report.

        goes_on: skip the days that an interrupted run has compared; they count as that run found them.
        wait: sleeps so many seconds, if a provider asks to wait. watch: is called after each day.
        Raise StoreUnavailable. An account that a provider refuses stands in the report's problems.
        """
        goes_on = goes_on and not dry_run
        names = dict.fromkeys(provider.label for provider, _ in self._accounts)
        report, until = Report(" and ".join(names)), self.deps.clock() - LAG
        last_hook_at = self.deps.store.hooks.newest_at()
        for place, (provider, account) in enumerate(self._accounts):
            comparison = Comparison(
                deps=self.deps,
                provider=provider,
                account=account,
                since=since,
                until=until,
                report=report,
                wait=wait,
                dry_run=dry_run,
                goes_on=goes_on,
                last_hook_at=last_hook_at,
            )
            days = len(comparison.days)
            try:
                for number, day in enumerate(comparison.run(), place * days + 1):
                    watch(Progress(account, day, number, days * len(self.accounts)))
            except RemoteError as error:
                report.problems[account] = error
                log.error(
                    "an account was not compared to the end", account=account, reason=str(error)
                )
        if goes_on and not report.problems:
            ReconciledDays(self.deps.store).forget_days(self.accounts)
        if not dry_run:
            Totals(self.deps.store).put(
                numbers_of(report, self.deps.clock(), by_hand=goes_on), "state"
            )
        log.info("reconciled", balance=report.balance(), taken_in=len(report.taken_in))
        return report


def numbers_of(
    report: Report, now: datetime, *, by_hand: bool
) -> Mapping[str, Mapping[str, float]]:
    """Return the metrics of a comparison.

    by_hand: it may reach back to before the adapter began here, so that no hook told of a call is no alarm.
    """
    return {
        "adapter_reconcile_listed": {"": report.listed},
        "adapter_reconcile_calls": report.tally,
        "adapter_reconcile_adds_up": {"": float(report.adds_up)},
        RECONCILE_AT: {"": now.timestamp()},
        RECONCILE_MISSED: {"": 0 if by_hand else len(report.taken_in)},
        RECONCILE_UNHEARD: {"": 0 if by_hand else report.unheard},
        RECONCILE_REFUSED: {"": report.refused},
    }


def begins(text: str, now: datetime) -> datetime:
    """Return the moment that 24h, 3d or 2026-11-01 (midnight UTC) means. Raise ValueError for other texts."""
    ago = _AGO.fullmatch(text.strip().lower())
    try:
        if ago:
            count = int(ago[1])
            return now - (timedelta(hours=count) if ago[2] == "h" else timedelta(days=count))
        moment = datetime.combine(date.fromisoformat(text.strip()), datetime.min.time(), UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no period; write it like 24h, 3d or 2026-11-01") from None
    if moment > now:
        raise ValueError(f"{text!r} lies in the future")
    return moment
