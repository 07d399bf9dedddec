"""Who gets in, who stays out, and until when?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from adapter.storage.store import Store
from adapter.storage.wrong_passwords import wrong_passwords_since
from adapter.web.sign_in.password_tries import FLUSH_THREAD
from tests.support.browser_user import PASSWORD, BrowserUser
from tests.support.environment import ENVIRON, NOW
from tests.support.waiting import wait_for

MakeApp = Callable[..., Flask]
PAGES = ["/", "/login", "/logout", "/inbox", "/calls", "/lines", "/health", "/alerts"]


@pytest.fixture
def app_with(database_url: str) -> Iterator[MakeApp]:
    """An application with pages, and these settings beside the usual ones."""

    def make(**settings: str) -> Flask:
        environ = {
            **ENVIRON,
            "DATABASE_URL": database_url,
            "ADMIN_PASSWORD": PASSWORD,
            **settings,
        }
        return web_app(Settings.from_environ(environ))

    yield make
    for thread in threading.enumerate():
        if thread.name == FLUSH_THREAD:  # else it counts into the next test's database
            thread.join()


@pytest.fixture
def user(app_with: MakeApp) -> Iterator[BrowserUser]:
    yield BrowserUser(app_with())


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_way_to_sign_in_there_are_no_pages(
    app_with: MakeApp, path: str, method: str
) -> None:
    client = app_with(ADMIN_PASSWORD="").test_client()
    assert client.open(path, method=method).status_code == 404


def test_signing_in_leads_to_the_inbox(user: BrowserUser) -> None:
    assert user.get("/").location == "/login"
    answer = user.sign_in()
    assert (answer.status_code, answer.location) == (303, "/inbox")
    assert user.get("/").location == "/inbox"


def test_a_form_without_its_token_is_refused(user: BrowserUser) -> None:
    form = {"name": "Lee", "password": PASSWORD}
    user.get("/login")
    answer = user.post_without_token("/login", form)
    assert answer.status_code == 400 and "token" in answer.text
    assert user.post_without_token("/login", {**form, "csrf_token": "x"}).status_code == 400
    assert user.get("/").location == "/login"


def test_wrong_passwords_are_refused_and_then_paused(user: BrowserUser) -> None:
    answers: list[Any] = [user.sign_in(password=f"guess {number}") for number in range(8)]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429] * 3
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert user.sign_in().status_code == 429


def copy_of(user: BrowserUser, app: Flask | None = None) -> BrowserUser:
    """Somebody who has a copy of this user's cookie."""
    copy = BrowserUser(app or user.client.application)
    cookie = user.client.get_cookie("adapter_session", domain="calls.example.com")
    assert cookie is not None
    copy.client.set_cookie("adapter_session", cookie.value, domain="calls.example.com")
    return copy


def is_in(user: BrowserUser) -> bool:
    return bool(user.get("/").location == "/inbox")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(user: BrowserUser) -> None:
    cookie = user.sign_in().headers.getlist("Set-Cookie")
    (session,) = [text for text in cookie if text.startswith("adapter_session=")]
    assert {"HttpOnly", "SameSite=Lax", "Secure", "Path=/"} <= set(session.split("; "))


def test_signing_out_ends_copies_of_the_cookie_too(user: BrowserUser) -> None:
    user.sign_in()
    copy = copy_of(user)
    assert is_in(copy)
    user.get("/lines")
    assert user.post("/logout").location == "/login"
    assert not is_in(user)
    assert not is_in(copy)


def test_a_session_ends_after_twelve_hours(app_with: MakeApp) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        user = BrowserUser(app_with())
        user.sign_in()
        clock.shift(timedelta(hours=11, minutes=59))
        assert is_in(user)
        clock.shift(timedelta(minutes=2))
        assert not is_in(user)


def test_sessions_end_with_their_key_or_the_password(app_with: MakeApp) -> None:
    user = BrowserUser(app_with(SECRET_KEY="old"))
    user.sign_in()
    assert is_in(copy_of(user, app_with(SECRET_KEY="new,old")))
    assert not is_in(copy_of(user, app_with(SECRET_KEY="new")))
    assert not is_in(copy_of(user, app_with(SECRET_KEY="old", ADMIN_PASSWORD="another password")))
    assert is_in(copy_of(user, app_with(SECRET_KEY="old")))


def test_without_a_secret_key_processes_share_a_stored_one(app_with: MakeApp) -> None:
    user = BrowserUser(app_with(SECRET_KEY=""))
    user.sign_in()
    assert is_in(copy_of(user, app_with(SECRET_KEY="")))


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "api:lee", "CLI:root", "a\x00b", "x" * 81, "...", "x" * 40_000]
)
def test_a_name_that_could_be_taken_for_anothers_is_refused(user: BrowserUser, name: str) -> None:
    assert user.sign_in(name=name).status_code in (400, 413)
    assert not is_in(user)


@pytest.mark.parametrize("name", ["Lee", "lee@example.com", "Zoë O'Neil", "李"])
def test_a_name_is_taken_as_people_write_it(user: BrowserUser, name: str) -> None:
    assert user.sign_in(name=name).status_code == 303
    assert is_in(user)


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/calls?q=x", "/calls?q=x"),
        ("//evil.example.net", "/inbox"),
        ("/\\evil.example.net", "/inbox"),
        ("https://evil.example.net/", "/inbox"),
        ("/\t/evil.example.net", "/inbox"),
        ("javascript:alert(1)", "/inbox"),
        ("/logout", "/inbox"),
    ],
)
def test_after_the_sign_in_one_stays_on_this_site(
    user: BrowserUser, wanted: str, goes: str
) -> None:
    assert user.sign_in(next=wanted).location == goes


def test_a_stranger_is_led_to_the_sign_in_and_back(user: BrowserUser) -> None:
    answer = user.get("/lines?a=1")
    assert answer.status_code == 303
    assert answer.location == "/login?next=/lines?a%3D1" or "next=" in answer.location
    page = user.get(answer.location)
    assert 'name="next" value="/lines?a=1"' in page.text


# Wrong passwords ------------------------------------------------------------------------------------


def guess(user: BrowserUser, times: int) -> list[int]:
    user.get("/login")
    form = {"name": "Lee", "password": "a guess"}
    return [user.post("/login", form).status_code for _ in range(times)]


def test_the_right_password_works_within_a_minute_of_fifty_wrong_ones(app_with: MakeApp) -> None:
    """Refused tries do not lengthen the pause."""
    with time_machine.travel(NOW, tick=False) as clock:
        user = BrowserUser(app_with())
        assert guess(user, 50) == [403] * 5 + [429] * 45
        clock.shift(timedelta(seconds=60))
        assert user.sign_in().status_code == 303


def test_no_pause_is_longer_than_a_minute(app_with: MakeApp) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        user = BrowserUser(app_with())
        for _ in range(40):
            guess(user, 8)
            clock.shift(timedelta(seconds=60))
            user.get("/login")
        assert user.sign_in().status_code == 303


def test_processes_share_the_pause(app_with: MakeApp) -> None:
    guess(BrowserUser(app_with()), 6)
    assert BrowserUser(app_with()).sign_in().status_code == 429


def test_the_right_password_works_from_elsewhere(app_with: MakeApp) -> None:
    app = app_with()
    guess(BrowserUser(app, "203.0.113.5"), 50)
    assert BrowserUser(app, "203.0.113.6").sign_in().status_code == 303


def test_behind_a_proxy_the_last_address_counts_which_the_proxy_wrote(app_with: MakeApp) -> None:
    app = app_with()
    guesser, other = BrowserUser(app, "10.0.0.1"), BrowserUser(app, "10.0.0.1")
    guesser.get("/login")
    form = {"name": "Lee", "password": "a guess"}
    answers = [
        guesser.post("/login", form, X_Forwarded_For=f"198.51.100.{place}, 203.0.113.5").status_code
        for place in range(8)
    ]
    assert answers == [403] * 5 + [429] * 3
    other.get("/login")
    form["password"] = PASSWORD
    assert other.post("/login", form, X_Forwarded_For="203.0.113.6").status_code == 303


@pytest.mark.parametrize("address", ["127.0.0.1", "8.8.8.8"])
def test_made_up_addresses_do_not_get_around_the_pause(app_with: MakeApp, address: str) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        user = BrowserUser(app_with(), address)
        user.get("/login")
        form = {"name": "Lee", "password": "a guess"}
        answers = [
            user.post("/login", form, X_Forwarded_For=f"198.51.100.{place}").status_code
            for place in range(60)
        ]
        assert answers[-1] == 429
        clock.shift(timedelta(seconds=60))
        assert user.sign_in().status_code == 303


@pytest.mark.parametrize("settings", [{"TRUSTED_PROXIES": "1"}, {"DYNO": "web.1"}])
def test_a_flood_by_way_of_a_known_proxy_makes_no_newcomer_wait(
    app_with: MakeApp, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "DYNO" in settings:  # where SQLite is refused
        monkeypatch.setattr(Settings, "require_durable", lambda _: None)
    app = app_with(**settings)
    guesser, newcomer = BrowserUser(app, "10.0.0.1"), BrowserUser(app, "10.0.0.1")
    guesser.get("/login")
    form = {"name": "Lee", "password": "a guess"}
    for place in range(60):
        guesser.post("/login", form, X_Forwarded_For=f"203.0.113.{place}")
    newcomer.get("/login")
    form["password"] = PASSWORD
    made_up = "203.0.113.5, 198.51.100.7"
    assert newcomer.post("/login", form, X_Forwarded_For=made_up).status_code == 303


def test_without_a_proxy_no_header_gets_around_the_pause(app_with: MakeApp) -> None:
    user = BrowserUser(app_with(TRUSTED_PROXIES="0"), "10.0.0.1")
    user.get("/login")
    form = {"name": "Lee", "password": "a guess"}
    answers = [
        user.post("/login", form, X_Forwarded_For=f"198.51.100.{place}").status_code
        for place in range(8)
    ]
    assert answers == [403] * 5 + [429] * 3


def test_no_stranger_makes_a_browser_wait_that_signed_in_before(app_with: MakeApp) -> None:
    app = app_with()
    user = BrowserUser(app)
    user.sign_in()
    user.get("/lines")
    user.post("/logout")
    guess(BrowserUser(app), 50)
    assert user.sign_in().status_code == 303


def test_all_that_failed_is_counted_for_the_alert(app_with: MakeApp, store: Store) -> None:
    user = BrowserUser(app_with())
    guess(user, 30)
    since = datetime.now(UTC) - timedelta(hours=1)
    assert wait_for("the count", lambda: wrong_passwords_since(store, since) == 30)


# Frame ----------------------------------------------------------------------------------------------


def test_every_answer_forbids_scripts_frames_and_caches(user: BrowserUser) -> None:
    for answer in (user.get("/login"), user.get("/lines"), user.get("/nowhere"), user.post("/x")):
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert "<style" not in answer.text and "style=" not in answer.text
        assert "<script>" not in answer.text and " on" + "click" not in answer.text


def test_hooks_and_health_have_no_cookie_and_need_no_sign_in(user: BrowserUser) -> None:
    for path, status in (("/livez", 200), ("/webhooks/nobody", 404), ("/recordings/x.mp3", 404)):
        answer = user.client.get(path)
        assert answer.status_code == status and "Set-Cookie" not in answer.headers
    assert user.client.post("/webhooks/twilio", data={"a": "b"}).status_code == 403


def test_programs_get_errors_in_plain_text(user: BrowserUser) -> None:
    assert user.client.get("/nowhere").content_type.startswith("text/plain")
    assert user.get("/webhooks/x/y").content_type.startswith("text/plain")
    assert user.get("/nowhere").content_type.startswith("text/html")


@pytest.mark.parametrize(
    "form",
    [
        {"name": "a\x00", "password": "x"},
        {"password\x00": "x"},
        {"name": "x" * 200_000},
        {"csrf_token": "é" * 100},
        {},
    ],
)
def test_hostile_forms_get_a_clear_4xx(user: BrowserUser, form: dict[str, str]) -> None:
    user.get("/login")
    answer = user.post("/login", form)
    assert 400 <= answer.status_code < 500
    assert "<h1>" in answer.text


def test_a_get_changes_nothing(user: BrowserUser) -> None:
    user.get(f"/login?name=Lee&password={quote(PASSWORD)}")
    assert not is_in(user)
    user.sign_in()
    assert user.get("/logout").status_code == 405
    assert is_in(user)


def test_public_base_url_may_have_a_path(app_with: MakeApp) -> None:
    """The proxy takes it off; links and cookies have it."""
    user = BrowserUser(app_with(PUBLIC_BASE_URL="https://calls.example.com/adapter"))
    page = user.get("/login")
    assert 'action="/adapter/login"' in page.text
    assert "Path=/adapter" in page.headers["Set-Cookie"]
    assert user.get("/").location == "/adapter/login"
