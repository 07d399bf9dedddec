"""What can an operator decide about a call? Assign it to a person, ignore it, have a lead made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from adapter.domain import lifecycle
from adapter.domain.assignment import NEW_LEAD, NOBODY
from adapter.domain.call import Call, CallState
from adapter.domain.lifecycle import CallUpdate
from adapter.domain.lines import Lines, PersonKind
from adapter.errors import (
    CredentialsRefused,
    NotSupported,
    PermanentError,
    SettingsError,
    TemporaryError,
)
from adapter.storage.store import Store
from adapter.targets.base import Target


def assign(
    store: Store, call: Call, *, kind: PersonKind, person_id: str, target: Target, lines: Lines
) -> str | None:
    """Have the call written on this person's record.

    Return None if the target has this person, else why that could not be checked now; it is checked again
    before the call is written. Raise SettingsError if the target has no such person in the integration of the
    call's line, or if the state of the call allows no decision.
    """
    unchecked = _why_unchecked(call, kind, person_id, target, lines)
    _decide(
        store,
        call,
        f"assigned to {kind.value} {person_id}",
        {"assigned_kind": kind.value, "assigned_id": person_id},
        reason="assigned by an operator",
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


def create_lead(store: Store, call: Call) -> None:
    """Have a lead made of the caller, and the call written there. Raise SettingsError as `assign` does."""
    _decide(
        store,
        call,
        "a lead is to be made of the caller",
        {"assigned_kind": NEW_LEAD, "assigned_id": None},
        reason="a lead is wanted for it",
    )


def ignore(store: Store, call: Call) -> None:
    """Have the call not written. Raise SettingsError if its state allows no decision."""
    _decide(
        store,
        call,
        "not to be written",
        {"assigned_kind": NOBODY},
        reason="by an operator",
        transition=lifecycle.dismiss,
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
    transition: _Transition = lifecycle.decide,
) -> None:
    now = datetime.now(UTC)
    with store.begin() as connection:
        current = store.calls.locked(connection, call.key)
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
        store.attempts.add_decision(connection, current.key, decision, now)
