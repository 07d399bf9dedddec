"""Which tests run always, which `--full` adds, and which come first."""

from __future__ import annotations

from typing import Any

import pytest

# A worker that begins one of these last keeps all others waiting. Among themselves tests have a random order.
LONGEST = (
    "tests/hosts/",
    "tests/faults/",
    "tests/processes/",
    "tests/stories/test_over_http.py",
    "tests/upgrades/",
    "tests/unit/targets/propexo/test_sync.py",
    "tests/flow/test_lead_creation.py",
    "tests/unit/storage/test_workers_share.py",
    "tests/unit/cli/test_commands.py",
)


def full(*values: Any) -> Any:
    """A case of the full lane, for parametrize."""
    return pytest.param(*values, marks=pytest.mark.full)
