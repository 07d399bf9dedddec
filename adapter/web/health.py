"""Is this process alive, can it take calls, and what do its numbers say?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from adapter.calls.store import Store
from adapter.errors import StoreUnavailable
from adapter.observe import multiprocess_directory
from adapter.web.access import Access, refusal


class Health:
    """The checks by name; each returns None if all is well, else what is wrong."""

    def __init__(self, store: Store, checks: Mapping[str, Callable[[], str | None]]) -> None:
        self.store = store
        self._checks = checks

    def problems(self) -> dict[str, str]:
        """What is wrong now, by the name of the check."""
        found: dict[str, str] = {}
        for name, check in self._checks.items():
            try:
                problem = check()
            except Exception as error:
                problem = f"{type(error).__name__}"
            if problem:
                found[name] = problem
        return found


class _CallNumbers(Collector):
    """What the database says, read when it is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Any:
        by_state = GaugeMetricFamily(
            "adapter_calls", "Calls by state and outcome", labels=["state", "outcome"]
        )
        for (state, outcome), count in self._store.counts().items():
            by_state.add_metric([state, outcome], count)
        yield by_state
        oldest = self._store.oldest_due()
        age = (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily(
            "adapter_oldest_due_seconds", "Age of the oldest due call", value=max(age, 0.0)
        )
        yield GaugeMetricFamily(
            "adapter_parked_hooks", "Hooks that could not be read", value=self._store.count_parked()
        )


def health_routes(health: Health, access: Access) -> Blueprint:
    """GET /livez, /readyz, /metrics. access: who sees more than the status and the instance."""
    routes = Blueprint("health", __name__)
    started = time.time()

    @routes.get("/livez")
    def livez() -> dict[str, Any]:
        up = {"up_seconds": round(time.time() - started)} if access.is_insider(request) else {}
        return {"status": "ok", **up}

    @routes.get("/readyz")
    def readyz() -> tuple[dict[str, Any], int]:
        problems = health.problems()
        # Tells `adapter doctor` whose database is behind this address.
        mark = {} if "database" in problems else {"instance": health.store.instance()}
        told: dict[str, Any] = {"status": "not ready" if problems else "ok", **mark}
        if problems and access.is_insider(request):
            told["problems"] = problems
        return told, 503 if problems else 200

    @routes.get("/metrics")
    def metrics() -> Response:
        if not access.is_insider(request):
            return refusal()
        registry = CollectorRegistry()
        if multiprocess_directory():
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            body = generate_latest(registry)
        else:
            body = generate_latest(REGISTRY)
        numbers = CollectorRegistry()
        try:
            numbers.register(_CallNumbers(health.store))
            body += generate_latest(numbers)
        except StoreUnavailable:
            body += b"# the database is not available\n"
        return Response(body, content_type=CONTENT_TYPE_LATEST)

    return routes
