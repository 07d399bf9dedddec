"""Where is the public address from if PUBLIC_BASE_URL is not set, and what is refused?"""

from __future__ import annotations

import pytest

from adapter.config import public_address
from adapter.config.settings import Settings
from adapter.errors import SettingsError


def read(**environ: str) -> Settings:
    return Settings.from_environ(environ)


@pytest.mark.parametrize(
    ("variable", "value", "address"),
    [
        ("RENDER_EXTERNAL_URL", "https://calls-1.onrender.com/", "https://calls-1.onrender.com"),
        ("HEROKU_APP_DEFAULT_DOMAIN_NAME", "calls-ab12.herokuapp.com", "https://calls-ab12.herokuapp.com"),
        ("FLY_APP_NAME", "calls", "https://calls.fly.dev"),
    ],
)  # fmt: skip
def test_what_the_host_tells_stands_in(variable: str, value: str, address: str) -> None:
    settings = read(**{variable: value, "PUBLIC_BASE_URL": "  "})
    assert (settings.public_base_url, settings.public_base_url_from) == (address, variable)
    assert not settings.has_address_of_its_own


def test_what_is_set_wins_over_what_the_host_tells() -> None:
    """Also where the host tells nonsense."""
    settings = read(PUBLIC_BASE_URL="https://calls.example.com", RENDER_EXTERNAL_URL="nonsense")
    assert settings.public_base_url == "https://calls.example.com"
    assert settings.public_base_url_from == "PUBLIC_BASE_URL" and settings.has_address_of_its_own


def test_nobody_tells_an_address() -> None:
    settings = read(RENDER_EXTERNAL_URL="", DYNO="web.1", RENDER="true")
    assert settings.public_base_url is None and not settings.has_address_of_its_own


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RENDER_EXTERNAL_URL", "calls.onrender.com"),
        ("RENDER_EXTERNAL_URL", "https://user:pass@calls.onrender.com"),
        ("RENDER_EXTERNAL_URL", "https://calls.onrender.com?x=1"),
        ("RENDER_EXTERNAL_URL", "https://calls.onrender.com/webhooks/twilio"),
        ("RENDER_EXTERNAL_URL", "https://calls.onren\nder.com"),
        ("HEROKU_APP_DEFAULT_DOMAIN_NAME", "https://calls.herokuapp.com"),
        ("HEROKU_APP_DEFAULT_DOMAIN_NAME", "evil.example/path"),
        ("HEROKU_APP_DEFAULT_DOMAIN_NAME", "x@evil.example"),
        ("HEROKU_APP_DEFAULT_DOMAIN_NAME", "evil.example:99"),
        ("HEROKU_APP_DEFAULT_DOMAIN_NAME", "a..b"),
        ("FLY_APP_NAME", "evil.example/"),
        ("FLY_APP_NAME", "evil.example#"),
        ("FLY_APP_NAME", "-"),
    ],
)
def test_what_can_be_no_address_is_refused_by_its_name(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(**{variable: value})
    assert str(raised.value).startswith(f"{variable}: ") and value not in str(raised.value)
    assert raised.value.setting == variable and "set that one" in str(raised.value)


@pytest.mark.parametrize("sign", ["\n", "\t", " ", "\x00", "\u202e", "\\", '"', "<", "`"])
def test_an_address_holds_only_what_a_url_may(sign: str) -> None:
    with pytest.raises(SettingsError, match="a character that no URL has"):
        read(PUBLIC_BASE_URL=f"https://calls.exam{sign}ple.com")


def test_adapter_run_says_who_told_what_it_gives_its_processes() -> None:
    given = {public_address.FROM_VARIABLE: "FLY_APP_NAME, as adapter run was told"}
    settings = read(PUBLIC_BASE_URL="https://calls.fly.dev", **given)
    assert settings.public_base_url_from == "FLY_APP_NAME, as adapter run was told"
    assert settings.has_address_of_its_own


@pytest.mark.parametrize("variable", ["DYNO", "RENDER", "FLY_APP_NAME"])
def test_a_host_is_known_by_its_variable(variable: str) -> None:
    settings = read(**{variable: "web-1"})
    assert (settings.host_variable, settings.log_format) == (variable, "json")
    assert read().host_variable is None
