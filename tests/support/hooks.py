"""Hooks as Twilio sends them: their parameters, their signature, and the way over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.test import TestResponse

from adapter.providers.base import HookRequest
from tests.support.environment import ACCOUNT, BASE_URL, LINE, NOW, PATH, TOKEN

Pairs = Mapping[str, str] | Iterable[tuple[str, str]]


def signed(
    params: Pairs,
    *,
    token: str = TOKEN,
    method: str = "POST",
    target: str = PATH,
    base_url: str = BASE_URL,
    at: datetime = NOW,
) -> HookRequest:
    """A hook as Twilio sends and signs it. A GET's parameters are put behind the target."""
    pairs = MultiDict(params)
    form = urlencode(list(pairs.items(multi=True)))
    headers = {"Host": "calls.example.com"}
    if method == "GET":
        target = f"{target}?{form}"
        signature = sign(base_url + target, token=token)
    else:
        signature = sign(base_url + target, pairs, token=token)
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    headers["X-Twilio-Signature"] = signature
    return HookRequest(
        method, target, Headers(headers), form.encode() if method == "POST" else b"", at
    )


def sign(url: str, params: Mapping[str, Any] | None = None, *, token: str = TOKEN) -> str:
    """Twilio's signature of a request to this URL."""
    return str(RequestValidator(token).compute_signature(url, params or {}))


def send(client: FlaskClient, hook: HookRequest) -> TestResponse:
    """The answer to a hook that is sent over HTTP, its target unchanged on the way."""
    path, _, query = hook.target.partition("?")
    return client.open(
        path,
        method=hook.method,
        query_string=query,
        data=hook.body,
        headers=dict(hook.headers),
        environ_overrides={"RAW_URI": hook.target, "REQUEST_URI": hook.target},
    )


CALL = "CA" + "1" * 32


CHILD = "CA" + "2" * 32


RECORDING = "RE" + "3" * 32


CALLER, AGENT = "+16175550134", "+16175550151"


def status_hook(status: str, seconds: int = 0, **more: str) -> dict[str, str]:
    """An inbound call's status callback; more: parameters that are others."""
    return {
        "AccountSid": ACCOUNT,
        "CallSid": CALL,
        "From": CALLER,
        "To": LINE,
        "Direction": "inbound",
        "CallStatus": status,
        "CallDuration": str(seconds),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "0",
        "Timestamp": "Mon, 02 Mar 2026 15:00:00 +0000",
        **more,
    }


def dial_hook(status: str, seconds: int = 0, *, bridged: bool, parent: str) -> dict[str, str]:
    kept = {k: v for k, v in status_hook(parent).items() if k[:4] in ("Acco", "Call", "From", "To")}
    del kept["CallbackSource"], kept["CallDuration"]
    kept.pop("Timestamp", None)
    told = {"DialCallSid": CHILD, "DialCallStatus": status, "DialCallDuration": str(seconds)}
    return {**kept, "Direction": "inbound", **told, "DialBridged": str(bridged).lower()}


def recording_hook(seconds: int, **more: str) -> dict[str, str]:
    url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}"
    return {
        "AccountSid": ACCOUNT,
        "CallSid": CALL,
        "RecordingSid": RECORDING,
        "RecordingUrl": url,
        "RecordingStatus": "completed",
        "RecordingDuration": str(seconds),
        "RecordingSource": "DialVerb",
        **more,
    }


def answered_hooks(seconds: int = 42) -> list[dict[str, str]]:
    """A forwarded call that an agent took."""
    return [
        dial_hook("completed", seconds, bridged=True, parent="completed"),
        status_hook("completed", seconds + 8),
    ]
