"""What does a Twilio voice hook state? Kinds are told apart by their parameters, values by tables.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback and the pages of each verb.
What stands in the place of a number that is hidden: https://help.twilio.com/articles/223179988; for WhatsApp:
https://www.twilio.com/docs/voice/whatsapp-business-calling. adapter.domain.phone reads these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from adapter.domain.record import (
    UNNAMED_LEG,
    UNNAMED_QUEUE,
    UNNAMED_RECORDING,
    AnsweredBy,
    CallRecord,
    DialResult,
    Leg,
    LegDirection,
    LegStatus,
    QueueExit,
    QueueStay,
    Recording,
    RecordingSource,
    RecordingState,
)
from adapter.errors import UnreadableHook
from adapter.providers.base import (
    ConferenceRecording,
    HookContent,
    HookKind,
    ParsedHook,
    UnusedHook,
)
from adapter.providers.twilio.times import moment

STATUS = {
    "queued": LegStatus.QUEUED,
    "initiated": LegStatus.INITIATED,
    "ringing": LegStatus.RINGING,
    "in-progress": LegStatus.IN_PROGRESS,
    "answered": LegStatus.IN_PROGRESS,
    "completed": LegStatus.COMPLETED,
    "busy": LegStatus.BUSY,
    "failed": LegStatus.FAILED,
    "no-answer": LegStatus.NO_ANSWER,
    "canceled": LegStatus.CANCELED,
}
# `answered` here is a <Conference> that was joined; it has no leg of its own.
DIAL_STATUS = {**STATUS, "answered": LegStatus.COMPLETED}
DIRECTION = {
    "inbound": LegDirection.INBOUND,
    "outbound-api": LegDirection.OUTBOUND,
    "outbound-dial": LegDirection.DIALLED,
    "trunking-terminating": LegDirection.OUTBOUND,
    "trunking-originating": LegDirection.INBOUND,
}
ANSWERED_BY = {
    "human": AnsweredBy.HUMAN,
    "machine": AnsweredBy.MACHINE,
    "machine_start": AnsweredBy.MACHINE,
    "machine_end_beep": AnsweredBy.MACHINE,
    "machine_end_silence": AnsweredBy.MACHINE,
    "machine_end_other": AnsweredBy.MACHINE,
    "fax": AnsweredBy.FAX,
    "unknown": AnsweredBy.UNKNOWN,
}
RECORDING_STATE = {
    "in-progress": RecordingState.IN_PROGRESS,
    "processing": RecordingState.IN_PROGRESS,
    "paused": RecordingState.IN_PROGRESS,
    "stopped": RecordingState.IN_PROGRESS,
    "completed": RecordingState.COMPLETE,
    "absent": RecordingState.ABSENT,
    "failed": RecordingState.FAILED,
    "deleted": RecordingState.DELETED,
}
# https://www.twilio.com/docs/voice/twiml/enqueue#attributes-action-parameters
QUEUE_RESULT = {
    "bridged": QueueExit.CONNECTED,
    "bridging-in-process": QueueExit.CONNECTED,
    "redirected-from-bridged": QueueExit.CONNECTED,
    "redirected": QueueExit.REDIRECTED,
    "hangup": QueueExit.HUNG_UP,
    "leave": QueueExit.LEFT,
    "queue-full": QueueExit.FULL,
    "error": QueueExit.ERROR,
    "system-error": QueueExit.ERROR,
}
RECORDING_SOURCE = {
    "RecordVerb": RecordingSource.VOICEMAIL,
    "DialVerb": RecordingSource.CONVERSATION,
    "Conference": RecordingSource.CONVERSATION,
    "StartConferenceRecordingAPI": RecordingSource.CONVERSATION,
}
_RECORDING_ID = re.compile(r"RE[0-9a-fA-F]{32}")
_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BLANK_TRANSCRIPT = "(blank)"

Params = Mapping[str, str]
T = TypeVar("T")


# What tells a hook apart that says nothing of how a call went, and how we call it. Such hooks come to
# this address too, where one address is set for everything. None of them has the status of a call.
# https://www.twilio.com/docs/voice/twiml/conference#attributes-statusCallback, /stream, /siprec,
# /pay#statuscallback, /transcription and https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
UNUSED: Mapping[str, str] = {
    "ConferenceSid": "conference",
    "StreamSid": "stream",
    "SiprecSid": "stream",
    "TranscriptionEvent": "live transcription",
    "PaymentSid": "payment",
    "MessageSid": "message",
    "SmsSid": "message",
    "FaxSid": "fax",
}


def read_hook(params: Params, account: str, received_at: datetime | None = None) -> HookContent:
    """The facts of one hook. params: the first value of each parameter.

    Errors: UnreadableHook if it names no call, or is of no kind we know, or a value is impossible.
    """
    other = _of_no_call(params, account)
    if other is not None:
        return other
    call_sid = params.get("CallSid", "")
    parent_sid = params.get("ParentCallSid") or call_sid
    for name, sid in (("CallSid", call_sid), ("ParentCallSid", parent_sid)):
        if not _SID.fullmatch(sid):
            raise UnreadableHook(f"{name} is not an id: {sid[:40]!r}")
    kind = _kind(params)
    for name, table in (("CallStatus", STATUS), ("DialCallStatus", DIAL_STATUS)):
        if params.get(name) and _word(table, params, name) is None:
            raise UnreadableHook(f"{name} has a value that is not known: {params[name][:40]!r}")
    known: dict[str, Any] = {}
    if kind is not HookKind.RECORDING:
        leg = read_leg(params, call_sid)
        if _says_something(leg):
            known["legs"] = {call_sid: leg}
    if kind is HookKind.DIAL:
        dial = _dial(params, received_at)
        known["dials"] = {dial.leg_id: dial}
    if kind is HookKind.QUEUE:
        stay = _queue_stay(params, received_at)
        known["queues"] = {stay.queue_id: stay}
    if kind is not HookKind.MACHINE:
        recording = _recording(params, kind, received_at)
        if recording is not None:
            known["recordings"] = {recording.id: recording}
    if kind is HookKind.TRANSCRIPTION:
        text = params.get("TranscriptionText", "").strip()
        if text and text != _BLANK_TRANSCRIPT:
            known["transcripts"] = {_recording_id(params) or UNNAMED_RECORDING: text}
    if received_at is not None and not params.get("Timestamp"):
        known["begun_by"] = received_at - timedelta(seconds=_longest(params))
    facts = CallRecord(provider="twilio", account=account, call_id=parent_sid, **known)
    return ParsedHook(kind, facts)


def call_ids(params: Params) -> list[str]:
    """The ids of calls that a hook names, the call before its legs."""
    named = (params.get(name, "") for name in ("ParentCallSid", "CallSid", "DialCallSid"))
    return [sid for sid in named if _SID.fullmatch(sid)]


def _of_no_call(params: Params, account: str) -> UnusedHook | ConferenceRecording | None:
    """What a hook is that does not tell of a call; None if it does."""
    if "CallStatus" in params or "DialCallStatus" in params:
        return None
    conference_id = params.get("ConferenceSid", "")
    if "RecordingStatus" in params or "RecordingSid" in params:
        recording = _recording(params, HookKind.RECORDING, None)
        if params.get("CallSid") or recording is None or not _SID.fullmatch(conference_id):
            return None
        return ConferenceRecording("twilio", account, conference_id, recording)
    marks = (what for name, what in UNUSED.items() if name in params)
    what = next(marks, "payment" if any(n.startswith("Payment") for n in params) else None)
    if what is None:
        return None
    call_id = params.get("CallSid", "")
    is_part = bool(_SID.fullmatch(conference_id) and _SID.fullmatch(call_id))
    return UnusedHook("twilio", account, what, (conference_id, call_id) if is_part else None)


def _longest(params: Params) -> int:
    """The longest time that the hook says has passed in the call."""
    names = ("CallDuration", "DialCallDuration", "RecordingDuration", "QueueTime")
    return max(_seconds(params, name) or 0 for name in names)


def _kind(params: Params) -> HookKind:
    if "DialCallStatus" in params:
        return HookKind.DIAL
    if "QueueResult" in params:
        return HookKind.QUEUE
    if any(name.startswith("Transcription") for name in params):
        return HookKind.TRANSCRIPTION
    if "RecordingStatus" in params:
        return HookKind.RECORDING
    is_progress = params.get("CallbackSource") == "call-progress-events"
    is_final = "CallDuration" in params
    if ("RecordingSid" in params or "RecordingUrl" in params) and not is_progress and not is_final:
        return HookKind.MESSAGE
    if "CallStatus" in params:
        return HookKind.STATUS
    if "AnsweredBy" in params or "MachineDetectionDuration" in params:
        return HookKind.MACHINE
    raise UnreadableHook("none of the parameters that tell what kind of voice hook this is")


def read_leg(params: Params, sid: str) -> Leg:
    """The facts of the leg itself, also as REST reads give them once their names are translated."""
    status = _word(STATUS, params, "CallStatus")
    duration = _seconds(params, "CallDuration")
    at = moment(params.get("Timestamp"))
    ended = at if status is not None and status.is_terminal else None
    started = ended - timedelta(seconds=duration or 0) if ended else at
    return Leg(
        id=sid,
        parent_id=params.get("ParentCallSid") or None,
        direction=_word(DIRECTION, params, "Direction"),
        from_number=_text(params, "From") or _text(params, "Caller"),
        to_number=_text(params, "To") or _text(params, "Called"),
        status=status,
        duration_seconds=duration,
        answered_by=_word(ANSWERED_BY, params, "AnsweredBy"),
        sip_code=_seconds(params, "SipResponseCode"),
        caller_name=_text(params, "CallerName"),
        started_at=started,
        ended_at=ended,
    )


def _says_something(leg: Leg) -> bool:
    return any(value is not None for name, value in leg if name != "id")


def _dial(params: Params, received_at: datetime | None) -> DialResult:
    bridged = {"true": True, "false": False}.get(params.get("DialBridged", "").lower())
    parent = _word(STATUS, params, "CallStatus")
    leg_id = params.get("DialCallSid") or UNNAMED_LEG
    return DialResult(
        leg_id=leg_id if _SID.fullmatch(leg_id) else UNNAMED_LEG,
        status=_word(DIAL_STATUS, params, "DialCallStatus"),
        duration_seconds=_seconds(params, "DialCallDuration"),
        bridged=bridged,
        caller_gone=None if parent is None else parent.is_terminal,
        sip_code=_seconds(params, "DialSipResponseCode"),
        reported_at=received_at,
        made_on=params.get("CallSid") if params.get("ParentCallSid") else None,
    )


def _queue_stay(params: Params, received_at: datetime | None) -> QueueStay:
    parent = _word(STATUS, params, "CallStatus")
    return QueueStay(
        queue_id=params.get("QueueSid") or UNNAMED_QUEUE,
        exit=_word(QUEUE_RESULT, params, "QueueResult"),
        wait_seconds=_seconds(params, "QueueTime"),
        caller_gone=None if parent is None else parent.is_terminal,
        reported_at=received_at,
    )


def _recording(params: Params, kind: HookKind, received_at: datetime | None) -> Recording | None:
    recording_id = _recording_id(params)
    url = _text(params, "RecordingUrl")
    if recording_id is None:
        return None
    state = _word(RECORDING_STATE, params, "RecordingStatus")
    source = RECORDING_SOURCE.get(params.get("RecordingSource", ""))
    if source is None and "RecordingSource" in params:
        source = RecordingSource.OTHER
    if state is None and (url is not None or kind is not HookKind.RECORDING):
        state = RecordingState.COMPLETE  # hooks without a status come when the recording has ended
    if kind in (HookKind.MESSAGE, HookKind.TRANSCRIPTION):
        source = RecordingSource.VOICEMAIL  # only <Record> has an action and a transcribeCallback
    if kind is HookKind.DIAL:
        source = RecordingSource.CONVERSATION
    return Recording(
        id=recording_id,
        url=url,
        duration_seconds=_seconds(params, "RecordingDuration"),
        started_at=moment(params.get("RecordingStartTime")),
        reported_at=received_at if kind is HookKind.MESSAGE else None,
        channels=_seconds(params, "RecordingChannels"),
        source=source,
        state=state,
    )


def _recording_id(params: Params) -> str | None:
    """The RecordingSid; where only the URL came, the sid that stands in it, else the URL."""
    sid, url = params.get("RecordingSid"), params.get("RecordingUrl")
    if sid or not url:
        return sid or None
    ids = _RECORDING_ID.findall(url)
    return ids[-1] if ids else url


def _text(params: Params, name: str) -> str | None:
    return params.get(name) or None


def _word(table: Mapping[str, T], params: Params, name: str) -> T | None:
    """The value in our words; a word that Twilio has not documented is no fact."""
    return table.get(params.get(name, "").strip().lower())


def _seconds(params: Params, name: str) -> int | None:
    """A whole number; blank or absent is None, and so is what is not a number or is negative."""
    text = params.get(name, "").strip()
    if not text:
        return None
    try:
        number = int(float(text))
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 2**31 else None
