"""Does each story come out as it should, in any order of its hooks, with and without Twilio's API?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.assessment import Rules
from adapter.domain.due import SettlePolicy, best_recording
from adapter.domain.lines import read_lines
from adapter.domain.outcome import Outcome
from adapter.domain.record import CallRecord
from adapter.errors import PermanentError, TemporaryError
from adapter.providers.twilio.rest import leg_of, recording_of
from adapter.storage.engine import open_engine
from adapter.targets.propexo.models import CALL_STATUS
from tests.conftest import NOW, Clock
from tests.delivery.world import LINES, FakeReader, FakeTarget, World
from tests.stories.story import STORIES, Story, facts_of

RULES = Rules(read_lines(LINES, {}), SettlePolicy())
DAY = 86400
BASE = "https://api.twilio.com"

every_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.name))


def joined(records: list[CallRecord]) -> CallRecord:
    return reduce(CallRecord.join, records)


def told_by_rest(story: Story) -> CallRecord:
    """What Twilio's API would add, all of it."""
    rest = story.rest or {}
    rows = [row for row in [rest.get("call"), *rest.get("children", ())] if row]
    legs = [leg_of(row) for row in rows]
    recordings = [recording_of(row, BASE) for row in rest.get("recordings", ())]
    return CallRecord(
        provider="twilio",
        account=story.account,
        call_id=story.call,
        legs={leg.id: leg for leg in legs},
        recordings={recording.id: recording for recording in recordings},
        was_read=story.rest is not None,
    )


# The record alone ----------------------------------------------------------------------------------


@every_story
def test_the_facts_of_a_story_tell_its_outcome_talk_time_and_sides(story: Story) -> None:
    record = joined([*facts_of(story), told_by_rest(story)])
    view, expected = RULES.view(record), story.expected
    assert view.ending.outcome.value == expected["outcome"], view.ending
    assert view.ending.assumed == expected["assumed"]
    assert view.parties.direction.value == expected["direction"]
    if expected["duration"] is not None:
        assert min(view.ending.talk_seconds, DAY) == expected["duration"]
        inbound = expected["direction"] == "inbound"
        assert view.parties.other.number == expected["from" if inbound else "to"]
    if "recording" in expected:
        best = best_recording(record)
        assert (best.id if best else None) == expected["recording"]


@every_story
def test_every_order_of_the_hooks_gives_the_same_record(story: Story) -> None:
    facts = facts_of(story)
    once = joined(facts)
    for order in story.in_orders(40):
        assert joined([facts[place] for place in order]) == once


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_order_and_repetition_of_hooks_gives_the_same_record(data: st.DataObject) -> None:
    facts = facts_of(data.draw(st.sampled_from(STORIES)))
    again = data.draw(st.lists(st.sampled_from(range(len(facts))), max_size=8))
    order = data.draw(st.permutations([*range(len(facts)), *again]))
    # Also where two processes have joined some of them before: ((a b) (c d)).
    cut = data.draw(st.integers(1, len(order)))
    halves = [[facts[place] for place in part] for part in (order[:cut], order[cut:]) if part]
    assert joined([joined(half) for half in halves]) == joined(facts)


# Store, intake and delivery -------------------------------------------------------------------------


class StoryReader(FakeReader):
    """Twilio's API as the story has it at the time; a call that it does not have is a 404."""

    def __init__(self, story: Story, clock: Clock) -> None:
        super().__init__()
        nothing: Mapping[str, Any] = {"call": None, "children": [], "recordings": []}
        self._snapshots = story.rest_at or ((0.0, story.rest or nothing),)
        self._silent_seconds = story.rest_silent
        self._clock, self._begun = clock, clock()

    def leg(self, account: str, sid: str) -> Any:
        return self._as_it_is_now(super().leg, account, sid)

    def legs_dialled_by(self, account: str, sid: str) -> Any:
        return self._as_it_is_now(super().legs_dialled_by, account, sid)

    def recordings_of(self, account: str, sid: str) -> Any:
        found = self._as_it_is_now(super().recordings_of, account, sid)
        if self.call is None:
            raise PermanentError("Twilio's API answered 404", status=404)
        return found

    def _as_it_is_now(self, read: Any, account: str, sid: str) -> Any:
        age = (self._clock() - self._begun).total_seconds()
        if age < self._silent_seconds:
            self.errors = [TemporaryError("Twilio's API gave no answer")]
        rest = [rest for since, rest in self._snapshots if since <= age][-1]
        self.call = leg_of(rest["call"]) if rest["call"] else None
        self.children = [leg_of(row) for row in rest["children"]]
        self.recordings = [recording_of(row, BASE) for row in rest["recordings"]]
        return read(account, sid)


@pytest.fixture
def worlds(sqlite_template: Path, tmp_path: Path) -> Iterator[Any]:
    """Makes an adapter for a story, each with a database of its own."""
    engines: list[sa.Engine] = []

    def make(story: Story) -> World:
        path = tmp_path / f"{len(engines)}.sqlite3"
        with sqlite3.connect(sqlite_template) as template:
            template.execute("VACUUM INTO ?", (str(path),))
        engine = open_engine(f"sqlite:///{path}", pool_size=2)
        engines.append(engine)
        # Without an API and without a number of allowed reads: an account without credentials.
        asks = story.rest is not None or "rest_reads" in story.expected
        clock = Clock()
        return World(
            engine,
            clock,
            target=FakeTarget(),
            reader=StoryReader(story, clock) if asks else None,
            recording_links=story.settings.get("recording_links", "adapter"),
        )

    yield make
    for engine in engines:
        engine.dispose()


@every_story
@pytest.mark.parametrize("spread", [0.0, 8.0], ids=["quickly", "slowly"])
def test_a_story_makes_one_event_as_it_should_be(story: Story, spread: float, worlds: Any) -> None:
    """spread: seconds over which the hooks come in, all within SETTLE_SECONDS; the worker never rests."""
    gap_seconds = min(2.0, spread / len(story.hooks))
    for order in story.in_orders(4):
        world = worlds(story)
        for place in order:
            assert world.hook(story.hooks[place], method=story.method).status in (200, 204)
            world.pass_time(gap_seconds)
        world.finish()
        check(world, story, order)


def check(world: World, story: Story, order: tuple[int, ...]) -> None:
    expected, call = story.expected, world.call(story.call, story.account)
    about = f"hooks in order {order}: {call.state}, {call.outcome}, {call.reason}"
    assert (call.state.value, call.outcome) == (expected["state"], expected["outcome"]), about
    assert call.direction == expected["direction"], about
    assert len(world.target.posts) == (1 if expected["state"] == "written" else 0), about
    if world.reader is not None and "rest_reads" in expected:
        assert len(world.reader.reads) == expected["rest_reads"], (about, world.reader.reads)
    allowed = (story.call, *expected.get("others", ()))
    others = [c for c in world.store.list_calls() if c.call_id not in allowed]
    assert not others, f"{about}; other calls: {[(c.call_id, c.state) for c in others]}"
    if expected["state"] != "written":
        assert call.reason
        assert expected.get("reason", "") in call.reason, about
        return
    event = world.target.posts[0]["body"]
    if "started_at" in expected:
        assert event["started_at"] == expected["started_at"], about
    if "within" in expected:
        assert call.posted_at is not None
        assert (call.posted_at - NOW).total_seconds() <= expected["within"], about
    assert CALL_STATUS[Outcome(event["outcome"])].value == expected["call_status"], about
    assert min(event["talk_seconds"], DAY) == expected["duration"], about
    assert event["person_id"] == expected["person"], about
    assert event["assumed"] == expected["assumed"], about
    assert event["reference"] == story.call
    for end, name in (("from", "from_number"), ("to", "to_number")):
        assert event[name]
        if expected[end] is not None:
            assert event[name] == expected[end], about
    if "transcript" in expected:
        assert event["transcript"] == expected["transcript"], about
    if "link" in expected:
        assert event["link"] == expected["link"], about
    else:
        assert event["link"].startswith("https://calls.example.com/recordings/"), about
    for _, amended in world.target.amendments:  # a late recording or an earlier start, no other end
        assert amended["body"]["outcome"] == event["outcome"], about
        assert amended["body"]["talk_seconds"] == event["talk_seconds"], about
