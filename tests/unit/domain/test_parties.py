"""Who called whom, on which of our lines, and on which leg is the person?"""

from __future__ import annotations

from typing import Any

import pytest

from adapter.domain.merge import join
from adapter.domain.parties import Direction, Party, PartyKind, parties, party
from adapter.domain.record import CallRecord, DialResult, Leg, LegDirection, LegStatus

LINE, AGENT, PERSON, STRANGER = "+16175550100", "+16175550150", "+16175550134", "+16175550177"
IN, OUT, DIALLED = LegDirection.INBOUND, LegDirection.OUTBOUND, LegDirection.DIALLED


def is_ours(number: str) -> bool:
    return number in (LINE, AGENT)


def leg(
    leg_id: str,
    direction: LegDirection | None,
    caller: str | None,
    called: str | None,
    **facts: Any,
) -> Leg:
    return Leg(id=leg_id, direction=direction, from_number=caller, to_number=called, **facts)


def record(*legs: Leg, dials: tuple[DialResult, ...] = ()) -> CallRecord:
    return CallRecord(
        provider="twilio",
        account="AC0",
        call_id="CA0",
        legs={leg.id: leg for leg in legs},
        dials={dial.leg_id: dial for dial in dials},
    )


@pytest.mark.parametrize(
    ("raw", "kind", "number"),
    [
        (PERSON, PartyKind.NUMBER, PERSON),
        ("(617) 555-0134", PartyKind.NUMBER, PERSON),
        (LINE, PartyKind.OURS, LINE),
        ("617-555-0150", PartyKind.OURS, AGENT),
        ("+266696687", PartyKind.WITHHELD, None),
        ("anonymous", PartyKind.WITHHELD, None),
        ("client:anna", PartyKind.DEVICE, None),
        ("sip:anna@pbx.example.com", PartyKind.DEVICE, None),
        ("SIPS:anna@pbx.example.com", PartyKind.DEVICE, None),
        ("sim:DE0001", PartyKind.DEVICE, None),
        ("anna@pbx.example.com", PartyKind.DEVICE, None),
        ("anna@pbx.example.com:5060;transport=tls", PartyKind.DEVICE, None),
        (f"{PERSON}@pbx.example.com", PartyKind.DEVICE, None),
        (f"sip:{PERSON}@", PartyKind.DEVICE, None),
        (f"{LINE}@pbx.example.com", PartyKind.DEVICE, None),
        ("anonymous@anonymous.invalid", PartyKind.WITHHELD, None),
        ("sip:anonymous@anonymous.invalid", PartyKind.WITHHELD, None),
        ("Private Number", PartyKind.WITHHELD, None),
        ("Unknown", PartyKind.UNAVAILABLE, None),
        ("+86282452253", PartyKind.WITHHELD, None),
        (f"whatsapp:{PERSON}", PartyKind.NUMBER, PERSON),
        (f"whatsapp:{LINE}", PartyKind.OURS, LINE),
        ("+5215512345678", PartyKind.NUMBER, "+525512345678"),
        ("12345", PartyKind.UNKNOWN, None),
        ("", PartyKind.UNKNOWN, None),
        (None, PartyKind.UNKNOWN, None),
    ],
)
def test_each_kind_of_end_is_recognised(
    raw: str | None, kind: PartyKind, number: str | None
) -> None:
    found = party(raw, is_ours)
    assert (found.kind, found.number) == (kind, number)


STORIES: dict[str, tuple[CallRecord, Direction, str | None, str | None, str | None]] = {
    # record, direction, line, other side, id of the leg that the person is on
    "someone calls our line": (
        record(leg("CA0", IN, PERSON, LINE)),
        *(Direction.INBOUND, LINE, PERSON, "CA0"),
    ),
    "a caller is forwarded to staff": (
        record(leg("CA0", IN, PERSON, LINE), leg("CA1", DIALLED, PERSON, AGENT)),
        *(Direction.INBOUND, LINE, PERSON, "CA0"),
    ),
    "a caller is forwarded to a phone that is not listed": (
        record(leg("CA0", IN, PERSON, LINE), leg("CA1", DIALLED, LINE, STRANGER)),
        *(Direction.INBOUND, LINE, PERSON, "CA0"),
    ),
    "our program calls someone": (
        record(leg("CA0", OUT, LINE, PERSON)),
        *(Direction.OUTBOUND, LINE, PERSON, "CA0"),
    ),
    "click to call: our agent's phone first": (
        record(leg("CA0", OUT, LINE, AGENT), leg("CA1", DIALLED, LINE, PERSON)),
        *(Direction.OUTBOUND, LINE, PERSON, "CA1"),
    ),
    "click to call: our browser phone first": (
        record(leg("CA0", OUT, LINE, "client:anna"), leg("CA1", DIALLED, LINE, PERSON)),
        *(Direction.OUTBOUND, LINE, PERSON, "CA1"),
    ),
    "a called person is joined to staff": (
        record(leg("CA0", OUT, LINE, PERSON), leg("CA1", DIALLED, LINE, AGENT)),
        *(Direction.OUTBOUND, LINE, PERSON, "CA0"),
    ),
    "a browser phone calls someone": (
        record(leg("CA0", IN, "client:anna", None), leg("CA1", DIALLED, LINE, PERSON)),
        *(Direction.OUTBOUND, LINE, PERSON, "CA1"),
    ),
    "a SIP phone calls someone": (
        join(
            record(leg("CA0", IN, "sip:a@x.sip.twilio.com", f"sip:{PERSON}@x.sip.twilio.com")),
            record(leg("CA1", DIALLED, LINE, PERSON)),
        ),
        *(Direction.OUTBOUND, LINE, PERSON, "CA1"),
    ),
    "a SIP phone calls someone, as the provider's lists have it": (
        join(
            record(leg("CA0", IN, "a@x.sip.twilio.com", f"{PERSON}@x.sip.twilio.com")),
            record(leg("CA1", DIALLED, LINE, PERSON)),
        ),
        *(Direction.OUTBOUND, LINE, PERSON, "CA1"),
    ),
    "a browser phone's own leg names the person": (
        record(leg("CA0", IN, "client:anna", PERSON)),
        *(Direction.OUTBOUND, None, PERSON, "CA0"),
    ),
    "staff calls out through our line": (
        record(leg("CA0", IN, AGENT, LINE), leg("CA1", DIALLED, LINE, PERSON)),
        *(Direction.OUTBOUND, LINE, PERSON, "CA1"),
    ),
    "only the child of a forwarded call": (
        record(leg("CA1", DIALLED, PERSON, AGENT)),
        *(Direction.INBOUND, None, PERSON, None),
    ),
    "only the child of our outgoing call": (
        record(leg("CA1", DIALLED, LINE, PERSON)),
        *(Direction.OUTBOUND, LINE, PERSON, "CA1"),
    ),
    "only a machine detection of the parent, and a child": (
        record(leg("CA0", None, None, None), leg("CA1", DIALLED, LINE, PERSON)),
        *(Direction.OUTBOUND, LINE, PERSON, "CA1"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_who_called_whom(name: str) -> None:
    known, direction, line, other, person_leg = STORIES[name]
    found = parties(known, is_ours)
    assert (found.direction, found.line, found.other.number) == (direction, line, other)
    assert (found.person_leg.id if found.person_leg else None) == person_leg


@pytest.mark.parametrize(
    ("caller", "kind"),
    [
        ("anonymous", PartyKind.WITHHELD),
        ("+266696687", PartyKind.WITHHELD),
        (None, PartyKind.UNKNOWN),
        ("client:anna", PartyKind.DEVICE),
        (AGENT, PartyKind.OURS),
    ],
)
def test_a_caller_without_a_number_of_a_person_matches_nobody(
    caller: str | None, kind: PartyKind
) -> None:
    found = parties(record(leg("CA0", IN, caller, LINE)), is_ours)
    assert found.other.kind is kind
    assert found.other.kind is not PartyKind.NUMBER


def test_of_several_dialled_people_the_connected_one_is_the_person() -> None:
    parent = leg("CA0", IN, "client:anna", None)
    first = leg("CA1", DIALLED, LINE, STRANGER, status=LegStatus.NO_ANSWER)
    second = leg("CA2", DIALLED, LINE, PERSON, status=LegStatus.COMPLETED)
    connected = DialResult(leg_id="CA2", status=LegStatus.COMPLETED, bridged=True)
    found = parties(record(parent, first, second, dials=(connected,)), is_ours)
    assert found.other.number == PERSON


def test_of_several_dialled_people_the_one_who_talked_is_the_person() -> None:
    parent = leg("CA0", IN, "client:anna", None)
    first = leg("CA1", DIALLED, LINE, STRANGER, duration_seconds=0)
    second = leg("CA2", DIALLED, LINE, PERSON, duration_seconds=40)
    assert parties(record(parent, first, second), is_ours).other.number == PERSON


def test_a_record_without_numbers_names_nobody() -> None:
    assert parties(record(), is_ours).other == Party(PartyKind.UNKNOWN)
