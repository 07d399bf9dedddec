"""When may a call be written? `settle_delay` is the wait in which more may become known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapter.domain.out_of_queue import connected_stays
from adapter.domain.outcome import MACHINE, NOT_PICKED_UP, Ending, Outcome
from adapter.domain.record import CallRecord, Recording, RecordingState

# Hooks of one moment come in any order. Where the caller never got past ringing, the result of a dial may
# follow that says who gave up: so long is waited for it.
REORDER_SECONDS = 0.4
# After a phone that nobody took, or a queue that the caller left, a call mostly goes on: another phone, a
# message. So long is waited for the hooks of that before the provider is asked.
UNTAKEN_SECONDS = 60.0


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
    # A call may last 4 hours, unless whoever set up the line allows more.
    unfinished_seconds: float = 4 * 3600 + 600


def best_recording(record: CallRecord) -> Recording | None:
    """The call's recording: the longest complete one. Absent, failed and deleted ones do not count."""
    complete = [r for r in record.recordings.values() if r.state is RecordingState.COMPLETE]
    return max(complete, key=lambda r: (r.duration_seconds or 0, r.id), default=None)


def settle_delay(
    record: CallRecord, ending: Ending, policy: SettlePolicy, *, is_open: bool = False
) -> float:
    """How many seconds after its end (or, while it goes on, after its last hook) a call is due.

    is_open: something is left to be asked of the provider (adapter.domain.questions).
    """
    if not record.is_over or (record.parent.status is None and not record.dials):
        return _wait_for_end(record, policy)
    is_message = ending.outcome is Outcome.VOICEMAIL and ending.rule != MACHINE
    if is_message and not any(record.transcripts.values()):
        wait = policy.settle_seconds  # a transcription may come
    else:
        at_once = REORDER_SECONDS if ending.rule == NOT_PICKED_UP else 0.0
        wait = at_once if ending.is_final and not is_open else policy.settle_seconds
        wait = min(wait, policy.settle_seconds)
    if awaits_provider_link(record, ending, policy):
        return max(wait, policy.recording_wait_seconds)
    return wait


def _wait_for_end(record: CallRecord, policy: SettlePolicy) -> float:
    """How many seconds after its last hook the provider is asked whether the call has ended.

    That is soon after what mostly ends it: a conversation, a message. It is later after phones that nobody
    took: of a ring-all they are canceled when another one is picked up. While a phone is known to be
    connected, the provider is not asked: the end of that is told, or reconciliation finds it.
    """
    if record.goes_on:
        return policy.unfinished_seconds
    has_talked = any(dial.is_connected for dial in record.dials.values()) or record.picked_up_legs
    states = {recording.state for recording in record.recordings.values()}
    if has_talked or connected_stays(record) or states - {RecordingState.IN_PROGRESS}:
        return policy.settle_seconds
    if record.dials or record.queues or any(leg.is_over for leg in record.children):
        return max(policy.settle_seconds, UNTAKEN_SECONDS)
    return policy.unfinished_seconds


def awaits_provider_link(record: CallRecord, ending: Ending, policy: SettlePolicy) -> bool:
    """The provider's link is to be written, the call can have been recorded, and no link came yet."""
    if policy.links is not RecordingLinks.PROVIDER:
        return False
    could_be = ending.outcome in (Outcome.ANSWERED, Outcome.VOICEMAIL)
    best = best_recording(record)
    return could_be and (best is None or best.url is None)
