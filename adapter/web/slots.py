"""How many threads of a process may pages and the API have at a time? Hooks need the others."""

from __future__ import annotations

import threading

from flask import Flask, Response, g
from werkzeug.exceptions import ServiceUnavailable

CONCURRENT_REQUESTS = 2  # of the 6 threads of a process (gunicorn_conf); recordings have 3 at most
RETRY_SECONDS = 2


class Slots:
    """Limits the requests of people and of the API, together, to so many at a time.

    A request that finds no slot is refused at once: waiting would cost the thread that is to be spared. A slot
    is held until the answer is made, and until it is sent where it is made meanwhile (a stream). What is made
    fits into the connection's buffer (gunicorn_worker), so sending it takes no time.
    """

    def __init__(self, count: int = CONCURRENT_REQUESTS) -> None:
        self._free = threading.BoundedSemaphore(count)

    def take(self) -> None:
        """Take a slot for the current request. Raise ServiceUnavailable if none is free."""
        if not self._free.acquire(blocking=False):
            raise ServiceUnavailable(
                "too many pages are being made right now", retry_after=RETRY_SECONDS
            )
        g.slot = self._free

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
