"""Whose is the recording of a conference? Its hook names only the conference.

It goes to a call only where exactly one call of the conference has a person who is not ours: with two
of them, nobody could say on whose record it may stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.domain.assessment import CallRules
from adapter.domain.call import Call
from adapter.domain.parties import PartyKind
from adapter.domain.record import CallRecord, Recording

# Hooks come in any order: those about who took part are waited for after the recording's.
SETTLED_AFTER = timedelta(seconds=15)
# A recording of which no call became known is given up.
GIVEN_UP_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class WaitingRecording:
    """A recording of a conference that has no call yet. received_at: of its first hook, aware UTC."""

    provider: str
    account: str
    conference_id: str
    recording: Recording
    received_at: datetime

    def of_call(self, call_id: str) -> CallRecord:
        """It as a fact of this call."""
        return CallRecord(
            provider=self.provider,
            account=self.account,
            call_id=call_id,
            recordings={self.recording.id: self.recording},
        )


def calls_with_a_person(calls: Iterable[Call], rules: CallRules) -> Sequence[Call]:
    """Those whose other side may be a person of the PMS."""
    return [c for c in calls if rules.assess(c.record).parties.other.kind is PartyKind.NUMBER]


def is_settled(recording: WaitingRecording, owners: Sequence[Call], now: datetime) -> bool:
    """Whether it is known by now whose it is, or that it is nobody's. owners: `calls_with_a_person`."""
    return bool(owners) or now - recording.received_at >= GIVEN_UP_AFTER
