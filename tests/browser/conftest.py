"""Chromium, for the tests that look at pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--mute-audio"),
)


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


@pytest.fixture
def browser(webdriver: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Chromium as a phone of 375 x 812; parameters are further preferences."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'chromium'}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", getattr(request, "param", {}))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(20)
    phone = {"width": 375, "height": 812, "deviceScaleFactor": 2, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    yield driver
    driver.quit()
