"""What does Twilio's REST API know of the calls of a run, and from when on?

It knows more than the hooks: of a hook that is given up, the API still has what it would have told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter

from tests.faults.traffic import ACCOUNT, Hook, SentCall
from tests.support.twilio_api import FakeTwilio

ENDS = ("completed", "no-answer", "busy")
# What happens in a call happens so many seconds after what happened before.
BETWEEN_SECONDS = 0.1

Change = tuple[float, Callable[[FakeTwilio], object]]


def keep_current(twilio: FakeTwilio, begins: Sequence[tuple[float, SentCall]]) -> threading.Thread:
    """Let the API learn of each call and leg when it begins, and of its end when it ends.

    begins: when each call begins, in epoch seconds. The thread ends with the last call.
    """
    changes = sorted(
        (change for begin, call in begins for change in _changes(call, begin)), key=itemgetter(0)
    )

    def work() -> None:
        for at, change in changes:
            time.sleep(max(at - time.time(), 0))
            change(twilio)

    thread = threading.Thread(target=work, name="call-list", daemon=True)
    thread.start()
    return thread


def _changes(call: SentCall, begin: float) -> Iterator[Change]:
    """Yield what changes in the API's lists because of this call."""
    hooks = [params for _, params in call.hooks]
    ended_at = datetime.fromtimestamp(begin + BETWEEN_SECONDS * len(hooks), UTC)
    for sid in dict.fromkeys(params["CallSid"] for params in hooks):
        mine = [params for params in hooks if params["CallSid"] == sid]
        yield from _call_changes(sid, mine, begin, ended_at)
    for params in hooks:
        if "RecordingSid" in params:
            yield ended_at.timestamp(), _add_recording(params, ended_at)


def _call_changes(
    sid: str, hooks: Sequence[Hook], begin: float, ended_at: datetime
) -> Iterator[Change]:
    last = next(h for h in hooks if "CallDuration" in h and h.get("CallStatus") in ENDS)
    seconds = int(last["CallDuration"])
    fields = {
        "parent_call_sid": last.get("ParentCallSid"),
        "direction": last["Direction"],
        "from": last["From"],
        "to": last["To"],
    }
    started_at = ended_at - timedelta(seconds=seconds)
    ended = {"status": last["CallStatus"], "duration": str(seconds), **fields}
    yield (
        begin,
        lambda twilio: twilio.add_call(ACCOUNT, sid, started=started_at, ended=None, **fields),
    )
    yield (
        ended_at.timestamp(),
        lambda twilio: twilio.add_call(ACCOUNT, sid, started=started_at, ended=ended_at, **ended),
    )


def _add_recording(params: Mapping[str, str], ended_at: datetime) -> Callable[[FakeTwilio], object]:
    return lambda twilio: twilio.add_recording(
        ACCOUNT,
        params["CallSid"],
        params["RecordingSid"],
        started=ended_at,
        files={},
        duration=params.get("RecordingDuration", "30"),
        source=params.get("RecordingSource", "RecordVerb"),
    )
