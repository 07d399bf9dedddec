"""When is it known whose the recording of a conference is?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapter.domain.conferences import GIVEN_UP_AFTER, WaitingRecording, is_settled
from adapter.domain.record import Recording
from adapter.storage.store import Store
from tests.support.environment import NOW
from tests.support.rows import add, record

WAITING = WaitingRecording("twilio", "AC0", "CF1", Recording(id="RE1"), NOW)


@pytest.mark.parametrize(
    ("hours", "has_owner", "expected"), [(0, False, False), (0, True, True), (1, False, True)]
)
def test_it_is_settled_once_somebody_is_known_or_after_an_hour(
    store: Store, hours: int, has_owner: bool, expected: bool
) -> None:
    assert timedelta(hours=1) == GIVEN_UP_AFTER
    add(store, record())
    call = store.calls.get(record().key)
    assert call is not None
    owners = [call] if has_owner else []
    assert is_settled(WAITING, owners, NOW + timedelta(hours=hours)) is expected


def test_it_becomes_a_fact_of_its_call_alone() -> None:
    facts = WAITING.of_call("CA7")
    assert (facts.call_id, list(facts.recordings), facts.legs) == ("CA7", ["RE1"], {})
