"""What does an operator have to put right? Each alarm is one sentence that also says how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from adapter.storage.api_health import ApiHealth
from adapter.storage.engine import has_queue, schema_state
from adapter.storage.pauses import Pauses
from adapter.storage.store import Store
from adapter.storage.workers import DEAD_AFTER


class Alarms:
    """The alarms by name. Each returns its sentence, or None if all is well."""

    def __init__(self, store: Store, pauses: Pauses, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._pauses = pauses
        self._clock = clock

    def by_name(self) -> Mapping[str, Callable[[], str | None]]:
        """Return the alarms by the names that /readyz shows."""
        return {
            "schema": self._schema,
            "queue": self._queue,
            "refused": self._pause,
            "provider": self._provider,
            "parked": self._parked,
        }

    def _schema(self) -> str | None:
        schema, needed = schema_state(self._store.engine)
        if schema == needed:
            return None
        way_out = (
            "deploy the version that migrated it"
            if schema is not None and schema > needed
            else "run `adapter migrate`"
        )
        return f"the schema is {schema or 'missing'}, this code needs {needed}: {way_out}"

    def _provider(self) -> str | None:
        """Name the accounts whose API has been silent for so long that calls are written without it."""
        states = ApiHealth(self._store).states()
        silent = [
            f"{s.provider} {s.account[:6]}..." for s in states if s.is_unreachable(self._clock())
        ]
        if not silent:
            return None
        return f"the API of {', '.join(silent)} does not answer: calls are written as assumed"

    def _pause(self) -> str | None:
        return "; ".join(str(pause) for pause in self._pauses.all().values()) or None

    def _parked(self) -> str | None:
        count = self._store.hooks.count_parked()
        if not count:
            return None
        return (
            f"{count} hook(s) are signed and could not be read; the log says why (hook parked); "
            "after the fix: `adapter replay --state parked`"
        )

    def _queue(self) -> str | None:
        if not has_queue(self._store.engine):
            return "the queue's tables are missing: run `adapter migrate`"
        seen = self._store.workers.seen_at().values()
        if any(self._clock() - at < DEAD_AFTER for at in seen):
            return None
        return "no worker is alive: start `adapter worker`, or `adapter run` for both"
