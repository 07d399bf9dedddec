"""Is this webhook Propexo's, and which write does it say has failed?

https://docs.propexo.com/how-it-works/webhooks/webhook-details/write-operation-failure
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

from werkzeug.datastructures import Headers

from adapter.errors import MalformedHook, UntrustedHook
from adapter.targets.base import FailedWrite
from adapter.text.untrusted import cut

FAILURE = "WRITE_OPERATION_FAILURE"


class PropexoWebhooks:
    """See adapter.targets.base.FailureHooks. secret: PROPEXO_WEBHOOK_SECRET; without it none is trusted."""

    def __init__(self, secret: str | None) -> None:
        self._secret = secret

    def read(self, body: bytes, headers: Headers) -> FailedWrite | None:
        verify(body, headers.get("propexo-signature", ""), self._secret)
        return read(body)


def verify(body: bytes, signature: str, secret: str | None) -> None:
    """Errors: UntrustedHook unless `propexo-signature` is the hex HMAC-SHA256 of the body as it came."""
    if not secret or not secret.strip():  # anybody can sign with an empty key
        raise UntrustedHook(
            "PROPEXO_WEBHOOK_SECRET is not set: without it no webhook of Propexo can be trusted"
        )
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.strip().lower().encode()):
        raise UntrustedHook("the propexo-signature does not fit PROPEXO_WEBHOOK_SECRET")


def read(body: bytes) -> FailedWrite | None:
    """The failed write; None for any other trigger. Both shapes are known: wrapped in data, and flat.

    Errors: MalformedHook.
    """
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise MalformedHook("the webhook is not JSON") from error
    except RecursionError as error:
        raise MalformedHook("the webhook is nested too deeply") from error
    if not all(_can_be_stored(text) for text in _texts(payload)):
        raise MalformedHook("the webhook holds a NUL or half a character, which no database takes")
    if not isinstance(payload, dict):
        raise MalformedHook("the webhook is not a JSON object")
    wrapped = payload.get("data")
    data = wrapped if isinstance(wrapped, dict) else payload
    if FAILURE not in (payload.get("trigger"), data.get("event"), payload.get("event")):
        return None
    job_id = data.get("root_job_id")
    if not isinstance(job_id, str) or not job_id:
        raise MalformedHook("the webhook names no root_job_id")
    errors = data.get("errors")
    words = "; ".join(str(error) for error in errors) if isinstance(errors, list) else ""
    return FailedWrite(cut(job_id), cut(words))


def _texts(payload: Any) -> Iterator[str]:
    """Every text in a JSON value, however deep."""
    values = [payload]
    while values:
        value = values.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            values += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            values += value


def _can_be_stored(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= mark <= "\udfff" for mark in text)
