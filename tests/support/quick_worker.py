"""How does a test get a worker whose death is noticed within seconds? Its heart beats faster."""

from __future__ import annotations

from datetime import timedelta

from adapter.cli.commands import cli
from adapter.worker import process

process.DEAD_AFTER = timedelta(seconds=3)  # type: ignore[attr-defined]  # a name that this module imports
process.BEAT_SECONDS = 0.5

if __name__ == "__main__":
    cli()
