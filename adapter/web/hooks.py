"""How does a hook get from the web server to intake, and the answer back?

Hooks go past Flask, which would take a fifth of their time. All other requests go through it.
docs/decisions/0026-hooks-go-past-flask.md
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Flask, Response, abort, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Request

from adapter.intake.service import Intake
from adapter.observability.metrics import ACKNOWLEDGE
from adapter.providers.base import HookRequest, Reply
from adapter.web.answers import HARDENED, answer_to, harden
from adapter.web.body import MOST_BYTES, read_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask.blueprints import BlueprintSetupState

METHODS = ("GET", "POST")


class HookDoor:
    """A WSGI application that takes the hooks of each provider, and hands on all other requests.

    others: Flask's.
    """

    def __init__(self, intake: Intake, others: WSGIApplication) -> None:
        self._intake = intake
        self._others = others
        self._providers = {f"webhooks/{name}": each for name, each in intake.providers.items()}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, as PEP 3333 has it."""
        path = environ.get("PATH_INFO", "").lstrip("/").removesuffix("/")
        provider = self._providers.get(path)
        if provider is None or environ["REQUEST_METHOD"] not in METHODS:
            return self._others(environ, start_response)
        started = perf_counter()
        hook = Request(environ)
        hook.max_content_length = MOST_BYTES
        try:
            reply = self._intake.take(provider, hook_request(hook))
        except Exception as error:
            return harden(answer_to(error, hook.path))(environ, start_response)
        ACKNOWLEDGE.observe(perf_counter() - started)
        return _send(reply, start_response)


def hook_routes(intake: Intake) -> Blueprint:
    """Return what answers GET and POST at /webhooks/<provider>, for every kind of hook of every provider.

    An application that has it gets a HookDoor. The route is for other names and methods.
    """
    routes = Blueprint("hooks", __name__)

    @routes.record_once
    def _open(state: BlueprintSetupState) -> None:
        app = cast(Flask, state.app)
        app.wsgi_app = HookDoor(intake, app.wsgi_app)  # type: ignore[method-assign]  # as Flask says to

    @routes.route("/webhooks/<name>", methods=METHODS, provide_automatic_options=False)
    def refuse(name: str) -> Response:
        if request.method == "HEAD":  # Flask handles it like a GET
            raise MethodNotAllowed(METHODS)
        abort(404, f"no provider is called {name[:40]!r}")

    return routes


def hook_request(request: Request) -> HookRequest:
    """Return a request as a hook. Nothing is decoded: the signature covers the URL byte for byte.

    Errors: as of read_body.
    """
    environ = request.environ
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or request.full_path
    if not target.startswith("/"):
        # A request line may hold a whole URL (RFC 9112 section 3.2.2); only its path counts.
        target = "/" + target.split("://", 1)[-1].partition("/")[2]
    return HookRequest(
        method=request.method,
        target=target,
        headers=request.headers,
        body=read_body(request),
        received_at=datetime.now(UTC),
    )


def _send(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    """Send the answer that the provider wants. An empty one has no type."""
    status, body, headers = HTTPStatus(reply.status), reply.body.encode(), list(HARDENED)
    if reply.content_type:
        headers += [("Content-Type", reply.content_type), ("Content-Length", str(len(body)))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
