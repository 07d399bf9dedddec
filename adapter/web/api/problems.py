"""What does a program get that asked for something wrong? A problem as RFC 9457 has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException

from adapter.observability.logs import logger

CONTENT_TYPE = "application/problem+json"
PREFIX = "/api/"
# Headers of an error that its answer keeps.
_KEPT = ("allow", "www-authenticate", "retry-after")

log = logger("adapter.web.api")


class Refused(Exception):
    """A request is refused. more: members of the problem beside those that each has."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = more


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """Return the answer that says what is wrong. detail: this time; more: further members."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    text = json.dumps({**body, "detail": detail, **more})
    answer = Response(text, status, content_type=CONTENT_TYPE)
    answer.headers.update(headers or {})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def refused(error: Refused) -> Response:
    """Return the answer to a refused request."""
    return problem(error.status, error.detail, **error.more)


def http_problem(error: HTTPException) -> Response:
    """Return the answer to an error of HTTP."""
    headers = {
        name: value for name, value in error.get_headers(request.environ) if name.lower() in _KEPT
    }
    return problem(error.code or 500, error.description or error.name, headers=headers)


def is_for_programs() -> bool:
    """Return whether the request is one to the API."""
    return request.path.startswith(PREFIX)


def unavailable(error: Exception) -> Response:
    """Return the answer while the database does not do what it should."""
    log.error("API request not done", reason=str(error), endpoint=request.endpoint)
    return problem(503, "the database is not available; try again", headers={"Retry-After": "1"})


def bug(_: Exception) -> Response:
    """Return the answer to a request that showed an error of ours."""
    log.exception("API request failed", endpoint=request.endpoint)
    return problem(500, "an error of the adapter; see its log")
