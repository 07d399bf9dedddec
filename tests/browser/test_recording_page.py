"""Does the page of a call play its recording in a real browser, and can it be read on a phone?"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from adapter.bootstrap import Container
from adapter.config.settings import Settings
from adapter.web.app import create_app
from adapter.web.recordings.routes import recording_routes
from tests.support import audio
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.recorded import SID, environ_of, link_of, take_call, take_recording
from tests.support.twilio_api import FakeTwilio

pytestmark = pytest.mark.browser

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--mute-audio"),
)
ONLY_WAV = """
document.querySelector('source').remove();
document.querySelector('audio').load();
"""
LOOK = """
const audio = document.querySelector('audio');
return {ready: audio.readyState, length: audio.duration, at: audio.currentTime,
        source: audio.currentSrc, error: audio.error && audio.error.message};
"""
# After a seek, the sound is played from there; the promise keeps the test from waiting blindly. The player
# may know the length before this begins, or only later.
PLAY = """
const [from, done] = [arguments[0], arguments[1]];
const audio = document.querySelector('audio');
const seek = () => { audio.currentTime = from; };
audio.addEventListener('error', () => done('error: ' + (audio.error && audio.error.message)));
audio.addEventListener('timeupdate', () => { if (audio.currentTime > from + 0.2) done('played'); });
if (audio.readyState) seek(); else audio.addEventListener('loadedmetadata', seek, {once: true});
audio.play().catch(error => done('refused: ' + error));
"""
# From the beginning to the end, fast.
HEAR = """
const done = arguments[0];
const audio = document.querySelector('audio');
audio.addEventListener('error', () => done('error: ' + (audio.error && audio.error.message)));
audio.addEventListener('ended', () => done('heard to ' + audio.currentTime));
audio.playbackRate = 16;
audio.play().catch(error => done('refused: ' + error));
"""


def missing(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(
            f"{what} is missing: CI must have it (apt-get install chromium chromium-driver)"
        )
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="module")
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


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio({ACCOUNT: TOKEN}) as fake:
        yield fake


@pytest.fixture
def page(twilio: FakeTwilio, sqlite_template: Path, tmp_path: Path) -> Iterator[str]:
    """The address of the page of a call that was recorded."""
    database = tmp_path / "adapter.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    container = Container(Settings.from_environ(environ_of(f"sqlite:///{database}", twilio)))
    call = take_call(container, datetime.now(UTC))
    twilio.add_recording(ACCOUNT, call.call_id, SID, started=datetime.now(UTC))
    call = take_recording(container)
    app = create_app(
        recording_routes(container.store, container.links, container.providers, container.lines)
    )
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{link_of(container, call)}"
    server.shutdown()
    thread.join()
    server.server_close()
    container.store.engine.dispose()


def complaints(browser: Any) -> list[str]:
    """What the browser's console says: a blocked style or a dead link would stand there."""
    lines = [entry["message"] for entry in browser.get_log("browser")]
    return [line for line in lines if "favicon" not in line]


def test_nothing_is_fetched_until_someone_plays(
    browser: Any, page: str, twilio: FakeTwilio
) -> None:
    browser.get(page)
    assert browser.execute_script(LOOK)["ready"] == 0
    (probe,) = twilio.asked
    assert probe.headers["Range"] == "bytes=0-0"
    assert complaints(browser) == []


@pytest.mark.parametrize(
    ("suffix", "path", "ranges"),
    [
        pytest.param(".mp3", f"{SID}.mp3", True, id="mp3-ranges at Twilio"),
        pytest.param(".mp3", f"{SID}.mp3", False, id="mp3-none at Twilio", marks=pytest.mark.full),
        pytest.param(".wav", f"{SID}.wav", True, id="wav-ranges at Twilio", marks=pytest.mark.full),
        pytest.param(".wav", f"{SID}.wav", False, id="wav-none at Twilio"),
    ],
)
def test_the_player_plays_by_ranges(
    browser: Any, page: str, twilio: FakeTwilio, suffix: str, path: str, ranges: bool
) -> None:
    twilio.ranges = ranges
    browser.get(page)
    if suffix == ".wav":
        browser.execute_script(ONLY_WAV)
    assert browser.execute_async_script(PLAY, 2) == "played"
    seen = browser.execute_script(LOOK)
    assert seen["ready"] >= 2 and seen["error"] is None
    assert seen["length"] == pytest.approx(audio.SECONDS, abs=0.2)
    assert seen["source"].endswith(suffix)
    asked = [one for one in twilio.asked[1:] if one.path.endswith(path)]
    assert asked and all(one.headers["Range"].startswith("bytes=") for one in asked)
    assert all(one.account == ACCOUNT for one in twilio.asked)
    assert complaints(browser) == []


@pytest.mark.full
def test_a_stream_that_breaks_off_is_taken_up_again(
    browser: Any, page: str, twilio: FakeTwilio
) -> None:
    """As after a stall: each answer ends early, and the player asks for the rest."""
    twilio.audio[SID][".wav"] = audio.wav(seconds=60)
    twilio.broken = 256 * 1024
    browser.get(page)
    browser.execute_script(ONLY_WAV)
    assert browser.execute_async_script(HEAR) == "heard to 60"
    asked = [one.headers["Range"] for one in twilio.asked if one.path.endswith(".wav")]
    assert asked == [f"bytes={place * twilio.broken}-" for place in range(4)]


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.full)])
def test_the_page_is_readable_on_a_phone(
    browser: Any, page: str, tmp_path: Path, theme: str
) -> None:
    feature = {"name": "prefers-color-scheme", "value": theme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.get(page)
    width, wide, size = browser.execute_script(
        "return [innerWidth, document.documentElement.scrollWidth,"
        " Math.min(...[...document.querySelectorAll('dt, dd, p')]"
        ".map(one => parseFloat(getComputedStyle(one).fontSize)))]"
    )
    assert (width, wide <= width, size >= 14) == (375, True, True)
    player = browser.find_element("css selector", "audio").rect
    assert player["width"] > 250 and player["y"] < 812
    ground, ink = browser.execute_script(
        "return [document.querySelector('main'), document.body].map((one, place) =>"
        " getComputedStyle(one)[place ? 'color' : 'backgroundColor'])"
    )
    assert abs(_brightness(ground) - _brightness(ink)) > 150
    assert (_brightness(ground) < 128) is (theme == "dark")
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        browser.save_screenshot(f"{folder}/recording-{theme}.png")


@pytest.mark.parametrize(
    "browser", [{"profile.managed_default_content_settings.javascript": 2}], indirect=True
)
def test_the_page_needs_no_javascript(browser: Any, page: str) -> None:
    browser.get(page)
    text = browser.find_element("tag name", "main").text
    for words in ("Incoming call", "Answered", "Number ending in 0134", "MP3"):
        assert words in text
    assert browser.find_element("css selector", "audio[controls]").is_displayed()


def _brightness(colour: str) -> float:
    """0 is black, 255 white. colour: as rgb(1, 2, 3)."""
    red, green, blue = (int(part) for part in colour.strip("rgba()").split(",")[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue
