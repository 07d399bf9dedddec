"""Which bytes of a file does a Range header ask for, and which does a Content-Range header announce?

RFC 9110 section 14. werkzeug parses the headers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from werkzeug.http import parse_content_range_header, parse_range_header

# werkzeug reads it as no range at all; by the RFC it is one that cannot be satisfied.
_LAST_ZERO_BYTES = re.compile(r"\s*bytes\s*=\s*-0+\s*", re.ASCII | re.IGNORECASE)
_MAX_HEADER = 100  # a longer header names several ranges, or none
_MAX_PLACE = 10**18


class Unsatisfiable(ValueError):
    """The range begins behind the end of the file; the answer is a 416."""


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
    """One range as a Range header asks for it.

    It begins at `first` and ends at `last`, or at the end of the file if `last` is None. If `first` is None,
    it is the last `suffix` bytes of the file.
    """

    first: int | None
    last: int | None = None
    suffix: int = 0

    def of(self, total: int) -> Span:
        """Return the bytes of a file of this length. Raise Unsatisfiable if it has none of them."""
        if self.first is None:
            if not self.suffix or not total:
                raise Unsatisfiable(f"no last {self.suffix} of {total} bytes")
            return Span(max(total - self.suffix, 0), total - 1)
        if self.first >= total:
            raise Unsatisfiable(f"byte {self.first} of {total}")
        return Span(self.first, total - 1 if self.last is None else min(self.last, total - 1))

    def __str__(self) -> str:
        """Return the range as the value of a Range header."""
        if self.first is None:
            return f"bytes=-{self.suffix}"
        return f"bytes={self.first}-{'' if self.last is None else self.last}"


def parse_range(header: str | None) -> ByteRange | None:
    """Return the range of a Range header. Return None if the whole file may be sent instead.

    That is so without a header, for other units than bytes, for several ranges (no player asks for them), and
    for a header that is malformed.
    """
    if not header or len(header) > _MAX_HEADER:
        return None
    if _LAST_ZERO_BYTES.fullmatch(header):
        return ByteRange(None, suffix=0)
    parsed = parse_range_header(header)
    if parsed is None or parsed.units != "bytes" or len(parsed.ranges) != 1:
        return None
    first, stop = parsed.ranges[0]
    if abs(first) > _MAX_PLACE or (stop or 0) > _MAX_PLACE:
        return None
    if first < 0:
        return ByteRange(None, suffix=-first)
    return ByteRange(first, None if stop is None else stop - 1)


def parse_content_range(header: str | None) -> tuple[Span | None, int | None]:
    """Return the span and the length of the whole file; None for what the header leaves open."""
    if not header or len(header) > _MAX_HEADER:
        return None, None
    parsed = parse_content_range_header(header)
    if parsed is None or (parsed.units or "").lower() != "bytes":
        return None, None
    first, stop, total = parsed.start, parsed.stop, parsed.length
    if max(stop or 0, total or 0) > _MAX_PLACE:
        return None, None
    span = None if first is None or stop is None else Span(first, stop - 1)
    return span, total
