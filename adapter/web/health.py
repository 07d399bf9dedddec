"""Is this process alive, can it take hooks, and what do its numbers say?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.registry import REGISTRY

from adapter.errors import StoreRefused, StoreUnavailable
from adapter.observability.metrics import multiprocess_directory
from adapter.storage.store import Store
from adapter.web.access import Access, unauthorized
from adapter.web.bounded_wait import BoundedWait
from adapter.web.metrics import StoredNumbers

# Routers and monitors give up on an answer after a few seconds.
PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class Condition:
    """The state of this process. problems: why it cannot take hooks. alarms: what else is wrong.

    instance: the name of the database, by which `adapter doctor` knows its own adapter; None without one.
    """

    problems: Mapping[str, str]
    alarms: Mapping[str, str]
    instance: str | None


class Health:
    """Runs the checks. A check returns None if all is well, else what is wrong.

    needed: by name, what this process needs to take hooks. alarms: by name, what an operator should look at;
    hooks are stored all the same.
    """

    def __init__(
        self,
        store: Store,
        needed: Mapping[str, Callable[[], str | None]],
        alarms: Mapping[str, Callable[[], str | None]],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.store = store
        self._patience_seconds = patience_seconds
        self._needed = needed
        self._alarms = alarms
        self._checks = BoundedWait(self._look)

    def condition(self) -> Condition:
        """Return the state now. It takes patience_seconds at most, even if the database hangs."""
        try:
            return self._checks.result(self._patience_seconds)
        except TimeoutError:
            slow = f"it does not answer within {self._patience_seconds:.0f} s"
            return Condition({"database": slow}, {}, None)

    def _look(self) -> Condition:
        problems = _problems(self._needed)
        instance = None
        if "database" not in problems:
            try:
                # It also shows that the database can be written.
                instance = self.store.secrets.instance()
            except (StoreUnavailable, StoreRefused) as error:
                problems["database"] = str(error)
        return Condition(problems, {} if problems else _problems(self._alarms), instance)


def _problems(checks: Mapping[str, Callable[[], str | None]]) -> dict[str, str]:
    """Return what is wrong now, by the name of the check."""
    problems: dict[str, str] = {}
    for name, check in checks.items():
        try:
            problem = check()
        except Exception as error:
            problem = f"{type(error).__name__}"
        if problem:
            problems[name] = problem
    return problems


def health_routes(
    health: Health,
    access: Access,
    *,
    rate_limit: int = 0,
    rate_limit_name: str = "target",
    line_labels: Mapping[str, str] | None = None,
) -> Blueprint:
    """Return the routes GET /livez, /readyz and /metrics.

    access: who sees more than the status and the instance. rate_limit: requests a minute to the target, for
    /metrics. rate_limit_name: that of its budget (adapter.storage.rate_budget). line_labels: how /metrics
    names each line, by its number.
    """
    routes = Blueprint("health", __name__)
    started = time.time()
    numbers = CollectorRegistry(auto_describe=False)
    numbers.register(StoredNumbers(health.store, rate_limit, rate_limit_name, line_labels))
    counting = BoundedWait(lambda: generate_latest(numbers))

    @routes.get("/livez")
    def livez() -> dict[str, Any]:
        up = {"up_seconds": round(time.time() - started)} if access.is_insider(request) else {}
        return {"status": "ok", **up}

    @routes.get("/readyz")
    def readyz() -> tuple[dict[str, Any], int]:
        condition = health.condition()
        body: dict[str, Any] = {"status": "not ready" if condition.problems else "ok"}
        if condition.instance is not None:
            body["instance"] = condition.instance
        if access.is_insider(request):
            details = {"problems": condition.problems, "alarms": condition.alarms}
            body |= {name: texts for name, texts in details.items() if texts}
        return body, 503 if condition.problems else 200

    @routes.get("/metrics")
    def metrics() -> Response:
        if not access.is_insider(request):
            return unauthorized()
        registry = CollectorRegistry()
        if multiprocess_directory():
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus_client has no types for it
            body = generate_latest(registry)
        else:
            body = generate_latest(REGISTRY)
        try:
            body += counting.result(PATIENCE_SECONDS)
        except StoreUnavailable:
            body += b"# the database is not available\n"
        except TimeoutError:
            body += b"# the database does not answer in time\n"
        return Response(body, content_type=CONTENT_TYPE_LATEST)

    return routes
