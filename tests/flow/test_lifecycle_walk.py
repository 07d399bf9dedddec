"""A call on random ways through its life, with a real database and a target that keeps what it took.

After each step: the state has changed along an arrow of the table, the run's number has not gone back, and the
target holds one event of the call at most (and one more for each `replay --again`). Where another transition
comes while a run is under way, that run changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from hypothesis import HealthCheck, event, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapter.delivery.result import RunResult
from adapter.delivery.run import Delivery
from adapter.domain import lifecycle
from adapter.domain.call import Call, CallState
from adapter.domain.call_event import WriteRequest
from adapter.domain.lines import PersonKind
from adapter.errors import PermanentError, SettingsError, TemporaryError
from adapter.operations import decisions
from adapter.operations.replay import replay_calls
from adapter.storage.erasure import Erasure
from adapter.storage.schema import metadata
from adapter.targets.base import EarlierWrite, FoundJob, NoTrace, WriteOutcome, WriteState
from tests.support.actors import TESTER
from tests.support.clock import Clock
from tests.support.hooks import CALL, CALLER, answered_hooks, recording_hook, status_hook
from tests.support.targets import target_of
from tests.support.world import PEOPLE, FakeTarget, World

ENDS = [status_hook("no-answer"), *answered_hooks()]
HOOKS = [*ENDS, recording_hook(20), status_hook("in-progress"), status_hook("completed", 300)]
# What becomes of a request to write: its answer may be lost, whether the target took it or not.
ANSWERS = ["taken", "taken, answer lost", "not taken, answer lost", "busy", "refused"]
LOST = "no answer came"


class Pms(FakeTarget):
    """A target that keeps a job for each event that it took, and finds it again."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = "taken"
        self.may_retry = False
        self.end = WriteState.WRITTEN
        self.jobs: dict[str, WriteState] = {}

    @property
    def standing(self) -> list[str]:
        """The jobs of what stands there, or may come to stand there."""
        return [job for job, state in self.jobs.items() if state is not WriteState.FAILED]

    def post(self, request: WriteRequest) -> str:
        return self._take()

    def retry(self, job_id: str, *, integration_id: str | None = None) -> str:
        return self._take()

    def _take(self) -> str:
        answer, self.answer = self.answer, "taken"
        if answer == "busy":
            raise TemporaryError("503")
        if answer == "refused":
            raise PermanentError("400: not like this", status=400)
        if answer == "not taken, answer lost":
            raise TemporaryError(LOST, in_doubt=True)
        job = f"job_{len(self.jobs) + 1}"
        self.jobs[job] = WriteState.PENDING
        if answer == "taken, answer lost":
            raise TemporaryError(LOST, in_doubt=True)
        return job

    def find_earlier(
        self,
        reference: str,
        request: WriteRequest,
        since: datetime,
        *,
        after_job: str | None = None,
    ) -> EarlierWrite:
        jobs = list(self.jobs)
        later = jobs[jobs.index(after_job) + 1 :] if after_job else jobs
        found = [job for job in later if job in self.standing]
        return FoundJob(found[-1]) if found else NoTrace()

    def find_unrecorded(
        self, reference: str, request: WriteRequest, since: datetime, *, thorough: bool
    ) -> EarlierWrite:
        return self.find_earlier(reference, request, since)

    def confirm(self, job_id: str, *, integration_id: str | None = None) -> WriteOutcome:
        if self.jobs[job_id] is WriteState.PENDING:
            self.jobs[job_id] = self.end
        return WriteOutcome(self.jobs[job_id], record_id=job_id, may_retry=self.may_retry)

    def ended_writes(self, integration_id: str, since: datetime) -> Mapping[str, bool]:
        ended = {job: state for job, state in self.jobs.items() if state is not WriteState.PENDING}
        return {job: state is WriteState.WRITTEN for job, state in ended.items()}

    def find_event(self, reference: str, request: WriteRequest, event_id: str | None) -> str | None:
        return event_id


class Walk(RuleBasedStateMachine):
    """One call. The rules are what can happen to it."""

    engine: sa.Engine

    @initialize(
        first=st.sampled_from(ENDS), runs_between=st.integers(0, 2), answer=st.sampled_from(ANSWERS)
    )
    def first_hook(self, first: dict[str, str], runs_between: int, answer: str) -> None:
        """runs_between: how many runs a worker does between two things that happen."""
        with self.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        self.pms = Pms()
        self.pms.answer = answer
        self.world = World(self.engine, Clock(), target=self.pms, has_write_logs=True)
        self.store = self.world.store
        self.allowed = 1
        self.world.hook(first)
        self.before = self.seen = self.call
        self.is_run_seen = self.is_planned
        self.steps = 0
        self.runs_between = runs_between
        assert lifecycle.is_possible(None, self.before.state)

    # What happens -----------------------------------------------------------------------------

    @rule(hook=st.sampled_from(HOOKS))
    def hook(self, hook: dict[str, str]) -> None:
        self.world.hook(hook)

    @rule(
        answer=st.sampled_from(ANSWERS),
        end=st.sampled_from([WriteState.WRITTEN, WriteState.FAILED, WriteState.PENDING]),
        may_retry=st.booleans(),
        is_known=st.booleans(),
    )
    def the_target_changes(
        self, answer: str, end: WriteState, may_retry: bool, is_known: bool
    ) -> None:
        """answer, end: of the next write. is_known: the person of this number can be found."""
        self.pms.answer, self.pms.end, self.pms.may_retry = answer, end, may_retry
        self.pms.people = PEOPLE if is_known else ()

    @precondition(lambda self: self.is_run_seen)
    @rule(times=st.integers(1, 10))
    def run(self, times: int) -> None:
        for _ in range(times):
            self.run_once()

    @precondition(lambda self: self.is_run_seen)
    @rule(data=st.data(), is_early=st.booleans())
    def run_that_is_overtaken(self, data: st.DataObject, is_early: bool) -> None:
        """is_early: the other transition comes before the run looks at anything, or after its last step."""
        others = [self.assign, self.dismiss, self.replay, self.requeue]
        others += [self.forget] if self.is_old else []
        other = data.draw(st.sampled_from(others), label="other")
        self.run_with(other, is_early=is_early)

    @precondition(lambda self: self.seen.run > 1)
    @rule()
    def run_that_was_replaced_long_ago(self) -> None:
        before = self.call
        self.world.delivery.run(before.key, before.run - 1)
        assert self.call == before

    @precondition(lambda self: self.is_run_seen)
    @rule()
    def a_worker_dies(self) -> None:
        self.world.queue_next()
        self.world.clock.advance(3600)
        self.requeue()

    @precondition(lambda self: self.is_run_seen)
    @rule()
    def a_worker_gives_a_run_back(self) -> None:
        key, number = self.world.queue_next()
        due_at = self.call.due_at
        self.store.runs.put_back(key, number)
        assert (self.call.run, self.call.due_at) == (number + 1, due_at)

    @precondition(lambda self: self.pms.standing)
    @rule(state=st.sampled_from([WriteState.WRITTEN, WriteState.FAILED]))
    def a_write_ends(self, state: WriteState) -> None:
        self.pms.jobs[self.pms.standing[-1]] = state

    @rule()
    def bulk_confirmation(self) -> None:
        self.world.clock.advance(2)
        self.world.bulk.work()

    @precondition(lambda self: self.pms.standing)
    @rule()
    def the_target_tells_of_a_failure(self) -> None:
        before, job = self.call, self.pms.standing[-1]
        self.pms.jobs[job] = WriteState.FAILED
        if self.store.runs.doubt_write(job, self.world.clock()):
            assert before.state in lifecycle.ACCEPTED
            assert (self.call.state, self.call.run) == (CallState.POSTED, before.run + 1)

    @rule()
    def people_become_known(self) -> None:
        self.pms.people = PEOPLE
        since = self.world.clock() - timedelta(days=9)
        self.store.runs.wake_held([CALLER], since=since, now=self.world.clock())

    @rule()
    def held_calls_are_looked_at(self) -> None:
        now = self.world.clock()
        self.store.runs.plan_held(since=now - timedelta(days=9), now=now, seconds_apart=1.0)

    @rule(hours=st.sampled_from([1, 30]), is_worker_alive=st.booleans())
    def time_passes(self, hours: int, is_worker_alive: bool) -> None:
        end = self.world.clock() + timedelta(hours=hours)
        while is_worker_alive and (due := self.world.next_due()) is not None and due <= end:
            self.run_once()
        self.world.clock.now = max(self.world.clock.now, end)

    @rule()
    def assign(self) -> None:
        with suppress(SettingsError), self.now():
            decisions.assign(
                self.store,
                self.call,
                kind=PersonKind.LEAD,
                person_id="lead_anna",
                target=target_of(self.pms),
                lines=self.world.rules.lines,
                by=TESTER,
            )

    @rule()
    def dismiss(self) -> None:
        with suppress(SettingsError), self.now():
            decisions.ignore(self.store, self.call, by=TESTER)

    @rule()
    def replay(self) -> None:
        with self.now():
            list(replay_calls(self.store, [self.call], again=False, by=TESTER))

    @precondition(lambda self: self.seen.state in lifecycle.ACCEPTED | lifecycle.REPLAYABLE)
    @rule()
    def replay_again(self) -> None:
        self.allowed += 1
        with self.now():
            list(replay_calls(self.store, [self.call], again=True, by=TESTER))

    @precondition(lambda self: self.is_old)
    @rule()
    def forget(self) -> None:
        Erasure(self.store, CALLER).run(self.world.clock())

    # What holds -------------------------------------------------------------------------------

    @invariant()
    def a_worker_goes_on(self) -> None:
        self.the_state_follows_the_table()
        for _ in range(self.runs_between):
            self.run_once()
        self.seen, self.is_run_seen = self.call, self.is_planned
        self.it_is_as_its_state_says()

    def the_state_follows_the_table(self) -> None:
        before, after = self.before, self.call
        assert lifecycle.is_possible(before.state, after.state), (before.state, after.state)
        assert after.run >= before.run
        self.before = after

    def it_is_as_its_state_says(self) -> None:
        """One event stands at the target. What is to be delivered has a run; what nobody writes has a cause."""
        call = self.seen
        self.steps += 1
        event(call.state.value)
        assert len(self.pms.standing) <= self.allowed
        if call.state in lifecycle.UNDELIVERED:
            assert self.is_run_seen
        assert (call.cause is not None) is (call.state in lifecycle.REPLAYABLE)
        if call.state is CallState.WRITTEN:
            assert self.pms.jobs, "or the target has not told yet that it failed"

    # Helpers ----------------------------------------------------------------------------------

    # What was seen last holds until the next thing happens: the rules that may come are chosen by it.

    @property
    def call(self) -> Call:
        return self.world.call(CALL)

    @property
    def is_old(self) -> bool:
        """Nothing more happens to a call that is forgotten, so that comes late in a walk."""
        return self.steps > 10

    @property
    def is_planned(self) -> bool:
        return self.world.next_due() is not None

    def now(self) -> time_machine.travel:
        return time_machine.travel(self.world.clock(), tick=False)

    def run_once(self) -> None:
        if self.is_planned:
            self.run_with(lambda: None, is_early=True)
            self.the_state_follows_the_table()

    def requeue(self) -> None:
        later = self.world.clock() + timedelta(seconds=1)
        self.store.runs.requeue_lost(later, later)

    def run_with(self, other: Callable[[], object], *, is_early: bool) -> None:
        """A run, and something else while it is under way."""
        overtaken: list[Call] = []
        jobs = list(self.pms.jobs)

        def happen(call: Call) -> None:
            self.the_state_follows_the_table()
            other()
            self.the_state_follows_the_table()
            if self.call.run > call.run:
                overtaken.append(self.call)

        def advance(call: Call) -> RunResult:
            if is_early:
                happen(call)
            try:
                return self.world.steps.advance(call)
            finally:
                if not is_early:
                    happen(call)

        delivery = Delivery(store=self.store, advance=advance, clock=self.world.clock)
        delivery.run(*self.world.queue_next())
        if overtaken:
            assert schedule(self.call) == schedule(overtaken[0])
            # It may still have asked what became of a job, but has made none.
            assert not is_early or list(self.pms.jobs) == jobs


def schedule(call: Call) -> tuple[Any, ...]:
    return call.state, call.run, call.due_at, call.reason


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(n, marks=pytest.mark.full) for n in range(1, 10))]
)
def test_a_call_keeps_to_the_table_whatever_happens(engine: sa.Engine, part: int) -> None:
    """In parts, so that each has time enough on a slow machine. In CI, each part walks ways of its own."""
    walks = settings(
        max_examples=30,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    here = type("WalkHere", (Walk,), {"engine": engine})
    if walks.derandomize:
        seed(part)(here)
    run_state_machine_as_test(here, settings=walks)
