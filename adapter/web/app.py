"""Which routes does the Flask application have, and who answers their errors?"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from adapter.web.answers import answer_to, harden, plain_error
from adapter.web.api.problems import http_problem, is_for_programs
from adapter.web.body import MOST_BYTES
from adapter.web.slots import Slots


def create_app(*routes: Blueprint, pages: Callable[[Flask], None] | None = None) -> Flask:
    """Return the Flask application with these routes. It reads no settings and opens nothing.

    pages: adds the pages for people; None where there are none.
    """
    app = Flask("adapter.web", static_folder=None, static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.url_map.strict_slashes = False
    # A path with a double slash is a 404. Merging slashes means a redirect to the host that the request names.
    app.url_map.merge_slashes = False
    for blueprint in routes:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, error_for_programs)
    app.register_error_handler(Exception, lambda error: answer_to(error, _path()))
    app.after_request(harden)
    Slots.give_back(app)
    if pages is not None:
        pages(app)
    return app


def error_for_programs(error: HTTPException) -> Response:
    """Return the error as programs get it: as the API has it, or in one line of text."""
    return http_problem(error) if is_for_programs() else plain_error(error)


def _path() -> str:
    """Return the path as it may be logged: without the token, which opens the page of a call."""
    rule = request.url_rule
    return rule.rule if rule is not None and "token" in rule.arguments else request.path
