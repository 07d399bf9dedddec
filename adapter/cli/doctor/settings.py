"""What is each setting, and what is wrong with it?"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from adapter.cli.doctor.finding import Finding
from adapter.config.api_tokens import api_tokens
from adapter.config.oidc import oidc_settings
from adapter.config.settings import Settings
from adapter.errors import SettingsError
from adapter.observability.redact import hide_numbers

# Settings without which web or worker do not start, each with a value that passes.
_NEEDED: Mapping[str, Any] = {
    "public_base_url": "https://calls.example.com",
    "twilio_auth_token": (SecretStr("-"),),
    "propexo_api_key": SecretStr("-"),
}
_OURS = ("TWILIO_", "PROPEXO_", "ADAPTER_", "RECORDING_", "PUBLIC_", "DATABASE_", "SETTLE_")
_LOCAL = ("http://127.", "http://localhost", "http://[::1]")


def check_settings(environ: Mapping[str, str]) -> tuple[Settings, list[Finding]]:
    """Return the settings without those that are wrong, and a finding for each setting."""
    findings = []
    readable = dict(environ)
    names = [name.upper() for name in Settings.model_fields]
    while True:
        try:
            settings = Settings.from_environ(readable)
            break
        except SettingsError as error:
            name = error.setting
            if name is None or readable.pop(name, None) is None:
                raise
            advice = f"{error.fact}; {name} is left out of what follows"
            findings.append(Finding(name, False, advice))
    wrong = {finding.check for finding in findings}
    findings += [
        Finding(name, False, f"{name} is not a setting: did you mean {meant[0]}?")
        for name in sorted(environ)
        if name.startswith(_OURS)
        and name.lower() not in Settings.model_fields
        and (meant := difflib.get_close_matches(name, names, n=1, cutoff=0.85))
        and not environ.get(meant[0])
    ]
    for name in Settings.model_fields:
        is_set = bool(readable.get(name.upper(), "").strip())
        if name in ("dyno", "render") or name.upper() in wrong:
            continue
        problem = _setting_problem(settings, name)
        if problem:
            findings.append(Finding(name.upper(), False, problem))
        elif is_set or name == "database_url":
            findings.append(Finding(name.upper(), True, _shown(settings, name)))
    return settings, findings


def _setting_problem(settings: Settings, name: str) -> str | None:
    """Return why the adapter would not start, or would not be safe, with this setting; None if all is well."""
    if name in _NEEDED:
        others = {other: value for other, value in _NEEDED.items() if other != name}
        alone = settings.model_copy(update={**others, "database_url": "postgresql+psycopg://-"})
        try:
            alone.require_for_web()
            alone.require_for_worker()
        except SettingsError as error:
            return str(error)
    if name == "database_url":
        try:
            settings.require_durable()
        except SettingsError as error:
            return str(error)
    if name == "oidc_issuer":
        try:
            oidc_settings(settings)
        except SettingsError as error:
            return str(error)
    if name == "api_tokens":
        try:
            api_tokens(settings)
        except SettingsError as error:
            return str(error)
    url = settings.public_base_url or ""
    if name == "public_base_url" and url.startswith("http://") and not url.startswith(_LOCAL):
        return f"{url} is not https: hooks hold people's numbers; give the https address"
    account = settings.twilio_account_sid
    listed = settings.twilio_subaccount_tokens
    if name == "twilio_account_sid" and account and not settings.twilio_auth_token and listed:
        if account in listed:
            return None
        return (
            "no token is set for this account, and its hooks are refused: set TWILIO_AUTH_TOKEN, "
            "or leave TWILIO_ACCOUNT_SID blank"
        )
    if name == "twilio_account_sid" and settings.twilio_auth_token:
        sid = settings.twilio_account_sid
        if sid is None:
            return (
                "TWILIO_ACCOUNT_SID is not set: the token cannot be checked, and it would stand for "
                "every account; set it to the account's id (AC..., Console, Account info)"
            )
        if not (sid.startswith("AC") and len(sid) == 34):
            return "it does not look like an account's id: AC and 32 more characters"
    return None


def _shown(settings: Settings, name: str) -> str:
    """Return the value as it may be shown."""
    value = getattr(settings, name)
    if name in ("database_url", "database_direct_url"):
        url = sa.make_url(value)
        if value.startswith("sqlite"):
            return f"SQLite, {url.database}"
        return f"PostgreSQL, {url.host or 'local socket'}, database {url.database}"
    if name == "adapter_lines":
        is_text = "\n" in value or "=" in value
        return "given as text" if is_text else str(value)
    if name == "twilio_subaccount_tokens":
        return f"tokens of {len(value)} subaccount(s)"
    if isinstance(value, tuple):
        return f"set, {len(value)} value(s)"
    return "set" if isinstance(value, SecretStr) else hide_numbers(str(value))
