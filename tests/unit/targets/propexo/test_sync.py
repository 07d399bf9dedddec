"""Does the index of people follow Propexo, page by page, without missing anybody?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapter.domain.call import CallState
from adapter.domain.lines import Line, PersonKind
from adapter.errors import LocalRateLimit, PermanentError, RemoteError
from adapter.storage.people_index import PeopleIndex
from adapter.targets.base import PeopleSource
from adapter.targets.propexo.client import PropexoClient
from adapter.targets.propexo.sync import PeopleSync
from tests.support.lanes import full
from tests.support.sandboxed import MAIN, Adapter, adapter, lines
from tests.support.targets import propexo_api

LEAD, APPLICANT, RESIDENT = PersonKind.LEAD, PersonKind.APPLICANT, PersonKind.RESIDENT
STALE = timedelta(minutes=5)
HELD_LINE = lines(policy="hold")


@pytest.fixture
def made(database_url: str) -> Iterator[Adapter]:
    """An adapter with a line at Main Street, whose strangers' calls are held."""
    with adapter(database_url, ADAPTER_LINES=HELD_LINE) as found:
        yield found


def number(n: int) -> str:
    """A number that belongs to nobody real: 212 555 0000 and on."""
    return f"+1212555{n:04}"


OLD = "2025-12-01T00:00:00.000Z"


def add(made: Adapter, count: int, *, first: int = 0, kind: str = "lead", **fields: Any) -> None:
    """So many people with a number each, who have been there for long."""
    times = {"created_at": OLD, "updated_at": OLD}
    people = [
        {"kind": kind, "id": f"{kind}_{n}", "phone_1": number(n)[2:], **times, **fields}
        for n in range(first, first + count)
    ]
    made.control("people", people)


def change(made: Adapter, count: int, *, first: int = 0, **fields: Any) -> None:
    """These leads are changed now."""
    add(made, count, first=first, updated_at=stamp(made), **fields)


def change_one(made: Adapter, id: str, **fields: Any) -> None:
    made.person("lead", id=id, updated_at=stamp(made), **fields)


def come(made: Adapter, count: int, *, first: int) -> None:
    """These leads are new."""
    add(made, count, first=first, updated_at=stamp(made), created_at=stamp(made))


def stamp(made: Adapter) -> str:
    return made.now().isoformat()


def unknown(index: PeopleIndex, count: int, first: int = 0) -> list[str]:
    """Which of these numbers the index does not know."""
    wanted = [number(n) for n in range(first, first + count)]
    return [each for each in wanted if not index.find(each, "int_entrata")]


def fill(made: Adapter, *, on_step: Callable[[int], None] = lambda n: None) -> int:
    """All that is due; how many steps that were."""
    return read_all(made.container.target.people, on_step)


def read_all(sync: PeopleSource, on_step: Callable[[int], None] = lambda n: None) -> int:
    steps = 0
    while sync.step(STALE):
        on_step(steps)
        steps += 1
        assert steps < 500, "the sync never ends"
    return steps


# The first fill ---------------------------------------------------------------------------------------


def test_the_first_fill_reads_all_people_in_pages(made: Adapter) -> None:
    add(made, 1200)
    add(made, 300, first=2000, kind="resident")
    fill(made)
    index = made.container.index
    assert unknown(index, 1200) == unknown(index, 300, 2000) == []
    state = index.state("int_entrata", LEAD)
    assert state.is_filled and state.position == state.total == 1200 + 7
    assert index.is_filled("int_entrata", PersonKind)
    assert made.asked("/v1/leads/") == 5 + 1, "250 a page, and what changed meanwhile"


def test_the_progress_of_the_first_fill_is_told(made: Adapter) -> None:
    add(made, 600)
    seen = []
    for _ in range(3):
        made.container.target.people.step(STALE)
        states = {state.kind: state for state in made.container.target.people.states()}
        seen.append((states[APPLICANT].position, states[LEAD].position, states[LEAD].total))
    assert [position for _, position, _ in seen] == [250, 500, 607]
    assert {total for *_, total in seen} == {607}


def test_a_fill_that_was_interrupted_goes_on_where_it_was_while_people_change(
    made: Adapter,
) -> None:
    """Reading fails half-way and the process dies; meanwhile people are updated, and new ones come."""
    add(made, 3000)
    for _ in range(5):
        made.container.target.people.step(STALE)
    made.fault("reset_after", method="GET", path="/v1/leads", times="forever")
    made.container.target.people.step(STALE)
    made.container.target.people.step(STALE)
    with pytest.raises(RemoteError, match="broke off"):
        made.container.target.people.step(STALE)
    index = made.container.index
    assert index.is_filled("int_entrata", [APPLICANT, RESIDENT]), "the others were read meanwhile"
    assert index.state("int_entrata", LEAD).position == 1250
    made.control("faults", [])
    made.traveller.shift(30)
    for n in (3, 700, 1400, 2900):
        change(made, 1, first=n, phone_2=number(5000 + n)[2:])
    come(made, 300, first=3000)
    read = made.asked("/v1/leads/")

    other = Adapter(made.environ["DATABASE_URL"], made.traveller, made.url, ADAPTER_LINES=HELD_LINE)
    fill(other)
    other.store.engine.dispose()
    assert unknown(index, 3300) == []
    for n in (3, 700, 1400, 2900):
        assert index.find(number(5000 + n), "int_entrata"), f"what changed of {n} is missing"
    fills, changes = 9, 2  # from 1250 to 3307; what came or changed since the fill began: 304
    assert made.asked("/v1/leads/") - read == fills + changes


def test_a_kind_that_cannot_be_read_is_asked_after_the_others(made: Adapter) -> None:
    """They are read at full speed, without a request in vain before each page."""
    add(made, 1000, kind="resident")
    made.fault("status", method="GET", path="/v1/leads", times="forever")
    steps = 0
    with capture_logs() as logs, pytest.raises(RemoteError, match="500"):
        while made.container.target.people.step(STALE):
            steps += 1
    assert steps == 1 + 5 + 1, "applicants; residents; what changed of them meanwhile"
    assert made.container.index.is_filled("int_entrata", [APPLICANT, RESIDENT])
    assert made.asked("/v1/leads/") == 2
    reports = [each for each in logs if each["log_level"] == "warning"]
    assert [(each["integration"], each["kind"]) for each in reports] == [("int_entrata", "lead")]
    made.control("faults", [])
    fill(made)
    assert made.container.index.is_filled("int_entrata", PersonKind)


def test_who_is_updated_while_the_fill_goes_on_is_known_as_updated(made: Adapter) -> None:
    """People who were read already are changed while the rest is still being read."""
    add(made, 1500)

    def touch(step: int) -> None:
        made.traveller.shift(20)
        if step < 20:
            change(made, 1, first=step * 70, phone_2=number(7000 + step)[2:])

    fill(made, on_step=touch)
    made.traveller.shift(400)
    fill(made)
    missing = [
        s for s in range(6) if not made.container.index.find(number(7000 + s), "int_entrata")
    ]
    assert missing == []
    assert unknown(made.container.index, 1500) == []


# Changes ----------------------------------------------------------------------------------------------


def test_changes_are_read_with_a_request_for_each_kind(made: Adapter) -> None:
    add(made, 800)
    fill(made)
    made.traveller.shift(900)
    come(made, 1, first=9000)
    change(made, 1, first=5, phone_1="(646) 555-0111")
    before = made.asked("/v1/")
    fill(made)
    index = made.container.index
    assert made.asked("/v1/") - before == 3
    assert index.find(number(9000), "int_entrata")
    assert index.find("+16465550111", "int_entrata")
    assert not index.find(number(5), "int_entrata"), "the number of before is gone"


def test_nothing_is_read_before_it_is_stale(made: Adapter) -> None:
    fill(made)
    made.traveller.shift(299)
    before = made.asked("/v1/")
    assert not made.container.target.people.step(STALE)
    assert made.asked("/v1/") == before


def test_many_changes_at_once_are_read_to_the_end(made: Adapter) -> None:
    """A PMS may touch everybody in a night."""
    add(made, 1000)
    fill(made)
    made.traveller.shift(3600)
    change(made, 1000, phone_1=None, phone_2="(646) 555-0112")
    fill(made)
    assert len(made.container.index.find("+16465550112", "int_entrata")) == 1000


def test_more_changes_than_a_minute_allows_are_read_in_several(database_url: str) -> None:
    """The index has half of the limit; what was read must not be read again from the beginning."""
    with adapter(
        database_url, ADAPTER_LINES=HELD_LINE, PROPEXO_RATE_LIMIT="10", rate_limit=10
    ) as made:
        add(made, 2500)
        for changed in (0, 2500):
            made.traveller.shift(3600)
            change(made, changed, phone_2="(646) 555-0113")
            is_more = True
            for _ in range(40):  # minutes
                try:
                    while is_more:
                        is_more = made.container.target.people.step(STALE)
                    break
                except LocalRateLimit:
                    made.traveller.shift(61)
            assert not is_more, "after 40 minutes it is still at it"
        assert len(made.container.index.find("+16465550113", "int_entrata")) == 2500


# Asking for changes only ----------------------------------------------------------------------------------

MODES = pytest.mark.parametrize("mode", ["offered", full("refused"), full("ignored")])


def syncing(
    made: Adapter, learned: Callable[[set[str]], None] = lambda numbers: None
) -> PeopleSync:
    """Another process, as it begins."""
    return PeopleSync(
        client=propexo_api(made.container).client,
        index=made.container.index,
        integrations=lambda: ["int_entrata"],
        learned=learned,
        clock=made.now,
    )


@MODES
def test_changes_are_known_whether_or_not_propexo_can_filter_them(made: Adapter, mode: str) -> None:
    """A refusal costs one request for each kind, once; and nobody is read again from the beginning."""
    made.control("time-filters", {"mode": mode})
    add(made, 800)
    fill(made)
    # The fill of the leads took several pages, so they were asked for changes already, and refused.
    refusals = 2 if mode == "refused" else 0
    for tick, requests in enumerate([3 + refusals, 3, 3]):
        asked = made.asked("/v1/")
        made.traveller.shift(900)
        come(made, 1, first=9000 + tick)
        change(made, 1, first=700 + tick, phone_2=number(5000 + tick)[2:])
        fill(made)
        assert made.asked("/v1/") - asked == requests
        for n in (9000 + tick, 700 + tick, 5000 + tick):
            assert made.container.index.find(number(n), "int_entrata"), n
    refused = [each["query"]["updated_at_gte"] for each in made.refused()]
    assert len(refused) == (3 if mode == "refused" else 0), "once for each kind"
    assert all(moment.endswith(":00.000Z") for [moment] in refused), refused


@MODES
def test_many_changes_are_read_on_across_processes_while_more_come(
    made: Adapter, mode: str
) -> None:
    """Also who was still unread, and is moved to the front before the next page is asked for."""
    made.control("time-filters", {"mode": mode})
    add(made, 1500)
    fill(made)
    made.traveller.shift(3600)
    change(made, 1100, phone_2=number(5000)[2:])
    made.traveller.shift(400)  # longer than what is read twice
    before = made.asked("/v1/leads/")
    assert made.container.target.people.step(STALE)
    made.traveller.shift(1)
    change(made, 60, first=10, phone_2=number(5001)[2:])  # of equals the last ids come first
    come(made, 300, first=3000)
    other = syncing(made)
    read_all(other)
    made.traveller.shift(900)
    read_all(other)
    index = made.container.index
    assert unknown(index, 1500) == unknown(index, 300, 3000) == []
    assert len(index.find(number(5000), "int_entrata")) == 1040
    assert len(index.find(number(5001), "int_entrata")) == 60
    # The 1100, and the 300 that moved them on; then the 360 at the front. The new process is refused anew.
    assert made.asked("/v1/leads/") - before == 6 + 2 + (mode == "refused")


class Terse:
    """A client whose answers say of a list only what Propexo's schema requires: how it is ordered."""

    def __init__(self, client: PropexoClient, **meta: Any) -> None:
        self._client = client
        self._meta = meta

    def get(self, *args: Any, **more: Any) -> Any:
        answer = self._client.get(*args, **more)
        return {**answer, "meta": {"orderBy": answer["meta"]["orderBy"], **self._meta}}


@pytest.mark.parametrize("meta", [{}, {"hasMore": None}])
def test_everybody_is_read_where_it_is_not_told_whether_there_is_more(
    made: Adapter, meta: dict[str, Any]
) -> None:
    add(made, 493)  # with those of the sample company two full pages
    terse: Any = Terse(propexo_api(made.container).client, **meta)
    sync = PeopleSync(
        client=terse,
        index=made.container.index,
        integrations=lambda: ["int_entrata"],
        learned=lambda numbers: None,
        clock=made.now,
    )
    read_all(sync)
    assert made.container.index.is_filled("int_entrata", PersonKind)
    assert unknown(made.container.index, 493) == []
    made.traveller.shift(3600)
    change(made, 493, phone_2=number(5000)[2:])
    read_all(sync)
    assert len(made.container.index.find(number(5000), "int_entrata")) == 493


@MODES
def test_where_it_can_propexo_leaves_out_what_is_known(made: Adapter, mode: str) -> None:
    made.control("time-filters", {"mode": mode})
    add(made, 800)
    fill(made)
    made.traveller.shift(900)
    change(made, 1, first=5)
    told: set[str] = set()
    sync = syncing(made, told.update)
    read_all(sync)
    assert number(5) in told
    assert (len(told) == 1) is (mode == "offered")


def test_a_refusal_of_something_else_is_reported(made: Adapter) -> None:
    """The filter is left out at once, in vain, and from then on."""
    fill(made)
    made.traveller.shift(900)
    made.fault("status", status=400, method="GET", path="/v1/leads", times="forever")
    for requests in (2 + 1, 1):  # with the filter, without it, and after the others
        before = made.asked("/v1/leads/")
        with pytest.raises(PermanentError, match="400"):
            fill(made)
        assert made.asked("/v1/leads/") - before == requests


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_failure_is_not_taken_for_a_refusal_of_the_filter(made: Adapter, status: int) -> None:
    fill(made)
    made.traveller.shift(900)
    made.fault("status", status=status, method="GET", path="/v1/leads", times=1)
    told: set[str] = set()
    sync = syncing(made, told.update)
    assert sync.step(STALE), "another kind is read"
    assert made.asked("/v1/leads/") == 1 + 1
    made.traveller.shift(60)  # what was refused is tried again after a minute
    read_all(sync)
    assert made.asked("/v1/leads/") == 1 + 2
    assert told == set(), "asked with the filter as before"


# Numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "called"),
    [
        ("(212) 555-0134", "+12125550134"),
        ("212.555.0134", "+12125550134"),
        ("+1 212 555 0134 x12", "+12125550134"),
        ("1-212-555-0134 ext. 9", "+12125550134"),
        ("2125550134", "+12125550134"),
        ("0044 20 7946 0018", "+442079460018"),
        ("011 44 20 7946 0018", "+442079460018"),
        ("+44 (0)20 7946 0018", "+442079460018"),
    ],
)
@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("phone_2", "prop_oak"),
        full("phone_1", "prop_main"),
        full("phone_1", "prop_oak"),
        full("phone_2", "prop_main"),
    ],
)
def test_a_call_finds_its_person_in_whatever_format_and_field_the_number_stands(
    database_url: str, backend: str, written: str, called: str, field: str, place: str
) -> None:
    """Also where the person is at another property of the company than the line."""
    if backend != "sqlite":
        pytest.skip("nothing in this depends on the database")
    with adapter(database_url, ADAPTER_LINES=HELD_LINE) as made:
        made.person("lead", id="lead_odd", property_id=place, **{field: written})
        fill(made)
        sid = made.missed(called)
        made.pass_time(60)
        assert made.call(sid).person_id == "lead_odd", made.call(sid).reason


@pytest.mark.parametrize("written", ["12345", "x12", "n/a", "555-0134", "", "0000000000"])
def test_what_is_no_number_matches_nobody(made: Adapter, written: str) -> None:
    made.person("lead", id="lead_odd", phone_1=written, phone_2=written)
    fill(made)
    kept = made.container.index.get(LEAD, "lead_odd")
    assert kept is not None and kept.numbers == frozenset()


def test_a_call_of_somebody_in_the_index_costs_one_request(made: Adapter) -> None:
    add(made, 1, property_id="prop_main")
    fill(made)
    made.missed(number(0))
    made.work()  # the directory is read once
    before = made.asked("/v1/")
    sid = made.missed(number(0))
    made.work()
    assert made.call(sid).state is CallState.POSTED
    assert made.asked("/v1/") - before == 1


def test_a_call_of_somebody_in_the_index_at_another_property_costs_no_more(made: Adapter) -> None:
    add(made, 1, property_id="prop_oak")
    fill(made)
    made.missed(number(0))
    made.work()
    before = made.asked("/v1/")
    made.missed(number(0))
    made.work()
    assert made.asked("/v1/") - before == 1


def test_somebody_who_came_after_the_last_sync_is_asked_for_live(made: Adapter) -> None:
    fill(made)
    made.person("lead", id="lead_new", phone_1="(212) 555-0177", property_id="prop_main")
    sid = made.missed("+12125550177")
    made.pass_time(60)
    assert made.call(sid).person_id == "lead_new"
    assert made.container.index.find("+12125550177", "int_entrata"), "and is known from then on"


@pytest.mark.parametrize("field", ["phone_1", "phone_2"])
def test_an_index_that_was_not_kept_up_to_date_is_not_believed(made: Adapter, field: str) -> None:
    """The number changed hands while nothing was read."""
    made.person("lead", id="lead_before", property_id="prop_main", **{field: "(212) 555-0177"})
    made.person("lead", id="lead_after", property_id="prop_oak")
    fill(made)
    made.traveller.shift(2 * 3600)
    change_one(made, "lead_before", property_id="prop_main", **{field: "(212) 555-0178"})
    change_one(made, "lead_after", property_id="prop_oak", phone_1="(212) 555-0177")
    sid = made.missed("+12125550177")
    made.pass_time(60)
    assert made.call(sid).person_id == "lead_after", made.call(sid).because


def test_who_is_known_by_the_second_number_is_looked_up_where_the_index_is_old(
    made: Adapter,
) -> None:
    made.person("lead", id="lead_odd", property_id="prop_main", phone_2="(212) 555-0177")
    fill(made)
    made.traveller.shift(2 * 3600)
    sid = made.missed("+12125550177")
    made.pass_time(60)
    assert made.call(sid).person_id == "lead_odd", made.call(sid).reason


def test_without_a_sync_the_index_of_before_is_not_asked(database_url: str) -> None:
    with adapter(database_url, ADAPTER_LINES=HELD_LINE) as made:
        made.person("lead", id="lead_before", property_id="prop_main", phone_1="(212) 555-0177")
        fill(made)
        made.person("lead", id="lead_after", property_id="prop_oak", phone_1="(212) 555-0177")
        change_one(made, "lead_before", property_id="prop_main", phone_1=None)
        off = Adapter(
            database_url, made.traveller, made.url, ADAPTER_LINES=HELD_LINE, PEOPLE_SYNC_SECONDS="0"
        )
        sid = off.missed("+12125550177")
        off.pass_time(60)
        assert off.call(sid).person_id == "lead_after", off.call(sid).because
        off.store.engine.dispose()


# Giving way and waking ----------------------------------------------------------------------------------


def test_index_reads_give_way_to_deliveries(database_url: str) -> None:
    with adapter(
        database_url, ADAPTER_LINES=HELD_LINE, PROPEXO_RATE_LIMIT="40", rate_limit=40
    ) as made:
        add(made, 9000)
        with pytest.raises(LocalRateLimit) as caught:
            fill(made)
        assert made.asked("/v1/leads/") == 19, "half of what the limit leaves"
        assert 0 < (caught.value.retry_after_seconds or 0) <= 62
        sid = made.missed("+16175550134")
        made.work()
        assert made.call(sid).state is CallState.POSTED
        made.traveller.shift(62)
        assert made.container.target.people.step(STALE)
        assert not made.control("requests")["rate_limited"]


def test_held_calls_are_tried_again_when_the_index_learns_their_number(made: Adapter) -> None:
    fill(made)
    sid = made.missed("+12125559155")
    made.pass_time(60)
    assert made.call(sid).state is CallState.HELD
    made.traveller.shift(3600)
    made.person("lead", id="lead_late", property_id="prop_main", phone_2="212-555-9155")
    made.fill_index()
    made.pass_time(60)
    call = made.call(sid)
    assert (call.state, call.person_id) == (CallState.WRITTEN, "lead_late")


@pytest.mark.parametrize("called", ["+12125559156", "+442079460019"])
def test_calls_held_before_the_first_fill_are_written_when_it_is_done(
    made: Adapter, called: str
) -> None:
    """Whom only the index can find: by the second number, or from abroad. Calls run while it is read."""
    times = {"created_at": "2025-11-01T00:00:00Z", "updated_at": "2025-11-01T00:00:00Z"}
    made.person("lead", id="lead_two", property_id="prop_main", phone_2=called, **times)
    add(made, 600)
    sid = made.missed(called)
    made.pass_time(60)
    assert made.call(sid).state is CallState.HELD
    made.fill_index()
    made.pass_time(600)
    made.fill_index()
    made.pass_time(60)
    call = made.call(sid)
    assert (call.state, call.person_id) == (CallState.WRITTEN, "lead_two"), call.reason


def test_calls_held_too_long_ago_are_left_alone(database_url: str) -> None:
    with adapter(database_url, ADAPTER_LINES=HELD_LINE, HELD_DAYS="2") as made:
        sid = made.missed("+12125559157")
        made.pass_time(49 * 3600)
        made.person("lead", id="lead_late", phone_1="2125559157")
        made.fill_index()
        made.pass_time(60)
        assert made.call(sid).state is CallState.HELD


# Several integrations -----------------------------------------------------------------------------------


def test_an_integration_that_cannot_be_read_does_not_keep_the_others_from_it(
    database_url: str,
) -> None:
    second = lines("YARDI").replace(MAIN, "+16175550101")
    with adapter(
        database_url, vendors=["ENTRATA", "YARDI"], ADAPTER_LINES=HELD_LINE + second
    ) as made:
        made.fault(
            "status", integration_id="int_entrata", method="GET", status=500, times="forever"
        )
        for _ in range(20):
            try:
                made.container.target.people.step(STALE)
            except RemoteError:
                made.traveller.shift(15)
        assert made.container.index.is_filled("int_yardi", PersonKind)


def test_each_integration_is_read_once_however_many_lines_it_has(made: Adapter) -> None:
    sync = PeopleSync(
        client=propexo_api(made.container).client,
        index=made.container.index,
        integrations=lambda: ["int_entrata", "int_entrata"],
        learned=lambda numbers: None,
        clock=made.now,
    )
    assert len(sync.states()) == 3


def test_people_of_the_index_are_people_of_the_rule(made: Adapter) -> None:
    """What is looked up in the index is what Propexo says: kind, names, property, activity."""
    fill(made)
    line = made.container.lines.of(MAIN)
    assert isinstance(line, Line)
    live = made.container.target.api.find_people("+16175550137", line)
    assert {(p.id, p.property_id, p.is_active) for p in live} == {
        ("lead_dan_main", "prop_main", True),
        ("lead_dan_oak", "prop_oak", False),
    }
