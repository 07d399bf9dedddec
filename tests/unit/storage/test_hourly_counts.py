"""Are calls counted by the hour, also anew when they change, and are balances of days kept?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from adapter.domain.call import CallState
from adapter.storage.daily_balances import DailyBalance, DailyBalances
from adapter.storage.hourly_counts import Counted, HourlyCounts
from adapter.storage.store import Store
from tests.support.rows import add, record

TEN = datetime(2026, 11, 2, 10, tzinfo=UTC)
NINE = TEN - timedelta(hours=1)


def call(store: Store, number: int, first_seen_at: datetime, **values: Any) -> None:
    add(store, record(call_id=f"CA{number}"), first_seen_at=first_seen_at, **values)


def counted(store: Store, since: datetime, by: Counted) -> list[tuple[datetime, str, int]]:
    begins = since, TEN
    counts = HourlyCounts(store).since(*begins)
    return sorted((begins[c.place], c.label, c.count) for c in counts if c.by is by)


def test_a_call_counts_in_the_hour_in_which_it_was_first_heard_of(store: Store) -> None:
    call(store, 1, NINE + timedelta(minutes=59, seconds=59.9), outcome="answered", state="held")
    call(store, 2, TEN, outcome="answered", state="held")
    call(store, 3, TEN + timedelta(minutes=30), outcome="voicemail", state="ignored")
    call(store, 4, TEN, outcome=None, state="open")
    call(store, 5, TEN, outcome="answered", state="folded")
    HourlyCounts(store).recount(NINE)
    assert counted(store, NINE, Counted.OUTCOME) == [
        (NINE, "answered", 1),
        (TEN, "answered", 1),
        (TEN, "unknown", 1),
        (TEN, "voicemail", 1),
    ]
    assert counted(store, NINE, Counted.STATE) == [
        (NINE, "held", 1),
        (TEN, "held", 1),
        (TEN, "ignored", 1),
        (TEN, "open", 1),
    ]
    assert counted(store, NINE + timedelta(seconds=1), Counted.STATE)[0][0] == TEN


def test_counting_anew_replaces_later_hours_and_leaves_earlier_ones(store: Store) -> None:
    call(store, 1, NINE, state="held")
    call(store, 2, TEN, state="held")
    HourlyCounts(store).recount(NINE)
    with store.begin() as connection:
        for key in (record(call_id="CA1").key, record(call_id="CA2").key):
            store.calls.update(connection, key, state=CallState.IGNORED)
    HourlyCounts(store).recount(TEN + timedelta(minutes=5))
    assert counted(store, NINE, Counted.STATE) == [(NINE, "held", 1), (TEN, "ignored", 1)]


def test_the_time_until_a_call_was_written_counts_below_its_limit(store: Store) -> None:
    for number, seconds in enumerate((0, 2, 3, 20, 86_401)):
        ended = TEN + timedelta(minutes=number)
        confirmed = ended + timedelta(seconds=seconds)
        call(store, number, TEN, over_at=ended, confirmed_at=confirmed, state="written")
    call(store, 9, TEN, over_at=TEN, state="open")
    HourlyCounts(store).recount(TEN)
    assert counted(store, NINE, Counted.DELAY) == [
        (TEN, "2", 2),
        (TEN, "20", 1),
        (TEN, "5", 1),
        (TEN, "inf", 1),
    ]


def test_a_period_has_the_hours_that_begin_in_it(store: Store) -> None:
    """In some zones a day begins amid an hour of UTC; that hour belongs to the day before."""
    for number in range(5):
        call(store, number, NINE + timedelta(hours=number), state="held", outcome="busy")
    HourlyCounts(store).recount(NINE)
    half = timedelta(minutes=30)
    counts = HourlyCounts(store).since(NINE - half, TEN + half, TEN + half + timedelta(hours=2))
    held = [(c.place, c.count) for c in counts if c.by is Counted.STATE]
    assert held == [(0, 2), (1, 2), (2, 1)]
    assert [c.count for c in HourlyCounts(store).since(TEN) if c.by is Counted.STATE] == [4]


def test_nothing_counted_is_nothing(store: Store) -> None:
    HourlyCounts(store).recount(TEN)
    assert HourlyCounts(store).since(NINE) == []


def test_a_later_comparison_of_a_day_replaces_the_earlier_one(store: Store) -> None:
    balances, day = DailyBalances(store), date(2026, 11, 1)

    def balance(day: date, account: str, **tally: int) -> DailyBalance:
        return DailyBalance(account, day, "Twilio", sum(tally.values()), tally, TEN)

    balances.put(balance(day, "AC1", written=1, missing=2))
    balances.put(balance(day, "AC1", written=3))
    balances.put(balance(day - timedelta(days=1), "AC1", written=9))
    balances.put(balance(day + timedelta(days=1), "AC0", held=1))
    assert balances.since(day) == [
        balance(day + timedelta(days=1), "AC0", held=1),
        balance(day, "AC1", written=3),
    ]
