"""When does this worker hand out no runs, because the rate limit is used up?"""

from __future__ import annotations

import time
from collections.abc import Callable


class DispatchThrottle:
    """Pauses this worker's dispatcher, so that thousands of waiting calls do not each meet the rate limit.

    clock: seconds by a clock that does not jump.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paused_until = 0.0

    def pause_for(self, seconds: float) -> None:
        """Pause dispatching for at least so long from now on."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    def paused_seconds(self) -> float:
        """Return the seconds until dispatching may resume, or 0.0 if it is not paused."""
        return max(self._paused_until - self._clock(), 0.0)
