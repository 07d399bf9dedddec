"""What does a person see of the calls that wait, and who is found by a name, an address, a number or an id?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.domain.lines import Line
from adapter.errors import TemporaryError
from adapter.operations.inbox import CALLS_ON_PAGE, InboxReader
from adapter.operations.people_search import PeopleSearch
from adapter.storage.inbox import GroupKey
from adapter.storage.people_index import PeopleIndex
from tests.support.clock import Clock
from tests.support.environment import LINE
from tests.support.hooks import status_hook
from tests.support.world import ANNA, LINES, PEOPLE, FakeTarget, World

STRANGER = "+16175550177"
HOLDING = LINES.replace("[defaults]", '[defaults]\nambiguous = "hold"', 1)
BEN = replace(PEOPLE[1], numbers=ANNA.numbers, id="lead_ben")


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    """Two leads share a number, and the line holds such calls."""
    return World(engine, clock, lines=HOLDING, target=FakeTarget(people=[ANNA, BEN]))


@pytest.fixture
def index(world: World) -> PeopleIndex:
    index = PeopleIndex(world.store)
    index.save([ANNA, BEN])
    return index


@pytest.fixture
def reader(world: World, index: PeopleIndex) -> InboxReader:
    return InboxReader(world.store, index, world.target, world.rules.lines)


def hold(world: World, sid: str, caller: str = "+16175550134") -> None:
    world.hook(status_hook("no-answer", CallSid=sid, From=caller))
    world.finish()


def test_a_held_call_has_its_candidates_and_how_many_are_alike(
    world: World, reader: InboxReader
) -> None:
    hold(world, "CA1")
    hold(world, "CA2")
    hold(world, "CA3", STRANGER)
    page = reader.page()
    counts = {line.key.cause: line.group.count for line in page.groups}
    assert counts == {"several_found": 2, "nobody_found": 1}
    assert page.groups[0].line is not None and page.groups[0].line.name == "Main Street leasing"
    group = reader.group(page.groups[0].key)
    assert group is not None and [each.call.call_id for each in group.calls] == ["CA2", "CA1"]
    first = group.calls[0]
    assert [each.person.id for each in first.candidates] == ["lead_anna", "lead_ben"]
    assert {each.why_not for each in first.candidates} == {
        "others fit equally well, and this line holds such calls"
    }
    assert first.alike == 2
    assert world.target.asked["find_people"] == 3, "only the deliveries asked"


def test_a_withheld_number_has_no_candidates(world: World, reader: InboxReader) -> None:
    hold(world, "CA1", "anonymous")
    hold(world, "CA2", "anonymous")
    (group,) = reader.page().groups
    found = reader.group(group.key)
    assert found is not None and found.calls[0].candidates == () and found.calls[0].alike == 0


def test_a_group_is_read_in_pages(world: World, reader: InboxReader) -> None:
    for number in range(CALLS_ON_PAGE + 2):
        hold(world, f"CA{number}", STRANGER)
    key = GroupKey("held", "nobody_found", LINE)
    first = reader.group(key)
    assert first is not None and first.next is not None
    second = reader.group(key, first.next)
    assert second is not None and second.next is None
    ids = [each.call.call_id for each in (*first.calls, *second.calls)]
    assert sorted(ids) == sorted(f"CA{number}" for number in range(CALLS_ON_PAGE + 2))


def test_an_empty_inbox_tells_when_the_last_call_came(world: World, reader: InboxReader) -> None:
    page = reader.page()
    assert page.last is not None and page.last.came_at is None
    came = world.clock()
    world.hook(status_hook("no-answer", CallSid="CA1", From="+16175550199"))
    page = reader.page()
    assert page.groups == [] and page.last is not None and page.last.came_at == came


@pytest.mark.parametrize(
    "after", ["x", "~", "1~held", "-1~a~b~c", "9" * 30 + "~a~b~c", "1~a~b~c~d"]
)
def test_a_cursor_that_is_none_is_refused(reader: InboxReader, after: str) -> None:
    with pytest.raises(ValueError):
        reader.page(after)


@pytest.mark.parametrize("after", ["x", "~", "2026-01-01~k", "2026-01-01T00:00:00+00:00~"])
def test_a_cursor_of_calls_that_is_none_is_refused(
    world: World, reader: InboxReader, after: str
) -> None:
    hold(world, "CA1", STRANGER)
    with pytest.raises(ValueError):
        reader.group(GroupKey("held", "nobody_found", LINE), after)


# Somebody else ------------------------------------------------------------------------------------------


@pytest.fixture
def search(world: World, index: PeopleIndex) -> PeopleSearch:
    return searching(world, index)


def searching(world: World, index: PeopleIndex, wait_seconds: float = 5.0) -> PeopleSearch:
    target: Any = SimpleNamespace(api=world.target, label="The target")
    return PeopleSearch(index, target, wait_seconds=wait_seconds)


@pytest.fixture
def line(world: World) -> Line:
    found = world.rules.lines.of(LINE)
    assert found is not None
    return found


def test_a_name_is_looked_for_in_our_index_only(
    world: World, search: PeopleSearch, line: Line
) -> None:
    assert [person.id for person in search.search("  aNN ", line).people] == ["lead_anna"]
    assert search.search("nobody of this name", line).people == []
    assert search.search("%", line).people == []
    assert not world.target.asked


def test_a_number_an_address_and_an_id_are_asked_of_the_target(
    world: World, search: PeopleSearch, line: Line
) -> None:
    found = search.search("(617) 555-0134", line)
    assert [person.id for person in found.people] == ["lead_anna", "lead_ben"]
    assert [person.id for person in search.search("lead_anna", line).people] == ["lead_anna"]
    world.target.lookups.append([BEN])
    assert search.search("ben@example.com", line).people == [BEN]
    assert world.target.asked == {"find_people": 1, "person": 3, "people_by_email": 1}
    assert search.search("lead_nobody", line).people == []


@pytest.mark.parametrize("text", ["", "   ", "\0", "x" * 5000, "@" * 5000, "+" * 5000, "'; --"])
def test_what_is_no_search_finds_nobody(search: PeopleSearch, line: Line, text: str) -> None:
    assert list(search.search(text, line).people) == []


@pytest.fixture
def hang(world: World) -> Iterator[threading.Event]:
    """The target answers once this is set."""
    answer = threading.Event()

    def hanging(number: str, line: Line) -> Any:
        answer.wait(30)
        return [ANNA]

    vars(world.target)["find_people"] = hanging
    yield answer
    answer.set()


def test_a_target_that_hangs_is_not_waited_for(
    world: World, index: PeopleIndex, line: Line, hang: threading.Event
) -> None:
    """What the index knows is shown, and no more than two searches hang at a time."""
    search = searching(world, index, wait_seconds=0.05)
    for _ in range(2):
        found = search.search("617-555-0134", line)
        assert found.problem == "The target did not answer within 0 s"
        assert [person.id for person in found.people] == ["lead_anna", "lead_ben"]
    third = search.search("617-555-0134", line)
    assert third.problem == "The target is still being asked for others; try again"


def test_what_the_target_says_is_told(world: World, search: PeopleSearch, line: Line) -> None:
    world.target.lookups.append(TemporaryError("the target answered 503"))
    found = search.search("ben@example.com", line)
    assert (found.people, found.problem) == ((), "the target answered 503")
