"""What can people do about alerts? See them, acknowledge, snooze, and send a test."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapter.domain.actor import Actor
from adapter.domain.alert_life import Alert
from adapter.domain.alert_rules import is_key, title_of
from adapter.errors import SettingsError
from adapter.observability.logs import logger
from adapter.operations.alerts.send import Sender
from adapter.storage.alert_notices import ChannelState, Message, Notice, Notices, NoticeState
from adapter.storage.alerts import Alerts
from adapter.storage.session import Session

SHOWN_FOR = timedelta(days=30)
# For so long an alert may be snoozed.
LONGEST_SNOOZE = timedelta(days=30)
# How long a command waits for what another process is sending.
_LOOKS, _LOOK_SECONDS = 120, 0.5

log = logger("adapter.alerts")


class NoSuchAlert(SettingsError):
    """No alert of this key is open."""


@dataclass(frozen=True)
class AlertList:
    """The alerts, the newest first. written: how many calls that each hit are written by now, by its id."""

    open: Sequence[Alert]
    resolved: Sequence[Alert]
    written: Mapping[int, int]
    channels: Sequence[ChannelState]
    notices: Sequence[Notice]

    def channel_title(self, id: str) -> str:
        """Return what a channel is called; of one that is not in the settings any more, its id."""
        return next((each.title for each in self.channels if each.id == id), id)


class AlertDesk:
    """What a command, a page and the API offer about alerts."""

    def __init__(self, session: Session, clock: Callable[[], datetime]) -> None:
        self._alerts = Alerts(session)
        self._notices = Notices(session)
        self._clock = clock

    def list(self) -> AlertList:
        """Return all open alerts, and those of the last SHOWN_FOR. Raise StoreUnavailable."""
        open_alerts = self._alerts.all_open()
        resolved = self._alerts.resolved(self._clock() - SHOWN_FOR)
        return AlertList(
            open=open_alerts,
            resolved=resolved,
            written=self._alerts.written([*open_alerts, *resolved]),
            channels=self._notices.channels(),
            notices=self._notices.recent(),
        )

    def acknowledge(self, key: str, *, by: Actor) -> None:
        """Note that somebody looks after an open alert: no more reminders. Raise NoSuchAlert."""
        if not is_key(key) or not self._alerts.acknowledge(key, by.name, self._clock()):
            raise _none(key)
        log.info("alert acknowledged", key=key, by=by.name, origin=by.origin)

    def snooze(self, key: str, period: timedelta, *, by: Actor) -> datetime:
        """Say nothing of an open alert for so long, also if it opens anew. Return until when.

        Raise NoSuchAlert. Raise SettingsError for a period that is none.
        """
        if not timedelta(0) < period <= LONGEST_SNOOZE:
            raise SettingsError(f"an alert can be snoozed for up to {LONGEST_SNOOZE.days} days")
        until = self._clock() + period
        if not is_key(key) or not self._alerts.snooze(key, by.name, until):
            raise _none(key)
        log.info("alert snoozed", key=key, by=by.name, origin=by.origin, until=until.isoformat())
        return until


def plan_test(sender: Sender, page: str, *, by: Actor) -> str:
    """Plan a test message in every channel, also in those that are off. Return its topic."""
    body = f"This is a test. Alerts come here when something is wrong, and when it is over.\n{page}"
    topic = f"test:{secrets.token_hex(8)}"
    count = sender.plan(Message(topic, "test", "Test of alerts", body), to_all=True)
    log.info("test of alerts", by=by.name, origin=by.origin, channels=count)
    return topic


def send_test(sender: Sender, page: str, *, by: Actor) -> Sequence[tuple[str, str | None]]:
    """Send a test message in every channel. Return the title of each with why it did not get through, or None.

    It takes as long as the channels take.
    """
    topic = plan_test(sender, page, by=by)
    never = threading.Event()
    for _ in range(_LOOKS):
        sender.send_waiting()
        notices = sender.notices_of(topic)
        if all(notice.ended_at is not None for notice in notices):
            break
        never.wait(_LOOK_SECONDS)  # a worker is sending one of them
    return [
        (
            sender.title_of(notice.channel),
            None if notice.state is NoticeState.SENT else notice.error or "it is still being sent",
        )
        for notice in notices
    ]


def alert_json(alert: Alert, written: Mapping[int, int]) -> dict[str, Any]:
    """Return the alert as `--json` and the API show it. Times are ISO 8601 in UTC."""
    return {
        "key": alert.key,
        "rule": alert.rule,
        "title": title_of(alert.key),
        "words": alert.words,
        "began_at": _iso(alert.began_at or alert.opened_at),
        "opened_at": _iso(alert.opened_at),
        "seen_at": _iso(alert.seen_at),
        "count": alert.seen_count,
        "is_flapping": alert.is_flapping,
        "acknowledged_at": _iso(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by,
        "snoozed_until": _iso(alert.snoozed_until),
        "snoozed_by": alert.snoozed_by,
        "resolved_at": _iso(alert.resolved_at),
        "calls_hit": alert.calls_hit,
        "calls_written": written.get(alert.id, 0),
    }


def _none(key: str) -> NoSuchAlert:
    return NoSuchAlert(f"no alert {key[:80]!r} is open; adapter alerts lists those that are")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
