"""How does one run go? Calls come in, faults happen, everything comes to rest, the books are read."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.faults.audit import Findings, audit, unfinished
from tests.faults.call_list import keep_current
from tests.faults.faults import FAULTS, NotKept, NotReached
from tests.faults.traffic import Senders, Sent, SentCall, make_calls
from tests.faults.world import World

# An event of a run that came twice would be there by then.
AFTERMATH_SECONDS = 1.0


@dataclass(frozen=True)
class Step:
    """A fault that happens when this share of the hooks has been sent."""

    share: float
    fault: str


@dataclass
class Happened:
    """A fault as it happened; times in epoch seconds."""

    fault: str
    begun_at: float
    ended_at: float
    reached: bool = True
    problem: str | None = None


@dataclass
class Result:
    calls: Sequence[SentCall]
    sent: Sent
    findings: Findings
    happened: list[Happened] = field(default_factory=list)
    seconds: float = 0.0
    to_rest_seconds: float = 0.0
    unfinished: Sequence[str] = ()

    def problems(self) -> list[str]:
        """Everything that is not as promised."""
        found = self.findings.problems()
        found += [f"NOT AT REST {len(self.unfinished)} calls"] if self.unfinished else []
        found += [f"NOT REACHED {h.fault}" for h in self.happened if not h.reached]
        found += [h.problem for h in self.happened if h.problem]
        return found

    def slowest_after(self, fault: str) -> float:
        """The slowest of the calls that were acknowledged from this fault's begin to the next one's."""
        begins = [h.begun_at for h in self.happened] + [float("inf")]
        slowest = 0.0
        for place, h in enumerate(self.happened):
            for call in self.calls if h.fault == fault else ():
                if h.begun_at <= (call.acknowledged_at or 0) < begins[place + 1]:
                    slowest = max(slowest, self.findings.delays.get(call.sid, 0.0))
        return slowest


def make_plan(faults: Sequence[str], times: int, dice: random.Random) -> list[Step]:
    """So many faults, each kind as often as the others, in a random order, spread over the run."""
    named: list[str] = []
    while len(named) < times:
        named += dice.sample(list(faults), len(faults))
    return [Step(0.05 + 0.9 * n / times, name) for n, name in enumerate(named[:times])]


def run(
    world: World,
    *,
    calls: int,
    per_second: float,
    plan: Sequence[Step],
    seed: int,
    rest_seconds: float,
    console: Console | None = None,
) -> Result:
    """One run from its first hook to the balance; the same seed gives the same calls and plan."""
    dice = random.Random(seed)
    made = make_calls(calls, dice)
    senders = Senders(made, per_second=per_second, ports=lambda: world.ports)
    world.senders = senders
    happened: list[Happened] = []
    begun = time.time()
    with _progress(console) as progress:
        sending = progress.add_task("hooks answered or given up", total=senders.total)
        breaking = progress.add_task("faults", total=len(plan))

        def show(description: str) -> None:
            progress.update(sending, completed=senders.sent.hooks)
            progress.update(breaking, completed=len(happened), description=description)

        keep_current(world.twilio, senders.start())
        for step in plan:
            while senders.share < step.share and not senders.is_done:
                show("faults")
                time.sleep(0.1)
            show(step.fault)
            happened.append(_break(world, step.fault, dice))
        world.heal()
        while not senders.is_done:
            show("faults")
            time.sleep(0.1)
        show("faults")
        sent_at = time.time()
        left = _come_to_rest(world, made, rest_seconds, progress)
    rested = time.time()
    time.sleep(AFTERMATH_SECONDS)
    return Result(
        calls=made,
        sent=senders.sent,
        findings=audit(world, made),
        happened=happened,
        seconds=rested - begun,
        to_rest_seconds=rested - sent_at,
        unfinished=left,
    )


def _break(world: World, name: str, dice: random.Random) -> Happened:
    begun, reached, problem = time.time(), True, None
    try:
        FAULTS[name].act(world, dice)
    except NotReached:
        reached = False
    except NotKept as broken:
        problem = f"NOT KEPT {name}: {broken}"
    world.heal()
    return Happened(name, begun, time.time(), reached, problem)


def _come_to_rest(
    world: World, made: Sequence[SentCall], within_seconds: float, progress: Progress
) -> Sequence[str]:
    """Wait until every call is at an end; those that are not after so long without any coming to one."""
    task = progress.add_task("calls at their end", total=len(made))
    fewest, since = len(made) + 1, time.monotonic()
    while True:
        left = unfinished(world, made)
        progress.update(task, completed=len(made) - len(left))
        if len(left) < fewest:
            fewest, since = len(left), time.monotonic()
        if not left or time.monotonic() - since > within_seconds:
            return left
        time.sleep(0.3 if len(made) < 1000 else 1.0)


def _progress(console: Console | None) -> Progress:
    columns = (
        TextColumn("{task.description:32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, disable=console is None)
