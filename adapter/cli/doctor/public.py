"""What is the public address, and does it lead to this adapter?"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.bootstrap import Container
from adapter.cli import common
from adapter.cli.doctor.database import instance_of
from adapter.cli.doctor.finding import Finding
from adapter.config.settings import Settings
from adapter.net.own_address import address_problem


def with_told_address(settings: Settings) -> Settings:
    """Return the settings with the address that web told, where they have none and the database is in order."""
    container = common.with_told_address(Container(settings))
    container.store.engine.dispose()
    return container.settings


def check_public(container: Container) -> Iterator[Finding]:
    """Check that hooks to this address reach this adapter."""
    settings = container.settings
    if settings.public_base_url is None:
        yield Finding("public address", False, "not asked: PUBLIC_BASE_URL is not set")
        return
    problem = address_problem(settings.public_base_url, instance_of(container))
    told_by = f"reaches this adapter; it is from {settings.public_base_url_from}"
    yield Finding("public address", problem is None, problem or told_by)
