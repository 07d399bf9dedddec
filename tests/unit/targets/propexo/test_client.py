"""Is each answer of Propexo, and each lack of one, told as the right kind of failure?"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from adapter.errors import (
    CredentialsRefused,
    LocalRateLimit,
    NotSupported,
    PermanentError,
    RemoteError,
    TemporaryError,
)
from adapter.net.send_deadline import sent_unless
from adapter.observability.exchanges import exchanges
from adapter.targets.propexo.client import PropexoClient
from tests.support.propexo_client import BASE, NoBudget, a_client

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BODY = {"integration_id": "int_1"}


@pytest.fixture
def budgets() -> NoBudget:
    return NoBudget()


@pytest.fixture
def client(budgets: NoBudget) -> PropexoClient:
    return a_client(budgets)


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def read(client: PropexoClient) -> Any:
    return client.get("/v1/leads/", {"phone_1": "6175550134", "limit": 5}, step="lookup")


def write(client: PropexoClient) -> Any:
    return client.send("/v1/events/leads", BODY, {"ignore_unknown_fields": "true"}, step="post")


def failure(ask: Any, client: PropexoClient) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        ask(client)
    return caught.value


def answer(http: responses.RequestsMock, status: int, **more: Any) -> None:
    values = {"json": {"error": {"code": "x", "message": "no"}}, **more}
    if "body" in more:
        del values["json"]
    http.add(responses.GET, f"{BASE}/v1/leads/", status=status, **values)
    http.add(responses.POST, f"{BASE}/v1/events/leads", status=status, **values)
    http.assert_all_requests_are_fired = False


# Asking -----------------------------------------------------------------------------------------------


def test_nothing_is_sent_when_the_budget_took_long_to_say_yes(http: responses.RequestsMock) -> None:
    """This process was frozen, or its database: another worker may do its work by now."""
    client = a_client(NoBudget(), monotonic=iter([0.0, 6.0]).__next__)
    error = failure(write, client)
    assert isinstance(error, LocalRateLimit), "no try, and no word on how the PMS does"
    assert not error.in_doubt
    assert len(http.calls) == 0


def test_nothing_is_sent_that_was_noted_too_long_ago(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    """Whoever noted it says so at the last moment; this process may have been frozen since then."""
    answer(http, 200, json={"job_id": "job_1"})
    looks: list[int] = []

    def is_late() -> bool:
        looks.append(len(http.calls))
        return len(looks) > 1

    with sent_unless(is_late):
        assert write(client) == {"job_id": "job_1"}
        error = failure(write, client)
    assert isinstance(error, LocalRateLimit) and not error.in_doubt
    assert (looks, len(http.calls)) == ([0, 1], 1)
    assert write(client) == {"job_id": "job_1"}  # the next one is not asked about


def test_the_key_the_query_and_the_body_are_sent(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    http.add(responses.POST, f"{BASE}/v1/events/leads", json={"job_id": "job_1"})
    assert write(client) == {"job_id": "job_1"}
    sent = http.calls[0].request
    assert sent.headers["Authorization"] == "Bearer the-key"
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.url == f"{BASE}/v1/events/leads?ignore_unknown_fields=true"
    assert json.loads(sent.body or "") == BODY


def test_what_is_noted_shows_no_number_and_no_key(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    http.add(responses.GET, f"{BASE}/v1/leads/", json={"results": [{}, {}], "meta": {}})
    with exchanges() as seen:
        read(client)
    (exchange,) = seen
    assert exchange.asked == "GET /v1/leads/?phone_1=********34&limit=5"
    assert (exchange.step, exchange.status, exchange.answer) == ("lookup", 200, "2 found")


def test_every_request_takes_its_share_of_the_budget(
    client: PropexoClient, budgets: NoBudget, http: responses.RequestsMock
) -> None:
    headers = {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "149"}
    http.add(responses.GET, f"{BASE}/v1/leads/", json={}, headers=headers)
    read(client)
    assert budgets.spent == ["propexo"]
    assert (budgets.learned[0]["allowed"], budgets.learned[0]["used"]) == (150, 1)


def test_without_budget_nothing_is_sent(http: responses.RequestsMock) -> None:
    error = failure(write, a_client(NoBudget(wait=30.0)))
    assert isinstance(error, LocalRateLimit)
    assert not error.in_doubt
    assert (error.retry_after_seconds or 0) >= 30
    assert len(http.calls) == 0


# Statuses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 408])
def test_trouble_of_the_server_is_temporary_and_doubtful_for_writes_only(
    client: PropexoClient, http: responses.RequestsMock, status: int
) -> None:
    answer(http, status)
    for ask, doubtful in ((read, False), (write, True)):
        error = failure(ask, client)
        assert isinstance(error, TemporaryError)
        assert (error.status, error.in_doubt, error.permanent) == (status, doubtful, False)


def test_a_429_was_surely_not_carried_out(
    client: PropexoClient, budgets: NoBudget, http: responses.RequestsMock
) -> None:
    answer(http, 429, headers={"Retry-After": "17"})
    error = failure(write, client)
    assert isinstance(error, TemporaryError)
    assert (error.in_doubt, error.retry_after_seconds) == (False, 17.0)
    assert budgets.learned[0]["closed_until"] == NOW.timestamp() + 17


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, PermanentError, "Propexo answered 400: no"),
        (401, CredentialsRefused, "PROPEXO_API_KEY"),
        (403, CredentialsRefused, "PROPEXO_API_KEY"),
        (404, PermanentError, "404"),
        (405, NotSupported, "does not offer it"),
        (409, PermanentError, "409"),
        (413, PermanentError, "413"),
        (422, PermanentError, "422"),
        (301, PermanentError, "PROPEXO_BASE_URL"),
        (307, PermanentError, "PROPEXO_BASE_URL"),
    ],
)
def test_what_asking_again_cannot_help_is_permanent_and_not_doubtful(
    client: PropexoClient,
    http: responses.RequestsMock,
    status: int,
    kind: type[RemoteError],
    words: str,
) -> None:
    answer(http, status, headers={"Location": "https://elsewhere.example.com/"})
    for ask in (read, write):
        error = failure(ask, client)
        assert type(error) is kind
        assert (error.status, error.in_doubt, error.permanent) == (status, False, True)
        assert words in str(error)


def test_a_redirect_is_not_followed_with_the_key(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    answer(http, 302, headers={"Location": "https://elsewhere.example.com/v1/leads/"})
    failure(read, client)
    assert [str(call.request.url).split("?")[0] for call in http.calls] == [f"{BASE}/v1/leads/"]


@pytest.mark.parametrize("body", ["", "<html>maintenance</html>", "{"])
def test_a_200_without_json_is_temporary_and_doubtful_for_writes_only(
    client: PropexoClient, http: responses.RequestsMock, body: str
) -> None:
    answer(http, 200, body=body)
    for ask, doubtful in ((read, False), (write, True)):
        error = failure(ask, client)
        assert isinstance(error, TemporaryError)
        assert error.in_doubt is doubtful


@pytest.mark.parametrize("status", [202, 204])
def test_another_kind_of_success_is_no_refusal(
    client: PropexoClient, http: responses.RequestsMock, status: int
) -> None:
    """Propexo documents 200 alone. A write that it took in some other way may have been accepted."""
    answer(http, status, body="")
    error = failure(write, client)
    assert not error.permanent
    assert error.in_doubt


# No answer --------------------------------------------------------------------------------------------


def refused_connection() -> requests.ConnectionError:
    pool = HTTPConnectionPool("api.example.com")
    reason = NewConnectionError(pool, "Connection refused")  # type: ignore[arg-type]  # urllib3 wants a connection; only the text is used
    return requests.ConnectionError(MaxRetryError(pool, "/", reason))


@pytest.mark.parametrize("error", [requests.ConnectTimeout("slow"), refused_connection()])
def test_a_connection_that_never_stood_leaves_no_doubt(
    client: PropexoClient, http: responses.RequestsMock, error: Exception
) -> None:
    answer(http, 0, body=error)
    found = failure(write, client)
    assert isinstance(found, TemporaryError)
    assert (found.in_doubt, found.status) == (False, None)


@pytest.mark.parametrize(
    "error",
    [
        requests.ReadTimeout("slow"),
        requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError())),
        requests.exceptions.ChunkedEncodingError("cut off"),
        requests.exceptions.ContentDecodingError("not gzip"),
    ],
)
def test_a_connection_that_broke_off_leaves_doubt_about_a_write(
    client: PropexoClient, http: responses.RequestsMock, error: Exception
) -> None:
    answer(http, 0, body=error)
    for ask, doubtful in ((read, False), (write, True)):
        found = failure(ask, client)
        assert isinstance(found, TemporaryError)
        assert found.in_doubt is doubtful
        assert "the-key" not in str(found)


def test_a_real_refused_connection_leaves_no_doubt(budgets: NoBudget) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    error = failure(write, a_client(budgets, url))
    assert isinstance(error, TemporaryError)
    assert not error.in_doubt


def test_a_host_that_cannot_be_found_leaves_no_doubt(budgets: NoBudget) -> None:
    error = failure(write, a_client(budgets, "http://no-such-host.invalid"))
    assert isinstance(error, TemporaryError)
    assert not error.in_doubt


def test_a_real_timeout_after_the_request_leaves_doubt(budgets: NoBudget) -> None:
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        error = failure(write, a_client(budgets, url, read_seconds=0.1))
    assert isinstance(error, TemporaryError)
    assert error.in_doubt


# Words ------------------------------------------------------------------------------------------------


def test_the_words_of_the_validator_are_told_with_their_paths(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    issues = [
        {"code": "unrecognized_keys", "keys": ["foo"], "path": [], "message": "Unrecognized key"},
        {"code": "too_big", "path": ["notes"], "message": "At most 256"},
    ]
    error = {
        "code": "invalid_request",
        "message": "invalid request",
        "details": {"details": {"issues": issues, "name": "ZodError"}},
    }
    answer(http, 400, json={"error": error})
    assert (
        str(failure(write, client))
        == "Propexo answered 400: invalid request; foo: Unrecognized key; notes: At most 256"
    )


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "x", "message": "no lead has +16175550134"}},
        {"error": {"message": "6175550134 is not a valid phone_1"}},
        {"unexpected": "+16175550134"},
    ],
)
def test_words_hold_no_phone_number(
    client: PropexoClient, http: responses.RequestsMock, body: Any
) -> None:
    answer(http, 400, json=body)
    words = str(failure(read, client))
    assert "6175550134" not in words
    assert "34" in words


@pytest.mark.parametrize(
    "body", ["", "<html>" + "x" * 9000 + "</html>", "null", "[1]", '"text"', '{"error": null}']
)
def test_an_error_in_no_known_shape_still_has_short_words(
    client: PropexoClient, http: responses.RequestsMock, body: str
) -> None:
    answer(http, 400, body=body)
    words = str(failure(read, client))
    assert words.startswith("Propexo answered 400: ")
    assert len(words) < 600


def test_words_can_be_stored_in_every_database(
    client: PropexoClient, http: responses.RequestsMock
) -> None:
    answer(http, 400, json={"error": {"code": "x", "message": "bad \x00 name \ud83d"}})
    assert str(failure(read, client)) == "Propexo answered 400: bad name ?"


@pytest.mark.parametrize(
    "details",
    [None, [], "text", {"issues": ["text"]}, {"issues": [{"path": None}]}, {"details": None}],
)
def test_details_in_an_unknown_shape_are_no_bug_of_ours(
    client: PropexoClient, http: responses.RequestsMock, details: Any
) -> None:
    answer(http, 400, json={"error": {"code": "x", "message": "no", "details": details}})
    assert isinstance(failure(write, client), PermanentError)


# Retry-After ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("-5", 0.0),
        ("86400", 3600.0),
        ("Mon, 02 Mar 2026 15:01:30 GMT", 90.0),
        ("Mon, 02 Mar 2026 14:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", 3600.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_is_believed_for_an_hour_at_most(
    client: PropexoClient, http: responses.RequestsMock, value: str, seconds: float | None
) -> None:
    answer(http, 503, headers={"Retry-After": value})
    assert failure(read, client).retry_after_seconds == seconds
