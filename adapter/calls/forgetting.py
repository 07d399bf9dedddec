"""How is a person's number removed from everything that is kept here?

What remains of a call is that it was, when, how it ended and how long it took: no number, no name, no
words, no link to a recording. The PMS and the provider keep what they have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.calls.facts import CallRecord, Leg
from adapter.calls.phone import e164, national_ten
from adapter.calls.rows import Call, CallState
from adapter.calls.store import Store
from adapter.calls.tables import attempts, calls, hooks

FORGOTTEN = "forgotten on request"
BATCH = 200
# These will not be delivered any more: nobody could be found without the number.
_UNDELIVERED = (CallState.OPEN, CallState.DELIVERING, CallState.HELD, CallState.FAILED)
# Tables of other modules that hold numbers, and in which columns.
_ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "people": ("number_1", "number_2"),
    "new_leads": ("number",),
}


@dataclass(frozen=True)
class Forgotten:
    """How much was removed. undelivered: calls that are not going to be written now."""

    calls: int = 0
    undelivered: int = 0
    mentions: int = 0
    hooks: int = 0
    attempts: int = 0
    people: int = 0
    new_leads: int = 0


class Forgetting:
    """Removes one number (E.164). Safe to run again; a call at a time, so that nothing waits for it."""

    def __init__(self, store: Store, number: str) -> None:
        self._store = store
        self._number = number
        # How the number stands in raw data of any format, but for marks between its digits.
        self._digits = national_ten(number) or number.removeprefix("+")

    def run(self, now: datetime) -> Forgotten:
        """Remove it everywhere.

        Of a call that is being posted in this very moment the answer may still be noted; run it again then.
        """
        counts = dict.fromkeys(Forgotten.__dataclass_fields__, 0)
        for key in self._keys():
            for name, count in self._forget_call(key, now).items():
                counts[name] += count
        counts["hooks"] += self._delete_stray_hooks()
        counts |= self._delete_elsewhere()
        return Forgotten(**counts)

    def _keys(self) -> Iterator[str]:
        """Calls in which the number may stand. One pass in the order of the keys."""
        found = sa.or_(calls.c.other.contains(self._digits), calls.c.record.contains(self._digits))
        last = ""
        while True:
            query = sa.select(calls.c.key).where(calls.c.key > last, found)
            with self._store.begin() as connection:
                rows = connection.execute(query.order_by(calls.c.key).limit(BATCH))
                keys = list(rows.scalars())
            yield from keys
            if len(keys) < BATCH:
                return
            last = keys[-1]

    def _forget_call(self, key: str, now: datetime) -> Mapping[str, int]:
        with self._store.begin() as connection:
            call = self._store.locked(connection, key)
            if call is None:
                return {}
            if not self._is_it(call.other):
                return self._forget_mention(connection, call, now)
            values = _blank(call, self._is_it, now)
            self._store.update(connection, key, **values)
            told = connection.execute(
                sa.update(attempts)
                .where(attempts.c.call_key == key)
                .values(asked=FORGOTTEN, answer=None, next=None)
            )
            return {
                "calls": 1,
                "undelivered": int(call.state in _UNDELIVERED),
                "hooks": _delete_hooks(connection, key),
                "attempts": told.rowcount,
            }

    def _forget_mention(
        self, connection: sa.Connection, call: Call, now: datetime
    ) -> Mapping[str, int]:
        """The call was with somebody else; the number is only on one of its legs."""
        legs = {id: _without_number(leg, self._is_it) for id, leg in call.record.legs.items()}
        if legs == call.record.legs:
            return {}
        record = call.record.model_copy(update={"legs": legs})
        self._store.update(connection, call.key, record=_json(record), updated_at=now)
        return {"mentions": 1, "hooks": _delete_hooks(connection, call.key)}

    def _delete_stray_hooks(self) -> int:
        """Hooks that belong to none of the calls (parked ones), or tell the number beside the call's own."""
        is_there = sa.or_(
            hooks.c.target.contains(self._digits), _bytes_contain(self._store, self._digits)
        )
        deleted = 0
        while True:
            picked = sa.select(hooks.c.id).where(is_there).limit(BATCH)
            with self._store.begin() as connection:
                gone = connection.execute(sa.delete(hooks).where(hooks.c.id.in_(picked)))
                deleted += gone.rowcount
            if gone.rowcount < BATCH:
                return deleted

    def _delete_elsewhere(self) -> dict[str, int]:
        counts = {}
        there = sa.inspect(self._store.engine)
        for name, columns in _ELSEWHERE.items():
            if not there.has_table(name):
                continue
            table = sa.table(name, *(sa.column(column) for column in columns))
            mine = sa.or_(*(table.c[column] == self._number for column in columns))
            with self._store.begin() as connection:
                counts[name] = connection.execute(sa.delete(table).where(mine)).rowcount
        return counts

    def _is_it(self, raw: str | None) -> bool:
        """The number as a provider writes it: plain, in a SIP address, with or without its prefix."""
        if not raw:
            return False
        return e164(raw) == self._number or self._digits in re.sub(r"\D", "", raw)


def _blank(call: Call, is_it: Any, now: datetime) -> dict[str, Any]:
    """The values of a call's row without the person."""
    legs = {
        id: _without_number(leg, is_it).model_copy(update={"caller_name": None})
        for id, leg in call.record.legs.items()
    }
    # What is gone here is not to come back, by a hook that comes again or from the provider's lists.
    blank = {"legs": legs, "transcripts": {}, "recordings": {}, "is_forgotten": True}
    blank |= {"was_read": True}
    values: dict[str, Any] = {
        "record": _json(call.record.model_copy(update=blank)),
        "reason": FORGOTTEN,
        "other": None,
        "person_kind": None,
        "person_id": None,
        "person_name": None,
        "because": None,
        "event": None,
        "assigned_kind": None,
        "assigned_id": None,
        "link_version": call.link_version + 1,  # links to its recording end
        "run": call.run + 1,  # a run under way has nothing to say of it any more
        "updated_at": now,
    }
    if call.state in _UNDELIVERED:
        values |= {"state": CallState.IGNORED.value, "due_at": None}
    return values


def _without_number(leg: Leg, is_it: Any) -> Leg:
    gone = {name: None for name in ("from_number", "to_number") if is_it(getattr(leg, name))}
    return leg.model_copy(update=gone) if gone else leg


def _json(record: CallRecord) -> str:
    return record.model_dump_json(exclude_none=True)


def _delete_hooks(connection: sa.Connection, key: str) -> int:
    return connection.execute(sa.delete(hooks).where(hooks.c.call_key == key)).rowcount


def _bytes_contain(store: Store, text: str) -> sa.ColumnElement[bool]:
    """True for hooks with this text in their body, which is bytes."""
    needle = sa.literal(text.encode(), sa.LargeBinary)
    if store.engine.dialect.name == "postgresql":
        return sa.func.position(needle.op("IN")(hooks.c.body)) > 0
    return sa.func.instr(hooks.c.body, needle) > 0
