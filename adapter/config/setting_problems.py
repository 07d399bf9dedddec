"""What is wrong with each setting, and what is to be done? For `adapter doctor` and the page of health."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from adapter.config.api_tokens import api_tokens
from adapter.config.oidc import oidc_settings
from adapter.config.settings import NOT_SET_BY_PEOPLE, Settings
from adapter.errors import SettingsError

# Settings without which web or worker do not start, each with a value that passes.
_NEEDED: Mapping[str, Any] = {
    "public_base_url": "https://calls.example.com",
    "twilio_auth_token": (SecretStr("-"),),
    "propexo_api_key": SecretStr("-"),
}
_OURS = ("TWILIO_", "PROPEXO_", "ADAPTER_", "RECORDING_", "PUBLIC_", "DATABASE_", "SETTLE_")
LOCAL = ("http://127.", "http://localhost", "http://[::1]")


def readable_settings(environ: Mapping[str, str]) -> tuple[Settings, Mapping[str, str]]:
    """Return the settings without those that are wrong, and what is wrong with each of these."""
    readable, wrong = dict(environ), dict[str, str]()
    while True:
        try:
            return Settings.from_environ(readable), wrong
        except SettingsError as error:
            name = error.setting
            if name is None or readable.pop(name, None) is None:
                raise
            wrong[name] = f"{error.fact}; {name} is left out of what follows"


def setting_problems(
    settings: Settings, environ: Mapping[str, str], wrong: Mapping[str, str]
) -> Mapping[str, str]:
    """Return what is wrong, by the name of the setting. settings, wrong: as of `readable_settings`."""
    problems = {**wrong, **_misspelt(environ)}
    for name in Settings.model_fields:
        if name not in NOT_SET_BY_PEOPLE and name.upper() not in wrong:
            problem = _problem(settings, name)
            if problem:
                problems[name.upper()] = problem
    return problems


def _misspelt(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables that look like a setting that is not set."""
    names = [name.upper() for name in Settings.model_fields]
    return {
        name: f"{name} is not a setting: did you mean {meant[0]}?"
        for name in sorted(environ)
        if name.startswith(_OURS)
        and name.lower() not in Settings.model_fields
        and (meant := difflib.get_close_matches(name, names, n=1, cutoff=0.85))
        and not environ.get(meant[0])
    }


def _problem(settings: Settings, name: str) -> str | None:
    """Return why the adapter would not start, or would not be safe, with this setting; None if all is well."""
    if name in _NEEDED:
        others = {other: value for other, value in _NEEDED.items() if other != name}
        alone = settings.model_copy(update={**others, "database_url": "postgresql+psycopg://-"})
        return (
            _refusal(alone.require_for_web)
            or _refusal(alone.require_for_worker)
            or (_unsafe_address(settings) if name == "public_base_url" else None)
        )
    checks: Mapping[str, Callable[[], object]] = {
        "database_url": settings.require_durable,
        "oidc_issuer": lambda: oidc_settings(settings),
        "api_tokens": lambda: api_tokens(settings),
    }
    if name in checks:
        return _refusal(checks[name])
    return _account_problem(settings) if name == "twilio_account_sid" else None


def _refusal(check: Callable[[], object]) -> str | None:
    try:
        check()
    except SettingsError as error:
        return str(error)
    return None


def _unsafe_address(settings: Settings) -> str | None:
    url = settings.public_base_url or ""
    if not url.startswith("http://") or url.startswith(LOCAL):
        return None
    return f"{url} is not https: hooks hold people's numbers; give the https address"


def _account_problem(settings: Settings) -> str | None:
    sid, listed = settings.twilio_account_sid, settings.twilio_subaccount_tokens
    if not settings.twilio_auth_token:
        if not sid or not listed or sid in listed:
            return None
        return (
            "no token is set for this account, and its hooks are refused: set TWILIO_AUTH_TOKEN, "
            "or leave TWILIO_ACCOUNT_SID blank"
        )
    if sid is None:
        return (
            "TWILIO_ACCOUNT_SID is not set: the token cannot be checked, and it would stand for "
            "every account; set it to the account's id (AC..., Console, Account info)"
        )
    if not (sid.startswith("AC") and len(sid) == 34):
        return "it does not look like an account's id: AC and 32 more characters"
    return None
