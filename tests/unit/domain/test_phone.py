"""Is the number found behind whatever was written, and none where there is none?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain import phone
from adapter.domain.phone import (
    LONGEST_FIELD,
    LONGEST_NUMBER,
    FieldNumbers,
    Hidden,
    e164,
    ever_written,
    field_numbers,
    hidden,
    mask,
    national_ten,
    pretty,
    same_line,
)

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
        "tel:+1-617-555-0134",
        "whatsapp:+16175550134",
        "WhatsApp:+16175550134",
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
        ("+52 55 1234 5678", "+525512345678"),
        ("+5491123456789", "+5491123456789"),
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
        "617-555-0134, 617-555-0135",
        "6175550134;6175550135",
        "617-555-0134 x12 (office)",
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
    *("anonymous", "Anonymous", "ANONYMOUS", " restricted ", "blocked", "Private Number"),
    *("private", "withheld", "anonymous@anonymous.invalid", "sip:anonymous@anonymous.invalid"),
    *("No Caller ID", "Number withheld", "Caller ID blocked", "BLOCKED NUMBER", "Private Caller"),
    *("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"),
]
UNAVAILABLE = [
    *("unknown", "Unavailable", "Unknown Caller", "Caller ID unavailable", "Not available", "+"),
    *("unavailable@unknown.invalid", "Out of Area"),
]


@pytest.mark.parametrize("raw", WITHHELD)
def test_withheld_numbers_are_known_as_such_and_are_no_numbers(raw: str) -> None:
    """In words, and as a keypad spells the words (+266696687 is ANONYMOUS)."""
    assert hidden(raw) is Hidden.WITHHELD
    assert e164(raw) is None


@pytest.mark.parametrize("raw", UNAVAILABLE)
def test_a_number_that_was_not_passed_on_was_not_withheld_by_the_caller(raw: str) -> None:
    assert hidden(raw) is Hidden.UNAVAILABLE
    assert e164(raw) is None


@pytest.mark.parametrize(
    "raw",
    [None, "", BOSTON, "client:anonymous", "Ann Onymous", "number", "Private Ryan", "x" * 20_000],
)
def test_what_is_not_hidden_is_not_taken_for_it(raw: str | None) -> None:
    assert hidden(raw) is None


# Numbers that changed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("+5215512345678", "+525512345678"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("0052 1 55 1234 5678", "+525512345678"),
        ("+551175550112", "+5511975550112"),
        ("+551135550112", "+551135550112"),
    ],
)
def test_a_number_from_before_its_countrys_change_is_the_one_of_today(
    before: str, now: str
) -> None:
    assert e164(before) == now


def test_an_argentine_mobile_number_is_the_same_line_with_and_without_its_9() -> None:
    both = {"+541123456789", "+5491123456789"}
    for number in both:
        assert same_line(number) == both
        assert field_numbers(number).whole == both
    assert same_line(BOSTON) == {BOSTON}


def test_old_data_is_looked_through_for_every_way_the_number_was_written() -> None:
    assert ever_written("+525512345678") == {"+525512345678", "+5215512345678"}
    assert ever_written("+5511975550112") == {"+5511975550112", "+551175550112"}
    assert ever_written("+541123456789") == {"+541123456789", "+5491123456789"}
    assert ever_written(BOSTON) == {BOSTON}


# Fields with words --------------------------------------------------------------------------------

ONE, TWO = "+16175561002", "+16175561003"


@pytest.mark.parametrize(
    ("field", "numbers"),
    [
        ("(617) 556-1002 (cell)", {ONE}),
        ("617-556-1002 call after 6", {ONE}),
        ("617-556-1002 after 6pm, not before 5", {ONE}),
        ("6175561002/6175561003", {ONE, TWO}),
        ("617-556-1002, 617-556-1003", {ONE, TWO}),
        ("617-556-1002;617-556-1003", {ONE, TWO}),
        ("h 617.556.1002 w 617.556.1003", {ONE, TWO}),
        ("617-556-1002\n617-556-1003", {ONE, TWO}),
        ("617-556-1002x12 or 617-556-1003 ext. 4", {ONE, TWO}),
        ("617-556-1002 x12 (office)", {ONE}),
        ("Mom: 1-617-556-1002 ext. 5 till 9", {ONE}),
        ("cell617-556-1002", {ONE}),
        ("617-556-1002c", {ONE}),
        ("6175561002 Apt 1204", {ONE}),
        ("6175561002 1204", {ONE}),
        ("617-556-1002 since 06/01/2024", {ONE}),
        ("617-556-1002 1/15/2024", {ONE}),
        ("617-556-1002 or 556-1003", {ONE}),
        ("617-556-1002/1003", {ONE}),
        ("+44 20 7946 0018 (London)", {LONDON}),
        ("+52 1 55 1234 5678 (mobile)", {"+525512345678"}),
    ],
)
def test_numbers_are_found_among_words(field: str, numbers: set[str]) -> None:
    found = field_numbers(field)
    assert found == FieldNumbers(among_words=frozenset(numbers))


@pytest.mark.parametrize(
    "field",
    [
        *(None, "", "n/a", "call after 6", "556-1002 (cell)", "ext. 5", "x12"),
        *("06/01/2024-05/31/2025", "2024-01-15 617", "lease 2023-2024-2025", "20240115 1200 am"),
        *("apt 1204 2024 100", "unit 6175 561 002", "gate code 6175, unit 561-002"),
        *("rent $1,200.00 1500.00", "Rent 1200.50 2024 3000", "SSN 617-55-1002"),
        *("61755610026175561003 x", "617-556-10021 (cell)", "617-556-CALL"),
        *("617-556-1002 (wrong number)", "617-556-1002 disconnected"),
    ],
)
def test_other_digits_among_words_are_no_number(field: str | None) -> None:
    found = field_numbers(field)
    assert found == FieldNumbers()


def test_a_field_that_is_a_number_has_no_words() -> None:
    found = field_numbers(" 617-556-1002 x12 ")
    assert found == FieldNumbers(whole=frozenset({ONE}))


@given(st.text() | st.from_regex(r"[+0-9 ()x./a-c-]{0,60}", fullmatch=True))
def test_what_is_found_among_words_is_a_number_that_stands_there(field: str) -> None:
    for number in field_numbers(field).among_words:
        assert e164(number) == number


# Long texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        " " * 20_000,
        "x" + " " * 20_000 + "x",
        "617" + " " * 20_000 + "5550134",
        "6175550134" + " " * 20_000 + "x12",
        "1" * 20_000,
        "," * 20_000,
        "+" * 20_000 + "@",
    ],
)
def test_a_long_text_is_not_parsed_at_all(text: str) -> None:
    """What is parsed has a limit, so that no text takes longer than the longest that is parsed."""
    before = phone._e164.cache_info()
    assert e164(text) is None
    hidden(text)
    after = phone._e164.cache_info()
    assert (after.hits, after.misses) == (before.hits, before.misses)


def test_only_the_beginning_of_a_long_field_is_read_and_no_number_is_cut_in_two() -> None:
    words = "word " * (LONGEST_FIELD // 5 - 2)
    assert field_numbers("617-556-1002 " + "word " * 10_000).among_words == {ONE}
    assert field_numbers(words + "+44 20 79460018 " + "word " * 10).among_words == set()
    assert field_numbers("617-556-1002 cell" + "w" * LONGEST_FIELD).among_words == {ONE}
    assert field_numbers("6175561002" + "w" * LONGEST_FIELD).among_words == set()
    assert LONGEST_NUMBER < LONGEST_FIELD


@given(st.text() | st.from_regex(r"[+0-9 ()x.-]{0,24}", fullmatch=True))
def test_garbage_never_breaks_and_a_found_number_is_found_again(raw: str) -> None:
    found = e164(raw)
    field_numbers(raw)
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
