"""What does the page of a call say?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from adapter.domain.assessment import ending_of
from adapter.domain.call import Call
from adapter.domain.lines import Lines
from adapter.domain.outcome import Outcome
from adapter.domain.phone import Hidden, e164, hidden, pretty
from adapter.domain.record import RecordingState
from adapter.text.phrases import duration

# The hook of a recording, and the file itself, may come so long after the end of the call.
SOON = timedelta(minutes=15)
# A call lasts 4 hours at most, unless whoever set up the line allows more.
LONGEST_CALL = timedelta(hours=5)

_OUTCOMES = {
    Outcome.ANSWERED: "answered",
    Outcome.NO_ANSWER: "not answered",
    Outcome.BUSY: "busy",
    Outcome.VOICEMAIL: "voicemail",
    Outcome.ABANDONED: "caller hung up before anyone answered",
    Outcome.FAILED: "could not be connected",
    Outcome.DISCONNECTED: "number not in service",
}


class Listen(StrEnum):
    """Whether there is something to hear. `say` gives what the page says instead, or beside it."""

    READY = ""
    NOT_READY = "The recording is not ready yet. Open this page again in a few minutes."
    NONE = "There is no recording of this call."
    DELETED = "The recording was deleted at {provider}."
    UNREACHABLE = (
        "{provider} does not answer right now. If the recording does not play, try again later."
    )
    REFUSED = (
        "{provider} refuses to hand out the recording. Please tell whoever runs the call adapter: its log "
        "says why."
    )
    UNKNOWN = (
        "The call adapter is not connected to {provider} any more, where the recording is kept."
    )

    def say(self, provider: str) -> str:
        """Return the words for people. provider: the provider's name as people write it."""
        return self.value.format(provider=provider)


def is_playable(listen: Listen) -> bool:
    """Return whether the page shows a player."""
    return listen in (Listen.READY, Listen.UNREACHABLE)


@dataclass(frozen=True)
class Page:
    """What the page shows. facts: label and words, in order."""

    title: str
    facts: Sequence[tuple[str, str]]


def missing(call: Call, now: datetime) -> Listen:
    """Return what is said of a call without a complete recording."""
    states = {recording.state for recording in call.record.recordings.values()}
    if RecordingState.DELETED in states:
        return Listen.DELETED
    if states & {RecordingState.IN_PROGRESS, None}:
        return Listen.NOT_READY
    if states:  # absent or failed
        return Listen.NONE
    return Listen.NOT_READY if _is_fresh(call, now) else Listen.NONE


def not_there(call: Call, now: datetime) -> Listen:
    """Return what is said of a recording that the provider does not have: deleted, or not ready yet."""
    return Listen.NOT_READY if _is_fresh(call, now) else Listen.DELETED


def _is_fresh(call: Call, now: datetime) -> bool:
    if call.over_at is None:
        return now - call.first_seen_at < LONGEST_CALL
    return now - call.over_at < SOON


def page(call: Call, lines: Lines) -> Page:
    """Return what the page shows. Many people read a PMS's notes, so the other side's number is masked."""
    line = lines.by_number.get(call.line or "")
    way = {"inbound": "Incoming call", "outbound": "Outgoing call"}.get(
        call.direction or "", "Call"
    )
    outcome = _OUTCOMES.get(Outcome(call.outcome)) if call.outcome else None
    if call.over_at is None and outcome is None:
        outcome = "not over yet"
    zone = ZoneInfo((line or lines.defaults).timezone)
    facts = [
        ("When", _moment(call.started_at or call.first_seen_at, zone)),
        ("Outcome", outcome[0].upper() + outcome[1:] if outcome else "Not known"),
    ]
    if call.talk_seconds:
        is_message = call.outcome == Outcome.VOICEMAIL
        label = "Length of the message" if is_message else "Talk time"
        up_to = "up to " if ending_of(call.record, lines).is_at_most else ""
        facts.append((label, f"{up_to}{duration(call.talk_seconds)}"))
    ours = pretty(call.line) if call.line else "Not known"
    facts.append(("Our line", f"{line.name}, {ours}" if line and line.name else ours))
    facts.append(("Caller" if call.direction == "inbound" else "Other side", masked(call.other)))
    return Page(way, facts)


def masked(raw: str | None) -> str:
    """Return a number in words that show its last four digits only."""
    if why := hidden(raw):
        return "Number withheld" if why is Hidden.WITHHELD else "Number not available"
    number = e164(raw)
    return f"Number ending in {number[-4:]}" if number else "Number not known"


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    at = moment.astimezone(zone)
    return f"{at:%a}, {at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M %p %Z}"
