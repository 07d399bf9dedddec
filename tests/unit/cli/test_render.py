"""Is a call told to people whatever others wrote into it?"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from adapter.cli.render import calls_table, print_lines, print_story
from adapter.domain.call import Attempt, Call
from adapter.domain.lines import Line
from adapter.domain.outcome import Ending, Outcome
from adapter.storage.store import Store
from tests.support.environment import NOW
from tests.support.rows import record, row

# To rich, the library that prints, these are a style's end without its beginning, and a style.
ODD = "[/x] [red]Bob[/red]"
ENDING = Ending(Outcome.ANSWERED, 75, "queue_connected", "it was", certain=True)


def console() -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, width=200), written


def call(store: Store) -> Call:
    facts = record(from_number=f"sip:{ODD}@example.com")
    facts = facts.model_copy(update={"transcripts": {"RE1": f"{ODD} said it"}})
    with store.begin() as connection:
        stored = store.calls.take(connection, row(facts, other=f"sip:{ODD}@example.com"))
    return replace(
        stored,
        person_kind="lead",
        person_id="lead_1",
        person_name=ODD,
        because=f"{ODD} b",
        reason=ODD,
    )


def test_brackets_in_what_others_wrote_are_shown_as_they_are(store: Store) -> None:
    shown, written = console()
    print_story(shown, call(store), [], [], ending=ENDING)
    shown.print(calls_table([call(store)]))
    text = written.getvalue()
    for words in (f"sip:{ODD}@example.com", f"“{ODD} said it”", f"{ODD} (lead)", f"{ODD} b"):
        assert words in text
    assert text.count(f"sip:{ODD}@example.com") == 2


def test_brackets_in_a_lines_name_are_shown_as_they_are() -> None:
    shown, written = console()
    print_lines(
        shown, [(Line(name=ODD, integration_id="int_[/x]"), "ENTRATA", [f"{ODD} is missing"])]
    )
    assert written.getvalue().count(ODD) >= 3  # title, name, problem
    assert "int_[/x]" in written.getvalue()


def test_the_story_tells_when_the_write_was_confirmed(store: Store) -> None:
    shown, written = console()
    print_story(shown, replace(call(store), confirmed_at=NOW), [], [], ending=ENDING)
    assert "confirmed: the PMS has it" in written.getvalue()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "answered, talk time 1:15"),
        ({"is_at_most": True}, "answered, talk time up to 1:15"),
        ({"assumed": True}, "answered (assumed), talk time 1:15"),
    ],
)
def test_the_story_says_how_sure_the_outcome_and_the_talk_time_are(
    store: Store, facts: dict[str, Any], said: str
) -> None:
    shown, written = console()
    talked = replace(call(store), outcome="answered", talk_seconds=75)
    print_story(shown, talked, [], [], ending=replace(ENDING, **facts))
    (line,) = [line for line in written.getvalue().splitlines() if "outcome" in line]
    assert line.split("outcome")[1].strip() == said


def test_why_something_is_tried_again_is_said_once(store: Store) -> None:
    shown, written = console()
    stored, why = call(store), "Twilio's API answered 503"
    tried = Attempt(1, stored.key, NOW, NOW, "read", "GET Twilio /Calls.json", 503, why, why, False)
    print_story(shown, stored, [], [tried], ending=ENDING)
    assert written.getvalue().count(why) == 1
