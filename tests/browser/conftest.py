"""Chromium, for the tests that look at pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--mute-audio"),
)

PHONE = {"width": 375, "height": 812, "deviceScaleFactor": 2, "mobile": True}
# What the last test left in the browser is forgotten.
AS_NEW: dict[str, dict[str, Any]] = {
    "Network.clearBrowserCookies": {},
    "Network.clearBrowserCache": {},
    "Storage.clearDataForOrigin": {"origin": "*", "storageTypes": "all"},
    "Page.resetNavigationHistory": {},
    "Emulation.setEmulatedMedia": {"media": "", "features": []},
    "Emulation.setDeviceMetricsOverride": PHONE,
}


def missing(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(
            f"{what} is missing: CI must have it (apt-get install chromium chromium-driver)"
        )
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def webdriver() -> Any:
    try:
        from selenium import webdriver
    except ImportError:
        missing("selenium")
    for command in ("chromium", "chromedriver"):
        if shutil.which(command) is None:
            missing(command)
    return webdriver


@pytest.fixture(scope="session")
def browsers(
    webdriver: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[dict[str, int]], Any]]:
    """Start Chromium with further preferences, or return the one that has them: a start takes seconds."""
    started: dict[str, Any] = {}

    def with_preferences(preferences: dict[str, int]) -> Any:
        key = repr(sorted(preferences.items()))
        if key not in started:
            started[key] = start(webdriver, tmp_path_factory.mktemp("chromium"), preferences)
        return started[key]

    yield with_preferences
    for driver in started.values():
        driver.quit()


def start(webdriver: Any, folder: Path, preferences: dict[str, int]) -> Any:
    """A driver of a Chromium whose profile is in this folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", preferences)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(20)
    return driver


@pytest.fixture
def browser(browsers: Callable[[dict[str, int]], Any], request: pytest.FixtureRequest) -> Any:
    """Chromium as a phone of 375 x 812 that has seen no page yet; parameters are further preferences."""
    driver = browsers(getattr(request, "param", {}))
    driver.get("about:blank")
    for command, arguments in AS_NEW.items():
        driver.execute_cdp_cmd(command, arguments)
    driver.get_log("browser")  # reads away what pages of the last test said
    return driver
