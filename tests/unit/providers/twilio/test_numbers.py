"""Which numbers does Twilio list, and where do they call back to?"""

from __future__ import annotations

import pytest
import responses

from adapter.errors import CredentialsRefused
from adapter.providers.base import OwnNumber
from adapter.providers.twilio.numbers import TwilioNumbers
from adapter.providers.twilio.rest import TwilioRest
from tests.support.environment import ACCOUNT, TOKEN

URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json"
HERE = "https://calls.example.com/webhooks/twilio#rc=5&rp=all"


@pytest.fixture
def numbers() -> TwilioNumbers:
    return TwilioNumbers(TwilioRest(base_url="https://api.twilio.com", tokens=lambda _: (TOKEN,)))


def row(sid: str, **values: object) -> dict[str, object]:
    return {"sid": sid, "phone_number": "+16175550100", "status_callback": HERE, **values}


@responses.activate
def test_each_number_has_its_callback(numbers: TwilioNumbers) -> None:
    rows = [
        row("PN1"),
        row("PN2", status_callback=""),
        row("PN3", voice_application_sid="AP1"),
        row("PN4", trunk_sid="TK1", status_callback=None),
    ]
    responses.get(URL, json={"incoming_phone_numbers": rows, "next_page_uri": None})
    assert numbers.all(ACCOUNT) == [
        OwnNumber("PN1", "+16175550100", HERE),
        OwnNumber("PN2", "+16175550100", None),
        OwnNumber("PN3", "+16175550100", HERE, is_called_back_elsewhere=True),
        OwnNumber("PN4", "+16175550100", None, is_called_back_elsewhere=True),
    ]


@responses.activate
def test_a_refused_token_is_told(numbers: TwilioNumbers) -> None:
    responses.get(URL, status=401, json={})
    with pytest.raises(CredentialsRefused):
        numbers.all(ACCOUNT)
