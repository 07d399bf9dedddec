"""How is a call shown at a terminal? A table of calls, and the story of one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from adapter.cli.terminal import Column, Listing, say
from adapter.domain.call import OPERATOR, Attempt, Call, CallState, RawHook
from adapter.domain.decision import Decision
from adapter.domain.lifecycle import IN_PROGRESS
from adapter.domain.lines import Line
from adapter.domain.outcome import Ending
from adapter.domain.phone import Hidden, hidden, pretty
from adapter.text.phrases import clock_duration
from adapter.text.plain import plain

COLOURS = {
    CallState.WRITTEN: "green",
    CallState.POSTED: "cyan",
    CallState.OPEN: "blue",
    CallState.DELIVERING: "blue",
    CallState.HELD: "yellow",
    CallState.IGNORED: "dim",
    CallState.FAILED: "red",
    CallState.FOLDED: "dim",
}


def clock(moment: datetime | None) -> str:
    """Return the time in the zone of this machine, with the name of the zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z") if moment else ""


def number(raw: str | None) -> str:
    """Return the number of a side of a call as people write it."""
    if why := hidden(raw):
        return "withheld" if why is Hidden.WITHHELD else "not available"
    return plain(pretty(raw) if raw and raw.startswith("+") else (raw or "?"))


def person(call: Call) -> str:
    """Return the name and kind of the call's person; "" without one."""
    if not call.person_id:
        return ""
    return plain(f"{call.person_name or call.person_id} ({call.person_kind})")


def calls_table(calls: Iterable[Call]) -> Listing:
    """Return a table of the calls, a row for each."""
    table = Listing(
        Column(name="when", is_first=True),
        Column(name="with", is_first=True),
        Column(name="state", is_first=True),
        Column(name="outcome"),
        Column(name="talk", is_right=True),
        Column(name="call"),
        Column(name="person"),
        Column(name="why"),
    )
    for call in calls:
        way = "→" if call.direction == "outbound" else "←"
        table.add(
            clock(call.started_at or call.first_seen_at),
            f"{way} {number(call.other)}",
            Text(call.state.value, style=COLOURS[call.state]),
            (call.outcome or "").replace("_", " "),
            clock_duration(call.talk_seconds),
            call.call_id,
            person(call),
            call.reason or call.because or "",
        )
    return table


def print_story(
    console: Console,
    call: Call,
    hooks: Sequence[RawHook],
    attempts: Sequence[Attempt],
    decisions: Sequence[Decision] = (),
    *,
    ending: Ending,
) -> None:
    """Print what is known of one call, what happened in order of time, and its event.

    ending: what follows from the call's record.
    """
    way = "Incoming" if call.direction == "inbound" else "Outgoing"
    say(console, Text(f"{way} call {call.call_id}", "bold"))

    def fact(name: str, value: str, style: str = "default", more: str = "") -> None:
        words = Text(plain(value), style).append(f" {plain(more)}" if more else "", "default")
        say(console, words, head=f"  {name:<12} ")

    fact("account", f"{call.provider} {call.account}")
    fact("other side", number(call.other))
    fact("our line", number(call.line))
    outcome = (call.outcome or "unknown").replace("_", " ")
    outcome += " (assumed)" if ending.assumed else ""
    up_to = "up to " if ending.is_at_most else ""
    fact("outcome", f"{outcome}, talk time {up_to}{clock_duration(call.talk_seconds)}")
    for recording in call.record.recordings.values():
        length = clock_duration(recording.duration_seconds) or "length not told"
        fact("recording", f"{recording.id}: {recording.state or 'not ready'}, {length}")
    for text in call.record.transcripts.values():
        fact("message", f"“{text}”")
    if call.person_id:
        fact("person", person(call))
    if call.because:
        fact("chosen", call.because)
    reason = f"- {call.reason}" if call.reason else ""
    fact("state", call.state.value, COLOURS[call.state], reason)
    if call.due_at and call.state in IN_PROGRESS:
        when = "as soon as it is taken again; that is tried each minute"
        fact("due", when if call.waits_for else f"at {clock(call.due_at)}")
    console.print("\n[bold]What happened[/bold]")
    decided = [(each.at, decision_in_words(each)) for each in decisions]
    history = [*_hook_lines(hooks), *_attempt_lines(attempts), *decided]
    if call.confirmed_at:
        history.append((call.confirmed_at, "confirmed: the PMS has it"))
    for moment, line in sorted(history, key=lambda each: each[0]):
        say(console, line, head=f"  {clock(moment)}  ")
    if call.event:
        title = Text(f"\n{_event_title(call, attempts)}", "bold")
        say(console, title.append(f" to {plain(call.event.request.path)}", "not bold"))
        for name, value in call.event.request.body.items():
            say(console, str(value), head=f"  {name:24} ")


def _hook_lines(hooks: Sequence[RawHook]) -> list[tuple[datetime, str]]:
    return [
        (
            hook.received_at,
            f"hook: {hook.kind or 'unreadable'}"
            + (f" - {hook.error}" if hook.error else "")
            + (f", and {hook.repeats} time(s) again" if hook.repeats else ""),
        )
        for hook in hooks
    ]


def _attempt_lines(attempts: Sequence[Attempt]) -> list[tuple[datetime, str]]:
    lines = []
    for attempt in attempts:
        if attempt.step == OPERATOR:
            lines.append((attempt.at, f"operator: {attempt.asked}"))
            continue
        answer = f"{attempt.status or ''} {attempt.answer or 'no answer known'}".strip()
        then = f"; then: {attempt.then}" if attempt.then else ""
        lines.append((attempt.at, f"{attempt.step}: {attempt.asked} -> {answer}{then}"))
    return lines


def decision_in_words(decision: Decision) -> str:
    """Return who decided what, and from where."""
    origin = f" ({decision.origin})" if decision.origin else ""
    return f"{decision.who}{origin}: {decision.what}"


def _event_title(call: Call, attempts: Sequence[Attempt]) -> str:
    """Return a title that says what became of the event. It is stored before it is sent."""
    if call.state is CallState.WRITTEN or call.confirmed_at:
        return "What was written"
    if call.is_accepted:
        refused = ", and then refused" if call.state is CallState.FAILED else ", not confirmed yet"
        return f"What was accepted{refused}"
    if any(attempt.in_doubt for attempt in attempts):
        return "What may have been written"
    if any(attempt.step == "post" and attempt.status == 200 for attempt in attempts):
        return "What was accepted before"
    return "What was to be written, and was not"


def next_step(call: Call, *, is_worker_alive: bool) -> str:
    """Return what an operator can do about this call now."""
    if call.state in IN_PROGRESS and call.due_at is not None:
        if not is_worker_alive:
            return "no worker is alive, and without one nothing is written: adapter worker, or adapter run"
        if call.waits_for:
            return "put right what it waits for (adapter doctor); then it goes on by itself"
        if call.state is CallState.POSTED:
            return "nothing to do: it was accepted and is being confirmed"
        return "nothing to do: a worker takes it up when it is due"
    return {
        CallState.HELD: f"adapter assign {call.call_id} --lead ID, adapter create-lead {call.call_id}, "
        f"adapter ignore {call.call_id}; or put right what it is held for, then adapter replay {call.call_id}",
        CallState.FAILED: f"after putting it right: adapter replay {call.call_id}",
        CallState.IGNORED: f"to write it after all, change the rule, then: adapter replay {call.call_id}",
        CallState.WRITTEN: "nothing to do: it stands on the person's record",
        CallState.POSTED: "it was accepted and never confirmed: look whether it is in the PMS; if it is not, "
        f"adapter replay {call.call_id} --again",
        CallState.FOLDED: "nothing to do: it is a leg of another call, which is named above",
    }.get(call.state, "nothing to do until more is known of the call")


def print_lines(console: Console, checked: Sequence[tuple[Line, str, Sequence[str]]]) -> None:
    """Print a table of the lines, then the problems of each. checked: line, PMS and problems."""
    table = Listing(
        Column(name="line", is_first=True),
        Column(name="name", is_first=True),
        Column(name="PMS", is_first=True),
        Column(name="integration", is_named=True),
        Column(name="property", is_named=True),
        Column(name="strangers", is_named=True),
        Column(name="problems", is_named=True),
    )
    for line, vendor, problems in checked:
        table.add(
            _title(line),
            line.name,
            vendor,
            line.integration_id or Text("none", "red"),
            line.property_id or "",
            line.unknown_caller.value.replace("_", " "),
            Text(str(len(problems)) if problems else "none", style="red" if problems else "green"),
        )
    console.print(table)
    for line, _, problems in checked:
        for problem in problems:
            say(console, f"{_title(line)}: {problem}")


def _title(line: Line) -> str:
    return number(line.number) if line.number else plain(line.title)
