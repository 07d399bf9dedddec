"""Which alerts are open, which were, and which calls did each hit?

Whoever opens an alert: the database keeps one open alert of a key at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapter.domain import lifecycle
from adapter.domain.alert_facts import HitCalls, Trouble
from adapter.domain.alert_life import FLAP_WINDOW, Alert
from adapter.domain.alert_rules import rule_of
from adapter.storage.calls import state_in
from adapter.storage.schema import UNDELIVERED, alert_calls, alerts, calls, hooks
from adapter.storage.schema.alerts import OPEN
from adapter.storage.session import Session

# So many calls are noted of one alert; more say nothing that these do not.
MOST_CALLS = 100_000
# Of an alert that hit more, it is not counted at each look how many of them are written. Nor is it for a list
# of alerts that hit more together.
COUNTED_EACH_LOOK, COUNTED_NOW = 10_000, 2_000
_AN_HOUR = timedelta(hours=1)
_IS_OPEN = sa.text(OPEN)


class Alerts:
    """The rows of `alerts` and `alert_calls`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # What is there ------------------------------------------------------------------------------------

    def all_open(self) -> Sequence[Alert]:
        """Return the open alerts, the newest first."""
        query = sa.select(alerts).where(_IS_OPEN).order_by(alerts.c.opened_at.desc())
        with self._session.autocommit() as connection:
            return [_of(row) for row in connection.execute(query)]

    def resolved(self, since: datetime, limit: int = 100) -> Sequence[Alert]:
        """Return the alerts that are over and were resolved since then, the newest first."""
        query = (
            sa.select(alerts)
            .where(alerts.c.resolved_at >= since)
            .order_by(alerts.c.resolved_at.desc(), alerts.c.id.desc())
            .limit(limit)
        )
        with self._session.autocommit() as connection:
            return [_of(row) for row in connection.execute(query)]

    def of_call(self, call_key: str) -> Sequence[Alert]:
        """Return the alerts that hit this call, the oldest first."""
        ids = sa.select(alert_calls.c.alert_id).where(alert_calls.c.call_key == call_key)
        query = sa.select(alerts).where(alerts.c.id.in_(ids)).order_by(alerts.c.opened_at)
        with self._session.autocommit() as connection:
            return [_of(row) for row in connection.execute(query)]

    def written(self, shown: Sequence[Alert]) -> Mapping[int, int]:
        """Return how many of the calls that each of these alerts hit are written, by its id.

        Of the first ones that is counted now, as long as they are few; of the others it was counted at the end
        or at the last look.
        """
        live: list[int] = []
        room = COUNTED_NOW
        for alert in shown:
            room -= alert.calls_hit
            if room < 0:
                break
            live.append(alert.id)
        query = (
            sa.select(alert_calls.c.alert_id, sa.func.count())
            .join(calls, calls.c.key == alert_calls.c.call_key)
            .where(alert_calls.c.alert_id.in_(live), state_in(lifecycle.ACCEPTED))
            .group_by(alert_calls.c.alert_id)
        )
        with self._session.autocommit() as connection:
            counted = {row[0]: row[1] for row in connection.execute(query)}
        kept = {alert.id: alert.calls_written for alert in shown if alert.id not in live}
        return {**dict.fromkeys(live, 0), **counted, **kept}

    def is_any_unsettled(self) -> bool:
        """Return whether an alert is open, or flapped and is not known to be stable."""
        query = sa.select(alerts.c.id).where(sa.or_(_IS_OPEN, alerts.c.is_flapping)).limit(1)
        with self._session.autocommit() as connection:
            return connection.execute(query).first() is not None

    # What a look finds --------------------------------------------------------------------------------

    def open_by_key(self, connection: sa.Connection) -> Mapping[str, Alert]:
        return {
            row.key: _of(row) for row in connection.execute(sa.select(alerts).where(_IS_OPEN)).all()
        }

    def earlier(self, connection: sa.Connection, key: str, now: datetime) -> Sequence[Alert]:
        """Return what `note_of_opening` wants to know of a key."""
        matters = sa.or_(
            alerts.c.opened_at > now - FLAP_WINDOW,
            alerts.c.resolved_at > now - FLAP_WINDOW,
            alerts.c.snoozed_until > now,
        )
        query = sa.select(alerts).where(alerts.c.key == key, matters)
        return [_of(row) for row in connection.execute(query.order_by(alerts.c.id.desc()))]

    def open(
        self,
        connection: sa.Connection,
        trouble: Trouble,
        now: datetime,
        *,
        is_flapping: bool,
        snoozed_until: datetime | None,
    ) -> Alert | None:
        """Open an alert. Return None if another process has just done so."""
        statement = self._session.insert(alerts).values(
            key=trouble.key,
            rule=rule_of(trouble.key),
            words=trouble.words,
            opened_at=now,
            seen_at=now,
            began_at=trouble.since,
            is_flapping=is_flapping,
            snoozed_until=snoozed_until,
        )
        opened = connection.execute(
            statement.on_conflict_do_nothing(
                index_elements=[alerts.c.key], index_where=_IS_OPEN
            ).returning(*alerts.columns)
        ).one_or_none()
        return _of(opened) if opened else None

    def seen(self, connection: sa.Connection, alert: Alert, words: str, now: datetime) -> None:
        """The trouble is still there."""
        connection.execute(
            sa.update(alerts)
            .where(alerts.c.id == alert.id, _IS_OPEN)
            .values(words=words, seen_at=now, seen_count=alerts.c.seen_count + 1, good_since=None)
        )

    def good(self, connection: sa.Connection, alert: Alert, now: datetime) -> None:
        """The trouble is not there now."""
        connection.execute(
            sa.update(alerts)
            .where(alerts.c.id == alert.id, alerts.c.good_since.is_(None), _IS_OPEN)
            .values(good_since=now)
        )

    def told(self, connection: sa.Connection, alert: Alert, now: datetime) -> bool:
        """Note that people are told that it lasts. Return False if another process has just done so."""
        unchanged = alerts.c.reminded_at.is_not_distinct_from(alert.reminded_at)
        told = connection.execute(
            sa.update(alerts)
            .where(alerts.c.id == alert.id, unchanged, _IS_OPEN)
            .values(reminded_at=now, is_flapping=False)
        )
        return told.rowcount > 0

    def resolve(self, connection: sa.Connection, alert: Alert, now: datetime) -> Alert | None:
        """End an open alert. Return it as it is then, or None if another process has just ended it."""
        row = connection.execute(
            sa.update(alerts)
            .where(alerts.c.id == alert.id, _IS_OPEN)
            .values(resolved_at=now, calls_written=_written_of(alert.id))
            .returning(*alerts.columns)
        ).one_or_none()
        return _of(row) if row else None

    def hit(
        self,
        connection: sa.Connection,
        alert: Alert,
        which: HitCalls,
        *,
        changed_since: datetime | None = None,
    ) -> None:
        """Note the calls that an open alert hits now, beside those that it hit before.

        changed_since: of calls in a certain state, only those that changed since then can be new.
        """
        conditions = _conditions(which)
        if changed_since is not None and which.state is not None:
            is_new = calls.c.updated_at >= changed_since
            if which.came_before is not None:  # a call gets there by the passing of time
                is_new = sa.or_(is_new, calls.c.first_seen_at >= which.came_before - _AN_HOUR)
            conditions.append(is_new)
        found = (
            sa.select(sa.literal(alert.id, alerts.c.id.type), calls.c.key)
            .where(*conditions)
            .limit(MOST_CALLS)
        )
        columns = [alert_calls.c.alert_id, alert_calls.c.call_key]
        statement = self._session.insert(alert_calls).from_select(columns, found)
        new = connection.execute(statement.on_conflict_do_nothing(index_elements=columns))
        if new.rowcount <= 0 and alert.calls_hit > COUNTED_EACH_LOOK:
            return
        of_alert = alert_calls.c.alert_id == alert.id
        count = sa.select(sa.func.count()).where(of_alert).scalar_subquery()
        connection.execute(
            sa.update(alerts)
            .where(alerts.c.id == alert.id)
            .values(calls_hit=count, calls_written=_written_of(alert.id))
        )

    def take_stable(self, connection: sa.Connection, now: datetime) -> Sequence[Alert]:
        """Return the flapping alerts that have been over for FLAP_WINDOW. Their flapping ends with that."""
        newer = alerts.alias()
        has_newer = sa.exists().where(newer.c.key == alerts.c.key, newer.c.id > alerts.c.id)
        query = (
            sa.update(alerts)
            .where(alerts.c.is_flapping, alerts.c.resolved_at <= now - FLAP_WINDOW, ~has_newer)
            .values(is_flapping=False)
            .returning(*alerts.columns)
        )
        return [_of(row) for row in connection.execute(query).all()]

    # What people do -----------------------------------------------------------------------------------

    def acknowledge(self, key: str, by: str, now: datetime) -> bool:
        """Note who looks after an open alert. Return False if none of this key is open."""
        return self._update_open(key, acknowledged_at=now, acknowledged_by=by)

    def snooze(self, key: str, by: str, until: datetime) -> bool:
        """Say nothing of an open alert until then. Return False if none of this key is open."""
        return self._update_open(key, snoozed_until=until, snoozed_by=by)

    def _update_open(self, key: str, **values: Any) -> bool:
        statement = sa.update(alerts).where(alerts.c.key == key, _IS_OPEN).values(**values)
        with self._session.autocommit() as connection:
            return connection.execute(statement).rowcount > 0

    # What is old --------------------------------------------------------------------------------------

    def prune(self, before: datetime, batch: int) -> int:
        """Delete alerts that were resolved before then, at most so many. Return how many that were."""
        old = sa.select(alerts.c.id).where(alerts.c.resolved_at < before).limit(batch)
        with self._session.begin() as connection:
            ids = list(connection.execute(old).scalars())
            connection.execute(sa.delete(alert_calls).where(alert_calls.c.alert_id.in_(ids)))
            connection.execute(sa.delete(alerts).where(alerts.c.id.in_(ids)))
        return len(ids)


def _of(row: sa.Row[Any]) -> Alert:
    return Alert(**row._mapping)


def _written_of(alert_id: int) -> sa.ScalarSelect[Any]:
    """Return how many of the calls that this alert hit are written."""
    hit = sa.select(alert_calls.c.call_key).where(alert_calls.c.alert_id == alert_id)
    written = sa.select(sa.func.count()).where(calls.c.key.in_(hit), state_in(lifecycle.ACCEPTED))
    return written.scalar_subquery()


def _conditions(which: HitCalls) -> list[sa.ColumnElement[bool]]:
    """Return what has to hold for a call to be hit."""
    found: list[sa.ColumnElement[bool]] = []
    if which.is_unwritten:
        found.append(sa.text(UNDELIVERED))  # type: ignore[arg-type]  # a text is a condition too
    if which.is_retrying:
        found.append(calls.c.tries > 0)
    if which.due_before is not None:
        found.append(calls.c.due_at <= which.due_before)
    if which.waits_for is not None:
        found.append(calls.c.waits_for == which.waits_for)
    if which.state is not None:
        found.append(calls.c.state == which.state.value)
    if which.cause is not None:
        found.append(calls.c.cause == which.cause)
    if which.integration_id is not None:
        found.append(calls.c.integration_id == which.integration_id)
    if which.came_before is not None:
        found.append(calls.c.first_seen_at < which.came_before)
    if which.failed_since is not None:
        found.append(calls.c.updated_at >= which.failed_since)
    if which.unheard_since is not None:
        told = sa.exists().where(hooks.c.call_key == calls.c.key)
        found += [calls.c.first_seen_at >= which.unheard_since, ~told]
    return found
