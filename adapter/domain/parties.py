"""Who is on which side of a call: our line, our people, and the one person it was with?

A leg's numbers say little by themselves: a browser phone's call comes "inbound" from `client:anna`, a
click-to-call rings the agent first, a forwarded call shows the caller's number on a leg to our agent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from adapter.domain.phone import Hidden, e164, hidden
from adapter.domain.record import CallRecord, Leg, LegDirection


class Direction(StrEnum):
    """Seen from us: the person called us, or we called the person."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class PartyKind(StrEnum):
    """What is at one end of a call."""

    NUMBER = "number"  # may be a person
    WITHHELD = "withheld"
    UNAVAILABLE = "unavailable"  # the network passed no number on
    OURS = "ours"  # one of our lines, or staff
    DEVICE = "device"  # a browser phone, a SIP address: never a person of the PMS
    UNKNOWN = "unknown"  # not told, or no phone number


@dataclass(frozen=True)
class Party:
    """One end of a call. number is E.164, for kinds NUMBER and OURS only."""

    kind: PartyKind
    number: str | None = None
    raw: str | None = None


@dataclass(frozen=True)
class Parties:
    """direction; our line (E.164) if it was told; the other side; and the leg that the other side is on.

    line_legs: the ids of dialled legs that lead to one of our own lines. What became of the call there
    is another call's story.
    """

    direction: Direction
    line: str | None
    other: Party
    person_leg: Leg | None
    line_legs: frozenset[str] = frozenset()


IsOurs = Callable[[str], bool]
IsLine = Callable[[str], bool]
NOBODY = Party(PartyKind.UNKNOWN)
_DEVICES = frozenset({"client", "sip", "sips", "sim"})
_HIDDEN = {
    Hidden.WITHHELD: PartyKind.WITHHELD,
    Hidden.UNAVAILABLE: PartyKind.UNAVAILABLE,
}


def party(raw: str | None, is_ours: IsOurs) -> Party:
    """What kind of end a provider's From or To names."""
    if not raw:
        return NOBODY
    if why := hidden(raw):
        return Party(_HIDDEN[why], raw=raw)
    # A SIP address may come without its scheme, as in the provider's lists. Also one whose user is a number
    # names no person: whoever runs the domain writes there what he likes.
    if raw.split(":", 1)[0].strip().lower() in _DEVICES or "@" in raw:
        return Party(PartyKind.DEVICE, raw=raw)
    number = e164(raw)
    if number is None:
        return Party(PartyKind.UNKNOWN, raw=raw)
    return Party(PartyKind.OURS if is_ours(number) else PartyKind.NUMBER, number, raw)


def parties(record: CallRecord, is_ours: IsOurs, is_line: IsLine = lambda number: False) -> Parties:
    """Who called whom, from the legs that are known.

    is_ours knows our lines and staff, is_line the lines only; both take E.164.
    """
    line_legs = frozenset(record.relayed) | {
        leg.id for leg in record.children if is_line(party(leg.to_number, is_ours).number or "")
    }
    sides = _sides(record, is_ours, is_line)
    return replace(sides, line_legs=line_legs) if line_legs else sides


def _sides(record: CallRecord, is_ours: IsOurs, is_line: IsLine) -> Parties:
    parent = record.parent
    caller, called = party(parent.from_number, is_ours), party(parent.to_number, is_ours)
    dialled = _dialled(record, is_ours)

    if parent.direction is LegDirection.OUTBOUND:
        line = caller.number
        if dialled and (called.kind is not PartyKind.NUMBER or dialled[1].kind is PartyKind.NUMBER):
            # Click-to-call: our agent's phone rang first, then the person was dialled.
            return Parties(Direction.OUTBOUND, line, dialled[1], dialled[0])
        return Parties(Direction.OUTBOUND, line, called, parent)

    if parent.direction is None and parent.from_number is None and record.children:
        return _from_children(record, is_ours)

    is_relay = is_line(caller.number or "") and is_line(called.number or "")
    if caller.kind in (PartyKind.DEVICE, PartyKind.OURS) and not is_relay:
        # Our own phone calls out; the line is the caller id that the person saw.
        if dialled:
            line = e164(dialled[0].from_number) or called.number
            return Parties(Direction.OUTBOUND, line, dialled[1], dialled[0])
        if called.kind is PartyKind.NUMBER and caller.kind is PartyKind.DEVICE:
            return Parties(Direction.OUTBOUND, None, called, parent)
    return Parties(Direction.INBOUND, called.number, caller, parent)


def _dialled(record: CallRecord, is_ours: IsOurs) -> tuple[Leg, Party] | None:
    """The dialled leg that leads to a person outside: the connected one, else the one heard of first."""
    ends = [(leg, party(leg.to_number, is_ours)) for leg in record.children]
    outside = [(leg, end) for leg, end in ends if end.kind is PartyKind.NUMBER]
    if not outside:
        return None
    connected = {dial.leg_id for dial in record.dials.values() if dial.is_connected}

    def preference(item: tuple[Leg, Party]) -> tuple[bool, int, str]:
        leg = item[0]
        return (leg.id not in connected, -(leg.duration_seconds or 0), leg.id)

    return min(outside, key=preference)


def _from_children(record: CallRecord, is_ours: IsOurs) -> Parties:
    """Only dialled legs reported. From our line or device it went out; else it is a caller, forwarded."""
    leg = record.children[0]
    shown, called = party(leg.from_number, is_ours), party(leg.to_number, is_ours)
    if shown.kind in (PartyKind.OURS, PartyKind.DEVICE) and called.kind is PartyKind.NUMBER:
        dialled = _dialled(record, is_ours) or (leg, called)
        return Parties(Direction.OUTBOUND, shown.number, dialled[1], dialled[0])
    return Parties(Direction.INBOUND, None, shown, None)
