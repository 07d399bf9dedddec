"""Which calls are there? Stores a call, locks it, changes it, and finds calls for people who look.

When a call is due and who delivers it is asked of `adapter.storage.runs`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Unpack

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from adapter.domain.call import ON_RECORD, Call, CallState, RawHook
from adapter.domain.lifecycle import ALL, CallUpdate, NewCall, States, begin_forgotten
from adapter.domain.record import CallRecord, call_key
from adapter.storage.hooks import Hooks, NewHook, new_row
from adapter.storage.schema import UTCDateTime, calls, hooks, legs
from adapter.storage.session import Session


@dataclass(frozen=True)
class FirstHook:
    """What became of a hook that may be the first of its call.

    known: the row of the call that was there already, with its mark (adapter.storage.known_calls).
    On SQLite it is None.
    """

    is_new: bool
    known: Mapping[str, Any] | None = None


class Calls:
    """The rows of `calls`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # One call ---------------------------------------------------------------------------------

    def take(self, connection: sa.Connection, call: NewCall) -> Call:
        """Insert the call as given, or lock and return the row that is there (version > 1)."""
        statement = (
            self._session.insert(calls)
            .values(**_NEW, **stored(call))
            .on_conflict_do_update(
                index_elements=[calls.c.key], set_={"version": calls.c.version + 1}
            )
            .returning(calls)
        )
        return Call.of(connection.execute(statement).one()._mapping)

    def add_first(self, call: NewCall, hook: RawHook, *, kind: str) -> FirstHook:
        """Store a call together with the first hook that tells of it, if it was not there already.

        call: as for `take`, first seen when the hook was received. kind: the hook's.

        On PostgreSQL this is one statement, and so one round trip, which is its own transaction.
        """
        row, hook_row = stored(call), {**new_row(hook), "kind": kind}
        if self._session.is_postgresql:
            statement, names = _first_statement(tuple(row), tuple(hook_row))
            values = dict(zip(names, (*row.values(), *hook_row.values()), strict=True))
            rows = self._session.run_at_once(statement, values)
            if not rows:
                return FirstHook(is_new=True)
            (found,) = rows
            return FirstHook(
                is_new=False, known={**_of_json(found["known"]), "mark": found["mark"]}
            )
        with self._session.begin() as connection:
            insert = self._session.insert(calls).values(**_NEW, **row)
            insert = insert.on_conflict_do_nothing(index_elements=[calls.c.key])
            if connection.execute(insert).rowcount == 0:
                return FirstHook(is_new=False)
            Hooks(self._session).add(connection, replace(hook, kind=kind, call_key=call["key"]))
        return FirstHook(is_new=True)

    def locked(self, connection: sa.Connection, key: str) -> Call | None:
        """The call, locked until the transaction ends."""
        row = connection.execute(_LOCK, {"this": key}).one_or_none()
        return Call.of(row._mapping) if row else None

    def update(self, connection: sa.Connection, key: str, **values: Unpack[CallUpdate]) -> None:
        """Set these columns of the call, whatever its run."""
        self._session.later(connection, _UPDATE, {"this": key, **stored(values)})

    def get(self, key: str) -> Call | None:
        """The call, read in a transaction of its own."""
        with self._session.autocommit() as connection:
            return self.read(connection, key)

    def read(self, connection: sa.Connection, key: str) -> Call | None:
        """The call as this transaction sees it, not locked."""
        row = connection.execute(_SELECT, {"this": key}).one_or_none()
        return Call.of(row._mapping) if row else None

    # Many calls -------------------------------------------------------------------------------

    def find(self, name: str) -> Sequence[Call]:
        """Calls with this key or provider id; several only where two accounts share an id.

        The one that was stored first comes first.
        """
        query = sa.select(calls).where(sa.or_(calls.c.key == name, calls.c.call_id == name))
        return self._select(query.order_by(calls.c.first_seen_at, calls.c.key))

    def find_by_beginning(self, name: str, limit: int) -> Sequence[Call]:
        """Calls whose key or provider id begins so, which is written as those are; the newest first."""
        # LIKE is blind to case on SQLite, substr is not; as many of the first as there are characters.
        query = sa.select(calls).where(
            sa.or_(
                sa.func.substr(calls.c.call_id, 1, len(name)) == name,
                sa.func.substr(calls.c.key, 1, len(name)) == name,
            )
        )
        newest_first = query.order_by(calls.c.first_seen_at.desc(), calls.c.key)
        return self._select(newest_first.limit(limit))

    def search(
        self,
        *,
        state: str | None = None,
        number: str | None = None,
        line: str | None = None,
        reason: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> Sequence[Call]:
        """Calls, newest first. reason: words in it. since, until: when they were first heard of."""
        query = sa.select(calls).order_by(calls.c.first_seen_at.desc(), calls.c.key.desc())
        for column, value in (
            (calls.c.state, state),
            (calls.c.other, number),
            (calls.c.line, line),
        ):
            if value is not None:
                query = query.where(column == value)
        if state is None:
            query = query.where(calls.c.state != CallState.FOLDED.value)
        if reason is not None:
            query = query.where(calls.c.reason.icontains(reason, autoescape=True))
        if since is not None:
            query = query.where(calls.c.first_seen_at >= since)
        if until is not None:
            query = query.where(calls.c.first_seen_at < until)
        return self._select(query.limit(limit).offset(offset))

    def held_from(
        self, connection: sa.Connection, number: str, lines: Collection[str], *, limit: int
    ) -> Sequence[str]:
        """The keys of the held calls from this number on these lines (all E.164), the newest first."""
        query = (
            sa.select(calls.c.key)
            .where(calls.c.other == number, calls.c.state == CallState.HELD.value)
            .where(calls.c.line.in_(sorted(lines)))
            .order_by(calls.c.first_seen_at.desc(), calls.c.key)
            .limit(limit)
        )
        return connection.execute(query).scalars().all()

    def count(self) -> Mapping[tuple[str, str], int]:
        """How many calls there are by (state, outcome)."""
        query = sa.select(
            calls.c.state, sa.func.coalesce(calls.c.outcome, "unknown"), sa.func.count()
        ).group_by(calls.c.state, calls.c.outcome)
        with self._session.autocommit() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    def count_on_line(self, line: str) -> int:
        """How many calls were on this line of ours (E.164)."""
        mine = sa.and_(calls.c.line == line, calls.c.state != CallState.FOLDED.value)
        query = sa.select(sa.func.count()).select_from(calls).where(mine)
        with self._session.autocommit() as connection:
            return int(connection.execute(query).scalar_one())

    def _select(self, query: sa.Select[Any]) -> Sequence[Call]:
        with self._session.autocommit() as connection:
            return [Call.of(row._mapping) for row in connection.execute(query)]

    # What was forgotten -----------------------------------------------------------------------

    def has_forgotten(self, connection: sa.Connection, keys: Collection[str]) -> bool:
        """True if one of these is a call, or a leg of a call, that was forgotten on request."""
        owners = sa.select(legs.c.call_key).where(legs.c.leg_key.in_(keys))
        named = sa.or_(calls.c.key.in_(keys), calls.c.key.in_(owners))
        rows = connection.execute(sa.select(calls).where(named))
        return any(Call.of(row._mapping).record.is_forgotten for row in rows)

    def remember_forgotten(
        self, connection: sa.Connection, hook: sa.Row[Any], now: datetime
    ) -> None:
        """Keep of a call whose only hooks were parked and deleted that it was, and is forgotten."""
        record = CallRecord(
            provider=hook.provider,
            account=hook.account,
            call_id=hook.call_key.removeprefix(call_key(hook.provider, hook.account, "")),
            is_forgotten=True,
            was_read=True,
        )
        row: NewCall = {
            "key": record.key,
            "provider": record.provider,
            "account": record.account,
            "call_id": record.call_id,
            "record": record.to_json(),
            "first_seen_at": hook.received_at,
            **begin_forgotten(now=now),
        }
        statement = self._session.insert(calls).values(**_NEW, **stored(row))
        connection.execute(statement.on_conflict_do_nothing(index_elements=[calls.c.key]))


def state_in(states: States) -> sa.ColumnElement[bool]:
    """The condition that a call is in one of these states."""
    if states == ALL:
        return sa.true()
    if len(states) == 1:  # as a plain comparison it can stand in a statement for many rows, too
        (only,) = states
        return calls.c.state == only.value
    return calls.c.state.in_(sorted(state.value for state in states))


def stored(values: CallUpdate) -> dict[str, Any]:
    """These values of a call as its columns hold them."""
    columns: dict[str, Any] = {**values}
    if state := values.get("state"):
        columns["state"] = state.value
    if cause := values.get("cause"):
        columns["cause"] = str(cause)
    if event := values.get("event"):
        columns["event"] = event.to_json()
    if columns.pop("is_on_record", False):
        columns["job_id"] = ON_RECORD
    return columns


# Built once: SQLAlchemy takes longer to build a statement than to send it. Columns to set are the parameters.
_THIS: sa.BindParameter[Any] = sa.bindparam("this")
_SELECT = sa.select(calls).where(calls.c.key == _THIS)
_UPDATE = sa.update(calls).where(calls.c.key == _THIS)
_LOCK = _UPDATE.values(version=calls.c.version + 1).returning(calls)

# Columns of a new call that say nothing yet.
_NEW = {"version": 1, "tries": 0, "link_version": 0, "queued_run": 0}
# A hook takes these from the call that it told of.
_FROM_CALL = {"provider": calls.c.provider, "account": calls.c.account, "call_key": calls.c.key}


# Another one after each change of the row: the transaction that wrote it last.
MARK = sa.cast(sa.literal_column("calls.xmin"), sa.Text).label("mark")
_WHOLE_ROW: sa.Label[Any] = sa.case(
    (calls.c.version > sa.literal_column("1"), sa.func.to_jsonb(sa.literal_column("calls")))
).label("known")
_TIMES = [column.name for column in calls.c if isinstance(column.type, UTCDateTime)]


def _of_json(known: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row of a call as its columns hold it. A newer version of the adapter may have added columns."""
    row = {name: known[name] for name in calls.c.keys()}  # noqa: SIM118 - a collection of columns, not a dict
    for name in _TIMES:
        if row[name] is not None:
            row[name] = datetime.fromisoformat(row[name])
    return row


@cache
def _first_statement(
    columns: tuple[str, ...], hook_columns: tuple[str, ...]
) -> tuple[sa.Executable, Sequence[str]]:
    """The statement that inserts a call with these columns, and the hook that tells of it if the call is new.

    It returns the row of a call that was there, as JSON: naming each column would cost every hook more than the
    row costs the few that need it. The second value: the names of its parameters, in the order of the columns.
    """
    values: dict[str, sa.ColumnElement[Any]]
    values = {name: sa.bindparam(f"call_{name}", type_=calls.c[name].type) for name in columns}
    values |= {name: sa.literal_column(str(value)) for name, value in _NEW.items()}
    call = (
        postgresql.insert(calls)
        .values(values)
        .on_conflict_do_update(
            index_elements=[calls.c.key],
            set_={"version": calls.c.version + sa.literal_column("1")},
        )
        .returning(*_FROM_CALL.values(), calls.c.version, _WHOLE_ROW, MARK)
        .cte("call")
    )
    new_hook = {name: call.c[column.name] for name, column in _FROM_CALL.items()} | {
        name: sa.bindparam(f"hook_{name}", type_=hooks.c[name].type)
        for name in NewHook.__annotations__
        if name not in _FROM_CALL
    }
    is_new = call.c.version == sa.literal_column("1")
    hook = sa.insert(hooks).from_select(list(new_hook), sa.select(*new_hook.values()).where(is_new))
    found = sa.select(call.c.known, call.c.mark).where(~is_new)
    names = [f"call_{name}" for name in columns] + [f"hook_{name}" for name in hook_columns]
    return found.add_cte(hook.cte("hook")), names
