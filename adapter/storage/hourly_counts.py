"""How many calls were there in each hour, by outcome, state and line, and by the time until they were written?

Counting a million calls takes seconds. So a worker counts them now and then, and pages read what it counted. A
call belongs to the hour in which the adapter first heard of it. Folded calls are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import inf
from typing import Any

import sqlalchemy as sa

from adapter.domain.call import CallState
from adapter.observability.metrics import HANGUP_LIMITS
from adapter.storage.schema import calls, hourly_counts
from adapter.storage.session import Session

_HOUR_SECONDS = 3600


class Counted(StrEnum):
    """What the calls of an hour are counted by."""

    OUTCOME = "outcome"
    STATE = "state"
    LINE = "line"
    HELD_LINE = "held_line"  # the line, of calls that are held
    DELAY = "delay"  # the seconds from the end of the call until it was confirmed; a limit of HANGUP_LIMITS


@dataclass(frozen=True)
class PeriodCount:
    """So many calls of the period in this place, from 0. label: an outcome, a state, or a limit in seconds."""

    place: int
    by: Counted
    label: str
    count: int


@dataclass(frozen=True)
class LineCount:
    """So many calls were on a line, and so many of them are held."""

    calls: int = 0
    held: int = 0


_OF_LINES = (Counted.LINE, Counted.HELD_LINE)


class HourlyCounts:
    """Counts the calls, and reads what was counted."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def recount(self, since: datetime) -> None:
        """Count the calls of this hour and of all later ones anew. Raise StoreUnavailable."""
        first = int(since.timestamp()) // _HOUR_SECONDS
        with self._session.begin() as connection:
            connection.execute(sa.delete(hourly_counts).where(hourly_counts.c.hour >= first))
            for by, label in self._labels.items():
                connection.execute(self._counts(by, label, _moment(first)))

    def since(self, *begins: datetime) -> Sequence[PeriodCount]:
        """Return the counts of the periods that begin then, by period; not those of lines.

        A period has the hours that begin in it, and lasts until the next one begins; the last one is open.
        begins: in order. The database adds up the hours: a month has thousands of counts.
        """
        columns, hours = hourly_counts.c, [_first_hour(moment) for moment in begins]
        places = [(columns.hour < hour, place) for place, hour in enumerate(hours[1:])]
        last = sa.literal(len(begins) - 1)
        query = (
            sa.select(
                (sa.case(*places, else_=last) if places else last).label("place"),
                columns.by,
                columns.label,
                sa.func.sum(columns.calls),
            )
            .where(columns.hour >= hours[0], columns.by.not_in(_OF_LINES))
            .group_by("place", columns.by, columns.label)
            .order_by("place")
        )
        with self._session.autocommit() as connection:
            return [
                PeriodCount(place, Counted(by), label, int(count))
                for place, by, label, count in connection.execute(query)
            ]

    def of_lines(self, moment: datetime) -> Mapping[str, LineCount]:
        """Return the counts of each line that had calls then or later, by its number."""
        columns = hourly_counts.c
        query = (
            sa.select(columns.by, columns.label, sa.func.sum(columns.calls))
            .where(columns.hour >= _first_hour(moment), columns.by.in_(_OF_LINES))
            .group_by(columns.by, columns.label)
        )
        sums: dict[str, dict[str, int]] = {}
        with self._session.autocommit() as connection:
            for by, line, count in connection.execute(query):
                sums.setdefault(line, {})[by] = int(count)
        return {
            line: LineCount(by.get(Counted.LINE, 0), by.get(Counted.HELD_LINE, 0))
            for line, by in sums.items()
        }

    @property
    def _labels(self) -> dict[Counted, sa.ColumnElement[Any]]:
        seconds = self._epoch(calls.c.confirmed_at) - self._epoch(calls.c.over_at)
        limits = [
            (seconds <= limit, sa.literal(str(limit))) for limit in HANGUP_LIMITS if limit != inf
        ]
        delay = sa.case(*limits, else_=sa.literal(str(inf)))
        return {
            Counted.OUTCOME: sa.func.coalesce(calls.c.outcome, "unknown"),
            Counted.STATE: calls.c.state,
            Counted.LINE: calls.c.line,
            Counted.HELD_LINE: calls.c.line,
            Counted.DELAY: delay,
        }

    def _counts(self, by: Counted, label: sa.ColumnElement[Any], since: datetime) -> sa.Insert:
        hour = self._epoch(calls.c.first_seen_at) / _HOUR_SECONDS
        hour = sa.func.floor(hour) if self._session.is_postgresql else hour
        query = (
            sa.select(
                sa.cast(hour, sa.BigInteger).label("hour"),
                sa.literal(by.value),
                label.label("label"),
                sa.func.count(),
            )
            .where(calls.c.first_seen_at >= since, calls.c.state != CallState.FOLDED.value)
            .group_by("hour", "label")
        )
        if by is Counted.DELAY:
            query = query.where(calls.c.confirmed_at.isnot(None), calls.c.over_at.isnot(None))
        if by in _OF_LINES:
            query = query.where(calls.c.line.isnot(None))
        if by is Counted.HELD_LINE:
            query = query.where(calls.c.state == CallState.HELD.value)
        return sa.insert(hourly_counts).from_select(["hour", "by", "label", "calls"], query)

    def _epoch(self, column: sa.ColumnElement[datetime]) -> sa.ColumnElement[Any]:
        """Seconds since 1970, with their fraction on PostgreSQL."""
        return sa.extract("epoch", column)


def _first_hour(moment: datetime) -> int:
    """Return the first hour that begins then or later."""
    return -(-int(moment.timestamp()) // _HOUR_SECONDS)


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * _HOUR_SECONDS, UTC)
