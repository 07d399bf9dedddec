"""When is handing out runs of no use, because the rate limit's budget is spent?"""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Holds this worker's dispatcher back; thousands of waiting calls need not each find out for themselves."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0

    def hold(self, seconds: float) -> None:
        """Hand out nothing for so long."""
        self._until = max(self._until, self._clock() + seconds)

    def remaining(self) -> float:
        """How many seconds it is still of no use; 0.0 if it is not."""
        return max(self._until - self._clock(), 0.0)
