"""What does a written event say that turned out to be otherwise?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapter.domain.summary import CallSummary

# Clocks and roundings make moments differ by so much.
SAME_MOMENT_SECONDS = 2.0


def told(summary: CallSummary, other: str | None) -> dict[str, Any]:
    """What an event says of its call; kept with it, so that a later correction can name what was wrong.

    other: the number of the other side.
    """
    return {
        "outcome": summary.outcome.value,
        "talk_seconds": summary.talk_seconds,
        "started_at": summary.started_at.isoformat(),
        "other": other,
    }


def stands_wrong(then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """What an event that told `then` says wrongly, if `now` is right; None if it says nothing wrong."""
    wrong = []
    if then["outcome"] != now["outcome"]:
        was, is_ = (str(each["outcome"]).replace("_", " ") for each in (then, now))
        wrong.append(f"{was} (it was {is_})")
    if then["talk_seconds"] != now["talk_seconds"]:
        wrong.append(f"{then['talk_seconds']} s of talk (it was {now['talk_seconds']} s)")
    began, begins = (datetime.fromisoformat(each["started_at"]) for each in (then, now))
    if abs((begins - began).total_seconds()) > SAME_MOMENT_SECONDS:
        wrong.append(f"begun at {_clock(began)} (it was {_clock(begins)})")
    if then["other"] != now["other"]:
        wrong.append("another person's number")
    return f"the event in the PMS says: {', '.join(wrong)}" if wrong else None


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
