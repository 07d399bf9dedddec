"""What is the address of a call's page, and which call does such an address name?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from adapter.errors import SettingsError

_TWILIO_ID = re.compile(r"CA([0-9a-f]{32})")


class Links:
    """Signed links to the page of a call: unguessable, valid for years, revocable by call or by key.

    A token names the call by its id at the provider alone, so that it is short; whoever opens it
    has to refuse an id that two calls share.
    keys: the first one signs, all are accepted; a key that is taken off the list ends its links. Or how
    to get them, asked at the first use: where they are kept may be away when the adapter starts.
    Errors of all methods: SettingsError if there is no key that is not blank.
    """

    def __init__(self, base_url: str, keys: Sequence[str] | Callable[[], Sequence[str]]) -> None:
        self._base_url = base_url.rstrip("/")
        self._keys = keys

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

    def of(self, call_id: str, version: int) -> str:
        """The link of this call. version: the call's link_version; raising it revokes older links."""
        token = self._signer.sign(base64_encode(_packed(call_id, version))).decode("ascii")
        return f"{self._base_url}/recordings/{token}"

    def read(self, token: str) -> tuple[str, int] | None:
        """The call's id and the version of the link, or None for a token that we did not sign."""
        try:
            # base64 spells the same bytes in several ways; only the one that we write is ours.
            signature = token.rpartition(".")[2]
            if base64_encode(base64_decode(signature)) != signature.encode("ascii"):
                return None
            return _unpacked(base64_decode(self._signer.unsign(token.encode("ascii"))))
        except (BadData, ValueError, TypeError, IndexError):
            return None


def _packed(call_id: str, version: int) -> bytes:
    """Short, because a link often stands in notes of 256 characters: a Twilio id as the bytes it spells.

    Such an id is a "unique key" (https://www.twilio.com/docs/glossary/what-is-a-sid), whatever the account.
    """
    found = _TWILIO_ID.fullmatch(call_id)
    spelled = bytes.fromhex(found[1]) if found else call_id.encode()
    return bytes([1 if found else 0]) + version.to_bytes(2, "big") + spelled


def _unpacked(packed: bytes) -> tuple[str, int]:
    version, spelled = int.from_bytes(packed[1:3], "big"), packed[3:]
    return (f"CA{spelled.hex()}" if packed[0] == 1 else spelled.decode()), version
