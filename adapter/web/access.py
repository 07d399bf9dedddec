"""Who may read the metrics and the details of health?

Whoever sends METRICS_TOKEN. Without that setting: requests from this machine that came through no proxy.
"""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from ipaddress import ip_address

from flask import Request, Response
from werkzeug.datastructures import Headers

# A proxy on this machine adds such a header to the requests of others. One of them is enough.
_PROXY_HEADERS = frozenset({"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip"})
_PROXY_PREFIXES = ("x-forwarded", "cf-connecting-")


class Access:
    """Says which requests may see metrics and details. token: METRICS_TOKEN; a blank one counts as none."""

    def __init__(self, token: str | None) -> None:
        self._token = (token or "").strip().encode()

    def is_insider(self, request: Request) -> bool:
        """Return whether this request may see metrics and details."""
        if self._token:
            scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
            is_bearer = scheme.lower() == "bearer"
            return is_bearer and compare_digest(credentials.strip().encode("latin-1"), self._token)
        return _is_loopback(request.remote_addr) and not _came_by_proxy(request.headers)


def unauthorized() -> Response:
    """Return the 401 for an outsider. It does not show whether METRICS_TOKEN is set."""
    return Response(
        "this is for the adapter's operators: send METRICS_TOKEN as bearer token\n",
        401,
        headers={"WWW-Authenticate": "Bearer"},
        content_type="text/plain; charset=utf-8",
    )


def _is_loopback(address: str | None) -> bool:
    try:
        ip = ip_address(address or "")
    except ValueError:  # a Unix socket has no address: nobody knows who is behind it
        return False
    mapped = getattr(ip, "ipv4_mapped", None)  # ::ffff:127.0.0.1, of a socket for both kinds
    return (mapped or ip).is_loopback


def _came_by_proxy(headers: Headers) -> bool:
    names: Iterable[str] = (name.lower() for name in headers.keys())  # noqa: SIM118 - values too
    return any(name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIXES) for name in names)
