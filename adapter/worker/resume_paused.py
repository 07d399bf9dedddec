"""When do calls go on that wait for the target to take our key again, or for an integration?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from adapter.observability.logs import logger
from adapter.storage.pauses import Pause, Pauses

# A pause that nobody tries and no call waits for says nothing of how it stands now.
FORGET_AFTER = timedelta(minutes=10)

log = logger("adapter.resume_paused")


class ResumePaused:
    """Lets calls go on. own_key: the name of this process's key's pause; try_key: tries it, when it is time.

    A pause that is over ends with the request that was tried and not refused; here the key is tried, and for
    what else is paused one call is let go on, so that it tries.
    """

    def __init__(
        self,
        pauses: Pauses,
        own_key: str,
        try_key: Callable[[], None],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._pauses = pauses
        self._own_key = own_key
        self._try_key = try_key
        self._clock = clock

    def work(self) -> bool:
        """One pass; False: there is no hurry with the next. Errors: RemoteError, StoreUnavailable."""
        paused = self._pauses.all()
        if self._own_key in paused:
            self._try_key()
            paused = self._pauses.all()
        woken = self._pauses.wake_others([name for name in paused if not self._is_anothers(name)])
        if woken:
            log.info("calls that waited go on", count=woken)
        for pause in paused.values():
            if pause.name != self._own_key and self._pauses.is_due(pause):
                self._have_tried(pause)
        return False

    def _is_anothers(self, name: str) -> bool:
        """The pause of a key that this process has not: with this one its calls may go through."""
        return name.startswith("key/") and name != self._own_key

    def _have_tried(self, pause: Pause) -> None:
        is_waited_for = not self._is_anothers(pause.name) and self._pauses.wake_one(pause.name)
        if not is_waited_for and self._clock() - pause.try_at >= FORGET_AFTER:
            self._pauses.end(pause.name)
