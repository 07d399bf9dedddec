"""Which calls are not to be written, and is the reason said?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.config.lines_file import read_lines
from adapter.domain.assessment import CallRules
from adapter.domain.call import CallState
from adapter.domain.due import SettlePolicy
from adapter.domain.eligibility import Ineligible, why_ineligible
from adapter.domain.record import CallRecord, Leg, LegDirection, LegStatus
from tests.support.environment import LINE
from tests.support.hooks import CALL, CALLER
from tests.support.world import LINES, OTHER_LINE, STAFF

IGNORED_NUMBER, SWITCHBOARD = "+16175550166", "+16175550170"
MORE = LINES.replace(
    'event_type = "Call"',
    f'event_type = "Call"\nmin_seconds = 5\nignore = ["{IGNORED_NUMBER}"]\n'
    f'switchboards = ["{SWITCHBOARD}"]',
)
RULES = CallRules(read_lines(MORE, {}), SettlePolicy())
HELD, IGNORED = CallState.HELD, CallState.IGNORED


def refused(
    caller: str | None,
    called: str | None = LINE,
    *,
    status: LegStatus | None = LegStatus.NO_ANSWER,
    seconds: int = 0,
    direction: LegDirection = LegDirection.INBOUND,
) -> Ineligible | None:
    leg = Leg(
        id=CALL,
        direction=direction,
        from_number=caller,
        to_number=called,
        status=status,
        duration_seconds=seconds,
    )
    record = CallRecord(provider="twilio", account="AC1", call_id=CALL, legs={CALL: leg})
    assessment = RULES.assess(record)
    line = RULES.lines.of(assessment.parties.line)
    assert line is not None
    return why_ineligible(assessment, line, RULES.lines)


def test_a_call_with_a_number_is_not_refused() -> None:
    assert refused(CALLER) is None


@pytest.mark.parametrize(
    ("values", "state", "words"),
    [
        ({"caller": "+266696687"}, HELD, "withheld"),
        ({"caller": "anonymous"}, HELD, "withheld"),
        ({"caller": "Restricted"}, HELD, "withheld"),
        ({"caller": "Private Number"}, HELD, "withheld"),
        ({"caller": "+86282452253"}, HELD, "withheld"),
        ({"caller": "Unknown"}, HELD, "not available"),
        ({"caller": None}, HELD, "no phone number"),
        ({"caller": "2255"}, HELD, "no phone number"),
        ({"caller": OTHER_LINE}, IGNORED, "our own lines or staff"),
        ({"caller": STAFF}, IGNORED, "our own lines or staff"),
        ({"caller": "client:lee", "called": "client:kim"}, IGNORED, "browser phone"),
        ({"caller": "sip:lee@office.example.com", "called": LINE}, IGNORED, "browser phone or SIP"),
        ({"caller": "lee@office.example.com", "called": LINE}, IGNORED, "browser phone or SIP"),
        ({"caller": IGNORED_NUMBER}, IGNORED, "ignore list"),
        ({"caller": SWITCHBOARD}, HELD, "switchboard"),
        ({"caller": CALLER, "status": LegStatus.RINGING}, HELD, "never reported how"),
        ({"caller": CALLER, "status": LegStatus.COMPLETED, "seconds": 4}, IGNORED, "under 5 s"),
    ],
)
def test_the_reason_is_said(values: dict[str, Any], state: CallState, words: str) -> None:
    result = refused(**values)
    assert result is not None
    assert result.state is state
    assert result.reason is not None
    assert words in result.reason


def test_an_outgoing_call_to_our_own_staff_is_ignored() -> None:
    result = refused(LINE, STAFF, direction=LegDirection.OUTBOUND)
    assert result is not None
    assert result.state is IGNORED


def test_short_calls_that_nobody_answered_are_not_refused() -> None:
    assert refused(CALLER, status=LegStatus.CANCELED, seconds=0) is None


def test_an_answered_call_of_just_the_least_length_is_not_refused() -> None:
    assert refused(CALLER, status=LegStatus.COMPLETED, seconds=5) is None


OURS = st.sampled_from([LINE, OTHER_LINE, STAFF]).flatmap(
    lambda number: st.sampled_from(
        [number, number[1:], number[2:], f"({number[2:5]}) {number[5:8]}-{number[8:]}"]
    )
)
WITHHELD = st.sampled_from(
    [
        "anonymous",
        "Anonymous",
        " RESTRICTED ",
        "unknown",
        "unavailable",
        "anonymous@anonymous.invalid",
        "+266696687",
        "+7378742833",
        "+2562533",
        "+8656696",
        "+86282452253",
    ]
)


@given(
    number=OURS | WITHHELD,
    direction=st.sampled_from([LegDirection.INBOUND, LegDirection.OUTBOUND]),
    status=st.sampled_from([LegStatus.COMPLETED, LegStatus.NO_ANSWER, LegStatus.BUSY]),
    seconds=st.integers(0, 90),
)
def test_own_lines_staff_and_withheld_numbers_never_come_to_a_match(
    number: str, direction: LegDirection, status: LegStatus, seconds: int
) -> None:
    ends = (number, LINE) if direction is LegDirection.INBOUND else (LINE, number)
    assert refused(*ends, status=status, seconds=seconds, direction=direction) is not None
