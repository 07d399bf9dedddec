"""How is Acme joined to a Provider?"""

from __future__ import annotations

from collections.abc import Mapping

from adapter.config.settings import Settings
from adapter.providers.base import Provider
from tests.support.acme.api import AcmeApi
from tests.support.acme.hooks import SIGNATURE, AcmeHooks
from tests.support.acme.media import AcmeMedia


def build(settings: Settings, *, api_url: str, keys: Mapping[str, str]) -> Provider:
    """Return Acme with these credentials. A real provider has all of them in the settings."""
    api = AcmeApi(api_url, keys)
    return Provider(
        name="acme",
        label="Acme Voice",
        hooks=AcmeHooks(keys),
        api=api,
        media=AcmeMedia(api_url, keys),
        call_log=api,
        accounts=[account for account in keys if api.can_read(account)],
        kept_headers=(SIGNATURE,),
        signature_header=SIGNATURE,
    )
