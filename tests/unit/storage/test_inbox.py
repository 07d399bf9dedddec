"""Is what waits grouped by cause and line, with count, first and last seen, and read page by page?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapter.domain.call import CallState, HookState, RawHook
from adapter.domain.cause import Cause
from adapter.storage.inbox import Group, GroupKey, Inbox, LastCalls, ParkedGroup
from adapter.storage.store import Store
from tests.support.environment import NOW
from tests.support.rows import add, record

LINE, OAK = "+16175550100", "+16175550101"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def inbox(store: Store) -> Inbox:
    return Inbox(store)


def wait(
    store: Store,
    number: int,
    cause: Cause | None = Cause.NOBODY_FOUND,
    state: str = "held",
    line: str | None = LINE,
    reason: str | None = None,
) -> None:
    add(
        store,
        record(f"CA{number}", f"CA{number}"),
        state=state,
        cause=cause,
        line=line,
        reason=reason or f"reason {number}",
        first_seen_at=NOW + number * MINUTE,
        due_at=None,
    )


def test_held_and_failed_calls_are_grouped_and_no_others(store: Store, inbox: Inbox) -> None:
    for number in range(3):
        wait(store, number)
    wait(store, 3, line=OAK)
    wait(store, 4, Cause.LINE_INCOMPLETE, "failed", reason="Main Street lacks event_type")
    wait(store, 5, None, line=None)
    for number, state in enumerate(["ignored", "written", "open", "folded", "posted"], 10):
        wait(store, number, state=state)
    assert [group for _, group in inbox.groups()] == [
        Group(CallState.HELD, Cause.NOBODY_FOUND, LINE, 3, NOW, NOW + 2 * MINUTE, "reason 2"),
        Group(
            CallState.FAILED,
            Cause.LINE_INCOMPLETE,
            LINE,
            1,
            NOW + 4 * MINUTE,
            NOW + 4 * MINUTE,
            "Main Street lacks event_type",
        ),
        Group(CallState.HELD, None, None, 1, NOW + 5 * MINUTE, NOW + 5 * MINUTE, None),
        Group(
            CallState.HELD,
            Cause.NOBODY_FOUND,
            OAK,
            1,
            NOW + 3 * MINUTE,
            NOW + 3 * MINUTE,
            "reason 3",
        ),
    ]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_groups_come_in_pages_each_once(store: Store, inbox: Inbox, size: int) -> None:
    causes = [Cause.NOBODY_FOUND, Cause.NOBODY_FOUND, Cause.GIVEN_UP, Cause.NO_LINE, None]
    for number, cause in enumerate(causes):
        wait(store, number, cause)
        wait(store, number + 10, cause, line=None)
    whole = [key for key, _ in inbox.groups()]
    assert len(whole) == 8
    read, after = list[GroupKey](), None
    while page := inbox.groups(after=after, limit=size):
        read += [key for key, _ in page]
        after = page[-1][1].count, page[-1][0]
    assert read == whole


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_calls_of_a_group_come_in_pages_the_newest_first(
    store: Store, inbox: Inbox, size: int
) -> None:
    for number in range(5):
        wait(store, number, line=None)
    wait(store, 7)
    key = GroupKey("held", "nobody_found", "")
    read, after = list[str](), None
    while page := inbox.calls_of(key, after=after, limit=size):
        read += [call.call_id for call in page]
        after = page[-1].first_seen_at, page[-1].key
    assert read == ["CA4", "CA3", "CA2", "CA1", "CA0"]
    group = inbox.group(key)
    assert group is not None and group.count == 5


def test_a_group_of_which_nothing_is_left_is_none(store: Store, inbox: Inbox) -> None:
    wait(store, 1)
    assert inbox.group(GroupKey("held", "nobody_found", OAK)) is None
    assert inbox.group(GroupKey("written", "nobody_found", LINE)) is None
    assert inbox.calls_of(GroupKey("held", "x", LINE)) == []


def test_parked_hooks_are_grouped_by_how_their_error_begins(store: Store, inbox: Inbox) -> None:
    def park(minute: int, error: str | None, state: HookState = HookState.PARKED) -> None:
        hook = RawHook(
            received_at=NOW + minute * MINUTE,
            provider="twilio",
            account="AC0",
            method="POST",
            target="/",
            headers={},
            body=b"",
            state=state,
            error=error,
        )
        with store.begin() as connection:
            store.hooks.add(connection, hook)

    park(0, "no CallSid")
    park(3, "no CallSid")
    park(1, "x" * 80 + "one")
    park(2, "x" * 80 + "another")
    park(4, None)
    park(5, "no CallSid", state=HookState.TAKEN)
    assert inbox.parked() == [
        ParkedGroup("twilio", "no CallSid", 2, NOW, NOW + 3 * MINUTE),
        ParkedGroup("twilio", "x" * 80, 2, NOW + MINUTE, NOW + 2 * MINUTE),
        ParkedGroup("twilio", "", 1, NOW + 4 * MINUTE, NOW + 4 * MINUTE),
    ]


def test_when_a_call_came_and_was_written_last(store: Store, inbox: Inbox) -> None:
    assert inbox.last_calls() == LastCalls(None, None)
    wait(store, 1)
    assert inbox.last_calls() == LastCalls(NOW + MINUTE, None)
    add(
        store,
        record("CA9", "CA9"),
        state="written",
        first_seen_at=NOW,
        posted_at=NOW,
        confirmed_at=NOW + 9 * MINUTE,
    )
    assert inbox.last_calls() == LastCalls(NOW + MINUTE, NOW + 9 * MINUTE)
