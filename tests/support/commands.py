"""What a command said, as tests look at it."""

from __future__ import annotations

from click.testing import Result


def is_told(result: Result, *parts: str) -> None:
    """It failed in words of ours, not in a traceback."""
    assert result.exit_code not in (0, None)
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    for part in parts:
        assert part in result.output
