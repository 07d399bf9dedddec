"""What is told of a call: the right numbers on the right sides, and a link that is always one?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.domain.parties import Direction
from tests.support.clock import Clock
from tests.support.environment import BASE_URL, LINE, NOW
from tests.support.hooks import (
    AGENT,
    CALL,
    CALLER,
    CHILD,
    answered_hooks,
    recording_hook,
    status_hook,
)
from tests.support.world import World

CHILD_LEG = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial"}


def told(world: World, *hooks: dict[str, str]) -> dict[str, Any]:
    """What the target was told after these hooks."""
    for params in hooks:
        world.hook(params)
    world.finish()
    return dict(world.target.posts[-1].body)


def test_an_incoming_call_goes_from_the_person_to_our_line(world: World) -> None:
    body = told(world, status_hook("no-answer"))
    assert (body["from_number"], body["to_number"]) == (CALLER, LINE)
    assert body["direction"] == Direction.INBOUND
    assert body["line_name"] == "Main Street leasing"
    assert body["reference"] == CALL


def test_an_outgoing_call_goes_from_our_line_to_the_person(world: World) -> None:
    body = told(world, status_hook("busy", Direction="outbound-api", From=LINE, To=CALLER))
    assert (body["from_number"], body["to_number"]) == (LINE, CALLER)
    assert body["direction"] == Direction.OUTBOUND


def test_neither_number_is_ever_blank(world: World) -> None:
    body = told(world, status_hook("completed", 42, **CHILD_LEG, To=AGENT))
    assert (body["from_number"], body["to_number"]) == (CALLER, AGENT)


def test_numbers_are_told_in_e164_however_they_came(world: World) -> None:
    body = told(world, status_hook("no-answer", From="6175550134", To="1 617 555 0100"))
    assert (body["from_number"], body["to_number"]) == (CALLER, LINE)


OWN = "api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1"
STORAGE = "calls.s3.amazonaws.com/AC1/RE1"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        (f"https://{OWN}", f"https://{OWN}.mp3"),
        (f"http://{OWN}", f"https://{OWN}.mp3"),
        (f"https://{OWN}.mp3", f"https://{OWN}.mp3"),
        (f"https://{OWN}.wav", f"https://{OWN}.wav"),
        (f"https://{STORAGE}", f"https://{STORAGE}"),
        (f"http://{STORAGE}?X-Amz-Signature=a", f"https://{STORAGE}?X-Amz-Signature=a"),
    ],
)
def test_where_it_is_wanted_the_providers_link_is_https_and_twilios_own_has_a_suffix(
    engine: sa.Engine, clock: Clock, url: str, link: str
) -> None:
    world = World(engine, clock, recording_links="provider")
    body = told(world, *answered_hooks(), recording_hook(40, RecordingUrl=url))
    assert (body["link"], body["has_recording"]) == (link, True)


def test_where_no_recording_comes_the_adapters_own_page_is_linked(
    engine: sa.Engine, clock: Clock
) -> None:
    world = World(engine, clock, recording_links="provider")
    body = told(world, *answered_hooks())
    assert body["link"].startswith(f"{BASE_URL}/recordings/")
    assert body["has_recording"] is False
    assert clock() - NOW >= timedelta(seconds=300)


def test_the_adapters_own_page_is_linked_by_default(world: World) -> None:
    body = told(world, recording_hook(40), *answered_hooks())
    assert body["link"].startswith(f"{BASE_URL}/recordings/")
    assert body["has_recording"] is True


def test_the_link_tells_no_number_and_no_call(world: World) -> None:
    body = told(world, *answered_hooks())
    assert CALLER.strip("+") not in body["link"]


def test_the_call_began_when_its_first_leg_did(world: World) -> None:
    """Seconds before the time of the last hook, not the time of its arrival."""
    told_at = "Mon, 02 Mar 2026 14:10:00 +0000"
    out = {"Direction": "outbound-api", "From": LINE, "To": CALLER, "Timestamp": told_at}
    body = told(world, status_hook("completed", 90, **out))
    assert body["started_at"] == "2026-03-02T14:08:30+00:00"


def test_a_call_without_a_time_began_when_it_was_first_heard_of(world: World) -> None:
    assert told(world, status_hook("no-answer"))["started_at"] == NOW.isoformat()
