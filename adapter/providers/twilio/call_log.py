"""Which calls and recordings does a Twilio account have of one day?

https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources. The filters know only
dates, and "midnight of a date" may be its first or its last; so a day more is asked for than is wanted,
and what belongs to the day is chosen here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from adapter.domain.record import Leg, Recording
from adapter.providers.call_log import LoggedDay
from adapter.providers.twilio.rest import TwilioRest, leg_of, recording_of
from adapter.providers.twilio.times import moment

MOST_PAGES = 1000


class TwilioCallLog:
    """See adapter.providers.call_log.CallLog."""

    def __init__(self, rest: TwilioRest) -> None:
        self._rest = rest

    def day(self, account: str, day: date, wait: Callable[[float], None]) -> LoggedDay:
        legs: list[Leg] = []
        for row in self._rows(account, "/Calls.json", "calls", "StartTime", day, wait):
            began = moment(row.get("start_time")) or moment(row.get("date_created"))
            if began is not None and began.date() == day:
                legs.append(_leg(row))
        recordings: dict[str, list[Recording]] = {}
        for row in self._rows(account, "/Recordings.json", "recordings", "DateCreated", day, wait):
            began = moment(row.get("date_created"))
            if row.get("call_sid") and began is not None and began.date() == day:
                recording = recording_of(row, self._rest.base_url)
                recordings.setdefault(str(row["call_sid"]), []).append(recording)
        return LoggedDay(legs, recordings)

    def _rows(
        self,
        account: str,
        path: str,
        name: str,
        field: str,
        day: date,
        wait: Callable[[float], None],
    ) -> Iterator[Mapping[str, Any]]:
        query = {
            f"{field}>": day.isoformat(),  # on the wire `StartTime>=2026-11-01`
            f"{field}<": (day + timedelta(days=1)).isoformat(),
        }
        return self._rest.rows(account, path, name, wait=wait, most_pages=MOST_PAGES, **query)


def _leg(row: Mapping[str, Any]) -> Leg:
    """The leg; one that never began ended when it was made."""
    leg = leg_of(row)
    if leg.is_over and leg.ended_at is None:
        ended = moment(row.get("start_time")) or moment(row.get("date_created"))
        leg = leg.model_copy(update={"started_at": ended, "ended_at": ended})
    return leg
