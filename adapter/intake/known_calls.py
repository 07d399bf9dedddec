"""How does a hook join a call that is there already, in two round trips?

The call is looked up without a lock, and what the hook adds is stored if nobody changed the call in between.
Whatever needs more than that (a leg that was taken for a call, a call that was forgotten) is left to the
way that locks (adapter.intake.service).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adapter.domain.call import RawHook
from adapter.domain.merge import moved
from adapter.domain.out_of_queue import pick_up
from adapter.domain.record import CallRecord, call_key
from adapter.intake.legs import dialled, is_call_of_its_own
from adapter.intake.plan import CallPlan
from adapter.storage.calls import FirstHook
from adapter.storage.known_calls import Known, Seen
from adapter.storage.store import Store


@dataclass(frozen=True)
class Goal:
    """The call that facts belong to. own: legs that it dialled, of which that is not noted yet."""

    known: Known
    facts: CallRecord
    own: Sequence[str] = ()

    @property
    def key(self) -> str:
        return self.known.call.key


class KnownCallIntake:
    """Adds hooks to calls that are known."""

    def __init__(self, store: Store, plan: CallPlan) -> None:
        self._store = store
        self._plan = plan

    def goal(self, facts: CallRecord, first: FirstHook) -> Goal | None:
        """The call that was there already, for facts that stand alone."""
        return Goal(Known.of(first.known), facts) if first.known is not None else None

    def find_goal(self, facts: CallRecord) -> Goal | None:
        """The call that facts of a leg belong to; None if that takes more than a look."""
        leg_keys = [call_key(facts.provider, facts.account, leg_id) for leg_id in dialled(facts)]
        seen = self._store.known_calls.look([facts.key, *leg_keys])
        if leg_keys:
            return _of_who_dialled(facts, leg_keys, seen)
        owner = seen.owners.get(facts.key, facts.key)
        itself, call = seen.calls.get(facts.key), seen.calls.get(owner)
        if itself is not None and (owner == facts.key or is_call_of_its_own(itself.call.record)):
            return Goal(itself, facts)
        if itself is None and call is not None:
            return Goal(call, moved(facts, call.call.call_id))
        return None

    def add(self, goal: Goal, raw: RawHook, *, kind: str, signature_header: str) -> bool:
        """Store the hook and what it adds to the call. False: nothing was stored.

        signature_header: in which the provider signs its hooks.
        """
        call = goal.known.call
        if call.record.is_forgotten:
            return False
        update = self._plan.join(call, goal.facts, raw.received_at)
        return self._store.known_calls.add_hook(
            goal.known,
            update or {},
            replace(raw, kind=kind, call_key=call.key),
            own=goal.own,
            signature_header=signature_header,
            may_be_repeat=update is None,  # what is sent again and again does not fill the database
        )


def _of_who_dialled(facts: CallRecord, leg_keys: Sequence[str], seen: Seen) -> Goal | None:
    call = seen.calls.get(facts.key)
    if call is None or seen.owners.get(facts.key, facts.key) != facts.key:
        return None  # the second: it is a leg itself, which was handed on
    own = []
    for leg_key in leg_keys:
        stray = seen.calls.get(leg_key)
        if stray is not None and is_call_of_its_own(stray.call.record):
            if pick_up(facts, stray.call.record) is not None:
                return None  # the hook tells of two calls
            continue
        if stray is not None or seen.owners.get(leg_key) == leg_key:
            return None  # it was told of before its owner was known, or is being told of now
        if leg_key not in seen.owners:
            own.append(leg_key)
    return Goal(call, facts, tuple(own))
