"""How do people sign in by the sign-in service, and come back?"""

from __future__ import annotations

from flask import Blueprint, Response, request, session

from adapter.storage.sign_ins import SignIn
from adapter.web.pages.frame import error_page
from adapter.web.pages.login import go_to, local_path
from adapter.web.sign_in.oidc import OidcClient, ServiceUnavailable, SignInRefused
from adapter.web.sign_in.roles import Roles, Way
from adapter.web.sign_in.sessions import Sessions
from adapter.web.sign_in.users import open_to_anybody

_NEXT = "next"
_AGAIN = "Go back to the sign-in, and try it once more."


def oidc_routes(client: OidcClient, sessions: Sessions, roles: Roles) -> Blueprint:
    """Return the routes GET /login/oidc and GET /login/oidc/callback."""
    routes = Blueprint("oidc", __name__)

    @routes.get("/login/oidc")
    @open_to_anybody
    def begin() -> Response:
        session[_NEXT] = local_path(request.args.get("next"))
        return client.redirect()

    @routes.get("/login/oidc/callback")
    @open_to_anybody
    def callback() -> Response:
        wanted = local_path(session.get(_NEXT))
        address = client.verified_address()
        if roles.role_of_address(address) is None:
            raise SignInRefused(f"{address} may not see these pages.")
        sessions.begin(SignIn(Way.OIDC, address))
        return go_to(wanted)

    @routes.errorhandler(SignInRefused)
    def refused(error: SignInRefused) -> Response:
        return error_page(
            403,
            str(error),
            title="You are not signed in",
            next_step=f"{_AGAIN} If you should be let in, ask whoever runs the call adapter.",
        )

    @routes.errorhandler(ServiceUnavailable)
    def unavailable(error: ServiceUnavailable) -> Response:
        response = error_page(503, str(error), title="You are not signed in", next_step=_AGAIN)
        response.headers["Retry-After"] = "10"
        return response

    return routes
