"""Is the number found behind whatever was written, and none where there is none?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.calls.phone import e164, is_withheld, mask, national_ten, pretty

BOSTON, LONDON = "+16175550134", "+442079460018"


@pytest.mark.parametrize(
    "written",
    [
        "+16175550134",
        "16175550134",
        "6175550134",
        "617-555-0134",
        "(617) 555-0134",
        "(617)555-0134",
        "617.555.0134",
        "617 555 0134",
        " +1 (617) 555-0134 ",
        "1-617-555-0134",
        "0016175550134",
        "011 1 617 555 0134",
        "617-555-0134 x12",
        "617-555-0134 ext. 12",
        "617-555-0134 EXT 12",
        "(617) 555-0134 extension 7",
        "6175550134#12",
        "6175550134;ext=12",
        "6175550134,,12",
        "617\u2013555\u20130134",
        "617\u00a0555\u00a00134",
        "\uff16\uff11\uff17-555-0134",
    ],
)
def test_every_way_of_writing_a_number_gives_the_same_number(written: str) -> None:
    assert e164(written) == BOSTON


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+44 20 7946 0018", LONDON),
        ("0044 20 7946 0018", LONDON),
        ("011 44 20 7946 0018", LONDON),
        ("+5511955550112", "+5511955550112"),
        ("+917055550172", "+917055550172"),
        ("+61450550136", "+61450550136"),
    ],
)
def test_numbers_of_other_countries_are_read(written: str, number: str) -> None:
    assert e164(written) == number


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        " ",
        "+",
        "n/a",
        "none",
        "5550134",
        "911",
        "31234",
        "0",
        "0000000000000000",
        "61755501",
        "61755501345",
        "+1617555013",
        "+161755501345",
        "12345678901234567890",
        "617-555-0134 or 617-555-0135",
        "617-555-CALL",
        "sip:+16175550134@pbx.example.com",
        "client:+16175550134",
        "6175550134@example.com",
        "+999123456789",
        "\x00",
        "☎",
    ],
)
def test_what_is_not_one_whole_number_is_none(written: str | None) -> None:
    """A wrong number on a person's record is worse than none."""
    assert e164(written) is None


WITHHELD = [
    *("anonymous", "Anonymous", "ANONYMOUS", " restricted ", "unknown", "unavailable", "blocked"),
    *("private", "withheld", "anonymous@anonymous.invalid"),
    *("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"),
]


@pytest.mark.parametrize("raw", WITHHELD)
def test_withheld_numbers_are_known_as_such_and_are_no_numbers(raw: str) -> None:
    """In words, and as a keypad spells the words (+266696687 is ANONYMOUS)."""
    assert is_withheld(raw)
    assert e164(raw) is None


@pytest.mark.parametrize("raw", [None, "", BOSTON, "client:anonymous", "Ann Onymous"])
def test_what_is_not_withheld_is_not_taken_for_it(raw: str | None) -> None:
    assert not is_withheld(raw)


@given(st.text() | st.from_regex(r"[+0-9 ()x.-]{0,24}", fullmatch=True))
def test_garbage_never_breaks_and_a_found_number_is_found_again(raw: str) -> None:
    found = e164(raw)
    if found is not None:
        assert found.startswith("+") and found[1:].isdecimal() and 8 <= len(found) <= 16
        assert e164(found) == found
    mask(raw)
    pretty(raw)


@pytest.mark.parametrize(
    ("number", "ten"),
    [
        (BOSTON, "6175550134"),
        (LONDON, None),
        ("6175550134", None),
        ("+1617555013", None),
        ("+11175550134", None),
    ],
)
def test_ten_digits_are_north_american(number: str, ten: str | None) -> None:
    assert national_ten(number) == ten


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        (BOSTON, "**********34"),
        ("911", "***"),
        ("client:anna", "*********na"),
        (None, "-"),
        ("", "-"),
    ],
)
def test_a_masked_number_shows_two_digits_at_most(raw: str | None, masked: str) -> None:
    assert mask(raw) == masked


@pytest.mark.parametrize(
    ("number", "shown"),
    [(BOSTON, "(617) 555-0134"), (LONDON, "+44 20 7946 0018"), ("client:anna", "client:anna")],
)
def test_people_read_numbers_as_they_are_used_to(number: str, shown: str) -> None:
    assert pretty(number) == shown
