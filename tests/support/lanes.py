"""Which tests run always, which `--full` adds, and which come first."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest

# A worker that begins one of these last keeps all others waiting. Among themselves tests have a random order.
LONGEST = (
    "tests/hosts/",
    "tests/faults/",
    "tests/stories/test_over_http.py",
    "tests/unit/cli/test_simulate.py",
    "tests/processes/test_alerts.py::test_web_stores_what_it_refused",
    "tests/processes/test_lifetime.py",
    "tests/processes/test_copy.py::test_while_web_lives",
    "tests/processes/test_package.py",
    "tests/processes/test_readme.py",
    "tests/processes/test_revoked_key.py",
    "tests/upgrades/test_side_by_side.py",
    "tests/processes/test_bulk_replay.py",
    "tests/flow/test_lifecycle_walk.py",
    "tests/browser/",
    "tests/processes/",
    "tests/upgrades/",
    "tests/unit/targets/propexo/test_sync.py",
    "tests/flow/test_lead_creation.py",
    "tests/unit/storage/test_workers_share.py",
    "tests/unit/cli/test_commands.py",
)


# What the default lane leaves out: it needs no more than Python.
OF_FULL_LANE = ("full", "browser", "postgres")


def is_of_full_lane(item: pytest.Item) -> bool:
    """The test runs only with --full: it has many permutations or processes, or needs more than Python."""
    return any(item.get_closest_marker(mark) for mark in OF_FULL_LANE)


def full(*values: Any) -> Any:
    """A case of the full lane, for parametrize."""
    return pytest.param(*values, marks=pytest.mark.full)


def name_of(item: pytest.Item) -> tuple[str, str]:
    """The test's module and name, as JUnit's XML has them."""
    path, _, name = item.nodeid.partition("::")
    return path.removesuffix(".py").replace("/", "."), name


def passed_in(junit_xml: Path) -> Set[tuple[str, str]]:
    """The tests that passed in the run of which this is the report."""
    cases = ElementTree.parse(junit_xml).iter("testcase")
    return {(case.get("classname", ""), case.get("name", "")) for case in cases if not len(case)}


def is_same_in_both(item: pytest.Item) -> bool:
    """The default lane runs this test as the full lane does: it tries no examples, and walks no further."""
    tries_examples = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    return not tries_examples and "is_full" not in getattr(item, "fixturenames", ())
