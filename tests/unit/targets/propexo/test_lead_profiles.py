"""Does the request for a new lead carry what each PMS requires?"""

from __future__ import annotations

import pytest

from adapter.domain.lines import Line, PersonKind
from adapter.errors import NotSupported, PermanentError
from adapter.targets.propexo.lead_profiles import (
    LEAD_PROFILES,
    lead_profile_of,
    lead_request,
    missing_for_lead,
)
from adapter.targets.propexo.profile import LINE_KEYS
from tests.unit.targets.propexo.cases import CALLER, REFERENCE, setting

CREATING = [vendor for vendor, creation in LEAD_PROFILES.items() if not creation.unsupported]
FULL = setting("YARDI", PersonKind.LEAD).line


@pytest.mark.parametrize("vendor", CREATING)
def test_a_new_lead_has_what_is_required(vendor: str) -> None:
    request = lead_request(FULL, CALLER, vendor, REFERENCE)
    assert request.path == "/v1/leads/"
    assert set(LEAD_PROFILES[vendor].required) <= set(request.body)
    assert request.body["phone_1"] == CALLER
    assert (request.body["first_name"], request.body["last_name"]) == ("Unknown", "Caller")
    assert request.body["third_party_id"] == REFERENCE
    assert None not in request.body.values()


@pytest.mark.parametrize("vendor", CREATING)
def test_a_line_that_lacks_what_a_new_lead_needs_is_named_with_the_keys(vendor: str) -> None:
    for key in LEAD_PROFILES[vendor].line_keys:
        poor = FULL.model_copy(update={key: None})
        assert missing_for_lead(vendor, poor) == [key]
        with pytest.raises(PermanentError, match=f"Main Street leasing lacks {key}"):
            lead_request(poor, CALLER, vendor, REFERENCE)
        by_name = LINE_KEYS[key]
        if by_name:
            named = poor.model_copy(update={by_name: "Lee Agent"})
            assert missing_for_lead(vendor, named) == []
            with pytest.raises(PermanentError, match=f"{key}.*not found"):
                lead_request(named, CALLER, vendor, REFERENCE)
            found = lead_request(named, CALLER, vendor, REFERENCE, employee_id="emp_9")
            assert found.body["employee_id"] == "emp_9"


def test_names_are_cut_to_what_realpage_exchange_takes() -> None:
    line = FULL.model_copy(update={"lead_first_name": "F" * 40, "lead_last_name": "L" * 40})
    body = lead_request(line, CALLER, "REALPAGE_RPX", REFERENCE).body
    assert (body["first_name"], body["last_name"]) == ("F" * 30, "L" * 30)
    assert lead_request(line, CALLER, "ENTRATA", REFERENCE).body["first_name"] == "F" * 40


@pytest.mark.parametrize("vendor", ["KNOCK", "ELISEAI", "FUNNEL", "RENTCAFE"])
def test_crms_take_no_new_leads(vendor: str) -> None:
    with pytest.raises(NotSupported, match=vendor):
        lead_request(FULL, CALLER, vendor, REFERENCE)


def test_whether_the_new_id_comes_back_is_told_where_it_was_seen() -> None:
    known = {v: lead_profile_of(v).returns_id for v in ("entrata", "YARDI", "RESMAN", "NEWPMS")}
    assert known == {"entrata": False, "YARDI": True, "RESMAN": None, "NEWPMS": None}


def test_a_line_without_an_integration_is_refused() -> None:
    with pytest.raises(PermanentError, match="integration_id"):
        lead_request(Line(), CALLER, "REALPAGE", REFERENCE)
