"""How does the adapter know a browser again? By a signed cookie that names a row of the database."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import (
    SecureCookieSession,
    SecureCookieSessionInterface,
    session_json_serializer,
)
from itsdangerous import BadData, URLSafeTimedSerializer

from adapter.storage.sign_ins import SignIn, SignIns

SESSION_HOURS = 12
_LASTS = timedelta(hours=SESSION_HOURS)
_FIELD = "sign_in"  # of the cookie; it holds the secret of the session
_DEVICE_COOKIE = "adapter_device"
_DEVICE_DAYS = 180


class Cookies(SecureCookieSessionInterface):
    """Flask's session in a cookie, signed by our keys. Only pages read it, so no hook asks for the keys.

    keys: of SECRET_KEY; the first one signs, all are accepted. password: as long as it stays the same, so do
    the sessions.
    """

    def __init__(self, keys: Callable[[], Sequence[str]], password: str | None) -> None:
        self._keys = keys
        # It takes a key of ours to find the password by this, and who has that needs no password.
        self._mark = sha256((password or "").encode()).hexdigest()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Return an empty session. `read` fills it."""
        return SecureCookieSession()

    def read(self) -> None:
        """Fill the session of the current request from its cookie, if that is ours and not too old."""
        keys = self._keys()
        current_app.config["WTF_CSRF_SECRET_KEY"] = keys[0]
        cookie = request.cookies.get(self.get_cookie_name(current_app), "")
        values = self._loads("session", cookie, _LASTS)
        if isinstance(values, dict):
            session.update(values)
            session.modified = False

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer:
        return self._serializer("session")

    def device(self) -> str | None:
        """Return the id of a browser that somebody signed in with before."""
        value = self._loads(
            "device", request.cookies.get(_DEVICE_COOKIE, ""), timedelta(days=_DEVICE_DAYS)
        )
        return value if isinstance(value, str) else None

    def remember_device(self) -> None:
        """Have the answer mark this browser as one that somebody signed in with."""
        g.device = self.device() or secrets.token_urlsafe(16)

    def set_device(self, app: Flask) -> None:
        """Have answers carry the mark of `remember_device`."""

        @app.after_request
        def _set(response: Response) -> Response:
            if "device" in g:
                response.set_cookie(
                    _DEVICE_COOKIE,
                    self._serializer("device").dumps(g.device),
                    max_age=timedelta(days=_DEVICE_DAYS),
                    path=f"{self.get_cookie_path(app).rstrip('/')}/login",
                    secure=self.get_cookie_secure(app),
                    httponly=True,
                    samesite="Lax",
                )
            return response

    def _loads(self, purpose: str, text: str, lasts: timedelta) -> object:
        try:
            return self._serializer(purpose).loads(text, max_age=int(lasts.total_seconds()))
        except BadData:
            return None

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            list(reversed(self._keys())),  # itsdangerous signs by the last one
            salt=f"adapter.web.{purpose}.{self._mark}",
            serializer=session_json_serializer,
            signer_kwargs={"key_derivation": "hmac", "digest_method": sha256},
        )


class Sessions:
    """Begins, finds and ends the session of the current request's browser."""

    def __init__(self, sign_ins: SignIns, clock: Callable[[], datetime]) -> None:
        self._sign_ins = sign_ins
        self._clock = clock

    def begin(self, sign_in: SignIn) -> None:
        """Sign the browser in. Nothing of its session before stays: somebody else may have chosen that."""
        self.end()
        secret, now = secrets.token_urlsafe(32), self._clock()
        self._sign_ins.add(_id_of(secret), sign_in, now=now, until=now + _LASTS)
        session[_FIELD] = secret

    def current(self) -> SignIn | None:
        """Return who signed in with this browser, if that has not ended."""
        secret = session.get(_FIELD)
        if not isinstance(secret, str):
            return None
        return self._sign_ins.find(_id_of(secret), self._clock())

    def end(self) -> None:
        """Sign the browser out. Copies of its cookie are worth nothing either."""
        secret = session.get(_FIELD)
        if isinstance(secret, str):
            self._sign_ins.end(_id_of(secret))
        session.clear()


def _id_of(secret: str) -> str:
    """Return what the database keeps of the cookie's secret. Who reads the database cannot sign in with it."""
    return sha256(secret.encode()).hexdigest()
