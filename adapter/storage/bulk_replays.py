"""Which calls did somebody have delivered again all at once, and how far has that come?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from adapter.domain.actor import Actor
from adapter.domain.call import Call, CallState
from adapter.domain.call_filter import CallFilter
from adapter.domain.cause import Cause
from adapter.storage.call_lists import CallLists
from adapter.storage.schema import bulk_replays, calls
from adapter.storage.session import Session

_FILTER = TypeAdapter(CallFilter)


class BulkState(StrEnum):
    """Where a bulk replay stands."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class What(StrEnum):
    """What is replayed: calls, or hooks that could not be read."""

    CALLS = "calls"
    PARKED = "parked"


@dataclass(frozen=True)
class BulkReplay:
    """One bulk replay. at, who, origin: when it was asked for, by whom and from where.

    expected: how many calls there were then. planned: how many were planned anew so far (of parked hooks: were
    taken). skipped: how many were left alone, by the reason. stopped_by: who stopped it.
    """

    id: int
    what: What
    filter_json: str
    at: datetime
    who: str
    origin: str | None
    expected: int
    state: BulkState
    place_at: datetime | None
    place_key: str | None
    planned: int
    skipped: Mapping[str, int]
    stopped_by: str | None
    updated_at: datetime

    @cached_property
    def filter(self) -> CallFilter:
        return _FILTER.validate_json(self.filter_json)

    @property
    def seen(self) -> int:
        """How many it has come by."""
        return self.planned + sum(self.skipped.values())

    @property
    def actor(self) -> Actor:
        return Actor(self.who, self.origin)


class BulkReplays:
    """The rows of `bulk_replays`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lists = CallLists(session)

    def count(self, wanted: CallFilter) -> Mapping[tuple[CallState, bool], int]:
        """How many calls fit, exactly, by their state and whether they were forgotten."""
        # Two queries, of which the first can do with an index: few calls were forgotten.
        counted = sa.select(calls.c.state, sa.func.count()).where(*self._lists.conditions(wanted))
        counted = counted.group_by(calls.c.state)
        with self._session.autocommit() as connection:
            by_state = {CallState(row[0]): int(row[1]) for row in connection.execute(counted)}
        counts = {(state, False): count for state, count in by_state.items()}
        if ignored := by_state.get(CallState.IGNORED):
            is_forgotten = (
                calls.c.state == CallState.IGNORED.value,
                calls.c.cause == Cause.FORGOTTEN.value,
            )
            with self._session.autocommit() as connection:
                rows = connection.execute(counted.where(*is_forgotten)).all()
            forgotten = sum(int(row[1]) for row in rows)
            counts[CallState.IGNORED, True] = forgotten
            counts[CallState.IGNORED, False] = ignored - forgotten
        return {which: count for which, count in counts.items() if count > 0}

    def begin(
        self, what: What, wanted: CallFilter, *, expected: int, by: Actor, now: datetime
    ) -> int:
        """Keep that this is to be done; its id."""
        values = {
            "what": what.value,
            "filter": _FILTER.dump_json(wanted).decode(),
            "at": now,
            "who": by.name,
            "origin": by.origin,
            "expected": expected,
            "state": BulkState.RUNNING.value,
            "updated_at": now,
        }
        statement = sa.insert(bulk_replays).values(**values).returning(bulk_replays.c.id)
        with self._session.begin() as connection:
            return int(connection.execute(statement).scalar_one())

    def stop(self, bulk_id: int, *, by: Actor, now: datetime) -> bool:
        """Let it go no further; False if it has ended already."""
        is_running = bulk_replays.c.state == BulkState.RUNNING.value
        with self._session.begin() as connection:
            row = connection.execute(
                sa.update(bulk_replays)
                .where(bulk_replays.c.id == bulk_id, is_running)
                .values(updated_at=now)
                .returning(bulk_replays)
            ).one_or_none()
            if row is None:
                return False
            values = {**_ended(_of(row), BulkState.STOPPED), "stopped_by": by.name}
            connection.execute(_THIS.values(**values), {"this": bulk_id})
        return True

    def locked_next(self, connection: sa.Connection, now: datetime) -> BulkReplay | None:
        """The oldest one that goes on, locked until the transaction ends."""
        oldest = (
            sa.select(sa.func.min(bulk_replays.c.id))
            .where(sa.text("state = 'running'"))
            .scalar_subquery()
        )
        row = connection.execute(
            sa.update(bulk_replays)
            .where(bulk_replays.c.id == oldest, sa.text("state = 'running'"))
            .values(updated_at=now)
            .returning(bulk_replays)
        ).one_or_none()
        return _of(row) if row else None

    def has_running(self) -> bool:
        """True if there is something to do."""
        query = sa.select(bulk_replays.c.id).where(sa.text("state = 'running'")).limit(1)
        with self._session.autocommit() as connection:
            return connection.execute(query).first() is not None

    def following(self, connection: sa.Connection, bulk: BulkReplay, limit: int) -> Sequence[Call]:
        """The calls that come next, the newest first: those that were there when it was asked for."""
        query = sa.select(calls).where(*self._lists.conditions(bulk.filter))
        query = query.where(calls.c.first_seen_at <= bulk.at)
        if bulk.place_at is not None:
            place = sa.tuple_(
                sa.literal(bulk.place_at, calls.c.first_seen_at.type), sa.literal(bulk.place_key)
            )
            query = query.where(
                calls.c.first_seen_at <= bulk.place_at,
                sa.tuple_(calls.c.first_seen_at, calls.c.key) < place,
            )
        query = query.order_by(calls.c.first_seen_at.desc(), calls.c.key.desc()).limit(limit)
        return [Call.of(row._mapping) for row in connection.execute(query)]

    def note(self, connection: sa.Connection, bulk: BulkReplay) -> None:
        """Keep how far it has come, and whether it has ended."""
        values: dict[str, Any] = {
            "state": bulk.state.value,
            "place_at": bulk.place_at,
            "place_key": bulk.place_key,
            "planned": bulk.planned,
            "skipped": json.dumps(bulk.skipped),
        }
        if bulk.state is not BulkState.RUNNING:
            values |= _ended(bulk, bulk.state)
        connection.execute(_THIS.values(**values), {"this": bulk.id})

    def get(self, bulk_id: int) -> BulkReplay | None:
        """The bulk replay with this id."""
        query = sa.select(bulk_replays).where(bulk_replays.c.id == bulk_id)
        with self._session.autocommit() as connection:
            row = connection.execute(query).one_or_none()
        return _of(row) if row else None

    def newest(self, limit: int = 5) -> Sequence[BulkReplay]:
        """The newest ones first."""
        query = sa.select(bulk_replays).order_by(bulk_replays.c.id.desc()).limit(limit)
        with self._session.autocommit() as connection:
            return [_of(row) for row in connection.execute(query)]


def _of(row: sa.Row[Any]) -> BulkReplay:
    values = dict(row._mapping)
    values["what"], values["state"] = What(values["what"]), BulkState(values["state"])
    values["skipped"] = json.loads(values["skipped"])
    values["filter_json"] = values.pop("filter")
    return BulkReplay(**values)


def _ended(bulk: BulkReplay, state: BulkState) -> dict[str, Any]:
    """What is kept of one that has ended: not what was searched for, which may be a person's name or number."""
    kept = replace(bulk.filter, search=None)
    return {"state": state.value, "filter": _FILTER.dump_json(kept).decode()}


_THIS = sa.update(bulk_replays).where(bulk_replays.c.id == sa.bindparam("this"))
