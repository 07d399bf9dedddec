"""What is there to say of a call? The record and what follows from it become the summary for a target."""

from __future__ import annotations

from adapter.domain.assessment import Assessment
from adapter.domain.call import Call
from adapter.domain.call_links import Links
from adapter.domain.due import RecordingLinks, SettlePolicy, best_recording
from adapter.domain.lines import Line
from adapter.domain.parties import Direction
from adapter.domain.record import CallRecord
from adapter.domain.summary import CallSummary
from adapter.providers.media import Media


def summarize(
    call: Call,
    record: CallRecord,
    assessment: Assessment,
    line: Line,
    *,
    links: Links,
    policy: SettlePolicy,
    media: Media | None,
) -> CallSummary:
    """Return the call in our words.

    The link leads to the adapter's own page, or to the provider's recording if the policy wants that and it is
    known. media: the provider's; None if the adapter does not have this provider any more.
    """
    end = assessment.ending
    inbound = assessment.parties.direction is Direction.INBOUND
    other = assessment.parties.other.number or assessment.parties.other.raw or "unknown"
    ours = assessment.parties.line or _our_side(record, inbound) or "unknown"
    recording = best_recording(record)
    link = links.of(call.call_id, call.link_version, key=call.key)
    if policy.links is RecordingLinks.PROVIDER and media and recording and recording.url:
        link = media.browser_url(recording.url)
    return CallSummary(
        reference=call.call_id,
        direction=assessment.parties.direction,
        outcome=end.outcome,
        assumed=end.assumed,
        because=end.because,
        talk_seconds=end.talk_seconds,
        is_at_most=end.is_at_most,
        started_at=min(record.began_at or call.first_seen_at, call.first_seen_at),
        from_number=other if inbound else ours,
        to_number=ours if inbound else other,
        link=link,
        has_recording=recording is not None,
        transcript=max(record.transcripts.values(), key=len, default=""),
        line_name=line.name,
    )


def _our_side(record: CallRecord, inbound: bool) -> str | None:
    """Return what stands for our line where the provider did not tell its number."""
    legs = [record.parent, *record.children]
    names = [leg.to_number if inbound else leg.from_number for leg in legs]
    return next((name for name in names if name), None)
