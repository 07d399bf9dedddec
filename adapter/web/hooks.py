"""What does the route of hooks do? It hands the request to intake, and sends its reply as the response."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import MethodNotAllowed

from adapter.intake.service import Intake
from adapter.observability.metrics import ACKNOWLEDGE
from adapter.providers.base import HookRequest
from adapter.web.body import read_body


class _Response(Response):
    default_mimetype = None  # an empty response has no type


def hook_routes(intake: Intake) -> Blueprint:
    """Return the route GET and POST /webhooks/<provider>, for every kind of hook of every provider."""
    routes = Blueprint("hooks", __name__)

    @routes.route("/webhooks/<name>", methods=["GET", "POST"], provide_automatic_options=False)
    def take(name: str) -> Response:
        started = perf_counter()
        if request.method == "HEAD":  # Flask handles it like a GET, which would store a hook
            raise MethodNotAllowed(["GET", "POST"])
        provider = intake.providers.get(name)
        if provider is None:
            abort(404, f"no provider is called {name[:40]!r}")
        reply = intake.take(provider, hook_request())
        ACKNOWLEDGE.observe(perf_counter() - started)
        return _Response(reply.body, reply.status, content_type=reply.content_type)

    return routes


def hook_request() -> HookRequest:
    """Return the current request as a hook. Nothing is decoded: the signature covers the URL byte for byte."""
    environ = request.environ
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or request.full_path
    if not target.startswith("/"):
        # A request line may hold a whole URL (RFC 9112 section 3.2.2); only its path counts.
        target = "/" + target.split("://", 1)[-1].partition("/")[2]
    return HookRequest(
        method=request.method,
        target=target,
        headers=request.headers,
        body=read_body(),
        received_at=datetime.now(UTC),
    )
