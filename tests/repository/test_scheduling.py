"""Do the tests that share a dear world run in one worker each?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.support.scheduling import EACH_ALONE, TOGETHER, WORLDS, Deal

ROOT = Path(__file__).parents[2]
FAULTS = [f"tests/faults/test_faults.py::test_it[{n}]" for n in range(20)]


def test_faults_are_dealt_out_and_each_stays_where_it_is() -> None:
    deal = Deal()
    scopes = [deal.scope(each) for each in FAULTS]
    assert scopes == [deal.scope(each) for each in FAULTS]
    counts = Counter(scopes)
    assert len(counts) == WORLDS
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_files_tests_stay_together() -> None:
    deal = Deal()
    names = ("a", "b[x]", "b[y]")
    assert len({deal.scope(f"tests/hosts/test_hosts.py::test_{n}") for n in names}) == 1


def test_tests_of_processes_go_to_whichever_worker_is_free() -> None:
    deal = Deal()
    names = ("a", "b[x]", "b[y]")
    assert len({deal.scope(f"tests/processes/test_queue.py::test_{n}") for n in names}) == 3
    assert len({deal.scope(f"{TOGETHER[0]}::test_{n}") for n in names}) == 1
    assert all((ROOT / each).exists() for each in (*TOGETHER, *EACH_ALONE))


def test_the_fault_on_sqlite_may_go_to_any_worker() -> None:
    deal = Deal()
    alone = deal.scope("tests/faults/test_faults.py::test_it_although_the_disk_was_full")
    assert alone not in {deal.scope(each) for each in FAULTS}
