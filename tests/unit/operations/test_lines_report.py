"""Does the report say of each line what it lacks and how to mend it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from adapter.domain.lines import Line, Lines
from adapter.errors import TemporaryError
from adapter.operations.lines_report import Finding, examine_lines, lines_report
from adapter.storage.hourly_counts import HourlyCounts
from adapter.storage.store import Store
from tests.support.environment import LINE, NOW
from tests.support.rows import add, record

PROBLEM = (
    "ENTRATA needs event_type_id for leads, the line has none: set PROPEXO_EVENT_TYPE_ID, or event_type_id "
    "or event_type (its name) in lines.toml"
)
OTHER = "+16175550101"
LINES = Lines(
    Line(integration_id="int_main"),
    {
        LINE: Line(number=LINE, name="Main Street", property_id="prop_main"),
        OTHER: Line(number=OTHER, name="Oak Park"),
    },
)


class Check:
    """A line check that finds one problem, and cannot look at the second line."""

    def lacking(self, line: Line) -> tuple[str, Sequence[str]]:
        if line.number == OTHER:
            raise TemporaryError("Propexo does not\nanswer")
        return ("ENTRATA", [PROBLEM] if line.number == LINE else [])

    def refuse_unknown(self, lines: Iterable[Line]) -> bool:
        return True

    def warn(self) -> bool:
        return False


def test_a_line_that_cannot_be_looked_at_keeps_no_other_from_it() -> None:
    findings = examine_lines(LINES, Check())
    assert findings[LINE] == Finding("ENTRATA", [PROBLEM])
    assert findings[OTHER].failure == "Propexo does not answer"
    assert findings[""] == Finding("ENTRATA", [])


def test_what_a_line_lacks_comes_with_the_lines_to_paste(store: Store) -> None:
    report = lines_report(store, LINES, examine_lines(LINES, Check()), lambda: NOW)
    main, other, defaults = report.lines
    assert main.to_paste.splitlines() == [
        f'[lines."{LINE}"]',
        f"# {PROBLEM}",
        '# event_type_id = "..."',
        '# event_type = "..."',
    ]
    assert (other.to_paste, defaults.to_paste) == ("", "")
    assert main.test_command == f"adapter simulate --story missed --to {LINE}"
    assert defaults.test_command is None


def test_calls_of_a_week_and_the_share_held(store: Store) -> None:
    for number, state in enumerate(("held", "written", "written", "ignored")):
        add(store, record(call_id=f"CA{number}"), state=state, first_seen_at=NOW)
    add(store, record(call_id="CA9"), line="+16175550199", first_seen_at=NOW)
    HourlyCounts(store).recount(NOW - timedelta(days=7))
    report = lines_report(store, LINES, None, lambda: NOW + timedelta(hours=1))
    main, other, _ = report.lines
    assert (main.finding, main.last_call_at, main.held_percent) == (None, NOW, 25)
    assert (other.last_call_at, other.held_percent) == (None, None)
    (unlisted,) = report.others
    assert (unlisted.number, unlisted.count.calls) == ("+16175550199", 1)
    assert unlisted.to_paste.startswith('[lines."+16175550199"]\nname = "..."')
