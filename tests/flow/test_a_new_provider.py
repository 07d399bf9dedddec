"""Does a provider that the adapter has never heard of go the whole way, by its own package and one entry?

It is Acme Voice (tests/support/acme), which docs/adding-a-provider.md leads through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
from flask.testing import FlaskClient

from adapter import bootstrap
from adapter.domain.call import CallState
from adapter.web.app import create_app
from adapter.web.hooks import hook_routes
from adapter.web.recordings.routes import recording_routes
from tests.support import acme
from tests.support.acme.server import (
    ACCOUNT,
    KEY,
    MP3,
    AcmeServer,
    acme_hook,
    acme_row,
)
from tests.support.hooks import send
from tests.support.sandboxed import Adapter, adapter, lines

MINUTE = timedelta(minutes=1)


@dataclass
class Acme:
    """An adapter that knows Acme, and Acme."""

    made: Adapter
    server: AcmeServer
    web: FlaskClient

    def ended(self, call: str, seconds: int = 60, **more: str) -> dict[str, str]:
        """A call that has just ended, as the API shows it too from now on."""
        now = self.made.now()
        row = acme_row(call, now - timedelta(seconds=seconds), now, **more)
        self.server.calls.append(row)
        return row

    def tell(self, row: dict[str, str], **signing: str) -> int:
        """Send this hook over HTTP; the status of the answer."""
        return send(self.web, acme_hook(row, at=self.made.now(), **signing)).status_code


@pytest.fixture
def it(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Acme]:
    server = AcmeServer()
    with server.serve() as serving:
        build = partial(acme.build, api_url=serving.url, keys={ACCOUNT: KEY})
        monkeypatch.setattr(bootstrap, "PROVIDERS", {**bootstrap.PROVIDERS, "acme": build})
        with adapter(database_url, ADAPTER_LINES=lines("ENTRATA")) as made:
            container = made.container
            routes = recording_routes(
                container.store, container.links, container.providers, container.lines
            )
            web = create_app(hook_routes(container.intake), routes).test_client()
            yield Acme(made, server, web)


def test_its_missed_call_stands_on_the_leads_record(it: Acme) -> None:
    assert it.tell(it.ended("c-1", 0, state="missed")) == 200
    it.made.pass_time(300)
    call = it.made.call("c-1")
    assert (call.state, call.outcome, call.provider) == (CallState.WRITTEN, "no_answer", "acme")
    (event,) = it.made.events()
    assert "[call c-1]" in str(event)


def test_what_its_hook_left_open_is_asked_of_its_own_api(it: Acme) -> None:
    row = it.ended("c-2", 90)
    it.ended("c-2-leg", 75, parent="c-2", direction="forwarded", to="+16175550151")
    assert it.tell(row) == 200
    it.made.pass_time(300)
    call = it.made.call("c-2")
    assert (call.state, call.outcome, call.talk_seconds) == (CallState.WRITTEN, "answered", 75)
    assert f"/accounts/{ACCOUNT}/calls" in it.server.asked


def test_a_forged_hook_is_refused_and_stored_nowhere(it: Acme) -> None:
    row = it.ended("c-3")
    for signing in ({"key": "wrong"}, {"key": ""}, {"account": "acme-2"}):
        assert it.tell(row, **signing) == 403
    assert it.made.store.calls.find("c-3") == []
    assert it.made.store.hooks.count_parked() == 0


def test_a_hook_that_cannot_be_read_is_parked(it: Acme) -> None:
    assert it.tell({**it.ended("c-4"), "state": "dancing"}) == 200
    (parked,) = it.made.store.hooks.parked()
    assert parked.call_key == f"acme:{ACCOUNT}:c-4"
    assert "X-Acme-Signature" in parked.headers and "X-Acme-Secret" not in parked.headers


def test_the_same_hook_twice_is_kept_once(it: Acme) -> None:
    row = it.ended("c-5")
    assert {it.tell(row) for _ in range(3)} == {200}
    (hook,) = it.made.store.hooks.of_call(f"acme:{ACCOUNT}:c-5")
    assert hook.headers["X-Acme-Signature"]


def test_its_recording_is_played_from_its_own_media(it: Acme) -> None:
    row = it.ended("c-6")
    it.server.recordings["r-6"] = "c-6"
    it.tell({**row, "recording": "r-6"})
    call = it.made.call("c-6")
    link = it.made.container.links.of(call.call_id, call.link_version, key=call.key)
    path = "/recordings/" + link.rpartition("/")[2]
    assert it.web.get(path + ".mp3").data == MP3
    page = it.web.get(path, headers={"Accept": "text/html"})
    assert "<audio" in page.text
    it.server.recordings.clear()
    it.made.pass_time(3600)
    page = it.web.get(path, headers={"Accept": "text/html"})
    assert "The recording was deleted at Acme Voice." in page.text


def test_a_call_that_no_hook_told_of_is_taken_in_from_its_call_log(it: Acme) -> None:
    it.ended("c-7", 0, state="missed")
    it.made.pass_time(20 * 60)
    reconciliation = it.made.container.reconciliation
    assert ACCOUNT in reconciliation.accounts
    report = reconciliation.run(it.made.now() - timedelta(hours=1), wait=lambda seconds: None)
    assert "c-7" in report.taken_in
    assert "Acme Voice" in report.balance()
    it.made.pass_time(300)
    assert it.made.call("c-7").state is CallState.WRITTEN


def test_a_call_of_a_provider_that_was_taken_out_says_so_on_its_page(
    it: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = it.ended("c-8")
    it.server.recordings["r-8"] = "c-8"
    it.tell({**row, "recording": "r-8"})
    call, container = it.made.call("c-8"), it.made.container
    left = {"twilio": container.providers["twilio"]}
    routes = recording_routes(container.store, container.links, left, container.lines)
    link = container.links.of(call.call_id, call.link_version, key=call.key)
    path = "/recordings/" + link.rpartition("/")[2]
    page = create_app(routes).test_client().get(path, headers={"Accept": "text/html"})
    assert "not connected to acme any more" in page.text
