"""What do two days of a call log say of one call? The log answers the questions that the API would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapter.domain.record import Leg, Recording
from adapter.providers.call_log import LoggedDay


class LoggedCalls:
    """A CallLookup (adapter.providers.base) over days of a call log.

    Two days, since the legs of a call that goes on past midnight stand in two.
    """

    def __init__(self, *days: LoggedDay) -> None:
        self._legs = {leg.id: leg for day in days for leg in day.legs}
        self._children: dict[str, list[Leg]] = {}
        for leg in self._legs.values():
            if leg.parent_id is not None:
                self._children.setdefault(leg.parent_id, []).append(leg)
        self._recordings: dict[str, list[Recording]] = {}
        for day in days:
            for leg_id, recordings in day.recordings.items():
                self._recordings.setdefault(leg_id, []).extend(recordings)

    def leg(self, account: str, sid: str) -> Leg | None:
        return self._legs.get(sid)

    def legs_dialled_by(self, account: str, sid: str) -> Sequence[Leg]:
        return self._children.get(sid, [])

    def recordings_of(self, account: str, sid: str) -> Sequence[Recording]:
        """Return the recordings of the call and of the legs that it dialled, each once."""
        ids = [sid, *(leg.id for leg in self.legs_dialled_by(account, sid))]
        by_id: Mapping[str, Recording] = {
            recording.id: recording for id in ids for recording in self._recordings.get(id, ())
        }
        return list(by_id.values())
