"""Which address does a request come from, when proxies may stand between?

A proxy adds the address that it sees to the end of X-Forwarded-For. What stands before the end was sent by the
client, who may write anything. So only the last entry counts, and only if the connection comes from a private
address: a client of the public internet is no proxy of ours, whatever headers it sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from flask import Request

_SOCKET = "socket"  # a Unix socket has no address


@dataclass(frozen=True)
class ClientAddress:
    """Where a request comes from. address: the client's, as far as is known. peer: the other end of the
    connection. Both are the same where no proxy stands between."""

    address: str
    peer: str

    @property
    def network(self) -> str:
        """The address, or of IPv6 the network of it, in which one client has any number of addresses."""
        ip = _ip(self.address)
        if isinstance(ip, IPv6Address):
            return str(ip_network((ip, 64), strict=False))
        return self.address


def client_address(request: Request) -> ClientAddress:
    """Return where this request comes from."""
    peer = _ip(request.remote_addr or "")
    peer_text = str(peer) if peer else _SOCKET
    if peer is not None and peer.is_global:
        return ClientAddress(peer_text, peer_text)
    forwarded = _ip(request.headers.get("X-Forwarded-For", "").rpartition(",")[2])
    return ClientAddress(str(forwarded) if forwarded else peer_text, peer_text)


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
