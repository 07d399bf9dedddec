"""What can an operator decide about a call? Assign it to a person, ignore it, have a lead made, end its links.

Each decision leaves a row that says who made it, in the same transaction (adapter.storage.decisions).

Two people may look at the same call. `seen` is the run of the call (Call.run) as the one who decides saw it. If
somebody decided after that, DecidedMeanwhile is raised and nothing is changed. So a decision never undoes
another one unknowingly. Who does not say what they saw knows of `call` and of what they decided themselves.
They are told of what others decided less than UNSEEN ago.

`alike` lets a decision hold for every held call from the same number too, all of them or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from adapter.domain import lifecycle
from adapter.domain.actor import Actor
from adapter.domain.alert_sentences import no_worker_words
from adapter.domain.assignment import NEW_LEAD, NOBODY
from adapter.domain.call import Call, CallState
from adapter.domain.lifecycle import CallUpdate
from adapter.domain.lines import Lines, PersonKind
from adapter.domain.phone import e164
from adapter.errors import (
    CountChanged,
    CredentialsRefused,
    DecidedMeanwhile,
    NotSupported,
    PermanentError,
    SettingsError,
    TemporaryError,
)
from adapter.storage.store import Store
from adapter.targets.base import Target

# So many calls are decided about at once, in one transaction.
MOST_ALIKE = 500
UNSEEN = timedelta(minutes=1)


def without_worker(store: Store) -> str:
    """Return a blank and a sentence for whoever has a call written while no worker is alive; else nothing."""
    if store.workers.is_one_alive(datetime.now(UTC)):
        return ""
    return f" But {no_worker_words()}."


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
    alike: Alike | None = None,
    may_ask: bool = True,
) -> str | None:
    """Have the call written on this person's record.

    may_ask: the target may be asked whether it has this person; if not, only our index is.
    Return None if the target has this person, else why that could not be checked now; it is checked again
    before the call is written. Raise SettingsError if the target has no such person in the integration of the
    call's line, or if the state of the call allows no decision; DecidedMeanwhile, CountChanged.
    """
    unchecked = _why_unchecked(call, kind, person_id, target, lines, may_ask=may_ask)
    _decide(
        store,
        call,
        f"assigned to {kind.value} {person_id}",
        {"assigned_kind": kind.value, "assigned_id": person_id},
        reason="assigned by an operator",
        by=by,
        seen=seen,
        alike=alike,
    )
    return unchecked


def _why_unchecked(
    call: Call, kind: PersonKind, person_id: str, target: Target, lines: Lines, *, may_ask: bool
) -> str | None:
    line = lines.of(call.line)
    if line is None:
        return "the call's number is no line in lines.toml"
    try:
        if may_ask:
            target.api.person(kind, person_id, line)
        elif target.api.known_person(kind, person_id, line) is None:
            return f"{target.label} was not asked yet"
    except (TemporaryError, CredentialsRefused, NotSupported) as error:
        return str(error)
    except PermanentError as error:
        raise SettingsError(
            f"{kind.value} {person_id} cannot be taken, and call {call.call_id} stays as it is: {error}; "
            f"look the id up at {target.label}, and whether it is a {kind.value}'s in this line's integration"
        ) from error
    return None


def create_lead(
    store: Store,
    call: Call,
    *,
    by: Actor,
    seen: int | None = None,
    alike: Alike | None = None,
) -> None:
    """Have a lead made of the caller, and the call written there. Raise SettingsError as `assign` does."""
    _decide(
        store,
        call,
        "a lead is to be made of the caller",
        {"assigned_kind": NEW_LEAD, "assigned_id": None},
        reason="a lead is wanted for it",
        by=by,
        seen=seen,
        alike=alike,
    )


def ignore(
    store: Store,
    call: Call,
    *,
    by: Actor,
    seen: int | None = None,
    alike: Alike | None = None,
) -> None:
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
        alike=alike,
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


def refuse_if_decided(
    store: Store, connection: sa.Connection, call: Call, *, by: Actor, seen: int | None
) -> None:
    """Raise DecidedMeanwhile if somebody else was first. call: as it was read, locked now; seen: see above."""
    first = store.decisions.last(connection, call.key)
    if first is None:
        return
    is_unseen = first.run > (call.run if seen is None else seen)
    if seen is None and first.who != by.name:
        is_unseen = is_unseen or datetime.now(UTC) - first.at < UNSEEN
    if not is_unseen:
        return
    raise DecidedMeanwhile(
        f"{first.who} was first: call {call.call_id} was decided about at {first.at:%Y-%m-%d %H:%M:%S} UTC "
        f"({first.what}). Nothing was changed now; look at the call again before you decide otherwise",
        who=first.who,
        at=first.at,
        what=first.what,
    )


@dataclass(frozen=True)
class Alike:
    """The held calls from the same number on the lines of one integration.

    expected: how many there are, as the one who decides saw it; the call itself counts if it is held.
    """

    lines: frozenset[str]
    expected: int


def lines_alike(call: Call, lines: Lines) -> frozenset[str]:
    """Return the lines (E.164) whose calls can be written on the same people as this call."""
    line = lines.of(call.line)
    theirs = {
        each.number
        for each in lines
        if line is not None and each.integration_id == line.integration_id
    }
    return frozenset(theirs | ({call.line} if call.line else set()))


def number_of(call: Call) -> str | None:
    """Return the number of the other side (E.164); None if it was withheld: then it is everybody's."""
    return call.other if e164(call.other) is not None else None


def count_alike(store: Store, call: Call, lines: Lines) -> int:
    """Return how many held calls there are from the same number, as for `Alike`; at most MOST_ALIKE + 1."""
    number = number_of(call)
    if number is None:
        return 0
    with store.autocommit() as connection:
        keys = store.calls.held_from(
            connection, number, lines_alike(call, lines), limit=MOST_ALIKE + 1
        )
    return len(keys)


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
    alike: Alike | None,
    transition: _Transition = lifecycle.decide,
) -> None:
    now = datetime.now(UTC)
    with store.begin() as connection:
        for current in lock_alike(store, connection, call, by=by, seen=seen, alike=alike):
            update: CallUpdate = {**transition(current, reason=reason, now=now), **assignment}
            store.calls.update(connection, current.key, **update)
            store.decisions.add(
                connection, current.key, decision, by=by, run=update["run"], now=now
            )


def lock_alike(
    store: Store,
    connection: sa.Connection,
    call: Call,
    *,
    by: Actor,
    seen: int | None,
    alike: Alike | None,
) -> Sequence[Call]:
    """Lock and return the calls that the decision is about. Raise SettingsError if it may not be made."""
    keys = {call.key}
    number = number_of(call)
    if alike is not None and number is not None:
        keys.update(store.calls.held_from(connection, number, alike.lines, limit=MOST_ALIKE + 1))
    # In one order, so that two who decide about the same calls do not block each other.
    rows = [row for key in sorted(keys) if (row := store.calls.locked(connection, key))]
    current = next((row for row in rows if row.key == call.key), None)
    if current is not None:
        refuse_if_decided(store, connection, call, by=by, seen=seen)
    current = _decidable(store, connection, call, current)
    if alike is None:
        return [current]
    held = [row for row in rows if row.state is CallState.HELD and row.other == number]
    if len(held) > MOST_ALIKE:
        raise SettingsError(
            f"more than {MOST_ALIKE} held calls are from this number; put it under ignore in lines.toml, and "
            "replay them"
        )
    if len(held) != alike.expected:
        raise CountChanged(
            f"{len(held)} held call(s) are from this number now, not {alike.expected}; nothing was changed. "
            "Look at the call again",
            expected=alike.expected,
            actual=len(held),
        )
    return [current, *(row for row in held if row.key != current.key)]


def _decidable(store: Store, connection: sa.Connection, call: Call, current: Call | None) -> Call:
    """Return the locked call. Raise SettingsError if its state allows no decision."""
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
    return current
