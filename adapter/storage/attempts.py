"""What was asked of the other side for a call?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa

from adapter.domain.call import Attempt
from adapter.observability.exchanges import Exchange
from adapter.storage.schema import attempts, calls
from adapter.storage.session import Session


class AttemptUpdate(TypedDict, total=False):
    """What is known of an attempt when it is over. in_doubt is the column doubtful."""

    finished_at: datetime
    status: int | None
    answer: str | None
    next: str | None
    in_doubt: bool


class Attempts:
    """The rows of `attempts`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(
        self,
        connection: sa.Connection,
        *,
        call_key: str,
        at: datetime,
        step: str,
        asked: str,
        replaces: int | None = None,
    ) -> int | None:
        """Note what is about to be asked, and return its id. Until it is finished it is in doubt.

        replaces: the attempt in doubt that it replaces. None is returned if the last one of this step is in
        doubt and is another one.
        """
        values = {"this": call_key, "at_": at, "step_": step, "asked_": asked}
        result = connection.execute(START_ATTEMPT, {**values, "replaces": replaces or 0})
        attempt: int | None = result.scalar_one_or_none()
        return attempt

    def finish(
        self, connection: sa.Connection, attempt_id: int, **values: Unpack[AttemptUpdate]
    ) -> None:
        columns: dict[str, Any] = dict(values)
        if "in_doubt" in columns:
            columns["doubtful"] = columns.pop("in_doubt")
        self._session.later(connection, _UPDATE, {"this": attempt_id, **columns})

    def add(
        self,
        connection: sa.Connection,
        key: str,
        seen: Sequence[Exchange],
        *,
        then: str | None,
    ) -> None:
        """Keep exchanges that are over, if the call is still there.

        then: what was decided after the last of them.
        """
        for exchange in seen:
            values = {
                "this": key,
                "at_": exchange.at,
                "finished_": exchange.finished_at,
                "step_": exchange.step,
                "asked_": exchange.asked,
                "status_": exchange.status,
                "answer_": exchange.answer,
                "next_": then if exchange is seen[-1] else None,
            }
            self._session.later(connection, _ADD, values)

    def of_call(self, key: str) -> Sequence[Attempt]:
        """The attempts of this call, the oldest first."""
        query = sa.select(attempts).where(attempts.c.call_key == key).order_by(attempts.c.id)
        with self._session.autocommit() as connection:
            return [_of(row) for row in connection.execute(query)]

    def last_in_doubt(self, connection: sa.Connection, key: str, step: str) -> Attempt | None:
        """The newest attempt of this step that may have got through without our knowing."""
        row = connection.execute(_LAST, {"this": key, "step_": step}).one_or_none()
        attempt = _of(row) if row else None
        return attempt if attempt is not None and attempt.in_doubt else None

    def end_doubts(self, connection: sa.Connection, key: str, why: str) -> None:
        """Nothing that was asked for this call has got through without our knowing; why: next to it."""
        doubtful = sa.and_(attempts.c.call_key == key, attempts.c.doubtful)
        values = {"doubtful": False, "next": why}
        connection.execute(sa.update(attempts).where(doubtful).values(**values))


def _of(row: sa.Row[Any]) -> Attempt:
    values = dict(row._mapping)
    values["in_doubt"] = values.pop("doubtful")
    return Attempt(**values)


# Built once: SQLAlchemy takes longer to build a statement than to send it. Columns to set are the parameters.
_THIS: sa.BindParameter[Any] = sa.bindparam("this")
_STEP: sa.BindParameter[Any] = sa.bindparam("step_")
_UPDATE = sa.update(attempts).where(attempts.c.id == _THIS)
_LAST = (
    sa.select(attempts)
    .where(attempts.c.call_key == _THIS, attempts.c.step == _STEP)
    .order_by(attempts.c.id.desc())
    .limit(1)
)
_DOUBTFUL_ID = _LAST.with_only_columns(
    sa.case((attempts.c.doubtful, attempts.c.id), else_=0)
).scalar_subquery()
_ADD = sa.insert(attempts).from_select(
    ["call_key", "at", "finished_at", "step", "asked", "status", "answer", "next", "doubtful"],
    sa.select(
        sa.cast(_THIS, attempts.c.call_key.type),
        sa.bindparam("at_", type_=attempts.c.at.type),
        sa.bindparam("finished_", type_=attempts.c.finished_at.type),
        sa.cast(_STEP, attempts.c.step.type),
        sa.bindparam("asked_", type_=attempts.c.asked.type),
        sa.bindparam("status_", type_=attempts.c.status.type),
        sa.bindparam("answer_", type_=attempts.c.answer.type),
        sa.bindparam("next_", type_=attempts.c.next.type),
        sa.false(),
    ).where(sa.exists(sa.select(calls.c.key).where(calls.c.key == _THIS))),
)


def new_attempt(call_key: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """The columns of an attempt that is about to be made: call_key, at, step, asked, doubtful."""
    return sa.select(
        sa.cast(call_key, attempts.c.call_key.type),
        sa.bindparam("at_", type_=attempts.c.at.type),
        sa.cast(_STEP, attempts.c.step.type),
        sa.bindparam("asked_", type_=attempts.c.asked.type),
        sa.true(),
    )


NONE_IN_DOUBT = sa.func.coalesce(_DOUBTFUL_ID, 0) == 0
START_ATTEMPT = (
    sa.insert(attempts)
    .from_select(
        ["call_key", "at", "step", "asked", "doubtful"],
        new_attempt(_THIS).where(
            sa.func.coalesce(_DOUBTFUL_ID, 0) == sa.bindparam("replaces", type_=attempts.c.id.type)
        ),
    )
    .returning(attempts.c.id)
)
