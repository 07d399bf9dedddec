"""To which call do facts of a leg belong?"""

from __future__ import annotations

from adapter.domain.record import UNNAMED_LEG, CallRecord, LegDirection


def dialled(facts: CallRecord) -> list[str]:
    """The ids of the legs that these facts say this call dialled."""
    return sorted(
        {leg.id for leg in facts.dialled_legs} | set(facts.dials) - {UNNAMED_LEG, facts.call_id}
    )


def is_call_of_its_own(record: CallRecord) -> bool:
    """It reported itself as inbound and without a parent, so it is nobody's leg.

    An agent's `<Dial><Queue>` may name the queued caller's call as the one that it dialled.
    """
    return record.parent.direction is LegDirection.INBOUND and record.parent.parent_id is None


def may_be_a_queued_caller(record: CallRecord, is_named_by_dial_alone: bool) -> bool:
    """Nothing but legs that it dialled itself was told of it. An agent's `<Dial><Queue>` may have named it."""
    return is_named_by_dial_alone and bool(record.children) and record.parent.direction is None


def stands_alone(facts: CallRecord) -> bool:
    """Facts of a call's own leg, as far as they tell; not of a leg that some other call dialled."""
    return not dialled(facts) and facts.parent.direction is not None
