"""A real HTTP receiver: keeps what it is sent, and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What came. status: of its answers. is_open: it answers; else requests wait until it is set."""

    port: int = 0
    status: int = 200
    bodies: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    is_open: threading.Event = field(default_factory=threading.Event)

    @property
    def apprise_url(self) -> str:
        """Its address for apprise, with a secret in it."""
        return f"json://somebody:pa55word@127.0.0.1:{self.port}/alerts"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ping/s3cret"

    def titles(self) -> list[str]:
        return [str(body["title"]) for body in self.bodies]


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    found.is_open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.paths.append(self.path)
            found.bodies.append(json.loads(body))
            self._answer()

        def do_GET(self) -> None:
            found.paths.append(self.path)
            self._answer()

        def _answer(self) -> None:
            found.is_open.wait(60)
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        found.is_open.set()
        server.shutdown()
        thread.join()
        server.server_close()
