"""Twilio's lists of calls and recordings over HTTP: pages, date filters, Basic auth, "later" on request."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

Row = dict[str, Any]


class TwilioLists:
    """Accounts with their calls and recordings; as on Twilio, lists come newest first.

    refusals: (status, Retry-After) of the next answers. asked: paths with their queries, decoded.
    """

    def __init__(self, tokens: dict[str, str], *, page: int = 50) -> None:
        self.tokens = tokens
        self.page = page
        self.rows: dict[tuple[str, str], list[Row]] = {}
        self.refusals: list[tuple[int, str]] = []
        self.asked: list[str] = []
        self.url = ""

    def call(
        self,
        account: str,
        sid: str,
        ended_at: datetime,
        *,
        seconds: int = 30,
        status: str = "completed",
        direction: str = "inbound",
        caller: str = "+16175550134",
        called: str = "+16175550100",
        parent: str | None = None,
    ) -> str:
        """Add a call or a leg that one dialled; its sid."""
        began = ended_at - timedelta(seconds=seconds)
        going_on = status in ("ringing", "in-progress")
        self._add(
            account,
            "calls",
            {
                "sid": sid,
                "account_sid": account,
                "parent_call_sid": parent,
                "from": caller,
                "to": called,
                "status": status,
                "direction": direction,
                "date_created": format_datetime(began),
                "start_time": format_datetime(began),
                "end_time": None if going_on else format_datetime(ended_at),
                "duration": None if going_on else str(seconds),
                "answered_by": None,
                "caller_name": None,
            },
        )
        return sid

    def recording(self, account: str, sid: str, call: str, at: datetime, **values: Any) -> str:
        row = {
            "sid": sid,
            "account_sid": account,
            "call_sid": call,
            "date_created": format_datetime(at),
            "duration": "9",
            "channels": 1,
            "source": "RecordVerb",
            "status": "completed",
            "media_url": None,
        }
        self._add(account, "recordings", {**row, **values})
        return sid

    def count(self, path: str) -> int:
        """How many pages of this list were asked for."""
        return sum(path in asked for asked in self.asked)

    def _add(self, account: str, name: str, row: Row) -> None:
        self.rows.setdefault((account, name), []).append(row)

    # Answers ------------------------------------------------------------------------------------

    def answer(self, target: str, authorization: str) -> tuple[int, dict[str, str], Row]:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append(f"{parts.path}?{parts.query}")
        if self.refusals:
            status, after = self.refusals.pop(0)
            return status, {"Retry-After": after} if after else {}, {"code": 20429}
        _, _, _, account, resource = parts.path.split("/", 4)
        expected = base64.b64encode(f"{account}:{self.tokens.get(account)}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {}, {"code": 20003}
        name = resource.removesuffix(".json").lower()
        rows = [row for row in self.rows.get((account, name), []) if _fits(row, query)]
        rows.sort(key=lambda row: parsedate_to_datetime(row["date_created"]), reverse=True)
        size = min(int(query.get("PageSize", "50")), self.page)
        first = int(query.get("Page", "0")) * size
        following = {**query, "Page": str(int(query.get("Page", "0")) + 1)}
        has_more = first + size < len(rows)
        next_page_uri = f"{parts.path}?{urlencode(following)}" if has_more else None
        return 200, {}, {name: rows[first : first + size], "next_page_uri": next_page_uri}


def _fits(row: Row, query: dict[str, str]) -> bool:
    for name, column in (("StartTime", "start_time"), ("DateCreated", "date_created")):
        if f"{name}>" not in query and f"{name}<" not in query:
            continue
        if row.get(column) is None:
            return False
        moment = parsedate_to_datetime(row[column]).astimezone(UTC)
        after, before = query.get(f"{name}>"), query.get(f"{name}<")
        if after and moment.date() < date.fromisoformat(after):
            return False
        # "On or before midnight": read strictly, as the moment at which the day begins.
        if before and moment > datetime.combine(
            date.fromisoformat(before), datetime.min.time(), UTC
        ):
            return False
    return True


@contextmanager
def serving(lists: TwilioLists) -> Iterator[TwilioLists]:
    """The lists at their url, on a port of their own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = lists.answer(self.path, self.headers.get("Authorization", ""))
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    lists.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield lists
    finally:
        server.shutdown()
        server.server_close()
