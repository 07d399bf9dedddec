"""Does the page of one call tell its story, and keep from viewers what is for operators?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from adapter.bootstrap import Container, web_app
from adapter.config.settings import Settings
from adapter.domain.alert_facts import HitCalls, Trouble
from adapter.domain.call import CallState
from adapter.domain.cause import Cause
from adapter.domain.lifecycle import CallUpdate
from adapter.domain.lines import PersonKind
from adapter.domain.matching import Person
from adapter.storage.alerts import Alerts
from adapter.storage.schema import calls
from tests.support.browser_user import VIEWER, WITH_PAGES, BrowserUser
from tests.support.environment import ACCOUNT, ENVIRON, LINE
from tests.support.hooks import CALL, CALLER, send, signed, status_hook
from tests.support.recorded import link_of

LINES = f'''
[defaults]
integration_id = "int_main"
[lines."{LINE}"]
property_id = "prop_main"
[lines."+16175550101"]
name = "Side Street"
'''


@pytest.fixture
def settings(database_url: str) -> Settings:
    environ = {**ENVIRON, **WITH_PAGES, "DATABASE_URL": database_url, "ADAPTER_LINES": LINES}
    return Settings.from_environ(environ)


@pytest.fixture
def user(settings: Settings) -> Iterator[BrowserUser]:
    """An operator; a missed call has come in."""
    app = web_app(settings)
    assert send(app.test_client(), signed(status_hook("no-answer"))).status_code == 204
    made = BrowserUser(app)
    made.sign_in()
    yield made


def test_it_tells_what_happened_and_what_comes_next(user: BrowserUser) -> None:
    page = user.get(f"/calls/{CALL}")
    assert page.status_code == 200
    assert "Incoming call from" in page.text
    assert "(617) 555-0134" in page.text
    assert "nobody picked up" in page.text
    assert "Hook: status" in page.text
    assert "CallStatus" in page.text and "no-answer" in page.text
    assert "Next:" in page.text


def test_a_talk_time_that_nobody_told_is_the_most_it_can_be(settings: Settings) -> None:
    """An agent took the caller out of a queue. What they heard before the queue is not known."""
    app = web_app(settings)
    left = {"QueueResult": "bridged", "QueueTime": "40", "QueueSid": "QU" + "1" * 32}
    action = {k: v for k, v in status_hook("completed").items() if k[:4] in ("Acco", "From", "To")}
    action |= {"CallSid": CALL, "CallStatus": "completed", "Direction": "inbound", **left}
    for hook, code in ((action, 200), (status_hook("completed", 160), 204)):
        assert send(app.test_client(), signed(hook)).status_code == code
    user = BrowserUser(app)
    user.sign_in()
    assert "answered, up to 2:00" in user.get(f"/calls/{CALL}").text
    container = Container(settings)
    (call,) = container.store.calls.find(CALL)
    assert "up to 2 min" in user.get(link_of(container, call), Accept="text/html").text
    container.store.engine.dispose()


def test_the_key_of_a_call_leads_to_it_too(user: BrowserUser) -> None:
    assert f"<code>{CALL}</code>" in user.get(f"/calls/twilio:{ACCOUNT}:{CALL}").text


def test_people_with_the_number_are_shown_with_what_speaks_for_them(
    user: BrowserUser, settings: Settings
) -> None:
    container = Container(settings)
    person = Person(
        kind=PersonKind.LEAD,
        id="lead_anna",
        integration_id="int_main",
        name="Anna Archer",
        property_id="prop_main",
        numbers=frozenset({CALLER}),
    )
    container.index.save([person])
    page = user.get(f"/calls/{CALL}")
    assert "Who has this number" in page.text
    assert "Anna Archer" in page.text
    container.store.engine.dispose()


@pytest.mark.parametrize(
    "name", ["CAnone", "%00", "a" * 5000, "'; DROP TABLE calls", "%F0%9F%93%9E"]
)
def test_an_unknown_id_says_what_to_do(user: BrowserUser, name: str) -> None:
    page = user.get(f"/calls/{name}")
    assert page.status_code in (400, 404)
    assert "Traceback" not in page.text


def test_two_accounts_with_the_same_id_are_both_shown(
    user: BrowserUser, settings: Settings
) -> None:
    store = Container(settings).store
    (call,) = store.calls.find(CALL)
    other = call.key.replace(ACCOUNT, "AC" + "9" * 32)
    record = call.record_json.replace(ACCOUNT, "AC" + "9" * 32)
    values: CallUpdate = {}
    with store.begin() as connection:
        store.calls.take(
            connection,
            {
                "key": other,
                "provider": "twilio",
                "account": "AC" + "9" * 32,
                "call_id": CALL,
                "state": call.state,
                "record": record,
                "first_seen_at": call.first_seen_at,
                "run": 1,
                "due_at": None,
                "updated_at": call.updated_at,
                **values,
            },
        )
    page = user.get(f"/calls/{CALL}")
    assert "2 accounts have a call with this id" in page.text
    assert page.text.count("What happened") == 2
    store.engine.dispose()


def test_what_a_caller_says_of_itself_is_shown_as_text(
    user: BrowserUser, settings: Settings
) -> None:
    hook = status_hook("no-answer", CallSid="CA" + "7" * 32, From="<script>alert(1)</script>")
    app_client = user.client.application.test_client()
    assert send(app_client, signed(hook)).status_code == 204
    page = user.get(f"/calls/CA{'7' * 32}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_nobody_sees_it_without_signing_in(settings: Settings) -> None:
    stranger = BrowserUser(web_app(settings))
    answer = stranger.get(f"/calls/{CALL}")
    assert answer.status_code == 303
    assert "/login" in answer.location
    assert CALLER not in answer.text


def test_a_held_call_is_settled_on_its_own_page(user: BrowserUser, settings: Settings) -> None:
    store = Container(settings).store
    (call,) = store.calls.find(CALL)
    with store.begin() as connection:
        store.calls.update(connection, call.key, state=CallState.HELD, reason="nobody has it")
    page = user.get(f"/calls/{CALL}")
    assert "Make a lead" in page.text and "Write a second event" not in page.text
    answer = user.post(f"/calls/{CALL}/ignore", {"seen": str(call.run), "back": f"/calls/{CALL}"})
    assert (answer.status_code, answer.location) == (303, f"/calls/{CALL}")
    page = user.get(f"/calls/{CALL}")
    assert "Lee Agent: not to be written" in page.text
    assert "will not be written" in page.text
    store.engine.dispose()


def test_a_written_call_can_only_be_written_again_on_purpose(
    user: BrowserUser, settings: Settings
) -> None:
    store = Container(settings).store
    (call,) = store.calls.find(CALL)
    with store.begin() as connection:
        store.calls.update(connection, call.key, state=CallState.WRITTEN, job_id="job_1")
    page = user.get(f"/calls/{CALL}")
    assert "Make a lead" not in page.text and "Write a second event" in page.text
    answer = user.post(f"/calls/{CALL}/replay", {"seen": str(call.run)})
    assert answer.status_code == 409
    answer = user.post(f"/calls/{CALL}/replay", {"seen": str(call.run), "again": "1"})
    assert answer.status_code == 303
    store.engine.dispose()


def test_alerts_that_hit_the_call_stand_in_its_story(user: BrowserUser, settings: Settings) -> None:
    store = Container(settings).store
    with store.begin() as connection:
        connection.execute(sa.update(calls).values(state="held", cause="nobody_found"))
        alerts = Alerts(store)
        now = datetime.now(UTC)
        trouble = Trouble("held:nobody_found", "1 call(s) are held")
        alert = alerts.open(connection, trouble, now, is_flapping=False, snoozed_until=None)
        assert alert is not None
        alerts.hit(connection, alert, HitCalls(state=CallState.HELD, cause="nobody_found"))
        alerts.good(connection, alert, now + timedelta(minutes=3))
        alerts.resolve(connection, alert, now + timedelta(minutes=4))
    text = user.get(f"/calls/{CALL}").text
    assert "Alert: Calls are held" in text and "1 call(s) are held" in text
    assert "Alert over: Calls are held, after 3 min" in text
    store.engine.dispose()


@pytest.mark.parametrize(
    "path", [f"/calls/{CALL}", "/calls", "/health", "/lines", "/inbox", "/alerts"]
)
def test_a_viewer_sees_no_whole_number_anywhere(
    user: BrowserUser, settings: Settings, path: str
) -> None:
    """Neither the caller's nor our own, in no link and in no form of writing; and nothing to decide."""
    store = Container(settings).store
    (call,) = store.calls.find(CALL)
    with store.begin() as connection:
        reason = f"nobody has {CALLER} on {LINE}, (617) 555-0134"
        store.calls.update(
            connection, call.key, state=CallState.HELD, reason=reason, cause=Cause.NOBODY_FOUND
        )
    viewer = BrowserUser(user.client.application)
    viewer.come_by_service(store, VIEWER)
    page = viewer.get(path)
    assert page.status_code == 200
    shown = re.sub(r"[^0-9]", "", page.text)
    for number in (CALLER, LINE, "+16175550101"):
        assert number[2:] not in shown, number
    assert "Hook:" not in page.text and 'method="post" action="/calls' not in page.text
    store.engine.dispose()
