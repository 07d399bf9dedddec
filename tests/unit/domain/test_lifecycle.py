"""Is the table of transitions complete, and do the functions, the page and the database agree with it?"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import get_type_hints

import pytest

import adapter
from adapter.domain import lifecycle
from adapter.domain.call import Call, CallState
from adapter.domain.cause import Cause
from adapter.domain.lifecycle import TRANSITIONS, CallUpdate, Transition
from adapter.storage.schema import UNDELIVERED, calls
from adapter.storage.store import Store
from tests.repository import state_diagram
from tests.support.environment import NOW
from tests.support.rows import record as facts_of
from tests.support.rows import row

LATER = NOW + timedelta(hours=1)
PACKAGE = Path(adapter.__file__).parent


def test_the_page_shows_the_states_as_the_code_has_them() -> None:
    page = state_diagram.PAGE.read_text("utf-8")
    assert page == state_diagram.written_into(page), "run: just docs"


def test_every_transition_has_a_name_of_its_own() -> None:
    names = [transition.name for transition in TRANSITIONS]
    assert sorted(set(names)) == sorted(names)


def test_no_transition_is_left_out_of_the_table() -> None:
    declared = [value for value in vars(lifecycle).values() if isinstance(value, Transition)]
    declared += [*lifecycle.FINISH.values(), *lifecycle.RUN_AGAIN.values()]
    declared += lifecycle.LOOK_AGAIN.values()
    assert {transition.name for transition in declared} == {t.name for t in TRANSITIONS}


def test_every_state_can_be_reached_and_all_but_one_be_left() -> None:
    reached = {t.target for t in TRANSITIONS if t.target is not None}
    assert reached == set(CallState)
    left = {
        source for t in TRANSITIONS if t.target is not None for source in t.sources - {t.target}
    }
    assert set(CallState) - left == {CallState.FOLDED}


def test_what_leaves_written() -> None:
    """The target's word that the write failed, an operator's for a second event, and a leg."""
    leaving = {
        transition.name
        for transition in TRANSITIONS
        if CallState.WRITTEN in transition.sources
        and transition.target not in (None, CallState.WRITTEN)
    }
    assert leaving == {"in doubt", "replay --again", "fold late"}


def test_an_update_names_columns_only() -> None:
    names = {*get_type_hints(CallUpdate), *get_type_hints(lifecycle.NewCall)}
    assert names - {column.name for column in calls.columns} == {"is_on_record"}


@pytest.mark.parametrize(("name", "kind"), get_type_hints(CallUpdate).items())
def test_a_column_may_be_emptied_if_the_table_allows_it(name: str, kind: object) -> None:
    if name != "is_on_record":
        assert (type(None) in getattr(kind, "__args__", ())) == calls.c[name].nullable


def test_the_index_of_undelivered_calls_is_what_the_migrations_made() -> None:
    assert UNDELIVERED == "state IN ('open', 'delivering')"


# The functions ------------------------------------------------------------------------------------


def some_call(store: Store, state: CallState) -> Call:
    with store.begin() as connection:
        call = store.calls.take(connection, row(facts_of(), run=4, state=state))
    return replace(call, queued_run=4)


def end(call: Call, state: CallState) -> CallUpdate:
    cause = Cause.OTHER if state in lifecycle.REPLAYABLE else None
    return lifecycle.finish(call, state, reason="r", cause=cause, now=NOW)


def again(call: Call, state: CallState) -> CallUpdate:
    return lifecycle.run_again(
        call,
        state,
        reason="r",
        now=NOW,
        delay_seconds=1.0,
        is_failed_attempt=False,
        waits_for=None,
    )


def end_and_look(call: Call, state: CallState) -> CallUpdate:
    return {**end(call, state), **lifecycle.look_again(call, state, now=NOW)}


FUNCTIONS: dict[str, Callable[[Call], CallUpdate]] = {
    "fold": lambda call: lifecycle.fold(call, into="k"),
    "new facts": lambda call: lifecycle.add_facts(
        call, due_at=LATER, now=NOW, is_over=True, is_to_be_asked=False
    ),
    "decide": lambda call: lifecycle.decide(call, reason="r", now=NOW),
    "dismiss": lambda call: lifecycle.dismiss(call, reason="r", now=NOW),
    "replay": lambda call: lifecycle.replay(call, reason="r", now=NOW),
    "replay --again": lambda call: lifecycle.replay(call, reason="r", now=NOW),
    "forget": lambda call: lifecycle.forget(call, now=NOW),
    "forget what ended": lambda call: lifecycle.forget(call, now=NOW),
    **{t.name: partial(end, state=state) for state, t in lifecycle.FINISH.items()},
    **{t.name: partial(again, state=state) for state, t in lifecycle.RUN_AGAIN.items()},
    **{t.name: partial(end_and_look, state=state) for state, t in lifecycle.LOOK_AGAIN.items()},
}
# One statement changes many calls: adapter.storage.runs makes it from the table.
IN_STORAGE = {
    *("claim", "replace the run", "requeue", "confirmed", "confirmed (more is known)"),
    *("refused", "in doubt", "wake"),
}
OF_NEW_CALLS = {"first hook", "keep that it is forgotten"}


def test_every_transition_is_a_function_or_a_statement_of_storage() -> None:
    assert {*FUNCTIONS, *IN_STORAGE, *OF_NEW_CALLS} == {t.name for t in TRANSITIONS}


@pytest.mark.parametrize(
    ("transition", "state"),
    [(t, state) for t in TRANSITIONS if t.name in FUNCTIONS for state in sorted(t.sources)],
    ids=lambda value: value.name if isinstance(value, Transition) else str(value),
)
def test_a_function_does_what_the_table_says(
    store: Store, transition: Transition, state: CallState
) -> None:
    update = FUNCTIONS[transition.name](some_call(store, state))
    assert update.get("state", state) == (transition.target or state)
    assert update.get("run", 4) == (5 if transition.plans_run else 4)


def test_a_new_call_is_open_and_has_its_first_run() -> None:
    assert lifecycle.begin(due_at=NOW) == {"state": CallState.OPEN, "run": 1, "due_at": NOW}
    forgotten = lifecycle.begin_forgotten(now=NOW)
    assert (forgotten["state"], forgotten["run"]) == (CallState.IGNORED, 1)


def test_facts_of_a_call_that_an_operator_dismissed_plan_no_run(store: Store) -> None:
    call = replace(some_call(store, CallState.IGNORED), assigned_kind="nobody")
    assert lifecycle.add_facts(call, due_at=NOW, now=NOW, is_over=True, is_to_be_asked=False) == {}


@pytest.mark.parametrize("state", [CallState.DELIVERING, CallState.POSTED, CallState.FAILED])
def test_facts_of_a_call_whose_delivery_is_under_way_plan_no_run(
    store: Store, state: CallState
) -> None:
    call = some_call(store, state)
    assert (
        not {"run", "state"}
        & lifecycle.add_facts(call, due_at=NOW, now=NOW, is_over=True, is_to_be_asked=False).keys()
    )
    waiting = replace(call, queued_run=call.run - 1)
    assert (
        lifecycle.add_facts(waiting, due_at=NOW, now=NOW, is_over=True, is_to_be_asked=False) == {}
    )


def test_facts_of_a_call_that_is_looked_at_tell_when_it_is_due_after_that(store: Store) -> None:
    """The run may have read the record before they came."""
    call = replace(some_call(store, CallState.DELIVERING), queued_run=4, run=4)
    facts = partial(lifecycle.add_facts, due_at=LATER, now=NOW, is_over=True)
    assert facts(call, is_to_be_asked=False) == {"due_at": LATER}
    assert facts(replace(call, queued_run=3), is_to_be_asked=False) == {}


# The rest of the code -----------------------------------------------------------------------------


def modules() -> list[Path]:
    """All modules that could change a call in their own way."""
    apart = {PACKAGE / "domain" / "lifecycle.py"}
    every = {path for path in PACKAGE.rglob("*.py") if "sandbox" not in path.parts}
    return sorted(every - apart)


def names_states(node: ast.AST) -> bool:
    """A tuple, list or set with more than one state in it."""
    if not isinstance(node, ast.Tuple | ast.List | ast.Set):
        return False
    states = [part for part in node.elts if ast.unparse(part).startswith("CallState.")]
    return len(states) > 1


def raises_run(node: ast.AST) -> bool:
    """Something that is called `run`, plus something."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and ast.unparse(node.left).split(".")[-1] == "run"
    )


@pytest.mark.parametrize(
    ("line", "is_seen"),
    [
        ("UNDER_WAY = (CallState.OPEN, CallState.HELD)", True),
        ("x = (CallState.OPEN, 'why')", False),
    ],
)
def test_a_set_of_states_is_seen(line: str, is_seen: bool) -> None:
    assert any(names_states(node) for node in ast.walk(ast.parse(line))) == is_seen


@pytest.mark.parametrize("line", ["x(run=call.run + 1)", "{'run': calls.c.run + 1}", "run + 1"])
def test_a_raised_run_is_seen(line: str) -> None:
    assert any(raises_run(node) for node in ast.walk(ast.parse(line)))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_other_module_raises_a_run_or_names_a_set_of_states(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    own = [ast.unparse(node) for node in nodes if names_states(node) or raises_run(node)]
    assert not own, "adapter.domain.lifecycle names the groups and makes the transitions"
