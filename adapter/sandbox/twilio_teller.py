"""How does Twilio tell a story? The hooks that it sends of each moment of a call, and its signature."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from email.utils import format_datetime
from urllib.parse import urlencode

from .stories import End, Moment, ToldCall, What
from .twilio import new_sid, places, recorded, signature_of

Params = dict[str, str]
_STATUS = {
    End.COMPLETED: "completed",
    End.NO_ANSWER: "no-answer",
    End.BUSY: "busy",
    End.CANCELED: "canceled",
}
_GOING_ON = {What.RINGS: "ringing", What.PICKED_UP: "in-progress"}
_WORDS = "Hello, I would like to see the two bedroom apartment."


class TwilioTeller:
    """See adapter.sandbox.stories.Teller. Whatever can have a callback has one."""

    untold: Collection[str] = ()
    settings = "TWILIO_AUTH_TOKEN, TWILIO_ACCOUNT_SID and PUBLIC_BASE_URL"

    def __init__(self, account: str, token: str) -> None:
        self._account = account
        self._token = token

    def new_id(self) -> str:
        return new_sid()

    def hooks(self, moment: Moment, call: ToldCall) -> Sequence[Params]:
        return [_PARAMS[moment.what](self._account, moment, call)]

    def signed(self, url: str, params: Mapping[str, str]) -> tuple[Mapping[str, str], bytes]:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature_of(url, params, self._token),
        }
        return headers, urlencode(params).encode()


def _progress(account: str, moment: Moment, call: ToldCall) -> Params:
    """The status callback of the call, or of a phone that it rang."""
    params = {
        **(_phone(account, moment, call) if moment.phone else _call(account, call)),
        "CallStatus": _GOING_ON.get(moment.what) or _STATUS[moment.end],
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "0",
        "Timestamp": format_datetime(call.when(moment)),
    }
    if moment.what in _GOING_ON:
        return params
    seconds = moment.seconds if moment.end is End.COMPLETED else 0
    return {**params, "CallDuration": str(seconds), "Duration": str(-(-seconds // 60))}


def _dial(account: str, moment: Moment, call: ToldCall) -> Params:
    """The action of a <Dial>."""
    params = {
        **_in_call(account, moment, call),
        "DialCallSid": _id("CA", call, moment.phone),
        "DialCallStatus": _STATUS[moment.end],
        "DialBridged": "true" if moment.end is End.COMPLETED else "false",
    }
    if moment.end is End.COMPLETED:
        params["DialCallDuration"] = str(moment.seconds)
    return params


def _conference(account: str, moment: Moment, call: ToldCall) -> Params:
    """The action of a <Dial><Conference>: it names no leg."""
    return {**_in_call(account, moment, call), "DialCallStatus": "answered"}


def _queue(account: str, moment: Moment, call: ToldCall) -> Params:
    """The action of an <Enqueue>."""
    return {
        **_in_call(account, moment, call),
        "QueueSid": _id("QU", call),
        "QueueResult": "bridged",
        "QueueTime": str(moment.seconds),
    }


def _message(account: str, moment: Moment, call: ToldCall) -> Params:
    """The action of a <Record>."""
    return {
        **_call(account, call),
        "CallStatus": "completed",
        **recorded(account, _id("RE", call)),
        "RecordingDuration": str(moment.seconds),
        "Digits": "hangup",
    }


def _recording(account: str, moment: Moment, call: ToldCall) -> Params:
    """The recordingStatusCallback of a <Dial>, or of a <Record> where no phone is named."""
    return {
        "AccountSid": account,
        "CallSid": call.id,
        **recorded(account, _id("RE", call)),
        "RecordingStatus": "completed",
        "RecordingDuration": str(moment.seconds),
        "RecordingChannels": "2" if moment.phone else "1",
        "RecordingSource": "DialVerb" if moment.phone else "RecordVerb",
        "ErrorCode": "0",
    }


def _transcript(account: str, moment: Moment, call: ToldCall) -> Params:
    return {
        **_call(account, call),
        "CallStatus": "completed",
        **recorded(account, _id("RE", call)),
        "TranscriptionSid": _id("TR", call),
        "TranscriptionType": "fast",
        "TranscriptionStatus": "completed",
        "TranscriptionText": _WORDS,
    }


def _machine(account: str, moment: Moment, call: ToldCall) -> Params:
    """The asyncAmdStatusCallback."""
    return {
        "AccountSid": account,
        "CallSid": call.id,
        "AnsweredBy": "machine_start",
        "MachineDetectionDuration": "2400",
    }


_PARAMS: Mapping[What, Callable[[str, Moment, ToldCall], Params]] = {
    What.RINGS: _progress,
    What.PICKED_UP: _progress,
    What.HUNG_UP: _progress,
    What.ENDED: _progress,
    What.FORWARDED: _dial,
    What.CONFERENCE: _conference,
    What.QUEUE: _queue,
    What.MACHINE: _machine,
    What.MESSAGE: _message,
    What.RECORDING: _recording,
    What.TRANSCRIPT: _transcript,
}


def _call(account: str, call: ToldCall) -> Params:
    caller, called = (call.line, call.person) if call.is_outbound else (call.person, call.line)
    direction = "outbound-api" if call.is_outbound else "inbound"
    return _leg(account, call.id, caller, called, direction)


def _in_call(account: str, moment: Moment, call: ToldCall) -> Params:
    """What an action says of the call, which goes on if the caller is still there."""
    status = "completed" if moment.is_caller_gone else "in-progress"
    return {**_call(account, call), "CallStatus": status}


def _phone(account: str, moment: Moment, call: ToldCall) -> Params:
    phone = f"+1617555015{moment.phone}"
    leg = _leg(account, _id("CA", call, moment.phone), call.person, phone, "outbound-dial")
    return {**leg, "ParentCallSid": call.id}


def _leg(account: str, sid: str, caller: str, called: str, direction: str) -> Params:
    ends = {"From": caller, "Caller": caller, "To": called, "Called": called}
    base = {"AccountSid": account, "ApiVersion": "2010-04-01", "CallSid": sid}
    return {**base, **ends, **places(), "Direction": direction}


def _id(prefix: str, call: ToldCall, which: int = 0) -> str:
    """The same id whenever the same call is told: a hook that is sent again is the same hook."""
    return prefix + hashlib.sha256(f"{prefix}{call.id}{which}".encode()).hexdigest()[:32]
