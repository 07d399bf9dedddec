"""What tests ask of a page in a real browser."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from tests.support.waiting import wait_for

# A preference of the fixture `browser`: its parameter where a page is to work without JavaScript.
NO_SCRIPT = {"profile.managed_default_content_settings.javascript": 2}
_AXE = """
const done = arguments[0];
axe.run(document, {resultTypes: ['violations']}).then(
  found => done(found.violations
    .filter(each => ['serious', 'critical'].includes(each.impact))
    .map(each => each.id + ': ' + each.nodes.map(node => node.html.slice(0, 200)).join(' | '))),
  error => done(['axe: ' + error]));
"""


def complaints(browser: Any) -> list[str]:
    """What the browser's console says: a blocked style or a dead link would stand there."""
    lines = [entry["message"] for entry in browser.get_log("browser")]
    return [line for line in lines if "favicon" not in line]


def barriers(browser: Any) -> list[str]:
    """What axe finds on the page that keeps people from using it: serious and critical violations."""
    browser.execute_script(files("axe_core_python").joinpath("axe.min.js").read_text("utf-8"))
    violations: list[str] = browser.execute_async_script(_AXE)
    return violations


def follow(element: Any) -> None:
    """Click a link or button, and wait for the page that it leads to.

    Asks for the new page rather than after the old element: while pages change, the driver may
    answer such a question with an error of its own.
    """
    from selenium.common.exceptions import WebDriverException

    browser = element.parent
    old = browser.find_element("tag name", "html")

    def has_come() -> bool:
        try:
            return bool(browser.find_element("tag name", "html") != old)
        except WebDriverException:
            return False

    element.click()
    wait_for("the next page", has_come, seconds=20)


def sign_in(browser: Any, page: str, name: str, password: str) -> None:
    """Open a page, be asked who one is, and come to that page. page: its whole address."""
    browser.get(page)
    browser.find_element("name", "name").send_keys(name)
    browser.find_element("name", "password").send_keys(password)
    follow(browser.find_element("css selector", "main button"))
    assert browser.current_url == page


def use_theme(browser: Any, theme: str) -> None:
    """Show pages as on a device that is set to light or dark."""
    feature = {"name": "prefers-color-scheme", "value": theme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def use_width(browser: Any, width: int) -> None:
    """Show pages on a screen so many pixels wide."""
    screen = {"width": width, "height": 812, "deviceScaleFactor": 2, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def is_too_wide(browser: Any) -> bool:
    """Whether the whole page has to be moved sideways to be read."""
    script = "return document.documentElement.scrollWidth > innerWidth"
    return bool(browser.execute_script(script))


def brightness(colour: str) -> float:
    """0 is black, 255 white. colour: as rgb(1, 2, 3)."""
    red, green, blue = (int(part) for part in colour.strip("rgba()").split(",")[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue
