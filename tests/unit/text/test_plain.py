"""Are the words of others words and nothing else, wherever people read them?"""

from __future__ import annotations

import io
import logging
import re
from contextlib import redirect_stderr
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from adapter.cli.commands import cli
from adapter.cli.render import calls_table, print_story
from adapter.domain.call import Attempt, RawHook
from adapter.domain.call_event import CallEvent, WriteRequest
from adapter.domain.lines import PersonKind
from adapter.domain.matching import Person
from adapter.domain.outcome import Ending, Outcome
from adapter.observability.logs import configure_logging, logger
from adapter.storage.store import Store
from adapter.text.plain import plain, quotable
from tests.support.environment import NOW
from tests.support.rows import record, row

# Clear the screen, turn the text around, ring, begin a new line, hide it, an unpaired half of a pair.
ATTACK = "\x1b[2J\x1b]0;owned\x07\u202eevil\u2066\r\n  state  written\u2028x\u200by\x9b31m\udc00"
# Printable by its category, and nothing to see.
INVISIBLE = "\u034f\ufe0f\u180b\u115f\u1160\u3164\uffa0\u2800\U000e0100"
FORBIDDEN = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


@given(st.text() | st.text(alphabet=ATTACK + INVISIBLE))
def test_plain_text_is_one_line_that_can_be_printed(text: str) -> None:
    shown = plain(text)
    assert not set(INVISIBLE) & set(shown)
    assert shown.isprintable()
    assert shown == plain(shown)
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    "text", ["Anna", "(617) 555-0134", "Zoë O’Hara", "王小明", "🏠 Main St", "a [b] <c>"]
)
def test_what_can_be_read_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


@given(st.text() | st.text(alphabet='"“”＂«»[]［］<>＜＞&;:/ RecordingDetails\u200d' + INVISIBLE))
def test_a_quotation_has_nothing_of_what_would_end_it_or_pass_for_ours(text: str) -> None:
    shown = quotable(text)
    assert shown.isprintable()
    assert not set('"“”„«»[]<>') & set(shown)
    assert "://" not in shown
    assert not re.search(r"\b(recording|details|message|line|call)\s*:", shown, re.IGNORECASE)
    assert not re.search(r"&#?\w+;", shown)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('bye" Recording: https://evil.example', "bye' Recording - https evil.example"),
        ("see [call CA1]", "see (call CA1)"),
        ("＂ ［call CA1］ Recording：x", "' (call CA1) Recording -x"),
        ("Recording\u200b: x", "Recording - x"),
        *((f"Recording{sign}: x", "Recording - x") for sign in INVISIBLE),
        *((f"https:{sign}//evil.example", "https evil.example") for sign in INVISIBLE),
        ("see www.evil.example", "see www evil.example"),
        ("<b onclick=x>AT&T &lt;i&gt;</b>", "(b onclick=x)AT&T & lt;i& gt;(/b)"),
        ("It's 5:30, call me", "It's 5:30, call me"),
    ],
)
def test_what_is_quoted_stays_readable(said: str, shown: str) -> None:
    assert quotable(said) == shown


def test_a_story_and_a_table_obey_nothing_that_others_wrote(store: Store) -> None:
    stored_attack = ATTACK.replace("\udc00", "")  # it would not be stored
    facts = record(from_number=f"sip:{stored_attack}")
    facts = facts.model_copy(update={"transcripts": {"RE1": stored_attack}})
    with store.begin() as connection:
        stored = store.calls.take(connection, row(facts))
    call = replace(
        stored,
        other=f"sip:{ATTACK}",
        person_kind="lead",
        person_id="lead_1",
        person_name=ATTACK,
        because=ATTACK,
        reason=ATTACK,
        event_json=CallEvent(
            WriteRequest("/v1/events/leads", {}, {"notes": ATTACK}),
            Person(PersonKind.LEAD, "lead_1", "int_1"),
            facts_mark=None,
            told=None,
        ).to_json(),
    )
    hook = RawHook(NOW, "twilio", "AC0", "POST", "/", {}, b"", error=ATTACK)
    attempt = Attempt(1, call.key, NOW, NOW, "post", "POST /", 400, ATTACK, ATTACK, False)
    written = io.StringIO()
    shown = Console(file=written, width=200)
    ending = Ending(Outcome.ANSWERED, 0, "completed_only", "it was", certain=False)
    print_story(shown, call, [hook], [attempt], ending=ending)
    shown.print(calls_table([call]))
    text = written.getvalue()
    assert "evil" in text
    assert not FORBIDDEN.search(text)
    assert not [line for line in text.splitlines() if line.startswith("  state  written")]


def test_a_console_log_obeys_nothing_that_others_wrote() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    with redirect_stderr(written):
        configure_logging("console")
        logger("adapter.test").warning("refused", reason=ATTACK, seen=[ATTACK])
        logging.getLogger("gunicorn.error").warning("asked for %s", ATTACK)
        try:
            raise ValueError(ATTACK)
        except ValueError:
            logger("adapter.test").exception("failed")
    root.handlers[:] = handlers
    root.setLevel(level)
    text = written.getvalue()
    assert text.count("evil") >= 4
    assert not FORBIDDEN.search(text)
    assert "Traceback" in text
    assert len(text.splitlines()) > 5


def test_an_error_of_a_command_obeys_nothing_that_others_wrote(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    told = CliRunner().invoke(cli, ["show", "\x1b[2J\u202eCA1"])
    assert told.exit_code == 1
    assert "CA1" in told.output
    assert not FORBIDDEN.search(told.output)
