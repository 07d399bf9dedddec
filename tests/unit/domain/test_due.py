"""When may a call be written: as soon as nothing can change it, and no sooner?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapter.domain.assessment import CallRules
from adapter.domain.due import (
    REORDER_SECONDS,
    UNTAKEN_SECONDS,
    RecordingLinks,
    SettlePolicy,
    best_recording,
)
from adapter.domain.lines import Line, Lines
from adapter.domain.record import (
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

LINE, AGENT, PERSON = "+16175550100", "+16175550150", "+16175550134"
POLICY = SettlePolicy(settle_seconds=10, recording_wait_seconds=300, unfinished_seconds=14_400)
PROVIDER = replace(POLICY, links=RecordingLinks.PROVIDER)
LINES = Lines(Line(integration_id="int_1", staff=frozenset({AGENT})), {LINE: Line(number=LINE)})
S = LegStatus
AT_ONCE, SETTLED, RECORDED, UNFINISHED = 0.0, 10.0, 300.0, 14_400.0


def parent(status: LegStatus | None, **facts: Any) -> Leg:
    known = {
        "direction": LegDirection.INBOUND,
        "from_number": PERSON,
        "to_number": LINE,
        "started_at": datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
        **facts,
    }
    return Leg(id="CA0", status=status, **known)


def child(status: LegStatus, leg_id: str = "CA1", **facts: Any) -> Leg:
    known = {"direction": LegDirection.DIALLED, "from_number": PERSON, "to_number": AGENT, **facts}
    return Leg(id=leg_id, parent_id="CA0", status=status, **known)


def dial(status: LegStatus, *, bridged: bool, caller_gone: bool, leg_id: str = "CA1") -> DialResult:
    seconds = 60 if bridged else None
    return DialResult(
        leg_id=leg_id,
        status=status,
        bridged=bridged,
        caller_gone=caller_gone,
        duration_seconds=seconds,
    )


def recording(recording_id: str = "RE1", **facts: Any) -> Recording:
    known = {"url": "https://x", "duration_seconds": 20, "state": RecordingState.COMPLETE, **facts}
    return Recording(id=recording_id, **known)


MESSAGE = recording(source=RecordingSource.VOICEMAIL)
TALK = recording(source=RecordingSource.CONVERSATION)


def record(*parts: Leg | DialResult | Recording | QueueStay, transcript: str = "") -> CallRecord:
    return CallRecord(
        provider="twilio",
        account="AC0",
        call_id="CA0",
        legs={part.id: part for part in parts if isinstance(part, Leg)},
        dials={part.leg_id: part for part in parts if isinstance(part, DialResult)},
        recordings={part.id: part for part in parts if isinstance(part, Recording)},
        queues={part.queue_id: part for part in parts if isinstance(part, QueueStay)},
        transcripts={"RE1": transcript} if transcript else {},
    )


def delay(known: CallRecord, policy: SettlePolicy = POLICY) -> float:
    return CallRules(LINES, policy).assess(known).delay_seconds


OUT = {"direction": LegDirection.OUTBOUND, "from_number": LINE, "to_number": PERSON}
BRIDGED = dial(S.COMPLETED, bridged=True, caller_gone=True)
WAITS: dict[str, tuple[CallRecord, float]] = {
    "a call that nobody answered": (record(parent(S.NO_ANSWER)), REORDER_SECONDS),
    "a call of which it is not known when it began": (
        record(parent(S.NO_ANSWER, started_at=None)),
        SETTLED,
    ),
    "a talk of which it is not known when it began": (
        record(dial(S.COMPLETED, bridged=True, caller_gone=True)),
        SETTLED,
    ),
    "a talk after which a leg goes on": (
        record(parent(S.COMPLETED), BRIDGED, child(S.IN_PROGRESS, "CA2")),
        SETTLED,
    ),
    "a busy line": (record(parent(S.BUSY)), AT_ONCE),
    "a failed call": (record(parent(S.FAILED)), AT_ONCE),
    "a canceled call": (record(parent(S.CANCELED)), AT_ONCE),
    "an outgoing call that was answered": (
        record(parent(S.COMPLETED, duration_seconds=40, **OUT)),
        SETTLED,
    ),
    "an outgoing call that a human answered, as machine detection says": (
        record(parent(S.COMPLETED, duration_seconds=40, answered_by=AnsweredBy.HUMAN, **OUT)),
        AT_ONCE,
    ),
    "a dial that was bridged": (record(parent(S.COMPLETED), BRIDGED), AT_ONCE),
    "a caller who hung up while it rang": (
        record(parent(S.COMPLETED), dial(S.CANCELED, bridged=False, caller_gone=True)),
        AT_ONCE,
    ),
    "a caller who hung up while it rang, and since when is not known": (
        record(dial(S.CANCELED, bridged=False, caller_gone=True)),
        SETTLED,
    ),
    "a machine that picked up": (
        record(parent(S.COMPLETED, duration_seconds=9, answered_by=AnsweredBy.MACHINE, **OUT)),
        AT_ONCE,
    ),
    "no more than completed": (record(parent(S.COMPLETED, duration_seconds=40)), SETTLED),
    "a dial that nobody took, and a message may come": (
        record(parent(S.COMPLETED), dial(S.NO_ANSWER, bridged=False, caller_gone=False)),
        SETTLED,
    ),
    "a message whose text may come": (record(parent(S.COMPLETED), MESSAGE), SETTLED),
    "a message and its text": (record(parent(S.COMPLETED), MESSAGE, transcript="Hi"), SETTLED),
    "an answered call whose length is not known": (record(parent(S.COMPLETED, **OUT)), SETTLED),
    "a call that rings": (record(parent(S.RINGING)), UNFINISHED),
    "a call that goes on": (record(parent(S.IN_PROGRESS), child(S.IN_PROGRESS)), UNFINISHED),
    "a talk after which the caller is still there": (
        record(
            parent(S.IN_PROGRESS),
            dial(S.COMPLETED, bridged=True, caller_gone=False),
        ),
        SETTLED,
    ),
    "a dial that nobody took, the caller still there": (
        record(parent(S.IN_PROGRESS), dial(S.BUSY, bridged=False, caller_gone=False)),
        UNTAKEN_SECONDS,
    ),
    "phones that stopped ringing, and nobody known to have picked up": (
        record(child(S.CANCELED), child(S.CANCELED, "CA2")),
        UNTAKEN_SECONDS,
    ),
    "phones that stopped ringing, as another was picked up": (
        record(child(S.CANCELED), child(S.IN_PROGRESS, "CA2")),
        UNFINISHED,
    ),
    "a leg that talked and ended": (record(child(S.COMPLETED, duration_seconds=60)), SETTLED),
    "a queue that was left": (
        record(parent(S.IN_PROGRESS), QueueStay(exit=QueueExit.LEFT, wait_seconds=9)),
        UNTAKEN_SECONDS,
    ),
    "a talk out of a queue": (
        record(parent(S.IN_PROGRESS), QueueStay(exit=QueueExit.CONNECTED, wait_seconds=9)),
        SETTLED,
    ),
    "a recording that has begun": (
        record(parent(S.IN_PROGRESS), recording(state=RecordingState.IN_PROGRESS)),
        UNFINISHED,
    ),
    "only a recording": (record(MESSAGE), SETTLED),
}


@pytest.mark.parametrize("name", WAITS)
def test_how_long_a_call_waits(name: str) -> None:
    known, seconds = WAITS[name]
    assert delay(known) == seconds


@pytest.mark.parametrize("name", WAITS)
def test_asking_for_the_providers_link_never_shortens_the_wait(name: str) -> None:
    known, seconds = WAITS[name]
    assert delay(known, PROVIDER) >= seconds


@pytest.mark.parametrize(
    ("known", "seconds"),
    [
        (record(parent(S.COMPLETED), BRIDGED), RECORDED),
        (record(parent(S.COMPLETED), BRIDGED, TALK), AT_ONCE),
        (
            record(
                parent(S.COMPLETED),
                BRIDGED,
                recording(state=RecordingState.IN_PROGRESS, duration_seconds=None),
            ),
            RECORDED,
        ),
        (record(parent(S.NO_ANSWER)), REORDER_SECONDS),
        (record(parent(S.BUSY)), AT_ONCE),
    ],
)
def test_the_providers_link_is_waited_for_where_there_can_be_one(
    known: CallRecord, seconds: float
) -> None:
    assert delay(known, PROVIDER) == seconds


def test_an_unfinished_call_waits_longer_than_a_call_can_last() -> None:
    """Twilio ends a call after 4 hours; one that is still going on must not be written."""
    assert SettlePolicy().unfinished_seconds > 4 * 3600


def test_an_answered_leg_alone_waits_for_the_result_of_its_dial() -> None:
    """It may say that the phone was picked up and the call turned down at the whisper."""
    assert delay(record(child(S.COMPLETED, duration_seconds=6))) >= SETTLED


def test_a_click_to_call_waits_for_the_leg_that_leads_to_the_person() -> None:
    """The agent's leg ends together with the person's; either may be reported first."""
    agents_leg = parent(S.COMPLETED, duration_seconds=60, **{**OUT, "to_number": AGENT})
    assert delay(record(agents_leg)) >= SETTLED


@pytest.mark.parametrize(
    ("recordings", "best"),
    [
        ([], None),
        ([recording("RE1", duration_seconds=5), recording("RE2", duration_seconds=9)], "RE2"),
        ([recording("RE1", duration_seconds=None), recording("RE2", duration_seconds=1)], "RE2"),
        ([recording("RE1"), recording("RE2")], "RE2"),
        ([recording("RE1", url=None)], "RE1"),  # its id alone leads to it
        *(
            ([recording("RE1", duration_seconds=99, state=state), recording("RE2")], "RE2")
            for state in RecordingState
            if state is not RecordingState.COMPLETE
        ),
    ],
)
def test_the_longest_complete_recording_is_the_calls(
    recordings: list[Recording], best: str | None
) -> None:
    found = best_recording(record(*recordings))
    assert (found.id if found else None) == best
