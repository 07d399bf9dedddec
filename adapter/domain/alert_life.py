"""What becomes of an alert when its rule has looked? It opens, lasts, and is resolved; and who is told when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# It flaps if it opens so often within FLAP_WINDOW. It is stable again if nothing changed for so long.
FLAPS, FLAP_WINDOW = 3, timedelta(hours=1)
DEFAULT_REMIND = timedelta(days=1)


class Note(StrEnum):
    """What people are told about an alert."""

    OPENED = "opened"
    REMINDER = "reminder"
    FLAPPING = "flapping"
    STILL_OPEN = "still open"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert: from opened_at until resolved_at, None while it lasts.

    seen_at: when its rule last named it. seen_count: how often it did. good_since: since when its rule has
    not named it. reminded_at: when people were last told that it lasts. is_flapping: it opened so often that
    nothing is said until it is stable. calls_hit: calls that it hit. calls_written: those of them that were
    written when it was resolved. began_at: when the trouble began, if that is known to be before opened_at.
    """

    id: int
    key: str
    rule: str
    words: str
    opened_at: datetime
    seen_at: datetime
    seen_count: int
    good_since: datetime | None = None
    reminded_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None
    is_flapping: bool = False
    resolved_at: datetime | None = None
    calls_hit: int = 0
    calls_written: int = 0
    began_at: datetime | None = None

    @property
    def over_at(self) -> datetime:
        """When the trouble ended, or was last seen."""
        return self.good_since or self.resolved_at or self.seen_at

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > now


def note_of_opening(
    earlier: Sequence[Alert], now: datetime
) -> tuple[Note | None, bool, datetime | None]:
    """Return what to say of an alert that opens now, whether it flaps, and until when it is snoozed.

    earlier: the alerts of the same key that were open within FLAP_WINDOW or are snoozed, the newest first.
    """
    openings = 1 + sum(now - alert.opened_at < FLAP_WINDOW for alert in earlier)
    was_flapping = bool(earlier) and earlier[0].is_flapping
    is_flapping = was_flapping or openings >= FLAPS
    snoozed = max((a.snoozed_until for a in earlier if a.snoozed_until), default=None)
    if snoozed is not None and snoozed <= now:
        snoozed = None
    if snoozed is not None or was_flapping:
        return None, is_flapping, snoozed
    return (Note.FLAPPING if is_flapping else Note.OPENED), is_flapping, None


def note_of_lasting(alert: Alert, now: datetime, remind: timedelta | None) -> Note | None:
    """Return what to say of an alert that is open and was seen again now. remind: None for no reminders."""
    if alert.is_snoozed(now):
        return None
    if alert.is_flapping:
        return Note.STILL_OPEN if now - alert.opened_at >= FLAP_WINDOW else None
    if alert.acknowledged_at is not None:
        return None
    told_at = alert.reminded_at or alert.opened_at
    if alert.snoozed_until is not None and told_at < alert.snoozed_until:
        return Note.REMINDER  # the snooze is over, and it lasts
    return Note.REMINDER if remind is not None and now - told_at >= remind else None


def is_over(alert: Alert, good_for: timedelta, now: datetime) -> bool:
    """Return whether an open alert that was not seen now is to be resolved."""
    return alert.good_since is not None and now - alert.good_since >= good_for


def note_of_end(alert: Alert) -> Note | None:
    """Return what to say of an alert that is resolved now. Of a flapping one it is said when it is stable."""
    return None if alert.is_flapping else Note.RESOLVED
