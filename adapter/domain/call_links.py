"""What is the address of a call's page, and which call does such an address name?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from adapter.domain.call import Call
from adapter.errors import SettingsError

_HEX_DIGITS = re.compile(r"[0-9a-f]{32}")
# 4 characters of a link. Whoever wants a mark like another's has to make millions of accounts until one fits.
_MARK_BYTES = 3
# The first byte: is the id spelled out or packed, and is there a mark? Those without were made by 0.1.0.
_SPELLED, _PACKED, _MARKED = 0, 1, 2


@dataclass(frozen=True)
class Link:
    """What a token names. mark: of the call's key; None in tokens of version 0.1.0, which name only the id."""

    call_id: str
    version: int
    mark: bytes | None

    def call_of(self, calls: Sequence[Call]) -> Call | None:
        """The call that it opens, of those with its id, the one stored first coming first."""
        candidates = [call for call in calls if call.call_id == self.call_id]
        if self.mark is not None:
            candidates = [call for call in candidates if _mark(call.key) == self.mark]
        # A token without a mark is older than a second call with that id.
        return candidates[0] if candidates and candidates[0].link_version == self.version else None


class Links:
    """Signed links to the page of a call: unguessable, valid for years, revocable by call or by key.

    A token names the call by its id at the provider and by a mark of its key, so that it is short, and so
    that another account's call with the same id is another call.
    keys: the first one signs, all are accepted; a key that is taken off the list ends its links. Or how
    to get them, asked at the first use: where they are kept may be away when the adapter starts.
    call_id_prefix: of ids that are this and 32 hexadecimal digits, a link holds only the bytes of the digits:
    it often stands in notes of 256 characters. It must stay the same as long as such links are to be read.
    Errors of all methods: SettingsError if there is no key that is not blank.
    """

    def __init__(
        self,
        base_url: str,
        keys: Sequence[str] | Callable[[], Sequence[str]],
        *,
        call_id_prefix: str | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._keys = keys
        self._prefix = call_id_prefix

    @cached_property
    def _signer(self) -> Signer:
        keys = self._keys() if callable(self._keys) else self._keys
        usable = [key for key in keys if key.strip()]  # anybody can sign with an empty key
        if not usable:
            raise SettingsError(
                "SECRET_KEY holds no key: give any long random text, or leave it blank"
            )
        # itsdangerous signs with the last of its keys.
        return Signer(list(reversed(usable)), salt="recordings")

    def of(self, call_id: str, version: int, *, key: str) -> str:
        """The link of this call. version: the call's link_version; raising it revokes older links."""
        token = self._signer.sign(base64_encode(self._packed(call_id, version, key))).decode(
            "ascii"
        )
        return f"{self._base_url}/recordings/{token}"

    def read(self, token: str) -> Link | None:
        """What a token names, or None for one that we did not sign."""
        try:
            # base64 spells the same bytes in several ways; only the one that we write is ours.
            signature = token.rpartition(".")[2]
            if base64_encode(base64_decode(signature)) != signature.encode("ascii"):
                return None
            return self._unpacked(base64_decode(self._signer.unsign(token.encode("ascii"))))
        except (BadData, ValueError, TypeError, IndexError):
            return None

    def _packed(self, call_id: str, version: int, key: str) -> bytes:
        digits = self._digits_of(call_id)
        kind = _MARKED | (_SPELLED if digits is None else _PACKED)
        id_bytes = call_id.encode() if digits is None else bytes.fromhex(digits)
        return bytes([kind]) + version.to_bytes(2, "big") + _mark(key) + id_bytes

    def _digits_of(self, call_id: str) -> str | None:
        """Return the digits of an id that is the prefix and 32 of them, else None."""
        if self._prefix is None or not call_id.startswith(self._prefix):
            return None
        digits = call_id.removeprefix(self._prefix)
        return digits if _HEX_DIGITS.fullmatch(digits) else None

    def _unpacked(self, packed: bytes) -> Link | None:
        kind, version, rest = packed[0], int.from_bytes(packed[1:3], "big"), packed[3:]
        mark, id_bytes = (
            (rest[:_MARK_BYTES], rest[_MARK_BYTES:]) if kind & _MARKED else (None, rest)
        )
        if not kind & _PACKED:
            return Link(id_bytes.decode(), version, mark)
        if self._prefix is None:
            return None
        return Link(f"{self._prefix}{id_bytes.hex()}", version, mark)


def _mark(key: str) -> bytes:
    return sha256(key.encode()).digest()[:_MARK_BYTES]
