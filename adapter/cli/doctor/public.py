"""Does PUBLIC_BASE_URL lead to this adapter?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import requests

from adapter.bootstrap import Container
from adapter.cli.doctor.database import instance_of
from adapter.cli.doctor.finding import TIMEOUT, Finding, failure
from adapter.net.sessions import new_session


def check_public(container: Container) -> Iterator[Finding]:
    """Check that hooks to this address reach this adapter."""
    base = container.settings.public_base_url
    if base is None:
        yield Finding("public address", False, "not asked: PUBLIC_BASE_URL is not set")
        return
    problem = _problem(base, instance_of(container))
    yield Finding("public address", problem is None, problem or "reaches this adapter")


def _problem(base: str, instance: str | None) -> str | None:
    """Return what is wrong with this address, or None. instance: the name of our database; None if unknown."""
    url = f"{base}/readyz"
    try:
        response = new_session().get(url, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        return (
            f"{url} {failure(error)}: Twilio would not reach it either; "
            "start adapter run (or web), check PUBLIC_BASE_URL, the host's router and its certificate"
        )
    if 300 <= response.status_code < 400:
        target = response.headers.get("Location", "elsewhere")
        return f"{url} redirects to {target}: set PUBLIC_BASE_URL to where the app itself answers"
    body = _readyz_body(response)
    if body is None and response.status_code != 200:
        fact = f"{url} answered {response.status_code}"
        return f"{fact}: is the web process running, and is PUBLIC_BASE_URL its address?"
    if body is None:
        return f"at {url} something else answers; set PUBLIC_BASE_URL to the adapter's address"
    their_instance = body.get("instance")
    if their_instance is None:
        return f"an adapter answers at {url}, but has no database: see its log"
    if instance is None:
        return f"{url} answers; whether it is this adapter shows once the database is in order"
    if their_instance != instance:
        return (
            f"at {url} an adapter with another database answers: its calls do not come here; "
            "check PUBLIC_BASE_URL and DATABASE_URL"
        )
    return None


def _readyz_body(response: requests.Response) -> Mapping[str, Any] | None:
    """Return what /readyz of an adapter says, ready or not; None for any other answer."""
    try:
        body = response.json()
    except ValueError:
        return None
    is_ours = isinstance(body, dict) and body.get("status") in ("ok", "not ready")
    return body if is_ours else None
