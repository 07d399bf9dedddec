"""How are requests read so that a slow client costs no thread?

gunicorn's gthread gives a connection to a thread as soon as the first byte is there. The thread then waits for
the rest, so a few slow clients hold all threads. Here the loop of the worker reads requests. It never waits for
one client, and it limits size and time. A thread takes a request only when it is whole. After the answer the
connection is the loop's again, until the next request or until the client closes.
(docs/decisions/0008-slow-clients.md)
"""

from __future__ import annotations

import errno
import select
import selectors
import socket
import threading
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from enum import Enum
from functools import partial
from typing import Any

from gunicorn.http import get_parser  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]  # gunicorn has no types

from adapter.intake.service import MAX_BODY_BYTES
from adapter.processes.lifetime import end_after
from adapter.web.recordings.stream import BUFFER_BYTES
from adapter.web.threads import PEOPLE_AT_ONCE
from adapter.web.whole_request import RequestTooLarge, WholeRequest

HEAD_SECONDS = 5.0
BODY_SECONDS = 5.0
# How long a client may take to read an answer. What fits into the system's buffer needs no waiting.
READ_SECONDS = 5.0
# How long and for how many bytes the loop reads on after the last answer. Closing at once could reset the
# connection before the client has read it (RFC 9112 section 9.6).
GOODBYE_SECONDS = 2.0
GOODBYE_BYTES = 1024 * 1024
# How long a stopping worker keeps idle connections: a request may be on its way.
STOPPING_SECONDS = 2.0
RECEIVE_BYTES = 64 * 1024
LOOK_SECONDS = 0.25
# How long a process may live after its loop. Its parent would kill it, but may have ended itself.
LAST_SECONDS = 3.0
# More requests for pages and the API than have threads (PEOPLE_AT_ONCE) wait here, where they cost none: so
# many, and so long, at the most.
MOST_PEOPLE_WAITING = 64
PEOPLE_WAIT_SECONDS = 3.0
# Everything else is a page or the API.
_NOT_FOR_PEOPLE = (b"/webhooks", b"/livez", b"/readyz", b"/metrics", b"/recordings", b"/static")
_REASONS = {
    408: "Request Timeout",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
}
_NOT_NOW = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)


class Awaited(Enum):
    """What the loop waits for, on a connection that no thread has."""

    REQUEST = "the first byte of a request"
    HEAD = "the rest of its head"
    BODY = "the rest of its body"
    ROOM = "that the other side reads what it was answered before"
    GOODBYE = "that the other side closes"


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """One connection. until: by when it must have come what is awaited, in monotonic seconds."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.request = WholeRequest(MAX_BODY_BYTES)
        self.rest = b""
        self.awaited = Awaited.HEAD
        self.until = 0.0
        self.discarded = 0
        self.is_for_people = False


def _is_for_people(request: bytes) -> bool:
    """Return whether this request is for a page or the API, by its first line."""
    _, _, target = request[:2048].partition(b" ")
    return not target.startswith(_NOT_FOR_PEOPLE)


def _has_room(connection: socket.socket) -> bool:
    """Return whether an answer can be written without waiting. If earlier ones are unread, it cannot."""
    look = select.poll()
    look.register(connection, select.POLLOUT)
    return bool(look.poll(0))


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's gthread worker, with a loop that reads. A connection is in the loop or with a thread."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        # In the order in which they came into the loop. If there are too many, the first is closed.
        self._waiting: dict[Connection, None] = {}
        self._looked_at = 0.0
        self._people_at_work = 0
        self._people_waiting: deque[Connection] = deque()

    def init_process(self) -> None:
        for listener in self.sockets:
            # Connections inherit it. An ordinary answer fits in, so no thread waits for the client.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        super().init_process()

    def run(self) -> None:
        """Run the loop to its end. Then end the process, even if a thread still waits for something."""
        super().run()
        is_over = threading.Event()
        is_over.set()
        end_after(is_over, LAST_SECONDS)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            # gunicorn keeps the listener open until all requests are answered. New hooks would get in and be
            # cut off unanswered. A refused connection sends them to another process at once.
            for listener in self.sockets:
                listener.close()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(
            min(timeout, LOOK_SECONDS) if self._waiting or self._people_waiting else timeout
        )

    # In the loop ----------------------------------------------------------------------------------

    def accept(self, listener: Any) -> None:
        """Accept a connection. If there are too many, close the one that has waited longest."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in _NOT_NOW:
                return
            raise
        self.nr_conns += 1
        connection = Connection(self.cfg, client, address, listener.getsockname())
        self._await(connection, Awaited.HEAD, HEAD_SECONDS)
        if self.nr_conns >= self.worker_connections:
            self._drop(next(iter(self._waiting)))

    def finish_request(self, connection: Connection, done: Future[bool]) -> None:
        """Take back a connection from a thread that has answered. Called in the loop."""
        if connection.is_for_people:
            self._next_of_people(connection)
        try:
            keep = not done.cancelled() and done.result()
            connection.sock.setblocking(False)
            if not keep:
                self._say_goodbye(connection)
                return
            seconds = float(self.cfg.keepalive) if self.alive else STOPPING_SECONDS
            self._await(connection, Awaited.REQUEST, seconds)
        except Exception:
            self.nr_conns -= 1
            connection.close()
            return
        self._read_on(connection, connection.rest)

    def _await(self, connection: Connection, what: Awaited, seconds: float) -> None:
        """Let the loop wait for this, so many seconds at most."""
        connection.awaited, connection.until = what, time.monotonic() + seconds
        if connection not in self._waiting:
            callback = partial(self._receive, connection)
            self.poller.register(connection.sock, selectors.EVENT_READ, callback)
            self._waiting[connection] = None
        if what is Awaited.ROOM:
            callback = partial(self._hand_over, connection)
            self.poller.modify(connection.sock, selectors.EVENT_WRITE, callback)

    def _receive(self, connection: Connection, _: Any) -> None:
        if connection not in self._waiting:
            return  # closed since the loop was told that there is data
        try:
            data = connection.sock.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
        elif connection.awaited is not Awaited.GOODBYE:
            self._read_on(connection, data)
        else:
            connection.discarded += len(data)
            if connection.discarded > GOODBYE_BYTES:
                self._drop(connection)

    def _read_on(self, connection: Connection, data: bytes) -> None:
        if not data:
            return
        request = connection.request
        try:
            request.add(data)
        except RequestTooLarge as error:
            self._refuse(connection, error.status)
            return
        if request.is_whole and _has_room(connection.sock):
            self._hand_over(connection)
        elif request.is_whole:
            self._await(connection, Awaited.ROOM, READ_SECONDS)
        elif connection.awaited is not Awaited.BODY and request.has_head:
            self._await(connection, Awaited.BODY, BODY_SECONDS)
            if request.expects_continue:
                self._send(connection, b"HTTP/1.1 100 Continue\r\n\r\n")
        elif connection.awaited is Awaited.REQUEST:
            self._await(connection, Awaited.HEAD, HEAD_SECONDS)

    def _hand_over(self, connection: Connection, _: Any = None) -> None:
        """Give the whole request to a thread, which finds it in memory and reads nothing more."""
        if connection not in self._waiting:
            return  # closed since the loop was told that there is room
        self.poller.unregister(connection.sock)
        del self._waiting[connection]
        request, connection.rest = connection.request.split()
        connection.request = WholeRequest(MAX_BODY_BYTES)
        connection.parser = get_parser(self.cfg, [request], connection.client)
        connection.initialized = connection.data_ready = True
        connection.is_for_people = _is_for_people(request)
        if not connection.is_for_people:
            self.enqueue_req(connection)
        elif (
            self._people_at_work >= PEOPLE_AT_ONCE
            and len(self._people_waiting) < MOST_PEOPLE_WAITING
        ):
            connection.until = time.monotonic() + PEOPLE_WAIT_SECONDS
            self._people_waiting.append(connection)
        else:  # if too many wait, adapter.web.slots answers that they do
            self._answer_people(connection)

    def _answer_people(self, connection: Connection) -> None:
        self._people_at_work += 1
        self.enqueue_req(connection)

    def _next_of_people(self, answered: Connection) -> None:
        """A page or an answer of the API is made; let the one that has waited longest begin."""
        answered.is_for_people = False
        self._people_at_work -= 1
        if self._people_waiting and self._people_at_work < PEOPLE_AT_ONCE:
            self._answer_people(self._people_waiting.popleft())

    def _refuse(self, connection: Connection, status: int) -> None:
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        self._send(connection, head.encode())
        self._say_goodbye(connection)

    def _send(self, connection: Connection, few_bytes: bytes) -> None:
        with suppress(OSError):
            connection.sock.send(few_bytes)

    def _say_goodbye(self, connection: Connection) -> None:
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(connection)
        else:
            self._await(connection, Awaited.GOODBYE, GOODBYE_SECONDS)

    def _drop(self, connection: Connection) -> None:
        if connection in self._waiting:
            del self._waiting[connection]
            with suppress(OSError, KeyError, ValueError):
                self.poller.unregister(connection.sock)
        self.nr_conns -= 1
        connection.close()

    # Time ------------------------------------------------------------------------------------------

    def murder_pending(self) -> None:
        """Close the connections whose time is up. gunicorn's loop calls this after each wait."""
        now = time.monotonic()
        if now < self._looked_at + LOOK_SECONDS:
            return
        self._looked_at = now
        while self._people_waiting and self._people_waiting[0].until <= now:
            waited = self._people_waiting.popleft()
            waited.is_for_people = (
                False  # adapter.web.slots refuses it at once, if none is free now either
            )
            self.enqueue_req(waited)
        for connection in [one for one in self._waiting if one.until <= now]:
            if connection.awaited in (Awaited.HEAD, Awaited.BODY) and connection.request.is_begun:
                self._refuse(connection, 408)
            else:
                self._drop(connection)

    def murder_keepalived(self, force: bool = False) -> None:
        """At the end close all connections. Before, `murder_pending` does what this method does in gunicorn."""
        if force:
            for connection in list(self._waiting):
                self._drop(connection)

    def _cap_keepalive(self, deadline: float) -> None:
        """Let connections without a begun request wait no longer than this. The worker is stopping."""
        for connection in self._waiting:
            if not connection.request.is_begun:
                connection.until = min(connection.until, deadline)

    # In a thread ------------------------------------------------------------------------------------

    def handle_request(self, request: Any, connection: Connection) -> Any:
        """Answer a request. Raise ConnectionResetError if the client does not read the answer in time."""
        request._expected_100_continue = False  # the loop has said it, and has the body
        connection.sock.settimeout(READ_SECONDS)
        try:
            return super().handle_request(request, connection)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "the answer was not read") from error
