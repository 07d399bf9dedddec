"""What does Acme's API know of a call, and of a day?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import requests

from adapter.domain.record import Leg, LegDirection, Recording
from adapter.errors import CredentialsRefused, PermanentError, RemoteError, TemporaryError
from adapter.net.sessions import new_session
from adapter.net.status_errors import retry_after_seconds, status_error
from adapter.observability.exchanges import Exchange, record_exchange
from adapter.providers.call_log import LoggedDay
from adapter.text.untrusted import cut_all
from tests.support.acme.hooks import leg_of, recording_of

TIMEOUT = (5.0, 15.0)
TRIES = 5


class AcmeApi:
    """See adapter.providers.base.CallApi and adapter.providers.call_log.CallLog."""

    def __init__(self, base_url: str, keys: Mapping[str, str]) -> None:
        self._base_url = base_url.rstrip("/")
        self._keys = keys
        self._session = new_session()

    def can_read(self, account: str) -> bool:
        return bool(self._keys.get(account))

    def leg(self, account: str, sid: str) -> Leg | None:
        try:
            return leg_of(self._get(account, f"/calls/{sid}"))
        except PermanentError as error:
            if error.status == 404:
                return None
            raise

    def legs_dialled_by(self, account: str, sid: str) -> Sequence[Leg]:
        return [leg_of(row) for row in self._get(account, "/calls", parent=sid)["calls"]]

    def recordings_of(self, account: str, sid: str) -> Sequence[Recording]:
        rows = self._get(account, "/recordings", call=sid)["recordings"]
        return [recording_of(row["recording"]) for row in rows]

    def calls_to(self, account: str, number: str, since: datetime) -> Sequence[Leg]:
        rows = self._get(account, "/calls", to=number)["calls"]
        legs = [leg_of(row) for row in rows]
        return [
            leg
            for leg in legs
            if leg.direction is LegDirection.INBOUND
            and leg.started_at is not None
            and leg.started_at >= since
        ]

    def day(self, account: str, day: date, wait: Callable[[float], None]) -> LoggedDay:
        rows = self._waiting(wait, account, "/calls", day=day.isoformat())["calls"]
        recordings: dict[str, list[Recording]] = {}
        for row in self._waiting(wait, account, "/recordings", day=day.isoformat())["recordings"]:
            recordings.setdefault(row["call"], []).append(recording_of(row["recording"]))
        return LoggedDay([leg_of(row) for row in rows], recordings)

    def _waiting(
        self, wait: Callable[[float], None], account: str, path: str, **query: str
    ) -> dict[str, Any]:
        for tried in range(1, TRIES):
            try:
                return self._get(account, path, **query)
            except TemporaryError as error:
                wait(error.retry_after_seconds or 2.0**tried)
        return self._get(account, path, **query)

    def _get(self, account: str, path: str, **query: str) -> dict[str, Any]:
        key = self._keys.get(account)
        if not key:
            raise CredentialsRefused("no key is configured for this account")
        at = datetime.now(UTC)
        status, failure, answer = None, None, {}
        try:
            response = self._session.get(
                f"{self._base_url}/accounts/{account}{path}",
                params=query,
                headers={"Authorization": f"Bearer {key}"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            status = response.status_code
            if status == 200:
                answer = cut_all(response.json())
            else:
                failure = status_error(
                    status,
                    f"Acme's API answered {status}",
                    retry_after_seconds=retry_after_seconds(response.headers, at),
                )
        except (requests.RequestException, RecursionError) as error:
            failure = TemporaryError(f"Acme's API gave no answer ({type(error).__name__})")
        said = str(failure) if isinstance(failure, RemoteError) else "ok"
        record_exchange(Exchange(at, datetime.now(UTC), "read", f"GET Acme {path}", status, said))
        if failure is not None:
            raise failure
        return answer
