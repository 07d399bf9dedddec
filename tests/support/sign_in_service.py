"""A real OpenID provider, in a process of its own (oidc-provider-mock)."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import requests

from tests.support.waiting import await_port, free_port


class SignInService:
    """The provider. It asks nobody for a password: who signs in, the test says."""

    def __init__(self) -> None:
        self.port = free_port()
        self.issuer = f"http://localhost:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "oidc_provider_mock", "--port", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await_port(self.port, self.process)

    def know(self, subject: str, **claims: Any) -> None:
        """Let the provider say these claims of a user."""
        requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=10).raise_for_status()

    def authorize(self, url: str, subject: str) -> str:
        """Sign in there as this user; return the address to which the provider sends the browser back."""
        answer = requests.post(url, data={"sub": subject}, timeout=10, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def deny(self, url: str) -> str:
        """Refuse to sign in there; return the address to which the provider sends the browser back."""
        answer = requests.post(url, data={"action": "deny"}, timeout=10, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)


def path_of(url: str) -> str:
    """The address without its host."""
    return re.sub(r"^https?://[^/]+", "", url)
