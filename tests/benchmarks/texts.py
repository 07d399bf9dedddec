"""Does twice as long a text from outside take no more than twice as long? (python -m tests.benchmarks.texts)

Each reader of what others send gets texts that are made to be hard, at doubling lengths. A reader that is
linear doubles its time, one that cuts first does not change it, and one that tries every place against every
other takes four times as long. It fails where the last doubling took more than three times as long, and long
enough to be measured at all.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

import requests
from rich.console import Console
from rich.table import Table
from werkzeug.datastructures import Headers

from adapter.domain.number_traces import Traces
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.domain.phone import e164
from adapter.domain.summary import CallSummary
from adapter.errors import HookError, UnreadableHook
from adapter.net.byte_ranges import parse_content_range, parse_range
from adapter.observability.redact import hide_numbers
from adapter.providers.base import HookRequest
from adapter.providers.twilio import TwilioHooks
from adapter.providers.twilio.signature import Tokens
from adapter.targets.propexo import webhooks
from adapter.targets.propexo.client import _words
from adapter.targets.propexo.notes import notes
from adapter.text.plain import plain, quotable

LENGTHS = (8_000, 16_000, 32_000)
MOST = 3.0
TRIES = 3  # a machine that does other things as well is slow at times
LEAST_SECONDS = 0.005
ENDLESS_SECONDS = 0.5
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
PIECES = (
    *(" ", "1", "1 ", "+", "+1 (", "(1", "61755501", "617 555 013", "617-", "6", "%", "%2B", "%28"),
    *('"', "'", "call ", "call: ", ":", ": ", "/", "a", "x", "ext", "ext ", ";", "#", "&", "&#", "[", "<"),
    *("\u00e9", "\u202e", "\ufdfa", "\u00b2", "\t", "\n", "-", ".", ",", "@", "sip:", "RE", "Mon, ", "=", "\\"),
)  # fmt: skip
FIELDS = (
    *("From", "To", "CallerName", "CallDuration", "Timestamp", "Direction", "DialCallSid", "CallSid"),
    *("RecordingSid", "RecordingUrl", "TranscriptionText", "SipResponseCode", "AccountSid", "Odd"),
)  # fmt: skip
Reading = Callable[[], object]
Reader = Callable[[str], Reading]  # what is made ready for it is not measured


@dataclass(frozen=True)
class Worst:
    """The text that took longest in proportion. seconds: for each of LENGTHS."""

    piece: str
    seconds: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return self.seconds[-1] / max(self.seconds[-2], 1e-9)

    @property
    def is_too_slow(self) -> bool:
        return self.ratio > MOST and self.seconds[-1] > LEAST_SECONDS


def readers() -> Iterator[tuple[str, Reader]]:
    for field in FIELDS:
        yield f"hook: {field}", _hook_reader(field)
    yield "hook: the name of a parameter", lambda text: _hook({text: "x"})
    search = Traces(["+16175550134"])
    plainly: Mapping[str, Callable[[str], object]] = {
        "a number (e164)": e164,
        "a log line": hide_numbers,
        "plain": plain,
        "quotable": quotable,
        "notes": _notes,
        "Range": parse_range,
        "Content-Range": parse_content_range,
        "forget: search": search.are_in,
    }
    for name, read in plainly.items():
        yield name, partial(partial, read)
    yield "Range: bytes=", lambda text: partial(parse_range, f"bytes={text}")
    yield "Content-Range: bytes", lambda text: partial(parse_content_range, f"bytes {text}")
    yield "forget: removal", lambda text: partial(search.removed_from, f"{text}6175550134")
    yield "Propexo's error, as text", lambda text: partial(_words, _response(text.encode()))
    yield "Propexo's error, as JSON", lambda text: partial(_words, _response(_error(text)))
    yield "Propexo's webhook", _webhook


def worst_of(read: Reader) -> Worst:
    """The worst of all texts; one that seems too slow is measured again before it is believed."""
    found = []
    for piece in PIECES:
        for _ in range(TRIES):
            worst = Worst(piece, tuple(_seconds(read, piece, length) for length in LENGTHS))
            if not worst.is_too_slow:
                break
        found.append(worst)
    slow = [worst for worst in found if worst.is_too_slow]
    return max(slow or found, key=lambda worst: worst.seconds[-1])


def _seconds(read: Reader, piece: str, length: int) -> float:
    text = (piece * (length // len(piece) + 1))[: length - 1] + "!"
    reading, best = read(text), float("inf")
    for _ in range(3):
        begun = time.process_time()
        reading()
        best = min(best, time.process_time() - begun)
        if best > ENDLESS_SECONDS:
            break
    return best


_TWILIO = TwilioHooks(public_base_url="https://x", tokens=Tokens(None, ["token"], {}))


def _hook_reader(field: str) -> Reader:
    return lambda text: _hook({field: text})


def _hook(values: Mapping[str, str]) -> Reading:
    """A hook from its arrival to its facts, whatever its signature says."""
    known = {"CallSid": "CA1", "CallStatus": "completed", "TranscriptionStatus": "completed"}
    form = "application/x-www-form-urlencoded"
    headers = Headers({"Content-Type": form, "X-Twilio-Signature": "no"})
    body = urlencode({**known, **values}).encode()
    request = HookRequest("POST", "/webhooks/twilio", headers, body, NOW)

    def read() -> None:
        params = _TWILIO.parse(request)
        with suppress(HookError):
            _TWILIO.verify(request, params)
        with suppress(UnreadableHook):
            _TWILIO.read(params, "AC1", NOW)

    return read


def _notes(text: str) -> None:
    summary = CallSummary(
        reference="CA1", direction=Direction.INBOUND, outcome=Outcome.VOICEMAIL, assumed=False, because="",
        talk_seconds=1, from_number=text, to_number=text, started_at=NOW, line_name=text,
        link="https://x/y", has_recording=True, transcript=text,
    )  # fmt: skip
    notes(summary, limit=256, has_numbers=True, time_zone="UTC", has_link=True)


def _response(body: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code = 400
    response.raw = io.BytesIO(body)
    response.encoding = "utf-8"
    return response


def _error(text: str) -> bytes:
    issues = [{"path": [text], "keys": [text], "message": text}] * 3
    error = {"message": text, "details": {"issues": issues}}
    return json.dumps({"error": error}).encode()


def _webhook(text: str) -> Reading:
    told = {"trigger": webhooks.FAILURE, "data": {"root_job_id": text, "errors": [text]}}
    body = json.dumps(told).encode()

    def read() -> None:
        with suppress(HookError):
            webhooks.read(body)

    return read


def main() -> int:
    table = Table("reader", "hardest", *(f"{length:,}" for length in LENGTHS), "last doubling")
    bad = 0
    for name, read in readers():
        worst = worst_of(read)
        bad += worst.is_too_slow
        shown = (f"{seconds * 1000:.2f} ms" for seconds in worst.seconds)
        table.add_row(
            name,
            repr(worst.piece),
            *shown,
            f"{worst.ratio:.1f}{' SLOW' if worst.is_too_slow else ''}",
        )
    Console(width=120).print(table)
    print(f"{bad} reader(s) take more than {MOST:.0f} times as long for twice the text")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
