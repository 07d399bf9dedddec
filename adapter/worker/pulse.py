"""Does the work of this worker go on? Its dispatcher says so, and HEARTBEAT_URL is pinged only then."""

from __future__ import annotations

import time
from collections.abc import Callable

# A dispatcher looks several times a second; an outage of the database may last so long.
STOPPED_AFTER_SECONDS = 30.0
# So long no run has ended, though all threads have one in hand.
STUCK_AFTER_SECONDS = 900.0


class Pulse:
    """Notes when the dispatcher last looked, and when a run last ended. monotonic: seconds that do not jump."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._looked_at = self._ended_at = monotonic()

    def looked(self, in_hand: int) -> None:
        """The dispatcher has looked for due calls, and the database answered. in_hand: runs under way."""
        self._looked_at = self._monotonic()
        if not in_hand:
            self._ended_at = self._looked_at

    def ended(self) -> None:
        """A run has ended."""
        self._ended_at = self._monotonic()

    @property
    def trouble(self) -> str | None:
        """What is wrong with this worker, or None."""
        now = self._monotonic()
        if now - self._looked_at > STOPPED_AFTER_SECONDS:
            return f"no due calls were looked for since {now - self._looked_at:.0f} s"
        if now - self._ended_at > STUCK_AFTER_SECONDS:
            return f"no run has ended since {now - self._ended_at:.0f} s"
        return None
