"""Do listeners who stall leave threads of a real gunicorn for hooks, and do they lose their seats?"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from adapter.bootstrap import Container
from adapter.config.settings import Settings
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.gunicorn import Server
from tests.support.recorded import SID, environ_of, link_of, take_call, take_recording
from tests.support.twilio_api import FakeTwilio
from tests.support.waiting import wait_for
from tests.support.web_entry import LIMIT_SECONDS, STALL_SECONDS, STREAMS

pytestmark = pytest.mark.alone
SIZE = 30_000_000  # far more than the buffers of two sockets hold
PROMPT_SECONDS = 2.0


Start = Callable[[str | None], Server]


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio({ACCOUNT: TOKEN}) as fake:
        fake.add_recording(
            ACCOUNT, "CA1", SID, started=datetime.now(UTC), files={".wav": bytes(SIZE)}
        )
        yield fake


@pytest.fixture
def start(twilio: FakeTwilio, sqlite_template: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a server that has one call, which was recorded."""
    database = tmp_path / "adapter.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    environ = environ_of(f"sqlite:///{database}", twilio)
    container = Container(Settings.from_environ(environ))
    take_call(container, datetime.now(UTC))
    path = link_of(container, take_recording(container))
    container.store.engine.dispose()
    servers: list[Server] = []

    def start_one(app: str | None) -> Server:
        servers.append(Server(environ, path, app))
        wait_for("gunicorn answers", lambda: _is_up(servers[-1]))
        return servers[-1]

    yield start_one
    for server in servers:
        server.close()
        assert "Traceback" not in server.log


def _is_up(server: Server) -> bool:
    assert server.process.poll() is None, server.process.stderr
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) == 0


def status_of(listener: socket.socket) -> int:
    return int(listener.recv(12).split()[1])


def rest_of(listener: socket.socket) -> int:
    """How many bytes still come until the server closes the connection."""
    count = 0
    try:
        while piece := listener.recv(65536):
            count += len(piece)
    except ConnectionResetError:
        pass
    return count


def test_forty_stalled_listeners_keep_no_hook_from_being_acknowledged(start: Start) -> None:
    """With the limits as they are; there are 6 threads."""
    server = start(None)
    with ExitStack() as stack:
        listeners = [stack.enter_context(server.listen()) for _ in range(40)]
        statuses = [status_of(listener) for listener in listeners]
        assert statuses.count(200) == 3
        assert statuses.count(503) == 37
        for _ in range(20):
            status, seconds = server.hook()
            assert (status, seconds < PROMPT_SECONDS) == (204, True)


def test_a_stalled_listener_loses_the_seat_and_sees_a_broken_body(
    start: Start, twilio: FakeTwilio
) -> None:
    server = start("tests.support.web_entry:app()")
    with ExitStack() as stack:
        listeners = [stack.enter_context(server.listen()) for _ in range(STREAMS)]
        assert [status_of(one) for one in listeners] == [200] * STREAMS
        assert requests.get(f"{server.url}{server.path}.wav", timeout=10).status_code == 503
        begun = time.monotonic()
        # All of them: one that is read from before it is cut off would go on, and rightly.
        wait_for("the connections to Twilio are closed", lambda: twilio.broken_off == STREAMS)
        wait_for("a seat is free", lambda: len(_heard(server, 100)) == 100)
        assert time.monotonic() - begun < STALL_SECONDS + 4
        assert server.hook()[1] < PROMPT_SECONDS  # nor does closing them hold the server up
        assert all(rest_of(one) < SIZE for one in listeners)
    # Who was cut off goes on where it broke: so do browsers' players.
    assert _heard(server, 100, first=SIZE - 100) == bytes(100)


@pytest.mark.full
def test_a_listener_who_reads_slowly_has_the_time_limit_and_no_more(
    start: Start, twilio: FakeTwilio
) -> None:
    server = start("tests.support.web_entry:app()")
    begun, count = time.monotonic(), 0
    with server.listen() as listener:
        assert status_of(listener) == 200
        while not twilio.left.is_set():
            count += len(listener.recv(20_000))
            time.sleep(0.01)  # a slow line is the point; it never stalls
        assert LIMIT_SECONDS - 1 < time.monotonic() - begun < LIMIT_SECONDS + STALL_SECONDS + 2
        assert count + rest_of(listener) < SIZE


def _heard(server: Server, count: int, first: int = 0) -> bytes:
    answer = requests.get(
        f"{server.url}{server.path}.wav",
        headers={"Range": f"bytes={first}-{first + count - 1}"},
        timeout=10,
    )
    return answer.content if answer.status_code == 206 else b""
