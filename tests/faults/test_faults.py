"""One promise after the other, each broken into once; the full form is `python -m tests.faults`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.faults.disk import small_disk
from tests.faults.faults import FAULTS, ON_SQLITE
from tests.faults.postgres import Cluster
from tests.faults.run import Step, run
from tests.faults.world import World
from tests.support.pgbouncer import PROGRAM

pytestmark = pytest.mark.full
CALLS = 16
PER_SECOND = 6.0
# Calls still come in when web and worker have been started anew, once and again.
CALLS_OF = {"pooler": 300}
# A message that no hook tells of is looked for again after 30 s.
REST_SECONDS = 40.0
# Patience is divided by this: a worker is dead after 6 s, not 30.
HASTE = 5.0


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Two web servers, two workers, the sandbox, and a PostgreSQL server of our own."""
    try:
        cluster = Cluster()
    except (OSError, KeyError, subprocess.CalledProcessError) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no PostgreSQL server can be made: {error}")
        pytest.skip(f"no PostgreSQL server can be made: {error}")
    try:
        with World(cluster, haste=HASTE) as made:
            yield made
    finally:
        cluster.remove()


@pytest.mark.postgres
@pytest.mark.parametrize(
    "fault",
    [pytest.param(name, id=name.replace(" ", "_")) for name in FAULTS if name not in ON_SQLITE],
)
def test_every_acknowledged_call_is_written_once_although(world: World, fault: str) -> None:
    """Whatever happens, a call whose end was acknowledged has one event, or a stated reason."""
    if fault == "pooler" and PROGRAM is None and os.environ.get("CI") != "true":
        pytest.skip("no pgbouncer for the tests: install Debian's pgbouncer")
    assert _problems(world, fault) == [], FAULTS[fault].promise


def test_every_acknowledged_call_is_written_once_although_the_disk_was_full() -> None:
    """SQLite: while the disk is full hooks are refused with 503, so Twilio knows; nothing is half done."""
    with small_disk() as disk, World(disk=disk, haste=HASTE, processes=1) as world:
        problems = _problems(world, "disk full")
    assert problems == [], FAULTS["disk full"].promise


def _problems(world: World, fault: str) -> list[str]:
    world.heal()
    result = run(
        world,
        calls=CALLS_OF.get(fault, CALLS),
        per_second=PER_SECOND,
        plan=[Step(0.25 * CALLS / CALLS_OF.get(fault, CALLS), fault)],
        seed=list(FAULTS).index(fault) + 1,
        rest_seconds=REST_SECONDS,
    )
    return result.problems() if result.findings.written else ["nothing was written at all"]
