"""Does every call that is held, failed or ignored say why, in one word of the closed list?

The cases go through the reasons that the code can make. Each is read a second time by the migration's patterns:
calls of versions before get the same cause.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import adapter
from adapter.domain.call import CallState
from adapter.domain.cause import Cause
from adapter.errors import (
    CannotVerify,
    EndingUnknown,
    LineIncomplete,
    NotSupported,
    NoValidEvent,
    PermanentError,
    TemporaryError,
)
from adapter.operations import decisions
from adapter.operations.replay import replay_calls
from adapter.storage.erasure import Erasure
from adapter.storage.schema import calls
from adapter.targets.base import WriteOutcome, WriteState
from tests.support.actors import TESTER
from tests.support.clock import Clock
from tests.support.environment import LINE
from tests.support.hooks import CALL, CALLER, answered_hooks, dial_hook, status_hook
from tests.support.targets import target_of
from tests.support.world import (
    ANNA,
    LEAD,
    LINES,
    OTHER_LINE,
    RESIDENT,
    FakeReader,
    FakeTarget,
    World,
    person,
)

HELD, FAILED, IGNORED = CallState.HELD, CallState.FAILED, CallState.IGNORED
MIGRATION = importlib.import_module("adapter.storage.migrations.versions.0012_causes")
STRANGER, BLOCKED, SWITCHBOARD = "+16175550160", "+16175550166", "+16175550170"
DOUBTFUL = TemporaryError("Propexo did not answer in time", in_doubt=True)
DOWN = TemporaryError("Propexo answered 503", status=503)


def told(**keys: str) -> str:
    """The lines of every world, with these keys of all lines."""
    more = "\n".join(f"{name} = {value}" for name, value in keys.items())
    return LINES.replace('event_type = "Call"', f'event_type = "Call"\n{more}')


RULES = told(min_seconds="5", ignore=f'["{BLOCKED}"]', switchboards=f'["{SWITCHBOARD}"]')
LEADS = told(unknown_caller='"create_lead"')


def missed(world: World, **more: Any) -> None:
    world.hook(status_hook("no-answer", **more))
    world.finish()


def from_number(number: str) -> Callable[[World], None]:
    return lambda world: missed(world, From=number)


def operator(world: World, caller: str = CALLER, **columns: Any) -> None:
    """A call about which an operator decided before its first run."""
    world.hook(status_hook("no-answer", From=caller))
    with world.store.begin() as connection:
        world.store.calls.update(connection, world.call(CALL).key, **columns)
    world.finish()


def refused(*errors: Exception) -> dict[str, Any]:
    return {"refusals": list(errors)}


def short(world: World) -> None:
    for hook in answered_hooks(3):
        world.hook(hook)
    world.finish()


def dialled_only(world: World) -> None:
    """The provider has to be asked how this call ended."""
    world.hook(dial_hook("completed", 40, bridged=True, parent="completed"))
    world.finish()


def never_ended(world: World) -> None:
    world.hook(status_hook("ringing"))
    world.finish()


def dismissed(world: World) -> None:
    missed(world, From=STRANGER)
    decisions.ignore(world.store, world.call(CALL), by=TESTER)


def forgotten(world: World) -> None:
    missed(world, From=STRANGER)
    Erasure(world.store, STRANGER).run(world.clock())


def forgotten_when_ignored(world: World) -> None:
    missed(world, From=BLOCKED)
    Erasure(world.store, BLOCKED).run(world.clock())


def late(world: World) -> None:
    """It was due long before this process began, and nothing shows whether it was written."""
    world.hook(status_hook("no-answer"))
    with world.store.begin() as connection:
        world.store.calls.update(connection, world.call(CALL).key, may_be_written=True)
    world.finish()


def without_people_yet(world: World) -> None:
    world.target.is_complete = False
    missed(world, From=STRANGER)


def broken(world: World) -> None:
    world.target.lookups = [RuntimeError("oops")]
    missed(world)


@dataclass(frozen=True)
class Case:
    """A call that comes to this end.

    run: what happens, to the end. target: what the target is made of. errors: of the provider's API.
    """

    cause: Cause
    state: CallState
    run: Callable[[World], None] = missed
    lines: str = RULES
    target: dict[str, Any] | None = None
    errors: tuple[Exception, ...] = ()


ANNAS = [ANNA, replace(ANNA, id="lead_anne")]
CASES: dict[str, Case] = {
    # By the rules of the call.
    "none of our lines": Case(
        Cause.NO_LINE,
        HELD,
        lambda world: missed(world, To="+16175550199"),
        lines=f'[lines."{LINE}"]\nintegration_id = "int_entrata"\n',
    ),
    "no ending": Case(Cause.NO_ENDING, HELD, never_ended),
    "no ending, assigned": Case(
        Cause.NO_ENDING,
        FAILED,
        target=refused(
            EndingUnknown("call CA1: how it ended is not known (x), and no event says that")
        ),
    ),
    "withheld": Case(Cause.NUMBER_WITHHELD, HELD, from_number("+266696687")),
    "withheld, a lead is wanted": Case(
        Cause.NUMBER_WITHHELD,
        HELD,
        lambda world: operator(world, caller="+266696687", assigned_kind="new_lead"),
    ),
    "unavailable": Case(Cause.NO_NUMBER, HELD, from_number("Unknown")),
    "unavailable, a lead is wanted": Case(
        Cause.NO_NUMBER,
        HELD,
        lambda world: operator(world, caller="Unknown", assigned_kind="new_lead"),
    ),
    "an extension": Case(Cause.NO_NUMBER, HELD, from_number("2255")),
    "an extension, a lead is wanted": Case(
        Cause.NO_NUMBER,
        HELD,
        lambda world: operator(world, caller="2255", assigned_kind="new_lead"),
    ),
    "a switchboard": Case(Cause.SWITCHBOARD, HELD, from_number(SWITCHBOARD)),
    "our own line": Case(Cause.OWN_NUMBER, IGNORED, from_number(OTHER_LINE)),
    "a device": Case(Cause.DEVICE, IGNORED, from_number("sip:lee@office.example.com")),
    "on the ignore list": Case(Cause.IGNORE_LIST, IGNORED, from_number(BLOCKED)),
    "too short": Case(
        Cause.TOO_SHORT,
        IGNORED,
        short,
    ),
    # The person.
    "nobody": Case(Cause.NOBODY_FOUND, HELD, from_number(STRANGER)),
    "nobody, and no lead of whom we called": Case(
        Cause.NOBODY_FOUND,
        HELD,
        lambda world: missed(
            world, From=LINE, To=STRANGER, Direction="outbound-api", CallStatus="no-answer"
        ),
        lines=LEADS,
    ),
    "nobody, and they are ignored": Case(
        Cause.UNKNOWN_IGNORED, IGNORED, from_number(STRANGER), told(unknown_caller='"ignore"')
    ),
    "several": Case(
        Cause.SEVERAL_FOUND, HELD, lines=told(ambiguous='"hold"'), target={"people": ANNAS}
    ),
    "among the words of one, and the field of a kind that the line does not have": Case(
        Cause.NUMBER_IN_DOUBT,
        HELD,
        lines=told(people='["lead"]'),
        target={
            "people": [
                replace(ANNA, numbers=frozenset(), among_words=frozenset({CALLER})),
                person(RESIDENT, "resident_gia", CALLER),
            ]
        },
    ),
    "a kind that the PMS does not take": Case(
        Cause.NOT_SUPPORTED,
        HELD,
        target={"people": [replace(ANNA, refused="BUILDIUM takes no call events for leads: x")]},
    ),
    "people are being read": Case(Cause.PEOPLE_NOT_READ, HELD, without_people_yet, lines=LEADS),
    "assigned to nobody": Case(
        Cause.ASSIGNED_NOT_FOUND, HELD, lambda world: operator(world, assigned_kind="lead")
    ),
    "assigned to one who is gone": Case(
        Cause.ASSIGNED_NOT_FOUND,
        HELD,
        lambda world: operator(world, assigned_kind="lead", assigned_id="lead_gone"),
    ),
    # The lead.
    "no new leads at this PMS": Case(
        Cause.LEAD_NOT_MADE,
        HELD,
        from_number(STRANGER),
        lines=LEADS,
        target={"no_leads": [NotSupported("KNOCK takes no new leads: it is a CRM")]},
    ),
    "the line lacks what leads need": Case(
        Cause.LINE_INCOMPLETE,
        HELD,
        from_number(STRANGER),
        lines=LEADS,
        target={"no_leads": [LineIncomplete("a new lead needs x, and it lacks x: set it")]},
    ),
    "no integration for the lead": Case(
        Cause.LINE_INCOMPLETE,
        HELD,
        from_number(STRANGER),
        lines=f'[lines."{LINE}"]\nunknown_caller = "create_lead"\n',
    ),
    "the lead is refused": Case(
        Cause.LEAD_NOT_MADE,
        HELD,
        from_number(STRANGER),
        lines=LEADS,
        target={"answers": [PermanentError("Propexo answered 400: no", status=400)]},
    ),
    "the lead's write fails": Case(
        Cause.LEAD_NOT_MADE,
        HELD,
        from_number(STRANGER),
        lines=LEADS,
        target={"confirmations": [WriteOutcome(WriteState.FAILED, "no such source")]},
    ),
    "the lead does not show up": Case(
        Cause.LEAD_NOT_SHOWN,
        HELD,
        from_number(STRANGER),
        lines=LEADS,
        target={"confirmations": [WriteOutcome(WriteState.PENDING)] * 1000},
    ),
    # The write.
    "no such events": Case(
        Cause.NOT_SUPPORTED,
        HELD,
        target=refused(NotSupported("YARDI takes no call events for residents: x")),
    ),
    "405": Case(
        Cause.NOT_SUPPORTED,
        HELD,
        target={"answers": [NotSupported("Propexo answered 405: no", status=405)]},
    ),
    "the line lacks an event type": Case(
        Cause.LINE_INCOMPLETE,
        FAILED,
        target=refused(
            LineIncomplete("ENTRATA needs event_type_id, and Main Street lacks event_type")
        ),
    ),
    "the line's event type is not there": Case(
        Cause.LINE_INCOMPLETE,
        FAILED,
        target=refused(
            LineIncomplete("ENTRATA needs x, and what it names was not found: correct lines.toml")
        ),
    ),
    "no valid event": Case(
        Cause.DOES_NOT_FIT,
        FAILED,
        target=refused(NoValidEvent("call CA1 makes no valid event: notes too long")),
    ),
    "notes too short for the link": Case(
        Cause.DOES_NOT_FIT,
        FAILED,
        target=refused(
            NoValidEvent("the link and the reference of call CA1 do not fit into the notes")
        ),
    ),
    "in doubt, and it cannot be seen": Case(
        Cause.WRITE_IN_DOUBT,
        HELD,
        target={"answers": [DOUBTFUL], "traces": [NotSupported("no logs")] * 1000},
    ),
    "late, and it cannot be seen": Case(
        Cause.WRITE_IN_DOUBT, HELD, late, target={"earlier": [CannotVerify("no logs")]}
    ),
    "down for a day": Case(Cause.GIVEN_UP, FAILED, target={"lookups": [DOWN] * 1000}),
    "refused by the PMS": Case(
        Cause.REFUSED_BY_PMS,
        FAILED,
        target={"confirmations": [WriteOutcome(WriteState.FAILED, "no such type")]},
    ),
    "refused by the PMS, and not tried again": Case(
        Cause.REFUSED_BY_PMS,
        FAILED,
        target={
            "confirmations": [WriteOutcome(WriteState.FAILED, "busy", may_retry=True)],
            "retries": [PermanentError("no")],
        },
    ),
    "refused by Propexo": Case(
        Cause.REFUSED_BY_TARGET,
        FAILED,
        target={"answers": [PermanentError("Propexo answered 400: no", status=400)]},
    ),
    "refused by the provider": Case(
        Cause.REFUSED_BY_PROVIDER,
        FAILED,
        dialled_only,
        errors=(PermanentError("Twilio's API answered 400: no", status=400),) * 1000,
    ),
    "a bug": Case(Cause.BUG, FAILED, broken),
    # By a word.
    "dismissed": Case(Cause.BY_OPERATOR, IGNORED, dismissed),
    "forgotten": Case(Cause.FORGOTTEN, IGNORED, forgotten),
    "forgotten when it was ignored": Case(Cause.FORGOTTEN, IGNORED, forgotten_when_ignored),
}


ENDS = ("CallState.HELD", "CallState.FAILED", "CallState.IGNORED")


def first_fit(reason: str) -> str:
    """The cause that the migration gives to a call with this reason."""
    for like, cause in MIGRATION.CAUSES:
        pattern = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in like)
        if re.fullmatch(pattern, reason, re.DOTALL):
            return str(cause)
    return "other"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_cause_stands_with_the_reason(engine: sa.Engine, clock: Clock, case: Case) -> None:
    reader = FakeReader(errors=list(case.errors)) if case.errors else None
    target = FakeTarget(**deepcopy(case.target or {}))
    world = World(engine, clock, target=target, reader=reader, lines=case.lines)
    case.run(world)
    call = world.call(CALL)
    assert (call.state, call.cause) == (case.state, case.cause), call.reason
    assert first_fit(call.reason or "") == case.cause.value, call.reason


def test_the_cases_are_of_every_cause() -> None:
    assert {case.cause for case in CASES.values()} == set(Cause) - {Cause.OTHER}


def test_a_cause_ends_when_the_call_goes_on(engine: sa.Engine, clock: Clock) -> None:
    world = World(engine, clock)
    missed(world, From=STRANGER)
    assert world.call(CALL).cause is Cause.NOBODY_FOUND
    list(replay_calls(world.store, [world.call(CALL)], again=False, by=TESTER))
    assert world.call(CALL).cause is None
    decisions.ignore(world.store, world.call(CALL), by=TESTER)
    decisions.assign(
        world.store,
        world.call(CALL),
        kind=LEAD,
        by=TESTER,
        person_id="lead_anna",
        target=target_of(world.target),
        lines=world.rules.lines,
    )
    assert world.call(CALL).cause is None
    world.finish()
    assert (world.call(CALL).state, world.call(CALL).cause) == (CallState.WRITTEN, None)


def test_a_held_call_that_is_looked_at_again_has_no_cause_meanwhile(world: World) -> None:
    missed(world, From=STRANGER)
    world.store.runs.wake_held(
        [STRANGER], since=world.clock.now.replace(year=2000), now=world.clock()
    )
    call = world.call(CALL)
    claimed = world.store.runs.claim(call.key, call.run)
    assert claimed is not None
    assert (claimed.state, claimed.cause) == (CallState.DELIVERING, None)


def test_what_a_later_version_wrote_is_another_cause(world: World) -> None:
    missed(world, From=STRANGER)
    with world.store.begin() as connection:
        connection.execute(sa.update(calls).values(cause="of_a_later_version"))
    assert world.call(CALL).cause is Cause.OTHER


def test_every_end_says_its_cause_where_it_is_made() -> None:
    """Finished(CallState.HELD ...) without one would be an error only when it happens."""
    bare = [
        f"{path.name}:{node.lineno}"
        for path in Path(adapter.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Finished"
        and node.args
        and ast.unparse(node.args[0]) in ENDS
        and not any(each.arg == "cause" for each in node.keywords)
    ]
    assert bare == []
