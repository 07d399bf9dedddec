"""Does the status of a lead say that nobody works on it any more? PMSs spell it freely."""

from __future__ import annotations

import re

# Words that end a lead...
CLOSED = frozenset(
    {
        *("lost", "leased", "preleased", "closed", "canceled", "cancelled", "denied", "archived"),
        *("inactive", "deactivated", "dead", "expired", "unqualified", "duplicate", "moved"),
        *("rejected", "disqualified", "ineligible", "uninterested", "withdrawn", "withdrew"),
    }
)
# ... words that do so when they are denied ("No longer interested", "Not active") ...
_GOING_ON = frozenset({"active", "interested", "looking", "qualified", "eligible", "open"})
# ... and words after which it goes on, whatever it was before ("Lost - reactivated").
_BEGUN_AGAIN = frozenset({"reactivated", "reopened"})
# "Not Leased", "Un-leased", "Never closed", "Previously lost" (it is not so now).
_DENYING = frozenset({"not", "no", "non", "un", "never", "previously", "formerly"})
# Between a denying word and the one that it denies: "not yet leased", "no longer a duplicate".
_BETWEEN = frozenset({"a", "an", "the", "yet", "longer", "currently", "been", "being", "be", "so"})
# What ended here is not the lead: "Tour canceled", "Expired quote", "Moved to waitlist".
_ENDED = r"(?:canceled|cancelled|expired|closed|lost|denied|rejected|moved)"
_SOMETHING = r"(?:appointment|tour|showing|show|visit|quote|hold|reservation)"
_SOMETHING_ELSE = re.compile(
    rf"\b{_SOMETHING}s?\W+(?:was\W+)?{_ENDED}\b|\b{_ENDED}\W+{_SOMETHING}s?\b|\bmoved\W+to\b"
)
_NEXT_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")  # ApplicationDenied
_NOT = re.compile(r"n['\u2019]t\b")
LONGEST_STATUS = 250


def is_closed(status: str | None) -> bool:
    """True if this status ends the lead; of what says neither so nor so, it is open."""
    text = _NEXT_WORD.sub(" ", str(status or "")[:LONGEST_STATUS].replace("_", " ")).casefold()
    words = re.findall(r"\w+", _SOMETHING_ELSE.sub(" ", _NOT.sub(" not", text)))
    ends = False
    is_denied = False
    for word in words:
        if word in _DENYING:
            is_denied = True
        elif word in _BEGUN_AGAIN and not is_denied:
            return False
        elif word in CLOSED or word in _GOING_ON:
            ends = ends or (word in CLOSED) is not is_denied
            is_denied = False
        elif word not in _BETWEEN:
            is_denied = False
    return ends
