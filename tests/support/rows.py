"""Calls as rows of the store, without any hook."""

from __future__ import annotations

from typing import Any, cast

from adapter.domain.call import CallState
from adapter.domain.lifecycle import NewCall
from adapter.domain.record import CallRecord, Leg, LegStatus
from adapter.storage.store import Store
from tests.support.environment import NOW


def record(leg_id: str = "CA0", call_id: str = "CA0", **facts: Any) -> CallRecord:
    leg = Leg(id=leg_id, status=LegStatus.COMPLETED, **facts)
    return CallRecord(provider="twilio", account="AC0", call_id=call_id, legs={leg_id: leg})


def row(facts: CallRecord, **values: Any) -> NewCall:
    """A new call as intake gives it to the store."""
    call: dict[str, Any] = {
        "key": facts.key,
        "provider": facts.provider,
        "account": facts.account,
        "call_id": facts.call_id,
        "state": "open",
        "record": facts.model_dump_json(exclude_none=True),
        "first_seen_at": NOW,
        "over_at": None,
        "started_at": None,
        "direction": "inbound",
        "line": "+16175550100",
        "other": "+16175550134",
        "outcome": "answered",
        "talk_seconds": 5,
        "run": 1,
        "due_at": NOW,
        "updated_at": NOW,
        **values,
    }
    call["state"] = CallState(call["state"])
    return cast(NewCall, call)


def add(store: Store, facts: CallRecord, **values: Any) -> None:
    with store.begin() as connection:
        store.calls.take(connection, row(facts, **values))
