"""What happened to one call, in order of time, and what comes next?

Hooks, what was asked of other sides, decisions, the end of the call and its confirmation stand on one axis.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qsl

from adapter.domain.alert_life import Alert
from adapter.domain.alert_rules import title_of
from adapter.domain.alert_words import lasted
from adapter.domain.assessment import CallRules
from adapter.domain.call import OPERATOR, Attempt, Call, CallState, RawHook
from adapter.domain.call_event import stands_wrong
from adapter.domain.decision import Decision
from adapter.domain.lifecycle import ACCEPTED, DECIDABLE, IN_PROGRESS
from adapter.text.phrases import duration
from adapter.text.plain import plain

MASK = "***"
_SECRET = re.compile(r"token|secret|password|signature|authorization|api.?key", re.IGNORECASE)


class StepKind(StrEnum):
    """What a step of a story is."""

    HOOK = "hook"
    END = "end"
    REQUEST = "request"
    DECISION = "decision"
    CONFIRMED = "confirmed"
    ALERT = "alert"


@dataclass(frozen=True)
class Step:
    """Something that happened. details: label and text, to be shown on demand; secrets are masked."""

    at: datetime
    kind: StepKind
    title: str
    details: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Conclusion:
    """What the rules say of the call. rule: the name of the rule in adapter.domain.outcome.

    is_at_most: the talk time may be shorter. questions: what is still to be asked of the provider.
    """

    rule: str
    because: str
    is_certain: bool
    is_assumed: bool
    is_at_most: bool
    questions: Sequence[str]


@dataclass(frozen=True)
class Possible:
    """What an operator can do about the call now.

    decide: say whose it was, ignore it, have a lead made, or replay it.
    write_again: replay a call that the target has taken, which makes a second event.
    revoke_link: end the links to the call that were given out.
    """

    decide: bool
    write_again: bool
    revoke_link: bool


@dataclass(frozen=True)
class CallStory:
    """The story of one call. next_step: what happens, or what an operator can do, in a sentence."""

    call: Call
    possible: Possible
    conclusion: Conclusion
    steps: Sequence[Step]
    next_step: str
    event: Mapping[str, str]


def tell(
    call: Call,
    hooks: Sequence[RawHook],
    attempts: Sequence[Attempt],
    rules: CallRules,
    *,
    decisions: Sequence[Decision],
    alerts: Sequence[Alert],
    is_worker_alive: bool,
) -> CallStory:
    """Return the story of the call. alerts: those that hit it."""
    steps = [*_hook_steps(hooks), *_attempt_steps(attempts), *_own_steps(call)]
    steps += [_decision_step(decision) for decision in decisions]
    steps += [step for alert in alerts for step in _alert_steps(alert)]
    assessment = rules.assess(call.record)
    ending = assessment.ending
    body = call.event.request.body if call.event is not None else {}
    return CallStory(
        call=call,
        possible=Possible(
            decide=call.state in DECIDABLE and not call.record.is_forgotten,
            write_again=call.state in ACCEPTED and not call.record.is_forgotten,
            revoke_link=not call.record.is_forgotten,
        ),
        conclusion=Conclusion(
            ending.rule,
            ending.because,
            ending.certain,
            ending.assumed,
            ending.is_at_most,
            [question.name for question in assessment.questions],
        ),
        steps=sorted(steps, key=lambda step: step.at),
        next_step=next_step(call, is_worker_alive=is_worker_alive),
        event={name: str(value) for name, value in body.items()},
    )


def next_step(call: Call, *, is_worker_alive: bool) -> str:
    """Return what happens next with the call, or what an operator can do about it, in a sentence."""
    if call.state in IN_PROGRESS and call.due_at is not None:
        if not is_worker_alive:
            return "No worker is alive, and without one nothing is written. Start the worker."
        if call.waits_for:
            return f"It waits for this, and goes on by itself then: {call.waits_for}."
        if call.state is CallState.POSTED:
            return "Nothing to do: the event was accepted and is being confirmed."
        return "Nothing to do: a worker takes the call up when it is due."
    if call.state is CallState.WRITTEN and stands_wrong(call.reason):
        if call.due_at is not None:
            return "Nothing to do: the event is corrected as soon as it can be seen."
        return "Correct the event in the PMS by hand, as the reason says: the adapter cannot."
    return {
        CallState.HELD: "Say whose call it was, have a lead made, ignore it; or put right what it is held for, "
        "and then replay it.",
        CallState.FAILED: "Put right what the reason names, and then replay the call.",
        CallState.IGNORED: "Nothing to do. To have it written after all, change the rule and replay the call.",
        CallState.WRITTEN: "Nothing to do: it stands on the person's record.",
        CallState.POSTED: "It was accepted and never confirmed. Look whether it stands in the PMS; if it does "
        "not, replay it with a second event.",
        CallState.FOLDED: "Nothing to do: it is a leg of another call, which the reason names.",
    }.get(call.state, "Nothing to do until more is known of the call.")


def _hook_steps(hooks: Sequence[RawHook]) -> Iterator[Step]:
    for hook in hooks:
        again = f", and {hook.repeats} time(s) again" if hook.repeats else ""
        error = f": {hook.error}" if hook.error else ""
        details = [("request", f"{hook.method} {_masked_target(hook.target)}")]
        details += [
            (name, MASK if _SECRET.search(name) else value) for name, value in hook.headers.items()
        ]
        details += readable_body(hook.body)
        title = f"Hook: {hook.kind or 'unreadable'}{error}{again}"
        yield Step(hook.received_at, StepKind.HOOK, title, details)


def _attempt_steps(attempts: Sequence[Attempt]) -> Iterator[Step]:
    for attempt in attempts:
        if attempt.step == OPERATOR:
            yield Step(attempt.at, StepKind.DECISION, f"An operator: {attempt.asked}")
            continue
        answer = f"{attempt.status or ''} {attempt.answer or 'no answer is known'}".strip()
        details = [("answer", answer)]
        if attempt.finished_at is not None:
            took = (attempt.finished_at - attempt.at).total_seconds()
            details.append(("took", f"{took:.2f} s"))
        if attempt.in_doubt:
            details.append(("in doubt", "it is not known whether the other side did it"))
        if attempt.then:
            details.append(("then", attempt.then))
        title = f"{attempt.step}: {attempt.asked}"
        yield Step(attempt.at, StepKind.REQUEST, title, details)


def _decision_step(decision: Decision) -> Step:
    details = [("from", decision.origin)] if decision.origin else []
    return Step(decision.at, StepKind.DECISION, f"{decision.who}: {decision.what}", details)


def _alert_steps(alert: Alert) -> Iterator[Step]:
    title = title_of(alert.key)
    yield Step(alert.opened_at, StepKind.ALERT, f"Alert: {title}", [("what", alert.words)])
    if alert.resolved_at is not None:
        words = f"Alert over: {title}, after {lasted(alert, alert.resolved_at)}"
        yield Step(alert.over_at, StepKind.ALERT, words)


def _own_steps(call: Call) -> Iterator[Step]:
    if call.record.parent.ended_at is not None:
        length = f" after {duration(call.talk_seconds)} of talk" if call.talk_seconds else ""
        yield Step(call.record.parent.ended_at, StepKind.END, f"The call ended{length}")
    if call.confirmed_at is not None:
        yield Step(call.confirmed_at, StepKind.CONFIRMED, "Confirmed: the PMS has the event")


def _masked_target(target: str) -> str:
    path, mark, query = target.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&"))
    masked = (
        f"{name}{equals}{MASK if _SECRET.search(name) else value}" for name, equals, value in pairs
    )
    return plain(f"{path}{mark}{'&'.join(masked)}")


def readable_body(body: bytes) -> list[tuple[str, str]]:
    """Return the parameters of a hook's body by name, or its text. Values of secrets are masked."""
    text = body.decode("utf-8", "replace")
    try:
        given = json.loads(text)
        pairs = list(given.items()) if isinstance(given, dict) else [("body", given)]
    except ValueError:
        pairs = parse_qsl(text, keep_blank_values=True) if "=" in text else [("body", text)]
    return [
        (plain(str(name)), MASK if _SECRET.search(str(name)) else plain(str(value)))
        for name, value in pairs
    ]
