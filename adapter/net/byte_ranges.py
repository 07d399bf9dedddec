"""Which bytes were asked for, and which are to be sent? (RFC 9110 section 14)"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII | re.IGNORECASE)
_CONTENT_RANGE = re.compile(
    r"\s*bytes\s+(?:(\d+)-(\d+)|\*)/(?:(\d+)|\*)\s*", re.ASCII | re.IGNORECASE
)
_MAX_DIGITS = 18
_MAX_HEADER = 100  # a longer one names several ranges, or none


class Unsatisfiable(ValueError):
    """The range lies behind the end: 416."""


@dataclass(frozen=True)
class Span:
    """The bytes from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class ByteRange:
    """One range as asked for: from `first` (to `last`), or, without `first`, the last `suffix` bytes."""

    first: int | None
    last: int | None = None
    suffix: int = 0

    def of(self, total: int) -> Span:
        """The bytes of a file of this length. Errors: Unsatisfiable."""
        if self.first is None:
            if not self.suffix or not total:
                raise Unsatisfiable(f"no last {self.suffix} of {total} bytes")
            return Span(max(total - self.suffix, 0), total - 1)
        if self.first >= total:
            raise Unsatisfiable(f"byte {self.first} of {total}")
        return Span(self.first, total - 1 if self.last is None else min(self.last, total - 1))

    def __str__(self) -> str:
        if self.first is None:
            return f"bytes=-{self.suffix}"
        return f"bytes={self.first}-{'' if self.last is None else self.last}"


def parse_range(header: str | None) -> ByteRange | None:
    """The range of a Range header; None for what a server may ignore and answer whole.

    That is: no header, other units, several ranges (no player asks for them), and what is no range.
    """
    found = _found(_ONE_RANGE, header)
    if found is None:
        return None
    first, last = (int(digits) if digits else None for digits in found.groups())
    if first is None:
        return None if last is None else ByteRange(None, suffix=last)
    return None if last is not None and last < first else ByteRange(first, last)


def content_range(header: str | None) -> tuple[Span | None, int | None]:
    """The span and the whole length that a Content-Range header names; None for what it leaves open."""
    found = _found(_CONTENT_RANGE, header)
    if found is None:
        return None, None
    first, last, total = (int(digits) if digits else None for digits in found.groups())
    if first is None or last is None or last < first:
        return None, total
    return Span(first, last), total


def _found(pattern: re.Pattern[str], header: str | None) -> re.Match[str] | None:
    """The pattern's match with numbers of a sensible length; None for any other header."""
    found = pattern.fullmatch(header) if header and len(header) <= _MAX_HEADER else None
    if found is None or any(len(digits or "") > _MAX_DIGITS for digits in found.groups()):
        return None
    return found
