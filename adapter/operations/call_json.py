"""What is one call as JSON? The same for the API, for `--json` and for those who subscribe to calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from adapter.domain.actor import Role
from adapter.domain.assessment import ending_of
from adapter.domain.call import Call, CallState
from adapter.domain.call_links import Links
from adapter.domain.due import best_recording
from adapter.domain.lifecycle import REPLAYABLE
from adapter.domain.lines import Lines
from adapter.domain.parties import Direction
from adapter.domain.phone import e164
from adapter.observability.redact import hide_numbers

LAST_DIGITS = 4


def call_json(call: Call, lines: Lines, links: Links, *, role: Role) -> dict[str, Any]:
    """Return the call as a JSON object; every key is always there, null where the value is not known.

    Times are ISO 8601 in UTC, numbers E.164. A viewer gets the last four digits of numbers, and neither
    recordings nor the text of a voicemail.
    """
    ours, other = shown_number(call.line, role), shown_number(call.other, role)
    is_outbound = call.direction == Direction.OUTBOUND
    line = lines.by_number.get(call.line or "")
    is_full = role is Role.OPERATOR
    return {
        "call_id": call.call_id,
        "provider": call.provider,
        "account": call.account,
        "direction": call.direction,
        "outcome": call.outcome,
        "assumed": ending_of(call.record, lines).assumed,
        "from": ours if is_outbound else other,
        "to": other if is_outbound else ours,
        "other_number": other,
        "line": ours,
        "line_name": (line.name or None) if line else None,
        "started_at": _iso(call.started_at),
        "ended_at": _iso(call.record.ended_at or call.over_at),
        "talk_seconds": call.talk_seconds,
        "state": call.state.value,
        "cause": call.cause.value if call.cause and call.state in REPLAYABLE else None,
        "reason": shown_text(call.reason, role),
        "person": _person(call),
        "matched_by": shown_text(call.because, role),
        "recording_url": _recording_url(call, links) if is_full else None,
        "voicemail_text": _voicemail_text(call) if is_full else None,
        "event_id": call.event_id,
        "written_at": _iso(call.posted_at if call.state is CallState.WRITTEN else None),
        "confirmed_at": _iso(call.confirmed_at),
    }


def shown_number(raw: str | None, role: Role) -> str | None:
    """Return the number in E.164, for a viewer its last four digits ("***0134"); None if it is none."""
    number = e164(raw)
    return last_digits(number) if number and role is Role.VIEWER else number


def last_digits(number: str) -> str:
    """Return the last four digits of a number, with a mark that there are more."""
    return f"***{number[-LAST_DIGITS:]}"


def shown_text(text: str | None, role: Role) -> str | None:
    """Return a text of ours as this role may read it: for a viewer without full numbers."""
    return hide_numbers(text) if text and role is Role.VIEWER else text


def _person(call: Call) -> Mapping[str, str | None] | None:
    if call.person_id is None:
        return None
    return {"kind": call.person_kind, "id": call.person_id, "name": call.person_name}


def _recording_url(call: Call, links: Links) -> str | None:
    if best_recording(call.record) is None:
        return None
    return links.of(call.call_id, call.link_version, key=call.key)


def _voicemail_text(call: Call) -> str | None:
    return max(call.record.transcripts.values(), key=len, default="") or None


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
