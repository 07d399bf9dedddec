"""How is Twilio joined to a Provider? Its signature, hooks, answers, API, media and call log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from adapter.config.settings import Settings
from adapter.providers.base import (
    HookContent,
    HookKind,
    HookRequest,
    Parameters,
    ParsedHook,
    Provider,
    Reply,
)
from adapter.providers.twilio.call_log import TwilioCallLog
from adapter.providers.twilio.hooks import call_ids, read_hook
from adapter.providers.twilio.media import TwilioMedia
from adapter.providers.twilio.numbers import TwilioNumbers
from adapter.providers.twilio.rest import TwilioRest
from adapter.providers.twilio.signature import SIGNATURE, Tokens, parameters, verify
from adapter.text.untrusted import MOST_TEXT, MOST_WORDS

_EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class TwilioHooks:
    """See adapter.providers.base.HookParser.

    public_base_url: what Twilio was given, without a trailing slash.
    """

    def __init__(self, *, public_base_url: str, tokens: Tokens) -> None:
        self._base_url = public_base_url.rstrip("/")
        self._tokens = tokens

    def parse(self, request: HookRequest) -> Parameters:
        return parameters(request)

    def verify(self, request: HookRequest, params: Parameters) -> str:
        return verify(request, params, base_url=self._base_url, tokens=self._tokens)

    def read(self, params: Parameters, account: str, received_at: datetime) -> HookContent:
        return read_hook(_cut(params), account, received_at)

    def call_ids(self, params: Parameters) -> Sequence[str]:
        return call_ids(params)

    def reply(self, event: ParsedHook | None) -> Reply:
        # The actions of <Dial>, <Record> and <Enqueue> must be answered with TwiML; an empty one ends the call.
        # https://www.twilio.com/docs/voice/twiml/dial#action
        if event is not None and event.kind in (HookKind.DIAL, HookKind.MESSAGE, HookKind.QUEUE):
            return Reply(200, _EMPTY_TWIML, "text/xml")
        return Reply(204)


def build(settings: Settings) -> Provider:
    """Return Twilio with the credentials and addresses of these settings."""
    tokens = Tokens(
        settings.twilio_account_sid,
        [token.get_secret_value() for token in settings.twilio_auth_token],
        {
            sid: [token.get_secret_value() for token in own]
            for sid, own in settings.twilio_subaccount_tokens.items()
        },
    )
    api = TwilioRest(base_url=settings.twilio_api_base_url, tokens=tokens.plain)
    accounts = [settings.twilio_account_sid, *settings.twilio_subaccount_tokens]
    return Provider(
        name="twilio",
        label="Twilio",
        hooks=TwilioHooks(public_base_url=settings.public_base_url or "", tokens=tokens),
        api=api,
        media=TwilioMedia(base_url=settings.twilio_api_base_url, tokens=tokens.plain),
        call_log=TwilioCallLog(api),
        accounts=[sid for sid in accounts if sid and api.can_read(sid)],
        kept_headers=(SIGNATURE, "I-Twilio-Idempotency-Token", "X-Home-Region"),
        signature_header=SIGNATURE,
        call_id_prefix="CA",
        numbers=TwilioNumbers(api),
    )


def _cut(params: Parameters) -> dict[str, str]:
    """The first value of each parameter, no longer than one is looked at."""
    return {
        name: value[: MOST_WORDS if name.startswith("Transcription") else MOST_TEXT]
        for name, value in params.to_dict().items()
    }
