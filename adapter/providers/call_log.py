"""What does a provider's own list say of one day? The shape that reconciliation compares with the records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from adapter.domain.record import Leg, Recording


@dataclass(frozen=True)
class LoggedDay:
    """What began on one day (UTC) in one account: legs of all kinds, and recordings by the leg they name.

    A leg that is over always has ended_at here.
    """

    legs: Sequence[Leg] = ()
    recordings: Mapping[str, Sequence[Recording]] = field(default_factory=dict)


class CallLog(Protocol):
    """A provider's list of calls.

    Errors: TemporaryError once it has waited long enough, CredentialsRefused, PermanentError.
    """

    def day(self, account: str, day: date, wait: Callable[[float], None]) -> LoggedDay:
        """Return all that began on this day.

        wait: lets so many seconds pass where the provider asks for it.
        """
