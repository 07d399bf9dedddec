"""What does an operator have to put right? Each alarm is one sentence that also says how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from adapter.domain.alert_sentences import no_worker_words, parked_words, silent_words
from adapter.storage.alert_facts import silent_api
from adapter.storage.alert_notices import ChannelState, Notices
from adapter.storage.api_health import ApiHealth
from adapter.storage.engine import has_queue, schema_state, schema_trouble
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
            "channels": self._channels,
        }

    def _schema(self) -> str | None:
        return schema_trouble(*schema_state(self._store.engine))

    def _provider(self) -> str | None:
        """Name the accounts whose API refuses our key, or has long been silent."""
        now = self._clock()
        apis = (silent_api(state, now) for state in ApiHealth(self._store).states())
        wrong = [api for api in apis if api and (api.is_refusal or api.is_unreachable)]
        return "; ".join(silent_words(api) for api in wrong) or None

    def _pause(self) -> str | None:
        return "; ".join(str(pause) for pause in self._pauses.all().values()) or None

    def _parked(self) -> str | None:
        count = self._store.hooks.count_parked()
        return parked_words(count) if count else None

    def _channels(self) -> str | None:
        """Name the channels of alerts that refused for good."""
        off = [state for state in Notices(self._store).channels() if state.off_since]
        return "; ".join(off_words(state) for state in off) or None

    def _queue(self) -> str | None:
        if not has_queue(self._store.engine):
            return "the queue's tables are missing: run `adapter migrate`"
        seen = self._store.workers.seen_at().values()
        if any(self._clock() - at < DEAD_AFTER for at in seen):
            return None
        return no_worker_words()


def off_words(state: ChannelState) -> str:
    """Return what is wrong with a channel that is off, and the way out."""
    return (
        f"no alerts go to {state.title}: {state.error}, and it is off since "
        f"{state.off_since:%Y-%m-%d %H:%M} UTC; put its address in ALERT_URLS right, or mend what it is for "
        "and run `adapter alerts test`"
    )
