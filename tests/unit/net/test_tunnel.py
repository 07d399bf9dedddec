"""What does the real library ngrok do where it reaches nobody, and do we say it in one line?"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from adapter.errors import TemporaryError
from adapter.net import tunnel
from adapter.net.tunnel import Ngrok

pytest.importorskip("ngrok", reason="the extra tunnel is not installed")


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_no_network_is_one_line_with_the_way_out() -> None:
    with pytest.raises(TemporaryError) as raised:
        Ngrok("the-authtoken", server="127.0.0.1:1").open("127.0.0.1:8000", threading.Event())
    assert str(raised.value) == (
        "ngrok opened no tunnel: failed to establish tcp connection; look whether the network lets this "
        "machine out, or open a tunnel by hand (ngrok http PORT), and set PUBLIC_BASE_URL to its address"
    )


def test_a_network_that_swallows_all_is_given_up(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tunnel, "OPENED_WITHIN_SECONDS", 0.5)
    with pytest.raises(TemporaryError, match="no answer in time; look whether"):
        Ngrok("the-authtoken", server=silent).open("127.0.0.1:8000", threading.Event())


def test_a_signal_ends_the_wait(silent: str) -> None:
    stopping = threading.Event()
    stopping.set()
    assert Ngrok("the-authtoken", server=silent).open("127.0.0.1:8000", stopping) is None
