"""What can a client do to hold a server up, without a key to anything? Many connections, from one thread."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType

_HEAD = b"POST /webhooks/twilio HTTP/1.1\r\nHost: x\r\n"
_FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
_CHUNKED = _HEAD + _FORM + b"Transfer-Encoding: chunked\r\n\r\n"
_ANSWERED = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
# By the name of the attack: what is sent at once, and what is sent again and again, a piece each half second.
ATTACKS: dict[str, tuple[bytes, bytes]] = {
    "silence": (b"", b""),
    "half a head": (_HEAD, b""),
    "half a body": (_HEAD + _FORM + b"Content-Length: 1000\r\n\r\nCallSid=", b""),
    "half a chunk": (_CHUNKED + b"100\r\nCallSid=", b""),
    "a head in drops": (_HEAD, b"X-Drop: 1\r\n"),
    "a body in drops": (_HEAD + _FORM + b"Content-Length: 60000\r\n\r\n", b"a"),
    "chunks in drops": (_CHUNKED, b"1\r\na\r\n"),
    "a trailer in drops": (_CHUNKED + b"0\r\n", b"X-Drop: 1\r\n"),
    "answered, left open": (_ANSWERED + b"\r\n", b""),
    "answered for the last time, left open": (_ANSWERED + b"Connection: close\r\n\r\n", b""),
    "refused, left open": (b"NOT HTTP\r\n\r\n", b""),
    "answers that nobody reads": (_ANSWERED + b"\r\n", _ANSWERED + b"\r\n"),
}
DROP_SECONDS = 0.5


class SlowClients:
    """So many connections to a port, made again when the server closes them: `with SlowClients(...)`.

    attacks: names from ATTACKS; the connections are dealt out evenly among them.
    longest: how many seconds a connection with a request that was begun, and never ended, was kept at the most.
    """

    def __init__(self, port: int, count: int, attacks: list[str]) -> None:
        self._port = port
        self._wanted = [attacks[number % len(attacks)] for number in range(count)]
        self._stopping = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._open: dict[socket.socket, tuple[str, float]] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.full = threading.Event()
        self.closed = 0
        self.longest = 0.0

    def __enter__(self) -> SlowClients:
        self._thread.start()
        assert self.full.wait(60), "not all connections could be made"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        dropped_at = time.monotonic()
        while not self._stopping.is_set():
            while self._wanted and not self._stopping.is_set():
                attack = self._wanted.pop()
                if not self._connect(attack):
                    self._wanted.append(attack)
                    break
            if not self._wanted:
                self.full.set()
            for key, _ in self._selector.select(0.05):
                self._read(key.data)
            if time.monotonic() - dropped_at > DROP_SECONDS:
                dropped_at = time.monotonic()
                self._send_drops()
        for client in list(self._open):
            client.close()
        self._selector.close()

    def _connect(self, attack: str) -> bool:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(1)
        try:
            client.connect(("127.0.0.1", self._port))
            client.sendall(ATTACKS[attack][0])
        except OSError:
            client.close()
            return False
        client.setblocking(False)
        self._open[client] = (attack, time.monotonic())
        # Who left an answer open, or reads none, does not look at what comes either.
        if "left open" not in attack and "nobody reads" not in attack:
            self._selector.register(client, selectors.EVENT_READ, client)
        return True

    def _read(self, client: socket.socket) -> None:
        with suppress(OSError):
            if client.recv(65536):
                return
        self._lost(client)

    def _lost(self, client: socket.socket) -> None:
        attack, since = self._open.pop(client)
        with suppress(KeyError):
            self._selector.unregister(client)
        client.close()
        self.closed += 1
        self.longest = max(self.longest, time.monotonic() - since)
        self._wanted.append(attack)

    def _send_drops(self) -> None:
        for client, (attack, _) in list(self._open.items()):
            drop = ATTACKS[attack][1]
            try:
                if drop:
                    client.send(drop)
            except BlockingIOError:
                continue
            except OSError:
                self._lost(client)
