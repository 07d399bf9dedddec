"""Where do people sign in and out?"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request

from adapter.observability.logs import logger
from adapter.storage.sign_ins import SignIn
from adapter.web.pages.shell import render
from adapter.web.sign_in.client_address import ClientAddresses
from adapter.web.sign_in.password import (
    NotSignedIn,
    TriedTooOften,
    WrongPassword,
    is_right,
    recorded_name,
)
from adapter.web.sign_in.password_tries import PasswordTries
from adapter.web.sign_in.roles import Way
from adapter.web.sign_in.sessions import Cookies, Sessions
from adapter.web.sign_in.users import maybe_user, open_to_anybody

log = logger("adapter.web.sign_in")


def login_routes(
    sessions: Sessions,
    cookies: Cookies,
    tries: PasswordTries,
    addresses: ClientAddresses,
    *,
    password: str | None,
    service: str | None = None,
) -> Blueprint:
    """Return the routes GET /, GET and POST /login, POST /logout.

    password: ADMIN_PASSWORD. service: the host of the sign-in service, None without OIDC.
    """
    routes = Blueprint("login", __name__)

    @routes.get("/")
    @open_to_anybody
    def home() -> Response:
        return go_to("/inbox" if maybe_user() else "/login")

    @routes.get("/login")
    @open_to_anybody
    def login() -> Response:
        if maybe_user():
            return go_to(local_path(request.args.get("next")))
        return form()

    @routes.post("/login")
    @open_to_anybody
    def sign_in() -> Response:
        try:
            name = check(request.form.get("name", ""), request.form.get("password", ""))
        except NotSignedIn as refusal:
            response = form(status=refusal.status, refusal=str(refusal))
            if isinstance(refusal, TriedTooOften):
                response.headers["Retry-After"] = str(refusal.retry_after_seconds)
            return response
        sessions.begin(SignIn(Way.SHARED, name))
        cookies.remember_device()
        return go_to(local_path(request.form.get("next")))

    @routes.post("/logout")
    @open_to_anybody
    def logout() -> Response:
        sessions.end()
        return go_to("/login")

    def check(raw_name: str, given: str) -> str:
        """Return the name to record. Raise NotSignedIn."""
        if password is None:
            raise WrongPassword("There is no password here. Sign in the other way.")
        client, device = addresses.of(request), cookies.device()
        if seconds := tries.wait_seconds(client, device):
            raise TriedTooOften(seconds)
        name = recorded_name(raw_name, are_addresses_verified=service is not None)
        if not is_right(given, password):
            tries.wrong(client, device)
            log.warning("wrong password", origin=client.address)
            raise WrongPassword("This is not the password. Whoever runs the call adapter knows it.")
        tries.right(client, device)
        return name

    def form(status: int = 200, refusal: str | None = None) -> Response:
        values: dict[str, Any] = {
            "has_password": password is not None,
            "service": service,
            "refusal": refusal,
            "name": request.form.get("name", "")[:80],
            "next": request.values.get("next", ""),
        }
        return render("login.html", status=status, **values)

    return routes


def local_path(wanted: str | None) -> str:
    """Return the path to go on with after the sign-in; the inbox if it is none of ours."""
    path = wanted or ""
    is_local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    is_sign_in = path.startswith(("/login", "/logout"))
    return path if is_local and not is_sign_in and len(path) < 2000 else "/inbox"


def go_to(path: str) -> Response:
    """Return a redirect to a path of ours."""
    root = request.script_root
    answer: Response = redirect(root + path, 303)  # type: ignore[assignment]  # Flask's own in an app
    return answer
