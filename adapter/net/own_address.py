"""Does an address lead to this adapter?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from adapter.net.no_answer import SHORT_TIMEOUT, no_answer_words
from adapter.net.sessions import new_session
from adapter.text.plain import plain


def address_problem(base: str, instance: str | None) -> str | None:
    """Return why hooks to this address would not come here, and the way out; None if they do.

    instance: the name of our database, which /readyz tells; None if it is not known. It takes 15 s at most.
    """
    url = f"{base}/readyz"
    try:
        response = new_session().get(url, timeout=SHORT_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        return (
            f"{url} {no_answer_words(error)}: hooks would not reach it either; "
            "start adapter run (or web), check PUBLIC_BASE_URL, the host's router and its certificate"
        )
    if 300 <= response.status_code < 400:
        target = plain(response.headers.get("Location", "elsewhere"))[:200]
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
