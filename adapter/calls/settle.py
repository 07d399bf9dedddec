"""When may a call be written? (design.md section 5)"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapter.calls.facts import CallRecord, Recording, RecordingState
from adapter.calls.outcome import Ending, Outcome


class RecordingLinks(StrEnum):
    """What link to a recording an event carries: the adapter's own page, or the provider's URL."""

    ADAPTER = "adapter"
    PROVIDER = "provider"


@dataclass(frozen=True)
class SettlePolicy:
    """Waits in seconds. unfinished: how long after its last hook a call without an end is looked at."""

    settle_seconds: float = 10.0
    recording_wait_seconds: float = 300.0
    links: RecordingLinks = RecordingLinks.ADAPTER
    # A call may last 4 hours unless its TwiML says otherwise (`<Dial timeLimit>`, default 14,400 s).
    unfinished_seconds: float = 4 * 3600 + 600


def best_recording(record: CallRecord) -> Recording | None:
    """The call's recording: the longest complete one. Absent, failed and deleted ones do not count."""
    complete = [r for r in record.recordings.values() if r.state is RecordingState.COMPLETE]
    return max(complete, key=lambda r: (r.duration_seconds or 0, r.id), default=None)


def settle_delay(record: CallRecord, ending: Ending, policy: SettlePolicy) -> float:
    """How many seconds after its end (or, while it goes on, after its last hook) a call is due."""
    if not record.is_over:
        if ending.outcome is Outcome.ANSWERED and record.dials:
            return policy.settle_seconds  # the dial ended; only the end of the parent is not told
        if record.dials or record.recordings:
            return max(policy.settle_seconds, policy.recording_wait_seconds)
        return policy.unfinished_seconds
    if record.parent.status is None and not record.dials:
        # Only dialled legs reported; their parent is likely to follow. Where none of them talked,
        # another may: of a ring-all the others are canceled when one picks up, a hunt goes on.
        if ending.outcome is Outcome.ANSWERED:
            return policy.settle_seconds
        return max(policy.settle_seconds, policy.recording_wait_seconds)
    if ending.outcome is Outcome.VOICEMAIL and not any(record.transcripts.values()):
        wait = policy.settle_seconds  # a transcription may come
    else:
        wait = 0.0 if ending.is_final else policy.settle_seconds
    if awaits_provider_link(record, ending, policy):
        return max(wait, policy.recording_wait_seconds)
    return wait


def awaits_provider_link(record: CallRecord, ending: Ending, policy: SettlePolicy) -> bool:
    """The provider's link is to be written, the call can have been recorded, and no link came yet."""
    if policy.links is not RecordingLinks.PROVIDER:
        return False
    could_be = ending.outcome in (Outcome.ANSWERED, Outcome.VOICEMAIL)
    best = best_recording(record)
    return could_be and (best is None or best.url is None)
