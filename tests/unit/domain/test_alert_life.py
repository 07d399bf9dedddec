"""Who is told what about an alert, and when?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from adapter.domain.alert_life import (
    Alert,
    Note,
    is_over,
    note_of_end,
    note_of_lasting,
    note_of_opening,
)
from adapter.domain.alert_words import (
    body_of_message,
    calls_words,
    lasted,
    state_words,
    title_of_message,
)
from tests.support.environment import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALERT = Alert(
    id=1, key="late", rule="late", words="it is late", opened_at=NOW, seen_at=NOW, seen_count=1
)
PAGE = "https://calls.example.com/alerts"


def ended(minutes_ago: int, **values: object) -> Alert:
    opened = NOW - minutes_ago * MINUTE
    return replace(ALERT, opened_at=opened, resolved_at=opened + MINUTE, **values)  # type: ignore[arg-type]  # any field


def test_a_new_alert_is_told() -> None:
    assert note_of_opening([], NOW) == (Note.OPENED, False, None)
    assert note_of_opening([ended(30)], NOW) == (Note.OPENED, False, None)


def test_the_third_within_an_hour_is_told_as_flapping_and_no_more() -> None:
    third = note_of_opening([ended(20), ended(40)], NOW)
    assert third == (Note.FLAPPING, True, None)
    fourth = note_of_opening([ended(10, is_flapping=True), ended(20), ended(40)], NOW)
    assert fourth == (None, True, None)
    assert note_of_end(ended(10, is_flapping=True)) is None


def test_three_in_more_than_an_hour_do_not_flap() -> None:
    assert note_of_opening([ended(20), ended(61)], NOW)[0] is Note.OPENED


def test_what_was_snoozed_opens_anew_in_silence() -> None:
    until = NOW + HOUR
    assert note_of_opening([ended(20, snoozed_until=until)], NOW) == (None, False, until)
    assert note_of_opening([ended(20, snoozed_until=NOW)], NOW)[0] is Note.OPENED


def test_a_flapping_alert_that_stays_is_told_once_after_an_hour() -> None:
    flapping = replace(ALERT, is_flapping=True)
    assert note_of_lasting(flapping, NOW + 59 * MINUTE, DAY) is None
    assert note_of_lasting(flapping, NOW + HOUR, DAY) is Note.STILL_OPEN


def test_reminders_come_daily_and_not_where_somebody_looks_after_it() -> None:
    assert note_of_lasting(ALERT, NOW + DAY - MINUTE, DAY) is None
    assert note_of_lasting(ALERT, NOW + DAY, DAY) is Note.REMINDER
    assert note_of_lasting(ALERT, NOW + 2 * DAY, None) is None
    reminded = replace(ALERT, reminded_at=NOW + DAY)
    assert note_of_lasting(reminded, NOW + DAY + HOUR, DAY) is None
    assert note_of_lasting(reminded, NOW + 2 * DAY, DAY) is Note.REMINDER
    acknowledged = replace(ALERT, acknowledged_at=NOW, acknowledged_by="cli:ann")
    assert note_of_lasting(acknowledged, NOW + 3 * DAY, DAY) is None


def test_a_snooze_ends_with_a_reminder() -> None:
    snoozed = replace(ALERT, snoozed_until=NOW + 3 * DAY)
    assert note_of_lasting(snoozed, NOW + 2 * DAY, DAY) is None
    assert note_of_lasting(snoozed, NOW + 3 * DAY, DAY) is Note.REMINDER
    told = replace(snoozed, reminded_at=NOW + 3 * DAY)
    assert note_of_lasting(told, NOW + 3 * DAY + HOUR, DAY) is None


def test_it_is_over_when_it_was_good_for_long_enough() -> None:
    assert not is_over(ALERT, MINUTE, NOW)
    assert not is_over(replace(ALERT, good_since=NOW), MINUTE, NOW + MINUTE / 2)
    assert is_over(replace(ALERT, good_since=NOW), MINUTE, NOW + MINUTE)
    assert note_of_end(ALERT) is Note.RESOLVED


def test_the_end_says_how_long_and_how_many_calls() -> None:
    over = replace(
        ALERT,
        good_since=NOW + 12 * MINUTE,
        resolved_at=NOW + 13 * MINUTE,
        calls_hit=34,
        calls_written=33,
    )
    assert title_of_message(Note.RESOLVED, [over]) == "Resolved: Calls are written late"
    assert body_of_message(Note.RESOLVED, [over], PAGE, NOW + DAY) == (
        f"It lasted 12 min. 34 calls were hit; 33 of them are written by now.\n{PAGE}"
    )
    assert lasted(replace(over, good_since=NOW + 90 * MINUTE), NOW) == "1 h 30 min"


def test_several_alerts_are_one_message() -> None:
    other = replace(ALERT, id=2, key="parked", rule="parked", words="1 hook is parked")
    assert title_of_message(Note.OPENED, [ALERT, other]) == "Alert: 2 alerts"
    assert body_of_message(Note.OPENED, [ALERT, other], PAGE, NOW).splitlines() == [
        "- Calls are written late: it is late",
        "- Hooks cannot be read: 1 hook is parked",
        PAGE,
    ]


def test_numbers_of_calls_read_well() -> None:
    assert calls_words(0, 0) == "No call is known to be hit."
    assert calls_words(1, 1) == "1 call was hit; it is written by now."
    assert calls_words(2, 2) == "2 calls were hit; all are written by now."
    assert calls_words(2, 0) == "2 calls were hit; none is written yet."
    assert calls_words(2, 1) == "2 calls were hit; 1 of them is written by now."


def test_how_it_stands_in_words() -> None:
    assert state_words(ALERT, NOW) == "open"
    assert state_words(replace(ALERT, resolved_at=NOW), NOW) == "resolved"
    busy = replace(
        ALERT,
        is_flapping=True,
        acknowledged_by="ann",
        snoozed_until=NOW + HOUR,
        snoozed_by="ben",
    )
    assert state_words(busy, NOW) == "open, comes and goes, acknowledged by ann, snoozed by ben"
