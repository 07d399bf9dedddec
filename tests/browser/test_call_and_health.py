"""Can the story of a call and the page of health be read: on a phone, in the dark, without script, in print?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import Container, web_app
from adapter.config.settings import Settings
from adapter.domain.call import CallState
from adapter.domain.cause import Cause
from adapter.domain.lines import PersonKind
from adapter.domain.matching import Person
from adapter.storage.hourly_counts import HourlyCounts
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
from tests.support.environment import ENVIRON
from tests.support.hooks import CALL, CALLER, signed, status_hook
from tests.support.lanes import full
from tests.support.site import served
from tests.support.waiting import free_port, wait_for

pytestmark = pytest.mark.browser


@pytest.fixture
def container(sqlite_template: Path, tmp_path: Path) -> Iterator[Container]:
    """An adapter with a missed call that is held, and two people who have its number."""
    database, port = tmp_path / "adapter.sqlite3", free_port()
    database.write_bytes(sqlite_template.read_bytes())
    made = Container(
        Settings.from_environ(
            {
                **ENVIRON,
                "DATABASE_URL": f"sqlite:///{database}",
                "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
                "PORT": str(port),
                "ADMIN_PASSWORD": PASSWORD,
            }
        )
    )
    base_url = f"http://127.0.0.1:{port}"
    made.intake.take(
        made.providers["twilio"],
        signed(status_hook("no-answer"), base_url=base_url, at=datetime.now(UTC)),
    )
    (call,) = made.store.calls.find(CALL)
    with made.store.begin() as connection:
        made.store.calls.update(
            connection,
            call.key,
            state=CallState.HELD,
            reason="2 people fit equally well",
            cause=Cause.SEVERAL_FOUND,
        )
    people = [
        Person(
            kind=PersonKind.LEAD,
            id=name.lower(),
            integration_id="int_main",
            name=name,
            property_id="prop_main",
            numbers=frozenset({CALLER}),
        )
        for name in ("Anna", "Ben")
    ]
    made.index.save(people)
    HourlyCounts(made.store).recount(datetime.now(UTC) - timedelta(days=1))
    yield made
    made.store.engine.dispose()


@pytest.fixture
def address(container: Container) -> Iterator[str]:
    with served(web_app(container.settings), container.settings.port) as url:
        yield url


def open_page(browser: Any, address: str, path: str) -> None:
    """Sign in, and come to a page."""
    sign_in(browser, f"{address}{path}", "Lee Agent", PASSWORD)


def main(browser: Any) -> str:
    return str(browser.find_element("tag name", "main").text)


PAGES = {"call": f"/calls/{CALL}", "health": "/health", "month": "/health?period=30d"}


@pytest.mark.parametrize("path", PAGES.values(), ids=list(PAGES))
@pytest.mark.parametrize("theme", ["light", full("dark")])
def test_nothing_keeps_people_from_reading_it(
    browser: Any, address: str, path: str, theme: str
) -> None:
    use_theme(browser, theme)
    open_page(browser, address, path)
    for width in (360, 1200):
        use_width(browser, width)
        browser.get(f"{address}{path}")
        for details in browser.find_elements("css selector", "details"):
            browser.execute_script("arguments[0].open = true", details)
        assert barriers(browser) == []
        assert not is_too_wide(browser), width
    assert complaints(browser) == []


@pytest.mark.parametrize(
    "browser", [pytest.param({}, id="script"), pytest.param(NO_SCRIPT, id="none")], indirect=True
)
def test_a_call_is_read_and_settled_on_its_page(
    browser: Any, address: str, container: Container
) -> None:
    open_page(browser, address, f"/calls/{CALL}")
    text = main(browser)
    assert "2 people fit equally well" in text
    assert "Anna" in text and "Ben" in text
    assert "Hook: status" in text
    details = browser.find_element("css selector", ".step-hook details")
    details.find_element("tag name", "summary").click()
    assert "no-answer" in details.text
    browser.find_element("css selector", "button[formaction*='person_id=ben']").click()
    wait_for("it is decided", lambda: "assigned to lead ben" in browser.page_source)
    (call,) = container.store.calls.find(CALL)
    assert (call.assigned_kind, call.assigned_id) == ("lead", "ben")


def test_the_keyboard_alone_leads_to_a_decision(browser: Any, address: str) -> None:
    from selenium.webdriver.common.keys import Keys

    open_page(browser, address, f"/calls/{CALL}")
    body = browser.find_element("tag name", "body")
    for _ in range(60):
        focused = browser.switch_to.active_element
        if "ben" in (focused.get_attribute("formaction") or ""):
            break
        (focused or body).send_keys(Keys.TAB)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    wait_for("it is decided", lambda: "assigned to lead ben" in browser.page_source)


def test_print_has_the_story_and_no_buttons(browser: Any, address: str) -> None:
    open_page(browser, address, f"/calls/{CALL}")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert "What happened" in main(browser)
    assert "Make a lead" not in main(browser)
    assert not browser.find_element("css selector", "header").is_displayed()


@pytest.mark.parametrize("browser", [pytest.param(NO_SCRIPT, id="no script")], indirect=True)
def test_charts_are_drawn_without_script_and_told_in_a_table(browser: Any, address: str) -> None:
    use_width(browser, 1200)
    open_page(browser, address, "/health")
    bars = browser.find_elements("css selector", "svg rect.series")
    drawn = [bar for bar in bars if bar.rect["height"] > 20]
    assert len(drawn) == 2, "one call, in both charts"
    browser.find_element("css selector", ".chart summary").click()
    table = browser.find_element("css selector", ".chart table")
    assert "not answered" in table.text
    browser.find_element("link text", "7d").click()
    wait_for("the week", lambda: browser.current_url.endswith("?period=7d"))
