"""How is Propexo asked, and what kind of failure is each bad answer? HTTP only, no decisions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from adapter.domain.phone import mask
from adapter.errors import (
    CredentialsRefused,
    LocalRateLimit,
    NotSupported,
    PermanentError,
    RemoteError,
    TemporaryError,
)
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


class PropexoClient:
    """Requests with the API key, the rate limiter, timeouts and classified errors.

    permission: without it nothing is ever paused, and a refused key is CredentialsRefused.
    Errors of every method: TemporaryError (in_doubt where a write may have been accepted), Paused,
    PermanentError and its subclasses with Propexo's own words.
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
        self._session = requests.Session()
        self._session.trust_env = False  # no .netrc, no proxy that the settings do not name
        self._session.headers.update(
            {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        )
        adapter = HTTPAdapter(pool_maxsize=connections, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def get(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        step: str,
        integration_id: str | None = None,
    ) -> Any:
        """The JSON answer of a read. integration_id: whose it is, where the query does not say so."""
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
        """The JSON answer of a write; only its acceptance is told.

        integration_id: whose it is, where the body does not say so.
        """
        return self._permitted(method, path, query or {}, body, step, integration_id)

    def try_key(self) -> None:
        """If the key was refused and it is time to try it again, do. Errors: RemoteError, but of no refusal."""
        if self._permission is not None:
            self._permission.try_key(self._check)

    def _check(self) -> None:
        """Ask for something that every good key is given."""
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
        if self._monotonic() - asked_at > SEND_WITHIN_SECONDS:
            # Frozen, or the database was; by now another worker may do what this one was to do.
            raise LocalRateLimit("it took too long to be let through; nothing was sent")
        at = self._clock()
        asked = f"{method} {path}{_shown(query)}"

        def note(status: int | None, answer: str) -> None:
            record_exchange(Exchange(at, self._clock(), step, asked, status, answer))

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
            found = _no_answer(error, is_write=body is not None)
            note(None, str(found))
            raise found from error
        retry_after = _retry_after(response.headers.get("Retry-After"), self._clock())
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


def has_more(answer: Mapping[str, Any], asked: int) -> bool:
    """True if a list goes on behind this page. asked: its limit.

    meta.hasMore may be null or missing (Propexo's OpenAPI, ResponseMeta); then a full page has a next one.
    """
    told = (answer.get("meta") or {}).get("hasMore")
    return len(answer.get("results") or ()) >= asked if told is None else bool(told)


def rows_of(answer: Any) -> list[Mapping[str, Any]]:
    """The rows that a list's answer holds. Errors: TemporaryError where it is no such answer."""
    rows = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TemporaryError("Propexo answered 200 without a list of results", status=200)
    return rows


def storable(text: str) -> str:
    """The text as every database takes it: without NULs and without halves of characters.

    A system that cuts texts by UTF-16 units, as JavaScript does, leaves half an emoji at an end.
    """
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")


def _no_answer(error: requests.RequestException, *, is_write: bool) -> TemporaryError:
    """A timeout or a broken connection. If it never stood, nothing can have been accepted."""
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
    words = f"Propexo answered {status}: {_words(response)}"
    if status == 429:
        raise TemporaryError(words, status=status, retry_after_seconds=retry_after)
    if status >= 500 or status == 408:
        raise TemporaryError(
            words, status=status, in_doubt=is_write, retry_after_seconds=retry_after
        )
    if status in (401, 403):
        raise CredentialsRefused(f"{words}; check PROPEXO_API_KEY and its rights", status=status)
    if status == 405:
        raise NotSupported(f"{words}; this PMS does not offer it", status=status)
    if 300 <= status < 400:
        raise PermanentError(f"{words}; PROPEXO_BASE_URL is not the API itself", status=status)
    raise PermanentError(words, status=status)


def _words(response: requests.Response) -> str:
    """The error in Propexo's words: its message and what its validator found, without numbers."""
    try:
        error = cut_all(response.json(), MAX_WORDS)["error"]
        found = [str(error["message"])]
        details = error.get("details") or {}
        issues = details.get("issues") or (details.get("details") or {}).get("issues") or []
        for issue in issues[:MAX_ISSUES]:
            where = ".".join(str(part) for part in [*issue.get("path", []), *issue.get("keys", [])])
            found.append(f"{where}: {issue.get('message', issue.get('code', ''))}".strip(": "))
        text = "; ".join(found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        text = response.text[: 8 * MAX_WORDS].strip() or "no words"
    return hide_numbers(plain(storable(text[: 4 * MAX_WORDS])))[:MAX_WORDS]


def _gist(answer: Any) -> str:
    """What an answer said, short enough for a list."""
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


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait: Retry-After is a number of seconds or an HTTP date; at most an hour is believed."""
    if not value:
        return None
    value = cut(value)
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), 3600.0) if seconds == seconds else None
