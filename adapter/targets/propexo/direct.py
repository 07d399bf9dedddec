"""How is Propexo asked by commands that need no database? Their few requests are not counted."""

from __future__ import annotations

from adapter.config.settings import Settings
from adapter.targets.propexo.client import PropexoClient
from adapter.targets.propexo.rate_limiter import RateLimiter

_READ_SECONDS = 10.0


class _Unlimited:
    """A budget without a limit. The database may be down."""

    def spend(self, name: str, *, now: float, allowed: int, share: float) -> float:
        return 0.0

    def learn(
        self, name: str, *, now: float, used: int | None, allowed: int | None, closed_until: float
    ) -> None:
        return


def direct_client(settings: Settings) -> PropexoClient:
    """Return a client with the key of these settings that keeps to no limit and to no pause."""
    key = settings.propexo_api_key
    return PropexoClient(
        base_url=settings.propexo_base_url,
        api_key=key.get_secret_value() if key else "",
        rate_limiter=RateLimiter(_Unlimited(), name="direct", limit=0, clock=lambda: 0.0),
        read_seconds=_READ_SECONDS,
    )
