"""Which address does a request come from, when proxies may stand between?

A proxy adds the address that it sees to the end of X-Forwarded-For. What stands before was written by the
client, who may write anything. So entries count from the end, as many as there are proxies, and only if the
connection comes from a private address: a client of the public internet is no proxy of ours, whatever headers
it sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from flask import Request

_SOCKET = "socket"  # a Unix socket has no address


@dataclass(frozen=True)
class ClientAddress:
    """Where a request comes from.

    address: the client's, as far as is known. peer: the other end of the connection; both are the same where no
    proxy stands between. may_be_made_up: nobody said that the proxy writes the header, so the client may have.
    """

    address: str
    peer: str
    may_be_made_up: bool = False

    @property
    def network(self) -> str:
        """The address, or of IPv6 the network of it, in which one client has any number of addresses."""
        ip = _ip(self.address)
        if isinstance(ip, IPv6Address):
            return str(ip_network((ip, 64), strict=False))
        return self.address


@dataclass(frozen=True)
class ClientAddresses:
    """Tells where requests come from.

    trusted_proxies: how many proxies in a row write X-Forwarded-For. None: nobody said so. Then the last entry
    is taken for the client's address, and may be made up.
    """

    trusted_proxies: int | None = None

    def of(self, request: Request) -> ClientAddress:
        """Return where this request comes from."""
        peer = _ip(request.remote_addr or "")
        peer_text = str(peer) if peer else _SOCKET
        if (peer is not None and peer.is_global) or self.trusted_proxies == 0:
            return ClientAddress(peer_text, peer_text)
        entries = request.headers.get("X-Forwarded-For", "").split(",")
        place = self.trusted_proxies or 1
        forwarded = _ip(entries[-place]) if len(entries) >= place else None
        if forwarded is None:
            return ClientAddress(peer_text, peer_text)
        return ClientAddress(str(forwarded), peer_text, self.trusted_proxies is None)


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address; some proxies write a port behind it."""
    text = text.strip()[:64]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ip = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(ip, "ipv4_mapped", None)  # ::ffff:10.0.0.1, of a socket for both kinds
    return mapped or ip
