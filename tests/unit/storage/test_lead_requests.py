"""Is there one row, and so one asking, for each unknown number?"""

from __future__ import annotations

from typing import Any, TypeVar

import pytest

from adapter.domain.call_event import WriteRequest
from adapter.storage.lead_requests import LeadRequest, LeadRequests
from adapter.storage.store import Store
from tests.support.clock import Clock
from tests.support.environment import NOW
from tests.support.threads import at_once

T = TypeVar("T")
NUMBER = "+16175550160"
REQUEST = WriteRequest("/v1/leads/", {}, {"phone_1": NUMBER})


@pytest.fixture
def leads(store: Store) -> LeadRequests:
    return LeadRequests(store)


def claim(
    leads: LeadRequests, call: str, number: str = NUMBER, integration: str = "int_1"
) -> LeadRequest:
    return leads.claim(integration, number, call, REQUEST, NOW)


def update(leads: LeadRequests, lead: LeadRequest, **values: Any) -> None:
    """Note what came of asking for the lead."""
    with leads._session.begin() as connection:
        leads.update(connection, lead, **values)


def test_the_first_call_of_a_number_owns_its_lead(leads: LeadRequests) -> None:
    assert leads.get("int_1", NUMBER) is None
    first = claim(leads, "call_1")
    assert (first.call_key, first.request, first.asked_at) == ("call_1", REQUEST, NOW)
    assert (first.job_id, first.lead_id, first.failed) == (None, None, None)
    assert claim(leads, "call_2") == first == leads.get("int_1", NUMBER)


def test_of_eight_calls_at_the_same_moment_one_owns_the_lead(leads: LeadRequests) -> None:
    for round_ in range(5):
        number = f"{NUMBER[:-1]}{round_}"
        claimed = at_once(lambda n, number=number: claim(leads, f"call_{n}", number))  # type: ignore[misc]  # mypy infers no types for a lambda with a default
        assert len({lead.call_key for lead in claimed}) == 1
        assert leads.get("int_1", number) == claimed[0]


def test_the_same_number_at_another_integration_is_another_stranger(leads: LeadRequests) -> None:
    claim(leads, "call_1")
    assert claim(leads, "call_2", integration="int_2").call_key == "call_2"
    assert claim(leads, "call_3", number="+16175550169").call_key == "call_3"


def test_what_came_of_the_asking_is_kept(leads: LeadRequests, clock: Clock) -> None:
    lead = claim(leads, "call_1")
    update(leads, lead, job_id="job_1")
    update(leads, lead, lead_id="lead_1")
    kept = leads.get("int_1", NUMBER)
    assert kept is not None
    assert (kept.job_id, kept.lead_id, kept.request) == ("job_1", "lead_1", REQUEST)


def test_a_lead_that_was_asked_for_is_not_asked_for_again(leads: LeadRequests) -> None:
    update(leads, claim(leads, "call_1"), job_id="job_1")
    again = claim(leads, "call_2")
    assert (again.call_key, again.job_id) == ("call_1", "job_1")


def test_asking_that_failed_is_begun_anew_and_by_one_call_only(leads: LeadRequests) -> None:
    update(leads, claim(leads, "call_0"), job_id="job_1", failed="no such property")
    claimed = at_once(lambda n: claim(leads, f"call_{n + 1}"))
    assert len({lead.call_key for lead in claimed}) == 1
    (owner,) = {lead.call_key for lead in claimed}
    assert owner != "call_0"
    kept = leads.get("int_1", NUMBER)
    assert kept is not None
    assert (kept.call_key, kept.job_id, kept.failed) == (owner, None, None)
