"""What is answered to a request that failed, and what do all answers have in common?"""

from __future__ import annotations

from flask import Response
from werkzeug.exceptions import HTTPException

from adapter.errors import HookError, StoreRefused, StoreUnavailable
from adapter.observability.logs import logger
from adapter.observability.metrics import REFUSED_HOOKS

# Headers that each answer has, unless it says otherwise.
HARDENED = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"))
# Headers of an error that its answer keeps.
_KEPT = ("allow", "www-authenticate")

log = logger("adapter.web")


def answer_to(error: Exception, path: str) -> Response:
    """Return the answer to an error, in one line of text, and log it. path: the request's, as it may be logged.

    An HTTPException is not logged: it says what was wrong with the request.
    """
    if isinstance(error, HTTPException):
        return plain_error(error)
    if isinstance(error, HookError):
        return _refused(error, path)
    if isinstance(error, StoreUnavailable | StoreRefused):
        return _unavailable(error, path)
    log.error("request failed", path=path, exc_info=error)
    return _text("an error of the adapter; see its log", 500)


def plain_error(error: HTTPException) -> Response:
    """Return an error of HTTP in one line of text."""
    response = _text(error.description or error.name, error.code or 500)
    for name, value in error.get_headers():
        if name.lower() in _KEPT:
            response.headers[name] = value
    return response


def harden(response: Response) -> Response:
    """Return the response with the headers that each answer has."""
    for name, value in HARDENED:
        response.headers.setdefault(name, value)
    return response


def _refused(error: HookError, path: str) -> Response:
    if error.status == 403:
        REFUSED_HOOKS.count()
    log.warning("hook refused", status=error.status, reason=str(error), path=path, **error.facts)
    return _text(str(error), error.status)


def _unavailable(error: StoreUnavailable | StoreRefused, path: str) -> Response:
    event = "database refused" if isinstance(error, StoreRefused) else "database unavailable"
    log.error(event, reason=str(error), path=path)
    response = _text("the database is not available; try again", 503)
    response.headers["Retry-After"] = "1"
    return response


def _text(text: str, status: int) -> Response:
    return Response(text + "\n", status, content_type="text/plain; charset=utf-8")
