"""Which of several names means the same place as this one?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

# Less alike than this, two names are not proposed as the same; nor where another name is nearly as much alike.
ALIKE = 0.6
CLEARLY = 0.15
# Two words this much alike are the same word, mistyped.
_SAME_WORD = 0.87
_WORD = re.compile(r"[^\W_]+")
_PHONE_NUMBER = re.compile(r"\+?\(?\d[\d\s().-]{7,}")


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What says of which kind a line or a place is, and not which one it is.
_NO_NAME = _set_of(
    "a an and apartment apartments apts at by call calls complex for homes in leasing line number of "
    "office phone residences tel telephone the tracking"
)
_WHOLE = {
    "ave": "avenue",
    "blvd": "boulevard",
    "ct": "court",
    "dr": "drive",
    "hts": "heights",
    "ln": "lane",
    "mt": "mount",
    "pk": "park",
    "pl": "place",
    "rd": "road",
    "sq": "square",
    "st": "street",
}
# Many places have these in their names, so they count half.
_COMMON = _set_of(
    "avenue boulevard commons court drive gardens heights hill lane lofts manor park place plaza point road "
    "square street terrace towers village villas"
)


def likeness(one: str, other: str) -> float:
    """Return how much alike two names are, from 0.0 to 1.0: the share of their words that both have.

    Names of which only common words are the same, such as Street, are not alike.
    """
    ours, theirs = _words(one), _words(other)
    left, common, is_telling = list(theirs), 0.0, sorted(ours) == sorted(theirs)
    for word in ours:
        same = next((each for each in left if _is_same(word, each)), None)
        if same is not None:
            left.remove(same)
            is_telling = is_telling or not {word, same} <= _COMMON
            common += _weight(word) + _weight(same)
    total = sum(map(_weight, [*ours, *theirs]))
    return common / total if total and is_telling else 0.0


def most_alike(name: str, names: Mapping[str, str]) -> Sequence[str]:
    """Return the keys of these names, the one that is most alike first; equally alike ones by their names."""
    return sorted(names, key=lambda key: (-likeness(name, names[key]), names[key].casefold(), key))


def clear_match(name: str, names: Mapping[str, str]) -> str | None:
    """Return the key of the name that clearly means the same; None if there is none, or more than one."""
    scores = sorted(((likeness(name, other), key) for key, other in names.items()), reverse=True)
    if not scores or scores[0][0] < ALIKE:
        return None
    is_clear = len(scores) == 1 or scores[0][0] - scores[1][0] >= CLEARLY
    return scores[0][1] if is_clear else None


def _words(name: str) -> list[str]:
    """Return the words by which a name is known, without a phone number in it."""
    plain = _PHONE_NUMBER.sub(" ", name.casefold())
    found = [_WHOLE.get(word, word) for word in _WORD.findall(plain)]
    telling = [word for word in found if word not in _NO_NAME]
    return telling if any(not word.isdigit() for word in telling) else []


def _weight(word: str) -> float:
    return 0.5 if word in _COMMON else 1.0


def _is_same(one: str, other: str) -> bool:
    if one == other or one.isdigit() or other.isdigit():
        return one == other
    return SequenceMatcher(None, one, other).ratio() >= _SAME_WORD
