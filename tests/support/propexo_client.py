"""Clients of Propexo that a test aims where it likes."""

from __future__ import annotations

from typing import Any

from adapter.targets.propexo.client import PropexoClient
from adapter.targets.propexo.directory import Directory
from adapter.targets.propexo.rate_limiter import RateLimiter
from tests.support.environment import NOW

BASE = "https://api.example.com"
KEY = "sandbox-key"


class NoBudget:
    """A rate budget without a limit, which keeps what it learns."""

    def __init__(self, wait: float = 0.0) -> None:
        self.wait = wait
        self.spent: list[str] = []
        self.learned: list[dict[str, Any]] = []

    def spend(self, name: str, *, now: float, allowed: int, share: float) -> float:
        self.spent.append(name)
        return self.wait

    def learn(self, name: str, **values: Any) -> None:
        self.learned.append(values)


def a_client(budgets: NoBudget, base_url: str = BASE, **more: Any) -> PropexoClient:
    rate_limiter = RateLimiter(budgets, name="propexo", limit=150, clock=NOW.timestamp)
    return PropexoClient(
        base_url=base_url, api_key="the-key", rate_limiter=rate_limiter, clock=lambda: NOW, **more
    )


class NeverAsked:
    """Of a rate limiter that is off."""

    def spend(self, name: str, *, now: float, allowed: int, share: float) -> float:
        raise AssertionError

    def learn(
        self, name: str, *, now: float, used: int | None, allowed: int | None, closed_until: float
    ) -> None:
        raise AssertionError


def directory(url: str, key: str = KEY) -> Directory:
    rate_limiter = RateLimiter(NeverAsked(), name="x", limit=0, clock=lambda: 0.0)
    return Directory(PropexoClient(base_url=url, api_key=key, rate_limiter=rate_limiter))
