"""Does every provider keep what adapter.providers promises? One test for all, whoever they are.

A new provider needs a Specimen here, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import pytest
from werkzeug.datastructures import Headers

from adapter.bootstrap import PROVIDERS
from adapter.config.lines_file import read_lines
from adapter.config.settings import Settings
from adapter.domain.assessment import CallRules
from adapter.domain.due import SettlePolicy
from adapter.domain.merge import join
from adapter.domain.record import CallRecord, Recording, RecordingState
from adapter.errors import (
    CredentialsRefused,
    HookError,
    PermanentError,
    RemoteError,
    TemporaryError,
    UntrustedHook,
)
from adapter.intake.service import Intake
from adapter.providers.base import HookRequest, ParsedHook, Provider
from adapter.providers.media import AudioFormat
from adapter.storage.store import Store
from tests.support import acme
from tests.support.acme.server import ACCOUNT as ACME_ACCOUNT
from tests.support.acme.server import KEY, acme_hook, acme_row
from tests.support.environment import ACCOUNT, ENVIRON, NOW
from tests.support.hooks import CALL, signed, status_hook

NOWHERE = "http://127.0.0.1:1"  # nobody listens there


@dataclass(frozen=True)
class Specimen:
    """One provider, and a genuine hook of it: a call that came in and was missed.

    build: with an API that does not answer. unreadable: the hook, signed, with a value that makes no sense.
    """

    build: Callable[[], Provider]
    account: str
    call_id: str
    hook: HookRequest
    unreadable: HookRequest


def _twilio() -> Provider:
    environ = {**ENVIRON, "TWILIO_API_BASE_URL": NOWHERE}
    return PROVIDERS["twilio"](Settings.from_environ(environ))


ACME_ROW = acme_row("c-1", NOW - timedelta(seconds=9), NOW, state="missed")
SPECIMENS: Mapping[str, Specimen] = {
    "twilio": Specimen(
        build=_twilio,
        account=ACCOUNT,
        call_id=CALL,
        hook=signed(status_hook("no-answer")),
        unreadable=signed({**status_hook("no-answer"), "CallStatus": "dancing"}),
    ),
    "acme": Specimen(
        build=partial(acme.build, Settings(), api_url=NOWHERE, keys={ACME_ACCOUNT: KEY}),
        account=ACME_ACCOUNT,
        call_id="c-1",
        hook=acme_hook(ACME_ROW, at=NOW),
        unreadable=acme_hook({**ACME_ROW, "state": "dancing"}, at=NOW),
    ),
}


def test_every_provider_has_a_specimen() -> None:
    assert set(SPECIMENS) >= set(PROVIDERS)


@pytest.fixture(params=sorted(SPECIMENS))
def specimen(request: pytest.FixtureRequest) -> Specimen:
    return SPECIMENS[request.param]


@pytest.fixture
def provider(specimen: Specimen) -> Provider:
    return specimen.build()


def facts(provider: Provider, hook: HookRequest) -> CallRecord:
    params = provider.hooks.parse(hook)
    account = provider.hooks.verify(hook, params)
    event = provider.hooks.read(params, account, hook.received_at)
    assert isinstance(event, ParsedHook)
    return event.facts


# Its value ------------------------------------------------------------------------------------------


def test_its_name_fits_into_routes_and_keys(provider: Provider) -> None:
    assert SPECIMENS[provider.name]
    assert provider.name.isidentifier() and provider.name.islower()
    assert provider.label.strip() == provider.label != ""


def test_it_says_which_accounts_it_can_read(provider: Provider, specimen: Specimen) -> None:
    assert specimen.account in provider.accounts
    for account in provider.accounts:
        assert provider.api.can_read(account)
    for account in ("", "somebody else's"):
        assert not provider.api.can_read(account)


def test_its_signature_is_kept_with_a_hook(provider: Provider) -> None:
    assert provider.signature_header in provider.kept_headers
    assert "Authorization" not in provider.kept_headers


# Its hooks --------------------------------------------------------------------------------------------


def test_a_genuine_hook_is_trusted_and_read(provider: Provider, specimen: Specimen) -> None:
    read = facts(provider, specimen.hook)
    assert (read.provider, read.account, read.call_id) == (
        provider.name,
        specimen.account,
        specimen.call_id,
    )
    assert read.is_over
    assert provider.hooks.call_ids(provider.hooks.parse(specimen.hook))[0] == specimen.call_id
    prefix = provider.call_id_prefix
    if prefix is not None:
        digits = specimen.call_id.removeprefix(prefix)
        assert len(digits) == 32 and int(digits, 16) >= 0


def test_reading_a_hook_twice_gives_the_same_facts(provider: Provider, specimen: Specimen) -> None:
    """A hook that comes twice, or is replayed, must change nothing."""
    once = facts(provider, specimen.hook)
    assert join(once, facts(provider, specimen.hook)) == once


def test_whatever_is_changed_in_a_hook_it_is_not_trusted(
    provider: Provider, specimen: Specimen
) -> None:
    hook, header = specimen.hook, provider.signature_header
    signature = hook.header(header)
    changed = [replace(hook, body=hook.body + b"&more=1")]
    for other in ("", signature[:-1], signature.swapcase(), "0" * len(signature), "é"):
        if other != signature:
            headers = Headers(hook.headers)
            headers[header] = other
            changed.append(replace(hook, headers=headers))
    without = Headers(hook.headers)
    del without[header]
    changed.append(replace(hook, headers=without))
    for forged in changed:
        with pytest.raises(UntrustedHook):
            provider.hooks.verify(forged, provider.hooks.parse(forged))


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"\x00", b"a=%00", b"&" * 5000, b"{}"])
def test_a_body_that_is_no_hook_is_refused(
    provider: Provider, specimen: Specimen, body: bytes
) -> None:
    broken = replace(specimen.hook, body=body)
    with pytest.raises(HookError):
        provider.hooks.verify(broken, provider.hooks.parse(broken))


def test_every_hook_that_was_stored_is_answered_well(
    provider: Provider, specimen: Specimen
) -> None:
    params = provider.hooks.parse(specimen.hook)
    event = provider.hooks.read(params, specimen.account, NOW)
    assert isinstance(event, ParsedHook)
    for answered in (event, None):
        assert 200 <= provider.hooks.reply(answered).status < 300


def test_a_hook_that_makes_no_sense_is_kept_and_not_lost(
    provider: Provider, specimen: Specimen, store: Store
) -> None:
    rules = CallRules(read_lines("", {}), SettlePolicy())
    intake = Intake(store=store, providers={provider.name: provider}, rules=rules)
    assert 200 <= intake.take(provider, specimen.unreadable).status < 300
    (parked,) = store.hooks.parked()
    assert parked.call_key == f"{provider.name}:{specimen.account}:{specimen.call_id}"


# Its API and media --------------------------------------------------------------------------------------


def test_an_api_that_does_not_answer_may_answer_later(
    provider: Provider, specimen: Specimen
) -> None:
    api, account = provider.api, specimen.account
    waits: list[float] = []
    for ask in (
        lambda: api.leg(account, specimen.call_id),
        lambda: api.legs_dialled_by(account, specimen.call_id),
        lambda: api.recordings_of(account, specimen.call_id),
        lambda: api.calls_to(account, "+16175550100", NOW),
        lambda: provider.call_log.day(account, NOW.date(), waits.append),
    ):
        with pytest.raises(TemporaryError):
            ask()
    assert waits, "the call log waits, and asks again"


def test_an_account_without_credentials_is_not_asked(provider: Provider) -> None:
    with pytest.raises(CredentialsRefused):
        provider.api.leg("somebody else's", "c")


def test_a_recording_that_cannot_be_fetched_now_is_not_gone(
    provider: Provider, specimen: Specimen
) -> None:
    recording = Recording(id="r1", url=f"{NOWHERE}/r1", state=RecordingState.COMPLETE)
    for head in (False, True):
        with pytest.raises(RemoteError) as raised:
            provider.media.open(specimen.account, recording, suffix=AudioFormat.MP3, head=head)
        assert isinstance(raised.value, TemporaryError | PermanentError)
    assert provider.media.browser_url("https://media.example.com/r1").startswith("https://")
