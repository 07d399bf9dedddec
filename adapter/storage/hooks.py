"""Which hooks came? Each is kept as it came; one that could not be taken in is parked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa

from adapter.domain.call import HookState, RawHook
from adapter.storage.schema import hooks
from adapter.storage.session import Session


class HookUpdate(TypedDict, total=False):
    """The columns of a hook that change after it came."""

    state: HookState
    kind: str | None
    call_key: str | None
    error: str | None
    body: bytes


class NewHook(TypedDict):
    """The columns of a hook that is stored for the first time."""

    received_at: datetime
    provider: str
    account: str
    state: str
    kind: str | None
    call_key: str | None
    error: str | None
    method: str
    target: str
    headers: str
    body: bytes


class Hooks:
    """The rows of `hooks`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, connection: sa.Connection, hook: RawHook) -> int:
        """Keep a hook as it came; return its id."""
        result = connection.execute(sa.insert(hooks).returning(hooks.c.id), new_row(hook))
        return int(result.scalar_one())

    def count_repeat(self, connection: sa.Connection, hook: RawHook, signature_header: str) -> bool:
        """Count a hook that is kept already, in the same call and state; False if it is not.

        It is the same if its bytes are, or its signature: whoever caught a hook can write the same content in
        many ways (its parameters in another order), but sign nothing else.
        signature_header: the name of the header that holds the signature.
        """
        same = sa.and_(
            hooks.c.method == hook.method,
            hooks.c.target == hook.target,
            hooks.c.body == hook.body,
        )
        if signature := hook.headers.get(signature_header):
            same = sa.or_(same, hooks.c.headers.contains(json.dumps(signature), autoescape=True))
        first = sa.select(sa.func.min(hooks.c.id)).where(
            hooks.c.call_key.is_not_distinct_from(hook.call_key),
            hooks.c.state == hook.state.value,
            hooks.c.account == hook.account,
            same,
        )
        result = connection.execute(
            sa.update(hooks)
            .where(hooks.c.id == first.scalar_subquery())
            .values(repeats=hooks.c.repeats + 1, repeated_at=hook.received_at)
        )
        return result.rowcount > 0

    def update(self, connection: sa.Connection, hook_id: int, **values: Unpack[HookUpdate]) -> None:
        columns: dict[str, Any] = {**values}
        if state := values.get("state"):
            columns["state"] = state.value
        connection.execute(sa.update(hooks).where(hooks.c.id == hook_id).values(**columns))

    def drop(self, hook_id: int) -> None:
        """Keep nothing of a hook that turned out to say nothing of a call."""
        with self._session.autocommit() as connection:
            connection.execute(sa.delete(hooks).where(hooks.c.id == hook_id))

    def of_call(self, key: str) -> Sequence[RawHook]:
        """The hooks that told of this call, in the order in which they came."""
        return self._select(hooks.c.call_key == key)

    def parked(self, limit: int = 1000) -> Sequence[RawHook]:
        """The parked hooks, in the order in which they came."""
        return self._select(hooks.c.state == HookState.PARKED.value, limit)

    def parked_after(self, hook_id: int, *, limit: int) -> Sequence[RawHook]:
        """The parked hooks that came after the one with this id."""
        return self._select(
            sa.and_(hooks.c.state == HookState.PARKED.value, hooks.c.id > hook_id), limit
        )

    def count_parked(self) -> int:
        query = (
            sa.select(sa.func.count())
            .select_from(hooks)
            .where(hooks.c.state == HookState.PARKED.value)
        )
        with self._session.autocommit() as connection:
            return int(connection.execute(query).scalar_one())

    def newest_at(self) -> datetime | None:
        """When the last hook came; None if none is kept."""
        with self._session.autocommit() as connection:
            newest: datetime | None = connection.execute(
                sa.select(sa.func.max(hooks.c.received_at))
            ).scalar_one()
        return newest

    def _select(self, condition: sa.ColumnElement[bool], limit: int = 1000) -> Sequence[RawHook]:
        query = sa.select(hooks).where(condition).order_by(hooks.c.id).limit(limit)
        with self._session.autocommit() as connection:
            return [
                RawHook(
                    **{
                        **row._mapping,
                        "state": HookState(row.state),
                        "headers": json.loads(row.headers),
                    }
                )
                for row in connection.execute(query)
            ]


def new_row(hook: RawHook) -> NewHook:
    """The row of a hook that is stored for the first time."""
    return {
        "received_at": hook.received_at,
        "provider": hook.provider,
        "account": hook.account,
        "state": hook.state.value,
        "kind": hook.kind,
        "call_key": hook.call_key,
        "error": hook.error,
        "method": hook.method,
        "target": hook.target,
        "headers": json.dumps(dict(hook.headers)),
        "body": hook.body,
    }
