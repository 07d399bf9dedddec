"""Does the sandbox, which knows each PMS's rules by itself, accept every request that we make?"""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from adapter.domain.call_event import WriteRequest
from adapter.domain.lines import PersonKind
from adapter.sandbox.app import create_sandbox
from adapter.sandbox.data import SandboxState
from adapter.sandbox.rules import EVENTS, Unsupported
from adapter.targets.propexo.lead_profiles import LEAD_PROFILES, lead_request
from adapter.targets.propexo.profile import Profile
from adapter.targets.propexo.profiles import UNKNOWN
from tests.unit.targets.propexo.cases import (
    CALLER,
    NEW_PMS,
    REFERENCE,
    SUPPORTED,
    UNSUPPORTED,
    prepared,
    setting,
)

KEY = "pk_test"


def sandbox(vendor: str) -> FlaskClient:
    """The sandbox with the demo company of this PMS."""
    name = NEW_PMS if vendor == UNKNOWN else vendor
    return create_sandbox(SandboxState([name]), api_key=KEY, rate_limit=0).test_client()


def post(client: FlaskClient, request: WriteRequest) -> tuple[int, str]:
    answer = client.post(
        request.path,
        query_string=dict(request.query),
        json=dict(request.body),
        headers={"Authorization": f"Bearer {KEY}"},
    )
    return answer.status_code, answer.get_data(as_text=True)


@pytest.mark.parametrize("profile", SUPPORTED, ids=lambda p: f"{p.vendor}_{p.kind}")
def test_every_call_event_is_accepted(profile: Profile) -> None:
    client = sandbox(profile.vendor)
    answers = {name: post(client, request) for name, request in prepared(profile).items()}
    assert {name: each for name, each in answers.items() if each[0] != 200} == {}


@pytest.mark.parametrize(
    "vendor", [vendor for vendor, each in LEAD_PROFILES.items() if not each.unsupported]
)
def test_every_new_lead_is_accepted(vendor: str) -> None:
    given = setting(vendor, PersonKind.LEAD)
    status, text = post(sandbox(vendor), lead_request(given.line, CALLER, vendor, REFERENCE))
    assert status == 200, text


def test_what_we_call_unsupported_is_at_least_what_the_sandbox_refuses() -> None:
    """It answers 405 to what the contract shows as absent; we refuse these before asking."""
    absent = {key for key, rule in EVENTS.items() if isinstance(rule, Unsupported)}
    assert absent <= {(profile.vendor, f"{profile.kind}s") for profile in UNSUPPORTED}
