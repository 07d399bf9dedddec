"""Which errors does Twilio's API client raise where no answer came, and how does it read a call?"""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from adapter.errors import NotReached, TemporaryError
from adapter.observability.exchanges import exchanges
from adapter.providers.twilio.rest import TwilioRest, leg_of
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.twilio_lists import TwilioLists, serving
from tests.support.waiting import free_port


def client(port: int) -> TwilioRest:
    return TwilioRest(base_url=f"http://127.0.0.1:{port}", tokens=lambda _: ["token"])


def test_where_nobody_listens_nothing_was_asked() -> None:
    with pytest.raises(NotReached):
        client(free_port()).leg(ACCOUNT, "CA" + "1" * 32)


def test_a_connection_that_breaks_off_was_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        with pytest.raises(TemporaryError) as caught:
            client(server.getsockname()[1]).leg(ACCOUNT, "CA" + "1" * 32)
    assert not isinstance(caught.value, NotReached)


def test_what_was_asked_and_found_is_kept_without_a_phone_number() -> None:
    """Also of a further page, whose address comes from Twilio and has the whole query in it."""
    number, ended_at = "+16175550101", datetime(2026, 3, 2, 15, tzinfo=UTC)
    lists = TwilioLists({ACCOUNT: TOKEN}, page=1)
    for n in (1, 2):
        lists.call(ACCOUNT, f"CA{n:032}", ended_at)
    with serving(lists), exchanges() as seen:
        api = TwilioRest(base_url=lists.url, tokens=lambda _: [TOKEN])
        assert len(api.legs_dialled_by(ACCOUNT, "CA" + "1" * 32)) == 2
        assert len(api.calls_to(ACCOUNT, number, ended_at - timedelta(minutes=1))) == 2
    legs = "GET Twilio /Calls.json?ParentCallSid=CA" + "1" * 32
    on_line = "GET Twilio /Calls.json"
    assert [each.asked for each in seen] == [legs, f"{legs}&Page=1", on_line, f"{on_line}?Page=1"]
    assert {each.answer for each in seen} == {"ok, calls: 1"}
    assert any(number[1:] in asked for asked in lists.asked)


@pytest.mark.parametrize(
    ("direction", "starts", "began"),
    [
        ("inbound", 17, 0),
        ("inbound", None, 0),
        ("outbound-api", 17, 17),
        ("outbound-api", None, 0),
        ("outbound-dial", None, 0),
    ],
)
def test_when_a_call_began(direction: str, starts: int | None, began: int) -> None:
    """With answerOnBridge it starts when it is picked up. An outgoing call may have waited to be made."""
    came_in = datetime(2026, 3, 2, 15, tzinfo=UTC)
    row = {
        "sid": "CA" + "1" * 32,
        "direction": direction,
        "status": "completed",
        "date_created": format_datetime(came_in),
        "start_time": starts and format_datetime(came_in + timedelta(seconds=starts)),
        "end_time": format_datetime(came_in + timedelta(seconds=17)),
        "duration": "0",
    }
    assert leg_of(row).started_at == came_in + timedelta(seconds=began)


@pytest.mark.parametrize(
    ("fields", "seconds", "lasted"),
    [
        ({"duration": None}, 39, 39),
        ({"end_time": None}, 39, 39),
        ({"duration": None, "end_time": None}, None, None),
        ({"duration": None, "start_time": None}, None, None),
        ({"duration": None, "status": "no-answer"}, None, 39),
    ],
    ids=["no length", "no end", "neither", "no start", "nobody answered"],
)
def test_a_length_or_an_end_that_a_row_leaves_out_is_worked_out(
    fields: dict[str, Any], seconds: int | None, lasted: int | None
) -> None:
    """As far as the rest of the row tells it. lasted: from the start to the end."""
    began = datetime(2026, 3, 2, 15, tzinfo=UTC)
    row = {
        "sid": "CA" + "1" * 32,
        "direction": "outbound-dial",
        "status": "completed",
        "start_time": format_datetime(began),
        "end_time": format_datetime(began + timedelta(seconds=39)),
        "duration": "39",
        **fields,
    }
    leg = leg_of(row)
    assert leg.duration_seconds == seconds
    if lasted is not None:
        assert leg.ended_at == began + timedelta(seconds=lasted)


@pytest.mark.parametrize("direction", ["inbound", "outbound-api", "outbound-dial"])
@pytest.mark.parametrize("status", ["no-answer", "busy", "canceled"])
def test_a_call_that_nobody_took_began_when_it_was_made(direction: str, status: str) -> None:
    """The row has its end for its start."""
    made = datetime(2026, 3, 2, 15, tzinfo=UTC)
    row = {
        "sid": "CA" + "1" * 32,
        "direction": direction,
        "status": status,
        "date_created": format_datetime(made),
        "start_time": format_datetime(made + timedelta(seconds=17)),
        "end_time": format_datetime(made + timedelta(seconds=17)),
    }
    assert leg_of(row).started_at == made
