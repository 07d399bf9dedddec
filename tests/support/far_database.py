"""How is a database made to seem far away, and how often does a process wait for it? By a proxy on the way."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit


class FarDatabase:
    """A TCP proxy to PostgreSQL. round_trip_ms: how much longer an answer takes through it.

    trips: how often an answer came after a question, over all connections. That is what a client waits for,
    however many statements it sends at once.
    """

    def __init__(self, url: str, round_trip_ms: float) -> None:
        self._target = urlsplit(url)
        self.one_way_seconds = round_trip_ms / 2000
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self.trips = 0

    @property
    def url(self) -> str:
        """The database's URL by way of the proxy."""
        assert self._server is not None  # nosec B101 - it is started before anybody asks
        port = self._server.sockets[0].getsockname()[1]
        user, at, _ = self._target.netloc.rpartition("@")
        return urlunsplit(self._target._replace(netloc=f"{user}{at}127.0.0.1:{port}"))

    def start(self) -> None:
        self._thread.start()

        async def listen() -> asyncio.Server:
            return await asyncio.start_server(self._serve, "127.0.0.1", 0)

        self._server = asyncio.run_coroutine_threadsafe(listen(), self._loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(
            2 * self.one_way_seconds
        )  # until the last timer has seen its end closed

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self._target.port or 5432
        there, to_server = await asyncio.open_connection(self._target.hostname, port)
        self._writers += writer, to_server
        connection = _Connection(self, writer, to_server)
        for pump in (connection.ask(reader), connection.answer(there)):
            task = self._loop.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


class _Connection:
    def __init__(
        self, proxy: FarDatabase, to_client: asyncio.StreamWriter, to_server: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._to_client = _Way(proxy.one_way_seconds, to_client)
        self._to_server = _Way(proxy.one_way_seconds, to_server)
        self._is_asked = False

    async def ask(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            self._is_asked = True
            self._to_server.send(data)
        self._to_server.send(b"")

    async def answer(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            if self._is_asked:
                self._is_asked = False
                self._proxy.trips += 1
            self._to_client.send(data)
        self._to_client.send(b"")


class _Way:
    """One direction: what is sent arrives after its time on the way, in the order in which it was sent."""

    def __init__(self, seconds: float, end: asyncio.StreamWriter) -> None:
        self._seconds = seconds
        self._end = end
        self._under_way: deque[bytes] = deque()

    def send(self, data: bytes) -> None:
        """Empty: nothing more comes."""
        self._under_way.append(data)
        asyncio.get_running_loop().call_later(self._seconds, self._arrive)

    def _arrive(self) -> None:
        data = self._under_way.popleft()
        if self._end.is_closing():
            return
        if data:
            self._end.write(data)
        else:
            self._end.close()


@contextmanager
def far(url: str, round_trip_ms: float) -> Iterator[FarDatabase]:
    """The database of this URL, so far away."""
    proxy = FarDatabase(url, round_trip_ms)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
