"""Somebody who uses the pages without JavaScript: keeps cookies, and sends forms with their token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.support.environment import BASE_URL

PASSWORD = "correct horse battery"
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
