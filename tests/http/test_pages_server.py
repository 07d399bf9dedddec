"""Do pages leave the server to hooks, and does it answer what browsers and others send? A real gunicorn."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import sqlalchemy as sa

from tests.support.browser_user import PASSWORD
from tests.support.environment import ENVIRON
from tests.support.gunicorn import Server
from tests.support.waiting import await_port, wait_for


@pytest.fixture
def server(database_url: str) -> Iterator[Server]:
    environ = {**ENVIRON, "DATABASE_URL": database_url, "ADMIN_PASSWORD": PASSWORD}
    made = Server(environ, "", None)
    await_port(made.port, made.process)  # type: ignore[arg-type]  # it only looks whether it runs
    yield made
    made.close()


class Visitor:
    """A browser that sends its cookie although there is no TLS here."""

    def __init__(self, server: Server) -> None:
        self.url, self.cookie = server.url, ""

    def send(self, method: str, path: str, form: dict[str, str] | None = None) -> requests.Response:
        answer = requests.request(
            method,
            self.url + path,
            data=form,
            headers={"Cookie": self.cookie, "Accept": "text/html"},
            timeout=20,
            allow_redirects=False,
        )
        session = re.search(r"adapter_session=[^;]+", answer.headers.get("Set-Cookie", ""))
        self.cookie = session[0] if session else self.cookie
        return answer

    def sign_in(self) -> requests.Response:
        token = re.search(r'csrf_token" value="([^"]+)', self.send("GET", "/login").text)
        assert token
        form = {"name": "Lee", "password": PASSWORD, "csrf_token": token[1]}
        return self.send("POST", "/login", form)


def test_pages_that_hang_leave_the_threads_to_hooks(
    server: Server, engine: sa.Engine, backend: str
) -> None:
    """Two wait for the database, at most 5 s. All others wait without a thread, and are refused after 3 s."""
    if backend == "sqlite":
        pytest.skip("SQLite has no lock of one table")
    visitor = Visitor(server)
    assert visitor.sign_in().status_code == 303
    with engine.begin() as lock, ThreadPoolExecutor(10) as pool:
        lock.execute(sa.text("LOCK TABLE sign_ins IN ACCESS EXCLUSIVE MODE"))
        begun = time.monotonic()
        pages = [pool.submit(visitor.send, "GET", "/lines") for _ in range(10)]
        wait_for("refusals", lambda: sum(page.done() for page in pages) == 8, seconds=4)
        hooks = [server.hook() for _ in range(5)]
        assert [status for status, _ in hooks] == [204] * 5
        assert max(seconds for _, seconds in hooks) < 2
        answers = [page.result() for page in pages]
        assert 4 < time.monotonic() - begun < 12
    assert {answer.status_code for answer in answers} == {503}
    assert all(answer.headers["Retry-After"] for answer in answers)
    assert visitor.send("GET", "/lines").status_code == 200


def test_many_readers_at_once_wait_a_little_and_are_all_answered(server: Server) -> None:
    """A process has two threads for them; a page takes some milliseconds."""
    visitors = [Visitor(server) for _ in range(8)]
    assert {visitor.sign_in().status_code for visitor in visitors} == {303}

    def read(visitor: Visitor) -> list[int]:
        return [visitor.send("GET", path).status_code for path in ("/health", "/inbox", "/calls")]

    with ThreadPoolExecutor(len(visitors)) as pool:
        answers = [status for found in pool.map(read, visitors) for status in found]
    assert answers == [200] * 24


def test_broken_and_huge_forms_are_refused_as_such(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(
            b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nzz\r\nname\r\n"
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 4")
    visitor = Visitor(server)
    assert visitor.send("POST", "/login", {"name": "x" * 40_000}).status_code == 413
    assert visitor.send("POST", "/login", {"name": "x" * 80_000}).status_code == 413
    assert visitor.send("HEAD", "/login").status_code == 200
    assert visitor.send("PUT", "/login").status_code == 405
    assert visitor.send("GET", "/login?" + "a" * 8000).status_code in (200, 414, 400)


def test_the_browser_gets_all_that_the_page_needs(server: Server) -> None:
    visitor = Visitor(server)
    page = visitor.send("GET", "/login").text
    for path in re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg))"', page):
        answer = visitor.send("GET", path)
        assert answer.status_code == 200 and answer.content
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
