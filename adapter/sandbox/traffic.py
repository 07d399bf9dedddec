"""What did the client send, and what was it told? Counts of all requests, and refusals in full."""

import re
import threading
from collections import Counter, deque

from flask import Request, Response

from .answers import JSON

# As many refusals as anybody wants to read; a broken client in a load test makes thousands.
_KEPT_REFUSALS = 10_000
NO_ANSWER = 0
# The kind of person is part of the template: /v1/events/leads, not /v1/events/<any(...):kind>.
_CHOICE = re.compile(r"<any[^>]*:kind>")


class Traffic:
    """Counts requests per (method, path template, status); safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Count from nothing."""
        self._counts: Counter[tuple[str, str, int]] = Counter()
        self._refused: deque[JSON] = deque(maxlen=_KEPT_REFUSALS)

    def note(self, request: Request, response: Response, *, status: int, injected: bool) -> None:
        """Count a request. Refusals of the stand-in's own are kept; injected faults are not."""
        template = request.url_rule.rule if request.url_rule else request.path
        template = _CHOICE.sub((request.view_args or {}).get("kind", ""), template)
        refused = None
        if 400 <= status < 500 and status != 429 and not injected:
            refused = {
                "method": request.method,
                "path": request.path,
                "query": request.args.to_dict(flat=False),
                "body": _body(request),
                "status": status,
                "answer": response.get_json(silent=True),
            }
        with self._lock:
            self._counts[request.method, template, status] += 1
            if refused is not None:
                self._refused.append(refused)

    def refused(self) -> list[JSON]:
        """The refusals, in order."""
        with self._lock:
            return list(self._refused)

    def summary(self) -> JSON:
        """All counts; status 0 stands for a connection that was cut instead of an answer."""
        with self._lock:
            counts = sorted(self._counts.items())
        routes = [
            {"method": method, "path": path, "status": status, "count": count}
            for (method, path, status), count in counts
        ]
        return {
            "total": sum(count for _, count in counts),
            "rate_limited": sum(count for key, count in counts if key[2] == 429),
            "unanswered": sum(count for key, count in counts if key[2] == NO_ANSWER),
            "routes": routes,
        }


def _body(request: Request) -> object:
    parsed = request.get_json(silent=True, force=True)
    return request.get_data(as_text=True) if parsed is None else parsed
