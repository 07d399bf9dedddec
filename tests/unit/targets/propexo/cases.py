"""The calls of the contract test: every direction and outcome, with a recording or without; edges.

The ids are those of the sandbox's demo company, so that each body can be posted there too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapter.domain.call_event import WriteRequest
from adapter.domain.call_links import Links
from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import Person
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.domain.summary import CallSummary
from adapter.targets.propexo.event_request import record_event
from adapter.targets.propexo.models import CALL_STATUS
from adapter.targets.propexo.profile import Profile
from adapter.targets.propexo.profiles import PROFILES, UNKNOWN

PAYLOADS = Path(__file__).parents[3] / "payloads" / "propexo"
SUPPORTED = [profile for profile in PROFILES.values() if not profile.unsupported]
UNSUPPORTED = [profile for profile in PROFILES.values() if profile.unsupported]

# What Propexo may call a PMS that it learns tomorrow.
NEW_PMS = "NEWPMS"
CALLER, LINE = "+16175550134", "+16175550100"
REFERENCE = "CA5f8e2b1c4d7a90e3f6b2c8d1e4a70935"
KEY = f"twilio:AC{'1' * 32}:{REFERENCE}"
KEYS = ["a key"]
LINK = Links("https://calls.example.com", KEYS, call_id_prefix="CA").of(REFERENCE, 0, key=KEY)
LONG_HOST = "https://calls." + "long-name-of-a-company." * 2 + "example.com"
LONG_LINK = Links(LONG_HOST, KEYS, call_id_prefix="CA").of(REFERENCE, 0, key=KEY)

ANSWERED = CallSummary(
    reference=REFERENCE,
    direction=Direction.INBOUND,
    outcome=Outcome.ANSWERED,
    assumed=False,
    because="the dial was connected",
    talk_seconds=192,
    started_at=datetime(2025, 11, 21, 14, 30, 5, 999_000, tzinfo=UTC),
    from_number=CALLER,
    to_number=LINE,
    link=LINK,
    line_name="Main Street leasing",
)


@dataclass(frozen=True)
class Setting:
    """Whom and where a profile's calls are written to, in the demo company of its vendor."""

    vendor: str
    person: Person
    line: Line
    event_type_id: str
    employee_id: str


def setting(vendor: str, kind: PersonKind) -> Setting:
    vendor = NEW_PMS if vendor == UNKNOWN else vendor
    suffix = "" if vendor == "ENTRATA" else f"_{vendor.lower()}"
    slug, place = {
        PersonKind.LEAD: ("lead_anna", "main"),
        PersonKind.APPLICANT: ("applicant_finn", "main"),
        PersonKind.RESIDENT: ("resident_gia", "oak"),
    }[kind]
    person = Person(
        kind,
        slug + suffix,
        f"int_{vendor.lower()}",
        application_id=f"application_finn{suffix}" if kind is PersonKind.APPLICANT else None,
    )
    line = Line(
        number=LINE,
        name="Main Street leasing",
        integration_id=f"int_{vendor.lower()}",
        property_id=f"prop_main{suffix}",
        event_type_id=f"et_call_{place}{suffix}",
        employee_id=f"emp_1{suffix}",
        agent_name="Lee Agent",
        lead_source_id=f"ls_phone{suffix}",
        organization_name="Example Living",
        lead_relationship_id="relationship_1",
    )
    return Setting(vendor, person, line, f"et_call_{place}{suffix}", f"emp_1{suffix}")


def summaries() -> dict[str, CallSummary]:
    """The calls by the name of the case."""
    outbound = replace(ANSWERED, direction=Direction.OUTBOUND, from_number=LINE, to_number=CALLER)
    found: dict[str, CallSummary] = {}
    for call in (ANSWERED, outbound):
        for outcome in CALL_STATUS:
            talked = {Outcome.ANSWERED: 192, Outcome.VOICEMAIL: 25}.get(outcome, 0)
            for has_recording in (True, False):
                name = f"{call.direction} {outcome}, {'' if has_recording else 'no '}recording"
                found[name] = replace(
                    call, outcome=outcome, talk_seconds=talked, has_recording=has_recording
                )
    message = replace(ANSWERED, outcome=Outcome.VOICEMAIL, talk_seconds=25, has_recording=True)
    clock_change = datetime(2025, 11, 2, 7, 59, 59, tzinfo=UTC)
    return found | {
        "assumed": replace(ANSWERED, assumed=True),
        "message": replace(message, transcript="Hi, it is Anna. Is the two-bedroom still free?"),
        "longest": replace(
            message,
            transcript="I would like to see the flat on Elm Street, please call me back. " * 90,
            line_name="The long name of a line of a company " * 20,
            link=LONG_LINK,
        ),
        "longer than a day": replace(ANSWERED, talk_seconds=90_061),
        "browser phone": replace(outbound, from_number="client:anna.agent"),
        "last second of summer time in Denver": replace(ANSWERED, started_at=clock_change),
        "first second of winter time in Denver": replace(
            ANSWERED, started_at=clock_change.replace(hour=8, minute=0, second=0)
        ),
    }


def prepared(profile: Profile) -> dict[str, WriteRequest]:
    """The requests of this profile by the name of the case."""
    given = setting(profile.vendor, profile.kind)
    return {
        name: record_event(
            summary,
            given.person,
            given.line,
            vendor=given.vendor,
            event_type_id=given.event_type_id,
            employee_id=given.employee_id,
        )
        for name, summary in summaries().items()
    }


def payload_file(profile: Profile) -> Path:
    return PAYLOADS / f"{profile.vendor.lower()}_{profile.kind.value}.json"


def expected(profile: Profile) -> dict[str, Any]:
    """What the file says: path, query, and bodies by the name of the case."""
    found: dict[str, Any] = json.loads(payload_file(profile).read_text(encoding="utf-8"))
    return found


def as_file(profile: Profile, requests: Mapping[str, WriteRequest]) -> str:
    """The text of the file: one line for each body, so that a difference is one line."""
    first = next(iter(requests.values()))
    head = {"path": first.path, "query": dict(first.query)}
    lines = [f'"{key}": {json.dumps(value)},' for key, value in head.items()]
    bodies = [
        f"  {json.dumps(name)}: "
        + json.dumps(dict(request.body), ensure_ascii=False, sort_keys=True)
        for name, request in requests.items()
    ]
    return "{\n" + "\n".join(lines) + '\n"bodies": {\n' + ",\n".join(bodies) + "\n}\n}\n"
