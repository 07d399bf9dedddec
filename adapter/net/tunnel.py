"""How does a machine that nobody reaches get a public address for a while? By a tunnel, which ngrok opens.

Its library is the extra `tunnel`. It is imported when a tunnel is opened, and nowhere else.
https://ngrok.github.io/ngrok-python/
"""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from typing import Any, Protocol

from adapter.errors import SettingsError, TemporaryError
from adapter.text.plain import plain

OPENED_WITHIN_SECONDS = 20.0
_WITHOUT = "or open a tunnel by hand (ngrok http PORT), and set PUBLIC_BASE_URL to its address"
_CODE = re.compile(r"ERR_NGROK_\d+")


class Tunnel(Protocol):
    """A way from a public address to a port of this machine. url: the address, without a slash at its end."""

    url: str

    def close(self) -> None:
        """Take the address away. It does not raise."""


class Opener(Protocol):
    """Opens tunnels to this machine. address: HOST:PORT, where web listens."""

    def open(self, address: str, stopping: threading.Event) -> Tunnel | None:
        """Return the tunnel; None if it is to stop before that. Raise TemporaryError, SettingsError."""


class Ngrok:
    """Opens tunnels by ngrok. Raise SettingsError if its library or the token is missing.

    server: another address of ngrok's servers than the usual one.
    """

    def __init__(self, token: str | None, *, server: str | None = None) -> None:
        try:
            import ngrok
        except ImportError as error:
            raise SettingsError(
                "--tunnel needs the library ngrok, which is not installed: "
                f"pip install 'call-adapter[tunnel]', {_WITHOUT}"
            ) from error
        if not token:
            raise SettingsError(
                "--tunnel needs NGROK_AUTHTOKEN, which is not set: it is your authtoken at "
                f"https://dashboard.ngrok.com; set it, {_WITHOUT}"
            )
        self._ngrok: Any = ngrok
        self._token = token
        self._options = {"server_addr": server} if server else {}

    def open(self, address: str, stopping: threading.Event) -> Tunnel | None:
        """Open a tunnel, within OPENED_WITHIN_SECONDS."""
        opened: list[Any] = []
        failed: list[Exception] = []
        is_over = threading.Event()

        def connect() -> None:
            try:
                options = {"authtoken": self._token, **self._options}
                opened.append(self._ngrok.forward(address, **options))
            except Exception as error:
                failed.append(error)
            finally:
                is_over.set()

        # In a thread of its own: while the library waits for the network, no signal gets through.
        threading.Thread(target=connect, name="tunnel", daemon=True).start()
        for _ in range(int(OPENED_WITHIN_SECONDS / 0.1)):
            if is_over.wait(0.1) or stopping.is_set():
                break
        if opened:
            return _NgrokTunnel(self._ngrok, opened[0].url())
        if stopping.is_set():
            return None
        raise self._trouble(failed[0] if failed else None)

    def _trouble(self, error: Exception | None) -> SettingsError | TemporaryError:
        """Return what is wrong, in words. ngrok's own may hold the token, which is masked."""
        parts = [str(part) for part in error.args] if error else ["no answer in time"]
        words = plain(" ".join(parts)).replace(self._token, "***")
        code = _CODE.search(words)
        if code and ("auth" in words.lower() or code[0].startswith("ERR_NGROK_10")):
            return SettingsError(
                f"ngrok refuses NGROK_AUTHTOKEN ({code[0]}): copy it again from https://dashboard.ngrok.com"
            )
        fact = plain(parts[-1]).replace(self._token, "***")[:200]
        reason = f"{fact} ({code[0]})" if code and code[0] not in fact else fact
        return TemporaryError(
            f"ngrok opened no tunnel: {reason}; look whether the network lets this machine out, {_WITHOUT}"
        )


class _NgrokTunnel:
    def __init__(self, ngrok: Any, url: str) -> None:
        self._ngrok = ngrok
        self.url = url.rstrip("/")

    def close(self) -> None:
        with suppress(Exception):  # it ends with this process anyhow
            self._ngrok.disconnect(self.url)
        with suppress(Exception):
            self._ngrok.kill()
