"""Do logs tell what is needed, and nothing that they must not?"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from contextlib import redirect_stderr
from datetime import timedelta
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from adapter.observability.exchanges import Exchange, exchanges, record_exchange
from adapter.observability.logs import configure_logging, logger
from adapter.observability.metrics import TALLY
from adapter.observability.redact import hide_numbers
from tests.support.environment import NOW

Logged = Callable[[], list[dict[str, Any]]]
KEY = "twilio:AC00000000000000000000000000000001:CA00000000000000000000000000000001"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("from +16175550134 to +442079460018", "from ***34 to ***18"),
        ("phone_1=6175550134&x=1", "phone_1=***34&x=1"),
        ("From=%2B16175550134&To=", "From=%2B***34&To="),
        ("'+16175550134'", "'***34'"),
        ("call16175550134", "call16175550134"),
        ("From (617) 555-0134 to 617-555-0100.", "From ***34 to ***00."),
        ("1-617-555-0134, +1 617 555 0134", "***34, ***34"),
        ("+44 20 7946 0018 (+33 1 99 00 12 34)", "***18 (***34)"),
        ("2026-03-02 15:00:00, 127.0.0.1:5432", "2026-03-02 15:00:00, 127.0.0.1:5432"),
        ("+16175550134,+16175550135", "***34,***35"),
        (KEY, KEY),
        ("in 300 s, 1234 bytes, 99.5 %", "in 300 s, 1234 bytes, 99.5 %"),
        ("2026-03-02T15:00:00", "2026-03-02T15:00:00"),
        ("", ""),
    ],
)
def test_numbers_are_hidden_but_for_their_end_and_ids_stay(text: str, hidden: str) -> None:
    assert hide_numbers(text) == hidden


@given(
    st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True),
    st.sampled_from([" ", "=", ":", '"', "(", "/", ",", "é", "\n", ""]),
    st.sampled_from([" ", "&", '"', ")", ".", ",", "\n", ""]),
)
def test_no_whole_number_is_left(number: str, before: str, after: str) -> None:
    assert number[1:] not in hide_numbers(f"x{before}{number}{after}")


def test_a_line_tells_when_where_what_and_of_which_call(logged: Logged) -> None:
    logger("adapter.test").info("hook taken", call=KEY, kind="status")
    (line,) = logged()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "hook taken",
        "call": KEY,
        "kind": "status",
        "level": "info",
        "logger": "adapter.test",
    }


def test_every_line_within_a_run_has_the_calls_key_also_those_of_libraries(
    logged: Logged,
) -> None:
    with structlog.contextvars.bound_contextvars(call=KEY):
        logger("adapter.test").info("ours")
        logging.getLogger("some.library").warning("theirs")
    assert [(line["event"], line["call"]) for line in logged()] == [("ours", KEY), ("theirs", KEY)]


def test_numbers_are_hidden_in_every_part_of_a_line(logged: Logged) -> None:
    log = logger("adapter.test")
    log.warning("no answer from +16175550134", reason="asked for 6175550134")
    log.warning("several", numbers=["+16175550134"], by={"id": ("6175550134",)}, count=2)
    logging.getLogger("some.library").warning("called %s", "+16175550134")
    try:
        raise ValueError("+16175550134 is wrong")
    except ValueError:
        log.exception("failed")
    lines = logged()
    assert len(lines) == 4
    assert "6175550134" not in str(lines)
    assert "ValueError: ***34 is wrong" in lines[3]["exception"]
    assert (lines[1]["numbers"], lines[1]["count"]) == ("['***34']", 2)


def test_a_logger_in_use_follows_a_new_set_up(logged: Logged) -> None:
    log = logger("adapter.test")
    log.info("as before")
    assert [line["event"] for line in logged()] == ["as before"]
    written = io.StringIO()
    with redirect_stderr(written):
        configure_logging("console")
    log.info("elsewhere", call=KEY)
    assert logged() == []
    assert "elsewhere" in written.getvalue() and not written.getvalue().startswith("{")


@pytest.mark.parametrize("style", ["json", "console"])
def test_what_libraries_attach_to_their_lines_is_dropped(style: str, logged: Logged) -> None:
    written = io.StringIO()
    with redirect_stderr(written):
        configure_logging(style)
    logging.getLogger("some.library").warning("hello", extra={"body": "hunter2"})
    text = written.getvalue()
    assert "hello" in text and "hunter2" not in text


@pytest.mark.parametrize("style", ["json", "console"])
def test_whatever_a_library_says_is_written(style: str, logged: Logged) -> None:
    written = io.StringIO()
    with redirect_stderr(written):
        configure_logging(style)
        logging.getLogger("some.library").warning("hello", extra={"call": object(), "key": 1})
    assert "hello" in written.getvalue() and "<object object" in written.getvalue()


def test_exchanges_are_seen_in_order_by_whoever_watches() -> None:
    first, second = (
        Exchange(NOW, NOW + timedelta(seconds=1), "people", f"GET {n}", 200, "ok") for n in range(2)
    )
    with exchanges() as seen:
        record_exchange(first)
        with exchanges() as inner:
            record_exchange(second)
    assert (seen, inner) == ([first], [second])
    record_exchange(first)
    assert seen == [first]


@pytest.mark.parametrize(("status", "answer"), [(200, "200"), (429, "429"), (None, "none")])
def test_requests_are_counted_by_step_and_answer(status: int | None, answer: str) -> None:
    TALLY.take()
    for _ in range(2):
        record_exchange(Exchange(NOW, NOW, "test", "GET x", status, "words"))
    labels = json.dumps({"answer": answer, "step": "test"})
    assert TALLY.take() == {("adapter_attempts_total", labels): 2.0}
