"""Does a sign-in service let in whom the settings name, and nobody else? Against a real provider process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from adapter.errors import SettingsError
from tests.support.browser_user import BrowserUser
from tests.support.environment import BASE_URL, ENVIRON
from tests.support.sign_in_service import SignInService, path_of
from tests.support.waiting import free_port

MakeApp = Callable[..., Flask]


@pytest.fixture(scope="module")
def service() -> Iterator[SignInService]:
    made = SignInService()
    yield made
    made.close()


@pytest.fixture
def app_with(service: SignInService, sqlite_template: Path, tmp_path: Path) -> MakeApp:
    database = tmp_path / "adapter.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())

    def make(**settings: str) -> Flask:
        environ = {
            **ENVIRON,
            "DATABASE_URL": f"sqlite:///{database}",
            "OIDC_ISSUER": service.issuer,
            "OIDC_CLIENT_ID": "adapter",
            "OIDC_CLIENT_SECRET": "a secret",
            "OIDC_OPERATORS": "lee@example.com",
            "OIDC_VIEWERS": "@example.com",
            **settings,
        }
        return web_app(Settings.from_environ(environ))

    return make


@pytest.fixture
def user(app_with: MakeApp) -> BrowserUser:
    return BrowserUser(app_with())


def test_an_operator_comes_in_and_goes_on_where_they_wanted_to(
    user: BrowserUser, service: SignInService
) -> None:
    service.know("lee", email="Lee@Example.com", email_verified=True)
    page = user.get("/login?next=/calls/CA1")
    assert "Sign in with localhost" in page.text and 'type="password"' not in page.text
    begun = user.get("/login/oidc?next=/calls/CA1")
    answer = user.get(path_of(service.authorize(begun.location, "lee")))
    assert (answer.status_code, answer.location) == (303, "/calls/CA1")
    assert user.get("/").location == "/inbox"


def test_the_request_has_pkce_state_and_nonce_and_our_own_address(user: BrowserUser) -> None:
    """The host that a request names is not trusted."""
    user.base_url = "https://evil.example.net"
    query = parse_qs(urlsplit(user.get("/login/oidc").location).query)
    assert query["redirect_uri"] == [f"{BASE_URL}/login/oidc/callback"]
    assert query["code_challenge_method"] == ["S256"] and query["code_challenge"]
    assert query["state"] and query["nonce"] and query["scope"] == ["openid email"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email": "lee@example.com"}, "has not verified"),
        ({"email": "lee@example.com", "email_verified": False}, "has not verified"),
        ({"email_verified": True}, "does not tell"),
        ({"email": "lee@example.com.evil.net", "email_verified": True}, "may not see"),
        ({"email": "x@lee@example.com", "email_verified": True}, "may not see"),
        ({"email": "@example.com", "email_verified": True}, "may not see"),
        ({"email": 5, "email_verified": True}, "does not tell"),
    ],
)
def test_others_stay_out(
    user: BrowserUser, service: SignInService, claims: dict[str, object], words: str
) -> None:
    service.know("other", **claims)
    answer = user.get(path_of(service.authorize(user.get("/login/oidc").location, "other")))
    assert answer.status_code == 403 and words in answer.text
    assert user.get("/").location == "/login"


def test_a_callback_counts_once_and_in_the_browser_that_began(
    app_with: MakeApp, service: SignInService
) -> None:
    service.know("lee", email="lee@example.com", email_verified=True)
    app = app_with()
    user, other = BrowserUser(app), BrowserUser(app)
    back = path_of(service.authorize(user.get("/login/oidc").location, "lee"))
    assert other.get(back).status_code == 403
    assert user.get(back).status_code == 303
    user.client.delete_cookie("adapter_session", domain="calls.example.com")
    assert user.get(back).status_code == 403
    assert user.get("/").location == "/login"


def test_a_forged_state_and_a_refusal_are_told(user: BrowserUser, service: SignInService) -> None:
    user.get("/login/oidc")
    for query in ("", "?code=x&state=y", "?error=access_denied", "?code=%00&state=x"):
        answer = user.get(f"/login/oidc/callback{query}")
        assert answer.status_code in (400, 403), query
        assert "Sign in" in answer.text


def test_whose_name_leaves_the_settings_is_out_at_once(
    app_with: MakeApp, service: SignInService
) -> None:
    service.know("lee", email="lee@example.com", email_verified=True)
    user = BrowserUser(app_with())
    user.get(path_of(service.authorize(user.get("/login/oidc").location, "lee")))
    assert user.get("/").location == "/inbox"
    later = BrowserUser(app_with(OIDC_OPERATORS="kim@example.com", OIDC_VIEWERS=""))
    cookie = user.client.get_cookie("adapter_session", domain="calls.example.com")
    assert cookie is not None
    later.client.set_cookie("adapter_session", cookie.value, domain="calls.example.com")
    assert later.get("/").location == "/login"


def test_a_service_that_is_away_is_told_and_asked_again_later(app_with: MakeApp) -> None:
    user = BrowserUser(app_with(OIDC_ISSUER=f"http://localhost:{free_port()}"))
    answer = user.get("/login/oidc")
    assert answer.status_code == 503 and "cannot be reached" in answer.text
    assert answer.headers["Retry-After"]


def test_a_wrong_registration_is_told_as_what_it_is(
    app_with: MakeApp, service: SignInService
) -> None:
    """The provider wants a secret, and none is set."""
    user = BrowserUser(app_with(OIDC_CLIENT_SECRET=""))
    answer = user.get(path_of(service.authorize(user.get("/login/oidc").location, "lee")))
    assert answer.status_code == 503 and "OIDC_CLIENT_SECRET" in answer.text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID is not"),
        ({"OIDC_ISSUER": ""}, "OIDC_ISSUER is not"),
        ({"OIDC_OPERATORS": "", "OIDC_VIEWERS": ""}, "nobody may come in"),
        ({"OIDC_OPERATORS": "Lee"}, "OIDC_OPERATORS: "),
    ],
)
def test_half_of_the_settings_is_an_error(
    app_with: MakeApp, settings: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        app_with(**settings)
