"""Where does a provider send the hooks of a number, and is that here?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

MASK = "***"
_SECRETS = ("token", "secret", "password", "signature", "key", "auth")


@dataclass(frozen=True)
class Callback:
    """Where hooks are sent. url: "" if they are sent nowhere. method: of HTTP, as the provider writes it."""

    url: str = ""
    method: str = ""

    @property
    def address(self) -> str:
        """Return the URL without fragment and query: where requests arrive."""
        return self.url.partition("#")[0].partition("?")[0].rstrip("/")

    def __str__(self) -> str:
        """Return it as it may be shown."""
        return f"{shown_url(self.url)} by {self.method or 'POST'}" if self.url else "nowhere"


class Place(StrEnum):
    """Where a number calls back to, seen from this adapter."""

    HERE = "here"
    TUNNEL = "tunnel"  # one that `adapter run --tunnel` opened, and that may be open still
    OLD_ADDRESS = "old address"
    ELSEWHERE = "elsewhere"
    NOWHERE = "nowhere"


class ChangeKind(StrEnum):
    """Why a callback was changed."""

    CONNECT = "connect"
    TUNNEL = "tunnel"  # connected to a tunnel, until it ends
    DISCONNECT = "disconnect"

    @property
    def is_ours(self) -> bool:
        """Return whether the new value is an address of ours."""
        return self is not ChangeKind.DISCONNECT


NONE_OF_OURS: Mapping[str, ChangeKind] = MappingProxyType({})


@dataclass(frozen=True)
class CallbackChange:
    """A change of a callback that was begun. set_at: the provider's id of what has the callback.

    confirmed_at: when the new value was read back; None if that is not known. at: aware UTC.
    """

    id: int
    set_at: str
    kind: ChangeKind
    old: Callback
    new: Callback
    who: str
    at: datetime
    confirmed_at: datetime | None


def place_of(
    callback: Callback, wanted: Callback, own_addresses: Mapping[str, ChangeKind] = NONE_OF_OURS
) -> Place:
    """Return where the callback points. wanted: what points here.

    own_addresses: those that were ours once, and why a number was last connected to each.
    """
    if not callback.url.strip():
        return Place.NOWHERE
    if callback.address == wanted.address:
        return Place.HERE
    if own_addresses.get(callback.address) is ChangeKind.TUNNEL:
        return Place.TUNNEL
    if callback.address in own_addresses or _without_scheme(callback) == _without_scheme(wanted):
        return Place.OLD_ADDRESS
    return Place.ELSEWHERE


def deviations(callback: Callback, wanted: Callback) -> list[str]:
    """Return what is wrong with a callback that points here. A longer fragment is right too."""
    found = []
    asked, got = _fragment(wanted), _fragment(callback)
    lacking = "&".join(part for part in asked if part not in got)
    if lacking:
        found.append(f"the fragment #{lacking} is lacking, so a hook that fails is not sent again")
    if callback.method and callback.method != wanted.method:
        found.append(f"its method is {callback.method}, and not {wanted.method}")
    if callback.url.partition("#")[0] != wanted.url.partition("#")[0]:
        found.append("its URL has more than the address, so its signature may not be right")
    return found


def value_before(changes: list[CallbackChange], present: Callback) -> Callback | None:
    """Return what was there before we connected; None if the present value is not one that we set.

    changes: of one callback, the oldest first. Connecting again (another fragment, another address of ours)
    follows on what we had set ourselves: then it is what was there before the first of these changes. A tunnel
    follows only on tunnels that did not end in order: what `adapter connect` had set is there again after it.
    """
    before: Callback | None = None
    is_tunnel = False
    for change in reversed(changes):
        if before is None:
            if change.kind.is_ours and change.new.address == present.address:
                before, is_tunnel = change.old, change.kind is ChangeKind.TUNNEL
        elif change.kind.is_ours and change.new.address == before.address:
            if is_tunnel and change.kind is not ChangeKind.TUNNEL:
                break
            before = change.old
        elif change.confirmed_at is not None:
            break
    return before


def is_of_a_tunnel(changes: list[CallbackChange], present: Callback) -> bool:
    """Return whether the present value is one that a tunnel has set, and nobody after it."""
    ours = (
        change
        for change in reversed(changes)
        if change.kind.is_ours and change.new.address == present.address
    )
    return any(change.kind is ChangeKind.TUNNEL for change in islice(ours, 1))


def shown_url(url: str) -> str:
    """Return the URL with its password and the secrets of its query masked."""
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return MASK
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}:{MASK}@{host}" if ":" in user else f"{user}{at}{host}"
    is_secret = any(_is_secret(name) for name, _ in query)
    masked = [(name, MASK if _is_secret(name) else value) for name, value in query]
    shown = urlencode(masked, safe="*/:") if is_secret else parts.query
    return urlunsplit((parts.scheme, netloc, parts.path, shown, parts.fragment))


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRETS)


def _fragment(callback: Callback) -> list[str]:
    return [part for part in callback.url.partition("#")[2].split("&") if part]


def _without_scheme(callback: Callback) -> str:
    return callback.address.partition("://")[2]
