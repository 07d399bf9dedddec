"""What would Twilio send? Signed hooks of every kind, for trying things out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

import requests
from twilio.request_validator import RequestValidator

KINDS = (
    "answered",
    "missed",
    "busy",
    "voicemail",
    "dial",
    "recording",
    "machine",
    "transcription",
    "outbound",
)
# The kinds after which it is known how the call ended, though nothing else is told of it.
TELL_AN_END = frozenset({"answered", "missed", "busy", "dial", "outbound", "transcription"})
ACCOUNT = "AC" + "0" * 32


def new_sid(prefix: str = "CA") -> str:
    """A fresh id of Twilio's shape."""
    return prefix + secrets.token_hex(16)


def places() -> dict[str, str]:
    """Where the two ends of a call are, which is not known."""
    return {f"{end}{part}": "" for end in ("From", "To") for part in ("City", "Zip")}


def recorded(account: str, sid: str) -> dict[str, str]:
    """Which recording a hook tells of."""
    url = f"https://api.twilio.com/2010-04-01/Accounts/{account}/Recordings/{sid}"
    return {"RecordingSid": sid, "RecordingUrl": url}


def hook(
    kind: str,
    *,
    call: str,
    account: str,
    caller: str,
    called: str,
    seconds: int = 42,
    recording: str | None = None,
) -> dict[str, str]:
    """The parameters of one hook. kind: one of KINDS; seconds: of talk, or of the message."""
    base = {"AccountSid": account, "ApiVersion": "2010-04-01", "CallSid": call}
    ends = {"From": caller, "Caller": caller, "To": called, "Called": called}
    about_recording = recorded(account, recording or new_sid("RE"))
    if kind in ("answered", "missed", "busy", "outbound"):
        status = {"missed": "no-answer", "busy": "busy"}.get(kind, "completed")
        talked = seconds if status == "completed" else 0
        return {
            **base,
            **ends,
            **places(),
            "Direction": "outbound-api" if kind == "outbound" else "inbound",
            "CallStatus": status,
            "CallDuration": str(talked),
            "Duration": str(-(-talked // 60)),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": "0",
            "Timestamp": format_datetime(datetime.now(UTC)),
        }
    if kind == "dial":
        return {
            **base,
            **ends,
            "Direction": "inbound",
            "CallStatus": "completed",
            "DialCallSid": new_sid(),
            "DialCallStatus": "completed",
            "DialCallDuration": str(seconds),
            "DialBridged": "true",
        }
    if kind in ("recording", "voicemail"):
        return {
            **base,
            **about_recording,
            "RecordingStatus": "completed",
            "RecordingDuration": str(seconds),
            "RecordingChannels": "1",
            "RecordingSource": "RecordVerb" if kind == "voicemail" else "DialVerb",
            "ErrorCode": "0",
        }
    if kind == "transcription":
        return {
            **base,
            **ends,
            **about_recording,
            "TranscriptionSid": new_sid("TR"),
            "TranscriptionStatus": "completed",
            "TranscriptionText": "Hello, I would like to see the two bedroom apartment.",
        }
    if kind == "machine":
        return {**base, "AnsweredBy": "machine_start", "MachineDetectionDuration": "2400"}
    raise ValueError(f"no hook of kind {kind!r}; there are {', '.join(KINDS)}")


def signature_of(url: str, params: Mapping[str, str], token: str) -> str:
    """Twilio's signature of a hook that it sends to this URL."""
    return str(RequestValidator(token).compute_signature(url, dict(params)))


def send(
    url: str,
    params: Mapping[str, str],
    *,
    token: str,
    signed_url: str | None = None,
    signature: str | None = None,
    timeout: float = 15.0,
) -> requests.Response:
    """POST a hook as Twilio would. signed_url: the public URL, where it differs from the one asked."""
    if signature is None:
        signature = signature_of(signed_url or url, params, token)
    return requests.post(
        url,
        data=dict(params),
        headers={"X-Twilio-Signature": signature},
        timeout=timeout,
        allow_redirects=False,
    )


def advice(
    status: int | None,
    url: str,
    settings: str = "TWILIO_AUTH_TOKEN, TWILIO_ACCOUNT_SID and PUBLIC_BASE_URL",
) -> str:
    """What to do about an answer that is none of the adapter's good ones; None: there was no answer.

    settings: those by which a hook is signed.
    """
    if status is None:
        return "start adapter run (or web), and check PUBLIC_BASE_URL and PORT"
    if status == 403:
        return (
            f"compare {settings} here with those that the "
            "adapter was started with; its log names the URL and the account that it checked"
        )
    if status in (404, 405):
        return f"is {url} the adapter's own? Check PUBLIC_BASE_URL, --url and what listens on PORT"
    if 300 <= status < 400:
        return f"{url} redirects: set PUBLIC_BASE_URL to where the adapter itself answers"
    if status in (502, 504):
        return "a proxy answers, and not the adapter: is adapter web running behind it?"
    if status == 503:
        return (
            "the adapter cannot store it now: adapter doctor says what is wrong with the database"
        )
    return "the adapter's log says why"
