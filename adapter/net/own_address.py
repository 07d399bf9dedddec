"""Does an address lead to this adapter?"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import requests

from adapter.net.no_answer import SHORT_TIMEOUT, no_answer_words
from adapter.net.sessions import new_session
from adapter.text.plain import plain

MOST_READ = 16_384


def address_problem(base: str, instance: str | None) -> str | None:
    """Return why hooks to this address would not come here, and the way out; None if they do.

    instance: the name of our database, which /readyz tells; None if it is not known. It takes 25 s at most.
    """
    url = f"{base}/readyz"
    try:
        with (
            new_session() as session,
            session.get(url, timeout=SHORT_TIMEOUT, allow_redirects=False, stream=True) as response,
        ):
            text = _beginning(response)
    except requests.RequestException as error:
        return (
            f"{url} {no_answer_words(error)}: hooks would not reach it either; "
            "start adapter run (or web), check PUBLIC_BASE_URL, the host's router and its certificate"
        )
    if 300 <= response.status_code < 400:
        target = plain(response.headers.get("Location", "elsewhere"))[:200]
        return f"{url} redirects to {target}: set PUBLIC_BASE_URL to where the app itself answers"
    body = _readyz_body(text)
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


def _beginning(response: requests.Response) -> bytes:
    """Return the first bytes of the answer. Whoever answers there may send without end, or slowly."""
    until = time.monotonic() + SHORT_TIMEOUT[1]
    text = b""
    for piece in response.iter_content(1024):
        text += piece
        if len(text) > MOST_READ or time.monotonic() > until:
            break
    return text[:MOST_READ]


def _readyz_body(text: bytes) -> Mapping[str, Any] | None:
    """Return what /readyz of an adapter says, ready or not; None for any other answer."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(body, dict) and body.get("status") in ("ok", "not ready")
    return body if is_ours else None
