"""Can people find a call in the list: with and without script, on a phone, by the keyboard, in the dark?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from adapter.domain.cause import Cause
from adapter.storage.engine import open_engine
from adapter.storage.store import Store
from tests.support.browser_user import PASSWORD
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
from tests.support.site import served
from tests.support.waiting import free_port

pytestmark = pytest.mark.browser

LINES = f'[lines."{LINE}"]\nname = "Main Street leasing"\nproperty_id = "prop_main"\n'
SCRIPT = pytest.param({}, id="script")
NONE = pytest.param(NO_SCRIPT, id="none")


@pytest.fixture
def settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    database = tmp_path / "adapter.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    return Settings.from_environ(
        {
            **ENVIRON,
            "DATABASE_URL": f"sqlite:///{database}",
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{free_port()}",
            "ADMIN_PASSWORD": PASSWORD,
            "PROPEXO_BASE_URL": "http://127.0.0.1:1",
            "ADAPTER_LINES": LINES,
        }
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """Sixty written calls, the newest of which is held."""
    made = Store(open_engine(settings.database_url))
    for number in range(60):
        add_call(made, f"CA{number:02}", number)
    add_call(made, "CA99", 0, state="held", cause=Cause.NOBODY_FOUND, other="+16175550199")
    yield made
    made.engine.dispose()


@pytest.fixture
def address(settings: Settings, store: Store) -> Iterator[str]:
    port = int(str(settings.public_base_url).rpartition(":")[2])
    with served(web_app(settings), port) as url:
        yield url


def add_call(store: Store, name: str, hours_ago: float, **values: Any) -> None:
    at = datetime.now(UTC) - timedelta(hours=hours_ago + 0.1)
    add(store, record(name, name), **{"first_seen_at": at, "state": "written", **values})


def choose(browser: Any, state: str) -> None:
    from selenium.webdriver.support.select import Select

    browser.find_element("tag name", "summary").click()
    Select(browser.find_element("name", "state")).select_by_visible_text(state)


def rows(browser: Any) -> list[Any]:
    found: list[Any] = browser.find_elements("css selector", "#calls tbody tr")
    return found


def wait_for_rows(browser: Any, count: int) -> None:
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.wait import WebDriverWait

    waiting = WebDriverWait(browser, 20, ignored_exceptions=[StaleElementReferenceException])
    waiting.until(lambda _: browser.find_element("id", "calls") and len(rows(browser)) == count)


@pytest.mark.parametrize("browser", [SCRIPT, NONE], indirect=True)
def test_one_searches_pages_and_opens_a_call(browser: Any, address: str) -> None:
    from selenium.webdriver.common.keys import Keys

    use_width(browser, 1200)
    sign_in(browser, f"{address}/calls", "Lee Agent", PASSWORD)
    wait_for_rows(browser, 50)
    browser.find_element("link text", "Older").send_keys(Keys.ENTER)
    wait_for_rows(browser, 11)
    browser.find_element("link text", "Newest").send_keys(Keys.ENTER)
    browser.find_element("name", "q").send_keys("(617) 555-0199", Keys.ENTER)
    wait_for_rows(browser, 1)
    assert "q=%28617%29+555-0199" in browser.current_url
    choose(browser, "failed")
    browser.find_element("css selector", "form.filters button").click()
    wait_for_rows(browser, 0)
    assert "No call matches" in browser.find_element("tag name", "main").text
    browser.find_element("link text", "clear the filters").click()
    wait_for_rows(browser, 50)
    assert browser.current_url == f"{address}/calls"
    choose(browser, "held")
    browser.find_element("css selector", "form.filters button").click()
    wait_for_rows(browser, 1)
    rows(browser)[0].find_element("css selector", "a").click()
    assert "CA99" in browser.find_element("tag name", "main").text
    assert complaints(browser) == []


def test_the_list_is_followed_while_that_is_wished(
    browser: Any, address: str, store: Store
) -> None:
    use_width(browser, 1200)
    sign_in(browser, f"{address}/calls?state=held", "Lee Agent", PASSWORD)
    switch = browser.find_element("css selector", "[data-follow]")
    assert switch.is_displayed()
    assert len(rows(browser)) == 1
    switch.click()
    assert switch.get_attribute("aria-pressed") == "true"
    add_call(store, "CA98", 0, state="held", cause=Cause.NO_LINE)
    wait_for_rows(browser, 2)
    assert "2 calls" in browser.find_element("id", "calls").text
    switch.click()
    assert switch.get_attribute("aria-pressed") == "false"
    assert complaints(browser) == []


@pytest.mark.parametrize("browser", [NONE], indirect=True)
def test_without_script_there_is_no_switch_that_does_nothing(browser: Any, address: str) -> None:
    sign_in(browser, f"{address}/calls", "Lee Agent", PASSWORD)
    assert not browser.find_element("css selector", "[data-follow]").is_displayed()


@pytest.mark.parametrize("theme", ["light", full("dark")])
def test_axe_finds_nothing_serious(browser: Any, address: str, theme: str) -> None:
    use_theme(browser, theme)
    sign_in(browser, f"{address}/calls", "Lee Agent", PASSWORD)
    for query in ("", "?state=held&q=0199", "?state=failed", "?state=x"):
        browser.get(f"{address}/calls{query}")
        assert barriers(browser) == [], query


def test_the_page_fits_a_screen_of_360_pixels(browser: Any, address: str) -> None:
    use_width(browser, 360)
    sign_in(browser, f"{address}/calls", "Lee Agent", PASSWORD)
    for query in ("", "?state=failed", "?state=x"):
        browser.get(f"{address}/calls{query}")
        assert not is_too_wide(browser), query
