"""Which parts of a text must not stand in a log? Full phone numbers, and what a terminal obeys."""

from __future__ import annotations

import re

from adapter.text.plain import plain

# A safety net: a phone number that is logged by mistake is still cut. Ids have letters around their digits,
# so they stay readable.
_NUMBER = re.compile(
    r"(?<=%2B)\d{7,15}|(?<![0-9A-Za-z_])\+?\d{7,15}(?![0-9A-Za-z_])|(?<![0-9A-Za-z])\+\d{7,15}"
    # As people write them, and as our own notes do, which an answer may repeat: (617) 555-0134,
    # 617-555-0134, +44 20 7946 0018.
    r"|(?<![0-9A-Za-z])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])\+\d(?:[ ().-]{0,2}\d){6,14}"
)
_DIGIT = re.compile(r"\d")


def hide_numbers(text: str) -> str:
    """Return the text with each full phone number replaced by "***" and its last two digits."""
    if not _DIGIT.search(text):  # most texts have none; the other search is ten times as slow
        return text
    return _NUMBER.sub(lambda match: "***" + match.group()[-2:], text)


def redact(text: str, *, has_lines: bool = False) -> str:
    """Return the text as a log may show it: printable, and without full phone numbers.

    has_lines: the text is a traceback, so its line breaks stay.
    """
    if not text.isprintable():
        lines = text.split("\n") if has_lines else [text]
        text = "\n".join(line if line.isprintable() else plain(line) for line in lines)
    return hide_numbers(text)
