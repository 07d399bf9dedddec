"""What is to be said in which channel, and was it said? Claimed in the database before it is sent.

A sender that dies in between leaves a claim. It is sent once more then, and says that it may be a repeat. If
that sender dies too, it stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from adapter.storage.schema import alert_channels, alert_notices
from adapter.storage.schema.alerts import UNSENT
from adapter.storage.session import Session

# A claim that is older was left by a sender that died. Mostly its message had got through, and only the answer
# was not noted. So a repeat has no hurry.
CLAIMED_FOR = timedelta(minutes=10)
# When it is tried again after each failure; then it is given up.
WAITS = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60, 120, 240))


@dataclass(frozen=True)
class Message:
    """What is said once in each channel. topic: what it is about. kind: what sort of message it is."""

    topic: str
    kind: str
    title: str
    body: str


class NoticeState(StrEnum):
    """How far a notice came. UNKNOWN: it may have been sent, and is not sent again."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Notice:
    """A message in one channel. is_repeat: it may have been sent before."""

    id: int
    topic: str
    channel: str
    kind: str
    title: str
    body: str
    state: NoticeState
    created_at: datetime
    tries: int
    is_repeat: bool
    ended_at: datetime | None
    error: str | None


@dataclass(frozen=True)
class ChannelState:
    """How a channel does. title: its kind, without its address. off_since: it refused for good."""

    id: str
    title: str
    sent_at: datetime | None
    failed_at: datetime | None
    error: str | None
    off_since: datetime | None


class Notices:
    """The rows of `alert_notices` and `alert_channels`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        connection: sa.Connection,
        message: Message,
        channels: Sequence[str],
        now: datetime,
    ) -> int:
        """Plan a message for each of these channels, unless that topic was planned before.

        Return how many were planned.
        """
        rows = [
            {
                "topic": message.topic,
                "channel": channel,
                "kind": message.kind,
                "title": message.title,
                "body": message.body,
                "state": NoticeState.WAITING.value,
                "created_at": now,
                "try_at": now,
            }
            for channel in channels
        ]
        if not rows:
            return 0
        statement = self._session.insert(alert_notices).values(rows)
        once = [alert_notices.c.topic, alert_notices.c.channel]
        planned: int = connection.execute(
            statement.on_conflict_do_nothing(index_elements=once)
        ).rowcount
        return planned

    def claim(self, channels: Sequence[str], now: datetime) -> Notice | None:
        """Take the next notice that is to be sent in one of these channels. Nobody else sends it then."""
        self._take_over(now)
        is_due = sa.and_(
            sa.text(UNSENT),
            alert_notices.c.state == NoticeState.WAITING.value,
            alert_notices.c.try_at <= now,
            alert_notices.c.channel.in_(channels),
        )
        first = (
            sa.select(alert_notices.c.id).where(is_due).order_by(alert_notices.c.try_at).limit(1)
        )
        with self._session.autocommit() as connection:
            row = connection.execute(first).one_or_none()
            if row is None:
                return None
        with self._session.autocommit() as connection:
            taken = connection.execute(
                sa.update(alert_notices)
                .where(
                    alert_notices.c.id == row.id, alert_notices.c.state == NoticeState.WAITING.value
                )
                .values(
                    state=NoticeState.SENDING.value, claimed_at=now, tries=alert_notices.c.tries + 1
                )
                .returning(*_COLUMNS)
            ).one_or_none()
        return _notice(taken) if taken else self.claim(channels, now)

    def _take_over(self, now: datetime) -> None:
        left = sa.and_(
            sa.text(UNSENT),
            alert_notices.c.state == NoticeState.SENDING.value,
            alert_notices.c.claimed_at <= now - CLAIMED_FOR,
        )
        with self._session.autocommit() as connection:
            if (
                connection.execute(sa.select(alert_notices.c.id).where(left).limit(1)).first()
                is None
            ):
                return  # as nearly always; nothing is written then
        state = sa.case(
            (alert_notices.c.is_repeat, NoticeState.UNKNOWN.value), else_=NoticeState.WAITING.value
        )
        with self._session.autocommit() as connection:
            connection.execute(
                sa.update(alert_notices)
                .where(left)
                .values(state=state, is_repeat=True, try_at=now, error="its sender died")
            )

    def sent(self, notice: Notice, now: datetime) -> None:
        """It got through. A channel that was off is on again."""
        channel = {"sent_at": now, "failed_at": None, "error": None, "off_since": None}
        self._end(
            notice, {"state": NoticeState.SENT.value, "ended_at": now, "error": None}, channel
        )

    def not_sent(
        self,
        notice: Notice,
        error: str,
        now: datetime,
        *,
        is_permanent: bool,
        is_in_doubt: bool,
    ) -> None:
        """It did not get through: it is tried again later.

        is_permanent: the channel refuses for good, and is switched off. is_in_doubt: it may have got through.
        """
        channel: dict[str, Any] = {"failed_at": now, "error": error}
        values: dict[str, Any] = {"error": error}
        if is_permanent:
            channel["off_since"] = sa.func.coalesce(
                alert_channels.c.off_since, sa.literal(now, alert_channels.c.off_since.type)
            )
        if is_permanent or notice.kind == "test" or notice.tries > len(WAITS):
            values |= {"state": NoticeState.FAILED.value, "ended_at": now}
        elif is_in_doubt and notice.is_repeat:
            values |= {"state": NoticeState.UNKNOWN.value, "ended_at": now}
        else:
            is_repeat = notice.is_repeat or is_in_doubt
            try_at = now + WAITS[notice.tries - 1]
            values |= {"state": NoticeState.WAITING.value, "try_at": try_at, "is_repeat": is_repeat}
        self._end(notice, values, channel)
        if is_permanent:
            self._give_up(notice.channel, error, now)

    def _give_up(self, channel: str, error: str, now: datetime) -> None:
        """Say nothing more of what waits for a channel that is off."""
        waits = sa.and_(
            sa.text(UNSENT),
            alert_notices.c.state == NoticeState.WAITING.value,
            alert_notices.c.channel == channel,
        )
        with self._session.autocommit() as connection:
            connection.execute(
                sa.update(alert_notices)
                .where(waits)
                .values(state=NoticeState.FAILED.value, error=error, ended_at=now)
            )

    def _end(self, notice: Notice, values: dict[str, Any], channel: dict[str, Any]) -> None:
        ours = sa.and_(
            alert_notices.c.id == notice.id, alert_notices.c.state == NoticeState.SENDING.value
        )
        with self._session.begin() as connection:
            connection.execute(sa.update(alert_notices).where(ours).values(**values))
            connection.execute(
                sa.update(alert_channels)
                .where(alert_channels.c.id == notice.channel)
                .values(**channel)
            )

    def register(self, titles: Mapping[str, str]) -> None:
        """Keep a row for each channel, and none of channels that are not in the settings any more."""
        with self._session.begin() as connection:
            known = set(connection.execute(sa.select(alert_channels.c.id)).scalars())
            if known == set(titles):
                return
            connection.execute(
                sa.delete(alert_channels).where(alert_channels.c.id.notin_(list(titles)))
            )
            for id, title in titles.items():
                statement = self._session.insert(alert_channels).values(id=id, title=title)
                connection.execute(
                    statement.on_conflict_do_nothing(index_elements=[alert_channels.c.id])
                )

    def channels(self) -> Sequence[ChannelState]:
        """Return how each channel does."""
        with self._session.autocommit() as connection:
            rows = connection.execute(sa.select(alert_channels).order_by(alert_channels.c.title))
            return [ChannelState(**row._mapping) for row in rows]

    def recent(self, limit: int = 50) -> Sequence[Notice]:
        """Return the newest notices."""
        query = sa.select(*_COLUMNS).order_by(alert_notices.c.id.desc()).limit(limit)
        with self._session.autocommit() as connection:
            return [_notice(row) for row in connection.execute(query)]

    def of_topic(self, topic: str) -> Sequence[Notice]:
        """Return the notices about this topic."""
        query = sa.select(*_COLUMNS).where(alert_notices.c.topic == topic)
        with self._session.autocommit() as connection:
            return [_notice(row) for row in connection.execute(query.order_by(alert_notices.c.id))]

    def prune(self, before: datetime, batch: int) -> int:
        """Delete notices that were made before then, at most so many. Return how many that were."""
        old = sa.select(alert_notices.c.id).where(alert_notices.c.created_at < before).limit(batch)
        with self._session.begin() as connection:
            gone = connection.execute(sa.delete(alert_notices).where(alert_notices.c.id.in_(old)))
        return gone.rowcount


_COLUMNS = tuple(alert_notices.c[name] for name in Notice.__dataclass_fields__)


def _notice(row: sa.Row[Any]) -> Notice:
    return Notice(**{**row._mapping, "state": NoticeState(row.state)})
