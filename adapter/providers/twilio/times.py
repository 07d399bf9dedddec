"""How does Twilio write a moment? As RFC 2822, in hooks and in its API."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from adapter.text.untrusted import cut


def moment(text: object) -> datetime | None:
    """Return the moment in UTC, or None for what is blank or no time."""
    if not text:
        return None
    try:
        parsed = parsedate_to_datetime(cut(str(text)))
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
