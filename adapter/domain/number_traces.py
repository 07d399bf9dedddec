"""Where does a phone number stand in a text, however it is written there?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from adapter.domain.phone import national_ten

REMOVED = "removed"

# What may stand between two digits: blanks and marks, also as URLs, JSON and HTML write them. Not a quotation
# mark: that ends a text in JSON.
_BETWEEN = r"(?:%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|&#?[0-9A-Za-z]{1,6};|[^0-9A-Za-z\"]){0,8}?"
_COUNTRY = (
    rf"(?:(?:%2[Bb]|\+)?1{_BETWEEN})?"  # of North America, whose numbers are often written without
)
_PLUS = r"(?:%2[Bb]|\+)?"


class Traces:
    """Finds numbers (E.164) in texts of any format, and removes them."""

    def __init__(self, numbers: Iterable[str]) -> None:
        digits, whole = [], []
        for number in numbers:
            ten = national_ten(number)
            digits.append(_BETWEEN.join(ten or number.removeprefix("+")))
            whole.append((_COUNTRY if ten else _PLUS) + digits[-1])
        # A search for the digits alone begins at the first digit, and so is many times as fast.
        self._digits = [re.compile(pattern) for pattern in digits]
        self._whole = [re.compile(pattern) for pattern in whole]

    def are_in(self, text: str | bytes | None) -> bool:
        """True if one of the numbers stands there."""
        if not text:
            return False
        plain = text.decode("latin-1") if isinstance(text, bytes) else text
        return any(digits.search(plain) for digits in self._digits)

    def removed_from(self, text: str) -> str:
        """The text without the numbers."""
        if self.are_in(text):
            for whole in self._whole:
                text = whole.sub(REMOVED, text)
        return text
