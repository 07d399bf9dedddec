"""How does a hook reach a call that is there already, in two round trips to PostgreSQL?

It is looked up, and what follows from the hook is stored together with it, if nobody changed the call in
between. Else nothing is stored, and the hook goes the way that locks the call (adapter.intake.service).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from adapter.domain.call import Call, RawHook
from adapter.domain.lifecycle import CallUpdate
from adapter.storage.calls import MARK, stored
from adapter.storage.hooks import NewHook, new_row
from adapter.storage.schema import calls, hooks, legs
from adapter.storage.session import Session


@dataclass(frozen=True)
class Known:
    """A call as it was when it was looked up. mark: another one after each change of its row."""

    call: Call
    mark: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Known:
        """row: the columns of the call, and `mark`."""
        values = {
            name: value.astimezone(UTC) if isinstance(value, datetime) else value
            for name, value in row.items()
        }
        mark = str(values.pop("mark"))
        return cls(Call.of(values), mark)


@dataclass(frozen=True)
class Seen:
    """What was looked up by keys.

    calls: those with one of these keys, and the owners of legs with one. owners: the owners of legs, by leg.
    """

    calls: Mapping[str, Known] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)


class KnownCalls:
    """Looks up calls, and adds to them what a hook says. On SQLite it sees none: there is nothing to save."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def look(self, keys: Collection[str]) -> Seen:
        """The calls and legs with these keys, as they are now."""
        if not self._session.is_postgresql:
            return Seen()
        found: dict[str, Known] = {}
        owners: dict[str, str] = {}
        for row in self._session.run_at_once(_LOOK, {"keys": sorted(keys)}):
            columns = dict(row)
            leg, owner = columns.pop("asked"), columns.pop("owner")
            if owner is not None:
                owners[leg] = owner
            if columns["key"] is not None:
                found[columns["key"]] = Known.of(columns)
        return Seen(found, owners)

    def add_hook(
        self,
        known: Known,
        update: CallUpdate,
        hook: RawHook,
        *,
        own: Sequence[str],
        signature_header: str,
        may_be_repeat: bool,
    ) -> bool:
        """Store the hook, or count it if it is a repeat, and what follows from it. False: nothing was stored.

        own: legs that nobody owns yet, which this call dialled. Of a hook that was not stored they may be noted
        all the same: they are this call's, whatever else is known of it.
        """
        row = stored(update)
        signature = hook.headers.get(signature_header)
        signed = json.dumps(signature) if signature else None
        values: dict[str, Any] = {f"call_{column}": value for column, value in row.items()}
        values |= {f"hook_{column}": value for column, value in new_row(hook).items()}
        values |= {"this": known.call.key, "mark": known.mark, "signed": signed}
        values |= {"legs": list(own), "may_be_repeat": may_be_repeat}
        statement = _add_statement(tuple(row), bool(own))
        if not own:
            del values["legs"]
        return bool(self._session.run_at_once(statement, values))


_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", type_=postgresql.ARRAY(sa.Text))
_ASKED = sa.func.unnest(_KEYS).table_valued("asked").render_derived(name="asked")
_BY_OWNER = sa.and_(legs.c.leg_key == _ASKED.c.asked, legs.c.call_key != legs.c.leg_key)
_LOOK = sa.union_all(
    sa.select(_ASKED.c.asked, legs.c.call_key.label("owner"), calls, MARK).select_from(
        _ASKED.outerjoin(legs, legs.c.leg_key == _ASKED.c.asked).outerjoin(
            calls, calls.c.key == _ASKED.c.asked
        )
    ),
    sa.select(_ASKED.c.asked, legs.c.call_key.label("owner"), calls, MARK).select_from(
        _ASKED.join(legs, _BY_OWNER).join(calls, calls.c.key == legs.c.call_key)
    ),
)


def _hook_value(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(f"hook_{name}", type_=hooks.c[name].type)


@cache
def _add_statement(columns: tuple[str, ...], has_legs: bool) -> sa.Executable:
    """See add_hook. columns: of the call, to set; the parameters are named after them."""
    this = sa.bindparam("this", type_=sa.Text)
    is_unchanged = MARK.element == sa.bindparam("mark", type_=sa.Text)
    change = (
        sa.update(calls)
        .where(calls.c.key == this, is_unchanged)
        .values({name: sa.bindparam(f"call_{name}", type_=calls.c[name].type) for name in columns})
        .values(version=calls.c.version + 1)
        .returning(calls.c.key)
    )
    if has_legs:
        all_legs: sa.BindParameter[Any] = sa.bindparam("legs", type_=postgresql.ARRAY(sa.Text))
        new_leg = sa.func.unnest(all_legs).table_valued("leg").render_derived(name="leg")
        owned = (
            postgresql.insert(legs)
            .from_select(["leg_key", "call_key"], sa.select(new_leg.c.leg, this))
            .on_conflict_do_nothing(index_elements=[legs.c.leg_key])
            .returning(legs.c.leg_key)
            .cte("owned")
        )
        # Who noted one of them meanwhile may be about to store a call under its key.
        change = change.where(
            sa.select(sa.func.count()).select_from(owned).scalar_subquery()
            == sa.func.cardinality(all_legs)
        )
    ours = change.cte("ours")
    is_same = sa.or_(
        sa.and_(
            hooks.c.method == _hook_value("method"),
            hooks.c.target == _hook_value("target"),
            hooks.c.body == _hook_value("body"),
        ),
        sa.func.strpos(hooks.c.headers, sa.bindparam("signed", type_=sa.Text)) > 0,
    )
    first = sa.select(sa.func.min(hooks.c.id)).where(
        hooks.c.call_key == _hook_value("call_key"),
        hooks.c.state == _hook_value("state"),
        hooks.c.account == _hook_value("account"),
        is_same,
    )
    repeat = (
        sa.update(hooks)
        .where(
            hooks.c.id == first.scalar_subquery(),
            sa.bindparam("may_be_repeat", type_=sa.Boolean),
            sa.exists(sa.select(ours.c.key)),
        )
        .values(repeats=hooks.c.repeats + 1, repeated_at=_hook_value("received_at"))
        .returning(hooks.c.id)
        .cte("repeat")
    )
    new_hook = {name: _hook_value(name) for name in NewHook.__annotations__}
    added = (
        sa.insert(hooks)
        .from_select(
            list(new_hook),
            sa.select(*new_hook.values())
            .select_from(ours)
            .where(~sa.exists(sa.select(repeat.c.id))),
        )
        .cte("added")
    )
    return sa.select(ours.c.key).add_cte(added)
