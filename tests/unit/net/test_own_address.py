"""Is the answer of a public address read only as far as it has to be?"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from adapter.net.own_address import address_problem

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"


@contextmanager
def answering(body: bytes, *, without_end: bool = False) -> Iterator[tuple[str, threading.Event]]:
    """A server with one answer. The event is set when its connection was closed by the other side."""
    left = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.recv(4096)
                try:
                    client.sendall(HEAD + body)
                    while without_end:
                        client.sendall(body)
                except OSError:
                    left.set()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", left
        thread.join(10)


def test_the_adapter_of_this_database_is_known() -> None:
    body = json.dumps({"status": "ok", "instance": "abc"}).encode()
    with answering(body) as (url, _):
        assert address_problem(url, "abc") is None


def test_an_answer_without_end_is_left() -> None:
    with answering(b" " * 65_536, without_end=True) as (url, left):
        assert "something else answers" in str(address_problem(url, "abc"))
        assert left.wait(10)


@pytest.mark.usefixtures("no_garbage")
def test_an_answer_that_is_nested_without_end_is_no_adapters() -> None:
    with answering(b"[" * 10_000) as (url, _):
        assert "something else answers" in str(address_problem(url, "abc"))
