"""What waits for somebody? Held and failed calls by cause and line, and parked hooks by their error."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.domain.call import Call, CallState, HookState
from adapter.domain.cause import Cause
from adapter.storage.schema import calls, hooks
from adapter.storage.schema.calls import TO_DECIDE
from adapter.storage.session import Session

# Of parked hooks the newest so many are looked at.
MOST_PARKED = 10_000
# Errors of parked hooks are the same up to here; behind it may stand what is of one hook.
_ERROR_LENGTH = 80


@dataclass(frozen=True)
class Group:
    """Calls in one state, with one cause, on one line.

    first_at, last_at: when the oldest and the newest of them was first heard of.
    example: the reason of the newest.
    """

    state: CallState
    cause: Cause | None
    line: str | None
    count: int
    first_at: datetime
    last_at: datetime
    example: str | None


@dataclass(frozen=True)
class ParkedGroup:
    """Parked hooks of one provider with the same error. error: how it begins."""

    provider: str
    error: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class GroupKey:
    """Which group. It is in the database as it was written there: cause may be one of a later version."""

    state: str
    cause: str
    line: str


@dataclass(frozen=True)
class LastCalls:
    """When the newest call came, and when the newest one that is written was written."""

    came_at: datetime | None
    written_at: datetime | None


class Inbox:
    """Reads only. Groups come by their count, the largest first."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def groups(
        self, *, after: tuple[int, GroupKey] | None = None, limit: int = 50
    ) -> Sequence[tuple[GroupKey, Group]]:
        """Groups with their keys. after: the count and the key of the last one of the page before."""
        query = _GROUPS
        if after is not None:
            count, key = after
            is_later = sa.tuple_(_STATE, _CAUSE, _LINE) > sa.tuple_(
                sa.literal(key.state), sa.literal(key.cause), sa.literal(key.line)
            )
            query = query.having(sa.or_(_size < count, sa.and_(_size == count, is_later)))
        with self._session.autocommit() as connection:
            rows = connection.execute(_with_example(query.limit(limit))).all()
        return [(GroupKey(row.state, row.cause, row.line), _group(row)) for row in rows]

    def calls_of(
        self, key: GroupKey, *, after: tuple[datetime, str] | None = None, limit: int = 25
    ) -> Sequence[Call]:
        """Calls of a group, the newest first.

        after: first_seen_at and key of the last one of the page before.
        """
        query = sa.select(calls).where(*_is_of(key))
        if after is not None:
            place = sa.tuple_(calls.c.first_seen_at, calls.c.key)
            at = sa.literal(after[0], calls.c.first_seen_at.type)
            query = query.where(place < sa.tuple_(at, sa.literal(after[1])))
        query = query.order_by(calls.c.first_seen_at.desc(), calls.c.key.desc()).limit(limit)
        with self._session.autocommit() as connection:
            return [Call.of(row._mapping) for row in connection.execute(query)]

    def group(self, key: GroupKey) -> Group | None:
        """The group with this key; None if nothing is left of it."""
        with self._session.autocommit() as connection:
            row = connection.execute(_with_example(_GROUPS.where(*_is_of(key)))).one_or_none()
        return _group(row) if row else None

    def held_from(self, numbers: Collection[str], lines: Collection[str]) -> Mapping[str, int]:
        """How many held calls there are from each of these numbers on these lines (all E.164)."""
        query = (
            sa.select(calls.c.other, _size)
            .where(calls.c.other.in_(sorted(numbers)), calls.c.line.in_(sorted(lines)))
            .where(calls.c.state == CallState.HELD.value)
            .group_by(calls.c.other)
        )
        with self._session.autocommit() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def parked(self, *, limit: int = 20) -> Sequence[ParkedGroup]:
        """Groups of parked hooks, the largest first; of the newest MOST_PARKED hooks."""
        with self._session.autocommit() as connection:
            rows = connection.execute(_PARKED.limit(limit)).all()
        return [ParkedGroup(*row) for row in rows]

    def last_calls(self) -> LastCalls:
        """When something came and was written last."""
        with self._session.autocommit() as connection:
            came, written = connection.execute(_LAST).one()
        return LastCalls(came, written)


def _group(row: sa.Row[Any]) -> Group:
    return Group(
        CallState(row.state),
        Cause.of(row.cause or None),
        row.line or None,
        row.size,
        row.first_at,
        row.last_at,
        row.example,
    )


def _with_example(groups: sa.Select[Any]) -> sa.Select[Any]:
    """These groups with the reason of the newest call of each, read by the same index."""
    group, newest = groups.subquery("groups"), calls.alias("newest")
    reason = (
        sa.select(newest.c.reason)
        .where(newest.c.state == group.c.state)
        .where(sa.text(f"newest.{TO_DECIDE}"))
        .where(newest.c.cause == group.c.cause, newest.c.line == group.c.line)
        .order_by(newest.c.first_seen_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    order = (group.c.size.desc(), group.c.state, group.c.cause, group.c.line)
    return sa.select(group, reason.label("example")).order_by(*order)


def _is_of(key: GroupKey) -> tuple[Any, ...]:
    return (
        _WAITING,
        calls.c.state == key.state,
        calls.c.cause == key.cause if key.cause else calls.c.cause.is_(None),
        calls.c.line == key.line if key.line else calls.c.line.is_(None),
    )


# As the index of these calls has it, so that planners see that it is enough.
_WAITING = sa.text(f"calls.{TO_DECIDE}")
_STATE = calls.c.state
_CAUSE = sa.func.coalesce(calls.c.cause, "")
_LINE = sa.func.coalesce(calls.c.line, "")
_size = sa.func.count()
_SEEN = calls.c.first_seen_at
_GROUPS = (
    sa.select(
        _STATE.label("state"),
        _CAUSE.label("cause"),
        _LINE.label("line"),
        _size.label("size"),
        sa.func.min(_SEEN).label("first_at"),
        sa.func.max(_SEEN).label("last_at"),
    )
    .where(_WAITING)
    .group_by(_STATE, calls.c.cause, calls.c.line)
    .order_by(_size.desc(), _STATE, _CAUSE, _LINE)
)
_NEWEST_PARKED = (
    sa.select(
        hooks.c.provider,
        sa.func.substr(sa.func.coalesce(hooks.c.error, ""), 1, _ERROR_LENGTH).label("error"),
        hooks.c.received_at,
    )
    .where(hooks.c.state == HookState.PARKED.value)
    .order_by(hooks.c.id.desc())
    .limit(MOST_PARKED)
    .subquery()
)
_PARKED = (
    sa.select(
        _NEWEST_PARKED.c.provider,
        _NEWEST_PARKED.c.error,
        sa.func.count(),
        sa.func.min(_NEWEST_PARKED.c.received_at),
        sa.func.max(_NEWEST_PARKED.c.received_at),
    )
    .group_by(_NEWEST_PARKED.c.provider, _NEWEST_PARKED.c.error)
    .order_by(sa.func.count().desc(), _NEWEST_PARKED.c.provider, _NEWEST_PARKED.c.error)
)
_WRITTEN = (
    sa.select(sa.func.coalesce(calls.c.confirmed_at, calls.c.posted_at, calls.c.updated_at))
    .where(calls.c.state == CallState.WRITTEN.value)
    .order_by(_SEEN.desc())
    .limit(1)
    .scalar_subquery()
)
_LAST = sa.select(
    sa.select(sa.func.max(_SEEN)).scalar_subquery().label("came"),
    sa.type_coerce(_WRITTEN, _SEEN.type).label("written"),
)
