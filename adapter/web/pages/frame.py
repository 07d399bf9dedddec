"""What holds for every page: who may open it, its form's token, its headers, and what an error looks like."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, current_app, g, redirect, request, url_for
from flask_bootstrap import Bootstrap5  # type: ignore[import-untyped]  # Bootstrap-Flask has no types
from flask_wtf.csrf import CSRFError, CSRFProtect  # type: ignore[import-untyped]  # Flask-WTF has no types
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from adapter.errors import StoreRefused, StoreUnavailable
from adapter.observability.logs import logger
from adapter.web.app import error_for_programs
from adapter.web.inputs import refuse_unfit
from adapter.web.pages.shell import render, use_in_templates
from adapter.web.sign_in.client_address import ClientAddresses
from adapter.web.sign_in.roles import Roles
from adapter.web.sign_in.sessions import Cookies, Sessions
from adapter.web.sign_in.users import User, Who, may_open
from adapter.web.slots import Slots

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # no address of a call leaves with a click
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
# What programs ask for. An unknown address below these is answered in plain text.
_FOR_PROGRAMS = ("/webhooks", "/livez", "/readyz", "/metrics", "/recordings", "/api")

log = logger("adapter.web.pages")


@dataclass(frozen=True)
class Frame:
    """Puts pages into an application. public_url: PUBLIC_BASE_URL. slots: shared with the API."""

    cookies: Cookies
    sessions: Sessions
    roles: Roles
    slots: Slots
    addresses: ClientAddresses
    public_url: str
    default_zone: str

    def install(self, app: Flask, pages: Sequence[Blueprint]) -> None:
        """Register the pages. Nothing that is not one of them is changed."""
        parts = urlsplit(self.public_url)
        prefix = parts.path.rstrip("/")
        app.session_interface = self.cookies
        app.config.update(
            SESSION_COOKIE_NAME="adapter_session",
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Lax",
            SESSION_COOKIE_SECURE=parts.scheme == "https",
            SESSION_COOKIE_PATH=prefix or "/",
            WTF_CSRF_CHECK_DEFAULT=False,  # `_admit` does it, for pages
            WTF_CSRF_TIME_LIMIT=None,  # as long as the session
            WTF_CSRF_SSL_STRICT=False,  # the token is enough; proxies change the host and drop the referrer
            BOOTSTRAP_SERVE_LOCAL=True,
        )
        csrf = CSRFProtect(app)
        Bootstrap5(app)
        use_in_templates(app, self.default_zone)
        self.cookies.set_device(app)
        if prefix:
            app.wsgi_app = _Prefixed(app.wsgi_app, prefix)  # type: ignore[method-assign]  # as Flask says to
        for page in pages:
            page.before_request(lambda: self._admit(csrf))
            page.after_request(_harden)
            for error, handler in _HANDLERS.items():
                page.register_error_handler(error, handler)
            app.register_blueprint(page)
        app.register_blueprint(_static())
        for error_class in (NotFound, MethodNotAllowed):
            app.register_error_handler(error_class, self._unknown_address)

    def _admit(self, csrf: CSRFProtect) -> Response | None:
        """Let the request in, or answer it. Raise an HTTPException if it is not to be answered as it wishes."""
        self.slots.take()
        refuse_unfit()
        self.cookies.read()
        csrf.protect()
        g.user = self._user()
        view = current_app.view_functions.get(request.endpoint or "")
        who = may_open(view, request.method)
        if who is Who.ANYBODY or (g.user and (who is Who.SIGNED_IN or g.user.is_operator)):
            return None
        if g.user:
            abort(403, "You may look, and not decide. Ask an operator to do it.")
        if request.method in ("GET", "HEAD"):
            return _to_sign_in()
        abort(403, "You are signed out. Sign in, open the page again and repeat it.")

    def _user(self) -> User | None:
        sign_in = self.sessions.current()
        role = self.roles.role_of(sign_in) if sign_in else None
        if sign_in is None or role is None:
            return None
        return User(sign_in.name, role, self.addresses.of(request).address)

    def _unknown_address(self, error: HTTPException) -> Response:
        """Answer people with a page, and programs in plain text."""
        is_for_programs = request.path.startswith(_FOR_PROGRAMS)
        accept = request.accept_mimetypes
        if is_for_programs or not accept["text/html"] > accept["application/json"]:
            return error_for_programs(error)
        with suppress(HTTPException, StoreUnavailable, StoreRefused):  # then it has no navigation
            self.slots.take()
            self.cookies.read()
            g.user = self._user()
        return _http_error(error)


class _Prefixed:
    """Lets links begin with the path of PUBLIC_BASE_URL, which a proxy takes off before it hands them on."""

    def __init__(self, app: Any, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["SCRIPT_NAME"] = self._prefix
        return self._app(environ, start_response)


def _to_sign_in() -> Response:
    wanted = request.full_path.rstrip("?")
    target = url_for("login.login", next=None if wanted == "/" else wanted)
    answer: Response = redirect(target, 303)  # type: ignore[assignment]  # it is Flask's own in an app
    return answer


def _static() -> Blueprint:
    return Blueprint(
        "pages_static", __name__, static_folder="../static", static_url_path="/static/adapter"
    )


def _harden(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response


# Errors ---------------------------------------------------------------------------------------------

_TITLES = {
    400: "This was not understood",
    403: "You may not do this",
    404: "There is nothing here",
    405: "There is nothing here",
    409: "It has changed meanwhile",
    413: "This is too large",
    429: "Too many tries",
    503: "The page could not be loaded",
}
_NEXT = {
    403: "If you should be allowed to, ask whoever runs the call adapter.",
    404: "Look for the call in the list of calls, or go on with the inbox.",
    405: "Go on with the inbox.",
    503: "Nothing was changed. Wait a moment, then load the page again.",
}


def error_page(
    status: int, detail: str = "", *, title: str | None = None, next_step: str | None = None
) -> Response:
    """Return the page of an error. detail: what happened. next_step: what to do now."""
    title = title or _TITLES.get(status, "This did not work")
    step = next_step or _NEXT.get(status, "Go back, load the page again and repeat it.")
    response = render("error.html", status=status, title=title, detail=detail, next_step=step)
    return _harden(response)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # a redirect, as werkzeug raises it
    detail = _own_words(error)
    response = error_page(error.code or 500, detail)
    for name, value in error.get_headers(request.environ):
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _own_words(error: HTTPException) -> str:
    """Return what we wrote about the error; nothing for werkzeug's own words."""
    description = error.description or ""
    return "" if description == type(error).description else description


def _forged(error: CSRFError) -> Response:
    return error_page(
        400,
        "The form has no valid token: it is too old, or it did not come from this page.",
        next_step="Nothing was changed. Open the page again, and repeat what you did.",
    )


def _unavailable(error: StoreUnavailable | StoreRefused) -> Response:
    log.error("page not loaded", reason=str(error), page=request.endpoint)
    response = error_page(503, "The database did not answer, or not in time.")
    response.headers["Retry-After"] = "2"
    return response


def _bug(error: Exception) -> Response:
    log.exception("page failed", page=request.endpoint)
    return error_page(
        500,
        "This is an error of the call adapter. Its log has the details.",
        title="The page could not be loaded",
        next_step="Load the page again. If that does not help, tell whoever runs the call adapter.",
    )


_HANDLERS: dict[type[Exception], Any] = {
    CSRFError: _forged,
    HTTPException: _http_error,
    StoreUnavailable: _unavailable,
    StoreRefused: _unavailable,
    Exception: _bug,
}
