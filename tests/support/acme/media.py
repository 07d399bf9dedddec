"""Where is the audio of an Acme recording?"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import requests

from adapter.domain.record import Recording
from adapter.errors import TemporaryError
from adapter.net.sessions import new_session
from adapter.net.status_errors import status_error
from adapter.providers.media import Audio, AudioFormat

TIMEOUT = (5.0, 10.0)


class AcmeMedia:
    """See adapter.providers.media.Media. Acme knows no ranges, so the whole recording is sent."""

    def __init__(self, base_url: str, keys: Mapping[str, str]) -> None:
        self._base_url = base_url.rstrip("/")
        self._keys = keys
        self._session = new_session()

    def browser_url(self, url: str) -> str:
        return url

    def open(
        self,
        account: str,
        recording: Recording,
        *,
        suffix: AudioFormat,
        range_header: str | None = None,
        head: bool = False,
    ) -> Audio | None:
        place = f"{self._base_url}/accounts/{account}/recordings/{quote(recording.id, safe='')}"
        try:
            response = self._session.get(
                place + suffix,
                headers={"Authorization": f"Bearer {self._keys.get(account, '')}"},
                timeout=TIMEOUT,
                stream=True,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise TemporaryError(f"Acme gives no answer ({type(error).__name__})") from error
        if response.status_code == 404:
            response.close()
            return None
        if response.status_code != 200:
            response.close()
            raise status_error(response.status_code, f"Acme answered {response.status_code}")
        if head:
            response.close()
            return Audio(200, suffix.media_type, iter(()), response.close)
        return Audio(200, suffix.media_type, response.iter_content(16 * 1024), response.close)
