"""How is Propexo joined to a Target? All its parts share one client, with its rate limit and pauses."""

from __future__ import annotations

from adapter.storage.rate_budget import RateBudget
from adapter.targets.base import Target, TargetDeps
from adapter.targets.propexo.client import READ_SECONDS, PropexoClient
from adapter.targets.propexo.line_check import PropexoLineCheck
from adapter.targets.propexo.permission import Permission
from adapter.targets.propexo.rate_limiter import RateLimiter
from adapter.targets.propexo.sync import PeopleSync
from adapter.targets.propexo.target import PropexoTarget
from adapter.targets.propexo.webhooks import PropexoWebhooks

NAME = "propexo"


def build(deps: TargetDeps, *, read_seconds: float = READ_SECONDS) -> Target:
    """Return Propexo with the key and addresses of these settings.

    read_seconds: how long an answer is waited for.
    """
    settings = deps.settings
    secret, key = settings.propexo_webhook_secret, settings.propexo_api_key
    api_key = key.get_secret_value() if key else ""
    permission = Permission(deps.pauses, api_key=api_key)
    client = PropexoClient(
        base_url=settings.propexo_base_url,
        api_key=api_key,
        permission=permission,
        rate_limiter=RateLimiter(
            RateBudget(deps.store),
            name=NAME,
            limit=settings.propexo_rate_limit,
            clock=lambda: deps.clock().timestamp(),
        ),
        connections=settings.worker_concurrency + 2,
        read_seconds=read_seconds,
    )
    api = PropexoTarget(client, deps.index if settings.people_sync_seconds else None)

    def integrations() -> set[str]:
        lines = deps.lines()
        ids = {line.integration_id for line in [lines.defaults, *lines]}
        return {each for each in ids if each is not None}

    return Target(
        name=NAME,
        label="Propexo",
        api=api,
        people=PeopleSync(
            client=client,
            index=deps.index,
            integrations=integrations,
            learned=deps.learned,
            clock=deps.clock,
        ),
        line_check=PropexoLineCheck(lambda: deps.lines().in_use, api.directory),
        failure_hooks=PropexoWebhooks(secret.get_secret_value() if secret else None),
        key_pause=permission.key,
        try_key=client.try_key,
    )
