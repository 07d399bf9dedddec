"""A stand-in for the library ngrok: its tunnel is a TCP forward on this machine, which is real.

A process finds it in the place of the library if this folder is in its PYTHONPATH. With NGROK_STAND_IN_PORT its
tunnel has the same address each time, as ngrok's static domains have.
"""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

_servers: dict[str, socket.socket] = {}


class Listener:
    def __init__(self, url: str) -> None:
        self._url = url

    def url(self) -> str:
        return self._url


def forward(addr: str, *, authtoken: str, **options: Any) -> Listener:
    if authtoken == "refused-token":
        raise ValueError(
            "failed to connect session",
            f"authentication failed: The authtoken you specified is refused.\nYour authtoken: {authtoken}",
            "ERR_NGROK_105",
        )
    assert not options, options
    host, _, port = addr.rpartition(":")
    server = socket.create_server(
        ("127.0.0.1", int(os.environ.get("NGROK_STAND_IN_PORT", "0"))), reuse_port=False
    )
    url = f"http://127.0.0.1:{server.getsockname()[1]}"
    _servers[url] = server
    threading.Thread(target=_accept, args=(server, (host, int(port))), daemon=True).start()
    return Listener(url)


def disconnect(url: str | None = None) -> None:
    for each in [url] if url else list(_servers):
        server = _servers.pop(each)
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def kill() -> None:
    disconnect()


def _accept(server: socket.socket, target: tuple[str, int]) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        try:
            upstream = socket.create_connection(target)
        except OSError:
            client.close()
            continue
        for one, other in ((client, upstream), (upstream, client)):
            threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        sink.close()
