"""Does `adapter run --tunnel` connect numbers meanwhile, and give back what they had, whatever ends it?

The tunnel is a stand-in for the library ngrok: a real TCP forward of this machine. All else is real: web,
worker, the database, HTTP to a Twilio of the tests.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from adapter.domain.callback import ChangeKind
from adapter.sandbox import twilio as simulated
from adapter.storage.callback_changes import CallbackChanges
from adapter.storage.engine import open_engine
from adapter.storage.store import Store
from adapter.storage.web_address import WebAddress
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.processes import Process, environment, running
from tests.support.twilio_api import FakeTwilio, Fault
from tests.support.waiting import free_port, wait_for

STAND_IN = Path(__file__).parents[1] / "support/ngrok_stand_in"
ONE, TWO = "+16175550100", "+16175550101"
OTHER = "https://other.example/status?x=1#rc=2"
LINES = f'[lines."{ONE}"]\nintegration_id = "int_entrata"\n'


class World:
    """A Twilio with two numbers, and what `adapter` is run with."""

    def __init__(self, twilio: FakeTwilio, database_url: str, folder: Path) -> None:
        self.twilio = twilio
        self.folder = folder
        self.one = twilio.add_number(ACCOUNT, "PN1", ONE, status_callback=OTHER)
        self.two = twilio.add_number(ACCOUNT, "PN2", TWO)
        self.before = {"PN1": dict(self.one), "PN2": dict(self.two)}
        self.environ = environment(
            database_url,
            propexo=twilio.url,
            twilio=twilio.url,
            TWILIO_SUBACCOUNT_TOKENS="{}",
            ADAPTER_LINES=LINES,
            NGROK_AUTHTOKEN="the-authtoken",
            PYTHONPATH=os.pathsep.join(
                [str(STAND_IN), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
        )

    @contextmanager
    def run(self, options: str, **environ: str) -> Iterator[Process]:
        log = self.folder / "run.log"
        with running(f"run --tunnel {options}", {**self.environ, **environ}, log) as process:
            yield process
        assert "the-authtoken" not in process.text()

    def command(self, words: str, **environ: str) -> str:
        """What an adapter command says that ends by itself, in one line."""
        process = Process(words.split(), {**self.environ, **environ}, self.folder / "command.log")
        process.popen.wait(60)
        return f"{process.popen.returncode}: " + " ".join(process.text().split())

    @property
    def is_as_before(self) -> bool:
        return self.twilio.numbers == self.before

    @property
    def tunnel(self) -> str:
        """The address of the tunnel that the first number calls back to."""
        return str(self.one["status_callback"]).partition("/webhooks")[0]


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> Iterator[World]:
    database = tmp_path / "adapter.sqlite3"
    shutil.copyfile(sqlite_template, database)
    with FakeTwilio({ACCOUNT: TOKEN}) as twilio:
        yield World(twilio, f"sqlite:///{database}", tmp_path)


def wait_until_connected(world: World, process: Process) -> None:
    def is_connected() -> bool:
        assert process.popen.poll() is None, process.text()
        return "They get back what they had" in process.text()

    wait_for("the numbers are connected", is_connected, seconds=90)


@pytest.mark.full
def test_a_call_comes_through_and_then_all_is_as_before(world: World) -> None:
    engine = open_engine(world.environ["DATABASE_URL"])
    comes_and_goes(world, Store(engine))
    engine.dispose()


@pytest.mark.full
def test_a_call_comes_through_with_each_database(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    with FakeTwilio({ACCOUNT: TOKEN}) as twilio:
        comes_and_goes(World(twilio, database_url, tmp_path), store)


def comes_and_goes(world: World, store: Store) -> None:
    with world.run(f"--number {ONE} --replace") as process:
        wait_until_connected(world, process)
        here = str(world.one["status_callback"])
        assert here.startswith("http://127.0.0.1:") and here.endswith(
            "/webhooks/twilio#rc=5&rp=all"
        )
        assert world.tunnel != world.environ["PUBLIC_BASE_URL"]
        assert world.twilio.numbers["PN2"] == world.before["PN2"]
        url = here.partition("#")[0]
        params = simulated.hook(
            "missed",
            call=simulated.new_sid(),
            account=ACCOUNT,
            caller="+16175550134",
            called=ONE,
            seconds=0,
        )
        answer = simulated.send(url, params, token=TOKEN, signed_url=url)
        assert answer.status_code == 204, process.text()
        assert store.calls.count_on_line(ONE) == 1
        assert process.stop() == 0
    assert world.is_as_before, process.text()
    assert WebAddress(store).told() is None  # nobody takes it for the adapter's own afterwards
    with pytest.raises(requests.RequestException):
        requests.get(f"{url}/readyz", timeout=5)
    (connected, given_back) = CallbackChanges(store).by_place("twilio", ACCOUNT)["PN1"]
    assert (connected.kind, given_back.kind) == (ChangeKind.TUNNEL, ChangeKind.DISCONNECT)
    assert connected.old == given_back.new


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("child", marks=pytest.mark.full),
        pytest.param("SIGINT", marks=pytest.mark.full),
        pytest.param("SIGHUP", marks=pytest.mark.full),
    ],
)
def test_whatever_ends_it_gives_back(world: World, how: str) -> None:
    with world.run(f"--number {ONE} --replace") as process:
        wait_until_connected(world, process)
        if how == "child":
            os.kill(child_of(process, "worker"), signal.SIGKILL)
        else:
            process.popen.send_signal(getattr(signal, how))
        code = process.popen.wait(60)
    assert code == (1 if how == "child" else 0), process.text()
    assert world.is_as_before, process.text()


def child_of(process: Process, command: str) -> int:
    """The id of the process that runs this command for it."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == process.popen.pid and command.encode() in words:
                return int(entry.name)
    raise AssertionError(f"{command} does not run")


def connect(world: World, address: str) -> None:
    """Connect the first number for good, as `adapter connect` does."""
    words = world.command(f"connect {ONE} --replace --yes", PUBLIC_BASE_URL=address)
    assert words.startswith("0:"), words


def killed(world: World, options: str, **environ: str) -> str:
    """Kill a run with everything that it started; return the address of its tunnel."""
    with world.run(options, **environ) as process:
        wait_until_connected(world, process)
        tunnel = world.tunnel
        process.kill()
    assert world.tunnel == tunnel
    return tunnel


@pytest.mark.full
def test_after_a_crash_disconnect_gives_back_what_was_before_the_tunnel(world: World) -> None:
    """That is what `adapter connect` had set, and not what was there before that."""
    connect(world, "https://calls.example.com")
    connected = dict(world.one)
    killed(world, f"--number {ONE}")
    assert world.command(f"disconnect {ONE} --yes").startswith("0:")
    assert world.one == connected
    assert world.command(f"disconnect {ONE} --yes").startswith("0:")
    assert world.is_as_before


@pytest.mark.full
@pytest.mark.parametrize("has_same_address", [False, True])
def test_after_a_crash_the_next_tunnel_gives_back_and_so_does_a_second_crash(
    world: World, has_same_address: bool
) -> None:
    fixed = {"NGROK_STAND_IN_PORT": str(free_port())} if has_same_address else {}
    connect(world, "https://calls.example.com")
    connected = dict(world.one)
    killed(world, f"--number {ONE}", **fixed)
    killed(world, f"--number {ONE}", **fixed)
    with world.run("", **fixed) as process:
        wait_for("it is given back", lambda: world.one == connected, seconds=60)
        assert process.stop(60) == 0
    assert world.one == connected
    assert "No number is connected" in process.text()


@pytest.mark.full
def test_twilio_that_refuses_at_the_end_is_asked_again(world: World) -> None:
    with world.run(f"--number {ONE} --replace") as process:
        wait_until_connected(world, process)
        world.twilio.faults.append(Fault("PN1", 500, times=1, method="POST"))
        assert process.stop(60) == 0, process.text()
    assert world.is_as_before


@pytest.mark.full
def test_what_could_not_be_given_back_is_said_and_fails(world: World) -> None:
    with world.run(f"--number {ONE} --replace") as process:
        wait_until_connected(world, process)
        world.twilio.faults.append(Fault("PN1", 500, times=1000))
        assert process.stop(60) == 1
    assert "Not all numbers got back what they had" in process.text()
    world.twilio.faults.clear()
    assert world.command(f"disconnect {ONE} --yes").startswith("0:")
    assert world.is_as_before
