"""Do lengths of time and lists of words read as people write them?"""

from __future__ import annotations

import pytest

from adapter.text.phrases import clock_duration, duration, enumeration


@pytest.mark.parametrize(
    ("seconds", "in_words", "as_a_clock"),
    [
        (0, "0 s", "0:00"),
        (59, "59 s", "0:59"),
        (60, "1 min", "1:00"),
        (192, "3 min 12 s", "3:12"),
        (3600, "1 h", "1:00:00"),
        (3605, "1 h 5 s", "1:00:05"),
        (90_061, "25 h 1 min 1 s", "25:01:01"),
    ],
)
def test_a_duration_in_words_and_as_a_clock(seconds: int, in_words: str, as_a_clock: str) -> None:
    assert (duration(seconds), clock_duration(seconds)) == (in_words, as_a_clock)


def test_units_and_gap_can_be_shorter() -> None:
    assert duration(3725, ("h", "m", "s"), "") == "1h2m5s"
    assert duration(0, ("h", "m", "s"), "") == "0s"


def test_no_duration_is_no_text() -> None:
    assert clock_duration(None) == ""


@pytest.mark.parametrize(
    ("words", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_a_list_in_a_sentence(words: list[str], text: str) -> None:
    assert enumeration(words) == text
