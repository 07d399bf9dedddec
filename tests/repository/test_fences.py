"""Does each contract of lint-imports notice a forbidden import? Planted in a copy of the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))[
    "tool"
]["importlinter"]["contracts"]
LAYERS = "Arrows point one way"
PURE = "Rules are pure"
REPORT = "adapter/reconcile/report.py"
OUTCOME = "adapter/domain/outcome.py"

# One forbidden import for each contract: the file, and the line that is planted in it.
PLANTS = {
    LAYERS: ("adapter/storage/rows.py", "import adapter.delivery.run"),
    "Only web, bootstrap (for the type) and the sandbox import flask": (REPORT, "import flask"),
    "Only the pages import Bootstrap-Flask and Flask-WTF, and only sign_in.oidc Authlib": (
        "adapter/web/app.py",
        "import authlib",
    ),
    "Only the Twilio provider and the sandbox import twilio": (REPORT, "import twilio.rest"),
    "Only who speaks HTTP imports requests": (REPORT, "import requests"),
    "Only net.alert_channels imports apprise": (REPORT, "import apprise"),
    "Only net.tunnel imports ngrok": (REPORT, "import ngrok"),
    "Only worker.dbos_queue imports dbos": ("adapter/worker/tasks.py", "import dbos"),
    "Only the commands import click and rich": (REPORT, "from rich.text import Text"),
    "Only storage imports alembic": (REPORT, "import alembic"),
    "Only storage, and who hands its connections on, import sqlalchemy": (
        REPORT,
        "import sqlalchemy",
    ),
    PURE: (OUTCOME, "import os"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the code and the contracts."""
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "adapter", tmp_path / "adapter", ignore=without_caches)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(copy: Path, file: str, line: str) -> None:
    """Put this line at the end of a file of the code."""
    with (copy / file).open("a", encoding="utf-8") as code:
        code.write(f"\n{line}\n")


def lint(copy: Path) -> str:
    """What lint-imports prints about this copy."""
    program = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run(
        (program, "--no-cache", "--no-logo"),
        cwd=copy,
        env={**os.environ, "COLUMNS": "300", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    broken = re.search(r"^Contracts: \d+ kept, (\d+) broken\.$", ran.stdout, re.MULTILINE)
    assert broken, f"lint-imports did not get to its end:\n{ran.stdout}{ran.stderr}"
    assert (ran.returncode == 0) == (broken[1] == "0")
    return ran.stdout


def verdicts(copy: Path) -> Mapping[str, str]:
    """The contracts by name: KEPT or BROKEN."""
    said = re.findall(r"^(.+) (KEPT|BROKEN)( \(.*\))?$", lint(copy), re.MULTILINE)
    return {name: verdict for name, verdict, _ in said}


def all_kept_but(*names: str) -> Mapping[str, str]:
    """The verdicts if exactly these contracts are broken."""
    return {
        contract["name"]: "BROKEN" if contract["name"] in names else "KEPT"
        for contract in CONTRACTS
    }


def test_every_contract_has_a_planted_import() -> None:
    assert sorted(PLANTS) == sorted(contract["name"] for contract in CONTRACTS)


def test_the_code_as_it_is_keeps_every_contract(copy: Path) -> None:
    assert verdicts(copy) == all_kept_but()


@pytest.mark.parametrize("name", PLANTS)
def test_a_forbidden_import_breaks_exactly_its_contract(name: str, copy: Path) -> None:
    plant(copy, *PLANTS[name])
    assert verdicts(copy) == all_kept_but(name)


def test_imports_that_once_passed_unnoticed_are_noticed(copy: Path) -> None:
    plant(copy, REPORT, "import requests, flask, twilio, dbos")
    plant(copy, OUTCOME, "import sqlalchemy")
    planted = {"requests", "flask", "twilio", "dbos", "sqlalchemy"}
    of_a_library = [
        contract["name"]
        for contract in CONTRACTS
        if planted & set(contract.get("forbidden_modules", ()))
    ]
    assert len(of_a_library) == 6  # one for each of the five, and the rules import none of them
    assert verdicts(copy) == all_kept_but(*of_a_library)


def test_every_module_that_a_contract_names_is_noticed(copy: Path) -> None:
    """Under its own name and by a name in it, also inside a function."""
    expected = []
    for contract in CONTRACTS:
        if contract["type"] != "forbidden":
            continue
        file = OUTCOME if contract["name"] == PURE else REPORT
        for forbidden in contract["forbidden_modules"]:
            plant(copy, file, f"def plant_{forbidden}():\n    import {forbidden}")
            importer = file.removesuffix(".py").replace("/", ".")
            expected.append((contract["name"], f"{importer} -> {forbidden}"))
    said = lint(copy)
    parts = re.split(r"^(.+)\n-+$", said, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    missed = [(name, arrow) for name, arrow in expected if f"{arrow} (l." not in found[name]]
    assert missed == []


def test_a_new_room_stands_in_no_layer(copy: Path) -> None:
    """Until somebody says in which one; so no room is without a fence."""
    (copy / "adapter/attic").mkdir()
    (copy / "adapter/attic/__init__.py").touch()
    assert verdicts(copy) == all_kept_but(LAYERS)


def test_every_arrow_between_two_layers_points_down(copy: Path) -> None:
    """Each layer but the first imports the one above it, and lint-imports names each of these."""
    rows = [re.findall(r"\w+", row) for row in CONTRACTS[0]["layers"]]
    expected = []
    for above, row in pairwise(rows):
        for room in row:
            folder = copy / "adapter" / room
            file = f"adapter/{room}/__init__.py" if folder.is_dir() else f"adapter/{room}.py"
            plant(copy, file, f"import adapter.{above[0]}")
            expected.append(f"adapter.{room} -> adapter.{above[0]}")
    said = lint(copy)
    assert [arrow for arrow in expected if f"{arrow} (l." not in said] == []
