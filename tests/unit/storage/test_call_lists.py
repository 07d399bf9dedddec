"""Are the calls of a filter listed newest first, page by page, each once, and counted?"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.domain.call import Call, CallState
from adapter.domain.call_filter import CallFilter, Count, Cursor, Search
from adapter.domain.cause import Cause
from adapter.domain.lines import PersonKind
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.storage.schema import calls
from adapter.storage.store import Store
from tests.support.environment import LINE, NOW
from tests.support.rows import add, record
from tests.support.world import OTHER_LINE

ALL = CallFilter()
HOUR = timedelta(hours=1)


def put(store: Store, *names: str, at: Any = NOW, **values: Any) -> None:
    for name in names:
        add(store, record(name, name), **{"first_seen_at": at, **values})


def ids(found: Any) -> list[str]:
    return [call.call_id for call in found]


def listed(store: Store, wanted: CallFilter = ALL) -> list[str]:
    return ids(store.call_lists.page(wanted).calls)


def paged(store: Store, wanted: CallFilter, limit: int) -> list[str]:
    """All pages, one after the other."""
    found: list[str] = []
    after: Cursor | None = None
    while True:
        page = store.call_lists.page(wanted, after, limit)
        assert len(page.calls) <= limit
        found += ids(page.calls)
        if page.next is None:
            return found
        after = Cursor.decode(page.next.encode())


# Filters --------------------------------------------------------------------------------------------

# What a call of some kind has: the column, two values, and the filter for the first one.
COLUMNS: dict[str, tuple[str, Any, Any, dict[str, Any]]] = {
    "state": ("state", "held", "written", {"state": CallState.HELD}),
    "outcome": ("outcome", "busy", "answered", {"outcome": Outcome.BUSY}),
    "cause": ("cause", Cause.NO_LINE, Cause.BUG, {"cause": Cause.NO_LINE}),
    "line": ("line", OTHER_LINE, LINE, {"lines": frozenset({OTHER_LINE, "+16175550199"})}),
    "kind": ("person_kind", "resident", "lead", {"kind": PersonKind.RESIDENT}),
    "direction": ("direction", "outbound", "inbound", {"direction": Direction.OUTBOUND}),
    "since": ("first_seen_at", NOW, NOW - HOUR, {"since": NOW}),
    "until": ("first_seen_at", NOW - HOUR, NOW, {"until": NOW}),
    "number": (
        "other",
        "+16175550134",
        "+16175550135",
        {"search": Search(numbers=frozenset({"+16175550134"}))},
    ),
}
PAIRS = [
    pair
    for pair in itertools.combinations(COLUMNS, 2)
    if pair != ("since", "until")  # of one column
]


@pytest.mark.parametrize("name", COLUMNS)
def test_each_filter_leaves_the_others_out(store: Store, name: str) -> None:
    column, value, other, wanted = COLUMNS[name]
    put(store, "CA1", **{column: value})
    put(store, "CA2", **{column: other})
    assert listed(store, CallFilter(**wanted)) == ["CA1"]
    assert store.call_lists.count(CallFilter(**wanted)) == Count(1)
    assert store.call_lists.exact_count(CallFilter(**wanted)) == 1


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_two_filters_leave_out_what_fits_only_one(store: Store, one: str, two: str) -> None:
    first, second = COLUMNS[one], COLUMNS[two]
    for name, (left, right) in zip(
        ("CA1", "CA2", "CA3", "CA4"), itertools.product((1, 2), (1, 2)), strict=True
    ):
        put(store, name, **{first[0]: first[left], second[0]: second[right]})
    assert listed(store, CallFilter(**first[3], **second[3])) == ["CA1"]


def test_all_filters_together(store: Store) -> None:
    wanted = CallFilter(
        **{k: v for *_, each in COLUMNS.values() for k, v in each.items() if k != "until"},
        until=NOW + HOUR,
    )
    values = {column: value for column, value, *_ in COLUMNS.values()} | {"first_seen_at": NOW}
    put(store, "CA1", **values)
    for number, (column, _, other, _) in enumerate(COLUMNS.values(), start=2):
        if column != "first_seen_at":
            put(store, f"CA{number}", **values | {column: other})
    put(store, "CA20", **values | {"first_seen_at": NOW - HOUR})
    put(store, "CA21", **values | {"first_seen_at": NOW + HOUR})
    assert listed(store, wanted) == ["CA1"]


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("direction", Direction)
def test_every_outcome_and_direction_is_found(
    store: Store, outcome: Outcome, direction: Direction
) -> None:
    for other in Outcome:
        for way in Direction:
            put(store, f"CA-{other}-{way}", outcome=other.value, direction=way.value)
    wanted = CallFilter(outcome=outcome, direction=direction)
    assert listed(store, wanted) == [f"CA-{outcome}-{direction}"]


def test_legs_of_other_calls_are_listed_only_if_asked_for(store: Store) -> None:
    put(store, "CA1")
    put(store, "CA2", state="folded")
    assert listed(store) == ["CA1"]
    assert listed(store, CallFilter(state=CallState.FOLDED)) == ["CA2"]


def test_no_line_is_no_call(store: Store) -> None:
    put(store, "CA1")
    assert listed(store, CallFilter(lines=frozenset())) == []


# Search ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "fits"),
    [
        (Search(numbers=frozenset({"+16175550134", "+1"})), True),
        (Search(ending="0134"), True),
        (Search(ending="5550134"), True),
        (Search(ending="4550134"), False),
        (Search(ending="0135"), False),
        (Search(ending="%134"), False),
        (Search(id="CA1"), True),
        (Search(id="twilio:AC0:CA1"), True),
        (Search(id="job_7"), True),
        (Search(id="job_%"), False),
        (Search(words=("anna",)), True),
        (Search(words=("ann", "ber")), True),
        (Search(words=("lee",)), True),
        (Search(words=("brien",)), True),
        (Search(words=("anna", "zed")), False),
        (Search(words=("nna",)), False),
        (Search(words=("sons", "b", "x", "carter")), True),
        (Search(words=("%",)), False),
        (Search(numbers=frozenset({"+1"}), words=("lee",)), True),
        (Search(), False),
    ],
)
def test_a_search_finds(store: Store, search: Search, fits: bool) -> None:
    put(
        store,
        "CA1",
        other="+16175550134",
        job_id="job_7",
        person_name="Anna O'Brien Berg-Lee/Carter & Sons <b>.x",
    )
    put(store, "CA2", other="+16175550199", job_id="job_8", person_name=None)
    put(store, "CA3", other=None)
    put(store, "CA4", other="client:x", person_name="Zoe")
    wanted = CallFilter(search=search)
    assert listed(store, wanted) == (["CA1"] if fits else [])
    assert store.call_lists.exact_count(wanted) == int(fits)


def test_a_search_and_a_filter_both_have_to_fit(store: Store) -> None:
    put(store, "CA1", state="held", person_name="Anna")
    put(store, "CA2", state="written", person_name="Anna")
    search = Search(words=("anna",), id="CA2")
    assert listed(store, CallFilter(state=CallState.HELD, search=search)) == ["CA1"]


@pytest.mark.parametrize("word", ["it's", "a b", "&", ":*", "!", "'", "\\", "(", "½", "日本"])
def test_no_word_breaks_the_statement(store: Store, word: str) -> None:
    put(store, "CA1", person_name="Anna")
    if word.isalnum():  # all others are split before (adapter.operations.call_filters)
        assert listed(store, CallFilter(search=Search(words=(word,)))) == []


# Pages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_hold_each_call_once_newest_first_also_of_equal_times(
    store: Store, limit: int
) -> None:
    put(store, "CA3", "CA1", "CA2", at=NOW)
    put(store, "CA9", at=NOW - HOUR)
    put(store, "CA8", at=NOW + HOUR)
    put(store, "CA7", at=NOW + timedelta(microseconds=1))
    assert paged(store, ALL, limit) == ["CA8", "CA7", "CA3", "CA2", "CA1", "CA9"]


def test_what_comes_meanwhile_moves_no_page(store: Store) -> None:
    put(store, "CA1", "CA2", "CA3")
    first = store.call_lists.page(ALL, None, 2)
    put(store, "CA4", at=NOW + HOUR)
    assert ids(first.calls) == ["CA3", "CA2"]
    assert ids(store.call_lists.page(ALL, first.next, 2).calls) == ["CA1"]


def test_the_place_stays_right_when_the_call_of_it_is_gone(store: Store) -> None:
    put(store, "CA1", "CA2", "CA3")
    first = store.call_lists.page(ALL, None, 2)
    with store.begin() as connection:
        connection.execute(sa.delete(calls).where(calls.c.call_id == "CA2"))
    assert ids(store.call_lists.page(ALL, first.next, 2).calls) == ["CA1"]


def test_the_last_page_says_that_it_is_the_last(store: Store) -> None:
    put(store, "CA1", "CA2")
    assert store.call_lists.page(ALL, None, 2).next is None
    assert store.call_lists.page(ALL, None, 1).next == Cursor(NOW, "twilio:AC0:CA2")
    assert store.call_lists.page(CallFilter(state=CallState.HELD)).calls == []


# Counts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("most", "wanted"), [(2, Count(2, is_more=True)), (3, Count(3)), (4, Count(3))]
)
def test_calls_are_counted_up_to_a_limit(store: Store, most: int, wanted: Count) -> None:
    put(store, "CA1", "CA2", "CA3")
    assert store.call_lists.count(ALL, most) == wanted
    assert store.call_lists.exact_count(ALL) == 3


# All of them ----------------------------------------------------------------------------------------


@pytest.fixture
def in_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.storage.call_lists.BATCH", 2)


@pytest.mark.usefixtures("in_small_batches")
@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 6, 50])
def test_calls_are_read_in_batches_up_to_a_limit(store: Store, most: int) -> None:
    put(store, "CA1", "CA2", "CA3", "CA4", "CA5")
    found: list[Call] = list(store.call_lists.iterate(ALL, most))
    assert ids(found) == ["CA5", "CA4", "CA3", "CA2", "CA1"][:most]


# With many calls ------------------------------------------------------------------------------------

INDEXED: dict[str, CallFilter] = {
    "calls_by_time": ALL,
    "calls_by_rare_outcome": CallFilter(outcome=Outcome.BUSY),
    "calls_by_rare_direction": CallFilter(direction=Direction.OUTBOUND),
    "calls_by_person_kind": CallFilter(kind=PersonKind.RESIDENT),
    "calls_by_state": CallFilter(state=CallState.IGNORED),
    "calls_by_ending": CallFilter(search=Search(ending="0134")),
    "calls_by_person_name": CallFilter(search=Search(words=("zelda",))),
}


@pytest.mark.parametrize(("index", "wanted"), INDEXED.items(), ids=INDEXED.keys())
def test_a_list_of_few_among_many_uses_the_index(
    store: Store, explained: Callable[[CallFilter], str], index: str, wanted: CallFilter
) -> None:
    if index == "calls_by_person_name" and not store.is_postgresql:
        pytest.skip("SQLite reads all names")
    assert index in explained(wanted)


@pytest.fixture
def explained(store: Store) -> Callable[[CallFilter], str]:
    """How the database finds a page, with 3000 calls of the frequent kinds."""
    facts = record()
    with store.begin() as connection:
        add_one = calls.insert()
        rows = [
            {
                "key": f"twilio:AC0:CA{number}",
                "version": 1,
                "provider": "twilio",
                "account": "AC0",
                "call_id": f"CA{number}",
                "state": "written",
                "record": facts.model_dump_json(exclude_none=True),
                "first_seen_at": NOW - number * HOUR,
                "direction": "inbound",
                "outcome": "answered",
                "other": f"+1617{number:07}",
                "person_kind": "lead",
                "person_name": f"Anna Berg{number}",
                "run": 1,
                "queued_run": 1,
                "updated_at": NOW,
            }
            for number in range(3000)
        ]
        connection.execute(add_one, rows)
    with store.autocommit() as connection:
        connection.exec_driver_sql("ANALYZE calls" if store.is_postgresql else "ANALYZE")

    def explain(wanted: CallFilter) -> str:
        query = sa.select(calls).where(*store.call_lists.conditions(wanted))
        query = query.order_by(calls.c.first_seen_at.desc(), calls.c.key.desc()).limit(51)
        how = "EXPLAIN" if store.is_postgresql else "EXPLAIN QUERY PLAN"
        text = query.compile(store.engine, compile_kwargs={"literal_binds": True})
        with store.autocommit() as connection:
            plan = connection.execute(sa.text(f"{how} {text}".replace(":", "\\:")))
            return "\n".join(str(row) for row in plan)

    return explain
