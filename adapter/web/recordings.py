"""Who opens the link of a call, and what do they get: its page, or its recording?"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, render_template, request

from adapter.calls.facts import Recording
from adapter.calls.lines import Lines
from adapter.calls.links import Links
from adapter.calls.rows import Call
from adapter.calls.settle import best_recording
from adapter.calls.store import Store
from adapter.errors import CredentialsRefused, PermanentError, TemporaryError
from adapter.observe import logger
from adapter.providers.audio import Audio, AudioFormat, Media
from adapter.providers.ranges import Span
from adapter.web.listening import STALL_SECONDS, Listening, Seats
from adapter.web.recording_page import Listen, missing, not_there, page

CONCURRENT_STREAMS = 3  # of the 6 threads of a process (gunicorn_conf)
STREAM_SECONDS = 300.0
NOT_VALID = "this link is not valid, or not any more"
_PRIVATE = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STATUS = {Listen.NOT_READY: 404, Listen.NONE: 404, Listen.DELETED: 410, Listen.REFUSED: 502}

log = logger("adapter.web.recordings")


def recording_routes(
    store: Store,
    links: Links,
    media: Media,
    lines: Lines,
    *,
    concurrent_streams: int = CONCURRENT_STREAMS,
    stream_seconds: float = STREAM_SECONDS,
    stall_seconds: float = STALL_SECONDS,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Blueprint:
    """GET|HEAD /recordings/<token>, also with .mp3 or .wav: the page of a call, and its recording.

    The limits are of one process. Whoever has no valid link learns nothing, and nothing is fetched.
    """
    routes = Blueprint("recordings", __name__, template_folder="templates")
    seats = Seats(concurrent_streams)

    @routes.get("/recordings/<token>")
    def recording(token: str) -> Response:
        suffix = next((kind for kind in AudioFormat if token.endswith(kind)), None)
        token = token.removesuffix(suffix or "")
        call = _call(store, links, token)
        if suffix or "Range" in request.headers or _prefers_audio():
            response = sound(call, suffix or _preferred_format())
        else:
            response = told(call, token)
        response.headers.update(_PRIVATE)
        return response

    def told(call: Call, token: str) -> Response:
        """The page. Twilio is asked whether the recording is there, so that nobody gets a dead player."""
        best = best_recording(call.record)
        listen = missing(call, clock()) if best is None else found(call, best)
        nonce = secrets.token_urlsafe(16)
        html = render_template(
            "recording.html",
            page=page(call, lines),
            listen=listen,
            Listen=Listen,
            token=token,
            nonce=nonce,
        )
        response = Response(html, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; media-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return response

    def found(call: Call, best: Recording) -> Listen:
        if not seats.take():
            return (
                Listen.READY
            )  # there are listeners enough to keep Twilio busy; the player will tell
        try:
            audio = media.open(call.account, best, suffix=AudioFormat.MP3, head=True)
        except TemporaryError:
            return Listen.UNREACHABLE
        except PermanentError as error:
            log.error("recording cannot be read", call=call.key, reason=str(error))
            return Listen.REFUSED
        finally:
            seats.leave()
        return not_there(call, clock()) if audio is None else Listen.READY

    def sound(call: Call, suffix: AudioFormat) -> Response:
        best = best_recording(call.record)
        if best is None:
            return _words(missing(call, clock()))
        if not seats.take():
            return _again_later("too many recordings are being listened to; try again", 5)
        listening = None
        try:
            audio = media.open(
                call.account,
                best,
                suffix=suffix,
                range_header=request.headers.get("Range"),
                head=request.method == "HEAD",
            )
            if audio is None:
                return _words(not_there(call, clock()))
            listening = Listening(
                audio,
                request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket"),
                limit_seconds=stream_seconds,
                stall_seconds=stall_seconds,
                done=seats.leave,
            )
            return _sounding(audio, listening)
        except TemporaryError as error:
            log.warning("recording not read", call=call.key, reason=str(error))
            return _again_later(Listen.UNREACHABLE, 10)
        except (CredentialsRefused, PermanentError) as error:
            log.error("recording cannot be read", call=call.key, reason=str(error))
            return _words(Listen.REFUSED)
        finally:
            if listening is None:
                seats.leave()

    return routes


def _call(store: Store, links: Links, token: str) -> Call:
    """The one call that this token opens. Errors: NotFound, the same for whatever is wrong with it."""
    link = links.read(token)
    call = link.call_of(store.find_calls(link.call_id)) if link is not None else None
    if call is None:
        abort(404, NOT_VALID)
    return call


def _prefers_audio() -> bool:
    accept = request.accept_mimetypes
    types = ("audio/x-wav", *(kind.media_type for kind in AudioFormat))
    return max(accept[each] for each in types) > accept["text/html"]


def _preferred_format() -> AudioFormat:
    accept = request.accept_mimetypes
    wav = max(accept["audio/wav"], accept["audio/x-wav"])
    return AudioFormat.WAV if wav > accept["audio/mpeg"] else AudioFormat.MP3


def _sounding(audio: Audio, listening: Listening) -> Response:
    response = Response(listening, audio.status, content_type=audio.media_type)
    response.headers["Accept-Ranges"] = "bytes"
    kind = AudioFormat.WAV if audio.media_type == AudioFormat.WAV.media_type else AudioFormat.MP3
    response.headers["Content-Disposition"] = f'inline; filename="call-recording{kind}"'
    if audio.length is not None:
        response.headers["Content-Length"] = str(audio.length)
    if audio.status in (206, 416):
        response.headers["Content-Range"] = _content_range(audio.span, audio.total)
    return response


def _content_range(span: Span | None, total: int | None) -> str:
    bytes_sent = f"{span.first}-{span.last}" if span else "*"
    return f"bytes {bytes_sent}/{'*' if total is None else total}"


def _words(listen: Listen) -> Response:
    response = Response(f"{listen}\n", _STATUS[listen], content_type="text/plain; charset=utf-8")
    if listen is Listen.NOT_READY:
        response.headers["Retry-After"] = "30"
    return response


def _again_later(words: str, seconds: int) -> Response:
    response = Response(f"{words}\n", 503, content_type="text/plain; charset=utf-8")
    response.headers["Retry-After"] = str(seconds)
    return response
