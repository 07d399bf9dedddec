"""Do the notes read well, fit, and always end in the link and the call's reference?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.calls.outcome import Outcome
from adapter.calls.parties import Direction
from adapter.calls.summary import CallSummary
from adapter.errors import PermanentError
from adapter.targets.propexo.notes import notes, trace
from tests.targets.propexo.cases import ANSWERED, LINK, REFERENCE

END = f"[call {REFERENCE}]"
BARE = replace(ANSWERED, line_name="")
MESSAGE = replace(
    BARE,
    outcome=Outcome.VOICEMAIL,
    talk_seconds=25,
    has_recording=True,
    transcript="Call me. " * 99,
)


def write(summary: CallSummary, **options: Any) -> str:
    chosen: dict[str, Any] = {
        "limit": 256,
        "has_numbers": False,
        "time_zone": None,
        "has_link": False,
        **options,
    }
    return notes(summary, **chosen)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Incoming call, answered, 3 min 12 s."),
        ({"assumed": True}, "Incoming call, answered (assumed), 3 min 12 s."),
        ({"talk_seconds": 0}, "Incoming call, answered, 0 s."),
        ({"talk_seconds": -5}, "Incoming call, answered, 0 s."),
        ({"talk_seconds": 3600}, "Incoming call, answered, 1 h."),
        ({"talk_seconds": 90_061}, "Incoming call, answered, 25 h 1 min 1 s."),
        ({"direction": Direction.OUTBOUND}, "Outgoing call, answered, 3 min 12 s."),
        ({"outcome": Outcome.NO_ANSWER}, "Incoming call, not answered."),
        ({"outcome": Outcome.BUSY}, "Incoming call, busy."),
        ({"outcome": Outcome.FAILED}, "Incoming call, could not be connected."),
        ({"outcome": Outcome.ABANDONED}, "Incoming call, caller hung up before an answer."),
        (
            {"outcome": Outcome.ABANDONED, "direction": Direction.OUTBOUND},
            "Outgoing call, ended before an answer.",
        ),
        (
            {"outcome": Outcome.DISCONNECTED, "direction": Direction.OUTBOUND},
            "Outgoing call, number not in service.",
        ),
        (
            {"outcome": Outcome.VOICEMAIL, "talk_seconds": 25},
            "Incoming call, went to voicemail, message of 25 s.",
        ),
        ({"outcome": Outcome.VOICEMAIL, "talk_seconds": 0}, "Incoming call, went to voicemail."),
    ],
)
def test_the_first_sentence_says_how_the_call_ended(changes: dict[str, Any], said: str) -> None:
    assert write(replace(BARE, **changes)) == f"{said} {END}"


@pytest.mark.parametrize(
    ("caller", "callee", "said"),
    [
        ("+16175550134", "+16175550100", " From (617) 555-0134 to (617) 555-0100."),
        ("+442079460018", "+16175550100", " From +44 20 7946 0018 to (617) 555-0100."),
        ("client:anna", "+16175550100", " From a browser phone to (617) 555-0100."),
        ("sip:anna@example.com", "+16175550100", " From a SIP phone to (617) 555-0100."),
        ("anonymous", "+16175550100", " From a withheld number to (617) 555-0100."),
        ("+266696687", "+16175550100", " From a withheld number to (617) 555-0100."),
        ("Lobby", "+16175550100", " To (617) 555-0100."),
        ("Lobby", "queue:x", ""),
    ],
)
def test_numbers_stand_as_people_write_them(caller: str, callee: str, said: str) -> None:
    text = write(replace(BARE, from_number=caller, to_number=callee), has_numbers=True)
    assert text == f"Incoming call, answered, 3 min 12 s.{said} {END}"


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("America/New_York", "Nov 21, 2025, 9:30 AM EST."),
        ("Pacific/Auckland", "Nov 22, 2025, 3:30 AM NZDT."),
        ("UTC", "Nov 21, 2025, 2:30 PM UTC."),
    ],
)
def test_the_time_is_that_of_the_line(zone: str, said: str) -> None:
    assert write(BARE, time_zone=zone) == f"Incoming call, answered, 3 min 12 s. {said} {END}"


def test_everything_at_once_reads_well() -> None:
    text = write(
        replace(ANSWERED, outcome=Outcome.VOICEMAIL, transcript="Hi,\n it is\tAnna.\x00"),
        limit=None,
        has_numbers=True,
        time_zone="America/New_York",
        has_link=True,
    )
    assert text == (
        "Incoming call, went to voicemail, message of 3 min 12 s. "
        "From (617) 555-0134 to (617) 555-0100. Nov 21, 2025, 9:30 AM EST. "
        f'Line: Main Street leasing. Message: "Hi, it is Anna." Details: {LINK} {END}'
    )


def test_a_link_without_a_recording_is_not_called_one() -> None:
    assert f"Details: {LINK}" in write(BARE, has_link=True)
    assert f"Recording: {LINK}" in write(replace(BARE, has_recording=True), has_link=True)


def test_a_long_message_is_shortened_to_the_very_limit() -> None:
    text = write(MESSAGE)
    assert 253 <= len(text) <= 256
    assert '…"' in text


def test_an_endless_line_name_leaves_room_for_the_message() -> None:
    text = write(replace(MESSAGE, line_name="Building " * 99))
    assert "Line: Building Building" in text
    assert 'Message: "Call me.' in text


def test_parts_go_in_the_stated_order() -> None:
    """The message, the line's name, the numbers, the time, the first sentence."""
    call = replace(MESSAGE, line_name="Elm Street")
    marks = ["Message:", "Line:", "From (", "Nov 21", "Incoming"]
    gone: list[str] = []
    for limit in range(700, len(f"Recording: {LINK} {END}") - 1, -1):
        text = write(
            call, limit=limit, has_numbers=True, time_zone="America/New_York", has_link=True
        )
        assert text.endswith(f"Recording: {LINK} {END}")
        gone += [mark for mark in marks if mark not in text and mark not in gone]
    assert gone == marks


def test_a_link_that_just_fits_stands_alone_with_the_reference() -> None:
    link = "https://x.example/".ljust(256 - len(f"Details:  {END}"), "x")
    assert write(replace(ANSWERED, link=link), has_link=True) == f"Details: {link} {END}"


def test_a_link_that_does_not_fit_is_refused_saying_what_to_do() -> None:
    link = "https://x.example/".ljust(257 - len(f"Details:  {END}"), "x")
    with pytest.raises(PermanentError, match="PUBLIC_BASE_URL"):
        write(replace(ANSWERED, link=link), has_link=True)
    assert link in write(replace(ANSWERED, link=link), has_link=True, limit=None)


def test_without_a_limit_the_notes_still_keep_a_sensible_length() -> None:
    text = write(replace(MESSAGE, transcript="Call me. " * 999), limit=None, has_link=True)
    assert 990 <= len(text) <= 1000


def test_characters_count_as_propexo_counts_them() -> None:
    text = write(replace(MESSAGE, transcript="🏠" * 300))
    assert len(text.encode("utf-16-le")) // 2 <= 256


@given(
    transcript=st.text(max_size=400),
    line_name=st.text(max_size=100),
    link_length=st.integers(30, 150),
    outcome=st.sampled_from(Outcome),
    direction=st.sampled_from(Direction),
    talk_seconds=st.integers(-10, 10**6),
)
def test_whatever_is_said_it_fits_on_one_line_and_ends_in_link_and_reference(
    transcript: str,
    line_name: str,
    link_length: int,
    outcome: Outcome,
    direction: Direction,
    talk_seconds: int,
) -> None:
    link = "https://calls.example.com/".ljust(link_length, "x")
    text = write(
        replace(
            ANSWERED,
            transcript=transcript,
            line_name=line_name,
            link=link,
            outcome=outcome,
            direction=direction,
            talk_seconds=talk_seconds,
        ),
        has_numbers=True,
        time_zone="America/New_York",
        has_link=True,
    )
    assert len(text.encode("utf-16-le")) // 2 <= 256
    assert text.endswith(f"{link} {trace(REFERENCE)}")
    assert len(text.splitlines()) == 1
