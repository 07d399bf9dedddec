"""How long has somebody to wait after wrong passwords? docs/decisions/0017-sign-in.md"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from adapter.errors import StoreRefused, StoreUnavailable
from adapter.observability.logs import logger
from adapter.storage.wrong_passwords import Tries, WrongPasswords
from adapter.web.sign_in.client_address import ClientAddress

FREE_TRIES = 5
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0
# After so long without tries, a source begins anew.
REMEMBERED = timedelta(hours=1)
# By way of one peer, in the longest pause, where addresses may be made up.
PEER_TRIES = 40
_FLUSH_SECONDS = 1.0
FLUSH_THREAD = "refused-sign-ins"

log = logger("adapter.web.sign_in")


def pause_seconds(count: int) -> float:
    """Return how long the pause is after so many wrong passwords from one source."""
    if count < FREE_TRIES:
        return 0.0
    return float(min(FIRST_PAUSE_SECONDS * 2 ** min(count - FREE_TRIES, 10), LONGEST_PAUSE_SECONDS))


def remaining_seconds(tries: Tries, now: datetime) -> float:
    """Return how much of the pause is left."""
    if tries.last_at is None:
        return 0.0
    passed = (now - tries.last_at).total_seconds()
    return max(pause_seconds(tries.count) - passed, 0.0)


class PasswordTries:
    """Keeps count of wrong passwords, for all web processes together.

    A browser that has signed in before has a count of its own: no stranger can make it wait.
    """

    def __init__(self, wrong_passwords: WrongPasswords, clock: Callable[[], datetime]) -> None:
        self._wrong = wrong_passwords
        self._clock = clock
        self._refused = _Refused(wrong_passwords, clock)

    def wait_seconds(self, client: ClientAddress, device: str | None) -> int:
        """Return for how many seconds no password is looked at; 0: it is looked at now."""
        now = self._clock()
        tries = self._wrong.of_source(_source(client, device), now - REMEMBERED)
        seconds = remaining_seconds(tries, now)
        if device is None and client.may_be_made_up:
            seconds = max(seconds, self._wait_for_peer(client.peer, now))
        if seconds <= 0:
            return 0
        self._refused.add()
        return math.ceil(seconds)

    def _wait_for_peer(self, peer: str, now: datetime) -> float:
        longest = timedelta(seconds=LONGEST_PAUSE_SECONDS)
        begun = self._wrong.nth_last_of_peer(peer, PEER_TRIES, now - longest)
        return (begun + longest - now).total_seconds() if begun else 0.0

    def wrong(self, client: ClientAddress, device: str | None) -> None:
        """Count a wrong password."""
        self._wrong.add(_source(client, device), client.peer, self._clock())

    def right(self, client: ClientAddress, device: str | None) -> None:
        """Forget the wrong ones before a right one."""
        source = _source(client, device)
        if self._wrong.of_source(source, self._clock() - REMEMBERED).count:
            self._wrong.forgive(source)


class _Refused:
    """Counts refused tries in memory, and writes them at most once a second: a flood costs few writes."""

    def __init__(self, wrong_passwords: WrongPasswords, clock: Callable[[], datetime]) -> None:
        self._wrong = wrong_passwords
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0

    def add(self) -> None:
        with self._lock:
            self._count += 1
            if self._count > 1:
                return  # the timer runs
        timer = threading.Timer(_FLUSH_SECONDS, self._flush)
        timer.daemon, timer.name = True, FLUSH_THREAD
        timer.start()

    def _flush(self) -> None:
        with self._lock:
            count, self._count = self._count, 0
        try:
            self._wrong.add_refused(count, self._clock())
        except (StoreUnavailable, StoreRefused) as error:
            log.warning("refused sign-ins not counted", count=count, reason=str(error))


def _source(client: ClientAddress, device: str | None) -> str:
    return f"device {device}" if device else client.network
