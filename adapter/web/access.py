"""Who may read what tells of the inside: metrics, and the details of health?

Whoever has METRICS_TOKEN; without that setting whoever asks on this machine itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from ipaddress import ip_address

from flask import Request, Response
from werkzeug.datastructures import Headers

# What a proxy on this machine puts into the requests of others. One alone is enough.
_PROXY_HEADERS = frozenset({"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip"})
_PROXY_PREFIXES = ("x-forwarded", "cf-connecting-")


class Access:
    """Tells insiders from outsiders. token: METRICS_TOKEN; blank is as good as none."""

    def __init__(self, token: str | None) -> None:
        self._token = (token or "").strip().encode()

    def is_insider(self, request: Request) -> bool:
        """True if this request may see what tells of the inside."""
        if self._token:
            scheme, _, given = request.headers.get("Authorization", "").partition(" ")
            is_bearer = scheme.lower() == "bearer"
            return is_bearer and compare_digest(given.strip().encode("latin-1"), self._token)
        return _is_loopback(request.remote_addr) and not _came_by_proxy(request.headers)


def refusal() -> Response:
    """The answer to an outsider. It is the same with and without METRICS_TOKEN."""
    return Response(
        "this is for the adapter's operators: send METRICS_TOKEN as bearer token\n",
        401,
        headers={"WWW-Authenticate": "Bearer"},
        content_type="text/plain; charset=utf-8",
    )


def _is_loopback(address: str | None) -> bool:
    try:
        found = ip_address(address or "")
    except ValueError:  # a Unix socket has no address; what is behind it is not known
        return False
    mapped = getattr(found, "ipv4_mapped", None)  # ::ffff:127.0.0.1, of a socket for both kinds
    return (mapped or found).is_loopback


def _came_by_proxy(headers: Headers) -> bool:
    names: Iterable[str] = (name.lower() for name in headers.keys())  # noqa: SIM118 - values too
    return any(name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIXES) for name in names)
