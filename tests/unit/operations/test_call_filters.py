"""Which calls do the parameters of a URL mean, and is a wrong one told by its name?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.config.lines_file import read_lines
from adapter.domain.actor import Role
from adapter.domain.call import CallState
from adapter.domain.call_filter import CallFilter, Count, Cursor, Search
from adapter.domain.cause import Cause
from adapter.domain.lines import PersonKind
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.operations.call_filters import (
    PARAMETERS,
    BadFilter,
    name_of_line,
    parse_cursor,
    parse_filter,
    search_for,
)
from tests.support.environment import LINE, NOW
from tests.support.world import LINES, OTHER_LINE

OUR_LINES = read_lines(LINES, {})
OPERATOR, VIEWER = Role.OPERATOR, Role.VIEWER
SID = "CA" + "1" * 32


def parsed(given: Mapping[str, str], role: Role = OPERATOR) -> CallFilter:
    return parse_filter(given, lines=OUR_LINES, role=role, now=NOW)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, {}),
        ({"state": "", "q": "  "}, {}),
        ({"state": "held"}, {"state": CallState.HELD}),
        ({"outcome": "no_answer"}, {"outcome": Outcome.NO_ANSWER}),
        ({"cause": "nobody_found"}, {"cause": Cause.NOBODY_FOUND}),
        ({"kind": "resident"}, {"kind": PersonKind.RESIDENT}),
        ({"direction": "outbound"}, {"direction": Direction.OUTBOUND}),
        ({"line": "(617) 555-0100"}, {"lines": {LINE}}),
        ({"line": "0100"}, {"lines": {LINE}}),
        ({"line": "main street LEASING"}, {"lines": {LINE}}),
        ({"line": "+16175559999"}, {"lines": {"+16175559999"}}),
    ],
)
def test_a_parameter_means(given: dict[str, str], wanted: Mapping[str, Any]) -> None:
    assert parsed(given) == CallFilter(**wanted)


def test_all_parameters_together_mean_all_of_it() -> None:
    found = parsed(
        {
            "state": "failed",
            "outcome": "busy",
            "cause": "given_up",
            "line": LINE,
            "kind": "lead",
            "direction": "inbound",
            "since": "2026-03-01",
            "until": "2026-03-02",
            "q": "Anna",
        }
    )
    assert found == CallFilter(
        state=CallState.FAILED,
        outcome=Outcome.BUSY,
        cause=Cause.GIVEN_UP,
        lines=frozenset({LINE}),
        kind=PersonKind.LEAD,
        direction=Direction.INBOUND,
        since=datetime(2026, 3, 1, 5, tzinfo=UTC),
        until=datetime(2026, 3, 3, 5, tzinfo=UTC),
        search=Search(id="Anna", words=("anna",)),
    )


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        # A day of New York: from its first moment to its last.
        ("2026-03-08", (2026, 3, 8, 5), (2026, 3, 9, 4)),
        ("2026-03-01T09:30", (2026, 3, 1, 14, 30), (2026, 3, 1, 14, 30)),
        ("2026-03-01T09:30:00+00:00", (2026, 3, 1, 9, 30), (2026, 3, 1, 9, 30)),
        ("2026-03-01T09:30:00Z", (2026, 3, 1, 9, 30), (2026, 3, 1, 9, 30)),
    ],
)
def test_a_day_is_one_of_the_default_lines_time_zone(
    text: str, since: tuple[int, ...], until: tuple[int, ...]
) -> None:
    found = parsed({"since": text, "until": text})
    assert found.since == datetime(*since, tzinfo=UTC)  # type: ignore[misc, arg-type]  # a time's parts
    assert found.until == datetime(*until, tzinfo=UTC)  # type: ignore[misc, arg-type]  # a time's parts


def test_a_time_may_be_said_by_how_long_ago_it_was() -> None:
    assert (NOW - (parsed({"since": "36h"}).since or NOW)).total_seconds() == 36 * 3600
    assert (NOW - (parsed({"since": "3d"}).since or NOW)).days == 3


@pytest.mark.parametrize(
    ("parameter", "text", "fact"),
    [
        ("state", "hold", "one of open, delivering"),
        ("state", "held,failed", "one of"),
        ("outcome", "missed", "one of answered"),
        ("cause", "x", "one of no_line"),
        ("kind", "tenant", "one of lead, applicant, resident"),
        ("direction", "in", "one of inbound, outbound"),
        ("line", "Oak Street", "no line"),
        ("line", "0199", "no line"),
        ("line", "²²²²", "no line"),
        ("since", "yesterday", "write it like"),
        ("since", "2026-13-01", "write it like"),
        ("until", "9999-12-31", "write it like"),
        ("since", "0001-01-01T00:00+14:00", "write it like"),
        ("since", "1h30", "write it like"),
        ("q", "x\x00y", "character"),
        ("q", "\ud800", "character"),
        ("q", "a\nb", "character"),
        ("q", "x" * 201, "longer than 200"),
        ("state", "x" * 100_000, "longer than 200"),
    ],
)
def test_what_cannot_be_understood_is_told_by_its_parameter(
    parameter: str, text: str, fact: str
) -> None:
    with pytest.raises(BadFilter, match=fact) as caught:
        parsed({parameter: text})
    assert caught.value.parameter == parameter
    assert str(caught.value).startswith(f"{parameter}: ")


@given(st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=30)), st.sampled_from(Role))
def test_whatever_is_given_there_is_a_filter_or_a_clear_no(
    given: dict[str, str], role: Role
) -> None:
    try:
        parse_filter(given, lines=OUR_LINES, role=role, now=NOW)
    except BadFilter as bad:
        assert bad.parameter in given


# The search -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("(617) 555-0134", "617-555-0134", "617.555.0134", "6175550134", "16175550134"),
        *("+16175550134", "+1 617 555 0134", "tel:+16175550134", "whatsapp:+16175550134"),
    ],
)
def test_a_number_is_searched_for_in_any_format(text: str) -> None:
    assert "+16175550134" in search_for(text, OPERATOR).numbers


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0134", Search(ending="0134", id="0134")),
        ("555-0134", Search(ending="5550134", id="555-0134")),
        (SID, Search(id=SID)),
        (f"twilio:AC1:{SID}", Search(id=f"twilio:AC1:{SID}")),
        ("job_77", Search(id="job_77")),
        ("Anna", Search(id="Anna", words=("anna",))),
        ("Anna O'Brien-Lee", Search(words=("anna", "o", "brien", "lee"))),
        ("Unit 4B Anna", Search(words=("unit", "4b", "anna"))),
        ("a b c d e f g h", Search(words=("a", "b", "c", "d", "e", "f"))),
        ("12", Search(id="12")),
        ("' & :* |", Search()),
        ("---", Search(id="---")),
    ],
)
def test_what_is_searched_for(text: str, wanted: Search) -> None:
    assert search_for(text, OPERATOR) == wanted


@pytest.mark.parametrize(
    "text", ["(617) 555-0134", "+16175550134", "555-0134", "50134", "tel:+16175550134", "20 7946"]
)
def test_a_viewer_searches_for_numbers_by_their_last_four_digits_only(text: str) -> None:
    with pytest.raises(BadFilter, match="last 4 digits"):
        parsed({"q": text}, VIEWER)
    parsed({"q": text}, OPERATOR)


@pytest.mark.parametrize("text", ["0134", "Anna", SID, "job_77123456"])
def test_a_viewer_searches_for_all_else_as_operators_do(text: str) -> None:
    assert parsed({"q": text}, VIEWER) == parsed({"q": text}, OPERATOR)


def test_a_line_is_named_by_its_last_digits_where_they_suffice() -> None:
    line = OUR_LINES.by_number[LINE]
    assert name_of_line(line, OUR_LINES) == "0100"
    twins = read_lines(LINES.replace(OTHER_LINE, "+12125550100"), {})
    assert name_of_line(twins.by_number[LINE], twins) == LINE


# Places in a list -----------------------------------------------------------------------------------


def test_a_place_in_a_list_is_read_back() -> None:
    place = Cursor(NOW, f"twilio:AC1:{SID}")
    assert parse_cursor(place.encode()) == place
    assert place.encode().replace("-", "").replace("_", "").isalnum()
    assert parse_cursor("") is None
    assert parse_cursor(None) is None


@pytest.mark.parametrize(
    "text",
    [
        *("x", "!!!!", "ü", "bnVsbA", "W10", "WyJhIl0", "x" * 3000),
        "WzEsMl0",  # [1,2]
        "WyIyMDI2LTAzLTAyVDE1OjAwOjAwIiwgImsiXQ",  # a time without a zone
        Cursor(NOW, "a\x00b").encode(),
        "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgImsiXQ",  # before the first year in UTC
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(BadFilter, match="no place in a list"):
        parse_cursor(text)


@given(st.text(max_size=60))
def test_whatever_is_given_as_a_place_there_is_one_or_a_clear_no(text: str) -> None:
    try:
        parse_cursor(text)
    except BadFilter as bad:
        assert bad.parameter == "after"


def test_a_count_says_when_there_are_more() -> None:
    assert str(Count(9_999)) == "9,999"
    assert str(Count(10_000, is_more=True)) == "more than 10,000"
