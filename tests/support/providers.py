"""How does a test get a Provider whose signatures are Twilio's and whose other parts it chooses?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from adapter.config.settings import Settings
from adapter.domain.record import Leg, Recording
from adapter.providers import twilio
from adapter.providers.base import Provider
from tests.support.environment import ACCOUNT, BASE_URL, TOKEN


def twilio_provider(
    *,
    account: str | None = ACCOUNT,
    tokens: Sequence[str] = (TOKEN,),
    subaccounts: Mapping[str, Sequence[str]] | None = None,
    api_url: str = "http://127.0.0.1:1",
    **parts: Any,
) -> Provider:
    """Return Twilio as its `build` makes it of such settings.

    parts: fields of Provider, in place of the real ones.
    """
    settings = Settings(
        public_base_url=BASE_URL,
        twilio_account_sid=account,
        twilio_auth_token=[SecretStr(token) for token in tokens],
        twilio_subaccount_tokens={
            sid: [SecretStr(token) for token in own] for sid, own in (subaccounts or {}).items()
        },
        twilio_api_base_url=api_url,
    )
    return replace(twilio.build(settings), **parts)


class NoApi:
    """A provider's API for which there are no credentials. Whoever asks it all the same is wrong."""

    def can_read(self, account: str) -> bool:
        return False

    def leg(self, account: str, sid: str) -> Leg | None:
        raise AssertionError("asked without credentials")

    def legs_dialled_by(self, account: str, sid: str) -> Sequence[Leg]:
        raise AssertionError("asked without credentials")

    def recordings_of(self, account: str, sid: str) -> Sequence[Recording]:
        raise AssertionError("asked without credentials")

    def calls_to(self, account: str, number: str, since: datetime) -> Sequence[Leg]:
        raise AssertionError("asked without credentials")
