"""How does somebody outside notice that all is silent? A healthy worker asks for HEARTBEAT_URL each minute."""

from __future__ import annotations

import requests

from adapter.errors import TemporaryError
from adapter.net.sessions import new_session

TIMEOUT = (5.0, 5.0)


def ping(url: str) -> None:
    """Ask for this address, which is a secret. Raise TemporaryError if it does not answer with success."""
    try:
        with new_session() as session, session.get(url, timeout=TIMEOUT, stream=True) as response:
            status = response.status_code
    except requests.RequestException as error:
        raise TemporaryError(f"HEARTBEAT_URL does not answer ({type(error).__name__})") from None
    if status >= 300:
        raise TemporaryError(f"HEARTBEAT_URL answered {status}", status=status)
