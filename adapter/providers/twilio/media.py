"""Where is a recording's audio, with what right is it read, and how does it come out in pieces?

https://www.twilio.com/docs/voice/api/recording#fetch-a-recordings-media-file. Credentials go to the
configured base URL and nowhere else; an external storage's URL, or a redirect there, is followed
without them and only to public addresses (adapter.net.ssrf).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import requests
import urllib3

from adapter.domain.record import Recording
from adapter.errors import PermanentError, RemoteError, TemporaryError
from adapter.net.byte_ranges import ByteRange, Span, Unsatisfiable, parse_content_range, parse_range
from adapter.net.sessions import new_session
from adapter.net.ssrf import PublicHttpsClient
from adapter.net.status_errors import status_error
from adapter.providers.media import Audio, AudioFormat
from adapter.providers.twilio.rest import CHECK_TOKEN
from adapter.text.untrusted import whole

TWILIO_HOST = "api.twilio.com"
MAX_REDIRECTS = 5
CHUNK_BYTES = 16 * 1024
TIMEOUT = (5.0, 10.0)
_PORTS = {"http": 80, "https": 443}
_AT_TWILIO = re.compile(r"/Recordings/RE\w+$")
_GONE = (404, 410)
_REDIRECTS = (301, 302, 303, 307, 308)
# What a storage says of its files, in the words of browsers. Twilio says audio/x-wav.
_TYPES = {
    "audio/mpeg": "audio/mpeg",
    "audio/mp3": "audio/mpeg",
    "audio/wav": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
}


class TwilioMedia:
    """See adapter.providers.media.Media. tokens: an account's auth tokens, () for an unknown one."""

    def __init__(
        self,
        *,
        base_url: str,
        tokens: Callable[[str], Sequence[str]],
        elsewhere: PublicHttpsClient | None = None,
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._base = urlsplit(self._base_url)
        self._tokens = tokens
        self._elsewhere = elsewhere or PublicHttpsClient()
        self._timeout = timeout
        self._session = new_session()

    def browser_url(self, url: str) -> str:
        # An external storage knows no suffixes: it has one file, under the name that the hook told.
        secure = url.replace("http://", "https://", 1)
        return f"{secure}{AudioFormat.MP3}" if _AT_TWILIO.search(secure) else secure

    def open(
        self,
        account: str,
        recording: Recording,
        *,
        suffix: AudioFormat,
        range_header: str | None = None,
        head: bool = False,
    ) -> Audio | None:
        # A range is defined for GET alone (RFC 9110 section 14.2). The first byte is asked for instead of
        # a HEAD: a storage's signed URLs are good for one method, and Twilio redirects to such.
        byte_range = ByteRange(0, 0) if head else parse_range(range_header)
        response = self._ask(account, self._place(_url(account, recording), suffix), byte_range)
        try:
            if response.status_code in _GONE:
                response.close()
                return None
            if response.status_code not in (200, 206, 416):
                raise _failure(response, self._is_base(urlsplit(response.url)))
            audio = _audio(response, suffix, byte_range)
        except BaseException:
            response.close()
            raise
        if not head:
            return audio
        audio.close()
        return Audio(200, audio.media_type, iter(()), audio.close, total=audio.total)

    def _place(self, url: str, suffix: AudioFormat) -> str:
        """Where to ask for a recording: Twilio's own are at the base URL, in the format of the suffix."""
        place = self._at_base(url)
        if place is None:
            return url  # an external storage has the one file that it has
        parts = urlsplit(place)
        path = parts.path
        for known in (*AudioFormat, ".json"):
            path = path.removesuffix(known)
        return parts._replace(path=path + suffix, fragment="").geturl()

    def _at_base(self, url: str) -> str | None:
        """A URL of Twilio's API on the base URL; None for one that is not Twilio's.

        Hooks name https://api.twilio.com, sometimes with http, whatever the base URL is set to.
        """
        parts = _split(url)
        path = parts._replace(scheme="", netloc="").geturl()
        if self._is_base(parts):
            # Not the URL as it came: libraries differ in where a host ends ("http://a\@b"), and the
            # credentials go to where the last one of them says.
            return f"{self._base.scheme}://{self._base.netloc}{path}"
        is_twilio = parts.hostname == TWILIO_HOST and parts.port in (None, 80, 443)
        is_base_over_http = (parts.scheme, self._base.scheme) == ("http", "https") and (
            parts.hostname == self._base.hostname and parts.port in (None, 80)
        )
        if not (is_twilio or is_base_over_http) or parts.scheme not in _PORTS:
            return None
        return self._base_url + path

    def _is_base(self, parts: SplitResult) -> bool:
        return _origin(parts) == _origin(self._base)

    def _ask(self, account: str, url: str, asked: ByteRange | None) -> requests.Response:
        """The answer at the end of all redirects, its body not read yet. Errors: RemoteError."""
        headers = {"Accept": "audio/*", "Accept-Encoding": "identity", "User-Agent": "call-adapter"}
        if asked:
            headers["Range"] = str(asked)
        trusted = (
            True  # ends where a foreign host begins: it must not send our credentials anywhere
        )
        try:
            for _ in range(MAX_REDIRECTS + 1):
                if place := self._at_base(url):
                    url = place
                    response = self._ask_base(account if trusted else "", url, headers)
                else:
                    trusted = False
                    response = self._elsewhere.get(url, headers=headers, timeout=self._timeout)
                following = response.headers.get("Location")
                if response.status_code not in _REDIRECTS or not following:
                    return response
                response.close()
                url = _joined(url, following)
        except requests.RequestException as error:
            raise TemporaryError(
                f"the recording's host gives no answer ({type(error).__name__})"
            ) from error
        raise PermanentError(f"the recording's URL redirects more than {MAX_REDIRECTS} times")

    def _ask_base(self, account: str, url: str, headers: dict[str, str]) -> requests.Response:
        """Each token of the account is tried in turn; without any, media may still be public."""
        tokens = self._tokens(account) if account else ()
        for token in tokens[:-1]:
            response = self._get(url, (account, token), headers)
            if response.status_code != 401:
                return response
            response.close()
        return self._get(url, (account, tokens[-1]) if tokens else None, headers)

    def _get(
        self, url: str, auth: tuple[str, str] | None, headers: dict[str, str]
    ) -> requests.Response:
        return self._session.get(
            url,
            auth=auth,
            headers=headers,
            timeout=self._timeout,
            stream=True,
            allow_redirects=False,
        )


def _url(account: str, recording: Recording) -> str:
    """Its URL as told; where a hook named the recording alone, the one that Twilio's own have."""
    if recording.url is not None:
        return recording.url
    sid = quote(recording.id, safe="")
    return f"https://{TWILIO_HOST}/2010-04-01/Accounts/{account}/Recordings/{sid}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for ports that cannot be
    except ValueError as error:
        raise PermanentError("the recording's URL is not a URL") from error
    return parts


def _joined(url: str, following: str) -> str:
    try:
        return urljoin(url, following)
    except ValueError as error:
        raise PermanentError("the recording's URL redirects to what is no URL") from error


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _failure(response: requests.Response, is_twilio: bool) -> RemoteError:
    status = response.status_code
    if is_twilio:
        return status_error(status, f"Twilio answered {status}", advice=CHECK_TOKEN)
    message = f"the storage of the recordings answered {status}"
    if status in (401, 403):  # it was asked without credentials, so none were refused
        return PermanentError(message, status=status)
    return status_error(status, message)


def _audio(response: requests.Response, suffix: AudioFormat, asked: ByteRange | None) -> Audio:
    """What was asked for, also where the other side does not know ranges. Errors: TemporaryError."""
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    media_type = _TYPES.get(content_type, suffix.media_type)
    span, total = parse_content_range(response.headers.get("Content-Range"))
    if response.status_code == 416:
        return Audio(416, media_type, iter(()), response.close, total=total)
    if response.status_code == 206:
        fits = asked and span and (span.first == asked.first or asked.first is None)
        if not span or not fits:
            raise TemporaryError(
                "the recording's host answered another range than it was asked for"
            )
        body = _body(response, span.length)
        return Audio(206, media_type, body, response.close, span=span, total=total)
    length = response.headers.get("Content-Length", "")
    total = whole(length) if not _is_encoded(response) else None
    if asked is None or total is None:
        return Audio(200, media_type, _body(response, total), response.close, total=total)
    try:
        span = asked.of(total)
    except Unsatisfiable:
        return Audio(416, media_type, iter(()), response.close, total=total)
    body = _cut(_body(response, total), span)
    return Audio(206, media_type, body, response.close, span=span, total=total)


def _is_encoded(response: requests.Response) -> bool:
    return response.headers.get("Content-Encoding", "identity").lower() != "identity"


def _body(response: requests.Response, length: int | None) -> Iterator[bytes]:
    """The body as it comes: a piece is what has arrived, never more than CHUNK_BYTES.

    Errors: TemporaryError when it ends early or stops coming.
    """
    seen = 0
    try:
        while piece := response.raw.read1(CHUNK_BYTES, decode_content=True):
            seen += len(piece)
            yield piece
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise TemporaryError(f"the recording broke off ({type(error).__name__})") from error
    finally:
        with suppress(OSError):
            response.close()
    if length is not None and seen < length:
        raise TemporaryError(f"the recording broke off after {seen} of {length} bytes")


def _cut(pieces: Iterator[bytes], span: Span) -> Iterator[bytes]:
    at = 0
    for piece in pieces:
        part = piece[max(span.first - at, 0) : span.last + 1 - at]
        at += len(piece)
        if part:
            yield part
        if at > span.last:
            return
