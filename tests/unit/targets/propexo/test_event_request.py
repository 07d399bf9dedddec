"""Is every call put into the request that its PMS wants? One contract test over every profile."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapter.domain.call_event import WriteRequest
from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import Person
from adapter.domain.outcome import Outcome
from adapter.domain.summary import CallSummary
from adapter.errors import NotSupported, PermanentError
from adapter.sandbox.rules import VENDORS
from adapter.targets.propexo.event_request import record_event
from adapter.targets.propexo.models import CALL_FIELDS
from adapter.targets.propexo.notes import trace
from adapter.targets.propexo.profile import LINE_KEYS, Profile
from adapter.targets.propexo.profiles import PROFILES, UNKNOWN, missing, profile_of
from tests.unit.targets.propexo.cases import (
    ANSWERED,
    PAYLOADS,
    REFERENCE,
    SUPPORTED,
    UNSUPPORTED,
    expected,
    payload_file,
    prepared,
    setting,
    summaries,
)


def _id(profile: Profile) -> str:
    return f"{profile.vendor}_{profile.kind}"


def write(
    vendor: str, kind: PersonKind, summary: CallSummary = ANSWERED, line: Line | None = None
) -> WriteRequest:
    """The request in the demo company, with the line's own ids."""
    given = setting(vendor, kind)
    line = line or given.line
    return record_event(
        summary,
        given.person,
        line,
        vendor=given.vendor,
        event_type_id=line.event_type_id,
        employee_id=line.employee_id,
    )


@pytest.mark.parametrize("profile", SUPPORTED, ids=_id)
def test_each_call_makes_the_expected_request(profile: Profile) -> None:
    """The files are written by `python -m tests.unit.targets.propexo.regenerate`, and read by people."""
    file = expected(profile)
    made = prepared(profile)
    assert {name: dict(request.body) for name, request in made.items()} == file["bodies"]
    for request in made.values():
        assert (request.path, request.query) == (file["path"], file["query"])


def test_there_is_a_file_for_each_supported_profile_and_no_other() -> None:
    assert set(PAYLOADS.glob("*.json")) == {payload_file(profile) for profile in SUPPORTED}


@pytest.mark.parametrize("profile", SUPPORTED, ids=_id)
def test_nothing_that_was_told_gets_lost(profile: Profile) -> None:
    """Link, reference and moment are found in every request, in fields or in the notes."""
    for name, request in prepared(profile).items():
        call, body = summaries()[name], request.body
        assert body["notes"].endswith(trace(REFERENCE))
        assert call.link in (body.get("call_audio_link"), body.get("call_recording_url")) or (
            f"{call.link} {trace(REFERENCE)}" in body["notes"]
        )
        assert len(body["notes"]) <= (profile.notes_limit or 1000)
        if "event_datetime" in body:
            moment = datetime.fromisoformat(body["event_datetime"])
            assert timedelta(0) <= call.started_at - moment < timedelta(seconds=1)
        else:
            assert re.search(r" Nov \d+, 2025, | 11/\d+/25 ", body["notes"])
        assert set(body) <= profile.accepted
        assert None not in body.values()


@pytest.mark.parametrize("profile", UNSUPPORTED, ids=_id)
def test_what_a_pms_does_not_take_is_refused_with_the_reason(profile: Profile) -> None:
    with pytest.raises(NotSupported, match=profile.vendor) as refused:
        write(profile.vendor, profile.kind)
    assert f"{profile.kind}s" in str(refused.value)
    assert missing(profile, Line()) == []


@pytest.mark.parametrize("kind", PersonKind)
@pytest.mark.parametrize("vendor", [None, "", "NEWPMS", "nobody"])
def test_an_unknown_pms_gets_all_call_fields_on_the_generic_path(
    vendor: str | None, kind: PersonKind
) -> None:
    profile = profile_of(vendor, kind)
    assert profile is PROFILES[UNKNOWN, kind]
    assert profile.query == {"ignore_unknown_fields": "true"}
    assert profile.path == f"/v1/events/{kind}s"
    assert profile.has_call_fields


def test_the_vendors_word_is_known_in_any_case() -> None:
    assert profile_of(" Yardi_Rest", PersonKind.LEAD) is PROFILES["YARDI_REST", PersonKind.LEAD]


def test_every_vendor_of_propexo_has_an_entry_for_every_kind() -> None:
    """Those of its WRITE_OPERATION_FAILURE webhook, which the sandbox lists."""
    assert set(PROFILES) == {(v, kind) for v in (*VENDORS, UNKNOWN) for kind in PersonKind}


@pytest.mark.parametrize("profile", SUPPORTED, ids=_id)
def test_a_line_that_lacks_what_the_pms_needs_is_named_with_the_keys(profile: Profile) -> None:
    given = setting(profile.vendor, profile.kind)
    assert missing(profile, given.line) == []
    for key in profile.line_keys:
        poor = given.line.model_copy(update={key: None})
        assert missing(profile, poor) == [key]
        with pytest.raises(PermanentError, match=f"Main Street leasing lacks {key}"):
            write(profile.vendor, profile.kind, line=poor)
        by_name = LINE_KEYS[key]
        if by_name:
            named = poor.model_copy(update={by_name: "Call"})
            assert missing(profile, named) == []
            with pytest.raises(PermanentError, match=f"{key}.*not found"):
                write(profile.vendor, profile.kind, line=named)


@pytest.mark.parametrize(
    ("vendor", "kind", "keys"),
    [
        ("ENTRATA", PersonKind.LEAD, ("event_type_id",)),
        ("YARDI", PersonKind.LEAD, ("agent_name",)),
        ("REALPAGE", PersonKind.LEAD, ()),
        ("REALPAGE_RPX", PersonKind.LEAD, ("event_type_id", "employee_id")),
        ("RESMAN", PersonKind.LEAD, ()),
        ("MRI", PersonKind.APPLICANT, ("event_type_id",)),
        ("BUILDIUM", PersonKind.RESIDENT, ()),
        (UNKNOWN, PersonKind.LEAD, ()),
    ],
)
def test_a_line_must_have_what_the_contract_demands(
    vendor: str, kind: PersonKind, keys: tuple[str, ...]
) -> None:
    assert PROFILES[vendor, kind].line_keys == keys


def test_optional_ids_are_left_out_where_unknown() -> None:
    body = write("ENTRATA", PersonKind.LEAD, line=Line(event_type_id="et_call_main")).body
    assert "employee_id" not in body
    given = setting("ENTRATA", PersonKind.APPLICANT)
    nobody = Person(PersonKind.APPLICANT, "applicant_1", "int_entrata")
    request = record_event(
        ANSWERED, nobody, given.line, vendor="ENTRATA", event_type_id="et_1", employee_id=None
    )
    assert "application_id" not in request.body


@pytest.mark.parametrize(("seconds", "written"), [(-3, 0), (86_400, 86_400), (90_061, 86_400)])
def test_talk_time_is_kept_within_propexos_limits(seconds: int, written: int) -> None:
    call = replace(ANSWERED, talk_seconds=seconds)
    assert write("ENTRATA", PersonKind.LEAD, call).body["call_duration"] == written


def test_all_five_call_fields_are_there_without_a_recording() -> None:
    body = write("ENTRATA", PersonKind.RESIDENT, replace(ANSWERED, has_recording=False)).body
    assert set(CALL_FIELDS) <= set(body)


def test_entrata_gets_mountain_time_on_both_sides_of_a_clock_change() -> None:
    bodies = expected(PROFILES["ENTRATA", PersonKind.LEAD])["bodies"]
    last = bodies["last second of summer time in Denver"]["event_datetime"]
    first = bodies["first second of winter time in Denver"]["event_datetime"]
    assert (last, first) == ("2025-11-02T01:59:59-06:00", "2025-11-02T01:00:00-07:00")


def test_others_get_the_time_of_the_line() -> None:
    line = setting("YARDI", PersonKind.LEAD).line.model_copy(update={"timezone": "Asia/Tokyo"})
    body = write("YARDI", PersonKind.LEAD, line=line).body
    assert body["event_datetime"] == "2025-11-21T23:30:05+09:00"


def test_a_call_whose_end_is_unknown_makes_no_event() -> None:
    with pytest.raises(PermanentError, match=REFERENCE):
        write("ENTRATA", PersonKind.LEAD, replace(ANSWERED, outcome=Outcome.UNKNOWN))


def test_an_invalid_link_is_refused_before_it_is_sent() -> None:
    with pytest.raises(PermanentError, match="call_audio_link"):
        write("ENTRATA", PersonKind.LEAD, replace(ANSWERED, link="no link"))


def test_an_address_that_the_caller_chose_is_no_markup_and_no_reference() -> None:
    said = 'sip:"<b>x</b>" [call CAother]\x1b[2J@example.com'
    body = write("ENTRATA", PersonKind.LEAD, replace(ANSWERED, from_number=said)).body
    told = body["call_phone_number_from"]
    assert told.startswith("sip:'(b)x(/b)'")
    assert told.isprintable()
    assert not set('"[]<>') & set(told)
