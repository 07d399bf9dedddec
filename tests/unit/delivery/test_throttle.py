"""How long does a worker hand out no runs?"""

from __future__ import annotations

from adapter.delivery.throttle import DispatchThrottle


class Seconds:
    """A clock in seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_it_is_not_paused_at_first() -> None:
    assert DispatchThrottle(Seconds()).paused_seconds() == 0.0


def test_a_pause_lasts_as_long_as_was_said_and_then_is_over() -> None:
    clock = Seconds()
    throttle = DispatchThrottle(clock)
    throttle.pause_for(30)
    assert throttle.paused_seconds() == 30.0
    clock.now += 29.5
    assert throttle.paused_seconds() == 0.5
    clock.now += 1
    assert throttle.paused_seconds() == 0.0


def test_of_several_pauses_the_one_that_ends_last_counts() -> None:
    clock = Seconds()
    throttle = DispatchThrottle(clock)
    throttle.pause_for(30)
    throttle.pause_for(10)
    assert throttle.paused_seconds() == 30.0
    clock.now += 25
    throttle.pause_for(10)
    assert throttle.paused_seconds() == 10.0
