"""Whom does the sign-in service know by this browser? OpenID Connect, code flow with PKCE, state and nonce.

This module is imported only where OIDC_ISSUER is set: its library is an extra (`sso`).
"""

from __future__ import annotations

from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import (
    FlaskIntegration,
    FlaskOAuth2App,
)
from authlib.integrations.requests_client import OAuth2Session
from flask import Response, session
from joserfc.errors import JoseError

from adapter.config.oidc import OidcSettings
from adapter.errors import AdapterError
from adapter.observability.logs import logger

TIMEOUT_SECONDS = 5.0
_NAME = "oidc"
_MISCONFIGURED = ("invalid_client", "unauthorized_client")
_PUBLIC_CLIENT = {"token_endpoint_auth_method": "none"}  # nosec B105 - a method, no password

log = logger("adapter.web.sign_in")


class ServiceUnavailable(AdapterError):
    """The sign-in service cannot be reached, or its answer cannot be read."""


class SignInRefused(AdapterError):
    """The service, or what it says, lets nobody in. Its message is for whoever tried."""


class _Session(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
    """A session that waits for the service only so long: the browser's request waits with it."""

    def request(self, *arguments: Any, **options: Any) -> Any:
        options.setdefault("timeout", TIMEOUT_SECONDS)
        return super().request(*arguments, **options)


class _Client(FlaskOAuth2App):  # type: ignore[misc]  # Authlib has no types
    client_cls = _Session


class OidcClient:
    """Speaks with the sign-in service. callback_url: where it sends the browser back to."""

    def __init__(self, settings: OidcSettings, callback_url: str) -> None:
        secret = settings.client_secret
        self._issuer = settings.issuer.rstrip("/")
        self._callback_url = callback_url
        self._client = _Client(
            FlaskIntegration(_NAME),
            _NAME,
            client_id=settings.client_id,
            client_secret=secret.get_secret_value() if secret else None,
            server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email",
                "code_challenge_method": "S256",
                **({} if secret else _PUBLIC_CLIENT),
            },
        )

    def redirect(self) -> Response:
        """Return the redirect to the service. Raise ServiceUnavailable."""
        for name in [name for name in session if name.startswith(f"_state_{_NAME}_")]:
            session.pop(name)  # of a sign-in that was not ended; the cookie must not grow
        try:
            self._check_issuer()
            answer: Response = self._client.authorize_redirect(self._callback_url)
        except (AuthlibBaseError, OSError, ValueError, RuntimeError) as error:
            raise _unavailable(error) from error
        return answer

    def verified_address(self) -> str:
        """Return the verified e-mail address of the user whom the service sent back with this request.

        Raise SignInRefused or ServiceUnavailable.
        """
        try:
            token = self._client.authorize_access_token()
            claims = token.get("userinfo")
            if claims and not {"email", "email_verified"} <= set(claims):
                claims = self._more_claims(token, str(claims["sub"]))
        except (AuthlibBaseError, JoseError) as error:
            code = getattr(error, "error", None)
            log.warning("sign-in refused", error=type(error).__name__, code=code)
            if code in _MISCONFIGURED:
                raise ServiceUnavailable(
                    "The sign-in service refuses the call adapter itself. Whoever runs it has to check "
                    "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET."
                ) from error
            raise SignInRefused(
                "The sign-in was cancelled, took too long, or was begun in another browser."
            ) from error
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            raise _unavailable(error) from error
        address = claims.get("email") if claims else None
        if not isinstance(address, str) or not address:
            raise SignInRefused("The sign-in service does not tell your e-mail address.")
        if claims.get("email_verified") not in (True, "true"):
            raise SignInRefused("The sign-in service has not verified your e-mail address.")
        return address.strip().lower()

    def _more_claims(self, token: Any, subject: str) -> Any:
        """Return what the service says of the user when it is asked; some keep ID tokens short."""
        if "userinfo_endpoint" not in self._client.load_server_metadata():
            return token["userinfo"]
        claims = self._client.userinfo(token=token)
        return claims if claims.get("sub") == subject else None

    def _check_issuer(self) -> None:
        said = str(self._client.load_server_metadata().get("issuer", "")).rstrip("/")
        if said != self._issuer:
            self._client.server_metadata.pop("_loaded_at", None)
            raise ValueError(
                f"OIDC_ISSUER is {self._issuer}, and the service calls itself {said[:200]}"
            )


def _unavailable(error: Exception) -> ServiceUnavailable:
    log.error(
        "the sign-in service cannot be used", error=type(error).__name__, reason=str(error)[:300]
    )
    return ServiceUnavailable(
        "The sign-in service cannot be reached, or its answer makes no sense."
    )
