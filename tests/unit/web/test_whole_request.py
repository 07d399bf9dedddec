"""Where does a request end, however its bytes come?"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.web.whole_request import (
    CHUNKED_OVERHEAD,
    MAX_HEAD_BYTES,
    RequestTooLarge,
    WholeRequest,
)

LIMIT = 1000
HEAD = b"POST /webhooks/twilio HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    HEAD + b"Content-Length: 0\r\n\r\n",
    HEAD + b"content-length:\t11 \r\nX: Content-Length: 3\r\n\r\nCallSid=CA1",
    CHUNKED + b"0\r\n\r\n",
    CHUNKED + b"5\r\nhello\r\nA ; note=1\r\n0123\r\n6789\r\n000\r\nX-Sum: 0\r\nY: 1\r\n\r\n",
]


@pytest.mark.parametrize("request_", REQUESTS)
@given(cuts=st.lists(st.integers(0, 200), max_size=8), behind=st.binary(max_size=20))
def test_the_end_is_found_wherever_the_bytes_are_cut(
    request_: bytes, cuts: list[int], behind: bytes
) -> None:
    data = request_ + behind
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    whole = WholeRequest(LIMIT)
    fed = 0
    for first, last in pairwise(edges):
        whole.add(data[first:last])
        fed = last
        assert whole.is_whole == (fed >= len(request_))
    assert whole.split() == (request_, behind)


@given(st.binary(max_size=300))
def test_nothing_that_is_sent_makes_it_fail(data: bytes) -> None:
    for start in (b"", HEAD, CHUNKED):
        whole = WholeRequest(LIMIT)
        try:
            whole.add(start + data)
        except RequestTooLarge:
            continue
        if whole.is_whole:
            request, behind = whole.split()
            assert request + behind == start + data


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5x\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nno size\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"5" * 1100,
    ],
)
def test_what_makes_no_sense_is_whole_at_once(framing: bytes) -> None:
    """So that gunicorn's parser says at once what is wrong."""
    whole = WholeRequest(LIMIT)
    whole.add(HEAD + framing)
    assert whole.is_whole


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"a" * MAX_HEAD_BYTES, 431),
        (HEAD + b"X: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
        (HEAD + b"Content-Length: 1001\r\n\r\n", 413),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
        (CHUNKED + b"3E9\r\n", 413),
        (CHUNKED + b"ffffffff\r\n", 413),
        (CHUNKED + b"1\r\na\r\n" * LIMIT, 413),
        (CHUNKED + b"0\r\n" + b"X: y\r\n" * CHUNKED_OVERHEAD * LIMIT, 413),
    ],
)
def test_what_is_too_large_is_refused_before_all_of_it_has_come(data: bytes, status: int) -> None:
    with pytest.raises(RequestTooLarge) as error:
        WholeRequest(LIMIT).add(data)
    assert error.value.status == status


def test_the_limit_itself_is_taken() -> None:
    whole = WholeRequest(LIMIT)
    whole.add(HEAD + b"Content-Length: 1000\r\n\r\n" + b"a" * LIMIT)
    assert whole.is_whole
