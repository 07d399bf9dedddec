"""Which tests stay together when several workers share them out (--dist loadgroup)?

pytest-xdist's own mark for this, xdist_group, has no effect from pytest 9.2 on.
"""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

# Most of a fault is waiting, so .ci/run has a few worlds at a time.
WORLDS = 3
# Tests of processes mostly wait, too, and share nothing: each goes to whichever worker is free.
EACH_ALONE = ("tests/processes/", "tests/upgrades/")
# But these share what took long to make.
TOGETHER = ("tests/processes/test_demo.py", "tests/processes/test_package.py")


class Deal:
    """A file's tests stay together, but for those that share nothing.

    The faults are dealt out: each world has its share of them.

    The fault on SQLite has a world of another kind, so it may go to any worker.
    """

    def __init__(self) -> None:
        self._dealt: dict[str, int] = {}

    def scope(self, nodeid: str) -> str:
        """The name that all tests have in common which are to stay together."""
        file, _, test = nodeid.partition("::")
        if file.startswith(EACH_ALONE):
            return file if file in TOGETHER else nodeid
        if not file.endswith("faults/test_faults.py"):
            return file
        if "[" not in test:
            return nodeid
        number = self._dealt.setdefault(nodeid, len(self._dealt))
        return f"{file} {number % WORLDS}"


class Worlds(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Gives each worker whole files, and whole worlds of faults."""

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        self._deal = Deal()

    def _split_scope(self, nodeid: str) -> str:
        return self._deal.scope(nodeid)
