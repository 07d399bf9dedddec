"""Does the story of a call tell what happened, in order, and keep secrets to itself?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from adapter.domain.call import Attempt, Call, CallState
from adapter.operations.call_story import CallStory, StepKind, next_step, readable_body, tell
from adapter.operations.decisions import ignore
from tests.support.actors import TESTER
from tests.support.clock import Clock
from tests.support.environment import NOW
from tests.support.hooks import CALL, answered_hooks, status_hook
from tests.support.world import World


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    return World(engine, clock)


def story(world: World) -> CallStory:
    call = world.call(CALL)
    return tell(
        call,
        world.store.hooks.of_call(call.key),
        world.store.attempts.of_call(call.key),
        world.rules,
        decisions=world.store.decisions.of_call(call.key),
        alerts=[],
        is_worker_alive=True,
    )


def test_a_written_call_is_told_from_its_first_hook_to_its_confirmation(world: World) -> None:
    for params in answered_hooks():
        world.hook(params)
        world.clock.advance(1)
    world.finish()
    told = story(world)
    kinds = [step.kind for step in told.steps]
    assert kinds.count(StepKind.HOOK) == len(answered_hooks())
    assert kinds[-1] is StepKind.CONFIRMED
    assert StepKind.REQUEST in kinds
    assert [step.at for step in told.steps] == sorted(step.at for step in told.steps)
    post = next(s for s in told.steps if s.kind is StepKind.REQUEST and s.title.startswith("post"))
    assert dict(post.details)["answer"].startswith("200")
    assert told.next_step == "Nothing to do: it stands on the person's record."
    assert told.event
    assert told.conclusion.rule == "dial_connected"
    assert told.conclusion.is_certain


def test_a_decision_stands_in_its_place_with_who_made_it(world: World) -> None:
    world.hook(status_hook("no-answer"))
    world.clock.advance(5)
    ignore(world.store, world.call(CALL), by=TESTER)
    told = story(world)
    decision = next(step for step in told.steps if step.kind is StepKind.DECISION)
    assert decision.title == f"{TESTER.name}: not to be written"
    assert dict(decision.details).get("from") == TESTER.origin
    assert told.next_step.startswith("Nothing to do. To have it written after all")


def test_the_raw_hook_has_no_secrets(world: World) -> None:
    world.hook({**status_hook("no-answer"), "AccessToken": "very-secret", "Odd": "ab\x1b[2J"})
    (hook,) = [step for step in story(world).steps if step.kind is StepKind.HOOK]
    shown = " ".join(f"{name}={text}" for name, text in hook.details)
    assert "very-secret" not in shown
    assert "CallStatus=no-answer" in shown
    assert "\x1b" not in shown
    signatures = [text for name, text in hook.details if "ignature" in name]
    assert set(signatures) <= {"***"}


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"a=1&b=&a=2", [("a", "1"), ("b", ""), ("a", "2")]),
        (b'{"a": 1, "secret": "x"}', [("a", "1"), ("secret", "***")]),
        (b"[1, 2]", [("body", "[1, 2]")]),
        (b"", [("body", "")]),
        (b"\xff\xfe", [("body", "\ufffd\ufffd")]),
    ],
)
def test_any_body_can_be_shown(body: bytes, shown: list[tuple[str, str]]) -> None:
    assert readable_body(body) == shown


def test_what_comes_next_is_said_for_every_state(world: World) -> None:
    world.hook(status_hook("no-answer"))
    call = world.call(CALL)
    for state in CallState:
        said = next_step(replace(call, state=state, due_at=None), is_worker_alive=True)
        assert said.endswith(".")
    assert "No worker is alive" in next_step(call, is_worker_alive=False)
    waiting: Call = replace(call, waits_for="the key is refused")
    assert "the key is refused" in next_step(waiting, is_worker_alive=True)


def test_an_attempt_in_doubt_says_so(world: World) -> None:
    world.hook(status_hook("no-answer"))
    call = world.call(CALL)
    attempt = Attempt(
        id=1,
        call_key=call.key,
        at=NOW,
        finished_at=NOW + timedelta(seconds=1.5),
        step="post",
        asked="POST /events",
        status=None,
        answer=None,
        next="it is looked for first",
        in_doubt=True,
    )
    told = tell(call, [], [attempt], world.rules, decisions=[], alerts=[], is_worker_alive=True)
    (step,) = [step for step in told.steps if step.kind is StepKind.REQUEST]
    assert dict(step.details) == {
        "answer": "no answer is known",
        "took": "1.50 s",
        "in doubt": "it is not known whether the other side did it",
        "then": "it is looked for first",
    }


@pytest.mark.parametrize(
    ("then", "due", "said"),
    [
        ("this PMS takes no corrections", None, "Correct the event in the PMS by hand"),
        ("the event cannot be seen yet", NOW, "Nothing to do: the event is corrected"),
        ("it was corrected", None, "Nothing to do: it stands on the person's record."),
    ],
)
def test_an_event_that_says_something_wrong_is_to_be_corrected(
    world: World, then: str, due: datetime | None, said: str
) -> None:
    world.hook(status_hook("no-answer"))
    reason = f"the event in the PMS says: 330 s of talk (it was 320 s); {then}"
    wrong = replace(world.call(CALL), state=CallState.WRITTEN, reason=reason, due_at=due)
    assert next_step(wrong, is_worker_alive=True).startswith(said)
