"""What happens in the first call after a number was connected? Told while it happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from rich.console import Console

from adapter.bootstrap import Container
from adapter.cli.common import is_worker_alive
from adapter.cli.render import clock
from adapter.cli.render import next_step as next_command
from adapter.cli.render import number as shown_number
from adapter.cli.terminal import say
from adapter.domain.call import Call, CallState
from adapter.domain.lifecycle import IN_PROGRESS
from adapter.domain.phone import pretty
from adapter.operations.call_story import Step, tell
from adapter.text.phrases import enumeration

_MOST_NAMED = 3
_LOOKED_AT = 20


def watch_first_call(
    container: Container,
    console: Console,
    numbers: Sequence[str],
    since: datetime,
    pause: Callable[[], bool],
) -> Call | None:
    """Wait for a call on one of these numbers, and print each step of its story as it comes in.

    since: calls that were first heard of before then do not count. pause: waits a moment; True: stop waiting.
    Return the call as it is at the end; None if none came. Raise StoreUnavailable.
    """
    named = [pretty(each) for each in numbers[:_MOST_NAMED]]
    if len(numbers) > _MOST_NAMED:
        named.append(f"{len(numbers) - _MOST_NAMED} more")
    say(
        console,
        f"Waiting for the first call to {enumeration(named)}. Call it now; Ctrl-C ends this.",
    )
    known: Call | None = None
    told: set[Step] = set()
    waits_for = ""
    while True:
        call = (
            _first(container, numbers, since)
            if known is None
            else container.store.calls.get(known.key)
        )
        if call is not None:
            if known is None:
                way = "from" if call.direction == "inbound" else "to"
                say(console, f"Call {call.call_id} {way} {shown_number(call.other)}")
            known = call
            _tell_new(container, console, call, told)
            if _is_over(call):
                break
            waits_for = _tell_wait(container, console, call, waits_for)
        if pause():
            if known is None:
                say(console, "No call came. Next: adapter doctor, and then call again")
            return known
    reason = f": {known.reason}" if known.reason else ""
    say(console, f"It is {known.state.value}{reason}.")
    say(console, f"Next: {next_command(known, is_worker_alive=is_worker_alive(container.store))}")
    return known


def _is_over(call: Call) -> bool:
    """Return whether nothing more happens by itself. An open call without a due time is still going on."""
    is_unconfirmed = call.state is CallState.POSTED and call.due_at is None
    return call.state not in IN_PROGRESS or is_unconfirmed


def _first(container: Container, numbers: Sequence[str], since: datetime) -> Call | None:
    calls = container.store.calls.search(since=since, limit=_LOOKED_AT)
    ours = [call for call in calls if call.line in numbers]
    return ours[-1] if ours else None


def _tell_new(container: Container, console: Console, call: Call, told: set[Step]) -> None:
    store = container.store
    story = tell(
        call,
        store.hooks.of_call(call.key),
        store.attempts.of_call(call.key),
        container.rules,
        decisions=store.decisions.of_call(call.key),
        alerts=(),
        is_worker_alive=True,
    )
    for step in story.steps:
        without_details = Step(step.at, step.kind, step.title)
        if without_details not in told:
            told.add(without_details)
            say(console, step.title, head=f"  {clock(step.at)}  ")


def _tell_wait(container: Container, console: Console, call: Call, before: str) -> str:
    """Say once why nothing happens, if a person has to do something about it."""
    if not is_worker_alive(container.store):
        words = (
            "no worker is alive, and without one nothing is written: adapter worker, or adapter run"
        )
    else:
        words = call.waits_for or ""
    if words and words != before:
        say(console, f"It waits: {words}.")
    return words
