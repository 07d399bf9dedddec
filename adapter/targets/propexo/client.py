"""How is a request sent to Propexo, and which error is each bad answer? HTTP only, no decisions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from adapter.domain.phone import mask
from adapter.errors import (
    CredentialsRefused,
    LocalRateLimit,
    PermanentError,
    RemoteError,
    TemporaryError,
)
from adapter.net.send_deadline import is_too_late_to_send
from adapter.net.sessions import new_session
from adapter.net.status_errors import retry_after_seconds, status_error
from adapter.observability.exchanges import Exchange, record_exchange
from adapter.observability.redact import hide_numbers
from adapter.targets.propexo.permission import CHECK_PATH, Permission
from adapter.targets.propexo.rate_limiter import RateLimiter
from adapter.text.plain import plain
from adapter.text.untrusted import cut, cut_all

CONNECT_SECONDS = 5.0
# An answer is slowed by 2 s near the rate limit, and a write waits for the PMS's validation.
READ_SECONDS = 25.0
MAX_WORDS = 500
MAX_ISSUES = 20
SEND_WITHIN_SECONDS = 5.0
# What an operator can do about a status, or about a class of them.
_ADVICE = {
    401: "check PROPEXO_API_KEY and its rights",
    403: "check PROPEXO_API_KEY and its rights",
    405: "this PMS does not offer it",
    3: "PROPEXO_BASE_URL is not the API itself",
}


class PropexoClient:
    """Sends requests with the API key, within the rate limit, and turns bad answers into errors.

    permission: knows what Propexo refuses for now. Without it, nothing is ever paused, and a refused key is
    CredentialsRefused.
    Every method raises TemporaryError (in_doubt if a write may have been accepted), Paused, or PermanentError
    and its subclasses with Propexo's own words.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        rate_limiter: RateLimiter,
        permission: Permission | None = None,
        connections: int = 16,
        read_seconds: float = READ_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._rate_limiter = rate_limiter
        self._permission = permission
        self._timeout = (CONNECT_SECONDS, read_seconds)
        self._clock = clock
        self._monotonic = monotonic
        self._session = new_session(connections=connections)
        self._session.headers.update(
            {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        )

    def get(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        step: str,
        integration_id: str | None = None,
    ) -> Any:
        """Send a read and return its JSON answer.

        integration_id: which integration the read is for, if the query does not name it.
        """
        return self._permitted("GET", path, query or {}, None, step, integration_id)

    def send(
        self,
        path: str,
        body: Mapping[str, Any],
        query: Mapping[str, Any] | None = None,
        *,
        step: str,
        method: str = "POST",
        integration_id: str | None = None,
    ) -> Any:
        """Send a write and return the JSON answer, which says that the write was accepted and nothing more.

        integration_id: which integration the write is for, if the body does not name it.
        """
        return self._permitted(method, path, query or {}, body, step, integration_id)

    def try_key(self) -> None:
        """Try a refused key again if it is time to. Raise RemoteError, unless it is refused again."""
        if self._permission is not None:
            self._permission.try_key(self._check)

    def _check(self) -> None:
        """Ask for the list of integrations, which Propexo gives to every good key."""
        self._request("GET", CHECK_PATH, {"limit": 1}, None, "key", self._monotonic())

    def _permitted(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        step: str,
        integration_id: str | None,
    ) -> Any:
        asked_at = self._monotonic()
        if self._permission is None:
            return self._request(method, path, query, body, step, asked_at)
        whose = integration_id or query.get("integration_id") or (body or {}).get("integration_id")
        tried = self._permission.admit(step, path, whose, self._check)
        try:
            answer = self._request(method, path, query, body, step, asked_at)
        except CredentialsRefused as error:
            raise self._permission.refused(
                error,
                step=step,
                path=path,
                integration_id=whose,
                tried=tried,
                check=self._check,
            ) from error
        except PermanentError:
            self._permission.answered(tried)
            raise
        self._permission.answered(tried)
        return answer

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        step: str,
        asked_at: float,
    ) -> Any:
        self._rate_limiter.admit(step)
        at = self._clock()
        asked = f"{method} {path}{_shown(query)}"

        def note(status: int | None, answer: str) -> None:
            record_exchange(Exchange(at, self._clock(), step, asked, status, answer))

        if self._monotonic() - asked_at > SEND_WITHIN_SECONDS or is_too_late_to_send():
            # This process or the database was frozen. Another worker may be doing the same by now.
            raise LocalRateLimit("it took too long to be let through; nothing was sent")
        try:
            response = self._session.request(
                method,
                self._base_url + path,
                params=dict(query),
                json=body,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            no_answer = _no_answer(error, is_write=body is not None)
            note(None, str(no_answer))
            raise no_answer from error
        retry_after = retry_after_seconds(response.headers, self._clock())
        self._rate_limiter.learn(
            response.headers,
            refused=response.status_code == 429,
            retry_after_seconds=retry_after,
            sent_at=at.timestamp(),
        )
        try:
            answer = _answer(response, is_write=body is not None, retry_after=retry_after)
        except RemoteError as error:
            note(response.status_code, str(error))
            raise
        note(response.status_code, _gist(answer))
        return answer


def has_more(answer: Mapping[str, Any], limit: int) -> bool:
    """Return whether the list has another page after this one. limit: the one that was asked for.

    meta.hasMore may be null or missing (Propexo's OpenAPI, ResponseMeta); then a full page has a next one.
    """
    flag = (answer.get("meta") or {}).get("hasMore")
    return len(answer.get("results") or ()) >= limit if flag is None else bool(flag)


def rows_of(answer: Any) -> list[Mapping[str, Any]]:
    """Return the rows of a list's answer. Raise TemporaryError if it is no such answer."""
    rows = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TemporaryError("Propexo answered 200 without a list of results", status=200)
    return rows


def storable(text: str) -> str:
    """Return the text without NULs and without halves of characters, which a database would refuse.

    A system that cuts texts by UTF-16 units, as JavaScript does, leaves half an emoji at an end.
    """
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")


def _no_answer(error: requests.RequestException, *, is_write: bool) -> TemporaryError:
    """Return the error for a timeout or a broken connection.

    Without a connection, nothing can have been accepted.
    """
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return TemporaryError("Propexo cannot be reached (no connection)")
    words = "did not answer in time" if isinstance(error, requests.Timeout) else "broke off"
    return TemporaryError(f"Propexo {words}", in_doubt=is_write)


def _never_connected(error: BaseException) -> bool:
    for arg in error.args:
        reason = getattr(arg, "reason", arg)
        if isinstance(reason, NewConnectionError):
            return True
    return False


def _answer(response: requests.Response, *, is_write: bool, retry_after: float | None) -> Any:
    status = response.status_code
    if 200 <= status < 300:
        try:
            answer = cut_all(response.json())
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict) or (isinstance(answer, list) and not is_write):
            return answer
        # The answers to writes are objects; a write that was taken in some other way may have been taken.
        raise TemporaryError(
            f"Propexo answered {status} without a JSON object", status=status, in_doubt=is_write
        )
    raise status_error(
        status,
        f"Propexo answered {status}: {_words(response)}",
        retry_after_seconds=retry_after,
        in_doubt=is_write,
        advice=_ADVICE,
    )


def _words(response: requests.Response) -> str:
    """Return Propexo's message and what its validator found, without phone numbers."""
    try:
        error = cut_all(response.json(), MAX_WORDS)["error"]
        sentences = [str(error["message"])]
        details = error.get("details") or {}
        issues = details.get("issues") or (details.get("details") or {}).get("issues") or []
        for issue in issues[:MAX_ISSUES]:
            where = ".".join(str(part) for part in [*issue.get("path", []), *issue.get("keys", [])])
            sentences.append(f"{where}: {issue.get('message', issue.get('code', ''))}".strip(": "))
        text = "; ".join(sentences)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        text = response.text[: 8 * MAX_WORDS].strip() or "no words"
    return hide_numbers(plain(storable(text[: 4 * MAX_WORDS])))[:MAX_WORDS]


def _gist(answer: Any) -> str:
    """Return what an answer says, in a few words."""
    if not isinstance(answer, dict):
        return "ok"
    if isinstance(answer.get("results"), list):
        return f"{len(answer['results'])} found"
    if "write_status" in answer:
        return storable(cut(str(answer["write_status"])))
    return "ok"


def _shown(query: Mapping[str, Any]) -> str:
    if not query:
        return ""
    pairs = (f"{k}={mask(str(v)) if k.startswith('phone') else v}" for k, v in query.items())
    return "?" + "&".join(pairs)
