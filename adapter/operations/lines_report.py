"""How do our lines stand: what does each lack, and what happened on it?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.domain.lines import Line, Lines
from adapter.errors import RemoteError
from adapter.operations.numbers.findings import NO_SUCH_NUMBER, NumberFinding, NumbersReport
from adapter.storage.hourly_counts import HourlyCounts, LineCount
from adapter.storage.line_calls import last_calls
from adapter.storage.session import Session
from adapter.targets.base import LineCheck
from adapter.text.plain import plain

COUNTED_DAYS = 7
_KEY = re.compile(r"[a-z]+(?:_[a-z]+)*")
_MOST_OTHERS = 50


@dataclass(frozen=True)
class Finding:
    """What the target says of a line.

    pms: the system behind it, "?" if not known. failure: why it could not be asked.
    """

    pms: str = "?"
    problems: Sequence[str] = ()
    failure: str | None = None


@dataclass(frozen=True)
class LineStatus:
    """A line and how it stands.

    finding: None while the target is being asked. to_paste: for lines.toml, blank if nothing is lacking.
    number_lacks: what keeps calls to its number from coming here, as the provider says.
    """

    line: Line
    finding: Finding | None
    last_call_at: datetime | None
    count: LineCount
    to_paste: str
    number_lacks: Sequence[str] = ()

    @property
    def held_percent(self) -> int | None:
        """How many of a hundred calls are held; None if there were no calls."""
        return round(100 * self.count.held / self.count.calls) if self.count.calls else None

    @property
    def test_command(self) -> str | None:
        """The command that sends a test call to this line; None for the defaults, which have no number."""
        number = self.line.number
        return f"adapter simulate --story missed --to {number}" if number else None


@dataclass(frozen=True)
class OtherNumber:
    """A number of ours that is not listed, and had calls. to_paste: for lines.toml."""

    number: str
    count: LineCount
    to_paste: str


@dataclass(frozen=True)
class LinesReport:
    """All lines, the numbers with calls that are not listed, and what other numbers lack at the provider.

    are_numbers_known: whether every account of the providers could be asked for its numbers lately.
    """

    lines: Sequence[LineStatus]
    others: Sequence[OtherNumber]
    other_numbers: Sequence[NumberFinding] = ()
    are_numbers_known: bool = False


def examine_lines(lines: Lines, check: LineCheck) -> Mapping[str, Finding]:
    """Ask the target about each line; the findings by the line's number. It may take long."""
    return {line.number: _examine(line, check) for line in lines.in_use}


def _examine(line: Line, check: LineCheck) -> Finding:
    try:
        pms, problems = check.lacking(line)
    except RemoteError as error:
        return Finding(failure=plain(str(error))[:300])
    return Finding(pms, problems)


def lines_report(
    session: Session,
    lines: Lines,
    findings: Mapping[str, Finding] | None,
    clock: Callable[[], datetime],
    numbers: NumbersReport | None = None,
) -> LinesReport:
    """Return how the lines stand. findings: of `examine_lines`, None while that is under way.

    numbers: None if they were not asked for, or while that is under way.
    """
    lacks = _number_lacks(numbers)
    counts = HourlyCounts(session).of_lines(clock() - timedelta(days=COUNTED_DAYS))
    newest = last_calls(session, [line.number for line in lines.in_use if line.number])
    statuses = []
    for line in lines.in_use:
        finding = (findings or {}).get(line.number)
        statuses.append(
            LineStatus(
                line=line,
                finding=finding,
                last_call_at=newest.get(line.number),
                count=counts.get(line.number, LineCount()),
                to_paste=_keys_to_set(line, finding.problems) if finding else "",
                number_lacks=lacks.get(line.number, ()),
            )
        )
    others = [
        OtherNumber(number, count, _new_line(number, lines))
        for number, count in sorted(counts.items(), key=lambda each: -each[1].calls)
        if not lines.is_line(number)
    ]
    listed = (
        [each for each in numbers.numbers if not lines.is_line(each.number.number)]
        if numbers
        else []
    )
    return LinesReport(
        statuses,
        others[:_MOST_OTHERS],
        [each for each in listed if each.lacks][:_MOST_OTHERS],
        numbers is not None and numbers.is_complete,
    )


def line_problems(
    lines: Lines, findings: Mapping[str, Finding] | None, numbers: NumbersReport | None
) -> Sequence[tuple[Line, str]]:
    """Return what each line lacks, in sentences that say what to do. The rest: as of `lines_report`."""
    lacks = _number_lacks(numbers)
    found: list[tuple[Line, str]] = []
    for line in lines.in_use:
        finding = (findings or {}).get(line.number, Finding())
        sentences = [*finding.problems, *([finding.failure] if finding.failure else [])]
        found += [(line, sentence) for sentence in sentences]
        found += [(line, f"the number: {lack}") for lack in lacks.get(line.number, ())]
    return found


def _number_lacks(numbers: NumbersReport | None) -> Mapping[str, Sequence[str]]:
    """Return what each number lacks, by the number."""
    if numbers is None:
        return {}
    missing = {number: [NO_SUCH_NUMBER] for number in numbers.missing_lines}
    return {**{each.number.number: each.lacks for each in numbers.numbers}, **missing}


def _keys_to_set(line: Line, problems: Sequence[str]) -> str:
    """Return the lines of lines.toml that mend this line; blank if there are no problems."""
    if not problems:
        return ""
    head = f'[lines."{line.number}"]' if line.number else "[defaults]"
    keys = dict.fromkeys(key for problem in problems for key in _named_keys(problem))
    comments = [f"# {plain(problem)}" for problem in problems]
    return "\n".join([head, *comments, *(f'# {key} = "..."' for key in keys)])


def _named_keys(problem: str) -> Sequence[str]:
    """Return the keys of a line that a problem names, such as event_type_id."""
    return [key for key in _KEY.findall(problem) if "_" in key and key in Line.model_fields]


def _new_line(number: str, lines: Lines) -> str:
    """Return the lines of lines.toml that list a number."""
    keys = ['name = "..."', 'property_id = "..."']
    if lines.defaults.integration_id is None:
        keys.append('integration_id = "..."')
    return "\n".join([f'[lines."{number}"]', *keys])
