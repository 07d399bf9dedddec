"""Does a vendor's word stand outside of its own package?

Then a second vendor costs a package and an entry in a dict. Nobody has to search the code for the first.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import adapter
from adapter.bootstrap import PROVIDERS, TARGETS

PACKAGE = Path(adapter.__file__).parent
# These join vendors to the rest, say what a user sets for each, or stand in for them.
MAY_NAME_ALL = ("bootstrap.py", "config", "cli", "sandbox")
VENDORS = [("providers", name) for name in PROVIDERS] + [("targets", name) for name in TARGETS]
# What else only this vendor writes: the beginnings of its ids, and names of its parameters.
OTHER_WORDS = {
    "twilio": r"[\"'\[/](?:CA|RE|AC|SK)(?:[\"'(\[\\]|[0-9a-f]{4})|AccountSid|CallSid|\bTwiML\b",
    "propexo": r"\bint_[a-z]+\b|/v1/events",
}


def files_outside(room: str, name: str) -> list[Path]:
    own = PACKAGE / room / name
    return [
        path
        for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html")])
        if own not in path.parents and path.relative_to(PACKAGE).parts[0] not in MAY_NAME_ALL
    ]


def words_in(text: str, name: str) -> list[str]:
    """The lines of this text that hold one of the vendor's words."""
    pattern = re.compile(rf"(?i:{name})|{OTHER_WORDS[name]}")
    return [line.strip() for line in text.splitlines() if pattern.search(line)]


@pytest.mark.parametrize(("room", "name"), VENDORS, ids=lambda value: str(value))
def test_no_word_of_a_vendor_stands_outside_its_package(room: str, name: str) -> None:
    found = {
        str(path.relative_to(PACKAGE)): lines
        for path in files_outside(room, name)
        if (lines := words_in(path.read_text(), name))
    }
    assert found == {}


@pytest.mark.parametrize(("room", "name"), VENDORS, ids=lambda value: str(value))
def test_the_words_are_found_where_they_may_stand(room: str, name: str) -> None:
    """Else the test above could not fail."""
    own = PACKAGE / room / name
    assert any(words_in(path.read_text(), name) for path in own.rglob("*.py"))
    assert len(files_outside(room, name)) > 100
    for planted in (f"https://www.{name}.com/docs", f"# as {name.title()} says"):
        assert words_in(planted, name)


def test_the_beginning_of_an_id_is_found() -> None:
    for planted in ('re.compile(r"CA([0-9a-f]{32})")', 'f"CA{digits}"[:2] == "CA"', "/RE0123abcd"):
        assert words_in(planted, "twilio"), planted
    assert not words_in('"CALL" and /CAREFUL', "twilio")
