"""How long may one listener hold a thread, and how many may listen at once?

A blocking write to a listener who does not read holds a thread of the server, and hooks wait for
threads. So there are fewer seats for listeners than threads, and a seat is taken away from who stalls or
is past the time limit; players take up such a broken stream again with a Range request.
"""

from __future__ import annotations

import errno
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from adapter.errors import RemoteError
from adapter.observability.logs import logger
from adapter.providers.media import Audio

STALL_SECONDS = 15.0
# What the system keeps for a listener, also for a while after one who stalled was cut off.
BUFFER_BYTES = 256 * 1024

log = logger("adapter.web.recordings.routes")


class StreamSlots:
    """At most so many listeners at once in this process."""

    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)

    def take(self) -> bool:
        """True if there was a free seat; then `leave` must be called, once."""
        return self._free.acquire(blocking=False)

    def leave(self) -> None:
        self._free.release()


class RecordingStream(Iterator[bytes]):
    """A response's body: the audio's pieces, each once the listener's connection takes it.

    connection: the listener's socket, None where the server does not hand it out (then only the time
    limit counts). done: called once, when it is over, whatever the reason.
    Errors: ConnectionResetError where it breaks off. The server then closes the connection, so that the
    listener sees a broken body and not a short recording.
    """

    def __init__(
        self,
        audio: Audio,
        connection: Any,
        *,
        limit_seconds: float,
        stall_seconds: float = STALL_SECONDS,
        done: Callable[[], None],
    ) -> None:
        self._audio = audio
        self._connection = connection
        self._deadline = time.monotonic() + limit_seconds
        self._stall_seconds = stall_seconds
        self._done = done
        self._is_open = True
        self._is_begun = False
        if connection is not None:
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)

    def __next__(self) -> bytes:
        try:
            piece = next(self._audio.chunks)
            self._is_begun = True
            self._await_listener()
        except StopIteration:
            self._is_begun = False
            self.close()
            raise
        except RemoteError as error:
            self.close()
            raise self._broken(str(error)) from error
        except BaseException:
            self.close()
            raise
        return piece

    def close(self) -> None:
        """Lets go of the provider's connection and of the seat."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            self._audio.close()
            if self._connection is not None:
                with suppress(OSError):
                    self._let_go()
        finally:
            self._done()

    def _let_go(self) -> None:
        if not self._is_begun:
            self._connection.settimeout(None)
            return
        # Broken off. gunicorn would now wait up to 2 s for the listener to close, and in the one thread
        # that takes connections (util.close_graceful): hooks would wait with it. On a connection that is
        # shut down both ways there is nothing to wait for.
        self._connection.shutdown(socket.SHUT_RDWR)

    def _await_listener(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._broken("the time limit of one stream is over")
        if self._connection is None:
            return
        patience = min(self._stall_seconds, left)
        try:
            ready = select.poll()
            ready.register(self._connection, select.POLLOUT)
            if not ready.poll(patience * 1000):
                raise self._broken("the listener does not read")
            # Writable means room for some bytes; should a piece not fit, the write gives up too.
            self._connection.settimeout(patience)
        except ValueError as error:  # closed meanwhile
            raise self._broken("the listener is gone") from error

    def _broken(self, reason: str) -> ConnectionResetError:
        log.info("stream broken off", reason=reason)
        return ConnectionResetError(errno.ECONNRESET, reason)
