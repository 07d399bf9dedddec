"""Are lines added to lines.toml without a change of what stands there?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapter.config.lines_file import read_lines
from adapter.config.lines_text import LineText, no_lines_in, with_lines

OLD = '[defaults]\nevent_type = "Call"  # mine\n[lines."+16175550100"]\nname = "Main"'
NEW = LineText(
    number="+16175550101",
    remark="at Twilio: Oak\nPark",
    keys={"integration_id": ("int_1", "Entrata"), "name": ('Oak "Park"', "")},
    open_keys={"employee_id": "RPX needs it"},
)


def test_lines_are_added_at_the_end() -> None:
    text = with_lines(OLD, [NEW], {"+16175550102": "The fax"})
    assert text.startswith(OLD + "\n")
    assert '[lines."+16175550101"]  # at Twilio: Oak Park\n' in text
    assert 'integration_id = "int_1"  # Entrata\n' in text
    assert '# employee_id = "..."  # RPX needs it\n' in text
    lines = read_lines(text + "\n", {}).by_number
    assert [line.name for line in lines.values()] == ["Main", 'Oak "Park"']
    assert lines["+16175550101"].event_type == "Call"
    assert no_lines_in(text) == {"+16175550102"}


def test_a_new_file_says_what_it_is() -> None:
    assert with_lines("", [NEW], {}).startswith("# Your phone numbers")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_value_is_read_back(value: str) -> None:
    line = LineText(number="+16175550100", remark=value, keys={"name": (value, value)})
    text = with_lines("", [line], {"+16175550101": value})
    assert read_lines(text + "\n", {}).by_number["+16175550100"].name == value
