"""How many requests may still be sent this minute, all processes together?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from adapter.storage.schema import budgets
from adapter.storage.session import Session

WINDOW_SECONDS = 60.0
# Answers come late, and are compared with what had been sent by then.
KEPT_SECONDS = 180.0


class RateBudget:
    """Counts requests over the last minute, whatever moment the other side's minutes begin at.

    Their minutes are fixed, and where they begin is not told. So many requests in any sixty seconds are
    never more in any minute of theirs. Times are epoch seconds; counts are kept by the second.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def spend(self, name: str, *, now: float, allowed: int, share: float) -> float:
        """Take one request; 0.0 if there was one, else how many seconds to wait.

        allowed: the limit, unless the other side has stated one (learn).
        share: which part of it this kind of request may use up. A fiftieth is left unused,
        for requests that are longer under way than others.
        """
        with self._session.begin() as connection:
            row = self._row(connection, name)
            kept = {
                int(second): count
                for second, count in json.loads(row.counts).items()
                if now - int(second) < KEPT_SECONDS
            }
            counts = {s: n for s, n in kept.items() if now - s < WINDOW_SECONDS + 1}
            if row.closed_until > now:
                return float(row.closed_until - now)
            most = row.allowed or allowed
            limit = max(int((most - max(1, most // 50)) * share), 1)
            if sum(counts.values()) >= limit:
                return _until_room(counts, limit, now)
            kept[int(now)] = kept.get(int(now), 0) + 1
            connection.execute(
                sa.update(budgets).where(budgets.c.name == name).values(counts=json.dumps(kept))
            )
        return 0.0

    def learn(
        self, name: str, *, now: float, used: int | None, allowed: int | None, closed_until: float
    ) -> None:
        """What an answer's headers said: the limit, and how many requests of it their minute had seen.

        now: when the request was sent. What they counted beyond our own, others spent with the same key.
        """
        with self._session.begin() as connection:
            row = self._row(connection, name)
            values: dict[str, Any] = {}
            counts = {int(second): count for second, count in json.loads(row.counts).items()}
            ours = sum(n for second, n in counts.items() if now - 61 < second <= now)
            if used is not None and used > ours:
                counts[int(now)] = counts.get(int(now), 0) + used - ours
                values["counts"] = json.dumps(counts)
            if allowed is not None and allowed != row.allowed:
                values["allowed"] = allowed
            if closed_until > row.closed_until:
                values["closed_until"] = closed_until
            if values:
                connection.execute(
                    sa.update(budgets).where(budgets.c.name == name).values(**values)
                )

    def _row(self, connection: sa.Connection, name: str) -> sa.Row[Any]:
        """The budget's row, locked; made if there is none."""
        return connection.execute(
            self._session.insert(budgets)
            .values(name=name, counts="{}", closed_until=0.0)
            .on_conflict_do_update(index_elements=[budgets.c.name], set_={"name": name})
            .returning(*budgets.columns)
        ).one()


def _until_room(counts: Mapping[int, int], limit: int, now: float) -> float:
    """Seconds until enough of these requests are older than a minute."""
    left = sum(counts.values())
    for second in sorted(counts):
        left -= counts[second]
        if left < limit:
            return max(second + 1 + WINDOW_SECONDS - now, 0.01)
    return WINDOW_SECONDS
