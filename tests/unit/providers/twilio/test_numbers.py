"""Which numbers does Twilio list, where do they call back to, and how is that changed?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapter.domain.callback import Callback
from adapter.errors import CredentialsRefused, PermanentError, TemporaryError
from adapter.providers.twilio.numbers import TwilioNumbers
from adapter.providers.twilio.rest import TwilioRest
from tests.support.environment import ACCOUNT, BASE_URL, TOKEN
from tests.support.twilio_api import FakeTwilio, Fault

HERE = f"{BASE_URL}/webhooks/twilio#rc=5&rp=all"
OTHER = "https://other.example/hook?x=1"


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio({ACCOUNT: TOKEN}) as server:
        yield server


@pytest.fixture
def numbers(twilio: FakeTwilio) -> TwilioNumbers:
    return TwilioNumbers(TwilioRest(base_url=twilio.url, tokens=lambda _: (TOKEN,)))


def test_each_number_has_its_callback(twilio: FakeTwilio, numbers: TwilioNumbers) -> None:
    twilio.add_number(ACCOUNT, "PN1", "+16175550100", status_callback=HERE, friendly_name="Main")
    twilio.add_number(ACCOUNT, "PN2", "+16175550101", status_callback=None)
    twilio.add_number("AC2", "PN3", "+16175550102")
    first, second = numbers.all(ACCOUNT)
    assert (first.id, first.number, first.name) == ("PN1", "+16175550100", "Main")
    assert (first.callback, first.method, first.account) == (HERE, "POST", ACCOUNT)
    assert (second.callback, second.obstacle, second.set_at) == (None, None, "PN2")


def test_an_application_counts_instead_of_the_number(
    twilio: FakeTwilio, numbers: TwilioNumbers
) -> None:
    """It is read once, however many numbers are on it."""
    twilio.add_application(
        ACCOUNT, "AP1", status_callback=OTHER, status_callback_method="GET", friendly_name="Voice"
    )
    for digit in (1, 2):
        sid, number = f"PN{digit}", f"+1617555010{digit}"
        twilio.add_number(ACCOUNT, sid, number, voice_application_sid="AP1", status_callback=HERE)
    found = numbers.all(ACCOUNT)
    assert [(each.callback, each.method, each.set_at) for each in found] == [
        (OTHER, "GET", "AP1")
    ] * 2
    assert sum("/Applications/" in asked.path for asked in twilio.asked) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"trunk_sid": "TK1", "voice_application_sid": "AP1"},
            ("trunk TK1", "<Dial>", "reconcile"),
        ),
        ({"voice_receive_mode": "fax"}, ("faxes", "Console")),
        ({"capabilities": {"voice": False, "sms": True}}, ("no calls", "another number")),
        ({"voice_application_sid": "AP9"}, ("AP9", "cannot be read")),
    ],
)
def test_what_cannot_work_says_why_and_what_does(
    twilio: FakeTwilio, numbers: TwilioNumbers, fields: dict[str, object], words: tuple[str, ...]
) -> None:
    twilio.add_number(ACCOUNT, "PN1", "+16175550100", **fields)
    (number,) = numbers.all(ACCOUNT)
    assert number.obstacle is not None
    assert all(word in number.obstacle for word in words)


def test_a_callback_is_set_and_read_back_exactly(
    twilio: FakeTwilio, numbers: TwilioNumbers
) -> None:
    twilio.add_number(ACCOUNT, "PN1", "+16175550100", voice_url="https://kept.example")
    odd = Callback("https://other.example/a b?ü=%20&token=x#rc=2&e=ashburn", "GET")
    numbers.set_callback(ACCOUNT, "PN1", odd)
    assert numbers.callback(ACCOUNT, "PN1") == odd
    assert twilio.numbers["PN1"]["voice_url"] == "https://kept.example"
    assert twilio.changed == [("PN1", {"StatusCallback": odd.url, "StatusCallbackMethod": "GET"})]
    numbers.set_callback(ACCOUNT, "PN1", Callback())
    assert numbers.callback(ACCOUNT, "PN1").url == ""


def test_errors_say_whether_it_may_have_been_done(
    twilio: FakeTwilio, numbers: TwilioNumbers
) -> None:
    twilio.add_number(ACCOUNT, "PN1", "+16175550100")
    with pytest.raises(PermanentError) as gone:
        numbers.callback(ACCOUNT, "PN9")
    assert gone.value.status == 404
    twilio.faults = [Fault("PN1", 500, method="POST"), Fault("PN1", 429, method="POST")]
    with pytest.raises(TemporaryError) as broken:
        numbers.set_callback(ACCOUNT, "PN1", Callback(HERE, "POST"))
    with pytest.raises(TemporaryError) as later:
        numbers.set_callback(ACCOUNT, "PN1", Callback(HERE, "POST"))
    assert (broken.value.in_doubt, later.value.in_doubt) == (True, False)


def test_a_refused_token_is_told(twilio: FakeTwilio) -> None:
    refused = TwilioNumbers(TwilioRest(base_url=twilio.url, tokens=lambda _: ("wrong",)))
    with pytest.raises(CredentialsRefused):
        refused.all(ACCOUNT)
