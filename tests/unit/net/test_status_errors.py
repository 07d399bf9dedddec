"""Is each bad status the right kind of error, and is Retry-After read?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapter.errors import (
    CredentialsRefused,
    NotSupported,
    PermanentError,
    RemoteError,
    TemporaryError,
)
from adapter.net.status_errors import retry_after_seconds, status_error

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind", "may_be_in_doubt"),
    [
        (302, PermanentError, False),
        (400, PermanentError, False),
        (401, CredentialsRefused, False),
        (403, CredentialsRefused, False),
        (404, PermanentError, False),
        (405, NotSupported, False),
        (408, TemporaryError, True),
        (422, PermanentError, False),
        (429, TemporaryError, False),
        (500, TemporaryError, True),
        (503, TemporaryError, True),
    ],
)
def test_a_status_is_an_error_of_its_kind(
    status: int, kind: type[RemoteError], may_be_in_doubt: bool
) -> None:
    error = status_error(status, "X answered", in_doubt=True)
    assert (type(error), error.status, error.in_doubt) == (kind, status, may_be_in_doubt)
    assert not status_error(status, "X answered").in_doubt


def test_a_wait_is_kept_only_where_the_request_may_be_repeated() -> None:
    waits = {
        status: status_error(status, "X", retry_after_seconds=7.0).retry_after_seconds
        for status in (400, 401, 429, 503)
    }
    assert waits == {400: None, 401: None, 429: 7.0, 503: 7.0}


def test_advice_for_a_status_wins_over_that_for_its_class() -> None:
    advice = {3: "it redirects", 301: "it moved"}
    texts = [str(status_error(status, "X answered", advice=advice)) for status in (301, 302, 400)]
    assert texts == ["X answered; it moved", "X answered; it redirects", "X answered"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("-5", 0.0),
        ("86400", 3600.0),
        ("inf", 3600.0),
        ("nan", None),
        ("Mon, 02 Mar 2026 15:01:30 GMT", 90.0),
        ("Mon, 02 Mar 2026 14:00:00 GMT", 0.0),
        ("Mon, 02 Mar 2026 15:01:30", None),
        ("soon", None),
        ("", None),
        ("9" * 30_000, 3600.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_an_hour_at_most(
    value: str, seconds: float | None
) -> None:
    assert retry_after_seconds({"Retry-After": value}, NOW) == seconds


def test_without_the_header_no_wait_is_known() -> None:
    assert retry_after_seconds({}, NOW) is None
