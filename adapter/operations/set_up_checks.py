"""What does a worker find wrong with its settings and the public address, and what does a page know of it?

A worker asks, and keeps the answer in the database. A page reads it: a web process that asked for its own
address would need one of its own threads for the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from adapter.net.own_address import address_problem
from adapter.storage.set_up_checks import SetUpChecks
from adapter.storage.store import Store

ADDRESS, WORKER_SETTINGS = "public address", "settings of the worker"
EVERY = timedelta(minutes=1)
# What was found longer ago is not known any more.
KNOWN_FOR = timedelta(minutes=5)
# Web starts beside the worker, and a deploy takes it away for a moment.
TRIES, SECONDS_BETWEEN = 3, 5.0

NOT_KNOWN = {
    ADDRESS: "whether the public address leads here: no worker has asked for it in the last 5 minutes; "
    "adapter doctor asks for it now",
    WORKER_SETTINGS: "what is wrong with the settings of the worker: none has told it in the last 5 minutes; "
    "adapter doctor, run beside it, says so",
}


class Pausing(Protocol):
    """Lets time pass."""

    def wait(self, seconds: float) -> None:
        """Return after so many seconds. Raise if the process is to end."""


@dataclass(frozen=True, kw_only=True)
class WorkerChecks:
    """Checks the set-up of this worker. address: None if it has none. settings: what is wrong, by setting."""

    store: Store
    address: str | None
    settings: Callable[[], Mapping[str, str]]
    clock: Callable[[], datetime]
    ask: Callable[[str, str | None], str | None] = address_problem

    def look(self, pausing: Pausing) -> None:
        """Check, and keep what was found. Raise StoreUnavailable, or what pausing raises."""
        kept = SetUpChecks(self.store)
        kept.put(WORKER_SETTINGS, self.settings(), self.clock())
        if self.address is None:
            return
        problem = self._address_problem(self.address, pausing)
        kept.put(ADDRESS, {ADDRESS: problem} if problem else {}, self.clock())

    def _address_problem(self, address: str, pausing: Pausing) -> str | None:
        instance = self.store.secrets.instance()
        for _ in range(TRIES - 1):
            if not self.ask(address, instance):
                return None
            pausing.wait(SECONDS_BETWEEN)
        return self.ask(address, instance)


@dataclass(frozen=True)
class SetUpReport:
    """What is wrong with the set-up, by name, and what is not known, in sentences."""

    problems: Mapping[str, str]
    not_known: tuple[str, ...]


def set_up_report(kept: SetUpChecks, own_settings: Mapping[str, str], now: datetime) -> SetUpReport:
    """Return what is known. own_settings: what is wrong with those of this process. Raise StoreUnavailable."""
    problems, not_known = dict(own_settings), list[str]()
    checks = kept.by_name()
    for name, words in NOT_KNOWN.items():
        check = checks.get(name)
        if check is None or now - check.checked_at > KNOWN_FOR:
            not_known.append(words)
        elif name == ADDRESS:
            problems |= check.problems
        else:
            problems |= {
                f"{setting} (worker)": sentence
                for setting, sentence in check.problems.items()
                if own_settings.get(setting) != sentence
            }
    return SetUpReport(problems, tuple(not_known))
