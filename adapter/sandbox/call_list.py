"""What would Twilio's API know of the calls? A stand-in, for when TWILIO_API_BASE_URL leads to the sandbox.

It knows the calls that it is told of, and nothing of any other. So nothing of a demo leaves this machine.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

PREFIX = "/2010-04-01/"
_ACCOUNT = f"{PREFIX}Accounts/<account>"


class CallList:
    """The calls by their id, as rows of Twilio's Call resource."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}

    def add_ended(self, params: Mapping[str, str]) -> None:
        """Let the API know of the call that this hook tells the end of. Other hooks add nothing."""
        if "CallDuration" not in params:
            return
        now, seconds = datetime.now(UTC), int(params["CallDuration"])
        self._rows[params["CallSid"]] = {
            "sid": params["CallSid"],
            "account_sid": params["AccountSid"],
            "parent_call_sid": params.get("ParentCallSid"),
            "status": params["CallStatus"],
            "direction": params["Direction"],
            "from": params["From"],
            "to": params["To"],
            "duration": str(seconds),
            "start_time": format_datetime(now - timedelta(seconds=seconds)),
            "end_time": format_datetime(now),
            "answered_by": None,
            "caller_name": None,
        }

    def routes(self) -> Blueprint:
        """Return the routes of the API: a call, the calls of an account, and no recordings."""
        routes = Blueprint("call_list", __name__)

        @routes.get(f"{_ACCOUNT}/Calls.json")
        def calls(account: str) -> Response:
            parent = request.args.get("ParentCallSid")
            rows = [
                row
                for row in [*self._rows.values()]
                if row["account_sid"] == account and parent in (None, row["parent_call_sid"])
            ]
            return jsonify(calls=rows, next_page_uri=None)

        @routes.get(f"{_ACCOUNT}/Calls/<sid>.json")
        def call(account: str, sid: str) -> Response | tuple[Response, int]:
            row = self._rows.get(sid)
            return jsonify(row) if row and row["account_sid"] == account else unknown(sid)

        @routes.get(f"{_ACCOUNT}/Recordings.json", defaults={"sid": None})
        @routes.get(f"{_ACCOUNT}/Calls/<sid>/Recordings.json")
        def recordings(account: str, sid: str | None) -> Response:
            return jsonify(recordings=[], next_page_uri=None)

        @routes.get(f"{PREFIX}<path:resource>")
        def unknown(resource: str) -> tuple[Response, int]:
            body = {"code": 20404, "message": f"{resource} was not found", "status": 404}
            return jsonify(body), 404

        return routes
