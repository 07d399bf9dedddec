"""How is a URL fetched that somebody else chose, without reaching a host of our own network?

A recording's URL comes in a hook, and a redirect comes in an answer. Either may name a metadata service or the
port of a database. So this module looks the name up, checks each address, and connects to the address that it
checked. A second look-up, which could give another address, does not happen.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from adapter.errors import PermanentError, TemporaryError
from adapter.net.sessions import new_session

Resolve = Callable[[str, int], Sequence[str]]
_MAX_ADDRESSES = 4  # so many of a name's addresses are tried
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def look_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a name. Raise OSError."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def is_public(address: str) -> bool:
    """Return whether this is an address of the public internet, and not a private, local or special one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped or ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        inner = [ip.sixtofour, *(ip.teredo or ())]
        if any(four is not None and not is_public(str(four)) for four in inner):
            return False
        if ip not in _GLOBAL_UNICAST:  # the old IPv4-compatible and site-local ones count as global
            return False
    return ip.is_global and not ip.is_multicast


class PublicHttpsClient:
    """Fetches from foreign hosts: over https, without credentials, at public addresses.

    resolve: looks names up. allowed: addresses that count as public. ca_file: the authority that signs
    certificates; None for the usual ones. `allowed` and `ca_file` are for tests; no setting reaches them.
    """

    def __init__(
        self,
        *,
        resolve: Resolve = look_up,
        allowed: Collection[str] = (),
        ca_file: str | None = None,
    ) -> None:
        self._resolve = resolve
        self._allowed = frozenset(allowed)
        self._ca_file = ca_file

    def get(
        self, url: str, *, headers: dict[str, str], timeout: tuple[float, float]
    ) -> requests.Response:
        """Return the answer. Its body is not read yet, and a redirect is not followed.

        Raise PermanentError for a URL that must not be fetched, TemporaryError if the host is not found, and
        requests.RequestException.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise PermanentError(
                "a recording outside of the provider's API is fetched over https only"
            )
        if parts.username is not None or parts.password is not None:
            raise PermanentError("a recording's URL must not hold a user name or password")
        addresses = self._addresses(parts.hostname, parts.port or 443)
        last = len(addresses) - 1
        for place, address in enumerate(addresses):
            session = new_session()  # without a proxy, which would look the name up again
            session.mount("https://", _PinnedAdapter(address))
            try:
                return session.get(
                    url,
                    headers=headers,
                    timeout=timeout,
                    stream=True,
                    allow_redirects=False,
                    verify=self._ca_file or True,
                )
            except requests.ConnectionError:
                session.close()
                if (
                    place == last
                ):  # the first may be an IPv6 address, which this machine may not reach
                    raise
        raise TemporaryError("the recording's host has no address")

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise TemporaryError(f"the recording's host is not found ({host})") from error
        if any(not is_public(one) for one in addresses if one not in self._allowed):
            raise PermanentError(f"the recording's host {host} has an address that is not public")
        return addresses[:_MAX_ADDRESSES]


class _PinnedAdapter(HTTPAdapter):
    """Connects to one address; the URL's own name stays in Host, SNI and the certificate's check."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def add_headers(self, request: requests.PreparedRequest, **kwargs: Any) -> None:
        request.headers["Host"] = urlsplit(request.url or "").netloc

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        name = host["host"]
        return (
            {**host, "host": self._address},
            {**tls, "server_hostname": name, "assert_hostname": name},
        )
