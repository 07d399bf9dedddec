"""Is lines.toml read as written, and a wrong one refused in words that help?"""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.config.lines_file import read_lines
from adapter.domain.lines import Ambiguous, Lines, PersonKind, UnknownCaller
from adapter.errors import SettingsError

MAIN, SECOND = "+16175550100", "+16175550101"
WHOLE = """
[defaults]
integration_id = "int_1"
people = ["resident", "lead"]
unknown_caller = "create_lead"
staff = ["+16175550150"]

[lines."+16175550100"]
name = "Main Street leasing"
property_id = "prop_1"
event_type_id = "et_1"
staff = ["617-555-0151"]
ignore = ["(617) 555-0166"]

[lines."(617) 555-0101"]
integration_id = "int_2"
unknown_caller = "ignore"
ambiguous = "hold"
min_seconds = 5
timezone = "America/Chicago"
"""


def read(text: str, **defaults: str) -> Lines:
    return read_lines(text, defaults)


def test_a_line_has_what_it_says_and_inherits_the_rest() -> None:
    lines = read(WHOLE, integration_id="int_0", agent_name="Desk")
    main, second = lines.by_number[MAIN], lines.by_number[SECOND]
    assert (main.integration_id, main.property_id, main.agent_name) == ("int_1", "prop_1", "Desk")
    assert main.people == (PersonKind.RESIDENT, PersonKind.LEAD)
    assert (main.unknown_caller, main.ambiguous) == (UnknownCaller.CREATE_LEAD, Ambiguous.LATEST)
    assert (second.integration_id, second.property_id) == ("int_2", None)
    assert (second.unknown_caller, second.ambiguous) == (UnknownCaller.IGNORE, Ambiguous.HOLD)
    assert (second.min_seconds, second.timezone) == (5, "America/Chicago")
    assert [line.title for line in lines] == ["Main Street leasing", SECOND]


def test_numbers_are_compared_in_e164_whatever_was_written() -> None:
    lines = read(WHOLE)
    assert set(lines.by_number) == {MAIN, SECOND}
    assert lines.ignored == {"+16175550166"}
    for ours in (MAIN, SECOND, "+16175550150", "+16175550151"):
        assert lines.is_ours(ours)
    assert not lines.is_ours("+16175550134")


def test_a_number_that_is_no_line_has_the_defaults_or_nothing() -> None:
    unlisted = read("", integration_id="int_0").of("+16175550199")
    assert unlisted is not None
    assert (unlisted.number, unlisted.integration_id) == ("+16175550199", "int_0")
    assert read("").of("+16175550199") is None
    without_number = read("", integration_id="int_0").of(None)
    assert without_number is not None and without_number.number == ""


def test_blank_settings_are_no_defaults() -> None:
    assert read_lines("", {"integration_id": "", "property_id": None}).of(MAIN) is None


def test_lines_come_from_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "lines.toml"
    path.write_text(WHOLE, encoding="utf-8")
    assert set(read(str(path)).by_number) == {MAIN, SECOND}


def line(body: str) -> str:
    return f'[lines."{MAIN}"]\n{body}\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[defaults", ["ADAPTER_LINES", "not TOML"]),
        ("[lines]\nx = 1", ["[lines.", "x"]),
        ("[line]\n", ["[line]", "[defaults]", "[lines.*]"]),
        ('lines = "x"', ["[lines]", "table"]),
        ("defaults = 1", ["[defaults]", "table"]),
        ('[lines."5550100"]\n', ['[lines."5550100"]', "not a phone number", "+16175550100"]),
        ('[lines."anonymous"]\n', ["anonymous", "not a phone number"]),
        (line("") + '[lines."617-555-0100"]\n', ['[lines."617-555-0100"]', "twice"]),
        (line('propery_id = "x"'), [MAIN, "propery_id", "allowed are", "property_id"]),
        (line('property_id = "  "'), [MAIN, "property_id", "'  '"]),
        (line('staff = [" "]'), [MAIN, "staff", "not a phone number"]),
        ('[defaults]\npropery_id = "x"', ["[defaults]", "propery_id", "property_id"]),
        (
            line('unknown_caller = "lead"'),
            [MAIN, "unknown_caller", "hold", "create_lead", "ignore"],
        ),
        (line('ambiguous = "first"'), [MAIN, "ambiguous", "latest", "hold"]),
        (line('people = ["tenant"]'), [MAIN, "people", "lead", "applicant", "resident"]),
        (line('timezone = "Boston"'), [MAIN, "timezone", "Boston", "America/New_York"]),
        (line("timezone = 5"), [MAIN, "timezone"]),
        (line("min_seconds = -1"), [MAIN, "min_seconds", "-1", "0"]),
        (line('min_seconds = "soon"'), [MAIN, "min_seconds", "soon", "integer"]),
        (line('staff = ["911"]'), [MAIN, "staff", "911", "+16175550100"]),
        (line("staff = 5"), [MAIN, "staff"]),
        (line('ignore = ["client:anna"]'), [MAIN, "ignore", "client:anna"]),
        (line('property_id = ""'), [MAIN, "property_id", "1"]),
        (line("property_id = 5"), [MAIN, "property_id", "string"]),
        (line('number = "5"'), [MAIN, "number", "allowed are"]),
        (line('timezone = "America"'), [MAIN, "timezone", "like America/New_York"]),
        (line('people = "lead"'), [MAIN, "people", "'lead'", "a list"]),
        (line('staff = "+16175550150"'), [MAIN, "staff", "a list"]),
        (line("min_seconds = true"), [MAIN, "min_seconds", "integer"]),
        ('[defaults]\npeople = ["tenant"]\n' + line(""), ["[defaults]", "people", "'resident'"]),
        ("[defaults]\nnaem = 5\n" + line(""), ["[defaults]", "naem", "allowed are"]),
        ('[defaults]\nnumber = "+16175550100"', ["[defaults]", "number", "allowed are"]),
        ("nowhere/lines.toml", ["ADAPTER_LINES", "nowhere/lines.toml", "cannot be read"]),
    ],
)
def test_a_wrong_file_is_refused_naming_the_line_the_key_and_what_is_allowed(
    text: str, words: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(text)
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
