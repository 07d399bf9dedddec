"""How does Acme tell a story? It has one kind of hook, about the call or a leg of it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlencode

from adapter.sandbox.stories import End, Moment, ToldCall, What
from tests.support.acme.hooks import SIGNATURE, signature_of

STATES = {
    End.COMPLETED: "done",
    End.NO_ANSWER: "missed",
    End.BUSY: "busy",
    End.CANCELED: "missed",
}
GOING_ON = {What.RINGS: "ringing", What.PICKED_UP: "talking"}


class AcmeTeller:
    """See adapter.sandbox.stories.Teller."""

    untold: Collection[str] = ("abandoned", "voicemail", "queue", "conference", "machine")
    settings = "ACME_KEY"

    def __init__(self, account: str, key: str) -> None:
        self._account = account
        self._key = key

    def new_id(self) -> str:
        return f"c-{uuid.uuid4().hex}"

    def hooks(self, moment: Moment, call: ToldCall) -> Sequence[Mapping[str, str]]:
        if moment.what is What.FORWARDED and moment.end is not End.COMPLETED:
            return ()  # the legs told it
        is_leg = moment.phone > 0 and moment.what is not What.RECORDING
        params = _leg(moment, call) if is_leg else _call(call)
        if moment.what is What.RECORDING:
            return [{**params, "state": "done", "recording": f"r-{call.id}"}]
        state = GOING_ON.get(moment.what) or STATES[moment.end]
        if state == "done":
            params = {**params, "seconds": str(moment.seconds)}
        if moment.what not in GOING_ON:
            params = {**params, "ended": call.when(moment).isoformat()}
        return [{"account": self._account, **params, "state": state}]

    def signed(self, url: str, params: Mapping[str, str]) -> tuple[Mapping[str, str], bytes]:
        body = urlencode({"account": self._account, **params}).encode()
        kind = "application/x-www-form-urlencoded"
        return {"Content-Type": kind, SIGNATURE: signature_of(body, self._key)}, body


def _call(call: ToldCall) -> dict[str, str]:
    ends = (call.line, call.person) if call.is_outbound else (call.person, call.line)
    return {
        "call": call.id,
        "direction": "out" if call.is_outbound else "in",
        "from": ends[0],
        "to": ends[1],
        "began": call.began.isoformat(),
    }


def _leg(moment: Moment, call: ToldCall) -> dict[str, str]:
    return {
        "call": f"{call.id}-{moment.phone}",
        "parent": call.id,
        "direction": "forwarded",
        "from": call.person,
        "to": f"+1617555015{moment.phone}",
    }
