"""Which sign-in service do the pages use, and who may come in by it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

from pydantic import SecretStr

from adapter.config.settings import Settings
from adapter.errors import SettingsError


@dataclass(frozen=True)
class OidcSettings:
    """The settings OIDC_..., complete. operators, viewers: addresses, or `@domain` for all addresses there."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None
    operators: Sequence[str]
    viewers: Sequence[str]

    @property
    def host(self) -> str:
        """The service's name as people know it."""
        return urlsplit(self.issuer).hostname or self.issuer


def oidc_settings(settings: Settings) -> OidcSettings | None:
    """Return what is set; None without OIDC_ISSUER. Raise SettingsError for a missing setting or library."""
    issuer, client_id = settings.oidc_issuer, settings.oidc_client_id
    if issuer is None:
        others = ("oidc_client_id", "oidc_client_secret", "oidc_operators", "oidc_viewers")
        lonely = next((name.upper() for name in others if getattr(settings, name)), None)
        if lonely:
            raise SettingsError(
                f"{lonely} is set, and OIDC_ISSUER is not: give the address of the sign-in service, such as "
                "https://accounts.google.com"
            )
        return None
    if client_id is None:
        raise SettingsError(
            "OIDC_ISSUER is set, and OIDC_CLIENT_ID is not: register the adapter at the sign-in service, with "
            "the redirect URL PUBLIC_BASE_URL/login/oidc/callback, and give the client id that it shows"
        )
    if not settings.oidc_operators and not settings.oidc_viewers:
        raise SettingsError(
            "OIDC_ISSUER is set, and nobody may come in: give addresses or @domains in OIDC_OPERATORS or "
            "OIDC_VIEWERS, such as lee@example.com,@example.com"
        )
    if find_spec("authlib") is None:
        raise SettingsError(
            "OIDC_ISSUER is set, and the library Authlib is not installed: install the adapter with its extra "
            "sso (pip install '.[sso]'); requirements.txt has it too"
        )
    return OidcSettings(
        issuer=issuer,
        client_id=client_id,
        client_secret=settings.oidc_client_secret,
        operators=settings.oidc_operators,
        viewers=settings.oidc_viewers,
    )
