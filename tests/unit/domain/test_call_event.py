"""Is the event of a call read as it was kept, also by earlier versions, and is it known if it was taken?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.domain.call_event import CallEvent, ToldFacts, WriteRequest
from adapter.domain.lines import PersonKind
from adapter.domain.matching import Person
from adapter.storage.schema import calls
from adapter.storage.store import Store
from tests.support.rows import add, record

KEY = "twilio:AC0:CA0"
KEPT: dict[str, Any] = {
    "path": "/v1/events/leads",
    "query": {"ignore_unknown_fields": "true"},
    "body": {"lead_id": "lead_1", "call_duration": 7},
    "person": {
        "kind": "lead",
        "id": "lead_1",
        "integration_id": "int_1",
        "name": "Ann",
        "property_id": None,
        "vendor": "ENTRATA",
        "application_id": None,
    },
    "facts": "0123456789abcdef",
    "told": {
        "outcome": "no_answer",
        "talk_seconds": 0,
        "started_at": "2026-03-02T15:00:00+00:00",
        "other": None,
    },
}
EVENT = CallEvent(
    request=WriteRequest(KEPT["path"], KEPT["query"], KEPT["body"]),
    person=Person(PersonKind.LEAD, "lead_1", "int_1", name="Ann", vendor="ENTRATA"),
    facts_mark="0123456789abcdef",
    told=ToldFacts("no_answer", 0, datetime(2026, 3, 2, 15, tzinfo=UTC), None),
)


@pytest.fixture
def backend() -> str:
    """One kind of database is enough here."""
    return "sqlite"


def test_an_event_is_kept_in_the_form_that_every_version_reads() -> None:
    assert json.loads(EVENT.to_json()) == KEPT
    assert CallEvent.from_json(json.dumps(KEPT)) == EVENT


def test_of_an_event_of_0_1_0_it_is_not_known_what_it_told() -> None:
    old = {name: value for name, value in KEPT.items() if name != "told"}
    event = CallEvent.from_json(json.dumps(old))
    assert event.told is None
    assert event.request == EVENT.request
    assert json.loads(event.to_json()) == old


@pytest.mark.parametrize(
    ("column", "job_id", "is_on_record", "is_accepted"),
    [(None, None, False, False), ("", None, True, True), ("job_1", "job_1", False, True)],
    ids=["not accepted", "seen on the person's record", "accepted as a job"],
)
def test_a_row_says_whether_its_event_was_taken_and_by_which_job(
    store: Store, column: str | None, job_id: str | None, is_on_record: bool, is_accepted: bool
) -> None:
    add(store, record())
    with store.begin() as connection:
        connection.execute(sa.update(calls).where(calls.c.key == KEY).values(job_id=column))
    call = store.calls.get(KEY)
    assert call is not None
    assert (call.job_id, call.is_on_record, call.is_accepted) == (job_id, is_on_record, is_accepted)
    with store.begin() as connection:
        assert store.runs.begin_write(connection, call, {}), "it is as it was read"
    with store.begin() as connection:
        store.calls.update(connection, KEY, job_id="job_2")
        assert not store.runs.begin_write(connection, call, {}), "another run noted a job"


def test_an_event_seen_on_the_record_is_kept_as_earlier_versions_kept_it(store: Store) -> None:
    add(store, record())
    with store.begin() as connection:
        store.calls.update(connection, KEY, is_on_record=True)
        assert connection.execute(sa.select(calls.c.job_id)).scalar_one() == ""
        store.calls.update(connection, KEY, job_id=None)
        assert connection.execute(sa.select(calls.c.job_id)).scalar_one() is None
