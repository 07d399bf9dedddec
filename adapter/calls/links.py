"""What is the address of a call's page, and which call does such an address name?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

_TWILIO_KEY = re.compile(r"twilio:AC([0-9a-f]{32}):CA([0-9a-f]{32})")


class Links:
    """Signed links to the page of a call: unguessable, valid for years, revocable by call or by key.

    keys: the first one signs, all are accepted; a key that is taken off the list ends its links.
    """

    def __init__(self, base_url: str, keys: Sequence[str]) -> None:
        self._base_url = base_url.rstrip("/")
        # itsdangerous signs with the last of its keys.
        self._signer = Signer(list(reversed(keys)), salt="recordings")

    def of(self, call_key: str, version: int) -> str:
        """The link of this call. version: the call's link_version; raising it revokes older links."""
        token = self._signer.sign(base64_encode(_packed(call_key, version))).decode("ascii")
        return f"{self._base_url}/recordings/{token}"

    def read(self, token: str) -> tuple[str, int] | None:
        """The call's key and the version of the link, or None for a token that we did not sign."""
        try:
            # base64 spells the same bytes in several ways; only the one that we write is ours.
            signature = token.rpartition(".")[2]
            if base64_encode(base64_decode(signature)) != signature.encode("ascii"):
                return None
            return _unpacked(base64_decode(self._signer.unsign(token.encode("ascii"))))
        except (BadData, ValueError, TypeError, IndexError):
            return None


def _packed(call_key: str, version: int) -> bytes:
    """Short, because a link often stands in notes of 256 characters: Twilio's ids as the bytes they spell."""
    found = _TWILIO_KEY.fullmatch(call_key)
    ids = bytes.fromhex(found[1] + found[2]) if found else call_key.encode()
    return bytes([1 if found else 0]) + version.to_bytes(2, "big") + ids


def _unpacked(packed: bytes) -> tuple[str, int]:
    version, ids = int.from_bytes(packed[1:3], "big"), packed[3:]
    if packed[0] == 1:
        return f"twilio:AC{ids[:16].hex()}:CA{ids[16:].hex()}", version
    return ids.decode(), version
