"""Does every call that the provider lists stand in the records? What no hook told is taken in.

Hooks are sent once or twice and then forgotten; the provider's own list is the proof that none is missing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from adapter.errors import RemoteError
from adapter.observability.logs import logger
from adapter.reconcile.account import Comparison, Parts
from adapter.reconcile.report import Progress, Report
from adapter.storage.reconciled_days import Ledger
from adapter.storage.totals import Totals

__all__ = ["LAG", "Parts", "Progress", "Reconciliation", "Report", "begins"]

# The provider's list runs behind its hooks: what ended a moment ago is left to them.
LAG = timedelta(minutes=10)

_AGO = re.compile(r"(\d{1,5})\s*([hd])")

log = logger("adapter.reconcile")


class Reconciliation:
    """Compares the provider's lists of calls with the records. accounts: whose lists.

    Of the parts, seconds_apart says how far apart calls that were taken in become due, so that a backlog
    of old ones does not delay new ones.
    """

    def __init__(self, accounts: Sequence[str], parts: Parts) -> None:
        self.accounts = accounts
        self._parts = parts

    def run(
        self,
        since: datetime,
        *,
        dry_run: bool = False,
        goes_on: bool = False,
        wait: Callable[[float], None] = time.sleep,
        watch: Callable[[Progress], None] = lambda progress: None,
    ) -> Report:
        """Compare the calls that ended since then; whatever is missing is taken in.

        goes_on: days that an interrupted run has done are not read again; they count as they stood then.
        wait: lets so many seconds pass where a provider asks for it.
        Errors: StoreUnavailable. What a provider refuses stands in the report.
        """
        goes_on = goes_on and not dry_run
        report, until = Report(), self._parts.clock() - LAG
        for place, account in enumerate(self.accounts):
            comparison = Comparison(
                parts=self._parts,
                account=account,
                since=since,
                until=until,
                report=report,
                wait=wait,
                dry_run=dry_run,
                goes_on=goes_on,
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
            Ledger(self._parts.store).forget_days(self.accounts)
        if not dry_run:
            Totals(self._parts.store).put(_numbers(report, self._parts.clock()), "state")
        log.info("reconciled", balance=report.balance(), taken_in=len(report.taken_in))
        return report


def _numbers(report: Report, now: datetime) -> Mapping[str, Mapping[str, float]]:
    """What /metrics tell of a comparison."""
    return {
        "adapter_reconcile_listed": {"": report.listed},
        "adapter_reconcile_calls": report.tally,
        "adapter_reconcile_adds_up": {"": float(report.adds_up)},
        "adapter_reconcile_at_seconds": {"": now.timestamp()},
    }


def begins(text: str, now: datetime) -> datetime:
    """The moment that 24h, 3d or 2026-11-01 (midnight UTC) means. Errors: ValueError saying what is allowed."""
    ago = _AGO.fullmatch(text.strip().lower())
    try:
        if ago:
            count = int(ago[1])
            return now - (timedelta(hours=count) if ago[2] == "h" else timedelta(days=count))
        found = datetime.combine(date.fromisoformat(text.strip()), datetime.min.time(), UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no period; write it like 24h, 3d or 2026-11-01") from None
    if found > now:
        raise ValueError(f"{text!r} lies in the future")
    return found
