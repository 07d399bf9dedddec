"""How many listeners may there be at once, and how long may one hold a thread?

A write to a listener who does not read blocks a thread of the server, and hooks need threads. So there are
fewer slots for streams than threads. A stream that stalls or passes its time limit is broken off. The player
then goes on with a Range request.
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
# The send buffer of a connection. The system keeps it for a while after a stream was broken off.
BUFFER_BYTES = 256 * 1024

log = logger("adapter.web.recordings.routes")


class StreamSlots:
    """Limits how many streams there are at once in this process."""

    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)

    def take(self) -> bool:
        """Take a slot. Return False if none is free; after True, call `leave` once."""
        return self._free.acquire(blocking=False)

    def leave(self) -> None:
        """Give the slot back."""
        self._free.release()


class RecordingStream(Iterator[bytes]):
    """The body of a response: the pieces of the audio, each as soon as the listener's connection takes it.

    connection: the listener's socket; None if the server does not show it. Then only the time limit counts.
    done: called once when the stream is over, for whatever reason.
    Raise ConnectionResetError to break the stream off. Then the server closes the connection, and the listener
    sees a broken body instead of a short recording.
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
        """Close the connection to the provider, and give the slot back."""
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
        # The stream was broken off. gunicorn would now wait up to 2 s for the listener to close. It would do so
        # in the one thread that accepts connections (util.close_graceful), and hooks would wait too. On a
        # connection that is shut down both ways it does not wait.
        self._connection.shutdown(socket.SHUT_RDWR)

    def _await_listener(self) -> None:
        remaining_seconds = self._deadline - time.monotonic()
        if remaining_seconds <= 0:
            raise self._broken("the time limit of one stream is over")
        if self._connection is None:
            return
        patience = min(self._stall_seconds, remaining_seconds)
        try:
            ready = select.poll()
            ready.register(self._connection, select.POLLOUT)
            if not ready.poll(patience * 1000):
                raise self._broken("the listener does not read")
            # Writable means room for some bytes. If a piece does not fit, the write has the same time limit.
            self._connection.settimeout(patience)
        except ValueError as error:  # the socket was closed meanwhile
            raise self._broken("the listener is gone") from error

    def _broken(self, reason: str) -> ConnectionResetError:
        log.info("stream broken off", reason=reason)
        return ConnectionResetError(errno.ECONNRESET, reason)
