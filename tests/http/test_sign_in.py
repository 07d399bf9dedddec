"""Who gets in, who stays out, and until when?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from tests.support.browser_user import PASSWORD, BrowserUser
from tests.support.environment import ENVIRON

MakeApp = Callable[..., Flask]
PAGES = ["/", "/login", "/logout", "/inbox", "/calls", "/lines", "/health", "/alerts"]


@pytest.fixture
def app_with(database_url: str) -> MakeApp:
    """An application with pages, and these settings beside the usual ones."""

    def make(**settings: str) -> Flask:
        environ = {
            **ENVIRON,
            "DATABASE_URL": database_url,
            "ADMIN_PASSWORD": PASSWORD,
            **settings,
        }
        return web_app(Settings.from_environ(environ))

    return make


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
