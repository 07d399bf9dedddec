"""How many threads of a process may pages and the API have at a time? Hooks need the others."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask, Response, g
from werkzeug.exceptions import ServiceUnavailable

from adapter.web.threads import PEOPLE_AT_ONCE

RETRY_SECONDS, LONG_RETRY_SECONDS = 2, 20


class Slots:
    """Limits the requests of people and of the API, together, to so many at a time.

    The web server hands over no more than that at a time, and lets further ones wait without a thread
    (gunicorn_worker). A request that finds no slot all the same is refused at once: waiting here would cost the
    thread that is to be spared.
    A long answer, such as a file of many calls, may have one slot at the most, so that pages have the other.
    A slot is held until the answer is made, and until it is sent where it is made meanwhile (a stream). What is
    made fits into the connection's buffer (gunicorn_worker), so sending it takes no time.
    """

    def __init__(self, count: int = PEOPLE_AT_ONCE) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._long = threading.BoundedSemaphore(1)

    def take(self) -> None:
        """Take a slot for the current request. Raise ServiceUnavailable if none is free."""
        if not self._free.acquire(blocking=False):
            raise ServiceUnavailable(
                "too many pages are being made right now", retry_after=RETRY_SECONDS
            )
        g.slot = self._free

    def begin_long(self) -> Callable[[], None]:
        """Begin an answer that takes long; what ends it. Raise ServiceUnavailable if there is one already."""
        if not self._long.acquire(blocking=False):
            raise ServiceUnavailable(
                "another file of calls is being made right now; wait until it is there",
                retry_after=LONG_RETRY_SECONDS,
            )
        return self._long.release

    @staticmethod
    def give_back(app: Flask) -> None:
        """Have each slot given back when its request is over."""

        @app.after_request
        def _when_sent(response: Response) -> Response:
            if not response.is_sequence and "slot" in g:
                response.call_on_close(g.pop("slot").release)
            return response

        @app.teardown_request
        def _when_made(_: BaseException | None) -> None:
            slot = g.pop("slot", None)
            if slot is not None:
                slot.release()
