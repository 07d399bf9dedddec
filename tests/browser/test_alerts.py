"""Can people see what is wrong and look after it, on a phone, in the dark, without script?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import Container, web_app
from adapter.config.settings import Settings
from adapter.domain.cause import Cause
from adapter.storage.alerts import Alerts
from adapter.storage.pauses import Pauses
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
from tests.support.lanes import full
from tests.support.receiver import Receiver, receiver
from tests.support.rows import add, record
from tests.support.site import served
from tests.support.waiting import free_port, wait_for

pytestmark = pytest.mark.browser
NOW = datetime.now(UTC)


@pytest.fixture
def box() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def container(sqlite_template: Path, tmp_path: Path, box: Receiver) -> Iterator[Container]:
    """An adapter with a channel, a held call, a refused key, and an alert that is over."""
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
                "ALERT_URLS": box.apprise_url,
            }
        )
    )
    facts = record("CA1", "CA1")
    add(made.store, facts, state="held", first_seen_at=NOW - timedelta(hours=2))
    with made.store.begin() as connection:
        made.store.calls.update(connection, facts.key, cause=Cause.NOBODY_FOUND)
    pauses = Pauses(made.store, lambda: datetime.now(UTC))
    pauses.begin("writes/int_main", "refused")
    made.alerts.watch.look()
    with made.store.begin() as connection:
        alert = Alerts(made.store).open_by_key(connection)["key_refused:writes-int_main"]
        Alerts(made.store).resolve(connection, alert, NOW)
    pauses.end("writes/int_main")
    yield made
    made.store.engine.dispose()


@pytest.fixture
def address(container: Container) -> Iterator[str]:
    with served(web_app(container.settings), container.settings.port) as url:
        yield url


def main(browser: Any) -> str:
    return str(browser.find_element("tag name", "main").text)


@pytest.mark.parametrize(
    "browser", [pytest.param({}, id="script"), pytest.param(NO_SCRIPT, id="none")], indirect=True
)
def test_one_acknowledges_snoozes_and_sends_a_test(
    browser: Any, address: str, container: Container, box: Receiver
) -> None:
    sign_in(browser, f"{address}/alerts", "Lee Agent", PASSWORD)
    text = main(browser)
    assert "Calls are held" in text and "nobody has this number" in text
    assert "1 call was hit; none is written yet." in text
    assert "A key is refused" in text
    browser.find_element("css selector", "form[action$='/acknowledge'] button").click()
    wait_for("it is acknowledged", lambda: "acknowledged by Lee Agent" in browser.page_source)
    browser.find_element("css selector", "form[action$='/snooze'] button").click()
    wait_for("it is snoozed", lambda: "snoozed by Lee Agent" in browser.page_source)
    browser.find_element("css selector", "form[action$='/test'] button").click()
    wait_for("it is planned", lambda: browser.current_url == f"{address}/alerts#channels")
    assert "Test of alerts" not in box.titles(), "a worker sends it"
    container.alerts.sender.send_waiting()
    assert "Test of alerts" in box.titles()
    assert complaints(browser) == []


@pytest.mark.parametrize("theme", ["light", full("dark")])
def test_axe_finds_nothing_serious(browser: Any, address: str, theme: str) -> None:
    use_theme(browser, theme)
    sign_in(browser, f"{address}/alerts", "Lee Agent", PASSWORD)
    browser.execute_script(
        "document.querySelectorAll('details').forEach(one => { one.open = true; })"
    )
    assert barriers(browser) == []


def test_it_fits_a_screen_of_360_pixels(browser: Any, address: str) -> None:
    use_width(browser, 360)
    sign_in(browser, f"{address}/alerts", "Lee Agent", PASSWORD)
    assert not is_too_wide(browser)
