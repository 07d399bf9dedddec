"""What does a leasing agent read in the notes of a call's event?

"Incoming call, answered, 3 min 12 s. From (617) 555-0134 to (617) 555-0100. ... [call CA123...]"
"""

from __future__ import annotations

import re

from adapter.domain.summary import CallSummary
from adapter.errors import NoValidEvent
from adapter.targets.propexo.phrasing import FULL, PHRASINGS
from adapter.text.plain import quotable

SENSIBLE_LENGTH = 1000
# Less than this of what the caller said tells nothing.
MIN_QUOTE = 24
MAX_LINE_NAME = 60
_DROP_ORDER = ("line", "numbers", "time", "head")


# The trace, and what a PMS may put behind it: blanks, and the ends of markup.
_TRACE_AT_END = re.compile(
    r"\[call ([^\s\[\]]{1,200})\](?:\s|&nbsp;|</?[a-z]{1,10} ?/?>)*", re.IGNORECASE
)
_LONGEST_END = 400


def trace(reference: str) -> str:
    """What the notes of a call's event end in; by it our own event is found again."""
    return f"[call {reference}]"


def reference_in(text: str) -> str | None:
    """The reference that these notes end in, if they are notes of ours.

    What stands anywhere else is somebody's words: docs/architecture.md says what a reference proves.
    """
    end = text[-_LONGEST_END:]
    match = _TRACE_AT_END.fullmatch(end, end.rfind("["))
    return match[1] if match else None


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
    gives way in this order, and only as far as it must:
    1. The voicemail's words are shortened, then left out; then the line's name, which tells no more
       than its number does.
    2. The rest is said in fewer characters (PHRASINGS): without "From", with a short date, without
       "Recording:" or "Details:", with a short first sentence, with dashes in the numbers, without
       blanks in the talk time.
    3. The numbers are left out, then the time, then the first sentence; what stays is in full again
       where that fits now.
    The link and the reference are never cut.

    Errors: NoValidEvent if these two alone do not fit.
    """
    ref = trace(summary.reference)
    shortest = _length(f"{PHRASINGS[-1].link(summary)} {ref}" if has_link else ref)
    room = min(limit, SENSIBLE_LENGTH) if limit else max(shortest, SENSIBLE_LENGTH)
    if shortest > room:
        raise NoValidEvent(
            f"the link and the reference of call {summary.reference} do not fit into the notes of "
            f"this PMS ({room} characters): shorten PUBLIC_BASE_URL, or set RECORDING_LINKS=adapter"
        )
    line = _line_name(summary.line_name)
    for gone in range(len(_DROP_ORDER) + 1):
        for wording in PHRASINGS if gone else (FULL,):
            # In the order in which they are read.
            parts = {
                "head": wording.head(summary),
                "numbers": wording.numbers(summary) if has_numbers else "",
                "time": wording.time(summary.started_at, time_zone) if time_zone else "",
                "line": line,
            }
            said = [text for name, text in parts.items() if text and name not in _DROP_ORDER[:gone]]
            end = [*([wording.link(summary)] if has_link else []), ref]
            left = room - _length(" ".join([*said, *end]))
            if left >= 0:
                quote = "" if gone else _quote(summary.transcript, left - 1)
                return " ".join([*said, *([quote] if quote else []), *end])
    raise AssertionError("the end alone was found to fit")


def _line_name(name: str) -> str:
    text = _shortened(quotable(name).rstrip("."), MAX_LINE_NAME)
    return f"Line: {text}{'' if text.endswith('…') else '.'}" if text else ""


def _quote(words: str, room: int) -> str:
    """What the caller said, shortened to fit; "" where too little of it would."""
    text = quotable(words)
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


def _length(text: str) -> int:
    """In UTF-16 units, in which Propexo (JavaScript) counts: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
