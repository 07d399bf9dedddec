"""Which pictures does the README show? Those of the demo's pages.

    python -m tests.browser.pictures docs/pictures

It starts `adapter demo --keep-open`, signs in with Chromium (apt-get install chromium chromium-driver), and
photographs the pages.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.waiting import wait_for

_SCREEN = {"width": 1180, "deviceScaleFactor": 1, "mobile": False}
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
READY_SECONDS = 180
_ADDRESS = re.compile(r"Look around: (http://\S+)/inbox, with any name and the password\s+(\S+)")


@contextmanager
def demo(log: Path) -> Iterator[tuple[str, str]]:
    """The demo, open. Yield the address of its pages, and their password."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "adapter", "demo", "--keep-open"], stdout=output, stderr=output
        )
        try:
            wait_for(
                "the demo is open",
                lambda: "Running until" in log.read_text() or process.poll() is not None,
                seconds=READY_SECONDS,
            )
            address = _ADDRESS.search(log.read_text())
            if address is None:
                raise RuntimeError(f"the demo did not open: {log.read_text()[-2000:]}")
            yield address[1], address[2]
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def chromium(profile: Path) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    try:
        yield browser
    finally:
        browser.quit()


def photograph(browser: Any, url: str, file: Path, *, most: int = 1400) -> None:
    """Take a picture of the whole page, of so many pixels height at the most."""
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**_SCREEN, "height": 300})
    browser.get(url)
    height = browser.execute_script("return document.documentElement.scrollHeight")
    screen = {**_SCREEN, "height": min(height, most)}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.save_screenshot(str(file))
    print(file)


def _is_counted(browser: Any, address: str) -> bool:
    browser.get(f"{address}/health")
    page = browser.page_source
    return "How the calls ended" in page and "no call was confirmed" not in page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures are written")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        with demo(here / "log") as (address, password), chromium(here / "profile") as browser:
            browser.get(f"{address}/login")
            browser.find_element(By.NAME, "name").send_keys("Lee Agent")
            browser.find_element(By.NAME, "password").send_keys(password)
            browser.find_element(By.CSS_SELECTOR, "main button").click()
            wait_for("the calls are counted", lambda: _is_counted(browser, address), seconds=120)
            browser.get(f"{address}/inbox")
            browser.find_element(By.CSS_SELECTOR, "main th a, main td a").click()
            group = browser.current_url
            call = browser.find_element(By.CSS_SELECTOR, "article h2 a").get_attribute("href")
            for name, url in (("inbox", group), ("call", call), ("health", f"{address}/health")):
                photograph(browser, url, folder / f"{name}.png")


if __name__ == "__main__":
    main()
