"""Does the stand-in for Twilio's API know the calls that it was told of, and no other?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapter.domain.record import LegStatus
from adapter.errors import PermanentError
from adapter.providers.twilio.rest import TwilioRest
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.sandbox.call_list import CallList
from adapter.sandbox.twilio import ACCOUNT, hook, new_sid


def told(kind: str, sid: str, seconds: int = 42) -> dict[str, str]:
    caller, called = "+16175550134", "+16175550100"
    return hook(kind, call=sid, account=ACCOUNT, seconds=seconds, caller=caller, called=called)


def test_a_call_that_ended_is_known_by_what_its_hook_told() -> None:
    sid, calls = new_sid(), CallList()
    calls.add_ended(told("dial", sid))
    calls.add_ended(told("answered", sid, 75))
    app = create_sandbox(SandboxState(), api_key="key", call_list=calls)
    with SandboxServer(app) as server:
        rest = TwilioRest(base_url=server.url, tokens=lambda account: ["any"])
        leg = rest.leg(ACCOUNT, sid)
        assert leg is not None
        assert (leg.status, leg.duration_seconds) == (LegStatus.COMPLETED, 75)
        assert leg.started_at and leg.ended_at
        assert leg.ended_at - leg.started_at == timedelta(seconds=75)
        assert rest.leg(ACCOUNT, new_sid()) is None
        assert rest.leg("AC" + "9" * 32, sid) is None
        assert rest.legs_dialled_by(ACCOUNT, sid) == []
        assert rest.recordings_of(ACCOUNT, sid) == []


def test_nothing_else_of_twilios_api_is_there() -> None:
    with SandboxServer(create_sandbox(SandboxState(), api_key="key")) as server:
        rest = TwilioRest(base_url=server.url, tokens=lambda account: ["any"])
        with pytest.raises(PermanentError) as refused:
            list(rest.rows(ACCOUNT, "/Conferences.json", "conferences"))
        assert refused.value.status == 404
