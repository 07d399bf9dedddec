"""Who opens the link of a call: somebody who reads the page, or a player that wants the recording?"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import ContentRange

from adapter.domain.call import Call
from adapter.domain.call_links import Links
from adapter.domain.due import best_recording
from adapter.domain.lines import Lines
from adapter.domain.record import Recording
from adapter.errors import CredentialsRefused, PermanentError, TemporaryError
from adapter.observability.logs import logger
from adapter.providers.base import Provider
from adapter.providers.media import Audio, AudioFormat
from adapter.storage.store import Store
from adapter.web.recordings.page import Listen, Page, is_playable, missing, not_there, page
from adapter.web.recordings.stream import STALL_SECONDS, RecordingStream, StreamSlots

CONCURRENT_STREAMS = 3  # of the 6 threads of a process (gunicorn_conf)
STREAM_SECONDS = 300.0
NOT_VALID = "this link is not valid, or not any more"
DEAD = Page("This link is not valid, or not any more", ())
NEW_LINK = "Whoever runs the call adapter can give you a new one."
_PRIVATE = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STATUS = {
    Listen.NOT_READY: 404,
    Listen.NONE: 404,
    Listen.DELETED: 410,
    Listen.REFUSED: 502,
    Listen.UNKNOWN: 404,
}

log = logger("adapter.web.recordings.routes")


def recording_routes(
    store: Store,
    links: Links,
    providers: Mapping[str, Provider],
    lines: Lines,
    *,
    concurrent_streams: int = CONCURRENT_STREAMS,
    stream_seconds: float = STREAM_SECONDS,
    stall_seconds: float = STALL_SECONDS,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Blueprint:
    """Return the route GET and HEAD /recordings/<token>, also with .mp3 or .wav: page and recording of a call.

    The limits are those of one process. Without a valid link, nothing is shown and nothing is fetched.
    """
    routes = Blueprint("recordings", __name__, template_folder="templates")
    slots = StreamSlots(concurrent_streams)

    @routes.get("/recordings/<token>")
    def recording(token: str) -> Response:
        suffix = next((kind for kind in AudioFormat if token.endswith(kind)), None)
        token = token.removesuffix(suffix or "")
        call = _call(store, links, token)
        is_for_people = _is_for_people(suffix)
        if call is None:
            response = (
                _page(DEAD, NEW_LINK, False, status=404) if is_for_people else _text(NOT_VALID, 404)
            )
        elif suffix or not is_for_people:
            response = play(call, token, suffix or _preferred_format(), is_for_people)
        else:
            response = show(call, token)
        response.headers.update(_PRIVATE)
        return response

    def show(call: Call, token: str) -> Response:
        """Show the page. Ask the provider for the recording first, so that no player is shown for none."""
        best = best_recording(call.record)
        listen = missing(call, clock()) if best is None else availability(call, best)
        return call_page(call, listen, token)

    def call_page(call: Call, listen: Listen, token: str, status: int = 200) -> Response:
        return _page(
            page(call, lines), note(call, listen), is_playable(listen), token=token, status=status
        )

    def note(call: Call, listen: Listen) -> str:
        provider = providers.get(call.provider)
        return listen.say(provider.label if provider else call.provider)

    def availability(call: Call, best: Recording) -> Listen:
        provider = providers.get(call.provider)
        if provider is None:
            return Listen.UNKNOWN
        if not slots.take():
            return Listen.READY  # no slot to ask with; the player finds out itself
        try:
            audio = provider.media.open(call.account, best, suffix=AudioFormat.MP3, head=True)
        except TemporaryError:
            return Listen.UNREACHABLE
        except PermanentError as error:
            log.error("recording cannot be read", call=call.key, reason=str(error))
            return Listen.REFUSED
        finally:
            slots.leave()
        return not_there(call, clock()) if audio is None else Listen.READY

    def play(call: Call, token: str, suffix: AudioFormat, is_for_people: bool) -> Response:
        def not_playable(listen: Listen) -> Response:
            status = _STATUS[listen]
            if is_for_people:
                response = call_page(call, listen, token, status)
            else:
                response = _text(note(call, listen), status)
            if listen is Listen.NOT_READY:
                response.headers["Retry-After"] = "30"
            return response

        best = best_recording(call.record)
        if best is None:
            return not_playable(missing(call, clock()))
        provider = providers.get(call.provider)
        if provider is None:
            return not_playable(Listen.UNKNOWN)
        if not slots.take():
            return _again_later("too many recordings are being listened to; try again", 5)
        stream = None
        try:
            audio = provider.media.open(
                call.account,
                best,
                suffix=suffix,
                range_header=request.headers.get("Range"),
                head=request.method == "HEAD",
            )
            if audio is None:
                return not_playable(not_there(call, clock()))
            stream = RecordingStream(
                audio,
                request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket"),
                limit_seconds=stream_seconds,
                stall_seconds=stall_seconds,
                done=slots.leave,
            )
            return _streamed(audio, stream)
        except TemporaryError as error:
            log.warning("recording not read", call=call.key, reason=str(error))
            return _again_later(note(call, Listen.UNREACHABLE), 10)
        except (CredentialsRefused, PermanentError) as error:
            log.error("recording cannot be read", call=call.key, reason=str(error))
            return not_playable(Listen.REFUSED)
        finally:
            if stream is None:
                slots.leave()

    return routes


def _page(
    page: Page, note: str, is_playable: bool, *, token: str = "", status: int = 200
) -> Response:
    """Return a page that loads nothing but the recording. note: stands above the player, or in its place."""
    nonce = secrets.token_urlsafe(16)
    html = render_template(
        "recording.html", page=page, note=note, is_playable=is_playable, token=token, nonce=nonce
    )
    response = Response(html, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; media-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return response


def _call(store: Store, links: Links, token: str) -> Call | None:
    """Return the call that this token opens; None if anything is wrong with the token."""
    link = links.read(token)
    return link.call_of(store.calls.find(link.call_id)) if link is not None else None


def _is_for_people(suffix: str | None) -> bool:
    """Return whether the answer is shown by a browser, and not played."""
    if "Range" in request.headers or _prefers_audio():
        return False
    return suffix is None or any(kind == "text/html" for kind, _ in request.accept_mimetypes)


def _prefers_audio() -> bool:
    accept = request.accept_mimetypes
    types = ("audio/x-wav", *(kind.media_type for kind in AudioFormat))
    return max(accept[each] for each in types) > accept["text/html"]


def _preferred_format() -> AudioFormat:
    accept = request.accept_mimetypes
    wav = max(accept["audio/wav"], accept["audio/x-wav"])
    return AudioFormat.WAV if wav > accept["audio/mpeg"] else AudioFormat.MP3


def _streamed(audio: Audio, stream: RecordingStream) -> Response:
    response = Response(stream, audio.status, content_type=audio.media_type)
    response.headers["Accept-Ranges"] = "bytes"
    kind = AudioFormat.WAV if audio.media_type == AudioFormat.WAV.media_type else AudioFormat.MP3
    response.headers["Content-Disposition"] = f'inline; filename="call-recording{kind}"'
    if audio.length is not None:
        response.headers["Content-Length"] = str(audio.length)
    if audio.status in (206, 416):
        first, stop = (audio.span.first, audio.span.last + 1) if audio.span else (None, None)
        response.content_range = ContentRange("bytes", first, stop, audio.total)
    return response


def _text(words: str, status: int) -> Response:
    return Response(f"{words}\n", status, content_type="text/plain; charset=utf-8")


def _again_later(words: str, seconds: int) -> Response:
    response = _text(words, 503)
    response.headers["Retry-After"] = str(seconds)
    return response
