"""How do a length of time and a list of words read? For tables, pages, notes and errors alike."""

from __future__ import annotations

from collections.abc import Sequence

UNITS = (" h", " min", " s")


def duration(seconds: int, units: tuple[str, str, str] = UNITS, gap: str = " ") -> str:
    """Return the length with its units: "1 h 2 min 5 s". A part that is zero is left out."""
    counts = _hours_minutes_seconds(seconds)
    parts = [f"{count}{unit}" for count, unit in zip(counts, units, strict=True) if count]
    return gap.join(parts) or f"0{units[2]}"


def clock_duration(seconds: int | None) -> str:
    """Return the length as a clock shows it: "3:12" or "1:02:05"; "" for None."""
    if seconds is None:
        return ""
    hours, minutes, rest = _hours_minutes_seconds(seconds)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def enumeration(words: Sequence[str]) -> str:
    """Return the words as a list in a sentence: "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _hours_minutes_seconds(seconds: int) -> tuple[int, int, int]:
    return seconds // 3600, seconds // 60 % 60, seconds % 60
