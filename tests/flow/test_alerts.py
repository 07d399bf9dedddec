"""Is each alert opened, told and resolved once, whoever looks? With a real database and a real receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.config.settings import Settings
from adapter.domain.actor import Actor
from adapter.domain.alert_life import Alert
from adapter.domain.callback import Callback
from adapter.domain.cause import Cause
from adapter.domain.lines import Line, Lines
from adapter.errors import CredentialsRefused, SettingsError
from adapter.net.alert_channels import AppriseChannel, alert_channels
from adapter.operations.alarms import Alarms
from adapter.operations.alerts.build import Alerting
from adapter.operations.alerts.manage import alert_json, send_test
from adapter.operations.alerts.send import REPEATED
from adapter.providers.base import OwnNumber
from adapter.storage.alert_notices import CLAIMED_FOR, Notices
from adapter.storage.alerts import Alerts
from adapter.storage.api_health import ApiHealth
from adapter.storage.daily_balances import DailyBalance, DailyBalances
from adapter.storage.erasure import Erasure
from adapter.storage.hourly_counts import HourlyCounts
from adapter.storage.pauses import Pauses
from adapter.storage.refused_hooks import RefusedHooks
from adapter.storage.retention import Keep, Retention
from adapter.storage.schema import alert_calls, alerts, calls
from adapter.storage.store import Store
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, ENVIRON, LINE, NOW
from tests.support.providers import twilio_provider
from tests.support.receiver import Receiver, receiver
from tests.support.rows import add, record

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ANN = Actor("ann", "192.0.2.1")
LINES = Lines(Line(timezone="America/New_York"), {LINE: Line(number=LINE)})
Logged = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def box() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def alerting(store: Store, clock: Clock, *urls: str, **values: Any) -> Alerting:
    environ = {**ENVIRON, "ALERT_URLS": ", ".join(urls), **values.pop("environ", {})}
    known: dict[str, Any] = {"providers": [], "lines": lambda: LINES, **values}
    return Alerting(settings=Settings.from_environ(environ), store=store, clock=clock, **known)


@pytest.fixture
def found(store: Store, clock: Clock, box: Receiver) -> Alerting:
    return alerting(store, clock, box.apprise_url)


def look(found: Alerting) -> None:
    """One turn of the worker's task."""
    found.watch.look()
    found.sender.send_waiting()


def pass_time(found: Alerting, clock: Clock, seconds: float) -> None:
    """Turns every 30 s, as a worker has them."""
    for _ in range(int(seconds // 30)):
        clock.advance(30)
        look(found)


def only(store: Store) -> Alert:
    (alert,) = Alerts(store).all_open()
    return alert


def held(store: Store, call_id: str, **values: Any) -> None:
    facts = record(call_id, call_id)
    add(store, facts, state="held", due_at=None)
    with store.begin() as connection:
        cause = values.pop("cause", Cause.NOBODY_FOUND)
        store.calls.update(connection, facts.key, cause=cause, **values)


def become(store: Store, call_id: str, **values: Any) -> None:
    with store.begin() as connection:
        connection.execute(sa.update(calls).where(calls.c.call_id == call_id).values(**values))


# The life of an alert ------------------------------------------------------------------------------------


def test_an_alert_is_told_once_and_its_end_with_what_it_hit(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    for number in range(3):
        held(store, f"CA{number}")
    look(found)
    pass_time(found, clock, 300)
    assert box.titles() == ["Alert: Calls are held"]
    assert box.bodies[0]["message"].endswith("https://calls.example.com/alerts")
    assert only(store).calls_hit == 3
    for number in range(2):
        become(store, f"CA{number}", state="written")
    become(store, "CA2", state="ignored")
    pass_time(found, clock, 3600)
    assert box.titles() == ["Alert: Calls are held", "Resolved: Calls are held"]
    words = box.bodies[1]["message"]
    assert "It lasted 5 min 30 s. 3 calls were hit; 2 of them are written by now." in words
    (over,) = Alerts(store).resolved(NOW)
    assert (over.calls_hit, over.calls_written, over.resolved_at is not None) == (3, 2, True)
    assert [alert.key for alert in Alerts(store).of_call(f"twilio:AC0:CA{0}")] == [
        "held:nobody_found"
    ]


def test_many_at_once_are_one_message(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    held(store, "CA1")
    held(store, "CA2", cause=Cause.NO_LINE)
    Pauses(store, clock).begin("key/12345678", "words with +16175550134")
    look(found)
    assert box.titles() == ["Alert: 3 alerts"]
    assert "5550134" not in box.bodies[0]["message"]
    assert len(Alerts(store).all_open()) == 3


def test_several_processes_that_look_at_once_open_and_resolve_it_once(
    store: Store, clock: Clock, box: Receiver
) -> None:
    workers = [alerting(store, clock, box.apprise_url) for _ in range(4)]
    held(store, "CA1")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(look, workers))
    assert box.titles() == ["Alert: Calls are held"]
    become(store, "CA1", state="written")
    look(workers[0])
    clock.advance(3600)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(look, workers))
    assert box.titles() == ["Alert: Calls are held", "Resolved: Calls are held"]
    with store.begin() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(alerts)).scalar() == 1


def test_an_alert_that_comes_and_goes_is_told_of_once_until_it_is_stable(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    pauses = Pauses(store, clock)
    for _ in range(6):
        pauses.begin("key/12345678", "refused")
        look(found)
        pauses.end("key/12345678")
        pass_time(found, clock, 180)
    assert box.titles() == [
        *(["Alert: A key is refused", "Resolved: A key is refused"] * 2),
        "It comes and goes: A key is refused",
    ]
    pass_time(found, clock, 4000)
    assert box.titles()[5:] == ["Resolved: A key is refused"]
    pauses.begin("key/12345678", "refused")
    look(found)
    assert box.titles()[6:] == ["Alert: A key is refused"]


def test_reminders_come_daily_until_somebody_acknowledges(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    held(store, "CA1")
    look(found)
    clock.advance(86_400)
    look(found)
    look(found)
    assert box.titles() == ["Alert: Calls are held", "Still open: Calls are held"]
    found.desk.acknowledge("held:nobody_found", by=ANN)
    clock.advance(2 * 86_400)
    look(found)
    assert len(box.bodies) == 2
    alert = only(store)
    assert (alert.acknowledged_by, alert.acknowledged_at) == ("ann", NOW + DAY)


def test_a_snoozed_alert_is_silent_and_comes_back_with_a_reminder(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    held(store, "CA1")
    look(found)
    assert found.desk.snooze("held:nobody_found", 3 * DAY, by=ANN) == NOW + 3 * DAY
    clock.advance(2 * 86_400)
    look(found)
    assert len(box.bodies) == 1
    clock.advance(86_400)
    look(found)
    assert box.titles()[1:] == ["Still open: Calls are held"]


def test_only_an_open_alert_can_be_acknowledged_or_snoozed(found: Alerting) -> None:
    for wrong in ("no_such", "no\0such", "x" * 10_000):
        with pytest.raises(SettingsError, match="no alert"):
            found.desk.acknowledge(wrong, by=ANN)
    with pytest.raises(SettingsError, match="up to 30 days"):
        found.desk.snooze("held:nobody_found", timedelta(days=31), by=ANN)


def test_what_could_not_be_looked_at_resolves_nothing(
    store: Store, clock: Clock, box: Receiver
) -> None:
    wrong = [100]
    found = alerting(store, clock, box.apprise_url, wrong_passwords=lambda _: wrong[0])
    look(found)
    assert only(store).key == "wrong_passwords"
    pass_time(alerting(store, clock, box.apprise_url), clock, 3600)  # it has no sign-in
    assert only(store).key == "wrong_passwords"
    wrong[0] = 0
    pass_time(found, clock, 1200)
    assert Alerts(store).all_open() == []


# The channels ----------------------------------------------------------------------------------------------


def test_a_channel_that_refuses_for_good_is_off_until_a_test_gets_through(
    found: Alerting, store: Store, clock: Clock, box: Receiver, logged: Logged
) -> None:
    box.status = 401
    held(store, "CA1")
    look(found)
    pass_time(found, clock, 600)
    assert len(box.bodies) == 1
    (channel,) = found.desk.list().channels
    assert channel.off_since is not None
    assert channel.error == "it answered 401"
    alarm = Alarms(store, Pauses(store, clock), clock).by_name()["channels"]()
    assert alarm is not None
    assert "it answered 401" in alarm
    assert "pa55word" not in alarm + str(logged()) + str(found.desk.list())
    (failed,) = send_test(found.sender, found.page, by=ANN)
    assert failed[1] == "it answered 401"
    box.status = 200
    assert [error for _, error in send_test(found.sender, found.page, by=ANN)] == [None]
    assert found.desk.list().channels[0].off_since is None
    become(store, "CA1", state="written")
    pass_time(found, clock, 1200)
    assert box.titles()[-1] == "Resolved: Calls are held"


def test_a_channel_that_is_away_is_tried_again(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    box.status = 503
    held(store, "CA1")
    look(found)
    box.status = 200
    look(found)
    assert len(box.bodies) == 1, "not before its time"
    pass_time(found, clock, 60)
    assert box.titles() == ["Alert: Calls are held"] * 2
    pass_time(found, clock, 600)
    assert len(box.bodies) == 2


def test_one_channel_that_fails_keeps_no_other_from_its_messages(
    store: Store, clock: Clock, box: Receiver
) -> None:
    with receiver() as other:
        other.status = 500
        found = alerting(store, clock, other.apprise_url, box.apprise_url)
        held(store, "CA1")
        pass_time(found, clock, 120)
        assert box.titles() == ["Alert: Calls are held"]
        assert len(other.bodies) >= 2


def test_what_a_dead_sender_had_claimed_is_sent_once_more_and_says_so(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    held(store, "CA1")
    found.watch.look()
    channels = found.sender.switched_on()
    notices = Notices(store)
    assert notices.claim(channels, clock()) is not None
    look(found)
    assert box.bodies == [], "it has it in hand"
    clock.now += CLAIMED_FOR
    assert notices.claim(channels, clock()) is not None, "and dies again"
    clock.now += CLAIMED_FOR
    look(found)
    assert box.bodies == []
    (notice,) = notices.recent()
    assert (notice.state, notice.error) == ("unknown", "its sender died")


def test_a_repeat_says_that_it_may_be_one(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    held(store, "CA1")
    found.watch.look()
    assert Notices(store).claim(found.sender.switched_on(), clock()) is not None
    clock.now += CLAIMED_FOR
    look(found)
    (body,) = box.bodies
    assert REPEATED in body["message"]


def test_a_channel_that_never_answers_costs_its_time_limit(box: Receiver) -> None:
    (channel,) = alert_channels([box.apprise_url])
    assert isinstance(channel, AppriseChannel)
    slow = channel.with_limit(0.2)
    box.is_open.clear()
    result = slow.send("title", "body")
    box.is_open.set()
    assert result.is_in_doubt
    assert result.error == "no answer within 0 s"


def test_nothing_listens_at_the_address(box: Receiver) -> None:
    (channel,) = alert_channels(["json://127.0.0.1:1/x"])
    result = channel.send("title", "body")
    assert (result.error, result.is_permanent) == ("no answer", False)


@pytest.mark.parametrize("url", ["nonsense://x", "json://"])
def test_an_address_that_apprise_does_not_know_is_refused_and_not_shown(
    url: str, store: Store, clock: Clock, box: Receiver
) -> None:
    found = alerting(store, clock, box.apprise_url, url)
    with pytest.raises(SettingsError, match="address 2 of 2") as error:
        found.refuse_unusable()
    assert url not in str(error.value)


# What the rules look at --------------------------------------------------------------------------------------


def test_hooks_that_were_refused_in_numbers(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    refused = RefusedHooks(store)
    refused.add({NOW: 12})
    refused.add({NOW: 7, NOW - 20 * MINUTE: 50})
    look(found)
    assert Alerts(store).all_open() == []
    refused.add({NOW: 1})
    found.watch.look_from_web(NOW)
    assert only(store).key == "hooks_refused"
    pass_time(found, clock, 1200)
    assert Alerts(store).all_open() == []


def test_web_opens_no_worker_and_the_first_worker_resolves_it(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    store.workers.beat("a", NOW)
    clock.advance(119)
    found.watch.look_from_web(NOW)
    assert Alerts(store).all_open() == []
    add(store, record("CA1", "CA1"))
    clock.advance(1)
    found.watch.look_from_web(NOW)
    assert found.watch.is_no_worker_there(NOW)
    found.sender.send_waiting()
    found.watch.look_from_web(NOW)
    assert (only(store).key, only(store).calls_hit) == ("no_worker", 1)
    store.workers.beat("b", clock())
    assert not found.watch.is_no_worker_there(NOW)
    become(store, "CA1", state="written")
    pass_time(found, clock, 120)
    assert box.titles() == ["Alert: No worker", "Resolved: No worker"]
    # Since its last sign, not since it was told.
    said = "It lasted 2 min 30 s. 1 call was hit; it is written by now."
    assert said in box.bodies[1]["message"]


def test_a_web_process_that_has_just_begun_waits_for_a_worker(
    found: Alerting, store: Store, clock: Clock
) -> None:
    """`adapter run` starts web first. No worker has ever been here."""
    clock.advance(60)
    found.watch.look_from_web(NOW)
    assert Alerts(store).all_open() == []
    clock.advance(60)
    found.watch.look_from_web(NOW)
    assert only(store).key == "no_worker"


def test_a_key_that_the_provider_refuses(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    health = ApiHealth(store)
    health.failed("twilio", ACCOUNT, "Twilio's API answered 401", NOW, is_refusal=True)
    look(found)
    assert only(store).key == "key_refused:twilio:AC0000"
    health.worked("twilio", ACCOUNT, clock())
    pass_time(found, clock, 120)
    assert Alerts(store).all_open() == []


def test_writes_that_fail_by_share_name_their_calls(
    found: Alerting, store: Store, clock: Clock, box: Receiver
) -> None:
    for number in range(4):
        add(store, record(f"CA{number}", f"CA{number}"), due_at=None)
        state = "written" if number == 3 else "failed"
        cause = None if number == 3 else Cause.REFUSED_BY_PMS.value
        become(store, f"CA{number}", state=state, cause=cause, integration_id="int_a")
    look(found)
    alert = only(store)
    assert (alert.key, alert.calls_hit) == ("writes_fail:int_a:refused_by_pms", 3)
    assert "3 calls of integration int_a failed within an hour (75% of its calls)" in alert.words
    clock.advance(3601)
    pass_time(found, clock, 600)
    assert Alerts(store).all_open() == []


class Numbers:
    """A provider's list of numbers."""

    def __init__(self, *numbers: OwnNumber) -> None:
        self.numbers = numbers

    def wanted(self, base_url: str) -> Callback:
        return Callback(f"{base_url}/webhooks/twilio#rc=5&rp=all", "POST")

    def subaccounts(self, account: str) -> list[str]:
        raise NotImplementedError

    def callback(self, account: str, set_at: str) -> Callback:
        raise NotImplementedError

    def set_callback(self, account: str, set_at: str, callback: Callback) -> None:
        raise NotImplementedError

    def all(self, account: str) -> list[OwnNumber]:
        if account != ACCOUNT:
            raise CredentialsRefused("no")
        return list(self.numbers)


def test_a_number_that_called_back_here_and_does_no_longer(
    store: Store, clock: Clock, box: Receiver
) -> None:
    here, there = "https://calls.example.com/webhooks/twilio#rc=5&rp=all", "https://other.example"
    list_ = Numbers(
        OwnNumber("PN1", LINE, here),
        OwnNumber("PN2", LINE, there),
        OwnNumber("PN3", "+16175550199", here),
        OwnNumber("PN4", LINE, here, obstacle="a trunk"),
    )
    provider = twilio_provider(numbers=list_)
    found = alerting(store, clock, box.apprise_url, providers=[provider])
    found.callbacks.look()
    look(found)
    assert Alerts(store).all_open() == []
    list_.numbers = tuple(OwnNumber(n.id, n.number, there) for n in list_.numbers)
    found.callbacks.look()
    look(found)
    alert = only(store)
    assert alert.key == "callback_elsewhere"
    assert "1 number(s)" in alert.words
    assert "(PN1)" in alert.words
    list_.numbers = ()
    found.callbacks.look()
    pass_time(found, clock, 120)
    assert Alerts(store).all_open() == []


# The digest --------------------------------------------------------------------------------------------------


def test_the_digest_tells_of_the_day_before_once(store: Store, clock: Clock, box: Receiver) -> None:
    clock.now = datetime.fromisoformat("2026-03-03T13:00:00+00:00")
    for number, state in enumerate(["written", "written", "held", "open", "failed"]):
        held(store, f"CA{number}")
        become(store, f"CA{number}", state=state, first_seen_at=NOW)
    HourlyCounts(store).recount(NOW - DAY)
    balance = DailyBalance(
        ACCOUNT, NOW.date(), "Twilio", 5, {"written": 2, "held": 3}, compared_at=NOW
    )
    DailyBalances(store).put(balance)
    workers = [
        alerting(store, clock, box.apprise_url, environ={"ALERT_DIGEST_HOUR": "8"})
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.digest is not None
        assert worker.digest.next_at(clock()) == clock() + DAY  # 8:00 in New York is 13:00 UTC
        assert worker.digest.next_at(clock() - MINUTE) == clock()
        worker.digest.plan()
        worker.sender.send_waiting()
    (body,) = box.bodies
    assert body["title"] == "The calls of Monday, 2026-03-02"
    assert body["message"].splitlines() == [
        "5 call(s): 2 written, 1 held, 1 failed, 1 waiting.",
        "Twilio 5 = written 2 + held 3, by the provider's day (UTC).",
        "Now 1 call(s) wait for a decision, and 0 alert(s) are open.",
        "https://calls.example.com/inbox",
    ]


def test_a_day_without_calls_has_a_digest_too(store: Store, clock: Clock, box: Receiver) -> None:
    found = alerting(store, clock, box.apprise_url, environ={"ALERT_DIGEST_HOUR": "0"})
    assert found.digest is not None
    found.digest.plan()
    found.sender.send_waiting()
    assert "No call came." in box.bodies[0]["message"]
    assert "Not compared with the provider's list yet." in box.bodies[0]["message"]


# What is kept ------------------------------------------------------------------------------------------------


def test_alerts_that_are_over_are_thrown_away_in_time(
    found: Alerting, store: Store, clock: Clock
) -> None:
    held(store, "CA1")
    held(store, "CA2", cause=Cause.NO_LINE)
    look(found)
    become(store, "CA1", state="written")
    pass_time(found, clock, 1200)
    retention = Retention(store, Keep(attempt_days=90))
    kept = retention.prune(NOW + 89 * DAY)
    assert (kept["alerts"], kept["notices"]) == (0, 0)
    gone = retention.prune(NOW + 91 * DAY)
    assert (gone["alerts"], gone["notices"]) == (1, 2)
    assert only(store).key == "held:no_line"
    with store.begin() as connection:
        (left,) = connection.execute(sa.select(alert_calls.c.call_key)).scalars()
    assert left == "twilio:AC0:CA2"


def test_a_number_that_is_forgotten_goes_from_alerts_too(
    found: Alerting, store: Store, clock: Clock
) -> None:
    """No rule writes one. But what others say may hold any."""
    held(store, "CA1")
    look(found)
    with store.begin() as connection:
        connection.execute(sa.update(alerts).values(words="of (617) 555-0134", snoozed_by="x"))
    Erasure(store, "+16175550134").run(NOW)
    assert "555" not in only(store).words


def test_the_json_of_an_alert(found: Alerting, store: Store) -> None:
    held(store, "CA1")
    look(found)
    listed = found.desk.list()
    assert alert_json(listed.open[0], listed.written) == {
        "key": "held:nobody_found",
        "rule": "held",
        "title": "Calls are held",
        "words": "1 call(s) are held (nobody has this number): a person has to decide",
        "began_at": "2026-03-02T15:00:00Z",
        "opened_at": "2026-03-02T15:00:00Z",
        "seen_at": "2026-03-02T15:00:00Z",
        "count": 1,
        "is_flapping": False,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "snoozed_until": None,
        "snoozed_by": None,
        "resolved_at": None,
        "calls_hit": 1,
        "calls_written": 0,
    }


def test_a_call_that_is_held_for_a_day_is_hit_by_then(
    found: Alerting, store: Store, clock: Clock
) -> None:
    """It gets there by the passing of time; nothing else of it changes."""
    for number in range(11):
        held(store, f"CA{number}")
        become(store, f"CA{number}", first_seen_at=NOW - (DAY if number else DAY - MINUTE))
    clock.advance(1)
    look(found)
    by_rule = {alert.rule: alert for alert in Alerts(store).all_open()}
    assert by_rule["held_long"].calls_hit == 10
    pass_time(found, clock, 300)
    by_rule = {alert.rule: alert for alert in Alerts(store).all_open()}
    assert (by_rule["held_long"].calls_hit, by_rule["held"].calls_hit) == (11, 11)
