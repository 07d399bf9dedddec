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
from adapter.web.access import Access, refusal
from adapter.web.bounded_wait import Aside
from adapter.web.metrics import StoredNumbers

# Routers and monitors give up after a few seconds.
PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class Condition:
    """How it stands. problems: what keeps this process from taking hooks; alarms: what else is wrong.

    instance: tells `adapter doctor` whose database is behind this address; None if it has none.
    """

    problems: Mapping[str, str]
    alarms: Mapping[str, str]
    instance: str | None


class Health:
    """The checks by name; each returns None if all is well, else what is wrong.

    needed: what must be well so that this process can take hooks. alarms: what is to be looked at,
    but is no reason to send hooks elsewhere: they are stored all the same.
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
        self._looking = Aside(self._look)

    def condition(self) -> Condition:
        """How it stands now, told within patience_seconds."""
        try:
            return self._looking.result(self._patience_seconds)
        except TimeoutError:
            slow = f"it does not answer within {self._patience_seconds:.0f} s"
            return Condition({"database": slow}, {}, None)

    def _look(self) -> Condition:
        problems = _found(self._needed)
        instance = None
        if "database" not in problems:
            try:
                instance = (
                    self.store.secrets.instance()
                )  # it also shows that the database can be written
            except (StoreUnavailable, StoreRefused) as error:
                problems["database"] = str(error)
        return Condition(problems, {} if problems else _found(self._alarms), instance)


def _found(checks: Mapping[str, Callable[[], str | None]]) -> dict[str, str]:
    """What is wrong now, by the name of the check."""
    found: dict[str, str] = {}
    for name, check in checks.items():
        try:
            problem = check()
        except Exception as error:
            problem = f"{type(error).__name__}"
        if problem:
            found[name] = problem
    return found


def health_routes(health: Health, access: Access, *, rate_limit: int = 0) -> Blueprint:
    """GET /livez, /readyz, /metrics. access: who sees more than the status and the instance.

    rate_limit: requests a minute to Propexo, for /metrics.
    """
    routes = Blueprint("health", __name__)
    started = time.time()
    numbers = CollectorRegistry(auto_describe=False)
    numbers.register(StoredNumbers(health.store, rate_limit))
    counting = Aside(lambda: generate_latest(numbers))

    @routes.get("/livez")
    def livez() -> dict[str, Any]:
        up = {"up_seconds": round(time.time() - started)} if access.is_insider(request) else {}
        return {"status": "ok", **up}

    @routes.get("/readyz")
    def readyz() -> tuple[dict[str, Any], int]:
        found = health.condition()
        told: dict[str, Any] = {"status": "not ready" if found.problems else "ok"}
        if found.instance is not None:
            told["instance"] = found.instance
        if access.is_insider(request):
            details = {"problems": found.problems, "alarms": found.alarms}
            told |= {name: what for name, what in details.items() if what}
        return told, 503 if found.problems else 200

    @routes.get("/metrics")
    def metrics() -> Response:
        if not access.is_insider(request):
            return refusal()
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
