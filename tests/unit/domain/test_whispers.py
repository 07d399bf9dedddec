"""Was a leg of which no dial reported talked on, or turned down at a whisper?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapter.domain import whispers
from adapter.domain.conversation import Span
from adapter.domain.record import Leg, LegStatus

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after the dial began that connected somebody for 60 s."""
    return NOW + timedelta(seconds=seconds)


DIAL: Span = (at(0), at(60))
OTHER = Leg(id="CA2", created_at=at(-5))


def leg(ended: float | None, seconds: int | None, *, started: float | None = None) -> Leg:
    return Leg(
        id="CA1",
        status=LegStatus.COMPLETED,
        duration_seconds=seconds,
        started_at=None if started is None else at(started),
        ended_at=None if ended is None else at(ended),
    )


@pytest.mark.parametrize(
    ("leg", "dials", "is_talk"),
    [
        (leg(-10, 6), [DIAL], True),
        (leg(-10, 5), [DIAL], False),
        (leg(-10, 6), [], False),
        (leg(100, 3, started=97), [DIAL], True),
        (leg(100, 3), [DIAL], True),
        (leg(30, 20), [DIAL], False),
        (leg(None, 20), [DIAL], False),
    ],
    ids=[
        "before the other was dialled", "for a moment", "no dial reported", "after the dial",
        "after it, by its length", "while others talked", "nobody knows when",
    ],
)  # fmt: skip
def test_a_leg_was_talked_on_if_nobody_else_could_be_talking(
    leg: Leg, dials: list[Span], is_talk: bool
) -> None:
    assert whispers.was_talked_on(leg, dials, [OTHER]) is is_talk


@pytest.mark.parametrize(
    ("ended", "created", "may_have"),
    [
        (-10, -5, True),
        (-2, -5, False),
        (-2, None, True),
        (20, None, False),
        (None, -5, False),
        (None, None, False),
    ],
)
def test_a_leg_may_have_come_before_the_others(
    ended: float | None, created: float | None, may_have: bool
) -> None:
    """created: when the other leg began to be dialled. None: nobody told, and only its talk dates it."""
    other = OTHER.model_copy(update={"created_at": None if created is None else at(created)})
    assert whispers.may_have_come_before(leg(ended, 4), [DIAL], [other]) is may_have
