"""What does a leasing agent read in the notes of a call's event?

"Incoming call, answered, 3 min 12 s. From (617) 555-0134 to (617) 555-0100. ... [call CA123...]"
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from adapter.calls.outcome import Outcome
from adapter.calls.parties import Direction
from adapter.calls.phone import is_withheld, pretty
from adapter.calls.summary import CallSummary
from adapter.errors import PermanentError

SENSIBLE_LENGTH = 1000
# Less than this of what the caller said tells nothing.
MIN_QUOTE = 24
MAX_LINE_NAME = 60

DIRECTIONS: Mapping[Direction, str] = {
    Direction.INBOUND: "Incoming call",
    Direction.OUTBOUND: "Outgoing call",
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.ANSWERED: "answered",
    Outcome.NO_ANSWER: "not answered",
    Outcome.BUSY: "busy",
    Outcome.VOICEMAIL: "went to voicemail",
    Outcome.ABANDONED: "caller hung up before an answer",
    Outcome.FAILED: "could not be connected",
    Outcome.DISCONNECTED: "number not in service",
    Outcome.UNKNOWN: "outcome unknown",
}
_DEVICES: Mapping[str, str] = {
    "client": "a browser phone",
    "sip": "a SIP phone",
    "sips": "a SIP phone",
    "sim": "a SIM",
}
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def trace(reference: str) -> str:
    """What the notes of a call's event end in; by it our own event is found again."""
    return f"[call {reference}]"


def notes(
    summary: CallSummary,
    *,
    limit: int | None,
    has_numbers: bool,
    time_zone: str | None,
    has_link: bool,
) -> str:
    """The call in words, ending in its reference.

    has_numbers, has_link: whether to name them. time_zone: in which to name the time; None for not
    at all. limit: the PMS's, in characters; None for a sensible length of ours. What does not fit
    goes in this order: the voicemail's words are shortened, then left out; then the line's name,
    the numbers, the time, the first sentence. The link and the reference are never cut.

    Errors: PermanentError if these two alone do not fit.
    """
    end = [trace(summary.reference)]
    if has_link:
        end.insert(0, f"{'Recording' if summary.has_recording else 'Details'}: {summary.link}")
    ends_at = _length(" ".join(end))
    room = min(limit, SENSIBLE_LENGTH) if limit else max(ends_at, SENSIBLE_LENGTH)
    if ends_at > room:
        raise PermanentError(
            f"the link and the reference of call {summary.reference} do not fit into the notes of "
            f"this PMS ({room} characters): shorten PUBLIC_BASE_URL, or set RECORDING_LINKS=adapter"
        )
    # In the order in which they are read; the rank says who goes first.
    parts = [
        (5, _head(summary)),
        (3, _numbers(summary) if has_numbers else ""),
        (4, _time(summary.started_at, time_zone) if time_zone else ""),
        (2, _line_name(summary.line_name)),
    ]
    parts = [(rank, text) for rank, text in parts if text]
    for cut in range(len(parts) + 1):
        gone = sorted(rank for rank, _ in parts)[:cut]
        kept = [text for rank, text in parts if rank not in gone]
        left = room - _length(" ".join([*kept, *end]))
        if left >= 0:
            said = _quote(summary.transcript, left - 1) if not cut else ""
            return " ".join([*kept, *([said] if said else []), *end])
    raise AssertionError("the end alone was found to fit")


def _head(summary: CallSummary) -> str:
    words = OUTCOMES[summary.outcome]
    if summary.outcome is Outcome.ABANDONED and summary.direction is Direction.OUTBOUND:
        words = "ended before an answer"
    if summary.assumed:
        words += " (assumed)"
    length = _duration(max(summary.talk_seconds, 0))
    if summary.outcome is Outcome.ANSWERED:
        words += f", {length}"
    elif summary.outcome is Outcome.VOICEMAIL and summary.talk_seconds > 0:
        words += f", message of {length}"
    return f"{DIRECTIONS[summary.direction]}, {words}."


def _duration(seconds: int) -> str:
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    named = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in named if count) or "0 s"


def _numbers(summary: CallSummary) -> str:
    caller, callee = _end(summary.from_number), _end(summary.to_number)
    words = " ".join(
        [*([f"from {caller}"] if caller else []), *([f"to {callee}"] if callee else [])]
    )
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _end(number: str) -> str:
    """One end of the call in words; "" for what would tell the reader nothing."""
    if is_withheld(number):
        return "a withheld number"
    if _NUMBER.fullmatch(number):
        return pretty(number)
    return _DEVICES.get(number.partition(":")[0].lower(), "") if ":" in number else ""


def _time(moment: datetime, zone: str) -> str:
    at = moment.astimezone(ZoneInfo(zone))
    half = "AM" if at.hour < 12 else "PM"
    # Not strftime: its names of months follow the locale.
    month = _MONTHS[3 * at.month - 3 : 3 * at.month]
    clock = f"{at.hour % 12 or 12}:{at.minute:02} {half}"
    return f"{month} {at.day}, {at.year}, {clock} {at.tzname()}."


def _line_name(name: str) -> str:
    text = _shortened(_plain(name).rstrip("."), MAX_LINE_NAME)
    return f"Line: {text}{'' if text.endswith('…') else '.'}" if text else ""


def _quote(words: str, room: int) -> str:
    """What the caller said, shortened to fit; "" where too little of it would."""
    text = _plain(words)
    frame = 'Message: "{}"'
    room -= _length(frame.format(""))
    if not text or room < min(MIN_QUOTE, _length(text)):
        return ""
    return frame.format(_shortened(text, room))


def _shortened(text: str, room: int) -> str:
    if _length(text) <= room:
        return text
    text = text[: room - 1]
    while _length(text) > room - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _plain(text: str) -> str:
    """One line of it, without control characters and what JSON or a PMS may choke on."""
    shown = (
        " " if unicodedata.category(char) in ("Cc", "Cs", "Cn", "Co") else char for char in text
    )
    return " ".join("".join(shown).split())


def _length(text: str) -> int:
    """In UTF-16 units, in which Propexo (JavaScript) counts: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
