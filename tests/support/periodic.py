"""Periodic tasks without their threads."""

from __future__ import annotations

from adapter.worker.periodic import PeriodicRunner


def run_due(runner: PeriodicRunner) -> list[str]:
    """Do what is due, here and to its end; the names of the tasks."""
    turns = runner.take_due()
    for turn in turns:
        runner.run(turn)
    return [turn.task.name for turn in turns]
