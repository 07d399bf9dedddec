"""What does the database know of hooks, calls and attempts, and how is it asked?

All SQL of the calls stands here. Methods that take a connection run inside the caller's transaction
(`with store.begin() as connection`), so that a record and its schedule commit together.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapter.domain.call import FORGOTTEN, ON_RECORD, OPERATOR, Attempt, Call, CallState, RawHook
from adapter.domain.record import CallRecord, call_key
from adapter.errors import StoreRefused, StoreUnavailable
from adapter.observability.observe import Exchange
from adapter.storage.engine import cause_of, empty_traces
from adapter.storage.schema import attempts, calls, hooks, legs, secrets, workers

# Read-only (a standby, a failover); tables or columns missing (this code is ahead of `migrate`);
# this process was frozen amid a transaction (adapter.storage.pooler.FROZEN_SECONDS).
_NOT_NOW = frozenset({"25006", "42P01", "42703", "25P03"})


class Store:
    """The calls' database, SQLite or PostgreSQL; the same statements on both."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        # SQLite begins a transaction for each statement that writes anyhow, as its driver was told to.
        self._autocommit = (
            engine.execution_options(isolation_level="AUTOCOMMIT")
            if engine.dialect.name == "postgresql"
            else engine
        )
        self.insert: Any = (
            postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        )

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction, committed at the end of the block.

        Errors: StoreUnavailable when the database cannot be reached, is locked, read-only or full;
        StoreRefused when it does not take what it was given.
        """
        with self._errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def autocommit(self) -> Iterator[sa.Connection]:
        """A connection for a single statement: a transaction of its own, in one round trip instead of three.

        Errors: as of `begin`.
        """
        with self._errors(), self._autocommit.begin() as connection:
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        driver = self.engine.dialect.loaded_dbapi
        passing = (driver.OperationalError, driver.InterfaceError, sa.exc.TimeoutError)
        try:
            yield
        except (
            sa.exc.DBAPIError,
            sa.exc.TimeoutError,
            sa.exc.InvalidRequestError,
            driver.Error,
        ) as error:
            cause = getattr(error, "orig", None) or error
            said = f"{type(cause).__name__}: {cause_of(error)}"
            if isinstance(cause, passing) or getattr(cause, "sqlstate", None) in _NOT_NOW:
                raise StoreUnavailable(f"the database did not do it: {said}") from error
            raise StoreRefused(f"the database does not take it: {said}") from error

    def _run_at_once(self, statement: str, values: Mapping[str, Any]) -> int:
        """Run the statement that is run most, as a transaction of its own; how many rows it changed.

        On the driver's own connection: SQLAlchemy's costs more than the statement. Errors: as of `begin`.
        """
        with self._errors():
            pooled = self.engine.raw_connection()
            connection: Any = pooled.driver_connection
            try:
                connection.autocommit = True
                try:
                    return int(connection.execute(statement, values, prepare=True).rowcount)
                finally:
                    connection.autocommit = False
            except self.engine.dialect.loaded_dbapi.Error:
                pooled.invalidate()
                raise
            finally:
                pooled.close()

    # Hooks ------------------------------------------------------------------------------------

    def add_hook(self, connection: sa.Connection, hook: RawHook) -> int:
        """Keep a hook as it came; its id."""
        result = connection.execute(sa.insert(hooks).returning(hooks.c.id), _hook_row(hook))
        return int(result.scalar_one())

    def count_repeat(self, connection: sa.Connection, hook: RawHook) -> bool:
        """Count a hook that is kept already, in the same call and state; False if it is not.

        It is the same if its bytes are, or its signature: whoever caught a hook can write the same content in
        many ways (its parameters in another order), but sign nothing else.
        """
        same = sa.and_(
            hooks.c.method == hook.method,
            hooks.c.target == hook.target,
            hooks.c.body == hook.body,
        )
        if signature := hook.headers.get("X-Twilio-Signature"):
            same = sa.or_(same, hooks.c.headers.contains(json.dumps(signature), autoescape=True))
        first = sa.select(sa.func.min(hooks.c.id)).where(
            hooks.c.call_key.is_not_distinct_from(hook.call_key),
            hooks.c.state == hook.state,
            hooks.c.account == hook.account,
            same,
        )
        result = connection.execute(
            sa.update(hooks)
            .where(hooks.c.id == first.scalar_subquery())
            .values(repeats=hooks.c.repeats + 1, repeated_at=hook.received_at)
        )
        return result.rowcount > 0

    def update_hook(self, connection: sa.Connection, hook_id: int, **values: Any) -> None:
        connection.execute(sa.update(hooks).where(hooks.c.id == hook_id).values(**values))

    def drop_hook(self, hook_id: int) -> None:
        """Keep nothing of a hook that turned out to say nothing of a call."""
        with self.autocommit() as connection:
            connection.execute(sa.delete(hooks).where(hooks.c.id == hook_id))

    def hooks_of(self, key: str) -> Sequence[RawHook]:
        return self._hooks(hooks.c.call_key == key)

    def parked_hooks(self, limit: int = 1000) -> Sequence[RawHook]:
        return self._hooks(hooks.c.state == "parked", limit)

    def count_parked(self) -> int:
        query = sa.select(sa.func.count()).select_from(hooks).where(hooks.c.state == "parked")
        with self.autocommit() as connection:
            return int(connection.execute(query).scalar_one())

    def _hooks(self, condition: sa.ColumnElement[bool], limit: int = 1000) -> Sequence[RawHook]:
        query = sa.select(hooks).where(condition).order_by(hooks.c.id).limit(limit)
        with self.autocommit() as connection:
            return [
                RawHook(**{**row._mapping, "headers": json.loads(row.headers)})
                for row in connection.execute(query)
            ]

    # Calls ------------------------------------------------------------------------------------

    def take(self, connection: sa.Connection, call: Mapping[str, Any]) -> Call:
        """Insert the call as given, or lock and return the row that is there (version > 1)."""
        statement = (
            self.insert(calls)
            .values(**_NEW, **call)
            .on_conflict_do_update(
                index_elements=[calls.c.key], set_={"version": calls.c.version + 1}
            )
            .returning(calls)
        )
        return Call.of(connection.execute(statement).one()._mapping)

    def add_first(self, call: Mapping[str, Any], hook: RawHook, *, kind: str) -> bool:
        """Store a call together with the first hook that tells of it; False if it was there already.

        call: as for `take`, first seen when the hook was received. kind: the hook's.

        On PostgreSQL this is one statement, and so one round trip, which is its own transaction.
        """
        if self.engine.dialect.name == "postgresql":
            values = {
                **call,
                "kind": kind,
                "method": hook.method,
                "target": hook.target,
                "headers": json.dumps(hook.headers),
                "body": hook.body,
            }
            return self._run_at_once(_ADD_FIRST, values) == 1
        with self.begin() as connection:
            statement = self.insert(calls).values(**_NEW, **call)
            statement = statement.on_conflict_do_nothing(index_elements=[calls.c.key])
            if connection.execute(statement).rowcount == 0:
                return False
            self.add_hook(connection, replace(hook, kind=kind, call_key=call["key"]))
        return True

    def due(
        self, connection: sa.Connection, now: datetime, limit: int
    ) -> Sequence[tuple[str, int]]:
        """Calls whose run is due and not queued yet, deliveries before confirmations; now marked queued.

        Two workers never get the same one: rows that the other has in hand are passed over.
        """
        waiting = sa.and_(calls.c.queued_run < calls.c.run, calls.c.due_at <= now)
        picked = (
            sa.select(calls.c.key)
            .where(waiting)
            .order_by(calls.c.job_id.isnot(None), calls.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = connection.execute(
            sa.update(calls)
            .where(calls.c.key.in_(picked.scalar_subquery()))
            .values(queued_run=calls.c.run, queued_at=now)
            .returning(calls.c.key, calls.c.run)
        )
        return [(row.key, row.run) for row in rows]

    def unconfirmed(self, after: datetime, before: datetime, *, limit: int) -> Sequence[Call]:
        """Calls whose write was accepted between the two and is not confirmed, the oldest first."""
        query = (
            sa.select(calls)
            .where(calls.c.state == CallState.POSTED.value, calls.c.posted_at < before)
            .where(calls.c.posted_at >= after, calls.c.job_id != ON_RECORD)
            .order_by(calls.c.posted_at)
            .limit(limit)
        )
        with self.autocommit() as connection:
            return [Call.of(row._mapping) for row in connection.execute(query)]

    def confirm(
        self, written: Sequence[Call], *, succeeded: bool, needs_run: bool, now: datetime
    ) -> Collection[str]:
        """Note what became of these accepted writes; the keys of the calls of which it was not known yet.

        needs_run: something is left to be done, in a run at once.
        """
        values: dict[str, Any] = {"updated_at": now}
        if succeeded:
            values |= {"state": CallState.WRITTEN.value, "reason": None, "confirmed_at": now}
            values |= {"due_at": None}
        if needs_run:
            values |= {"run": calls.c.run + 1, "due_at": now}
        statement = (
            sa.update(calls)
            .where(
                sa.tuple_(calls.c.key, calls.c.job_id).in_([(c.key, c.job_id) for c in written]),
                calls.c.state == CallState.POSTED.value,
            )
            .values(**values)
            .returning(calls.c.key)
        )
        with self.autocommit() as connection:
            return set(connection.execute(statement).scalars())

    def doubt_write(self, job_id: str, now: datetime) -> bool:
        """The target says that this write failed: ask what became of it. False if it is not ours."""
        final = (CallState.POSTED.value, CallState.WRITTEN.value)
        with self.autocommit() as connection:
            result = connection.execute(
                sa.update(calls)
                .where(calls.c.job_id == job_id, calls.c.state.in_(final))
                .values(state=CallState.POSTED.value, run=calls.c.run + 1, due_at=now)
            )
            return result.rowcount > 0

    def wake_held(self, numbers: Collection[str], *, since: datetime, now: datetime) -> int:
        """Plan a new run for calls held since then whose other side has one of these numbers."""
        woken = 0
        wanted = sorted(numbers)
        for start in range(0, len(wanted), 500):
            statement = (
                sa.update(calls)
                .where(
                    calls.c.other.in_(wanted[start : start + 500]),
                    calls.c.state == CallState.HELD.value,
                    calls.c.first_seen_at >= since,
                )
                .values(run=calls.c.run + 1, due_at=now)
            )
            with self.autocommit() as connection:
                woken += connection.execute(statement).rowcount
        return woken

    def plan_held(self, *, since: datetime, now: datetime, seconds_apart: float) -> int:
        """Plan a new run for all calls held since then, one after the other, the newest first; how many."""
        held = calls.c.state == CallState.HELD.value
        query = sa.select(calls.c.key).where(held, calls.c.first_seen_at >= since)
        with self.begin() as connection:
            keys = connection.execute(query.order_by(calls.c.first_seen_at.desc())).scalars().all()
            statement = sa.update(calls).where(held, calls.c.key == sa.bindparam("this"))
            planned = [
                {"this": key, "due_at": now + timedelta(seconds=place * seconds_apart)}
                for place, key in enumerate(keys)
            ]
            if planned:
                connection.execute(
                    statement.values(run=calls.c.run + 1, due_at=sa.bindparam("due_at")), planned
                )
        return len(planned)

    def in_hand(self, connection: sa.Connection) -> int:
        """How many runs are with the workers now."""
        query = (
            sa.select(sa.func.count())
            .select_from(calls)
            .where(calls.c.due_at.isnot(None), calls.c.queued_run >= calls.c.run)
        )
        return int(connection.execute(query).scalar_one())

    def requeue_lost(self, before: datetime, now: datetime) -> int:
        """Plan a new run for calls whose run was queued before then, and never came to an end."""
        with self.autocommit() as connection:
            result = connection.execute(
                sa.update(calls)
                .where(
                    calls.c.due_at.isnot(None),
                    calls.c.queued_run >= calls.c.run,
                    calls.c.queued_at < before,
                )
                .values(run=calls.c.run + 1, due_at=now)
            )
            return result.rowcount

    def put_back(self, key: str, run: int) -> None:
        """Plan a new run in the place of this one, due when it was: whoever has it now will not end it."""
        with self.autocommit() as connection:
            connection.execute(
                _UPDATE_RUN.where(calls.c.due_at.isnot(None)),
                {"this": key, "run_": run, "run": run + 1},
            )

    def claim(self, key: str, run: int) -> Call | None:
        """The call, now being delivered, if this run of it is the one that counts."""
        with self.autocommit() as connection:
            row = connection.execute(_CLAIM_CALL, {"this": key, "run_": run}).one_or_none()
        return Call.of(row._mapping) if row else None

    def end_run(
        self, connection: sa.Connection, key: str, run: int, values: Mapping[str, Any]
    ) -> bool:
        """Set these values of the call; False if this run of it is not the one that counts any more."""
        parameters = {"this": key, "run_": run, **_stored(values)}
        return connection.execute(_UPDATE_RUN, parameters).rowcount > 0

    def begin_write(self, connection: sa.Connection, call: Call, values: Mapping[str, Any]) -> bool:
        """Lock the call and set these values; False if its run or its job is another one by now."""
        parameters = {
            "this": call.key,
            "run_": call.run,
            "job": ON_RECORD if call.is_on_record else call.job_id,
            **_stored(values),
        }
        return connection.execute(_BEGIN_WRITE, parameters).rowcount > 0

    def locked(self, connection: sa.Connection, key: str) -> Call | None:
        """The call, locked until the transaction ends."""
        row = connection.execute(_LOCK_CALL, {"this": key}).one_or_none()
        return Call.of(row._mapping) if row else None

    def update(self, connection: sa.Connection, key: str, **values: Any) -> None:
        connection.execute(_UPDATE_CALL, {"this": key, **_stored(values)})

    def call(self, key: str) -> Call | None:
        with self.autocommit() as connection:
            return self.call_in(connection, key)

    def call_in(self, connection: sa.Connection, key: str) -> Call | None:
        """The call as this transaction sees it, not locked."""
        row = connection.execute(_SELECT_CALL, {"this": key}).one_or_none()
        return Call.of(row._mapping) if row else None

    def calls_that_begin_with(self, name: str, limit: int) -> Sequence[Call]:
        """Calls whose key or provider id begins so, which is written as those are; the newest first."""
        # LIKE is blind to case on SQLite, substr is not; as many of the first as there are characters.
        query = sa.select(calls).where(
            sa.or_(
                sa.func.substr(calls.c.call_id, 1, len(name)) == name,
                sa.func.substr(calls.c.key, 1, len(name)) == name,
            )
        )
        query = query.order_by(calls.c.first_seen_at.desc(), calls.c.key).limit(limit)
        with self.autocommit() as connection:
            return [Call.of(row._mapping) for row in connection.execute(query)]

    def find_calls(self, name: str) -> Sequence[Call]:
        """Calls with this key or provider id; several only where two accounts share an id.

        The one that was stored first comes first.
        """
        query = sa.select(calls).where(sa.or_(calls.c.key == name, calls.c.call_id == name))
        query = query.order_by(calls.c.first_seen_at, calls.c.key)
        with self.autocommit() as connection:
            return [Call.of(row._mapping) for row in connection.execute(query)]

    def list_calls(
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
        with self.autocommit() as connection:
            rows = connection.execute(query.limit(limit).offset(offset))
            return [Call.of(row._mapping) for row in rows]

    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many calls there are by (state, outcome)."""
        query = sa.select(
            calls.c.state, sa.func.coalesce(calls.c.outcome, "unknown"), sa.func.count()
        ).group_by(calls.c.state, calls.c.outcome)
        with self.autocommit() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    def count_calls_on(self, line: str) -> int:
        """How many calls were on this line of ours (E.164)."""
        mine = sa.and_(calls.c.line == line, calls.c.state != CallState.FOLDED.value)
        query = sa.select(sa.func.count()).select_from(calls).where(mine)
        with self.autocommit() as connection:
            return int(connection.execute(query).scalar_one())

    def oldest_due(self) -> datetime | None:
        """When the longest-waiting undelivered call became due; it may lie in the future."""
        waiting = (CallState.OPEN.value, CallState.DELIVERING.value)
        query = sa.select(sa.func.min(calls.c.due_at)).where(calls.c.state.in_(waiting))
        with self.autocommit() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
        return found

    def leg_owner(self, connection: sa.Connection, leg_key: str) -> str | None:
        """The key of the call that this leg was dialled by, if that is known.

        Locks the leg: whoever tells its owner at the same time waits for us, or we for them.
        """
        statement = self.insert(legs).values(leg_key=leg_key, call_key=leg_key)
        locked = statement.on_conflict_do_update(
            index_elements=[legs.c.leg_key], set_={"leg_key": leg_key}
        )
        owner = str(connection.execute(locked.returning(legs.c.call_key)).scalar_one())
        return owner if owner != leg_key else None

    def own_leg(self, connection: sa.Connection, leg_key: str, call_key: str) -> None:
        statement = self.insert(legs).values(leg_key=leg_key, call_key=call_key)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[legs.c.leg_key],
                set_={"call_key": call_key},
                where=legs.c.call_key == legs.c.leg_key,  # its owner was not known until now
            )
        )

    def revoke_link(self, key: str) -> int | None:
        """Let the links to this call given out so far open nothing; the version of new ones.

        None: there is no such call.
        """
        statement = (
            sa.update(calls)
            .where(calls.c.key == key)
            .values(link_version=calls.c.link_version + 1)
            .returning(calls.c.link_version)
        )
        with self.autocommit() as connection:
            version: int | None = connection.execute(statement).scalar_one_or_none()
        return version

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
        row = {
            "key": record.key,
            "provider": record.provider,
            "account": record.account,
            "call_id": record.call_id,
            "state": CallState.IGNORED.value,
            "reason": FORGOTTEN,
            "record": record.model_dump_json(exclude_none=True),
            "first_seen_at": hook.received_at,
            "run": 1,
            "updated_at": now,
        }
        statement = self.insert(calls).values(**_NEW, **row)
        connection.execute(statement.on_conflict_do_nothing(index_elements=[calls.c.key]))

    def empty_traces(self) -> bool:
        """See `adapter.storage.engine.empty_traces`. Errors: as of `begin`."""
        with self._errors():
            return empty_traces(self.engine)

    # Attempts ---------------------------------------------------------------------------------

    def start_attempt(
        self,
        connection: sa.Connection,
        *,
        call_key: str,
        at: datetime,
        step: str,
        asked: str,
        replaces: int | None = None,
    ) -> int | None:
        """Note what is about to be asked; its id. Until it is finished it counts as doubtful.

        replaces: the doubtful attempt in whose place it is asked. None if the last one of this step is
        in doubt, and another one.
        """
        values = {"this": call_key, "at_": at, "step_": step, "asked_": asked}
        result = connection.execute(_INSERT_ATTEMPT, {**values, "replaces": replaces or 0})
        attempt: int | None = result.scalar_one_or_none()
        return attempt

    def finish_attempt(self, connection: sa.Connection, attempt_id: int, **values: Any) -> None:
        connection.execute(_UPDATE_ATTEMPT, {"this": attempt_id, **values})

    def add_attempts(
        self,
        connection: sa.Connection,
        key: str,
        seen: Sequence[Exchange],
        *,
        then: str | None,
    ) -> None:
        """Keep exchanges that are over; then: what was decided after the last of them."""
        rows = [
            {
                "call_key": key,
                "at": exchange.at,
                "finished_at": exchange.finished_at,
                "step": exchange.step,
                "asked": exchange.asked,
                "status": exchange.status,
                "answer": exchange.answer,
                "next": then if exchange is seen[-1] else None,
                "doubtful": False,
            }
            for exchange in seen
        ]
        if rows:
            connection.execute(sa.insert(attempts), rows)

    def add_decision(self, connection: sa.Connection, key: str, what: str, now: datetime) -> None:
        """Keep what an operator decided about a call, among what was asked for it."""
        connection.execute(
            sa.insert(attempts),
            {"call_key": key, "at": now, "step": OPERATOR, "asked": what, "doubtful": False},
        )

    def attempts_of(self, key: str) -> Sequence[Attempt]:
        query = sa.select(attempts).where(attempts.c.call_key == key).order_by(attempts.c.id)
        with self.autocommit() as connection:
            return [Attempt(**row._mapping) for row in connection.execute(query)]

    def last_doubtful(self, connection: sa.Connection, key: str, step: str) -> Attempt | None:
        """The newest attempt of this step that may have got through without our knowing."""
        row = connection.execute(_LAST_ATTEMPT, {"this": key, "step_": step}).one_or_none()
        attempt = Attempt(**row._mapping) if row else None
        return attempt if attempt is not None and attempt.doubtful else None

    def end_doubts(self, connection: sa.Connection, key: str, why: str) -> None:
        """Nothing that was asked for this call has got through without our knowing; why: next to it."""
        doubtful = sa.and_(attempts.c.call_key == key, attempts.c.doubtful)
        values = {"doubtful": False, "next": why}
        connection.execute(sa.update(attempts).where(doubtful).values(**values))

    def secret(self, name: str, fresh: str) -> str:
        """The secret of this name, the same in every process; `fresh` becomes it if there is none."""
        statement = self.insert(secrets).values(name=name, value=fresh)
        with self.begin() as connection:
            connection.execute(statement.on_conflict_do_nothing(index_elements=[secrets.c.name]))
            query = sa.select(secrets.c.value).where(secrets.c.name == name)
            return str(connection.execute(query).scalar_one())

    def instance(self) -> str:
        """A name of this database that may be shown: the same for every process that uses it."""
        secret = self.secret("instance", token_hex(32))
        return sha256(secret.encode()).hexdigest()[:16]

    # Workers -------------------------------------------------------------------------------

    def beat(self, executor_id: str, now: datetime, lines: str | None = None) -> None:
        """This worker is alive. lines: the digest of those that it works with."""
        values = {"seen_at": now, "lines": lines}
        statement = self.insert(workers).values(executor_id=executor_id, **values)
        with self.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=[workers.c.executor_id], set_=values)
            )

    def workers(self) -> Mapping[str, datetime]:
        """When each worker was last alive."""
        with self.autocommit() as connection:
            rows = connection.execute(sa.select(workers.c.executor_id, workers.c.seen_at))
            return {row.executor_id: row.seen_at for row in rows}

    def workers_with_other_lines(self, digest: str, since: datetime) -> int:
        """How many workers were alive since then and work with other lines than these."""
        query = sa.select(sa.func.count()).where(
            workers.c.seen_at > since, workers.c.lines != digest
        )
        with self.autocommit() as connection:
            return int(connection.execute(query).scalar_one())

    def drop_worker(self, executor_id: str) -> None:
        with self.autocommit() as connection:
            connection.execute(sa.delete(workers).where(workers.c.executor_id == executor_id))


# Built once: SQLAlchemy takes longer to build a statement than to send it. Columns to set are the parameters.
_THIS: sa.BindParameter[Any] = sa.bindparam("this")
_SELECT_CALL = sa.select(calls).where(calls.c.key == _THIS)
_UPDATE_CALL = sa.update(calls).where(calls.c.key == _THIS)
_LOCK_CALL = _UPDATE_CALL.values(version=calls.c.version + 1).returning(calls)
_UPDATE_RUN = _UPDATE_CALL.where(calls.c.run == sa.bindparam("run_"))
_CLAIM_CALL = (
    _UPDATE_RUN.where(calls.c.state != CallState.FOLDED.value)
    .values(
        version=calls.c.version + 1,
        state=sa.case(
            (calls.c.state == CallState.OPEN.value, CallState.DELIVERING.value),
            (calls.c.state == CallState.HELD.value, CallState.DELIVERING.value),
            else_=calls.c.state,
        ),
    )
    .returning(calls)
)
_BEGIN_WRITE = _UPDATE_RUN.where(calls.c.job_id.is_not_distinct_from(sa.bindparam("job"))).values(
    version=calls.c.version + 1
)
_STEP: sa.BindParameter[Any] = sa.bindparam("step_")
_UPDATE_ATTEMPT = sa.update(attempts).where(attempts.c.id == _THIS)
_LAST_ATTEMPT = (
    sa.select(attempts)
    .where(attempts.c.call_key == _THIS, attempts.c.step == _STEP)
    .order_by(attempts.c.id.desc())
    .limit(1)
)
_DOUBTFUL_ID = _LAST_ATTEMPT.with_only_columns(
    sa.case((attempts.c.doubtful, attempts.c.id), else_=0)
).scalar_subquery()
_INSERT_ATTEMPT = (
    sa.insert(attempts)
    .from_select(
        ["call_key", "at", "step", "asked", "doubtful"],
        sa.select(
            sa.cast(_THIS, attempts.c.call_key.type),
            sa.bindparam("at_", type_=attempts.c.at.type),
            sa.cast(_STEP, attempts.c.step.type),
            sa.bindparam("asked_", type_=attempts.c.asked.type),
            sa.true(),
        ).where(
            sa.func.coalesce(_DOUBTFUL_ID, 0) == sa.bindparam("replaces", type_=attempts.c.id.type)
        ),
    )
    .returning(attempts.c.id)
)

_NEW = {"version": 1, "tries": 0, "link_version": 0, "queued_run": 0}


def _stored(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """These values of a call as its columns hold them."""
    columns = dict(values)
    if columns.get("event") is not None:
        columns["event"] = columns["event"].to_json()
    if columns.pop("is_on_record", False):
        columns["job_id"] = ON_RECORD
    return columns


def _hook_row(hook: RawHook) -> dict[str, Any]:
    return {
        "received_at": hook.received_at,
        "provider": hook.provider,
        "account": hook.account,
        "state": hook.state,
        "kind": hook.kind,
        "call_key": hook.call_key,
        "error": hook.error,
        "method": hook.method,
        "target": hook.target,
        "headers": json.dumps(dict(hook.headers)),
        "body": hook.body,
    }


# A new call and the hook that tells of it. Each parameter is sent once, however often it stands here.
_ADD_FIRST = """
WITH call AS (
    INSERT INTO calls (key, provider, account, call_id, state, record, first_seen_at, over_at, started_at,
                       direction, line, other, outcome, talk_seconds, run, due_at, updated_at,
                       version, tries, link_version, queued_run)
    VALUES (%(key)s, %(provider)s, %(account)s, %(call_id)s, %(state)s, %(record)s, %(first_seen_at)s,
            %(over_at)s, %(started_at)s, %(direction)s, %(line)s, %(other)s, %(outcome)s, %(talk_seconds)s,
            %(run)s, %(due_at)s, %(first_seen_at)s, 1, 0, 0, 0)
    ON CONFLICT (key) DO NOTHING RETURNING key, provider, account
)
INSERT INTO hooks (received_at, provider, account, state, kind, call_key, method, target, headers, body)
SELECT %(first_seen_at)s, provider, account, 'taken', %(kind)s, key, %(method)s, %(target)s, %(headers)s,
       %(body)s
FROM call
"""
