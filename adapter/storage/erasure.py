"""How is a person's number removed from everything that is kept here?

What remains of a call is that it was, when, how it ended and how long it took: no number, no name, no
words, no link to a recording. The PMS and the provider keep what they have. docs/forgetting.md says what
else may still hold the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.domain.call import FORGOTTEN, Call
from adapter.domain.lifecycle import TO_BE_WRITTEN, CallUpdate, forget
from adapter.domain.number_traces import Traces
from adapter.domain.phone import e164, ever_written, national_ten
from adapter.domain.record import CallRecord, Leg
from adapter.errors import StoreUnavailable
from adapter.storage.schema import (
    attempts,
    calls,
    decisions,
    hooks,
    metadata,
    new_leads,
    people,
    person_numbers,
)
from adapter.storage.store import Store

BATCH = 200
COUNTED = (
    *("calls", "undelivered", "mentions", "hooks", "attempts", "people", "new_leads"),
    "texts",
)


@dataclass(frozen=True)
class Forgotten:
    """How much was removed. undelivered: calls that are not going to be written now.

    texts: rows in which the number was only mentioned. is_left_in_file: the files of an SQLite database could
    not be emptied of what was deleted.
    """

    calls: int = 0
    undelivered: int = 0
    mentions: int = 0
    hooks: int = 0
    attempts: int = 0
    people: int = 0
    new_leads: int = 0
    texts: int = 0
    is_left_in_file: bool = False


class Erasure:
    """Removes one number (E.164). Safe to run again; a call at a time, so that nothing waits for it."""

    def __init__(self, store: Store, number: str) -> None:
        self._store = store
        # As it may stand in old data too: a country may have changed its numbers meanwhile.
        self._numbers = sorted(ever_written(number))
        self._digits = [national_ten(each) or each.removeprefix("+") for each in self._numbers]
        self._traces = Traces(self._numbers)

    def run(self, now: datetime) -> Forgotten:
        """Remove it everywhere.

        Of a call that is being posted in this very moment the answer may still be noted; run it again then.
        """
        counts: dict[str, Any] = dict.fromkeys(COUNTED, 0)
        for (key,) in self._rows_with_it(calls):
            for name, count in self._forget_call(key, now).items():
                counts[name] += count
        counts["hooks"] += self._delete_stray_hooks(now)
        counts |= {"new_leads": self._delete_new_leads(), "people": self._delete_people()}
        for table in metadata.sorted_tables:
            if table is not hooks:
                counts["texts"] += self._clean(table)
        try:
            is_left = not self._store.empty_traces()
        except StoreUnavailable:  # locked, or no room for it; the rows are clean all the same
            is_left = True
        return Forgotten(**counts, is_left_in_file=is_left)

    def _rows_with_it(self, table: sa.Table) -> Iterator[Sequence[Any]]:
        """The primary keys of the rows in which the number stands, in one pass.

        Read in batches and searched here: neither database finds a number that is written with marks
        between its digits, and neither is to wait for a search of the whole table.
        """
        key, texts = list(table.primary_key), _texts(table)
        query = sa.select(*key, *texts).order_by(*key).limit(BATCH)
        after: Any = None
        while True:
            following = query if after is None else query.where(sa.tuple_(*key) > after)
            with self._store.autocommit() as connection:
                rows = connection.execute(following).all()
            for row in rows:
                if any(self._traces.are_in(text) for text in row[len(key) :]):
                    yield row[: len(key)]
            if len(rows) < BATCH:
                return
            last = zip(key, rows[-1], strict=False)
            after = sa.tuple_(*(sa.literal(value, column.type) for column, value in last))

    def _forget_call(self, key: str, now: datetime) -> Mapping[str, int]:
        with self._store.begin() as connection:
            call = self._store.calls.locked(connection, key)
            if call is None:
                return {}
            if not self._is_it(call.other):
                return self._forget_mention(connection, call, now)
            values = _blank(call, self._is_it, now)
            self._store.calls.update(connection, key, **values)
            told = connection.execute(
                sa.update(attempts)
                .where(attempts.c.call_key == key)
                .values(asked=FORGOTTEN, answer=None, next=None)
            )
            # Who decided, and when, is no trace of the person.
            connection.execute(
                sa.update(decisions).where(decisions.c.call_key == key).values(what=FORGOTTEN)
            )
            return {
                "calls": 1,
                "undelivered": int(call.state in TO_BE_WRITTEN),
                "hooks": _delete_hooks(connection, key),
                "attempts": told.rowcount,
            }

    def _forget_mention(
        self, connection: sa.Connection, call: Call, now: datetime
    ) -> Mapping[str, int]:
        """The call was with somebody else; the number is only on one of its legs, or in what was said."""
        legs = {id: _without_number(leg, self._is_it) for id, leg in call.record.legs.items()}
        record = _json(call.record.model_copy(update={"legs": legs}))
        values = {"record": self._traces.removed_from(record), "updated_at": now}
        connection.execute(sa.update(calls).where(calls.c.key == call.key).values(**values))
        return {"mentions": 1, "hooks": _delete_hooks(connection, call.key)}

    def _delete_stray_hooks(self, now: datetime) -> int:
        """Hooks that belong to none of the calls (parked ones), or tell the number beside the call's own."""
        deleted = 0
        for (hook_id,) in self._rows_with_it(hooks):
            with self._store.begin() as connection:
                gone = connection.execute(
                    sa.delete(hooks).where(hooks.c.id == hook_id).returning(hooks)
                ).one_or_none()
                if gone is not None:
                    deleted += 1
                    if gone.call_key is not None:
                        self._store.calls.remember_forgotten(connection, gone, now)
        return deleted

    def _clean(self, table: sa.Table) -> int:
        """Take the number out of what was said in the rows of this table."""
        cleaned = 0
        for key in self._rows_with_it(table):
            this = sa.and_(*(c == v for c, v in zip(table.primary_key, key, strict=True)))
            with self._store.begin() as connection:
                row = connection.execute(sa.select(*_texts(table)).where(this)).one_or_none()
                if row is None:
                    continue
                values = {
                    name: self._traces.removed_from(text)
                    for name, text in row._mapping.items()
                    if isinstance(text, str) and self._traces.are_in(text)
                }
                change: Any = sa.update(table).where(this).values(**values)
                if any(column.name in values for column in table.primary_key):
                    change = sa.delete(table).where(this)
                cleaned += connection.execute(change).rowcount if values else 0
        return cleaned

    def _delete_new_leads(self) -> int:
        """Leads that were asked for under the number."""
        mine = new_leads.c.number.in_(self._numbers)
        with self._store.begin() as connection:
            return connection.execute(sa.delete(new_leads).where(mine)).rowcount

    def _delete_people(self) -> int:
        """People of the index who have the number, with all their other numbers."""
        key = sa.tuple_(people.c.kind, people.c.id)
        more = sa.select(person_numbers.c.kind, person_numbers.c.person_id)
        mine = sa.or_(
            people.c.number_1.in_(self._numbers),
            people.c.number_2.in_(self._numbers),
            key.in_(more.where(person_numbers.c.number.in_(self._numbers))),
        )
        theirs = sa.tuple_(person_numbers.c.kind, person_numbers.c.person_id)
        with self._store.begin() as connection:
            query = sa.select(people.c.kind, people.c.id).where(mine).with_for_update()
            keys = [tuple(row) for row in connection.execute(query)]
            connection.execute(sa.delete(person_numbers).where(theirs.in_(keys)))
            return connection.execute(sa.delete(people).where(key.in_(keys))).rowcount

    def _is_it(self, raw: str | None) -> bool:
        """The number as a provider writes it: plain, in a SIP address, with or without its prefix."""
        if not raw:
            return False
        digits = re.sub(r"\D", "", raw)
        return e164(raw) in self._numbers or any(each in digits for each in self._digits)


def _blank(call: Call, is_it: Any, now: datetime) -> CallUpdate:
    """The values of a call's row without the person."""
    legs = {
        id: _without_number(leg, is_it).model_copy(update={"caller_name": None})
        for id, leg in call.record.legs.items()
    }
    # What is gone here is not to come back, by a hook that comes again or from the provider's lists.
    blank = {"legs": legs, "transcripts": {}, "recordings": {}, "is_forgotten": True}
    blank |= {"was_read": True}
    return {
        **forget(call, now=now),
        "record": _json(call.record.model_copy(update=blank)),
        "other": None,
        "person_kind": None,
        "person_id": None,
        "person_name": None,
        "because": None,
        "event": None,
        "assigned_kind": None,
        "assigned_id": None,
        "link_version": call.link_version + 1,  # links to its recording end
    }


def _without_number(leg: Leg, is_it: Any) -> Leg:
    gone = {name: None for name in ("from_number", "to_number") if is_it(getattr(leg, name))}
    return leg.model_copy(update=gone) if gone else leg


def _json(record: CallRecord) -> str:
    return record.to_json()


def _delete_hooks(connection: sa.Connection, key: str) -> int:
    return connection.execute(sa.delete(hooks).where(hooks.c.call_key == key)).rowcount


def _texts(table: sa.Table) -> list[sa.Column[Any]]:
    return [c for c in table.columns if isinstance(c.type, sa.Text | sa.LargeBinary)]
