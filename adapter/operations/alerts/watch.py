"""What do the rules of alerts find now? Opens alerts, keeps them, resolves them, and plans what is to be said.

It may run in several processes at once: each alert is opened and resolved by one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from adapter.domain.alert_facts import Facts, Trouble
from adapter.domain.alert_life import (
    Alert,
    Note,
    is_over,
    note_of_end,
    note_of_lasting,
    note_of_opening,
)
from adapter.domain.alert_rules import BY_NAME, NO_WORKER_AFTER, RULES, Rule
from adapter.domain.alert_words import body_of_message, title_of_message
from adapter.observability.logs import logger
from adapter.storage.alert_facts import AlertFacts
from adapter.storage.alert_notices import Message, Notices
from adapter.storage.alerts import Alerts
from adapter.storage.session import Connection, Session

log = logger("adapter.alerts")

# What a transaction notes may be seen so much later.
_TRANSACTION = timedelta(minutes=2)

# What is to be said in one message: the kind of it, and of which alerts.
Said = list[tuple[Note, Alert]]


class AlertWatch:
    """Looks, and writes down what it finds.

    channels: the ids of the channels that take messages now. page: the address of the page of alerts. remind:
    how often people are reminded of what is open; None: never.
    """

    def __init__(
        self,
        session: Session,
        facts: AlertFacts,
        *,
        channels: Callable[[], Sequence[str]],
        page: str,
        remind: timedelta | None,
        clock: Callable[[], datetime],
        rules: Sequence[Rule] = RULES,
    ) -> None:
        self._session = session
        self._alerts = Alerts(session)
        self._notices = Notices(session)
        self._facts = facts
        self._channels = channels
        self._page = page
        self._remind = remind
        self._clock = clock
        self._rules = rules

    def look(self) -> None:
        """Look as a worker: by all rules. This worker is a sign of life itself. Raise StoreUnavailable."""
        now = self._clock()
        self._apply(self._facts.read(now, last_sign=now), self._rules, resolves=True)

    def look_from_web(self, started_at: datetime) -> None:
        """Look as the web process: only by the rules that it knows better than a worker.

        It resolves nothing: the first worker that is alive does that. started_at: the process began then.
        Before, it could see no worker. Raise StoreUnavailable.
        """
        now = self._clock()
        facts = Facts(
            now=now,
            last_sign=self._last_sign(started_at),
            hooks_refused=self._facts.hooks_refused(now),
        )
        self._apply(facts, [rule for rule in self._rules if rule.by_web], resolves=False)

    def is_no_worker_there(self, started_at: datetime) -> bool:
        """Return whether no worker could send a message. Raise StoreUnavailable."""
        return self._clock() - self._last_sign(started_at) >= NO_WORKER_AFTER

    def _last_sign(self, started_at: datetime) -> datetime:
        sign = self._facts.last_sign_of_workers()
        return max(sign, started_at) if sign is not None else started_at

    def _apply(self, facts: Facts, rules: Sequence[Rule], *, resolves: bool) -> None:
        troubles: dict[str, Trouble] = {}
        unknown: set[str] = set()
        for rule in rules:
            found = rule.find(facts)
            if found is None:
                unknown.add(rule.name)
            troubles |= {trouble.key: trouble for trouble in found or ()}
        if not troubles and (not resolves or not self._alerts.is_any_unsettled()):
            return
        channels, said = self._channels(), Said()
        with self._session.begin() as connection:
            open_alerts = self._alerts.open_by_key(connection)
            # In one order, so that no two processes wait for each other.
            for key in sorted(troubles):
                alert = open_alerts.get(key)
                if alert is None:
                    self._open(connection, troubles[key], facts.now, said)
                else:
                    self._keep(connection, alert, troubles[key], facts.now, said)
            if resolves:
                gone = {key: a for key, a in open_alerts.items() if key not in troubles}
                self._end(connection, gone, unknown, facts.now, said)
            for message in self._messages(said, facts.now):
                self._notices.add(connection, message, channels, facts.now)

    def _open(self, connection: Connection, trouble: Trouble, now: datetime, said: Said) -> None:
        earlier = self._alerts.earlier(connection, trouble.key, now)
        note, is_flapping, snoozed_until = note_of_opening(earlier, now)
        alert = self._alerts.open(
            connection, trouble, now, is_flapping=is_flapping, snoozed_until=snoozed_until
        )
        if alert is None:
            return
        log.warning("alert opened", key=alert.key, words=alert.words, is_flapping=is_flapping)
        if trouble.hits is not None:
            self._alerts.hit(connection, alert, trouble.hits)
        if note is not None:
            said.append((note, alert))

    def _keep(
        self,
        connection: Connection,
        alert: Alert,
        trouble: Trouble,
        now: datetime,
        said: Said,
    ) -> None:
        self._alerts.seen(connection, alert, trouble.words, now)
        if trouble.hits is not None:
            since = alert.seen_at - _TRANSACTION
            self._alerts.hit(connection, alert, trouble.hits, changed_since=since)
        note = note_of_lasting(alert, now, self._remind)
        if note is not None and self._alerts.told(connection, alert, now):
            said.append((note, alert))

    def _end(
        self,
        connection: Connection,
        gone: Mapping[str, Alert],
        unknown: set[str],
        now: datetime,
        said: Said,
    ) -> None:
        for key in sorted(gone):
            alert, rule = gone[key], BY_NAME.get(gone[key].rule)
            if rule is not None and alert.rule in unknown:
                continue
            if rule is None or is_over(alert, rule.good_for, now):
                ended = self._alerts.resolve(connection, alert, now)
                if ended is None:
                    continue
                log.info(
                    "alert resolved", key=key, hit=ended.calls_hit, written=ended.calls_written
                )
                if (note := note_of_end(ended)) is not None:
                    said.append((note, ended))
            else:
                self._alerts.good(connection, alert, now)
        said += [(Note.RESOLVED, a) for a in self._alerts.take_stable(connection, now)]

    def _messages(self, said: Said, now: datetime) -> Sequence[Message]:
        """Return one message for each kind of note, so that many alerts at once are no flood."""
        messages = []
        for note in Note:
            alerts = [alert for each, alert in said if each is note]
            if not alerts:
                continue
            # Reminders come again; all else is said once of an alert.
            again = f":{now:%Y%m%dT%H%M%S}" if note is Note.REMINDER else ""
            messages.append(
                Message(
                    topic=f"{note.value}:{min(alert.id for alert in alerts)}{again}",
                    kind=note.value,
                    title=title_of_message(note, alerts),
                    body=body_of_message(note, alerts, self._page, now),
                )
            )
        return messages
