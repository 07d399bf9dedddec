"""Can people settle what waits in a real browser, each way, and does each call then have exactly one event?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import Container, web_app
from adapter.config.settings import Settings
from adapter.domain.call import Call, CallState
from tests.support.browser_user import PASSWORD
from tests.support.chromium import (
    NO_SCRIPT,
    barriers,
    complaints,
    follow,
    is_too_wide,
    sign_in,
    use_theme,
    use_width,
)
from tests.support.environment import ACCOUNT, LINE
from tests.support.hooks import signed, status_hook
from tests.support.lanes import full
from tests.support.processes import Sandbox, environment, running, sandbox
from tests.support.site import served
from tests.support.waiting import wait_for

pytestmark = pytest.mark.browser

LINES = f"""
[defaults]
integration_id = "int_entrata"
event_type = "Call"
ambiguous = "hold"
lead_source_id = "ls_phone"
[lines."{LINE}"]
name = "Main Street leasing"
property_id = "prop_main"
"""
SHARED = "+16175550134"  # Anna's, and her twin's
PATIENCE = 60.0


def person(id: str, phone: str) -> dict[str, str]:
    return {
        "kind": "lead",
        "id": id,
        "integration_id": "int_entrata",
        "property_id": "prop_main",
        "first_name": id.removeprefix("lead_").title(),
        "phone_1": phone.removeprefix("+1"),
    }


class Site:
    """An adapter with its worker, its pages and a sandbox."""

    def __init__(self, environ: Mapping[str, str], propexo: Sandbox) -> None:
        self.propexo = propexo
        self.container = Container(Settings.from_environ(environ))
        self.address = environ["PUBLIC_BASE_URL"]
        self._count = 0

    def take(self, caller: str) -> str:
        """A missed call comes in."""
        self._count += 1
        sid, now = f"CA{self._count:032x}", datetime.now(UTC)
        hook = status_hook("no-answer", CallSid=sid, From=caller, Timestamp=format_datetime(now))
        self.container.intake.take(
            self.container.providers["twilio"], signed(hook, base_url=self.address, at=now)
        )
        return sid

    def call(self, sid: str) -> Call:
        found = self.container.store.calls.get(f"twilio:{ACCOUNT}:{sid}")
        assert found is not None
        return found

    def wait(self, state: CallState, *sids: str) -> None:
        wait_for(
            f"{sids} are {state}",
            lambda: {self.call(sid).state for sid in sids} == {state} or None,
            seconds=PATIENCE,
        )

    def events(self, *sids: str) -> Counter[str]:
        """How many events the sandbox has of each call."""
        found = Counter(dict.fromkeys(sids, 0))
        found.update(
            sid for event in self.propexo.events() for sid in sids if sid in str(event["body"])
        )
        return found


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path) -> Iterator[Site]:
    database = tmp_path / "adapter.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    with sandbox() as propexo:
        propexo.add_people([person("lead_twin", SHARED)])
        environ = environment(
            f"sqlite:///{database}",
            propexo=propexo.url,
            ADAPTER_LINES=LINES,
            ADMIN_PASSWORD=PASSWORD,
            SETTLE_SECONDS="0",
            PEOPLE_SYNC_SECONDS="3600",
        )
        made = Site(environ, propexo)
        app = web_app(Settings.from_environ(environ))
        with (
            served(app, int(environ["PORT"])),
            running("worker", environ, tmp_path / "worker.log"),
        ):
            wait_for(
                "the people are read",
                lambda: made.container.target.people.is_complete() or None,
                seconds=PATIENCE,
            )
            yield made
        made.container.store.engine.dispose()


def open_group(browser: Any, site: Site, words: str) -> None:
    browser.get(f"{site.address}/inbox")
    follow(browser.find_element("partial link text", words))


def article(browser: Any, site: Site, sid: str) -> Any:
    selector = f"article[aria-labelledby='{site.call(sid).key}']"
    return browser.find_element("css selector", selector)


def press(place: Any, words: str) -> None:
    """Press the button that begins so."""
    buttons = place.find_elements("tag name", "button")
    follow(next(button for button in buttons if button.text.startswith(words)))


def told(browser: Any) -> str:
    return str(browser.find_element("css selector", "[role=status]").text)


@pytest.mark.parametrize(
    "browser",
    [pytest.param(NO_SCRIPT, id="none"), pytest.param({}, id="script", marks=pytest.mark.full)],
    indirect=True,
)
def test_what_waits_is_settled_each_way_and_written_once(browser: Any, site: Site) -> None:
    assigned, elsewhere, lead = (
        site.take(SHARED),
        site.take("+16175550181"),
        site.take("+16175550182"),
    )
    ignored, replayed = site.take("+16175550183"), site.take("+16175550184")
    many = [site.take("+16175550185") for _ in range(3)]
    everyone = [assigned, elsewhere, lead, ignored, replayed, *many]
    site.wait(CallState.HELD, *everyone)
    sign_in(browser, f"{site.address}/inbox", "Dana Agent", PASSWORD)

    open_group(browser, site, "1 call: several people fit equally well")
    row = article(browser, site, assigned)
    assert "others fit equally well" in row.text and "(617) 555-0134" in row.text
    twin = next(
        each for each in row.find_elements("css selector", "tbody tr") if "Twin" in each.text
    )
    press(twin, "Assign")
    assert "on the record of lead lead_twin" in told(browser)

    open_group(browser, site, "7 calls: nobody has this number")
    here = browser.current_url
    row = article(browser, site, elsewhere)
    row.find_element("name", "q").send_keys("ben")
    press(row, "Find")
    press(browser.find_element("css selector", "main"), "Assign")
    assert browser.current_url == here and "lead lead_ben" in told(browser)

    press(article(browser, site, lead), "Make a lead")
    assert "A lead will be made of the caller" in told(browser)
    press(article(browser, site, ignored), "Ignore")
    assert "will not be written" in told(browser)
    site.propexo.add_people(
        [person("lead_one", "+16175550184"), person("lead_many", "+16175550185")]
    )
    press(article(browser, site, replayed), "Replay")
    assert "will be delivered again" in told(browser)

    follow(browser.find_element("link text", "Replay all that match"))
    press(browser.find_element("css selector", "main"), "Replay 3 calls")
    assert f"{site.address}/replays/" in browser.current_url
    site.wait(CallState.WRITTEN, *many)
    browser.refresh()
    assert "3 of 3" in browser.find_element("tag name", "main").text

    site.wait(CallState.WRITTEN, assigned, elsewhere, lead, replayed, *many)
    assert site.call(ignored).state is CallState.IGNORED
    expected = dict.fromkeys(everyone, 1) | {ignored: 0}
    assert site.events(*everyone) == expected
    people = {sid: site.call(sid).person_id for sid in (assigned, elsewhere, replayed)}
    assert people == {assigned: "lead_twin", elsewhere: "lead_ben", replayed: "lead_one"}
    deciders = {
        decision.who
        for sid in everyone
        for decision in site.container.store.decisions.of_call(site.call(sid).key)
    }
    assert deciders == {"Dana Agent"}
    browser.get(f"{site.address}/inbox")
    assert "Nothing waits for a decision." in browser.find_element("tag name", "main").text
    assert complaints(browser) == []


@pytest.mark.parametrize("theme", ["light", full("dark")])
def test_axe_finds_nothing_serious_and_a_phone_shows_all(
    browser: Any, site: Site, theme: str
) -> None:
    use_theme(browser, theme)
    sids = [site.take(SHARED), site.take("+16175550181"), site.take("+16175550181")]
    site.wait(CallState.HELD, *sids)
    sign_in(browser, f"{site.address}/inbox", "Dana Agent", PASSWORD)
    use_width(browser, 360)
    paths = [
        "/inbox",
        "/inbox?state=held&cause=several_found&line=0100",
        "/inbox?state=held&cause=nobody_found&line=0100",
        "/inbox?state=held&cause=none&line=none",
        f"/people?q=ben&call={sids[0]}",
        "/people?q=nobody+of+this+name",
        "/calls/replay?state=held",
        "/calls/replay?state=failed",
    ]
    for path in paths:
        browser.get(f"{site.address}{path}")
        assert browser.find_elements("tag name", "h1"), path
        assert barriers(browser) == [], path
        assert not is_too_wide(browser), path
    browser.get(f"{site.address}/calls/replay?state=held")
    press(browser.find_element("css selector", "main"), "Replay 3 calls")
    assert barriers(browser) == []
    assert complaints(browser) == []
