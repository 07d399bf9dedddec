"""How fast were hooks acknowledged by the web processes of this machine, since they started?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, multiprocess
from prometheus_client.registry import REGISTRY

from adapter.observability.metrics import multiprocess_directory


@dataclass(frozen=True)
class AcknowledgeTimes:
    """Half of the hooks, and 95 of 100, were answered within so many seconds. None: no hook was, or longer."""

    half_within_seconds: float | None
    most_within_seconds: float | None
    hooks: int


def acknowledge_times() -> AcknowledgeTimes:
    """Return the times by the limits of the metric adapter_acknowledge_seconds."""
    below: dict[float, float] = {}
    for family in _registry().collect():
        for sample in family.samples:
            if sample.name == f"{_NAME}_bucket":
                limit = float(sample.labels["le"])
                below[limit] = below.get(limit, 0.0) + sample.value
    hooks = int(below.get(math.inf, 0.0))

    def within(share: float) -> float | None:
        limits = (limit for limit, count in sorted(below.items()) if count >= hooks * share)
        limit = next(limits, math.inf) if hooks else math.inf
        return None if limit == math.inf else limit

    return AcknowledgeTimes(within(0.5), within(0.95), hooks)


_NAME = "adapter_acknowledge_seconds"


def _registry() -> CollectorRegistry:
    if not multiprocess_directory():
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus_client has no types for it
    return registry
