"""The two lanes of tests: what runs always, and what `--full` adds."""

from __future__ import annotations

from typing import Any

import pytest


def full(*values: Any) -> Any:
    """A case of the full lane, for parametrize."""
    return pytest.param(*values, marks=pytest.mark.full)
