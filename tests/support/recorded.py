"""A call that was recorded: its signed hooks taken in, its recording laid down at the fake Twilio."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from adapter.bootstrap import Container
from adapter.domain.call import Call
from tests.support.environment import ACCOUNT, ENVIRON, LINE
from tests.support.hooks import signed
from tests.support.twilio_api import FakeTwilio

CALL = "CA00000000000000000000000000000001"
SID = "RE00000000000000000000000000000001"
MEDIA = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings"
CALLER = "+16175550134"
_CALL = {"AccountSid": ACCOUNT, "CallSid": CALL, "From": CALLER, "To": LINE, "Direction": "inbound"}


def environ_of(database_url: str, twilio: FakeTwilio) -> dict[str, str]:
    """The environment of an adapter that has this Twilio."""
    lines = f'[lines."{LINE}"]\nname = "Main Street leasing"\nproperty_id = "prop_main"\n'
    return {
        **ENVIRON,
        "DATABASE_URL": database_url,
        "TWILIO_API_BASE_URL": twilio.url,
        "ADAPTER_LINES": lines,
    }


def take_call(container: Container, ended: datetime, caller: str = CALLER) -> Call:
    """A call that was answered and ended then; no recording of it has been told of."""
    dial = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "192"}
    end = {
        "CallStatus": "completed",
        "CallDuration": "201",
        "Timestamp": format_datetime(ended),
        "CallbackSource": "call-progress-events",
    }
    take(container, {**_CALL, "From": caller, "CallStatus": "completed", **dial})
    return take(container, {**_CALL, "From": caller, **end})


def take_recording(
    container: Container,
    sid: str = SID,
    status: str = "completed",
    seconds: int = 192,
    url: str = "",
) -> Call:
    """The hook of a recording; its url at Twilio unless another one is given."""
    hook = {
        "AccountSid": ACCOUNT,
        "CallSid": CALL,
        "RecordingSid": sid,
        "RecordingUrl": url or f"https://api.twilio.com{MEDIA}/{sid}",
        "RecordingStatus": status,
        "RecordingChannels": "1",
        "RecordingSource": "DialVerb",
        **({"RecordingDuration": str(seconds)} if status == "completed" else {}),
    }
    return take(container, hook)


def take(container: Container, params: Mapping[str, str]) -> Call:
    """The call of this hook, after it was taken in."""
    container.intake.take(container.providers["twilio"], signed(params, at=datetime.now(UTC)))
    call = container.store.calls.get(f"twilio:{ACCOUNT}:{CALL}")
    assert call is not None
    return call


def link_of(container: Container, call: Call) -> str:
    """The path of the call's page."""
    return (
        "/recordings/"
        + container.links.of(call.call_id, call.link_version, key=call.key).rpartition("/")[2]
    )
