"""Has a whole request arrived, and where does it end? Bytes are handed in; nothing is read or sent here.

This module finds the length only. gunicorn's parser reads the request when it is whole, and refuses what is not
HTTP. So bytes that make no sense here count as whole at once.
"""

from __future__ import annotations

import re

MAX_HEAD_BYTES = 32 * 1024
# Chunks have up to this many bytes of framing for each byte of the body that they carry.
CHUNKED_OVERHEAD = 2
_HEAD_END = b"\r\n\r\n"
_FRAMING = re.compile(
    rb"\r\n(content-length|transfer-encoding|expect):[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE
)
_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,8}(?=[ \t]*(?:;|$))")
_MAX_CHUNK_LINE = 1024


class RequestTooLarge(Exception):
    """The head (status 431) or the body (status 413) is over its limit."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class WholeRequest:
    """The bytes of one request, collected until none is missing."""

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body = max_body_bytes
        self._data = bytearray()
        self._searched = 0
        self._body_at: int | None = None
        self._end: int | None = None
        self._chunks: _Chunks | None = None
        self.expects_continue = False

    def add(self, data: bytes) -> None:
        """Add the bytes that came. Raise RequestTooLarge."""
        self._data += data
        self._look()

    @property
    def is_begun(self) -> bool:
        return bool(self._data)

    @property
    def has_head(self) -> bool:
        return self._body_at is not None

    @property
    def is_whole(self) -> bool:
        return self._end is not None and len(self._data) >= self._end

    def split(self) -> tuple[bytes, bytes]:
        """Return the whole request, and the bytes behind it, which belong to the next one."""
        return bytes(self._data[: self._end]), bytes(self._data[self._end :])

    def _look(self) -> None:
        if self._body_at is None:
            self._look_for_head()
        if self._chunks is not None and self._end is None:
            self._end = self._chunks.end(self._data)

    def _look_for_head(self) -> None:
        # The last three bytes that were searched may be the beginning of the end.
        head_end = self._data.find(_HEAD_END, max(self._searched - 3, 0))
        self._searched = len(self._data)
        if (self._searched if head_end < 0 else head_end) > MAX_HEAD_BYTES:
            raise RequestTooLarge(431)
        if head_end < 0:
            return
        self._body_at = head_end + len(_HEAD_END)
        self._end = self._body_at
        for name, value in _FRAMING.findall(self._data, 0, head_end + 2):
            name = name.lower()
            if name == b"content-length" and value.isdigit():
                length = int(value) if len(value) <= 10 else self._max_body + 1
                self._end = max(self._end or 0, self._body_at + length)
                if length > self._max_body:
                    raise RequestTooLarge(413)
            elif name == b"transfer-encoding" and value.lower().endswith(b"chunked"):
                self._chunks = _Chunks(self._body_at, self._max_body)
            elif name == b"expect":
                self.expects_continue = value.lower() == b"100-continue"
        if self._chunks is not None:
            self._end = None


class _Chunks:
    """Finds the end of a chunked body (RFC 9112 section 7.1), looking at each chunk once."""

    def __init__(self, body_at: int, max_body_bytes: int) -> None:
        self._body_at = self._at = body_at
        self._max_body = max_body_bytes
        self._size = 0
        self._is_last_seen = False

    def end(self, data: bytearray) -> int | None:
        """Return the place where the body ends; None if the end has not come yet. Raise RequestTooLarge."""
        if len(data) - self._body_at > CHUNKED_OVERHEAD * self._max_body:
            raise RequestTooLarge(413)
        while (line_end := data.find(b"\r\n", self._at)) >= 0:
            if self._is_last_seen:  # lines of a trailer, then an empty one
                if line_end == self._at:
                    return line_end + 2
                self._at = line_end + 2
                continue
            size_line = _CHUNK_SIZE.match(bytes(data[self._at : line_end]))
            if size_line is None:
                return len(data)  # not a chunk: gunicorn's parser refuses it
            size = int(size_line.group(), 16)
            if self._size + size > self._max_body:
                raise RequestTooLarge(413)
            if size == 0:
                self._is_last_seen = True
                self._at = line_end + 2
                continue
            chunk_end = line_end + 2 + size + 2
            if len(data) < chunk_end:
                return None
            self._size += size
            self._at = chunk_end
        if len(data) - self._at > _MAX_CHUNK_LINE and not self._is_last_seen:
            return len(data)
        return None
