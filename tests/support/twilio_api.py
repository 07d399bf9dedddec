"""A Twilio to talk to over real HTTP: calls, recordings and their audio, numbers and applications.

It answers as https://www.twilio.com/docs/voice/api does (snake_case, durations as strings, RFC 2822
dates, pages), checks Basic auth, keeps what it was asked, and misbehaves on request.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.support import audio

VERSION = "/2010-04-01"
TYPES = {".mp3": "audio/mpeg", ".wav": "audio/x-wav"}
CHUNK = 8192


@dataclass(frozen=True)
class Asked:
    """One request as it came. account: whom the right credentials named, None without them."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    account: str | None


@dataclass
class Fault:
    """The next `times` requests whose path holds this text get this status.

    method: only those. is_late: a change is made all the same.
    """

    path: str
    status: int
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str | None = None
    is_late: bool = False


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_: Any) -> None:
        pass

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class FakeTwilio:
    """Use it as a context manager. tokens: which token is good for which account.

    ranges: whether Range is understood. private: whether media needs credentials (Twilio's "HTTP auth for
    media"). redirect: where media are instead, `{name}` stands for RE....mp3. chunked: lengths are not
    told. held: bodies wait for it after their first piece. broken: bodies end after that many bytes.
    accounts: rows of the Account resource.
    changed: every change of a number or an application, by its id. held_change: what a change waits for once it
    is asked for. change_asked, change_ended: set then. drop_change: a change that waited is not made.
    """

    def __init__(self, tokens: Mapping[str, str], *, ssl_context: Any = None) -> None:
        self.tokens = dict(tokens)
        self.calls: dict[str, dict[str, Any]] = {}
        self.recordings: dict[str, dict[str, Any]] = {}
        self.audio: dict[str, dict[str, bytes]] = {}
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self.ranges = True
        self.private = True
        self.chunked = False
        self.redirect: str | None = None
        self.held: threading.Event | None = None
        self.broken: int | None = None
        self.accounts: list[dict[str, Any]] = []
        self.numbers: dict[str, dict[str, Any]] = {}
        self.applications: dict[str, dict[str, Any]] = {}
        self.changed: list[tuple[str, dict[str, str]]] = []
        self.held_change: threading.Event | None = None
        self.change_asked = threading.Event()
        self.change_ended = threading.Event()
        self.drop_change = False
        self.left = threading.Event()  # set when a body was closed before its end
        self.broken_off = 0  # how many were
        self._server = make_server(
            "127.0.0.1",
            0,
            self._answer,
            threaded=True,
            request_handler=_Handler,
            ssl_context=ssl_context,
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # werkzeug types the base class; it is a threaded server
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        scheme = "https" if ssl_context else "http"
        self.port = self._server.server_port
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for held in (self.held, self.held_change):
            if held is not None:
                held.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # What it knows --------------------------------------------------------------------------------

    def add_call(
        self, account: str, sid: str, *, started: datetime, ended: datetime | None, **fields: Any
    ) -> dict[str, Any]:
        """A row of the Call resource; fields replace what a plain completed inbound call has."""
        seconds = int((ended - started).total_seconds()) if ended else None
        path = f"{VERSION}/Accounts/{account}/Calls/{sid}"
        row = {
            "sid": sid,
            "date_created": format_datetime(started),
            "date_updated": format_datetime(ended or started),
            "parent_call_sid": None,
            "account_sid": account,
            "to": "+16175550100",
            "to_formatted": "(617) 555-0100",
            "from": "+16175550134",
            "from_formatted": "(617) 555-0134",
            "phone_number_sid": "PN00000000000000000000000000000001",
            "status": "completed" if ended else "in-progress",
            "start_time": format_datetime(started),
            "end_time": format_datetime(ended) if ended else None,
            "duration": None if seconds is None else str(seconds),
            "price": None,
            "price_unit": "USD",
            "direction": "inbound",
            "answered_by": None,
            "annotation": None,
            "api_version": "2010-04-01",
            "forwarded_from": None,
            "group_sid": None,
            "caller_name": None,
            "queue_time": "0",
            "trunk_sid": None,
            "uri": f"{path}.json",
            "subresource_uris": {"recordings": f"{path}/Recordings.json"},
            **fields,
        }
        self.calls[sid] = row
        return row

    def add_recording(
        self,
        account: str,
        call_sid: str,
        sid: str,
        *,
        started: datetime,
        files: Mapping[str, bytes] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """A row of the Recording resource, and its files by suffix (a few seconds of ringing)."""
        files = {".wav": audio.wav(), ".mp3": audio.mp3()} if files is None else files
        path = f"{VERSION}/Accounts/{account}/Recordings/{sid}"
        row = {
            "account_sid": account,
            "api_version": "2010-04-01",
            "call_sid": call_sid,
            "conference_sid": None,
            "date_created": format_datetime(started),
            "date_updated": format_datetime(started),
            "start_time": format_datetime(started),
            "duration": str(audio.SECONDS),
            "sid": sid,
            "price": None,
            "price_unit": "USD",
            "status": "completed",
            "channels": 1,
            "source": "DialVerb",
            "error_code": None,
            "uri": f"{path}.json",
            "encryption_details": None,
            "media_url": f"https://api.twilio.com{path}",
            **fields,
        }
        self.recordings[sid] = row
        self.audio[sid] = dict(files)
        return row

    def add_number(self, account: str, sid: str, number: str, **fields: Any) -> dict[str, Any]:
        """A row of the IncomingPhoneNumber resource; fields replace what a fresh number has."""
        row = {
            "sid": sid,
            "account_sid": account,
            "phone_number": number,
            "friendly_name": number,
            "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
            "voice_receive_mode": "voice",
            "voice_url": "https://demo.twilio.com/welcome/voice/",
            "voice_application_sid": "",
            "trunk_sid": None,
            "status_callback": "",
            "status_callback_method": "POST",
            **fields,
        }
        self.numbers[sid] = row
        return row

    def add_application(self, account: str, sid: str, **fields: Any) -> dict[str, Any]:
        """A row of the Application resource."""
        row = {
            "sid": sid,
            "account_sid": account,
            "friendly_name": "Voice",
            "status_callback": "",
            "status_callback_method": "POST",
            **fields,
        }
        self.applications[sid] = row
        return row

    # What it answers ------------------------------------------------------------------------------

    def _answer(self, environ: Any, start: Any) -> Any:
        request = Request(environ)
        auth = request.authorization
        account = auth.username if auth and auth.username else None
        if account is not None and (not auth or self.tokens.get(account) != auth.password):
            account = None
        self.asked.append(
            Asked(
                request.method, request.path, request.args.to_dict(), dict(request.headers), account
            )
        )
        for fault in self.faults:
            is_meant = fault.path in request.path and fault.method in (None, request.method)
            if is_meant and fault.times > 0:
                fault.times -= 1
                if fault.is_late:
                    self._resource(request, account)
                return _error(fault.status, fault.headers)(environ, start)
        return self._resource(request, account)(environ, start)

    def _resource(self, request: Request, account: str | None) -> Response:
        parts = request.path.split("/")
        name = parts[-1]
        if name.startswith("RE") and not name.endswith(".json"):
            return self._media(request, account, name)
        if request.path == f"{VERSION}/Accounts.json":
            if account is None:
                return _error(401)
            own = [
                row for row in self.accounts if account in (row["sid"], row["owner_account_sid"])
            ]
            return self._page(request, "accounts", own)
        if parts[1:3] != ["2010-04-01", "Accounts"] or len(parts) < 4:
            return _error(404)
        owner = parts[3].removesuffix(".json")
        if account is None or account != owner:
            return _error(401)
        match parts[4:]:
            case []:
                return _json(
                    {"sid": owner, "status": "active", "type": "Full", "friendly_name": "Main"}
                )
            case ["Calls.json"]:
                return self._page(request, "calls", _where(self.calls, request, "ParentCallSid"))
            case ["Recordings.json"]:
                return self._page(
                    request, "recordings", _where(self.recordings, request, "CallSid")
                )
            case ["IncomingPhoneNumbers.json"]:
                own = [row for row in [*self.numbers.values()] if row["account_sid"] == owner]
                return self._page(request, "incoming_phone_numbers", own)
            case ["IncomingPhoneNumbers", sid]:
                return self._settings_of(request, owner, self.numbers, sid)
            case ["Applications", sid]:
                return self._settings_of(request, owner, self.applications, sid)
            case ["Calls", sid, "Recordings.json"]:
                rows = [row for row in [*self.recordings.values()] if row["call_sid"] == sid]
                return self._page(request, "recordings", rows)
            case ["Calls", sid]:
                return _row(self.calls.get(sid.removesuffix(".json")))
            case ["Recordings", sid]:
                return _row(self.recordings.get(sid.removesuffix(".json")))
        return _error(404)

    def _settings_of(
        self, request: Request, owner: str, rows: dict[str, dict[str, Any]], name: str
    ) -> Response:
        sid = name.removesuffix(".json")
        row = rows.get(sid)
        if row is None or row["account_sid"] != owner:
            return _error(404)
        if request.method == "POST":
            form = request.form.to_dict()
            self.change_asked.set()
            if self.held_change is not None:
                self.held_change.wait()
                if self.drop_change:
                    self.change_ended.set()
                    return _error(500)
            self.changed.append((sid, form))
            row["status_callback"] = form.get("StatusCallback", row["status_callback"])
            method = form.get("StatusCallbackMethod", row["status_callback_method"])
            row["status_callback_method"] = method
            self.change_ended.set()
        return _row(row)

    def _page(self, request: Request, name: str, rows: list[dict[str, Any]]) -> Response:
        size, page = int(request.args.get("PageSize", 50)), int(request.args.get("Page", 0))
        shown = rows[page * size : (page + 1) * size]

        def uri(number: int) -> str:
            return f"{request.path}?{urlencode({**request.args.to_dict(), 'PageSize': size, 'Page': number})}"

        return _json(
            {
                name: shown,
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(shown) - 1, 0),
                "uri": uri(page),
                "first_page_uri": uri(0),
                "previous_page_uri": uri(page - 1) if page else None,
                "next_page_uri": uri(page + 1) if len(rows) > (page + 1) * size else None,
            }
        )

    def _media(self, request: Request, account: str | None, name: str) -> Response:
        if self.private and account is None:
            return _error(401)
        if self.redirect is not None:
            return Response(status=302, headers={"Location": self.redirect.format(name=name)})
        sid, dot, suffix = name.partition(".")
        body = self.audio.get(sid, {}).get(dot + suffix or ".wav")
        if body is None:
            return _error(404)
        total = len(body)
        status, headers = 200, {"Content-Type": TYPES[dot + suffix or ".wav"]}
        if self.ranges:
            headers["Accept-Ranges"] = "bytes"
            if request.range is not None and len(request.range.ranges) == 1:
                first, end = request.range.ranges[0]
                first, end = max(total + first, 0) if first < 0 else first, min(end or total, total)
                if first >= end:
                    return Response(status=416, headers={"Content-Range": f"bytes */{total}"})
                status, headers["Content-Range"] = 206, f"bytes {first}-{end - 1}/{total}"
                body = body[first:end]
        response = Response(_Body(self, body), status, headers)
        if not self.chunked:  # without a length, werkzeug sends it in chunks
            response.headers["Content-Length"] = str(len(body))
        return response


class _Body(Iterator[bytes]):
    def __init__(self, twilio: FakeTwilio, body: bytes) -> None:
        self._twilio, self._body, self._at = twilio, body, 0

    def __next__(self) -> bytes:
        if self._at >= len(self._body):
            raise StopIteration
        if self._at and self._twilio.held is not None:
            self._twilio.held.wait()
        if self._twilio.broken is not None and self._at >= self._twilio.broken:
            raise ConnectionResetError
        self._at += CHUNK
        return self._body[self._at - CHUNK : self._at]

    def close(self) -> None:
        if self._at < len(self._body):
            self._twilio.broken_off += 1
            self._twilio.left.set()


def _where(
    rows: Mapping[str, dict[str, Any]], request: Request, parameter: str
) -> list[dict[str, Any]]:
    """The rows; where the parameter is given, only those that it fits."""
    column = {"ParentCallSid": "parent_call_sid", "CallSid": "call_sid"}[parameter]
    value = request.args.get(parameter)
    return [row for row in [*rows.values()] if value is None or row[column] == value]


def _row(row: dict[str, Any] | None) -> Response:
    return _error(404) if row is None else _json(row)


def _json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, headers=headers, content_type="application/json")


def _error(status: int, headers: Mapping[str, str] | None = None) -> Response:
    code = {401: 20003, 404: 20404, 429: 20429}.get(status, 20500)
    body = {
        "code": code,
        "message": "Authenticate" if status == 401 else f"the request failed with {status}",
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return _json(body, status, headers)
