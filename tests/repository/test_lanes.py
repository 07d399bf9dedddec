"""Which tests run without --full?"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.documents import ROOT


@pytest.mark.full  # each case collects tests in a process of its own
@pytest.mark.parametrize(
    ("options", "is_full"), [((), False), (("--full",), True)], ids=["default lane", "--full"]
)
def test_the_default_lane_needs_no_more_than_python(
    options: tuple[str, ...], is_full: bool
) -> None:
    """Tests of the database run on SQLite alone, those of the pages without a browser."""
    files = ["tests/unit/storage/test_retention.py", "tests/browser/test_alerts.py"]
    environ = {name: value for name, value in os.environ.items() if name != "CI"}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-n", "0"]
    found = subprocess.run(
        [*command, *options, *files],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    assert "[sqlite" in found
    assert ("[postgres" in found) is is_full
    assert ("tests/browser/" in found) is is_full
