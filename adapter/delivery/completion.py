"""What did the hooks leave open, and what does the provider's API say of it?

A number whose only setting is its status callback tells that a call completed, and no more. What is
conclusive by hooks alone costs no read.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapter.calls.facts import CallRecord, Leg, Recording
from adapter.calls.outcome import Outcome
from adapter.calls.parties import Direction, PartyKind
from adapter.calls.settle import awaits_provider_link
from adapter.calls.view import Rules, View
from adapter.providers import Reader


def is_open(record: CallRecord, rules: Rules) -> bool:
    """True if the provider could still tell something that changes what is written."""
    if record.was_read:
        return False
    view = rules.view(record)
    return (
        not record.is_over
        or not view.ending.certain
        or _is_faceless(record)
        or _hides_a_leg(record, view)
        or awaits_provider_link(record, view.ending, rules.policy)
    )


def complete(record: CallRecord, rules: Rules, reader: Reader) -> CallRecord:
    """The record with what the API knows beyond the hooks; was_read is set once that is conclusive.

    Asks in an order in which one answer may make the next question needless. Errors: as of the reader.
    """
    account, sid = record.account, record.call_id
    if not record.is_over or _is_faceless(record):
        leg = reader.leg(account, sid)
        if leg is None:
            return record.model_copy(
                update={"was_read": True}
            )  # gone there: the hooks are all there is
        record = _with(record, legs=[leg])
        if leg.parent_id is not None or not leg.is_over:
            return record
    view = rules.view(record)
    if _hides_a_leg(record, view) or not (record.dials or view.ending.certain):
        record = _with(record, legs=reader.legs_dialled_by(account, sid))
        view = rules.view(record)
    is_open_still = not view.ending.certain and view.ending.outcome is not Outcome.UNKNOWN
    if is_open_still or awaits_provider_link(record, view.ending, rules.policy):
        record = _with(record, recordings=reader.recordings_of(account, sid))
    # The API runs a little behind the hooks: a leg that still talks after the call ended is old news.
    is_settled = all(leg.is_over for leg in record.legs.values())
    return record.model_copy(update={"was_read": is_settled})


def _is_faceless(record: CallRecord) -> bool:
    """Only dialled legs reported: neither our line nor, maybe, the person is known."""
    return record.parent.direction is None and record.parent.from_number is None


def _hides_a_leg(record: CallRecord, view: View) -> bool:
    """A dial of our own side reported, but not whom it dialled: that may be the person."""
    who = view.parties
    is_ours = who.direction is Direction.OUTBOUND or who.other.kind in (
        PartyKind.OURS,
        PartyKind.DEVICE,
    )
    return is_ours and not record.dials.keys() <= record.legs.keys()


def _with(
    record: CallRecord, *, legs: Iterable[Leg] = (), recordings: Iterable[Recording] = ()
) -> CallRecord:
    return record.join(
        CallRecord(
            provider=record.provider,
            account=record.account,
            call_id=record.call_id,
            legs={leg.id: leg for leg in legs},
            recordings={recording.id: recording for recording in recordings},
        )
    )
