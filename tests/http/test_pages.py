"""What does a page show to whom? The shell, and the page of the lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from adapter.storage.store import Store
from tests.support.browser_user import PASSWORD, BrowserUser
from tests.support.environment import ACCOUNT, BASE_URL, ENVIRON, LINE, NOW, TOKEN
from tests.support.rows import add, record
from tests.support.twilio_api import FakeTwilio


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio({ACCOUNT: TOKEN}) as server:
        yield server


@pytest.fixture
def app(database_url: str, twilio: FakeTwilio) -> Flask:
    environ = {**ENVIRON, "DATABASE_URL": database_url, "ADMIN_PASSWORD": PASSWORD}
    environ["PROPEXO_BASE_URL"] = "http://127.0.0.1:1"
    environ["TWILIO_API_BASE_URL"] = twilio.url
    environ["ADAPTER_LINES"] = (
        f'[lines."{LINE}"]\nname = "Main <Street>"\nproperty_id = "prop_main"\n'
    )
    return web_app(Settings.from_environ(environ))


@pytest.fixture
def user(app: Flask) -> Iterator[BrowserUser]:
    made = BrowserUser(app)
    made.sign_in()
    yield made


def test_the_page_of_the_lines_has_every_line(user: BrowserUser, store: Store) -> None:
    add(store, record(call_id="CA1"), first_seen_at=NOW)
    text = user.get("/lines").text
    assert "Main &lt;Street&gt;" in text and "(617) 555-0100" in text
    assert "Mar 2, 2026, 10:00 AM EST" in text and 'title="2026-03-02 15:00:00 UTC"' in text
    assert f"adapter simulate --story missed --to {LINE}" in text
    assert "could not be looked up" in text or "being looked up" in text


def test_the_page_of_the_lines_says_what_their_numbers_lack(
    user: BrowserUser, twilio: FakeTwilio
) -> None:
    """A number that points here and is no line stands below them."""
    elsewhere = "https://user:t0psecret@other.example/<b>"
    twilio.add_number(ACCOUNT, "PN1", LINE, status_callback=elsewhere)
    here = f"{BASE_URL}/webhooks/twilio#rc=5&rp=all"
    twilio.add_number(
        ACCOUNT, "PN2", "+16175550177", status_callback=here, friendly_name="<i>Fax</i>"
    )
    twilio.add_number(ACCOUNT, "PN3", "+16175550178")
    text = user.get("/lines").text
    assert "it calls back to somebody else, https://user:***@other.example/&lt;b&gt;" in text
    assert (
        "0177" in text and "&lt;i&gt;Fax&lt;/i&gt;" in text and "is no line of lines.toml" in text
    )
    assert "0178" not in text and "t0psecret" not in text and "not known just now" not in text


def test_numbers_that_cannot_be_asked_for_are_said_to_be_unknown(
    user: BrowserUser, twilio: FakeTwilio
) -> None:
    twilio.tokens.clear()
    assert "is not known just now" in user.get("/lines").text


def test_the_shell_has_the_name_the_pages_and_the_way_out(user: BrowserUser) -> None:
    text = user.get("/lines").text
    assert "Lee Agent (operator)" in text
    assert 'href="/lines"\n             aria-current="page"' in text
    assert user.post("/logout").status_code == 303


def test_static_files_are_our_own(user: BrowserUser) -> None:
    for path in (
        "/static/adapter/adapter.css",
        "/static/adapter/adapter.js",
        "/static/adapter/icon.svg",
        "/bootstrap/static/css/bootstrap.min.css",
    ):
        answer = user.client.get(path)
        assert answer.status_code == 200, path
        answer.close()


def test_a_database_that_is_away_is_told_on_the_page(database_url: str, user: BrowserUser) -> None:
    environ = {**ENVIRON, "ADMIN_PASSWORD": PASSWORD}
    environ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    stranger = BrowserUser(web_app(Settings.from_environ(environ)))
    assert stranger.get("/login").status_code == 200
    stranger.client.set_cookie(
        "adapter_session",
        user.client.get_cookie("adapter_session", domain="calls.example.com").value,  # type: ignore[union-attr]  # it is there
        domain="calls.example.com",
    )
    answer = stranger.get("/lines")
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert "The database did not answer" in answer.text


def test_an_unknown_address_keeps_the_way_on_for_those_who_are_signed_in(user: BrowserUser) -> None:
    answer = user.get("/nowhere")
    assert answer.status_code == 404
    assert 'href="/lines"' in answer.text and "To the inbox" in answer.text
    stranger = BrowserUser(user.client.application).get("/nowhere").text
    assert 'href="/lines"' not in stranger and "Sign in" in stranger
