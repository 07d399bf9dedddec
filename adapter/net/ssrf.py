"""May a host that others named be asked, and is it the checked address that answers?

A recording's URL comes in a hook, a redirect from whoever answered: both may name a host of our own
network (a metadata service, a database's port). So names are looked up here, every address is checked,
and the connection goes to the address that was checked: a name cannot mean another one a moment later.
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

Resolve = Callable[[str, int], Sequence[str]]
_MAX_ADDRESSES = 4  # of a name that has many, these are tried
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a name. Errors: OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """True for an address of the open internet; false for private, local and all other special ones."""
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


class NoRedirectSession(requests.Session):
    """Takes a redirect as the answer that it is.

    With allow_redirects=False alone requests still reads the whole body of a redirect into memory, and
    fails on a target that is no URL.
    """

    def get_redirect_target(self, response: requests.Response) -> None:
        return None


class PublicHttpsClient:
    """Asks foreign hosts: over https only, without credentials, at public addresses only.

    resolve: looks names up. allowed: addresses that count as public; ca_file: who signs certificates,
    None for the usual authorities. Both are for tests: no setting leads here.
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
        """The answer, its body not read yet, a redirect not followed.

        Errors: PermanentError for what must not be asked; TemporaryError; requests.RequestException.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise PermanentError(
                "a recording outside of the provider's API is fetched over https only"
            )
        if parts.username is not None or parts.password is not None:
            raise PermanentError("a recording's URL must not hold a user name or password")
        addresses = self._addresses(parts.hostname, parts.port or 443)
        for left, address in enumerate(addresses, start=1 - len(addresses)):
            session = NoRedirectSession()
            session.trust_env = False  # no .netrc, and no proxy that would look names up again
            session.mount("https://", _Pinned(address))
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
                if left == 0:  # the last one; a host without IPv6 fails at the first already
                    raise
        raise TemporaryError("the recording's host has no address")

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise TemporaryError(f"the recording's host is not found ({host})") from error
        refused = [one for one in found if one not in self._allowed and not is_public(one)]
        if refused:
            raise PermanentError(f"the recording's host {host} has an address that is not public")
        return found[:_MAX_ADDRESSES]


class _Pinned(HTTPAdapter):
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
