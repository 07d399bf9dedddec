"""Somebody who uses the pages without JavaScript: keeps cookies, and sends forms with their token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from adapter.storage.sign_ins import SignIn, SignIns
from adapter.storage.store import Store
from adapter.web.sign_in.sessions import Cookies
from tests.support.environment import BASE_URL, ENVIRON

PASSWORD = "correct horse battery"
VIEWER = "kim@example.com"
OPERATOR = "lee@example.com"
# Settings of an adapter at which an operator signs in with the password, and these two by a service.
WITH_PAGES = {
    "ADMIN_PASSWORD": PASSWORD,
    "OIDC_ISSUER": "http://localhost:1",
    "OIDC_CLIENT_ID": "adapter",
    "OIDC_OPERATORS": OPERATOR,
    "OIDC_VIEWERS": VIEWER,
}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class BrowserUser:
    """A browser at the pages of this application, by the adapter's public address."""

    def __init__(self, app: Flask, address: str = "203.0.113.5", base_url: str = BASE_URL) -> None:
        self.client = app.test_client()
        self.address = address
        self.base_url = base_url
        self.token = ""

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page. Its form's token is kept for the next `post`."""
        answer = self._send("GET", path, headers)
        token = _TOKEN.search(answer.text)
        self.token = token[1] if token else self.token
        return answer

    def post(
        self, path: str, form: Mapping[str, str] | None = None, **headers: str
    ) -> TestResponse:
        """Send a form, with the token of the page opened last."""
        return self.post_without_token(path, {"csrf_token": self.token, **(form or {})}, **headers)

    def post_without_token(
        self, path: str, form: Mapping[str, str] | None = None, **headers: str
    ) -> TestResponse:
        return self._send("POST", path, headers, data=dict(form or {}))

    def sign_in(
        self, name: str = "Lee Agent", password: str = PASSWORD, next: str = ""
    ) -> TestResponse:
        """Sign in with the password."""
        self.get("/login")
        return self.post("/login", {"name": name, "password": password, "next": next})

    def come_by_service(self, store: Store, address: str) -> None:
        """Be signed in as after a sign-in by the service, which is not asked. store: of the application."""
        secret, now = token_urlsafe(16), datetime.now(UTC)
        SignIns(store).add(
            sha256(secret.encode()).hexdigest(),
            SignIn("oidc", address),
            now=now,
            until=now + timedelta(hours=1),
        )
        cookies = Cookies(lambda: [ENVIRON["SECRET_KEY"]], PASSWORD)
        serializer = cookies.get_signing_serializer(self.client.application)
        host = urlsplit(self.base_url).hostname or ""
        self.client.set_cookie(
            "adapter_session", serializer.dumps({"sign_in": secret}), domain=host
        )

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], **more: Any
    ) -> TestResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            path,
            method=method,
            base_url=self.base_url,
            headers={"Accept": "text/html", **names},
            environ_overrides={"REMOTE_ADDR": self.address},
            **more,
        )
