"""Is Propexo to tell of failed writes by a webhook, and what is there of it already?"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from adapter.cli import common
from adapter.cli.setup.asking import Terminal, Unattended
from adapter.cli.setup.files import HOOK_DECLINED, SIGNED_WITH, Files
from adapter.targets.catalogue import Catalogue, FailureHook

PATH = "/webhooks/propexo"


@dataclass(frozen=True)
class HookPlan:
    """What is to be done. settings: what .env is to have. url: of the webhook that is to be made, if one is."""

    settings: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    is_declined: bool = False


def plan_hook(
    files: Files,
    values: Mapping[str, str],
    catalogue: Catalogue,
    asker: Unattended,
    *,
    address: str | None,
    is_wanted: bool | None,
) -> HookPlan:
    """Return what is to be done. Raise RemoteError.

    values: the settings so far. is_wanted: None where no flag says.
    """
    if is_wanted is False:
        return HookPlan(is_declined=True)
    if address is None or (is_wanted is None and HOOK_DECLINED in files.env_text):
        return HookPlan()
    url, own = f"{address}{PATH}", values.get(SIGNED_WITH, "").strip()
    found = catalogue.failure_hook(url)
    if found is not None:
        return HookPlan(_known_secret(found, own))
    question = "\nHave Propexo tell of failed writes at once, by a webhook to this adapter?"
    if is_wanted or asker.confirm(question):
        return HookPlan({SIGNED_WITH: own or secrets.token_urlsafe(32)}, url)
    return HookPlan(is_declined=isinstance(asker, Terminal))


def _known_secret(found: FailureHook, own: str) -> Mapping[str, str]:
    if found.secret is not None:
        return {SIGNED_WITH: found.secret}
    if not own:
        common.say(
            f"Propexo has a webhook to {found.url}, and does not show its secret: set {SIGNED_WITH} to it, or "
            "delete the webhook in Propexo's dashboard and run this again"
        )
    return {}
