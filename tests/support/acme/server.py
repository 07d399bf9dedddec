"""The stand-in for Acme's API, over real HTTP, and hooks as Acme would send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, abort, request
from werkzeug.datastructures import Headers

from adapter.providers.base import HookRequest
from adapter.sandbox import SandboxServer
from tests.support.acme.hooks import SIGNATURE, signature_of

ACCOUNT, KEY = "acme-1", "acme-key"
MP3 = b"ID3" + b"\x00" * 500


@dataclass
class AcmeServer:
    """What Acme knows. calls: rows as the API shows them; recordings: id -> call."""

    calls: list[dict[str, str]] = field(default_factory=list)
    recordings: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    key: str = KEY

    def serve(self) -> SandboxServer:
        return SandboxServer(self._app())

    def _app(self) -> Flask:
        app = Flask("acme")

        @app.before_request
        def admit() -> None:
            self.asked.append(request.path)
            if request.headers.get("Authorization") != f"Bearer {self.key}":
                abort(401)

        @app.get("/accounts/<account>/calls")
        def calls(account: str) -> dict[str, Any]:
            wanted = {name: request.args.get(name) for name in ("parent", "to")}
            day = request.args.get("day", "")
            rows = [
                row
                for row in self.calls
                if all(value is None or row.get(name) == value for name, value in wanted.items())
                and row["began"].startswith(day)
            ]
            return {"calls": rows}

        @app.get("/accounts/<account>/calls/<call>")
        def call(account: str, call: str) -> dict[str, str]:
            rows = [row for row in self.calls if row["call"] == call]
            return rows[0] if rows else abort(404)

        @app.get("/accounts/<account>/recordings")
        def recordings(account: str) -> dict[str, Any]:
            call, day = request.args.get("call"), request.args.get("day", "")
            began = {row["call"]: row["began"] for row in self.calls}
            rows = [
                {"recording": recording, "call": of}
                for recording, of in self.recordings.items()
                if call in (None, of) and began.get(of, "").startswith(day)
            ]
            return {"recordings": rows}

        @app.get("/accounts/<account>/recordings/<name>")
        def audio(account: str, name: str) -> Response:
            if name.rpartition(".")[0] not in self.recordings:
                abort(404)
            return Response(MP3, content_type="audio/mpeg")

        return app


def acme_hook(
    params: Mapping[str, str], *, at: datetime, key: str = KEY, account: str = ACCOUNT
) -> HookRequest:
    """A hook as Acme sends and signs it."""
    body = urlencode({"account": account, **params}).encode()
    headers = Headers(
        {
            "Content-Type": "application/x-www-form-urlencoded",
            SIGNATURE: signature_of(body, key),
            "X-Acme-Secret": "not to be stored",
        }
    )
    return HookRequest("POST", "/webhooks/acme", headers, body, at)


def acme_row(call: str, began: datetime, ended: datetime, **more: str) -> dict[str, str]:
    """A call that ended, as Acme's API shows it and its hook tells it."""
    return {
        "call": call,
        "direction": "in",
        "from": "+16175550134",
        "to": "+16175550100",
        "state": "done",
        "seconds": str(int((ended - began).total_seconds())),
        "began": began.isoformat(),
        "ended": ended.isoformat(),
        **more,
    }
