"""What can an operator decide about a call? Assign it to a person, ignore it, have a lead made, end its links.

Each decision leaves a row that says who made it, in the same transaction (adapter.storage.decisions).

Two people may look at the same call. `seen` is the run of the call (Call.run) as the one who decides saw it; it
is that of `call` where it is not given. If somebody else decided after that, DecidedMeanwhile is raised and
nothing is changed. So a decision never undoes another one unknowingly.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

import sqlalchemy as sa

from adapter.domain import lifecycle
from adapter.domain.actor import Actor
from adapter.domain.assignment import NEW_LEAD, NOBODY
from adapter.domain.call import Call, CallState
from adapter.domain.lifecycle import CallUpdate
from adapter.domain.lines import Lines, PersonKind
from adapter.errors import (
    CredentialsRefused,
    DecidedMeanwhile,
    NotSupported,
    PermanentError,
    SettingsError,
    TemporaryError,
)
from adapter.storage.store import Store
from adapter.targets.base import Target


def assign(
    store: Store,
    call: Call,
    *,
    kind: PersonKind,
    person_id: str,
    target: Target,
    lines: Lines,
    by: Actor,
    seen: int | None = None,
) -> str | None:
    """Have the call written on this person's record.

    Return None if the target has this person, else why that could not be checked now; it is checked again
    before the call is written. Raise SettingsError if the target has no such person in the integration of the
    call's line, or if the state of the call allows no decision; DecidedMeanwhile.
    """
    unchecked = _why_unchecked(call, kind, person_id, target, lines)
    _decide(
        store,
        call,
        f"assigned to {kind.value} {person_id}",
        {"assigned_kind": kind.value, "assigned_id": person_id},
        reason="assigned by an operator",
        by=by,
        seen=seen,
    )
    return unchecked


def _why_unchecked(
    call: Call, kind: PersonKind, person_id: str, target: Target, lines: Lines
) -> str | None:
    line = lines.of(call.line)
    if line is None:
        return "the call's number is no line in lines.toml"
    try:
        target.api.person(kind, person_id, line)
    except (TemporaryError, CredentialsRefused, NotSupported) as error:
        return str(error)
    except PermanentError as error:
        raise SettingsError(
            f"{kind.value} {person_id} cannot be taken, and call {call.call_id} stays as it is: {error}; "
            f"look the id up at {target.label}, and whether it is a {kind.value}'s in this line's integration"
        ) from error
    return None


def create_lead(store: Store, call: Call, *, by: Actor, seen: int | None = None) -> None:
    """Have a lead made of the caller, and the call written there. Raise SettingsError as `assign` does."""
    _decide(
        store,
        call,
        "a lead is to be made of the caller",
        {"assigned_kind": NEW_LEAD, "assigned_id": None},
        reason="a lead is wanted for it",
        by=by,
        seen=seen,
    )


def ignore(store: Store, call: Call, *, by: Actor, seen: int | None = None) -> None:
    """Have the call not written. Raise SettingsError if its state allows no decision; DecidedMeanwhile."""
    _decide(
        store,
        call,
        "not to be written",
        {"assigned_kind": NOBODY},
        reason="by an operator",
        transition=lifecycle.dismiss,
        by=by,
        seen=seen,
    )


def revoke_link(store: Store, call: Call, *, by: Actor) -> int:
    """End all links to the call given out so far; return the version of new ones.

    It undoes nothing that others decide, so it is never refused because of them.
    """
    with store.begin() as connection:
        current = store.calls.locked(connection, call.key)
        if current is None:
            raise SettingsError(f"call {call.call_id} is not there any more")
        version = current.link_version + 1
        store.calls.update(connection, call.key, link_version=version)
        what = "all links to it that were given out are ended"
        store.decisions.add(connection, call.key, what, by=by, run=0, now=datetime.now(UTC))
    return version


def refuse_if_decided(store: Store, connection: sa.Connection, current: Call, seen: int) -> None:
    """Raise DecidedMeanwhile if the newest decision about this locked call is of a later run than this one."""
    first = store.decisions.last(connection, current.key)
    if first is None or first.run <= seen:
        return
    raise DecidedMeanwhile(
        f"{first.who} was first: call {current.call_id} was decided about at {first.at:%Y-%m-%d %H:%M:%S} UTC "
        f"({first.what}). Nothing was changed now; look at the call again before you decide otherwise",
        who=first.who,
        at=first.at,
        what=first.what,
    )


class _Transition(Protocol):
    def __call__(self, call: Call, *, reason: str, now: datetime) -> CallUpdate: ...


def _decide(
    store: Store,
    call: Call,
    decision: str,
    assignment: CallUpdate,
    *,
    reason: str,
    by: Actor,
    seen: int | None,
    transition: _Transition = lifecycle.decide,
) -> None:
    now = datetime.now(UTC)
    with store.begin() as connection:
        current = store.calls.locked(connection, call.key)
        if current is not None:
            refuse_if_decided(store, connection, current, call.run if seen is None else seen)
        state = current.state if current is not None else call.state
        # The target may have the event, or has it although the run that found that out has not ended yet.
        is_waiting = (
            state is CallState.DELIVERING
            and not (current is not None and current.is_accepted)
            and not store.attempts.last_in_doubt(connection, call.key, "post")
        )
        if current is None or not (state in lifecycle.DECIDABLE or is_waiting):
            raise SettingsError(
                f"call {call.call_id} is {state.value}: only a call that is held, ignored, failed or "
                "still open can be decided about"
            )
        if current.record.is_forgotten:
            raise SettingsError(
                f"call {call.call_id} was forgotten on request: nothing more is written of it"
            )
        update: CallUpdate = {**transition(current, reason=reason, now=now), **assignment}
        store.calls.update(connection, current.key, **update)
        store.decisions.add(connection, current.key, decision, by=by, run=update["run"], now=now)
