"""What waits for somebody, and what is there to decide it by?

All of it is read from our own database. Nothing outside is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.domain.call import Call
from adapter.domain.candidates import Candidate, candidates
from adapter.domain.lines import Line, Lines
from adapter.domain.matching import Person
from adapter.operations.decisions import lines_alike, number_of
from adapter.storage.inbox import Group, GroupKey, Inbox, LastCalls, ParkedGroup
from adapter.storage.people_index import PeopleIndex
from adapter.storage.store import Store
from adapter.targets.base import TargetApi

GROUPS_ON_PAGE = 50
CALLS_ON_PAGE = 20
MOST_CANDIDATES = 12


@dataclass(frozen=True)
class GroupLine:
    """A group, and the line of its calls; None if they were on none of ours."""

    key: GroupKey
    group: Group
    line: Line | None


@dataclass(frozen=True)
class InboxPage:
    """The groups of one page. next: what the next page begins after; None on the last one.

    last: what came and was written last; only where nothing waits.
    """

    groups: Sequence[GroupLine]
    parked: Sequence[ParkedGroup]
    next: str | None
    last: LastCalls | None


@dataclass(frozen=True)
class WaitingCall:
    """A call that waits. alike: how many held calls there are from the same number, with this one."""

    call: Call
    line: Line | None
    candidates: Sequence[Candidate]
    alike: int


@dataclass(frozen=True)
class GroupPage:
    """The calls of a group on one page, the newest first. next: as of InboxPage."""

    group: GroupLine
    calls: Sequence[WaitingCall]
    next: str | None


class InboxReader:
    """Reads the inbox."""

    def __init__(self, store: Store, index: PeopleIndex, target: TargetApi, lines: Lines) -> None:
        self._store = store
        self._rows = Inbox(store)
        self._index = index
        self._target = target
        self._lines = lines

    def page(self, after: str | None = None) -> InboxPage:
        """Return the groups after this cursor. Raise ValueError if it is none of ours."""
        rows = self._rows.groups(after=_group_cursor(after), limit=GROUPS_ON_PAGE + 1)
        groups = [self._line_of(key, group) for key, group in rows[:GROUPS_ON_PAGE]]
        following = None
        if len(rows) > GROUPS_ON_PAGE:
            last = groups[-1]
            parts = (str(last.group.count), last.key.state, last.key.cause, last.key.line)
            following = "~".join(parts)
        parked = [] if after else self._rows.parked()
        is_empty = not groups and not parked and not after
        return InboxPage(groups, parked, following, self._rows.last_calls() if is_empty else None)

    def group(self, key: GroupKey, after: str | None = None) -> GroupPage | None:
        """Return the group's calls after this cursor, or None if nothing is left of the group.

        Raise ValueError if the cursor is none of ours.
        """
        place = call_cursor(after)
        group = self._rows.group(key)
        if group is None:
            return None
        rows = self._rows.calls_of(key, after=place, limit=CALLS_ON_PAGE + 1)
        calls = self._waiting(rows[:CALLS_ON_PAGE])
        following = None
        if len(rows) > CALLS_ON_PAGE:
            last = calls[-1].call
            following = f"{last.first_seen_at.isoformat()}~{last.key}"
        return GroupPage(self._line_of(key, group), calls, following)

    def waiting(self, call: Call) -> WaitingCall:
        """Return what one call can be decided by."""
        (waiting,) = self._waiting([call])
        return waiting

    def candidates(self, call: Call) -> Sequence[Candidate]:
        """Return who of our index could be the person of this call, the best first."""
        line = self._lines.of(call.line)
        return self._candidates(call, line, self._people([call], line))

    def _waiting(self, calls: Sequence[Call]) -> Sequence[WaitingCall]:
        """All that the calls of one line can be decided by, in few queries."""
        if not calls:
            return ()
        line = self._lines.of(calls[0].line)
        people = self._people(calls, line)
        numbers = set(filter(None, map(number_of, calls)))
        alike = self._rows.held_from(numbers, lines_alike(calls[0], self._lines))
        return [
            WaitingCall(
                call,
                line,
                self._candidates(call, line, people),
                alike.get(number_of(call) or "", 0),
            )
            for call in calls
        ]

    def _people(self, calls: Sequence[Call], line: Line | None) -> Sequence[Person]:
        if line is None or line.integration_id is None:
            return ()
        numbers = set(filter(None, map(number_of, calls)))
        return [
            replace(person, refused=self._target.why_refused(person))
            for person in self._index.find_all(numbers, line.integration_id)
        ]

    def _candidates(
        self, call: Call, line: Line | None, people: Sequence[Person]
    ) -> Sequence[Candidate]:
        number = number_of(call)
        if line is None or number is None:
            return ()
        return candidates(number, people, line)[:MOST_CANDIDATES]

    def _line_of(self, key: GroupKey, group: Group) -> GroupLine:
        return GroupLine(key, group, self._lines.of(group.line) if group.line else None)


def call_cursor(after: str | None) -> tuple[datetime, str] | None:
    """Return the place in a list of calls that a cursor names. Raise ValueError if it names none."""
    if not after:
        return None
    moment, _, key = after.partition("~")
    at = datetime.fromisoformat(moment)
    if at.tzinfo is None or not key:
        raise ValueError("after is no place in this list")
    return at, key


def _group_cursor(after: str | None) -> tuple[int, GroupKey] | None:
    if not after:
        return None
    count, *key = after.split("~")
    if len(key) != 3 or not count.isascii() or not count.isdigit() or len(count) > 9:
        raise ValueError("after is no place in this list")
    return int(count), GroupKey(*key)
