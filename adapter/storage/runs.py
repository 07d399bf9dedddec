"""Which calls are due, who delivers them, and which writes await their confirmation?

A call is delivered in numbered runs. `run` is the newest one that was planned; `queued_run` is the newest one
that was handed to the workers. Only the newest run may change the call: a later run always wins.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from adapter.domain import lifecycle
from adapter.domain.call import ON_RECORD, Call, CallState
from adapter.domain.lifecycle import CallUpdate, next_run
from adapter.observability.logs import logger
from adapter.storage.attempts import NONE_IN_DOUBT, START_ATTEMPT, new_attempt
from adapter.storage.calls import state_in, stored
from adapter.storage.schema import attempts, calls
from adapter.storage.session import Result, Session

log = logger("adapter.runs")


class Runs:
    """The schedule in the rows of `calls`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # Due runs ---------------------------------------------------------------------------------

    def take_due(
        self, connection: sa.Connection, now: datetime, limit: int
    ) -> Sequence[tuple[str, int]]:
        """Calls whose run is due and not queued yet, deliveries before confirmations; now marked queued.

        Two workers never get the same one: rows that the other has in hand are passed over.
        """
        values = {"now": now, "most": limit}
        is_postgresql = self._session.is_postgresql
        rows = connection.execute(_TAKE_DUE if is_postgresql else _TAKE_DUE_ON_SQLITE, values)
        return [(row.key, row.run) for row in rows]

    # One run ----------------------------------------------------------------------------------

    def claim(self, key: str, run: int) -> Call | None:
        """The call, now being delivered, if this run of it is the one that counts."""
        with self._session.autocommit() as connection:
            row = connection.execute(_CLAIM, {"this": key, "run_": run}).one_or_none()
        return Call.of(row._mapping) if row else None

    def end(self, connection: sa.Connection, key: str, run: int, values: CallUpdate) -> Result:
        """Set these values of the call, if this run of it is the one that counts.

        The result is known when the transaction is over: no row was changed if it is another run.
        """
        parameters = {"this": key, "run_": run, **stored(values)}
        return self._session.later(connection, _UPDATE, parameters)

    def wait(self, connection: sa.Connection, call: Call, values: CallUpdate) -> Result:
        """End a run as `end` does, where it waits for more to become known. call: as it was claimed.

        A hook may have brought more during this run, and have set another time at which the call is due. If
        that is the sooner one, it stays.
        """
        parameters = {"this": call.key, "run_": call.run, **stored(values)}
        parameters |= {"claimed_due": call.due_at, "next_due": parameters.pop("due_at")}
        return self._session.later(connection, _WAIT, parameters)

    def begin_write(self, connection: sa.Connection, call: Call, values: CallUpdate) -> bool:
        """Lock the call and set these values; False if its run, its job or its record is another one by now."""
        parameters = {**_as_read(call), **stored(values)}
        return connection.execute(_BEGIN_WRITE, parameters).rowcount > 0

    def begin_attempt(
        self, call: Call, values: CallUpdate, *, at: datetime, step: str, asked: str
    ) -> int | None:
        """Set these values of the call, and note what is about to be asked; return the attempt's id.

        None: as of `begin_write`, or an attempt of this step is in doubt. On PostgreSQL it is one round trip:
        the call is locked by a statement of its own, so that the next one sees what others noted until then.
        """
        attempt = {"at_": at, "step_": step, "asked_": asked}
        if not self._session.is_postgresql:
            with self._session.begin() as connection:
                begun = None
                if self.begin_write(connection, call, values):
                    parameters = {"this": call.key, **attempt, "replaces": 0}
                    begun = connection.execute(START_ATTEMPT, parameters).scalar_one_or_none()
                if begun is None:
                    connection.rollback()
            return begun
        columns = stored(values)
        parameters = {f"call_{name}": value for name, value in columns.items()}
        parameters |= {**_as_read(call), **attempt}
        with self._session.begin() as connection:
            self._session.later(connection, _LOCK, {"this": call.key})
            result = self._session.later(connection, _begin_attempt(tuple(columns)), parameters)
        rows = result.rows()
        return int(rows[0][0]) if rows else None

    def put_back(self, key: str, run: int) -> None:
        """Replace this run with a new one that is due at the same time.

        The worker that holds the old run finds itself superseded.
        """
        with self._session.autocommit() as connection:
            connection.execute(
                _UPDATE.where(calls.c.due_at.isnot(None)),
                {"this": key, "run_": run, "run": next_run(run)},
            )

    # New runs ---------------------------------------------------------------------------------

    def requeue_lost(self, before: datetime, now: datetime) -> int:
        """Plan a new run for calls whose run was queued before then, and never came to an end."""
        with self._session.autocommit() as connection:
            result = connection.execute(
                _change(lifecycle.REQUEUE, due_at=now).where(
                    calls.c.due_at.isnot(None),
                    calls.c.queued_run >= calls.c.run,
                    calls.c.queued_at < before,
                )
            )
            return result.rowcount

    def wake_held(self, numbers: Collection[str], *, since: datetime, now: datetime) -> int:
        """Plan a new run for calls held since then whose other side has one of these numbers."""
        woken = 0
        wanted = sorted(numbers)
        for start in range(0, len(wanted), 500):
            statement = _change(lifecycle.WAKE, due_at=now).where(
                calls.c.other.in_(wanted[start : start + 500]), calls.c.first_seen_at >= since
            )
            with self._session.autocommit() as connection:
                woken += connection.execute(statement).rowcount
        if woken:
            log.info("held calls are tried again: their number is known now", count=woken)
        return woken

    def plan_held(self, *, since: datetime, now: datetime, seconds_apart: float) -> int:
        """Plan a new run for all calls held since then, one after the other, the newest first; how many."""
        held = state_in(lifecycle.WAKE.sources)
        query = sa.select(calls.c.key).where(held, calls.c.first_seen_at >= since)
        with self._session.begin() as connection:
            keys = connection.execute(query.order_by(calls.c.first_seen_at.desc())).scalars().all()
            statement = _change(lifecycle.WAKE, due_at=sa.bindparam("due_at"))
            statement = statement.where(calls.c.key == sa.bindparam("this"))
            planned = [
                {"this": key, "due_at": now + timedelta(seconds=place * seconds_apart)}
                for place, key in enumerate(keys)
            ]
            if planned:
                connection.execute(statement, planned)
        return len(planned)

    # Accepted writes --------------------------------------------------------------------------

    def unconfirmed(self, after: datetime, before: datetime, *, limit: int) -> Sequence[Call]:
        """Calls whose write was accepted between the two and is not confirmed, the oldest first."""
        query = (
            sa.select(calls)
            .where(calls.c.state == CallState.POSTED.value, calls.c.posted_at < before)
            .where(calls.c.posted_at >= after, calls.c.job_id != ON_RECORD)
            .order_by(calls.c.posted_at)
            .limit(limit)
        )
        with self._session.autocommit() as connection:
            return [Call.of(row._mapping) for row in connection.execute(query)]

    def confirm(
        self, written: Sequence[Call], *, succeeded: bool, needs_run: bool, now: datetime
    ) -> Collection[str]:
        """Note what became of these accepted writes; the keys of the calls of which it was not known yet.

        needs_run: something is left to be done, in a run at once. A call that changed since it was read is
        left alone: what came may be more than its event says, and the next reading shows it.
        """
        values: dict[str, Any] = {"updated_at": now}
        if succeeded:
            transition = lifecycle.CONFIRM_AND_CORRECT if needs_run else lifecycle.CONFIRM
            values |= {"reason": None, "confirmed_at": now, "due_at": None}
        else:
            transition = lifecycle.REFUSED
        if transition.plans_run:
            values |= {"due_at": now}
        as_read = [(call.key, call.job_id, call.version) for call in written]
        ours = sa.tuple_(calls.c.key, calls.c.job_id, calls.c.version).in_(as_read)
        statement = _change(transition, **values).where(ours).returning(calls.c.key)
        with self._session.autocommit() as connection:
            return set(connection.execute(statement).scalars())

    def doubt_write(self, job_id: str, now: datetime) -> bool:
        """The target says that this write failed: ask what became of it. False if it is not ours."""
        statement = _change(lifecycle.DOUBT, due_at=now).where(calls.c.job_id == job_id)
        with self._session.autocommit() as connection:
            return connection.execute(statement).rowcount > 0


def _as_read(call: Call) -> dict[str, Any]:
    """By what a write is begun for the call as its run read it."""
    job = ON_RECORD if call.is_on_record else call.job_id
    return {"this": call.key, "run_": call.run, "job": job, "as_read": call.record_json}


def _change(transition: lifecycle.Transition, **values: Any) -> sa.Update:
    """The transition, for all calls that are in one of its states; the caller says which of them."""
    if transition.target is not None:
        values["state"] = transition.target.value
    if transition.plans_run:
        values["run"] = next_run(calls.c.run)
    return sa.update(calls).where(state_in(transition.sources)).values(**values)


# Built once: SQLAlchemy takes longer to build a statement than to send it. Columns to set are the parameters.
_UPDATE = sa.update(calls).where(
    calls.c.key == sa.bindparam("this"), calls.c.run == sa.bindparam("run_")
)
_NOW = sa.bindparam("now", type_=calls.c.due_at.type)
_MOST: sa.BindParameter[Any] = sa.bindparam("most", type_=sa.Integer)
_IS_WAITING = sa.and_(calls.c.queued_run < calls.c.run, calls.c.due_at <= _NOW)


def _waiting(is_accepted: bool, limit: sa.ColumnElement[Any]) -> sa.CTE:
    """The keys of waiting calls, the longest-waiting first. Each of the two has an index of its own."""
    kind = calls.c.job_id.isnot(None) if is_accepted else calls.c.job_id.is_(None)
    query = sa.select(calls.c.key).where(_IS_WAITING, kind).order_by(calls.c.due_at).limit(limit)
    return query.with_for_update(skip_locked=True).cte("accepted" if is_accepted else "new")


_NEW = _waiting(False, _MOST)
_ROOM_LEFT = _MOST - sa.select(sa.func.count()).select_from(_NEW).scalar_subquery()
_ACCEPTED = _waiting(True, _ROOM_LEFT)
_MARK_QUEUED = (
    sa.update(calls)
    .values(queued_run=calls.c.run, queued_at=_NOW)
    .returning(calls.c.key, calls.c.run)
)
_TAKE_DUE = _MARK_QUEUED.where(
    calls.c.key.in_(sa.union_all(sa.select(_NEW.c.key), sa.select(_ACCEPTED.c.key)))
)
# Its driver begins no transaction for a statement that does not begin with UPDATE.
_TAKE_DUE_ON_SQLITE = _MARK_QUEUED.where(
    calls.c.key.in_(
        sa.select(calls.c.key)
        .where(_IS_WAITING)
        .order_by(calls.c.job_id.isnot(None), calls.c.due_at)
        .limit(_MOST)
    )
)
_CLAIM = (
    _UPDATE.where(state_in(lifecycle.CLAIMABLE))
    .values(
        version=calls.c.version + 1,
        state=sa.case(
            (state_in(lifecycle.CLAIM.sources), CallState.DELIVERING.value),
            else_=calls.c.state,
        ),
        cause=sa.case((state_in(lifecycle.CLAIM.sources), sa.null()), else_=calls.c.cause),
    )
    .returning(calls)
)
_IS_SOONER = sa.and_(
    calls.c.due_at.is_distinct_from(sa.bindparam("claimed_due", type_=calls.c.due_at.type)),
    calls.c.due_at < sa.bindparam("next_due", type_=calls.c.due_at.type),
)
_WAIT = _UPDATE.values(
    due_at=sa.case(
        (_IS_SOONER, calls.c.due_at),
        else_=sa.bindparam("next_due", type_=calls.c.due_at.type),
    )
)
# A hook that came during the run may say something else: then nothing is asked, and the next run reads it.
_BEGIN_WRITE = _UPDATE.where(
    calls.c.job_id.is_not_distinct_from(sa.bindparam("job")),
    calls.c.record == sa.bindparam("as_read", type_=sa.Text),
).values(version=calls.c.version + 1)
_LOCK = sa.select(calls.c.key).where(calls.c.key == sa.bindparam("this")).with_for_update()


@cache
def _begin_attempt(columns: tuple[str, ...]) -> sa.Executable:
    """See begin_attempt. columns: of the call, to set; the parameters are named after them."""
    new = {name: sa.bindparam(f"call_{name}", type_=calls.c[name].type) for name in columns}
    begun = _BEGIN_WRITE.where(NONE_IN_DOUBT).values(new).returning(calls.c.key).cte("begun")
    return (
        sa.insert(attempts)
        .from_select(["call_key", "at", "step", "asked", "doubtful"], new_attempt(begun.c.key))
        .returning(attempts.c.id)
    )
