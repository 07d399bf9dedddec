"""What do people read in a message about alerts? No number, no name of a person, and a link to the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from adapter.domain.alert_life import FLAPS, Alert, Note
from adapter.domain.alert_rules import title_of
from adapter.text.phrases import duration


def title_of_message(note: Note, alerts: Sequence[Alert]) -> str:
    """Return the first line of a message about these alerts. They are not empty."""
    what = title_of(alerts[0].key) if len(alerts) == 1 else f"{len(alerts)} alerts"
    return {
        Note.OPENED: f"Alert: {what}",
        Note.REMINDER: f"Still open: {what}",
        Note.STILL_OPEN: f"Still open: {what}",
        Note.FLAPPING: f"It comes and goes: {what}",
        Note.RESOLVED: f"Resolved: {what}",
    }[note]


def body_of_message(note: Note, alerts: Sequence[Alert], page: str, now: datetime) -> str:
    """Return the text of a message about these alerts. page: the address of the page of alerts."""
    words = [_words(note, alert, now) for alert in alerts]
    if len(alerts) > 1:
        words = [f"- {title_of(a.key)}: {text}" for a, text in zip(alerts, words, strict=True)]
    return "\n".join([*words, page])


def lasted(alert: Alert, now: datetime) -> str:
    """Return how long the trouble of an alert lasted, or has lasted by now."""
    until = alert.over_at if alert.resolved_at else now
    seconds = max(int((until - (alert.began_at or alert.opened_at)).total_seconds()), 0)
    return duration(seconds - seconds % 60 if seconds >= 3600 else seconds)


def state_words(alert: Alert, now: datetime) -> str:
    """Return how an alert stands, in a few words."""
    if alert.resolved_at is not None:
        return "resolved"
    parts = ["open"]
    if alert.is_flapping:
        parts.append("comes and goes")
    if alert.acknowledged_by is not None:
        parts.append(f"acknowledged by {alert.acknowledged_by}")
    if alert.is_snoozed(now):
        parts.append(f"snoozed by {alert.snoozed_by}" if alert.snoozed_by else "snoozed")
    return ", ".join(parts)


def calls_words(hit: int, written: int) -> str:
    """Return how many calls were hit, and how many of them are written."""
    if not hit:
        return "No call is known to be hit."
    calls = "1 call was hit" if hit == 1 else f"{hit} calls were hit"
    if written == hit:
        return f"{calls}; {'it is' if hit == 1 else 'all are'} written by now."
    if not written:
        return f"{calls}; none is written yet."
    return f"{calls}; {written} of them {'is' if written == 1 else 'are'} written by now."


def _words(note: Note, alert: Alert, now: datetime) -> str:
    if note is Note.RESOLVED:
        calls = calls_words(alert.calls_hit, alert.calls_written)
        return f"It lasted {lasted(alert, now)}. {calls}"
    if note is Note.FLAPPING:
        return (
            f"{alert.words}\nIt opened {FLAPS} times within an hour: nothing more is said until it stays open "
            "or stays away for an hour."
        )
    if note is Note.OPENED:
        return alert.words
    return f"{alert.words}\nOpen for {lasted(alert, now)}."
