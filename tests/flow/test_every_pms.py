"""Does one call come out right at every PMS: on the right record, in its words, its time, with its link?"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapter.domain.call import CallState
from adapter.sandbox.rules import VENDORS as KNOWN
from adapter.sandbox.twilio import new_sid
from tests.support.environment import ACCOUNT
from tests.support.lanes import full
from tests.support.sandboxed import Adapter, adapter, missed_hook

VENDORS = (*KNOWN, "NEWPMS")
LEAD, APPLICANT, RESIDENT = "+16175550134", "+16175550140", "+16175550141"
BOTH = "+16175550145"  # a lead and a resident have it
RECORDING = "RE" + "3" * 32
CHICAGO, DENVER = "America/Chicago", "America/Denver"
# Either side of both clock changes in Denver, and what the clocks say there and in Chicago.
MOMENTS = {
    datetime(2026, 3, 8, 8, 30, tzinfo=UTC): ("-07:00", "-05:00"),
    datetime(2026, 3, 8, 9, 30, tzinfo=UTC): ("-06:00", "-05:00"),
    datetime(2026, 11, 1, 7, 30, tzinfo=UTC): ("-06:00", "-06:00"),
    datetime(2026, 11, 1, 8, 30, tzinfo=UTC): ("-07:00", "-06:00"),
}
PROSPECT = ("CallFromProspect", "CallToProspect")

# The contract's table: the path's beginning, and the event's name inbound and outbound (None: free or none).
# Whoever is not named takes no call events.
TAKES: Mapping[tuple[str, str], tuple[str, tuple[str, str] | None]] = {
    ("ENTRATA", "lead"): ("/v1/events/leads", None),
    ("ENTRATA", "applicant"): ("/v1/events/applicants", None),
    ("ENTRATA", "resident"): ("/v1/events/residents", None),
    ("YARDI", "lead"): ("/v1/events/leads", PROSPECT),
    ("YARDI", "applicant"): ("/v1/events/applicants", PROSPECT),
    ("YARDI_REST", "lead"): ("/v1/events/leads", PROSPECT),
    ("YARDI_REST", "applicant"): ("/v1/events/applicants", PROSPECT),
    ("REALPAGE", "lead"): ("/v1/events/leads/realpage/", ("Phone call", "Phone call")),
    ("REALPAGE", "applicant"): ("/v1/events/applicants", None),
    ("REALPAGE", "resident"): ("/v1/events/residents", None),
    ("REALPAGE_RPX", "lead"): ("/v1/events/leads", None),
    ("REALPAGE_RPX", "applicant"): ("/v1/events/applicants", None),
    ("REALPAGE_RPX", "resident"): ("/v1/events/residents", None),
    ("RESMAN", "lead"): ("/v1/events/leads/resman/", PROSPECT),
    ("MRI", "lead"): ("/v1/events/leads", None),
    ("MRI", "applicant"): ("/v1/events/applicants", None),
    ("MRI", "resident"): ("/v1/events/residents", None),
    ("PROPERTYWARE", "lead"): ("/v1/events/leads", None),
    ("PROPERTYWARE", "applicant"): ("/v1/events/applicants", None),
    ("RENTMANAGER", "lead"): ("/v1/events/leads/rentmanager/", ("CALL", "CALL")),
    ("BUILDIUM", "applicant"): ("/v1/events/applicants", None),
    ("BUILDIUM", "resident"): ("/v1/events/residents", None),
    ("NEWPMS", "lead"): ("/v1/events/leads", None),
    ("NEWPMS", "applicant"): ("/v1/events/applicants", None),
    ("NEWPMS", "resident"): ("/v1/events/residents", None),
}
PERSON = {"lead": "lead_anna", "applicant": "applicant_finn", "resident": "resident_gia"}
NUMBER = {"lead": LEAD, "applicant": APPLICANT, "resident": RESIDENT}
TYPE_REQUIRED = {
    *(("ENTRATA", kind) for kind in PERSON),
    *(("REALPAGE_RPX", kind) for kind in PERSON),
    ("REALPAGE", "applicant"),
    ("REALPAGE", "resident"),
    ("MRI", "applicant"),
}


def suffix(vendor: str) -> str:
    return "" if vendor == "ENTRATA" else f"_{vendor.lower()}"


def line_of(vendor: str) -> str:
    return f"+1617555{200 + VENDORS.index(vendor):04}"


def lines_toml() -> str:
    """A line for each PMS; all in Chicago, each at its company's first property."""
    text = f"""
[defaults]
event_type = "call"
employee = "LEE@example.com"
agent_name = "Lee Agent"
timezone = "{CHICAGO}"
"""
    for vendor in VENDORS:
        employee = '\nemployee = "lee agent"' if vendor == "REALPAGE_RPX" else ""
        text += f"""
[lines."{line_of(vendor)}"]
name = "The leasing office of {vendor}, a line with quite a long name"
integration_id = "int_{vendor.lower()}"
property_id = "prop_main{suffix(vendor)}"{employee}
"""
    return text


@dataclass(frozen=True)
class Case:
    """One call: at which PMS, with whom, which way, how."""

    vendor: str
    kind: str
    way: str
    is_recorded: bool
    sid: str


def cases() -> list[Case]:
    return [
        Case(vendor, kind, way, is_recorded, new_sid())
        for vendor in VENDORS
        for kind in PERSON
        for way, is_recorded in (("missed", False), ("inbound", True), ("outbound", False))
    ]


def ring(made: Adapter, case: Case) -> None:
    """The hooks of the call."""
    line, number = line_of(case.vendor), NUMBER[case.kind]
    if case.way == "missed":
        made.hook(**{**missed_hook(case.sid, number, line), "CallStatus": "no-answer"})
        return
    ends = (number, line) if case.way == "inbound" else (line, number)
    child = new_sid()
    base = {"AccountSid": ACCOUNT, "CallSid": case.sid, "From": ends[0], "To": ends[1]}
    if case.way == "outbound":
        made.hook(
            **base,
            Direction="outbound-api",
            CallStatus="completed",
            CallDuration="192",
            CallbackSource="call-progress-events",
            SequenceNumber="3",
        )
        return
    dial = {"DialCallSid": child, "DialCallStatus": "completed", "DialCallDuration": "192"}
    made.hook(**base, Direction="inbound", CallStatus="in-progress", DialBridged="true", **dial)
    made.hook(
        **base,
        Direction="inbound",
        CallStatus="completed",
        CallDuration="200",
        CallbackSource="call-progress-events",
        SequenceNumber="3",
    )
    made.hook(
        AccountSid=ACCOUNT,
        CallSid=case.sid,
        RecordingSid=RECORDING,
        RecordingUrl=f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}",
        RecordingStatus="completed",
        RecordingDuration="192",
        RecordingSource="DialVerb",
    )


@dataclass
class Told:
    """What became of all calls."""

    made: Adapter
    moment: datetime
    cases: list[Case]
    events: list[dict[str, Any]]

    def event_of(self, case: Case) -> dict[str, Any]:
        (found,) = [event for event in self.events if case.sid in str(event["body"])]
        return found

    def taken(self) -> list[Case]:
        return [case for case in self.cases if (case.vendor, case.kind) in TAKES]


# The one of the default lane.
COMMON = datetime(2026, 3, 8, 8, 30, tzinfo=UTC)


@pytest.fixture(
    scope="module",
    params=[moment if moment == COMMON else full(moment) for moment in MOMENTS],
    ids=lambda m: f"{m:%b-%d-%H:%M}",
)
def told(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    """Every call sent and come to its end; at two of the moments with a filled index."""
    path = tmp_path_factory.mktemp("lines") / "adapter.sqlite3"
    shutil.copyfile(sqlite_template, path)
    moment: datetime = request.param
    with adapter(
        f"sqlite:///{path}",
        vendors=VENDORS,
        now=moment,
        ADAPTER_LINES=lines_toml(),
        # As long as Heroku makes it: links leave little room in notes.
        PUBLIC_BASE_URL="https://leasing-calls-0a1b2c3d4e5f.herokuapp.com",
    ) as made:
        if moment.minute and moment.hour in (8,):
            made.fill_index()
            made.traveller.move_to(moment)
        found = cases()
        for case in found:
            ring(made, case)
        made.pass_time(
            150
        )  # a minute for an API that does not know the outgoing calls, and the writes
        yield Told(made, moment, found, made.events())


def test_propexo_refuses_nothing(told: Told) -> None:
    assert told.made.refused() == []


def test_every_call_that_its_pms_takes_is_written(told: Told) -> None:
    states = {
        (case.vendor, case.kind, case.way): (call.state, call.reason)
        for case in told.taken()
        if (call := told.made.call(case.sid)).state is not CallState.WRITTEN
    }
    assert states == {}


def test_every_other_call_is_held_and_says_that_its_pms_takes_none(told: Told) -> None:
    taken = told.taken()
    for case in told.cases:
        if case not in taken:
            call = told.made.call(case.sid)
            assert call.state is CallState.HELD, (case, call.reason)
            assert f"{case.vendor} takes no call events for {case.kind}s" in (call.reason or "")


def test_each_call_has_one_event_and_no_event_has_no_call(told: Told) -> None:
    references = Counter(
        case.sid for event in told.events for case in told.cases if case.sid in str(event["body"])
    )
    assert set(references) == {case.sid for case in told.taken()}
    assert set(references.values()) == {1}
    assert len(told.events) == len(references)


def test_each_event_is_on_the_right_record_by_the_right_path(told: Told) -> None:
    for case in told.taken():
        event = told.event_of(case)
        assert event["person_id"] == PERSON[case.kind] + suffix(case.vendor)
        assert event["kind"] == case.kind
        assert event["integration_id"] == f"int_{case.vendor.lower()}"
        assert event["path"].startswith(TAKES[case.vendor, case.kind][0])
        assert event["status"] == "SUCCESS"


def test_each_event_has_the_name_that_its_pms_has_for_it(told: Told) -> None:
    for case in told.taken():
        names, body = TAKES[case.vendor, case.kind][1], told.event_of(case)["body"]
        if names is not None:
            assert body["event_name"] == names[case.way == "outbound"], case
        place = "oak" if case.kind == "resident" else "main"
        if (case.vendor, case.kind) in TYPE_REQUIRED:
            assert body["event_type_id"] == f"et_call_{place}{suffix(case.vendor)}", case


def test_times_have_the_offset_of_the_pms_or_else_of_the_line(told: Told) -> None:
    denver, chicago = MOMENTS[told.moment]
    for case in told.taken():
        written = told.event_of(case)["body"].get("event_datetime")
        if written is None:
            continue
        assert written.endswith(denver if case.vendor == "ENTRATA" else chicago), case
        at = datetime.fromisoformat(written)
        assert abs(at - told.moment) < timedelta(minutes=5)


def test_where_there_is_no_time_in_the_event_the_notes_tell_it_in_the_lines_zone(
    told: Told,
) -> None:
    at = told.moment.astimezone(ZoneInfo(CHICAGO))
    for case in told.taken():
        body = told.event_of(case)["body"]
        if "event_datetime" not in body:
            assert f"{at.hour % 12 or 12}:" in body["notes"], case
            assert at.tzname() in body["notes"], case


def test_the_link_is_whole_in_every_event(told: Told) -> None:
    for case in told.taken():
        call = told.made.call(case.sid)
        link = told.made.container.links.of(call.call_id, call.link_version, key=call.key)
        body = told.event_of(case)["body"]
        assert any(link in str(value) for value in body.values()), (case, body)
        if case.vendor in ("ENTRATA", "YARDI", "YARDI_REST") and case.kind != "resident":
            assert len(body["notes"]) <= 256, case
        assert f"[call {case.sid}]" in body["notes"]


def test_the_outcome_and_the_talk_time_are_told_in_fields_or_notes(told: Told) -> None:
    for case in told.taken():
        body = told.event_of(case)["body"]
        is_missed = case.way == "missed"
        if "call_status" in body:
            assert body["call_status"] == ("NO_ANSWER" if is_missed else "ANSWER"), case
            assert body["call_duration"] == (0 if is_missed else 192), case
            ends = (NUMBER[case.kind], line_of(case.vendor))
            ends = ends[::-1] if case.way == "outbound" else ends
            assert (body["call_phone_number_from"], body["call_phone_number_to"]) == ends
        else:
            way = "Outgoing call" if case.way == "outbound" else "Incoming call"
            assert body["notes"].startswith(way), case
            assert ("not answered" if is_missed else "3 min 12 s") in body["notes"], case


def test_who_called_whom_is_told_in_fields_or_notes(told: Told) -> None:
    untold = {
        (case.vendor, case.kind, case.way, number)
        for case in told.taken()
        if "call_phone_number_from" not in (body := told.event_of(case)["body"])
        for number in (NUMBER[case.kind], line_of(case.vendor))
        if f"({number[2:5]}) {number[5:8]}-{number[8:]}" not in body["notes"]
    }
    assert untold == set()


# Falling to the next kind of person ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vendor", "expected", "is_filled"),
    [
        ("BUILDIUM", "resident_both", False),
        full("BUILDIUM", "resident_both", True),
        full("ENTRATA", "lead_both", False),
        ("ENTRATA", "lead_both", True),
        full("RESMAN", "lead_both", False),
        full("RESMAN", "lead_both", True),
        full("APPFOLIO", None, False),
        ("APPFOLIO", None, True),
    ],
)
def test_a_kind_that_the_pms_does_not_take_falls_to_the_next_one(
    sqlite_template: Path, tmp_path: Path, vendor: str, expected: str | None, is_filled: bool
) -> None:
    path = tmp_path / "adapter.sqlite3"
    shutil.copyfile(sqlite_template, path)
    with adapter(f"sqlite:///{path}", vendors=VENDORS, ADAPTER_LINES=lines_toml()) as made:
        for kind in ("lead", "resident"):
            made.person(
                kind, id=f"{kind}_both", integration_id=f"int_{vendor.lower()}", phone_1=BOTH
            )
        if is_filled:
            made.fill_index()
        sid = made.missed(BOTH, line_of(vendor))
        made.pass_time(60)
        call = made.call(sid)
        if expected is None:
            assert call.state is CallState.HELD
            assert f"{vendor} takes no call events" in (call.reason or "")
        else:
            assert (call.state, call.person_id) == (CallState.WRITTEN, expected), call.reason
        assert made.refused() == []


def test_a_person_at_another_property_gets_the_event_type_of_that_property(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """The line names its event type by id (PROPEXO_EVENT_TYPE_ID), as the first setting up does."""
    path = tmp_path / "adapter.sqlite3"
    shutil.copyfile(sqlite_template, path)
    text = f"""
[lines."{line_of("ENTRATA")}"]
integration_id = "int_entrata"
property_id = "prop_main"
event_type_id = "et_call_main"
"""
    with adapter(f"sqlite:///{path}", ADAPTER_LINES=text) as made:
        sid = made.missed(RESIDENT, line_of("ENTRATA"))
        made.pass_time(60)
        call = made.call(sid)
        assert made.refused() == []
        assert call.state is CallState.WRITTEN, call.reason
