"""Which request puts this call on this person? Our words in Propexo's, by the PMS's profile."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from adapter.domain.call_event import WriteRequest
from adapter.domain.lines import Line
from adapter.domain.matching import Person
from adapter.domain.summary import CallSummary
from adapter.errors import EndingUnknown, LineIncomplete, NotSupported, NoValidEvent
from adapter.targets.propexo.models import CALL_STATUS, MAX_CALL_SECONDS
from adapter.targets.propexo.notes import notes
from adapter.targets.propexo.profile import MODELS, Profile
from adapter.targets.propexo.profiles import missing, profile_of
from adapter.text.plain import quotable


def record_event(
    summary: CallSummary,
    person: Person,
    line: Line,
    *,
    vendor: str | None,
    event_type_id: str | None,
    employee_id: str | None,
) -> WriteRequest:
    """The request that writes this call on this person; the same for the same input.

    vendor: Propexo's word for the integration's PMS. event_type_id, employee_id: what the line
    names, looked up where it names it in words.

    Errors: NotSupported with the reason where the PMS takes no such event; LineIncomplete naming
    the line's keys that are missing; EndingUnknown; NoValidEvent with what does not fit.
    """
    profile = profile_of(vendor, person.kind)
    if profile.unsupported:
        raise NotSupported(profile.unsupported)
    if summary.outcome not in CALL_STATUS:
        raise EndingUnknown(
            f"call {summary.reference}: how it ended is not known ({summary.because}), "
            "and no event says that; look it up at the provider"
        )
    fields = {
        "integration_id": person.integration_id,
        profile.person_field: person.id,
        "application_id": person.application_id,
        "event_type_id": event_type_id,
        "employee_id": employee_id,
        "agent_name": line.agent_name,
        "event_name": profile.event_name(summary.direction, summary.outcome),
        "event_datetime": _iso(summary.started_at, profile.zone or line.timezone),
        "call_phone_number_from": quotable(summary.from_number),
        "call_phone_number_to": quotable(summary.to_number),
        "call_status": CALL_STATUS[summary.outcome].value,
        "call_duration": min(max(summary.talk_seconds, 0), MAX_CALL_SECONDS),
        "call_audio_link": summary.link,
        # Unlike call_audio_link nobody demands it, so it says that there is a recording.
        "call_recording_url": summary.link if summary.has_recording else None,
        "notes": _notes(summary, line, profile),
    }
    body = {
        name: fields[name]
        for name in fields
        if name in profile.accepted and fields[name] is not None
    }
    absent = [name for name in profile.all_required if name not in body]
    if absent:
        raise LineIncomplete(_absence(absent, profile, line))
    return WriteRequest(profile.path, profile.query, _validated(body, profile, summary))


def _iso(moment: datetime, zone: str) -> str:
    """Whole seconds, with the offset that the zone has at that moment."""
    return moment.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


def _notes(summary: CallSummary, line: Line, profile: Profile) -> str:
    """All that has no field of its own here, or one that may be stripped."""
    field = profile.link_field
    # What is required was seen, or is sure enough; room is scarce.
    has_time = profile.has_datetime and not (
        profile.may_strip and "event_datetime" in profile.optional
    )
    is_linked = field == "call_audio_link" or (field is not None and summary.has_recording)
    return notes(
        summary,
        limit=profile.notes_limit,
        has_numbers=profile.may_strip or not profile.has_call_fields,
        time_zone=None if has_time else line.timezone,
        has_link=profile.may_strip or not is_linked,
    )


def _absence(absent: list[str], profile: Profile, line: Line) -> str:
    what = f"{profile.vendor} needs {', '.join(absent)} in the call events of {profile.kind.plural}"
    lacking = missing(profile, line)
    if lacking:
        return f"{what}, and {line.title} lacks {', '.join(lacking)}: set it in lines.toml"
    return (
        f"{what}, and what {line.title} names was not found in the PMS at the person's property: "
        "add it there, or correct lines.toml"
    )


def _validated(body: dict[str, Any], profile: Profile, summary: CallSummary) -> dict[str, Any]:
    """The body as the generic schema takes it; of a vendor's own path the profile says all."""
    if profile.own_path:
        return body
    try:
        return MODELS[profile.kind].model_validate(body).body()
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, each['loc']))} {each['msg']}".strip() for each in error.errors()
        )
        raise NoValidEvent(f"call {summary.reference} makes no valid event: {problems}") from error
