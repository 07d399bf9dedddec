"""Which address do others reach the adapter by, and who says so? People by PUBLIC_BASE_URL, or the host.

The host is asked only where PUBLIC_BASE_URL is not set. What it says is checked as PUBLIC_BASE_URL is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from adapter.errors import SettingsError

SETTING = "PUBLIC_BASE_URL"
# Where an address may come from besides PUBLIC_BASE_URL and the variables of hosts.
DATABASE = "the database, as web told it"
TUNNEL = "the tunnel"
# Set by `adapter run` for its own processes: who told it what it gives them as PUBLIC_BASE_URL.
FROM_VARIABLE = "ADAPTER_ADDRESS_FROM"

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_APP_NAME = re.compile(_LABEL, re.IGNORECASE | re.ASCII)
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE | re.ASCII)
# The adapter appends these paths itself, so in PUBLIC_BASE_URL they would stand twice.
_OWN_PATH = re.compile(
    r"/webhooks/(?:twilio|propexo|signalwire|telnyx|plivo|vonage|bandwidth)(?=/|$)"
    r"|/(?:webhooks|recordings|readyz|livez|metrics)$"
)


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        raise ValueError("it is not the name of a host")
    return f"https://{value}"


def _fly(value: str) -> str:
    if not _APP_NAME.fullmatch(value):
        raise ValueError("it is not the name of an app")
    return f"https://{value}.fly.dev"


# By the variable of the host, how its value becomes an address; the first that is set counts.
# https://render.com/docs/environment-variables
# https://devcenter.heroku.com/articles/dyno-metadata
# https://fly.io/docs/machines/runtime-environment/
HOSTS: Mapping[str, Callable[[str], str]] = {
    "RENDER_EXTERNAL_URL": lambda value: value,
    "HEROKU_APP_DEFAULT_DOMAIN_NAME": _domain,
    "FLY_APP_NAME": _fly,
}


def beside_the_setting(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the fields of Settings that say what is told of the public address beside PUBLIC_BASE_URL.

    Raise SettingsError if what the host tells can be no address, and PUBLIC_BASE_URL is not set.
    """
    if environ.get(SETTING, "").strip():
        told_by = environ.get(FROM_VARIABLE)
        return {"public_base_url_from": told_by} if told_by else {}
    for name, address_of in HOSTS.items():
        value = environ.get(name, "").strip()
        if not value:
            continue
        try:
            address = read_public_address(address_of(value))
        except ValueError as error:
            fact = f"{error}, so it cannot stand for {SETTING}; set that one"
            raise SettingsError(f"{name}: {fact}", setting=name, fact=fact) from error
        return {"public_base_url": address, "public_base_url_from": name}
    return {}


def read_public_address(value: Any) -> Any:
    """Return the address without a slash at its end. Raise ValueError with the fact if it cannot be one."""
    if not isinstance(value, str):
        return value
    path = re.sub("/+", "/", unquote(re.split("[?#]", value, maxsplit=1)[0]))
    own_path = _OWN_PATH.search(path.rstrip("/").lower())
    if own_path:
        raise ValueError(f"it has {own_path[0]}, which the adapter puts behind it itself")
    return read_base_url(value)


def read_base_url(value: Any) -> Any:
    """Return the URL without a slash at its end. Raise ValueError with the fact if it is no base URL."""
    if not isinstance(value, str):
        return value
    if any(sign.isspace() or not sign.isprintable() or sign in '\\"<>^`{|}' for sign in value):
        raise ValueError("it has a character that no URL has")
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises for ports that cannot be
    except ValueError as error:
        raise ValueError(f"it is not a URL ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it is not a URL that begins with https:// or http://")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("a base URL has no query, fragment or user name")
    return value.rstrip("/")
