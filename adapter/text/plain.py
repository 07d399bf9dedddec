"""How are the words of others shown, so that they are words and nothing else?

A caller's name, SIP address or message and a PMS's errors reach terminals, logs and notes. There an escape
character moves the cursor, a bidirectional mark turns the text around, and a line break begins a line that
we seem to have written.
"""

from __future__ import annotations

import re
import unicodedata

# Controls, formats (bidirectional marks, zero width), halves of pairs, private, unassigned, line breaks.
_NOT_SHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
MOST_QUOTED = 4000

_MARKS = str.maketrans(
    {
        # What would end a quotation. Single quotes do not, and stay.
        **dict.fromkeys('"“”„‟«»″‶〝〞〟❝❞❠⹂🙶🙷🙸ʺ˝ˮ״', "'"),
        # What our own reference stands in, and what HTML is made of.
        "[": "(",
        "]": ")",
        "<": "(",
        ">": ")",
        **dict.fromkeys("∶꞉ː˸։׃⁚", ":"),
    }
)
_OUR_LABELS = re.compile(r"\b(recording|details|message|line|call)\s*:+", re.IGNORECASE)
_ENTITY = re.compile(r"&(?=#?\w+;)")
_SCHEME = re.compile(r":\s*/(?:\s*/)+")


def plain(text: str) -> str:
    """The text on one line; what a reader cannot see, or a terminal obeys, is a space."""
    if text.isprintable() and "  " not in text:  # most texts; isprintable knows the same categories
        return text.strip()
    shown = (" " if unicodedata.category(char) in _NOT_SHOWN else char for char in text)
    return " ".join("".join(shown).split())


def quotable(text: str) -> str:
    """The text as it may stand between double quotes among our own words.

    It holds no double quote, no square bracket, no markup, no address that a reader could click on, and no
    label that we use ourselves ("Recording:"). Letters that only look different are written plainly.
    """
    text = unicodedata.normalize("NFKC", plain(text[:MOST_QUOTED]))
    text = _SCHEME.sub(" ", text.translate(_MARKS))
    text = _OUR_LABELS.sub(r"\1 -", text)
    return plain(_ENTITY.sub("& ", text))
