"""How is text from outside shown so that it can do nothing but be read?

A caller's name, SIP address or message and a PMS's errors reach terminals, logs and notes. There an escape
character moves the cursor, and a bidirectional mark turns the text around. After a line break, the rest looks
like a line of ours.
"""

from __future__ import annotations

import re
import unicodedata

# Unicode categories: controls, formats (bidirectional marks, zero width), surrogates, private, unassigned,
# and line breaks.
_NOT_SHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that show nothing (Unicode's Default_Ignorable_Code_Point, and the blank of braille).
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
MOST_QUOTED = 4000

_MARKS = str.maketrans(
    {
        # These would end a quotation. Single quotes would not, and stay.
        **dict.fromkeys('"“”„‟«»″‶〝〞〟❝❞❠⹂🙶🙷🙸ʺ˝ˮ״', "'"),
        # Square brackets mark our own reference; pointed ones make HTML.
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
_HOST = re.compile(r"\b(www)\s*\.", re.IGNORECASE)


def plain(text: str) -> str:
    """Return the text on one line. What a reader cannot see, or a terminal obeys, becomes a space."""
    if text.isascii() or _INVISIBLE.search(text) is None:
        if text.isprintable() and "  " not in text:  # most texts; it knows the same categories
            return text.strip()
    else:
        text = _INVISIBLE.sub(" ", text)
    shown = (" " if unicodedata.category(char) in _NOT_SHOWN else char for char in text)
    return " ".join("".join(shown).split())


def quotable(text: str) -> str:
    """Return the text as it may stand between double quotes among our own words.

    It has no double quote, no square bracket, no markup, no address to click on, and no label that we use
    ourselves ("Recording:"). Variants of a letter become the usual letter (NFKC).
    """
    text = unicodedata.normalize("NFKC", plain(text[:MOST_QUOTED]))
    text = _SCHEME.sub(" ", text.translate(_MARKS))
    text = _OUR_LABELS.sub(r"\1 -", _HOST.sub(r"\1 ", text))
    return plain(_ENTITY.sub("& ", text))
