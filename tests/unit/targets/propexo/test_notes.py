"""Do the notes read well, fit, and always end in the link and the call's reference?"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapter.domain.call_links import Links
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.domain.summary import CallSummary
from adapter.errors import PermanentError
from adapter.targets.propexo.notes import notes, reference_in, trace
from adapter.targets.propexo.phrasing import PHRASINGS
from tests.unit.targets.propexo.cases import ANSWERED, KEY, KEYS, LINK, REFERENCE

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
        ({"is_at_most": True}, "Incoming call, answered, up to 3 min 12 s."),
        (
            {"assumed": True, "is_at_most": True},
            "Incoming call, answered (assumed), up to 3 min 12 s.",
        ),
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


def test_what_does_not_fit_is_said_shorter_and_then_left_out_in_the_stated_order() -> None:
    """The ladder from top to bottom, as room gets scarce; in full again where something was left out."""
    call = replace(
        ANSWERED,
        outcome=Outcome.VOICEMAIL,
        talk_seconds=90_061,
        has_recording=True,
        line_name="Elm Street",
        transcript="Call me back, please.",
    )
    told: list[str] = []
    for limit in range(400, len(f"{LINK} {END}") - 1, -1):
        text = write(
            call, limit=limit, has_numbers=True, time_zone="America/New_York", has_link=True
        )
        assert len(text) <= limit
        assert text.endswith(f"{LINK} {END}")
        if (said := text.removesuffix(f"{LINK} {END}")) not in told:
            told.append(said)
    head = "Incoming call, went to voicemail, message of 25 h 1 min 1 s. "
    ends = "From (617) 555-0134 to (617) 555-0100. "
    time = "Nov 21, 2025, 9:30 AM EST. "
    assert told == [
        f'{head}{ends}{time}Line: Elm Street. Message: "Call me back, please." Recording: ',
        f"{head}{ends}{time}Line: Elm Street. Recording: ",
        f"{head}{ends}{time}Recording: ",
        f"{head}(617) 555-0134 to (617) 555-0100. {time}Recording: ",
        f"{head}(617) 555-0134 to (617) 555-0100. 11/21/25 9:30 AM EST. Recording: ",
        f"{head}(617) 555-0134 to (617) 555-0100. 11/21/25 9:30 AM EST. ",
        "Incoming, voicemail of 25h 1m 1s. (617) 555-0134 to (617) 555-0100. 11/21/25 9:30 AM EST. ",
        "Incoming, voicemail of 25h 1m 1s. 617-555-0134 to 617-555-0100. 11/21/25 9:30 AM EST. ",
        "Incoming, voicemail of 25h1m1s. 617-555-0134 to 617-555-0100. 11/21/25 9:30 AM EST. ",
        f"{head}11/21/25 9:30 AM EST. ",
        "Incoming, voicemail of 25h 1m 1s. 11/21/25 9:30 AM EST. ",
        "Incoming, voicemail of 25h1m1s. 11/21/25 9:30 AM EST. ",
        "Incoming, voicemail of 25h 1m 1s. ",
        "Incoming, voicemail of 25h1m1s. ",
        "Recording: ",
        "",
    ]


@pytest.mark.parametrize(
    ("caller", "callee", "said"),
    [
        ("+16175550134", "+16175550100", "617-555-0134 to 617-555-0100."),
        ("+442079460018", "+16175550100", "+442079460018 to 617-555-0100."),
        ("client:anna", "+16175550100", "Browser phone to 617-555-0100."),
        ("sip:anna@example.com", "+16175550100", "SIP phone to 617-555-0100."),
        ("anonymous", "+16175550100", "Withheld number to 617-555-0100."),
        ("+16175550134", "client:anna", "617-555-0134 to browser phone."),
        ("Lobby", "+16175550100", "To 617-555-0100."),
        ("+16175550134", "Lobby", "From 617-555-0134."),
        ("Lobby", "queue:x", ""),
    ],
)
def test_numbers_in_few_characters_still_say_who_called_whom(
    caller: str, callee: str, said: str
) -> None:
    assert PHRASINGS[-1].numbers(replace(BARE, from_number=caller, to_number=callee)) == said


# The longest names that a day, a clock and a time zone have in the United States.
LATE = datetime(2025, 12, 21, 21, 30, tzinfo=UTC)
US_ZONES = sorted(zone for zone in available_timezones() if zone.startswith("US/"))
LONGEST_HOST = "https://leasing-calls-0a1b2c3d4e5f.herokuapp.com".ljust(50, "x")


@given(
    host_length=st.integers(len("https://a.co"), 50),
    outcome=st.sampled_from(Outcome),
    direction=st.sampled_from(Direction),
    talk_seconds=st.integers(0, 99_999),
    has_recording=st.booleans(),
    started_at=st.integers(0, 5_000_000).map(lambda n: LATE + timedelta(minutes=n)),
    zone=st.sampled_from(["America/New_York", "America/Anchorage", "Pacific/Guam", *US_ZONES]),
    transcript=st.sampled_from(["", "Call me. " * 99]),
)
@example(50, Outcome.ANSWERED, Direction.INBOUND, 90_061, True, LATE, "America/Anchorage", "")
@example(50, Outcome.ANSWERED, Direction.OUTBOUND, 99_999, False, LATE, "Pacific/Guam", "")
@example(50, Outcome.VOICEMAIL, Direction.INBOUND, 99_999, True, LATE, "Pacific/Guam", "")
@example(50, Outcome.ABANDONED, Direction.INBOUND, 0, True, LATE, "Pacific/Guam", "")
def test_256_characters_hold_every_fact_of_a_call_and_its_link(
    host_length: int,
    outcome: Outcome,
    direction: Direction,
    talk_seconds: int,
    has_recording: bool,
    started_at: datetime,
    zone: str,
    transcript: str,
) -> None:
    """Outcome, talk time, both numbers, time, link and reference; the host has up to 50 characters."""
    link = Links(LONGEST_HOST[:host_length], KEYS, call_id_prefix="CA").of(
        REFERENCE, 65_535, key=KEY
    )
    call = replace(
        ANSWERED,
        outcome=outcome,
        assumed=outcome is Outcome.ANSWERED,  # no other outcome ever is
        direction=direction,
        talk_seconds=talk_seconds,
        has_recording=has_recording,
        started_at=started_at,
        transcript=transcript,
        link=link,
    )
    text = write(call, has_numbers=True, time_zone=zone, has_link=True)
    assert len(text) <= 256
    assert text.endswith(f" {link} {END}")
    head = text.partition(". ")[0]
    assert head.startswith(("Incoming", "Outgoing")[direction is Direction.OUTBOUND])
    assert OUTCOME_WORDS[outcome] in head
    if outcome is Outcome.ANSWERED:
        assert "(assumed)" in head
    if outcome in (Outcome.ANSWERED, Outcome.VOICEMAIL):
        assert seconds_in(head) == talk_seconds
    assert re.search(r"\(?617\)?[ -]555-0134 to \(?617\)?[ -]555-0100\. ", text)
    at = started_at.astimezone(ZoneInfo(zone))
    clock = f"{at.hour % 12 or 12}:{at:%M} {'AP'[at.hour >= 12]}M {at:%Z}. "
    dates = (f" {at:%b} {at.day}, {at.year}, {clock}", f" {at.month}/{at.day}/{at:%y} {clock}")
    assert any(date in text for date in dates)


OUTCOME_WORDS = {
    Outcome.ANSWERED: "answered",
    Outcome.NO_ANSWER: "not answered",
    Outcome.BUSY: "busy",
    Outcome.VOICEMAIL: "voicemail",
    Outcome.ABANDONED: "before an answer",
    Outcome.FAILED: "could not be connected",
    Outcome.DISCONNECTED: "number not in service",
    Outcome.UNKNOWN: "outcome unknown",
}


def seconds_in(text: str) -> int:
    """The talk time that these words tell."""
    units = {"h": 3600, "m": 60, "s": 1}
    found = re.findall(r"(\d+) ?(h|m|s)", text)
    return sum(int(count) * units[unit] for count, unit in found)


def test_a_link_that_just_fits_stands_alone_with_the_reference() -> None:
    link = "https://x.example/".ljust(256 - len(f"Details:  {END}"), "x")
    assert write(replace(ANSWERED, link=link), has_link=True) == f"Details: {link} {END}"
    link = "https://x.example/".ljust(256 - len(f" {END}"), "x")
    assert write(replace(ANSWERED, link=link), has_link=True) == f"{link} {END}"


def test_a_link_that_does_not_fit_is_refused_saying_what_to_do() -> None:
    link = "https://x.example/".ljust(257 - len(f" {END}"), "x")
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


# What the caller would have the notes say ---------------------------------------------------------------

ATTACKS = [
    'bye" Recording: https://evil.example/x [call CAother]',
    "bye” [call CAother]",
    "bye＂ ［call CAother］",
    "bye\n\nRecording: https://evil.example/x",
    "bye\u2028Recording\u200b: https://evil.example/x \u202e[call CAother]",
    "<script src=//evil.example></script> <a href='https://evil.example'>Recording</a>",
    "&lt;b&gt; &#91;call CAother&#93;",
    "bye Recording\ufe0f: https:\u3164//evil.example/x \u2800[call CAother]",
]


@pytest.mark.parametrize("limit", [256, None])
@pytest.mark.parametrize("said", ATTACKS)
def test_who_is_quoted_cannot_end_the_quotation_or_speak_for_us(
    said: str, limit: int | None
) -> None:
    text = write(replace(ANSWERED, transcript=said, line_name=said), limit=limit, has_link=True)
    assert text.endswith(f" {LINK} {END}")
    quoted = text.removesuffix(f"{LINK} {END}")
    assert quoted.count('"') in (0, 2)
    assert not set("[]<>") & set(quoted)
    assert "://" not in quoted
    assert quoted.count("Recording:") + quoted.count("Details:") <= 1
    assert text.isprintable()


@pytest.mark.parametrize("said", ATTACKS)
def test_only_our_own_reference_is_read_out_of_our_notes(said: str) -> None:
    text = write(replace(MESSAGE, transcript=said))
    assert reference_in(text) == REFERENCE
    for length in range(len(text)):
        assert reference_in(text[:length]) is None, (
            "a PMS that cuts notes off leaves no other trace"
        )
