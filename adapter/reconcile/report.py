"""What did a comparison with the call log find and do?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from adapter.domain.call import CallState
from adapter.domain.lifecycle import UNDELIVERED
from adapter.errors import CredentialsRefused, RemoteError

MISSING = "missing"
_ORDER = ("written", "posted", "waiting", "ignored", "held", "failed", "folded", MISSING)


def word(state: CallState | None) -> str:
    """Return the state of a call in the balance's words. None: the records do not have the call."""
    if state is None:
        return MISSING
    return "waiting" if state in UNDELIVERED else state.value


@dataclass
class Report:
    """What a comparison found and did. provider: its name as people write it, or their names.

    listed: the provider's finished calls of the period.
    taken_in, completed, attached: calls that no hook told of, calls whose end is known only now, and
    recordings; of a dry run: what would be done. left_alone: calls that go on or ended a moment ago.
    unheard: calls that ended after the last hook that had come.
    problems: accounts that could not be read (to the end).
    """

    provider: str
    listed: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    taken_in: list[str] = field(default_factory=list)
    completed: int = 0
    attached: int = 0
    left_alone: int = 0
    unheard: int = 0
    problems: dict[str, RemoteError] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        """Whether every log was read to the end, and the records have every call of it."""
        known = self.tally.total() - self.tally[MISSING]
        return self.listed == known and not self.problems

    @property
    def refused(self) -> int:
        """How many accounts' lists the provider refused to show."""
        return sum(isinstance(error, CredentialsRefused) for error in self.problems.values())

    def balance(self) -> str:
        """Return the ledger in one line: "<provider> 214 = written 198 + ignored 12 + held 4"."""
        parts = [f"{name} {self.tally[name]}" for name in _ORDER if self.tally[name]]
        return f"{self.provider} {self.listed} = {' + '.join(parts) or '0'}"


@dataclass(frozen=True)
class Progress:
    """A day of an account was compared. It is number `done` of `total` days of all accounts."""

    account: str
    day: date
    done: int
    total: int
