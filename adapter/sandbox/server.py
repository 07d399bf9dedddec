"""How does the stand-in listen? A threaded HTTP/1.1 server that keeps connections open."""

import logging
import threading
from io import BytesIO
from types import TracebackType
from typing import Any, Self

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from .app import create_sandbox
from .data import SandboxState

_log = logging.getLogger(__name__)


class _KeepAliveHandler(WSGIRequestHandler):
    """Werkzeug's handler closes every connection and waits 10 ms for stray input; this one not.

    The body is read in full first, so that the next request line follows on the connection.
    """

    protocol_version = "HTTP/1.1"
    # Without it the second packet of an answer waits for the client's delayed ACK (40 ms).
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.environ = environ = self.make_environ()
        try:
            body = self._read_body(environ)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
            response = Response.from_app(self.server.app, environ, buffered=True)
            self._send(response)
        except OSError:
            # The client has gone, or a fault cut the connection.
            self.close_connection = True
        except ValueError:
            self.close_connection = True
            self._send(Response("bad request", 400))

    def _read_body(self, environ: dict[str, Any]) -> bytes:
        stream = environ["wsgi.input"]
        if environ.get("wsgi.input_terminated"):
            return b"".join(iter(lambda: stream.read(65536), b""))
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = bytes(stream.read(length)) if length else b""
        if len(body) < length:
            raise ConnectionResetError("the client was gone before the end of its request")
        return body

    def _send(self, response: Response) -> None:
        data = response.get_data()
        lines = [f"{self.protocol_version} {response.status}"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        if "Content-Length" not in response.headers:
            lines.append(f"Content-Length: {len(data)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        # One packet for the whole answer.
        self.wfile.write(head if self.command == "HEAD" else head + data)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Stay silent; the control API tells about requests."""


class SandboxServer:
    """Serves an app on a thread of its own: `with SandboxServer(app) as server: server.url`.

    Port 0 takes a free one. `stop` returns at once, whatever requests are still asleep.
    """

    def __init__(self, app: Flask, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.app = app
        self._server = make_server(
            host, port, app, threaded=True, request_handler=_KeepAliveHandler
        )
        self.host = host
        self.port = self._server.server_port
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def start(self) -> Self:
        """Begin to serve; the port is open since the object was made."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and close the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def wait(self) -> None:
        """Block until the server is stopped."""
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve(host: str, port: int, api_key: str, rate_limit: int, vendor: str = "ENTRATA") -> None:
    """Serve the demo company of `vendor` in the foreground until Ctrl-C."""
    app = create_sandbox(SandboxState((vendor,)), api_key=api_key, rate_limit=rate_limit)
    with SandboxServer(app, host=host, port=port) as server:
        _log.info("sandbox listens on %s", server.url)
        try:
            server.wait()
        except KeyboardInterrupt:
            _log.info("sandbox stops")
