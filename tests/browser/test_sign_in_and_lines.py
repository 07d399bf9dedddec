"""Can people sign in and read the page of the lines: by keyboard, on a phone, in the dark, without script?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from adapter.storage.engine import open_engine
from adapter.storage.hourly_counts import HourlyCounts
from adapter.storage.store import Store
from tests.support.browser_user import PASSWORD, WITH_PAGES
from tests.support.chromium import (
    NO_SCRIPT,
    barriers,
    complaints,
    is_too_wide,
    sign_in,
    use_theme,
    use_width,
)
from tests.support.environment import ENVIRON, LINE
from tests.support.lanes import full
from tests.support.rows import add, record
from tests.support.sign_in_service import SignInService
from tests.support.site import served
from tests.support.waiting import free_port, wait_for

pytestmark = pytest.mark.browser

LINES = f"""
[lines."{LINE}"]
name = "Main Street leasing"
property_id = "prop_main"
[lines."+16175550101"]
name = "Oak Park leasing and maintenance, evenings and weekends"
property_id = "prop_oak"
"""


@pytest.fixture
def address(sqlite_template: Path, tmp_path: Path) -> Iterator[str]:
    """An adapter with pages, two lines and some calls. Its target is away."""
    database, port = tmp_path / "adapter.sqlite3", free_port()
    database.write_bytes(sqlite_template.read_bytes())
    settings = Settings.from_environ(
        {
            **ENVIRON,
            "DATABASE_URL": f"sqlite:///{database}",
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
            "ADMIN_PASSWORD": PASSWORD,
            "PROPEXO_BASE_URL": f"http://127.0.0.1:{free_port()}",
            "TWILIO_API_BASE_URL": f"http://127.0.0.1:{free_port()}",
            "ADAPTER_LINES": LINES,
        }
    )
    fill(settings)
    with served(web_app(settings), port) as url:
        yield url


def fill(settings: Settings) -> None:
    """Let there be some calls, counted."""
    store, now = Store(open_engine(settings.database_url)), datetime.now(UTC)
    for number, state in enumerate(("held", "written", "written", "ignored")):
        at = now - timedelta(hours=2 + number)
        add(store, record(call_id=f"CA{number}"), state=state, first_seen_at=at)
    add(store, record(call_id="CA9"), line="+16175550199", first_seen_at=now - timedelta(hours=3))
    HourlyCounts(store).recount(now - timedelta(days=7))
    store.engine.dispose()


@pytest.mark.parametrize(
    "browser", [pytest.param({}, id="script"), pytest.param(NO_SCRIPT, id="none")], indirect=True
)
def test_one_signs_in_reads_the_lines_and_signs_out(browser: Any, address: str) -> None:
    sign_in(browser, f"{address}/lines", "Lee Agent", PASSWORD)
    text = browser.find_element("tag name", "main").text
    for words in ("Main Street leasing", "(617) 555-0100", "(25 %)", "(617) 555-0199"):
        assert words in text
    browser.find_element("css selector", "form.who button").click()
    wait_for("the sign-in", lambda: browser.current_url == f"{address}/login")
    browser.get(f"{address}/lines")
    assert browser.current_url.startswith(f"{address}/login")
    assert complaints(browser) == []


def test_a_wrong_password_is_told_and_the_name_stays(browser: Any, address: str) -> None:
    browser.get(f"{address}/login")
    browser.find_element("name", "name").send_keys("Lee")
    browser.find_element("name", "password").send_keys("a guess")
    browser.find_element("css selector", "main button").click()
    alert = wait_for("the refusal", lambda: browser.find_elements("css selector", "[role=alert]"))
    assert "not the password" in alert[0].text
    assert browser.find_element("name", "name").get_attribute("value") == "Lee"
    assert barriers(browser) == []


@pytest.mark.parametrize("theme", ["light", full("dark")])
def test_axe_finds_nothing_serious(browser: Any, address: str, theme: str) -> None:
    use_theme(browser, theme)
    browser.get(f"{address}/login")
    assert barriers(browser) == []
    sign_in(browser, f"{address}/lines", "Lee Agent", PASSWORD)
    browser.execute_script(
        "document.querySelectorAll('details').forEach(one => { one.open = true; })"
    )
    assert barriers(browser) == []
    browser.get(f"{address}/calls/CAnowhere")
    assert barriers(browser) == []


def test_the_pages_fit_a_screen_of_360_pixels(browser: Any, address: str) -> None:
    use_width(browser, 360)
    browser.get(f"{address}/login")
    assert not is_too_wide(browser)
    sign_in(browser, f"{address}/lines", "Lee Agent", PASSWORD)
    assert not is_too_wide(browser)
    browser.get(f"{address}/nowhere")
    assert not is_too_wide(browser)


@pytest.mark.parametrize(
    "browser", [pytest.param({}, id="script"), pytest.param(NO_SCRIPT, id="none")], indirect=True
)
def test_a_viewer_comes_in_by_the_sign_in_service(
    browser: Any, sqlite_template: Path, tmp_path: Path
) -> None:
    database, port = tmp_path / "adapter.sqlite3", free_port()
    database.write_bytes(sqlite_template.read_bytes())
    service = SignInService()
    service.know("kim", email="kim@example.com", email_verified=True)
    settings = Settings.from_environ(
        {
            **ENVIRON,
            **WITH_PAGES,
            "DATABASE_URL": f"sqlite:///{database}",
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
            "OIDC_ISSUER": service.issuer,
            "OIDC_CLIENT_SECRET": "a secret",
        }
    )
    try:
        with served(web_app(settings), port) as address:
            browser.get(f"{address}/lines")
            browser.find_element("partial link text", "Sign in with").click()
            browser.find_element("name", "sub").send_keys("kim")
            browser.find_element(
                "css selector", "button[type=submit], button, input[type=submit]"
            ).click()
            wait_for("the page", lambda: browser.current_url == f"{address}/lines")
            assert "kim@example.com (viewer)" in browser.find_element("tag name", "header").text
    finally:
        service.close()
