"""Does the page of alerts show what is wrong, and let operators acknowledge, snooze and test?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from adapter.bootstrap import Container, web_app
from adapter.config.settings import Settings
from adapter.domain.alert_facts import Trouble
from adapter.storage.alert_notices import Notices
from adapter.storage.alerts import Alerts
from adapter.storage.store import Store
from tests.support.browser_user import OPERATOR, VIEWER, WITH_PAGES, BrowserUser
from tests.support.environment import ENVIRON
from tests.support.receiver import receiver

NOW = datetime.now(UTC)
KEY = "held:nobody_found"


@pytest.fixture
def environ(database_url: str) -> dict[str, str]:
    return {**ENVIRON, "DATABASE_URL": database_url, **WITH_PAGES}


@pytest.fixture
def app(environ: dict[str, str]) -> Flask:
    return web_app(Settings.from_environ(environ))


@pytest.fixture
def user(app: Flask, store: Store) -> Iterator[BrowserUser]:
    made = BrowserUser(app)
    made.come_by_service(store, OPERATOR)
    yield made


@pytest.fixture
def viewer(app: Flask, store: Store) -> BrowserUser:
    made = BrowserUser(app)
    made.come_by_service(store, VIEWER)
    return made


def open_alert(store: Store, key: str = KEY, at: datetime = NOW) -> None:
    words = "1 call(s) are held <here>: a person has to decide"
    with store.begin() as connection:
        opened = Alerts(store).open(
            connection, Trouble(key, words), at, is_flapping=False, snoozed_until=None
        )
    assert opened is not None


def test_when_all_is_well_it_says_so_and_what_to_do(user: BrowserUser) -> None:
    text = user.get("/alerts").text
    assert "Nothing is wrong that the adapter knows of." in text
    assert "Nobody is told of alerts" in text
    assert "13 rules" in text


def test_open_alerts_are_shown_with_what_operators_may_do(user: BrowserUser, store: Store) -> None:
    open_alert(store)
    text = user.get("/alerts").text
    assert "Calls are held" in text and "held &lt;here&gt;" in text
    assert "No call is known to be hit." in text
    assert f'action="/alerts/{KEY}/acknowledge"' in text


def test_an_operator_acknowledges_and_snoozes(user: BrowserUser, store: Store) -> None:
    open_alert(store)
    user.get("/alerts")
    answer = user.post(f"/alerts/{KEY}/acknowledge")
    assert (answer.status_code, answer.location) == (303, "/alerts")
    assert user.post(f"/alerts/{KEY}/snooze", {"hours": "8"}).status_code == 303
    (alert,) = Alerts(store).all_open()
    assert alert.acknowledged_by == alert.snoozed_by == OPERATOR
    assert alert.snoozed_until is not None
    assert timedelta(hours=7) < alert.snoozed_until - datetime.now(UTC) <= timedelta(hours=8)
    text = user.get("/alerts").text
    assert f"acknowledged by {OPERATOR}, snoozed by {OPERATOR}" in text


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/alerts/no_such/acknowledge", {}, 404),
        ("/alerts/no_such/snooze", {}, 404),
        (f"/alerts/{KEY}/snooze", {"hours": "many"}, 400),
        (f"/alerts/{KEY}/snooze", {"hours": "0"}, 400),
        (f"/alerts/{KEY}/snooze", {"hours": "٣"}, 400),
        (f"/alerts/{KEY}/snooze", {"hours": "9999"}, 400),
        (f"/alerts/{KEY}/snooze", {"hours": "9" * 5000}, 400),
        ("/alerts/a%00b/acknowledge", {}, 400),
        ("/alerts/" + "x" * 3000 + "/acknowledge", {}, 404),
        ("/alerts/%F0%9F%92%A9/snooze", {}, 404),
        ("/alerts/test", {}, 400),
    ],
)
def test_what_cannot_be_done_is_told(
    user: BrowserUser, store: Store, path: str, form: dict[str, str], status: int
) -> None:
    open_alert(store)
    user.get("/alerts")
    assert user.post(path, form).status_code == status
    (alert,) = Alerts(store).all_open()
    assert alert.snoozed_until is None and alert.acknowledged_at is None


def test_viewers_look_and_strangers_do_not(
    user: BrowserUser, viewer: BrowserUser, app: Flask, store: Store
) -> None:
    open_alert(store)
    text = viewer.get("/alerts").text
    assert "Calls are held" in text
    assert "Acknowledge" not in text and "/snooze" not in text
    for path in (f"/alerts/{KEY}/acknowledge", f"/alerts/{KEY}/snooze", "/alerts/test"):
        assert viewer.post(path).status_code == 403
        user.get("/alerts")
        assert user.post_without_token(path).status_code == 400
        assert BrowserUser(app).post(path).status_code in (400, 403)
        assert user.get(path).status_code == 405
    assert BrowserUser(app).get("/alerts").status_code == 303
    (alert,) = Alerts(store).all_open()
    assert alert.snoozed_until is None and alert.acknowledged_at is None


def test_a_test_is_planned_here_and_sent_by_a_worker(environ: dict[str, str], store: Store) -> None:
    with receiver() as box:
        settings = Settings.from_environ({**environ, "ALERT_URLS": box.apprise_url})
        user = BrowserUser(web_app(settings))
        user.come_by_service(store, OPERATOR)
        user.get("/alerts")
        assert user.post("/alerts/test").location == "/alerts#channels"
        assert box.bodies == [], "a request sends nothing"
        text = user.get("/alerts").text
        assert "Test of alerts" in text and "waiting" in text
        container = Container(settings)
        container.alerts.sender.send_waiting()
        container.store.engine.dispose()
        assert box.titles() == ["Test of alerts"]
        text = user.get("/alerts").text
    assert "json " in text and "pa55word" not in text


def test_a_channel_that_is_off_is_shown(environ: dict[str, str], store: Store) -> None:
    with receiver() as box:
        box.status = 403
        settings = Settings.from_environ({**environ, "ALERT_URLS": box.apprise_url})
        user = BrowserUser(web_app(settings))
        user.come_by_service(store, OPERATOR)
        user.get("/alerts")
        user.post("/alerts/test")
        container = Container(settings)
        container.alerts.sender.send_waiting()
        container.store.engine.dispose()
    text = user.get("/alerts").text
    assert "<strong>off</strong>" in text and "it answered 403" in text
    assert [notice.state for notice in Notices(store).recent()] == ["failed"]


def test_what_is_over_says_how_long_it_lasted(user: BrowserUser, store: Store) -> None:
    opened = NOW - timedelta(minutes=50)
    open_alert(store, "late", opened)
    with store.begin() as connection:
        (alert,) = Alerts(store).open_by_key(connection).values()
        Alerts(store).good(connection, alert, opened + timedelta(minutes=12))
        Alerts(store).resolve(connection, alert, NOW)
    text = user.get("/alerts").text
    assert "Calls are written late" in text and "12 min" in text
