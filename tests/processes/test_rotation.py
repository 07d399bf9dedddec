"""Can every key be changed while calls go on, and does an old one end when it is taken off?

Each start is a new adapter with other settings on the same database, as after a deploy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import new as hmac
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from adapter.bootstrap import Container
from adapter.config.settings import Settings
from adapter.errors import CredentialsRefused
from adapter.operations.replay import replay_parked
from adapter.storage.schema import hooks
from adapter.web.app import create_app
from adapter.web.hooks import hook_routes
from adapter.web.recordings.routes import recording_routes
from adapter.web.write_failures import write_failure_routes
from tests.support.environment import ACCOUNT, ENVIRON, LINE, PATH, TOKEN
from tests.support.hooks import send, signed
from tests.support.twilio_api import FakeTwilio

SUB = "AC00000000000000000000000000000002"
CALL = "CA5f8e2b1c4d7a90e3f6b2c8d1e4a70935"
Start = Callable[..., "Started"]


class Started:
    """An adapter with these settings."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.container = Container(Settings.from_environ(environ))
        container = self.container
        routes = recording_routes(
            container.store, container.links, container.providers, container.lines
        )
        self.client: FlaskClient = create_app(hook_routes(container.intake), routes).test_client()

    def takes(self, token: str, account: str = ACCOUNT, **values: str) -> bool:
        """Whether a hook that was signed with this token is stored."""
        before = self._stored()
        params = {
            "AccountSid": account, "CallSid": CALL, "From": "+16175550134", "To": LINE,
            "Direction": "inbound", "CallStatus": "completed", "CallDuration": "5", **values,
        }  # fmt: skip
        status = send(self.client, signed(params, token=token)).status_code
        is_taken = self._stored() > before
        assert status == (204 if is_taken else 403)
        return is_taken

    def _stored(self) -> int:
        query = sa.select(sa.func.count()).select_from(hooks)
        with self.container.store.begin() as connection:
            return int(connection.execute(query).scalar_one())

    def opens(self, link: str) -> bool:
        """Whether this link leads to the page of its call."""
        status = self.client.get(urlsplit(link).path).status_code
        assert status in (200, 404)
        return status == 200

    def link(self) -> str:
        (call,) = self.container.store.calls.find(CALL)
        return self.container.links.of(call.call_id, call.link_version, key=call.key)


@pytest.fixture
def start(database_url: str) -> Iterator[Start]:
    started: list[Started] = []

    def begin(**environ: str) -> Started:
        started.append(Started({**ENVIRON, "DATABASE_URL": database_url, **environ}))
        return started[-1]

    yield begin
    for each in started:
        each.container.store.engine.dispose()


def test_an_auth_token_is_rotated_without_a_hook_refused(start: Start) -> None:
    """As docs/operating.md says: both, promote the new one at Twilio, then remove the old one."""
    assert start(TWILIO_AUTH_TOKEN="old").takes("old")
    both = start(TWILIO_AUTH_TOKEN="old,new")
    assert both.takes("old", CallDuration="6") and both.takes("new", CallDuration="7")
    after = start(TWILIO_AUTH_TOKEN="new")
    assert after.takes("new", CallDuration="8")
    assert not after.takes("old", CallDuration="9")


def test_a_token_that_was_removed_signs_for_no_account_in_any_form(start: Start) -> None:
    after = start(TWILIO_AUTH_TOKEN="new", TWILIO_SUBACCOUNT_TOKENS=f'{{"{SUB}": ["sub"]}}')
    for account in (ACCOUNT, SUB, ""):
        for token in ("old", "OLD", " old", "new ", "", "new,old"):
            assert not after.takes(token, account)
    assert not after.takes("new", SUB)
    assert not after.takes("sub", ACCOUNT)


def test_a_subaccounts_token_is_rotated_by_itself(start: Start) -> None:
    both = start(TWILIO_SUBACCOUNT_TOKENS=f'{{"{SUB}": ["old", "new"]}}')
    assert both.takes("old", SUB) and both.takes("new", SUB, CallDuration="6")
    after = start(TWILIO_SUBACCOUNT_TOKENS=f'{{"{SUB}": "new"}}')
    assert after.takes("new", SUB, CallDuration="7") and not after.takes("old", SUB)
    assert after.takes(TOKEN)


def test_a_subaccount_that_was_taken_off_is_not_trusted_by_the_main_token(start: Start) -> None:
    gone = start()
    assert not gone.takes("sub", SUB) and not gone.takes(TOKEN, SUB)


def test_a_captured_hook_ends_with_its_token(start: Start) -> None:
    """Sent again byte for byte after the rotation it is refused, and nothing of it is stored."""
    params = {"AccountSid": ACCOUNT, "CallSid": CALL, "CallStatus": "completed"}
    captured = signed(params, token="old")
    assert send(start(TWILIO_AUTH_TOKEN="old").client, captured).status_code == 204
    after = start(TWILIO_AUTH_TOKEN="new")
    assert send(after.client, captured).status_code == 403


def test_what_was_parked_is_replayed_after_its_token_is_gone(start: Start) -> None:
    """It was verified when it came."""
    before = start(TWILIO_AUTH_TOKEN="old")
    assert before.takes("old", CallStatus="exploded")
    after = start(TWILIO_AUTH_TOKEN="new")
    (parked,) = after.container.store.hooks.parked()
    with after.container.store.begin() as connection:
        body = parked.body.replace(b"exploded", b"no-answer")
        after.container.store.hooks.update(connection, parked.id, body=body)
    assert replay_parked(after.container.intake) == (1, 0)


def test_twilios_api_is_read_with_whichever_token_is_good(start: Start) -> None:
    with FakeTwilio({ACCOUNT: "new"}) as twilio:
        api = {"TWILIO_API_BASE_URL": twilio.url}
        for tokens in ("old,new", "new,old", "new"):
            container = start(TWILIO_AUTH_TOKEN=tokens, **api).container
            assert (
                container.providers["twilio"].api.leg(ACCOUNT, CALL) is None
            )  # it was let in, and knows no such call
        with pytest.raises(CredentialsRefused):
            start(TWILIO_AUTH_TOKEN="old", **api).container.providers["twilio"].api.leg(
                ACCOUNT, CALL
            )


# Links ----------------------------------------------------------------------------------------------


def test_links_live_as_long_as_their_key_is_listed(start: Start) -> None:
    before = start(SECRET_KEY="old")
    assert before.takes(TOKEN)
    old = before.link()
    both = start(SECRET_KEY="new,old")
    new = both.link()
    assert new != old
    assert both.opens(old) and both.opens(new)
    after = start(SECRET_KEY="new")
    assert after.opens(new) and not after.opens(old)


def test_without_a_key_of_our_own_every_process_and_start_has_the_same(start: Start) -> None:
    first = start(SECRET_KEY="")
    assert first.takes(TOKEN)
    link = first.link()
    for _ in range(2):
        again = start(SECRET_KEY=" , ")
        assert again.link() == link and again.opens(link)


def test_the_key_that_was_kept_ends_when_one_is_set(start: Start) -> None:
    """So a stolen copy of the database opens nothing any more."""
    first = start(SECRET_KEY="")
    assert first.takes(TOKEN)
    link = first.link()
    assert not start(SECRET_KEY="own").opens(link)
    assert start(SECRET_KEY="").opens(link)


def test_a_key_is_not_the_same_as_a_part_of_it_or_of_the_list(start: Start) -> None:
    before = start(SECRET_KEY="old")
    assert before.takes(TOKEN)
    link = before.link()
    for keys in ("ol", "old2", "OLD", "new,ol", "o,l,d"):
        assert not start(SECRET_KEY=keys).opens(link)


# What others sign with ------------------------------------------------------------------------------


def test_propexos_secret_changes_with_the_setting(start: Start) -> None:
    body = json.dumps({"event": "OTHER"}).encode()
    signature = hmac(b"old", body, sha256).hexdigest()
    for secret, status in (("old", 204), ("new", 403), ("", 403)):
        container = start(PROPEXO_WEBHOOK_SECRET=secret).container
        client = create_app(write_failure_routes(container.store, container.target)).test_client()
        answer = client.post(
            "/webhooks/propexo", data=body, headers={"propexo-signature": signature}
        )
        assert answer.status_code == status


def test_a_refused_hook_names_neither_an_old_nor_a_new_token(start: Start) -> None:
    after = start(TWILIO_AUTH_TOKEN="brand-new,second-new")
    params = {"AccountSid": ACCOUNT, "CallSid": CALL, "CallStatus": "completed"}
    text = send(after.client, signed(params, token="brand-old", target=PATH)).text
    assert not [token for token in ("brand-new", "second-new", "brand-old") if token in text]
