"""Does each story come out as it should, in any order of its hooks, with and without Twilio's API?"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.config.lines_file import read_lines
from adapter.domain.assessment import CallRules
from adapter.domain.call import Call
from adapter.domain.call_event import WriteRequest
from adapter.domain.conferences import SETTLED_AFTER
from adapter.domain.due import SettlePolicy, best_recording
from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import Person
from adapter.domain.merge import join
from adapter.domain.outcome import Outcome
from adapter.domain.record import CallRecord
from adapter.domain.summary import CallSummary
from adapter.errors import PermanentError, TemporaryError
from adapter.providers.twilio.rest import leg_of, recording_of
from adapter.sandbox import SandboxState
from adapter.storage.engine import open_engine
from adapter.targets.base import WriteOutcome
from adapter.targets.propexo.models import CALL_STATUS
from adapter.targets.propexo.people import person_of
from adapter.targets.propexo.profiles import profile_of
from tests.support.clock import Clock
from tests.support.databases import empty
from tests.support.environment import NOW
from tests.support.story import STORIES, VENDORS, Story, facts_of, lines_of
from tests.support.world import LINES, PEOPLE, FakeReader, FakeTarget, World

DAY = 86400
BASE = "https://api.twilio.com"
LEADS = "/leads"

# Some calls are told by another call of ours; their own facts do not say how they ended.
TOLD_BY_THEMSELVES = [story for story in STORIES if "told_by" not in story.expected]
every_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.name))


def rules_of(story: Story) -> CallRules:
    return CallRules(read_lines(LINES + lines_of([story]), {}), SettlePolicy())


def joined(records: list[CallRecord]) -> CallRecord:
    return reduce(join, records)


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


def test_no_two_stories_have_an_id_in_common() -> None:
    """Over HTTP all stories share a database; a leg or recording of two calls would mix them up."""
    ids = [id for story in STORIES for id in story.ids]
    assert [id for id, count in Counter(ids).items() if count > 1] == []


@pytest.mark.parametrize("story", TOLD_BY_THEMSELVES, ids=lambda story: str(story.name))
def test_the_facts_of_a_story_tell_its_outcome_talk_time_and_sides(story: Story) -> None:
    record = joined([*facts_of(story).values(), told_by_rest(story)])
    assessment, expected = rules_of(story).assess(record), story.expected
    assert assessment.ending.outcome.value == expected["outcome"], assessment.ending
    assert assessment.ending.assumed == expected["assumed"]
    assert assessment.parties.direction.value == expected["direction"]
    if expected["duration"] is not None:
        assert min(assessment.ending.talk_seconds, DAY) == expected["duration"]
        inbound = expected["direction"] == "inbound"
        assert assessment.parties.other.number == expected["from" if inbound else "to"]
    if "recording" in expected:
        best = best_recording(record)
        assert (best.id if best else None) == expected["recording"]


@every_story
def test_every_order_of_the_hooks_gives_the_same_record(story: Story) -> None:
    facts = facts_of(story)
    once = joined([*facts.values()])
    for order in story.in_orders(40):
        assert joined([facts[place] for place in order if place in facts]) == once


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_order_and_repetition_of_hooks_gives_the_same_record(data: st.DataObject) -> None:
    facts = [*facts_of(data.draw(st.sampled_from(STORIES))).values()]
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


class StoryTarget(FakeTarget):
    """Propexo as the story has it: with the story's people, and with leads that are made."""

    def __init__(self, story: Story) -> None:
        state = SandboxState(VENDORS)
        rows = [state.add_person(**person) for person in story.people]
        kinds = [PersonKind(person["kind"]) for person in story.people]
        added = [person_of(kind, row) for kind, row in zip(kinds, rows, strict=True)]
        super().__init__(people=[*PEOPLE, *added])
        self._has_late_hooks = bool(story.late)

    @property
    def events_posted(self) -> list[Mapping[str, Any]]:
        return [post.body for post in self.posts if post.path != LEADS]

    @property
    def leads_posted(self) -> list[Mapping[str, Any]]:
        return [post.body for post in self.posts if post.path == LEADS]

    def prepare(self, summary: CallSummary, person: Person, line: Line) -> WriteRequest:
        prepared = super().prepare(summary, person, line)
        return replace(prepared, body={**prepared.body, "application_id": person.application_id})

    def confirm(self, job_id: str, *, integration_id: str | None = None) -> WriteOutcome:
        """Of a lead it tells the id: "new"."""
        confirmation = super().confirm(job_id, integration_id=integration_id)
        is_lead = self.posts[int(job_id.removeprefix("job_")) - 1].path == LEADS
        return replace(confirmation, record_id="new") if is_lead else confirmation

    def takes_corrections(self, person: Person) -> bool:
        """As the PMS does where the story is about corrections. Elsewhere all of them are to be seen."""
        if not self._has_late_hooks:
            return True
        return profile_of(person.vendor, person.kind).takes_corrections


@pytest.fixture(scope="module")
def one_engine(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """An engine for all stories: it compiles each statement once."""
    path = tmp_path_factory.mktemp("stories") / "adapter.sqlite3"
    shutil.copyfile(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}", pool_size=2)
    yield engine
    engine.dispose()


@pytest.fixture
def worlds(one_engine: sa.Engine) -> Callable[[Story], World]:
    """Makes an adapter for a story, on the database without rows."""

    def make(story: Story) -> World:
        empty(one_engine)
        # Without an API and without a number of allowed reads: an account without credentials.
        asks = story.rest is not None or "rest_reads" in story.expected
        clock = Clock()
        return World(
            one_engine,
            clock,
            target=StoryTarget(story),
            lines=LINES + lines_of([story]),
            reader=StoryReader(story, clock) if asks else None,
            recording_links=story.settings.get("recording_links", "adapter"),
        )

    return make


@every_story
@pytest.mark.parametrize(
    "spread",
    [
        pytest.param(0.0, id="quickly"),
        pytest.param(8.0, id="slowly", marks=pytest.mark.full),
    ],
)
def test_a_story_makes_one_event_as_it_should_be(
    story: Story, spread: float, worlds: Callable[[Story], World], is_full: bool
) -> None:
    """spread: seconds over which the hooks come in, all within SETTLE_SECONDS; the worker never rests."""
    gap_seconds = min(2.0, spread / len(story.hooks))
    for order in story.in_orders(4 if is_full else 2):
        world = worlds(story)
        for place in order:
            assert world.hook(story.hooks[place], method=story.method).status in (200, 204)
            world.pass_time(gap_seconds)
        finish(world)
        check_conversation(world, story, order)
        if story.late:
            for hook in story.late:
                assert world.hook(hook, method=story.method).status in (200, 204)
            finish(world)
            check_corrections(world, story, order)


def finish(world: World) -> None:
    """All runs, and what the worker does besides them."""
    world.finish()
    world.clock.advance(SETTLED_AFTER.total_seconds())
    world.intake.attach_conference_recordings(world.clock())
    world.finish()


def check_conversation(world: World, story: Story, order: tuple[int, ...]) -> None:
    """The story's call and the others are as they should be, before any late hooks."""
    target = target_of(world)
    about = f"hooks in order {order}"
    for call_id, expected in story.expected_of.items():
        call = world.call(call_id, story.account)
        check_call(target, call, expected, f"{about}: {call.state}, {call.outcome}, {call.reason}")
    unexpected = [c for c in world.store.calls.search() if c.call_id not in story.expected_of]
    assert not unexpected, (about, [(c.call_id, c.state) for c in unexpected])
    states = [expected["state"] for expected in story.expected_of.values()]
    assert len(target.events_posted) == states.count("written"), about
    assert len({lead["phone_1"] for lead in target.leads_posted}) == len(target.leads_posted)
    assert len(target.leads_posted) == story.expected.get("leads", 0), about
    assert world.store.hooks.parked() == [], about
    unused = story.expected.get("unused", ())
    kept = [hook for c in world.store.calls.search() for hook in world.store.hooks.of_call(c.key)]
    if unused:
        assert len(kept) == len(story.hooks) - len(unused), about
    check_event(world, story, order)


def target_of(world: World) -> StoryTarget:
    assert isinstance(world.target, StoryTarget)
    return world.target


def check_call(target: StoryTarget, call: Call, expected: Mapping[str, Any], about: str) -> None:
    """What may be said of every call of a story."""
    events = [event for event in target.events_posted if event["reference"] == call.call_id]
    assert call.state.value == expected["state"], about
    assert call.outcome == expected.get("outcome", call.outcome), about
    assert len(events) == (1 if expected["state"] == "written" else 0), about
    if "recordings" in expected:
        assert sorted(call.record.recordings) == sorted(expected["recordings"]), about
    if not events:
        assert call.reason
        assert expected.get("reason", "") in call.reason, about
        return
    (event,) = events
    if "duration" in expected:
        assert min(event["talk_seconds"], DAY) == expected["duration"], about
    if "person" in expected:
        assert event["person_id"] == expected["person"], about


def check_event(world: World, story: Story, order: tuple[int, ...]) -> None:
    """What is said of the story's own call only."""
    expected, call = story.expected, world.call(story.call, story.account)
    about = f"hooks in order {order}: {call.state}, {call.outcome}, {call.reason}"
    assert call.direction == expected["direction"], about
    if world.reader is not None and "rest_reads" in expected:
        count = expected["rest_reads"]
        counts = count if isinstance(count, list) else [count]
        assert len(world.reader.reads) in counts, (about, world.reader.reads)
    if expected["state"] != "written":
        return
    (event,) = (e for e in target_of(world).events_posted if e["reference"] == story.call)
    if "started_at" in expected:
        assert event["started_at"] == expected["started_at"], about
    if "within" in expected:
        assert call.posted_at is not None
        assert (call.posted_at - NOW).total_seconds() <= expected["within"], about
    if "application" in expected:
        assert event["application_id"] == expected["application"], about
    assert CALL_STATUS[Outcome(event["outcome"])].value == expected["call_status"], about
    assert event["assumed"] == expected["assumed"], about
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
        if amended.body["reference"] == story.call:
            assert amended.body["outcome"] == event["outcome"], about
            assert amended.body["talk_seconds"] == event["talk_seconds"], about


def check_corrections(world: World, story: Story, order: tuple[int, ...]) -> None:
    """The late hooks made no second event; the PMS was corrected, or `show` says what stands wrong."""
    expected, call = story.expected, world.call(story.call, story.account)
    about = f"hooks in order {order}: {call.state}, {call.outcome}, {call.reason}"
    events = [e for e in target_of(world).events_posted if e["reference"] == story.call]
    assert len(events) == 1, about
    assert expected["shown"] in (call.reason or ""), about
    corrections = [request.body for _, request in world.target.amendments]
    corrected = expected.get("corrected")
    assert bool(corrections) == bool(corrected), about
    if corrected:
        # `notes` are the PMS's words, which are told over HTTP only.
        body = corrections[-1]
        told = {**corrected, "outcome": body["outcome"], "duration": body["talk_seconds"]}
        assert {**told, "started_at": body["started_at"]} == corrected, about
