"""What do all answers have in common: headers, and what becomes of an error?"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from adapter.errors import HookError, StoreRefused, StoreUnavailable
from adapter.intake.service import MAX_BODY_BYTES
from adapter.observability.logs import logger
from adapter.observability.metrics import REFUSED_HOOKS
from adapter.web.api.problems import http_problem, is_for_programs
from adapter.web.slots import Slots

log = logger("adapter.web")


def create_app(*routes: Blueprint, pages: Callable[[Flask], None] | None = None) -> Flask:
    """Return the Flask application with these routes. It reads no settings and opens nothing.

    pages: adds the pages for people; None where there are none.
    """
    app = Flask("adapter.web", static_folder=None, static_url_path="/static")
    # One byte more than a hook may have, so that intake can say what is wrong with it.
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES + 1
    app.url_map.strict_slashes = False
    # A path with a double slash is a 404. Merging slashes means a redirect to the host that the request names.
    app.url_map.merge_slashes = False
    for blueprint in routes:
        app.register_blueprint(blueprint)
    app.register_error_handler(HookError, _refused)
    app.register_error_handler(StoreUnavailable, _unavailable)
    app.register_error_handler(StoreRefused, _unavailable)
    app.register_error_handler(HTTPException, plain_error)
    app.register_error_handler(Exception, _bug)
    app.after_request(_harden)
    Slots.give_back(app)
    if pages is not None:
        pages(app)
    return app


def _refused(error: HookError) -> Response:
    if error.status == 403:
        REFUSED_HOOKS.count()
    log.warning("hook refused", status=error.status, reason=str(error), path=_path(), **error.facts)
    return _text(str(error), error.status)


def _unavailable(error: StoreUnavailable | StoreRefused) -> Response:
    event = "database refused" if isinstance(error, StoreRefused) else "database unavailable"
    log.error(event, reason=str(error), path=_path())
    response = _text("the database is not available; try again", 503)
    response.headers["Retry-After"] = "1"
    return response


def plain_error(error: HTTPException) -> Response:
    """Return the error as programs get it: in one line of text, or as the API has it."""
    if is_for_programs():
        return http_problem(error)
    response = _text(error.description or error.name, error.code or 500)
    for name, value in error.get_headers(request.environ):
        if name.lower() in ("allow", "www-authenticate"):
            response.headers[name] = value
    return response


def _bug(error: Exception) -> Response:
    log.exception("request failed", path=_path())
    return _text("an error of the adapter; see its log", 500)


def _path() -> str:
    """Return the path as it may be logged: without the token, which opens the page of a call."""
    rule = request.url_rule
    return rule.rule if rule is not None and "token" in rule.arguments else request.path


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _text(text: str, status: int) -> Response:
    return Response(text + "\n", status, content_type="text/plain; charset=utf-8")
