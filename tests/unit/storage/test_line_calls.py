"""Is the newest call of each line found, and are its calls counted?"""

from __future__ import annotations

from datetime import timedelta

from adapter.storage.hourly_counts import HourlyCounts, LineCount
from adapter.storage.line_calls import last_calls
from adapter.storage.store import Store
from tests.support.environment import LINE, NOW
from tests.support.rows import add, record

OTHER = "+16175550101"


def test_each_line_has_its_newest_call(store: Store) -> None:
    for number, (line, hours) in enumerate(((LINE, 3), (LINE, 1), (OTHER, 2))):
        at = NOW - timedelta(hours=hours)
        add(store, record(call_id=f"CA{number}"), line=line, first_seen_at=at)
    many = [f"+1617556{place:04}" for place in range(250)]
    newest = last_calls(store, [LINE, OTHER, *many])
    assert newest == {LINE: NOW - timedelta(hours=1), OTHER: NOW - timedelta(hours=2)}
    assert last_calls(store, []) == {}


def test_calls_of_a_line_are_counted_with_those_that_are_held(store: Store) -> None:
    states = ("held", "written", "held", "folded")
    for number, state in enumerate(states):
        add(store, record(call_id=f"CA{number}"), state=state, first_seen_at=NOW)
    add(store, record(call_id="CA8"), line=None, first_seen_at=NOW)
    add(store, record(call_id="CA9"), state="held", first_seen_at=NOW - timedelta(days=8))
    counts = HourlyCounts(store)
    counts.recount(NOW - timedelta(days=30))
    assert counts.of_lines(NOW - timedelta(days=7)) == {LINE: LineCount(calls=3, held=2)}
    assert {count.by for count in counts.since(NOW - timedelta(days=7))} <= {"outcome", "state"}
