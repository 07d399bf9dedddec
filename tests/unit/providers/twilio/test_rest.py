"""Which errors does Twilio's API client raise where no answer came?"""

from __future__ import annotations

import socket
import threading

import pytest

from adapter.errors import NotReached, TemporaryError
from adapter.providers.twilio.rest import TwilioRest
from tests.support.environment import ACCOUNT
from tests.support.waiting import free_port


def client(port: int) -> TwilioRest:
    return TwilioRest(base_url=f"http://127.0.0.1:{port}", tokens=lambda _: ["token"])


def test_where_nobody_listens_nothing_was_asked() -> None:
    with pytest.raises(NotReached):
        client(free_port()).leg(ACCOUNT, "CA" + "1" * 32)


def test_a_connection_that_breaks_off_was_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        with pytest.raises(TemporaryError) as caught:
            client(server.getsockname()[1]).leg(ACCOUNT, "CA" + "1" * 32)
    assert not isinstance(caught.value, NotReached)
