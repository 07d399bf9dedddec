"""Does each test stand where CONTRIBUTING says, and use only what is shared? Is no module too long?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.lanes import LONGEST

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MODULES = sorted((ROOT / "adapter").rglob("*.py"))
MOST_LINES = 400
ROOMS = (
    *("support", "unit", "flow", "stories", "http", "processes", "upgrades", "faults", "hosts"),
    *("browser", "repository", "benchmarks", "payloads"),
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, by their whole names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_every_folder_of_tests_is_a_room_that_contributing_names() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == set(ROOMS)
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert [room for room in ROOMS if f"`tests/{room}/`" not in text] == []


def test_no_test_lies_outside_a_room() -> None:
    loose = {path.name for path in (ROOT / "tests").glob("*.py")}
    assert loose == {"__init__.py", "conftest.py"}


def test_what_comes_first_as_it_takes_longest_is_there() -> None:
    places = [place.partition("::") for place in LONGEST]
    assert [path for path, _, _ in places if not (ROOT / path).exists()] == []
    tests = [(path, test) for path, _, test in places if test]
    assert [(path, test) for path, test in tests if test not in (ROOT / path).read_text()] == []


def test_no_module_is_longer_than_one_reads_at_a_sitting() -> None:
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert len(lengths) > 100
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_what_tests_share_is_in_support() -> None:
    """No file imports from a file of tests, or from conftest."""
    wrong = [
        (name(path), whole)
        for path in TESTS
        for whole in imported(path)
        if whole.startswith("tests.")
        and any(part == "conftest" or part.startswith("test_") for part in whole.split("."))
    ]
    assert wrong == []


def test_the_folders_of_unit_are_those_of_the_package() -> None:
    unit = ROOT / "tests/unit"
    folders = {path.parent.relative_to(unit) for path in unit.rglob("test_*.py")}
    assert folders
    assert [str(each) for each in folders if not (ROOT / "adapter" / each).is_dir()] == []


def test_no_test_assigns_what_is_private_to_another(tmp_path: Path) -> None:
    """What a test replaces is handed in. A file's own objects are `self` and `cls`."""
    planted = tmp_path / "planted.py"
    planted.write_text("world.target._people = []\nself._people = []\n", "utf-8")
    assert list(private_assignments(planted)) == ["world.target._people"]
    assert [(name(path), each) for path in TESTS for each in private_assignments(path)] == []


def private_assignments(path: Path) -> Iterator[str]:
    """The attributes with an underscore that a file assigns on anything but self and cls."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr.startswith("_"):
                owner = ast.unparse(target.value)
                if owner not in ("self", "cls"):
                    yield f"{owner}.{target.attr}"
