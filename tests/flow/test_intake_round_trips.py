"""How often does a hook wait for the database, and is it right when others change the call meanwhile?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from adapter.bootstrap import Container
from adapter.config.settings import Settings
from adapter.domain.call import CallState
from adapter.domain.lifecycle import CallUpdate
from adapter.domain.record import AnsweredBy
from adapter.intake.known_calls import KnownCallIntake
from adapter.storage.known_calls import Known
from tests.support.databases import empty
from tests.support.environment import ACCOUNT, NOW
from tests.support.far_database import FarDatabase, far
from tests.support.hooks import dial_hook, recording_hook, signed, status_hook
from tests.support.processes import environment

pytestmark = pytest.mark.postgres
CALL, LEG = "CA" + "1" * 32, "CA" + "2" * 32
AGENTS_CALL = "CA" + "9" * 32
KEY, LEG_KEY = f"twilio:{ACCOUNT}:{CALL}", f"twilio:{ACCOUNT}:{LEG}"
AGENTS_KEY = f"twilio:{ACCOUNT}:{AGENTS_CALL}"


@pytest.fixture
def database(postgres_database: str, postgres_cleaner: sa.Engine) -> Iterator[FarDatabase]:
    empty(postgres_cleaner)
    with far(postgres_database.replace("+psycopg", ""), round_trip_ms=4) as proxy:
        yield proxy


@pytest.fixture
def container(database: FarDatabase) -> Iterator[Container]:
    environ = environment(database.url, propexo="http://127.0.0.1:1")
    made = Container(Settings.from_environ(environ))
    with made.store.engine.connect():
        pass  # what a new connection asks first is not counted
    yield made
    made.store.engine.dispose()


@pytest.fixture
def take(container: Container, database: FarDatabase) -> Callable[[Mapping[str, str]], int]:
    """Take in a hook; return how many round trips it cost."""
    seconds = iter(range(1000))

    def count(params: Mapping[str, str]) -> int:
        before = database.trips
        base_url = container.settings.public_base_url or ""
        hook = signed(params, base_url=base_url, at=NOW + timedelta(seconds=next(seconds)))
        container.intake.take(container.providers["twilio"], hook)
        return database.trips - before

    return count


Take = Callable[[Mapping[str, str]], int]


def initiated() -> dict[str, str]:
    return status_hook("initiated", CallSid=CALL, SequenceNumber="0")


def dialled() -> dict[str, str]:
    dial = dial_hook("completed", 42, bridged=True, parent="completed")
    return {**dial, "CallSid": CALL, "DialCallSid": LEG}


def agents_dial(status: str, *, bridged: bool) -> dict[str, str]:
    """How the `<Dial><Queue>` of an agent's call ended, which names the queued caller's call."""
    dial = dial_hook(status, 42, bridged=bridged, parent="completed")
    return {**dial, "CallSid": AGENTS_CALL, "From": "client:anna", "DialCallSid": CALL}


@pytest.mark.parametrize(
    "later",
    [
        status_hook("completed", 42, CallSid=CALL, SequenceNumber="2"),
        status_hook("initiated", CallSid=CALL, SequenceNumber="0"),
        dialled(),
        recording_hook(42, CallSid=CALL),
    ],
    ids=["status", "repeat", "dial", "recording"],
)
def test_a_later_hook_costs_two_round_trips(take: Take, later: dict[str, str]) -> None:
    assert take(initiated()) == 1
    assert take(later) == 2


def test_a_later_hook_is_joined_and_kept(take: Take, container: Container) -> None:
    take(initiated())
    take(status_hook("completed", 42, CallSid=CALL, SequenceNumber="2"))
    take(status_hook("completed", 42, CallSid=CALL, SequenceNumber="2"))
    call = container.store.calls.get(KEY)
    assert call is not None and call.record.is_over and call.talk_seconds is not None
    assert [hook.repeats for hook in container.store.hooks.of_call(KEY)] == [0, 1]


def test_what_others_change_meanwhile_is_not_overwritten(
    take: Take, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call is changed between the look and the write: the hook goes the way that locks."""
    take(initiated())
    real = container.store.known_calls.add_hook
    answers = []

    def too_late(known: Known, update: CallUpdate, *more: object, **options: object) -> bool:
        with container.store.begin() as connection:
            container.store.calls.update(connection, KEY, person_name="Anna")
        answers.append(real(known, update, *more, **options))  # type: ignore[arg-type]  # handed on as they came
        return answers[-1]

    monkeypatch.setattr(container.store.known_calls, "add_hook", too_late)
    take(status_hook("completed", 42, CallSid=CALL, SequenceNumber="2"))
    call = container.store.calls.get(KEY)
    assert answers == [False]
    assert call is not None and call.person_name == "Anna" and call.record.is_over
    assert len(container.store.hooks.of_call(KEY)) == 2


def test_a_leg_that_another_hook_notes_meanwhile_is_folded(
    take: Take, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook that names only the leg comes between the look and the write of the one that names both."""
    take(initiated())
    detected = {"AccountSid": ACCOUNT, "CallSid": LEG, "AnsweredBy": "human"}
    detected |= {"MachineDetectionDuration": "2400"}
    real = KnownCallIntake.add

    def after_the_leg(self: KnownCallIntake, *arguments: object, **options: object) -> bool:
        monkeypatch.undo()
        take(detected)
        return real(self, *arguments, **options)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(KnownCallIntake, "add", after_the_leg)
    take(dialled())
    call, leg = container.store.calls.get(KEY), container.store.calls.get(LEG_KEY)
    assert call is not None and call.record.legs[LEG].answered_by is AnsweredBy.HUMAN
    assert leg is not None and leg.state is CallState.FOLDED


def test_a_dial_that_took_a_caller_out_of_a_queue_is_told_to_both_calls(
    take: Take, container: Container
) -> None:
    """Both are known already: the agent's call, whose hook it is, and the caller's own."""
    take({**initiated(), "CallSid": AGENTS_CALL, "From": "client:anna"})
    take(initiated())
    take(agents_dial("completed", bridged=True))
    caller, agents = container.store.calls.get(KEY), container.store.calls.get(AGENTS_KEY)
    assert caller is not None and agents is not None
    assert caller.record.pick_ups[AGENTS_CALL].seconds == 42
    assert caller.state is CallState.OPEN and CALL in agents.record.dials


def test_a_dial_that_found_the_queued_caller_gone_is_told_to_the_agents_call_alone(
    take: Take, container: Container
) -> None:
    """That takes two round trips, and the caller's call stays a call of its own."""
    take({**initiated(), "CallSid": AGENTS_CALL, "From": "client:anna"})
    take(initiated())
    assert take(agents_dial("no-answer", bridged=False)) == 2
    take(recording_hook(42, CallSid=CALL))
    caller, agents = container.store.calls.get(KEY), container.store.calls.get(AGENTS_KEY)
    assert caller is not None and agents is not None
    assert CALL in agents.record.dials and not agents.record.recordings
    assert caller.state is CallState.OPEN and caller.record.recordings
    assert not caller.record.pick_ups
