"""Does the page of a call play its recording in a real browser, and can it be read on a phone?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import Container
from adapter.config.settings import Settings
from adapter.web.app import create_app
from adapter.web.recordings.routes import recording_routes
from tests.support import audio
from tests.support.chromium import brightness, complaints
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.recorded import SID, environ_of, link_of, take_call, take_recording
from tests.support.site import served
from tests.support.twilio_api import FakeTwilio

pytestmark = pytest.mark.browser

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
    with served(app) as address:
        yield f"{address}{link_of(container, call)}"
    container.store.engine.dispose()


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
    """As after a stall: each answer ends early, and the player asks for the rest.

    Of what was sent last, the browser may not have read all: it asks for that again, and skips nothing.
    """
    twilio.audio[SID][".wav"] = audio.wav(seconds=60)
    twilio.broken = 256 * 1024
    browser.get(page)
    browser.execute_script(ONLY_WAV)
    assert browser.execute_async_script(HEAR) == "heard to 60"
    asked = [one.headers["Range"] for one in twilio.asked if one.path.endswith(".wav")]
    starts = [int(one.removeprefix("bytes=").removesuffix("-")) for one in asked]
    assert starts[0] == 0 and len(starts) >= 4
    assert all(0 < later - start <= twilio.broken for start, later in pairwise(starts)), starts


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
    assert abs(brightness(ground) - brightness(ink)) > 150
    assert (brightness(ground) < 128) is (theme == "dark")
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
