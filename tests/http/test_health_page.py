"""Does the page of health say how all goes, for each period, with and without calls?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapter.bootstrap import Container, web_app
from adapter.config.settings import Settings
from adapter.errors import TemporaryError
from adapter.operations.lines_report import Finding
from adapter.storage.hourly_counts import HourlyCounts
from adapter.storage.set_up_checks import SetUpChecks
from adapter.storage.store import Store
from tests.support.browser_user import PASSWORD, BrowserUser
from tests.support.environment import ENVIRON, LINE
from tests.support.rows import add, record

NOW = datetime.now(UTC)


@pytest.fixture
def settings(database_url: str) -> Settings:
    environ = {**ENVIRON, "DATABASE_URL": database_url, "ADMIN_PASSWORD": PASSWORD}
    return Settings.from_environ(environ)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    made = Container(settings).store
    yield made
    made.engine.dispose()


@pytest.fixture
def user(settings: Settings) -> BrowserUser:
    made = BrowserUser(web_app(settings))
    made.sign_in()
    return made


def test_without_calls_it_says_what_to_do(user: BrowserUser) -> None:
    page = user.get("/health")
    assert page.status_code == 200
    assert "No calls in this time." in page.text
    assert "no worker is alive" in page.text
    assert "No whole day was compared yet." in page.text


@pytest.mark.parametrize(("period", "columns"), [("24h", 24), ("7d", 7), ("30d", 30)])
def test_each_period_has_a_chart_and_a_table_of_its_hours_or_days(
    user: BrowserUser, store: Store, period: str, columns: int
) -> None:
    ended = NOW - timedelta(minutes=1)
    for number in range(3):
        add(
            store,
            record(call_id=f"CA{number}"),
            first_seen_at=ended,
            over_at=ended,
            confirmed_at=ended + timedelta(seconds=4),
            state="written" if number else "held",
            outcome="answered",
        )
    HourlyCounts(store).recount(NOW - timedelta(days=31))
    page = user.get(f"/health?period={period}")
    assert page.text.count("<svg viewBox") >= 2
    assert "33.3 %" in page.text and "66.7 %" in page.text
    assert "half within 5 s" in page.text
    table = page.text.split("How the calls ended")[-1].split("</table>")[0]
    assert table.count('<th scope="row">') == columns


def test_an_unknown_period_is_named(user: BrowserUser) -> None:
    page = user.get("/health?period=1y")
    assert page.status_code == 400
    assert "period is one of 24h, 7d, 30d" in page.text


def test_what_a_line_lacks_stands_among_what_has_to_be_put_right(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {LINE: Finding(pms="ENTRATA", problems=["it has no event_type_id: set one"])}
    monkeypatch.setattr("adapter.web.pages.build.examine_lines", lambda lines, check: found)
    reader = BrowserUser(web_app(settings))
    reader.sign_in()
    page = reader.get("/health")
    assert "it has no event_type_id: set one" in page.text
    assert 'href="/lines"' in page.text.split("What has to be put right")[1]


def test_what_could_not_be_asked_is_said_to_be_unknown(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the target nor the provider can be reached here."""

    def fails(lines: object, check: object) -> None:
        raise TemporaryError("no answer")

    monkeypatch.setattr("adapter.web.pages.build.examine_lines", fails)
    reader = BrowserUser(web_app(settings))
    reader.sign_in()
    page = reader.get("/health")
    assert page.status_code == 200
    assert "Not known yet: what the lines lack." in page.text
    assert "Not known: whether each number calls back here." in page.text


def test_what_doctor_finds_in_the_settings_stands_there(
    database_url: str, store: Store, settings: Settings
) -> None:
    """Web's own, and what a worker has told. What nobody has looked at is said to be unknown."""
    environ = {**ENVIRON, "DATABASE_URL": database_url, "ADMIN_PASSWORD": PASSWORD}
    reader = BrowserUser(web_app(Settings.from_environ({**environ, "PROPEXO_API_KEY": ""})))
    reader.sign_in()
    page = reader.get("/health")
    assert "PROPEXO_API_KEY</strong>: PROPEXO_API_KEY is not set" in page.text
    assert "Not known: whether the public address leads here" in page.text
    checks = SetUpChecks(store)
    checks.put("public address", {"public address": "something else answers"}, datetime.now(UTC))
    checks.put("settings of the worker", {}, datetime.now(UTC))
    page = reader.get("/health")
    assert "public address</strong>: something else answers" in page.text
    assert "Not known: whether the public address" not in page.text


def test_no_two_regions_have_the_same_name(user: BrowserUser, store: Store) -> None:
    """axe calls it landmark-unique: a screen reader lists them by their names."""
    page = user.get("/health").text
    headings = dict(re.findall(r'<h2 id="([^"]+)">([^<]+)<', page))
    names = [headings[id_] for id_ in re.findall(r'<section aria-labelledby="([^"]+)"', page)]
    names += re.findall(r'role="region" aria-label="([^"]+)"', page)
    assert len(names) > 3 and len(names) == len(set(names))
