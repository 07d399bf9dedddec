"""Does the report of how all goes say what the tables say?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapter.config.lines_file import read_lines
from adapter.operations.alarms import Alarms
from adapter.operations.health_report import HealthReports, Period
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.hourly_counts import HourlyCounts
from adapter.storage.pauses import Pauses
from adapter.storage.store import Store
from tests.support.clock import Clock
from tests.support.rows import add, record

NEW_YORK = ZoneInfo("America/New_York")
MAIN, SIDE = "+16175550100", "+16175550101"
LINES = f'''
[defaults]
integration_id = "int_a"
timezone = "America/New_York"
[lines."{MAIN}"]
[lines."{SIDE}"]
'''
# Four in the afternoon there, on the day after the clocks went back.
NOW = datetime(2026, 11, 2, 21, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def reports(store: Store, clock: Clock) -> HealthReports:
    return HealthReports(
        store=store,
        alarms=Alarms(store, Pauses(store, clock), clock),
        clock=clock,
        lines=read_lines(LINES, {}),
        rate_limit=150,
        setting_problems={},
        rate_limit_name="propexo",
    )


def call(store: Store, number: int, first_seen_at: datetime, **values: Any) -> None:
    add(store, record(call_id=f"CA{number}"), first_seen_at=first_seen_at, **values)


def written(store: Store, number: int, ended_at: datetime, seconds: float) -> None:
    confirmed_at = ended_at + timedelta(seconds=seconds)
    call(store, number, ended_at, over_at=ended_at, confirmed_at=confirmed_at, state="written")


def test_a_database_without_calls_has_a_report(reports: HealthReports) -> None:
    report = reports.report(Period.WEEK)
    assert report.calls == 0
    assert report.shares == {}
    assert report.delay.half_within_seconds is None
    assert report.counted_at is None
    assert "no worker is alive" in report.problems["queue"]
    assert (report.budget.used, report.budget.limit) == (0, 150)


def test_a_day_is_24_hours_also_those_without_calls(store: Store, reports: HealthReports) -> None:
    call(store, 1, NOW, outcome="answered", state="open")
    call(store, 2, NOW - 23 * HOUR, outcome="voicemail", state="held")
    call(store, 3, NOW - 24 * HOUR, outcome="voicemail", state="held")
    HourlyCounts(store).recount(NOW - 2 * DAY)
    report = reports.report(Period.DAY)
    assert [bucket.total for bucket in report.buckets] == [1, *[0] * 22, 1]
    assert report.buckets[-1].begins_at == NOW.replace(minute=0).astimezone(NEW_YORK)
    assert report.buckets[0].by_outcome == {"voicemail": 1}
    assert report.shares == {"held": 0.5, "open": 0.5}
    assert report.calls == 2


def test_days_are_those_of_the_zone_also_when_the_clocks_change(
    store: Store, reports: HealthReports
) -> None:
    """The first of November 2026 has 25 hours in New York, and begins at four UTC."""
    first = datetime(2026, 11, 1, 4, tzinfo=UTC)
    call(store, 1, first - timedelta(seconds=1))
    call(store, 2, first)
    call(store, 3, first + 24 * HOUR + timedelta(minutes=59))
    call(store, 4, first + 25 * HOUR)
    HourlyCounts(store).recount(NOW - 9 * DAY)
    report = reports.report(Period.WEEK)
    assert len(report.buckets) == 7
    assert [bucket.total for bucket in report.buckets[-3:]] == [1, 2, 1]
    assert len(reports.report(Period.MONTH).buckets) == 30


def test_an_hour_that_the_clocks_repeat_is_two_hours(
    store: Store, reports: HealthReports, clock: Clock
) -> None:
    """On the first of November 2026 one o'clock comes twice in New York: at five and at six UTC."""
    five = datetime(2026, 11, 1, 5, tzinfo=UTC)
    clock.now = five + 3 * HOUR
    for number, at in enumerate((five, five, five + HOUR)):
        call(store, number, at)
    HourlyCounts(store).recount(five - DAY)
    buckets = reports.report(Period.DAY).buckets
    assert [bucket.total for bucket in buckets[-4:]] == [2, 1, 0, 0]
    assert buckets[-4].begins_at.hour == buckets[-3].begins_at.hour == 1


def test_delays_are_given_by_the_limits_within_which_calls_were_there(
    store: Store, reports: HealthReports
) -> None:
    for number in range(20):
        written(store, number, NOW - HOUR, 2 if number < 12 else 8 if number < 19 else 100_000)
    HourlyCounts(store).recount(NOW - DAY)
    delay = reports.report(Period.DAY).delay
    assert (delay.half_within_seconds, delay.most_within_seconds, delay.calls) == (2, 10, 20)
    written(store, 20, NOW - HOUR, 100_000)
    HourlyCounts(store).recount(NOW - DAY)
    assert reports.report(Period.DAY).delay.most_within_seconds is None


def test_an_integration_that_fails_is_named(store: Store, reports: HealthReports) -> None:
    for _ in range(Breakers.FAILURES):
        Breakers(store).failed("int_a", NOW.timestamp(), NOW.timestamp())
    Breakers(store).failed("int_b", NOW.timestamp(), NOW.timestamp())
    found = {b.integration_id: b.is_open for b in reports.report(Period.DAY).breakers}
    assert found == {"int_a": True, "int_b": False}


def test_each_line_says_when_its_last_call_came(store: Store, reports: HealthReports) -> None:
    call(store, 1, NOW - DAY, line=MAIN)
    call(store, 2, NOW - HOUR, line=MAIN)
    found = {line.number: at for line, at in reports.report(Period.DAY).last_calls}
    assert found == {MAIN: NOW - HOUR, SIDE: None}
