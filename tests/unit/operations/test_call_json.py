"""Is a call as JSON what the interface names, with nothing in it that the reader may not see?"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.config.lines_file import read_lines
from adapter.domain.actor import Role
from adapter.domain.call import Call, CallState
from adapter.domain.call_links import Links
from adapter.domain.cause import Cause
from adapter.operations.call_csv import COLUMNS, csv_of, harmless
from adapter.operations.call_json import call_json
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, BASE_URL, LINE, NOW
from tests.support.hooks import CALL, CALLER, RECORDING, recording_hook, status_hook
from tests.support.world import LINES, World

# design.md, section 10, in its order.
KEYS = (
    *("call_id", "provider", "account", "direction", "outcome", "assumed", "from", "to"),
    *("other_number", "line", "line_name", "started_at", "ended_at", "talk_seconds", "state"),
    *("cause", "reason", "person", "matched_by", "recording_url", "voicemail_text", "event_id"),
    *("written_at", "confirmed_at"),
)
OUR_LINES = read_lines(LINES, {})
LINKS = Links(BASE_URL, ["secret"], call_id_prefix="CA")
OPERATOR, VIEWER = Role.OPERATOR, Role.VIEWER
WORDS = "Please call me back about 2B at (617) 555-0134"


def as_json(call: Call, role: Role = OPERATOR) -> dict[str, Any]:
    return call_json(call, OUR_LINES, LINKS, role=role)


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    return World(engine, clock)


@pytest.fixture
def written(world: World) -> Call:
    """A voicemail that was written on Anna's record."""
    world.hook(status_hook("completed", 40))
    world.hook(recording_hook(20, RecordingSource="RecordVerb"))
    world.hook(
        {
            "AccountSid": ACCOUNT,
            "CallSid": CALL,
            "RecordingSid": RECORDING,
            "TranscriptionStatus": "completed",
            "TranscriptionText": WORDS,
            "TranscriptionSid": "TR" + "1" * 32,
        }
    )
    world.finish()
    return world.call(CALL)


def test_a_written_call_has_all_of_it(written: Call) -> None:
    found = as_json(written)
    assert tuple(found) == KEYS
    assert json.loads(json.dumps(found)) == found
    told = {key: found[key] for key in KEYS if not key.endswith("_at") and key != "recording_url"}
    assert told == {
        "call_id": CALL,
        "provider": "twilio",
        "account": ACCOUNT,
        "direction": "inbound",
        "outcome": "voicemail",
        "assumed": False,
        "from": CALLER,
        "to": LINE,
        "other_number": CALLER,
        "line": LINE,
        "line_name": "Main Street leasing",
        "talk_seconds": 20,
        "state": "written",
        "cause": None,
        "reason": None,
        "person": {"kind": "lead", "id": "lead_anna", "name": "Anna"},
        "matched_by": "lead lead_anna: the only active lead with this number at the line's property",
        "voicemail_text": WORDS,
        "event_id": "event_1",
    }
    assert found["recording_url"].startswith(f"{BASE_URL}/recordings/")
    assert LINKS.read(found["recording_url"].rpartition("/")[2]) is not None
    for key in ("started_at", "ended_at", "written_at", "confirmed_at"):
        assert found[key].endswith("+00:00"), key


def test_a_viewer_sees_the_last_digits_and_neither_recording_nor_message(written: Call) -> None:
    reason = f"the PMS refused it: {CALLER} and (617) 555-0134 are known"
    found = as_json(replace(written, reason=reason, because=reason), VIEWER)
    assert tuple(found) == KEYS
    assert (found["from"], found["to"], found["other_number"]) == ("***0134", "***0100", "***0134")
    assert found["line"] == "***0100"
    assert (found["recording_url"], found["voicemail_text"]) == (None, None)
    assert found["person"]["name"] == "Anna"
    text = json.dumps(found)
    for secret in ("555", "call me back", "recordings", "6175550134"):
        assert secret not in text


def test_what_is_not_known_is_null(world: World) -> None:
    world.hook({k: v for k, v in status_hook("ringing").items() if k not in ("From", "Timestamp")})
    found = as_json(world.call(CALL))
    assert tuple(found) == KEYS
    for key in (
        *("from", "other_number", "ended_at", "cause", "person", "matched_by", "recording_url"),
        *("voicemail_text", "event_id", "written_at", "confirmed_at"),
    ):
        assert found[key] is None, key


def test_what_is_no_number_is_null(world: World) -> None:
    world.hook(status_hook("no-answer", From="sip:lee@office.example.com"))
    world.finish()
    for role in Role:
        found = as_json(world.call(CALL), role)
        assert (found["other_number"], found["cause"]) == (None, "device")


def test_the_sides_of_an_outgoing_call_are_the_other_way_round(written: Call) -> None:
    found = as_json(replace(written, direction="outbound"))
    assert (found["from"], found["to"], found["other_number"]) == (LINE, CALLER, CALLER)


@pytest.mark.parametrize("state", CallState)
def test_a_cause_stands_where_the_call_is_held_failed_or_ignored(
    written: Call, state: CallState
) -> None:
    """A process of a version before may have left one."""
    found = as_json(replace(written, state=state, cause=Cause.BUG))
    assert found["cause"] == ("bug" if state in ("held", "failed", "ignored") else None)


@pytest.mark.parametrize("state", CallState)
def test_only_what_stands_there_has_a_time_of_writing(written: Call, state: CallState) -> None:
    found = as_json(replace(written, state=state))
    assert (found["written_at"] is not None) is (state is CallState.WRITTEN)


def test_times_are_utc_wherever_they_come_from(written: Call) -> None:
    assert as_json(replace(written, started_at=NOW + timedelta(hours=1)))["started_at"] == (
        "2026-03-02T16:00:00+00:00"
    )


# CSV ------------------------------------------------------------------------------------------------


def rows(calls: list[Call], role: Role = OPERATOR) -> list[list[str]]:
    text = "".join(csv_of(calls, OUR_LINES, LINKS, role=role))
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_has_a_row_for_each_call_and_the_headings_first(written: Call) -> None:
    found = rows([written] * 250)
    assert tuple(found[0]) == COLUMNS
    assert len(found) == 251
    row = dict(zip(COLUMNS, found[250], strict=True))
    assert (row["call_id"], row["person_name"], row["state"]) == (CALL, "Anna", "written")
    assert row["other_number"] == f"'{CALLER}"  # a plus begins a formula
    assert row["cause"] == ""


def test_csv_comes_in_pieces(written: Call) -> None:
    pieces = csv_of(iter([written] * 250), OUR_LINES, LINKS, role=OPERATOR)
    assert next(pieces).count("\r\n") == 101


def test_csv_without_calls_is_the_headings(written: Call) -> None:
    assert rows([]) == [list(COLUMNS)]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
@pytest.mark.parametrize(
    "change",
    [
        lambda call, text: replace(call, person_name=text),
        lambda call, text: replace(call, reason=text),
        lambda call, text: replace(call, because=text),
        lambda call, text: replace(call, call_id=text),
        lambda call, text: replace(call, event_id=text),
    ],
)
def test_no_cell_is_a_formula(
    written: Call, begin: str, change: Callable[[Call, str], Call]
) -> None:
    text = f'{begin}HYPERLINK("http://example.com","x")'
    (cells,) = rows([change(written, text)])[1:]
    assert f"'{text}" in cells
    assert [cell for cell in cells if cell.startswith(begin)] == []


def test_harmless_cells_stay_as_they_are() -> None:
    assert [harmless(value) for value in ("Anna", None, 5, False, "")] == [
        *("Anna", "", "5", "False", "")
    ]


def test_a_viewers_csv_has_no_full_number_and_no_message(written: Call) -> None:
    text = "".join(csv_of([written], OUR_LINES, LINKS, role=VIEWER))
    assert "***0134" in text
    for secret in ("5550134", "call me back", "recordings"):
        assert secret not in text
