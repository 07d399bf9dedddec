"""What is each setting, and what is wrong with it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from pydantic import SecretStr

from adapter.cli.doctor.finding import Finding
from adapter.config.setting_problems import readable_settings, setting_problems
from adapter.config.settings import NOT_SET_BY_PEOPLE, Settings
from adapter.observability.redact import hide_numbers


def check_settings(
    environ: Mapping[str, str], completed: Callable[[Settings], Settings] = lambda given: given
) -> tuple[Settings, list[Finding]]:
    """Return the settings without those that are wrong, and a finding for each setting.

    completed: adds what the database tells beside the environment.
    """
    settings, wrong = readable_settings(environ)
    settings = completed(settings)
    problems = setting_problems(settings, environ, wrong)
    findings = [
        Finding(name, False, problem)
        for name, problem in problems.items()
        if name.lower() not in Settings.model_fields or name in wrong
    ]
    for name in Settings.model_fields:
        setting = name.upper()
        if name in NOT_SET_BY_PEOPLE or setting in wrong:
            continue
        if setting in problems:
            findings.append(Finding(setting, False, problems[setting]))
        elif environ.get(setting, "").strip() or name in ("database_url", "public_base_url"):
            findings.append(Finding(setting, True, _shown(settings, name)))
    return settings, findings


def _shown(settings: Settings, name: str) -> str:
    """Return the value as it may be shown."""
    value = getattr(settings, name)
    if name == "public_base_url":
        return f"{value} (from {settings.public_base_url_from})"
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
