"""Did the APIs of the providers answer when the workers last asked?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from adapter.bootstrap import Container
from adapter.cli.doctor.database import instance_of
from adapter.cli.doctor.finding import Finding
from adapter.storage.api_health import ApiHealth


def check_provider_api(container: Container) -> Iterator[Finding]:
    """Report each account whose API does not answer. Report nothing if the database is not in order."""
    if instance_of(container) is None:
        return  # the check of the database says what is wrong
    states = ApiHealth(container.store).states()
    now = datetime.now(UTC)
    for state in states:
        if state.failing_since is None:
            continue
        minutes = round((now - state.failing_since).total_seconds() / 60)
        fact = (
            f"the API of account {state.account[:6]}... has not answered the workers for {minutes} min "
            f"({state.error})"
        )
        effect = (
            "calls are written as their hooks have them, marked as assumed"
            if state.is_unreachable(now)
            else "calls that need it wait"
        )
        yield Finding(
            f"{state.provider} API",
            False,
            f"{fact}: {effect}; let the worker reach the API, or correct the account's token",
        )
