"""Do web, worker and what they start end when they are told to, whatever hangs, and with who started them?"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from adapter.sandbox import twilio as simulate
from tests.faults.postgres import Cluster
from tests.support.environment import ACCOUNT, BASE_URL, ENVIRON, LINE, PATH, TOKEN
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[2]
ENDED_SECONDS = 30.0  # what hosts wait after SIGTERM
READY_SECONDS = 90.0

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")


class Home:
    """Commands that run in a home of their own, by which their processes are found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def start(
        self, *arguments: str, more: Mapping[str, str] | None = None, terminal: int | None = None
    ) -> subprocess.Popen[bytes]:
        environ = {
            **ENVIRON,
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "1",
            "DATABASE_URL": f"sqlite:///{self.folder}/adapter.sqlite3",
            "PROPEXO_BASE_URL": "http://127.0.0.1:9",
            "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
            "LOG_FORMAT": "json",
            **(more or {}),
        }

        def take_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "adapter", *arguments],
                cwd=ROOT, env=environ, start_new_session=True,
                stdin=terminal if terminal is not None else subprocess.DEVNULL,
                stdout=terminal or log, stderr=terminal or log,
                preexec_fn=take_terminal if terminal is not None else None,
            )  # fmt: skip

    def processes(self) -> dict[int, str]:
        """All that run in this home, by id, with their commands."""
        mark = f"HOME={self.folder}\0".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes() + b"\0":
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    if command:
                        found[int(entry.name)] = command.decode()
        return found

    def answers(self, path: str = "/livez") -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=5).ok
        return False


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    # Under nohup the tests would hand on that SIGHUP is ignored.
    hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    home = Home(tmp_path)
    yield home
    signal.signal(signal.SIGHUP, hangup)
    for pid in home.processes():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def run_is_complete(home: Home, process: subprocess.Popen[bytes]) -> bool:
    """`adapter run` with gunicorn, its process, and the worker."""
    assert process.poll() is None, (home.folder / "log").read_text()
    commands = home.processes().values()
    return home.answers() and any(command.endswith("adapter worker ") for command in commands)


def close_terminal(home: Home, start: Callable[[int], subprocess.Popen[bytes]]) -> None:
    master, slave = pty.openpty()
    process = start(slave)
    os.close(slave)
    os.set_blocking(master, False)
    wait_for("it answers", lambda: home.answers(), seconds=READY_SECONDS)
    os.close(master)
    process.wait(ENDED_SECONDS)


@pytest.mark.full
def test_run_in_a_terminal_that_is_closed_ends_with_its_children(home: Home) -> None:
    close_terminal(home, lambda terminal: home.start("run", terminal=terminal))
    wait_for("nothing is left", lambda: not home.processes(), seconds=ENDED_SECONDS)


def test_web_in_a_terminal_that_is_closed_ends(home: Home) -> None:
    """gunicorn takes SIGHUP for a wish to load its configuration again."""
    home.start("migrate").wait(60)
    close_terminal(home, lambda terminal: home.start("web", terminal=terminal))
    wait_for("nothing is left", lambda: not home.processes(), seconds=ENDED_SECONDS)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGHUP, marks=pytest.mark.full),
        pytest.param(signal.SIGKILL, marks=pytest.mark.full),
    ],
)
def test_children_of_run_end_with_it(home: Home, number: signal.Signals) -> None:
    process = home.start("run")
    wait_for(
        "web and worker are there", lambda: run_is_complete(home, process), seconds=READY_SECONDS
    )
    process.send_signal(number)
    process.wait(ENDED_SECONDS)
    wait_for("nothing is left", lambda: not home.processes(), seconds=ENDED_SECONDS)


def sign_in_as_told(said: str) -> str:
    """Open the inbox with the address and the password that the demo printed. Return its page."""
    told = re.search(
        r"Look around: (http://\S+)/inbox, with any name and the password\s+(\S+)", said
    )
    assert told, said
    session = requests.Session()
    page = session.get(f"{told[1]}/login", timeout=10).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"name": "Lee", "password": told[2], "csrf_token": token}
    inbox = session.post(f"{told[1]}/login", data=form, timeout=10)
    inbox.raise_for_status()
    return inbox.text


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_the_demo_left_open_ends_with_it(home: Home, number: signal.Signals) -> None:
    process = home.start("demo", "--keep-open")
    log = home.folder / "log"
    wait_for("the demo is open", lambda: "Running until" in log.read_text(), seconds=READY_SECONDS)
    assert len(home.processes()) >= 5  # the demo, run, the worker, gunicorn and its process
    assert "nobody has this number" in sign_in_as_told(log.read_text())
    process.send_signal(number)
    process.wait(ENDED_SECONDS)
    wait_for("nothing is left", lambda: not home.processes(), seconds=ENDED_SECONDS)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    try:
        cluster = Cluster()
    except (OSError, KeyError, subprocess.CalledProcessError) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no PostgreSQL server can be made: {error}")
        pytest.skip(f"no PostgreSQL server can be made: {error}")
    yield cluster
    cluster.thaw()
    cluster.remove()


@pytest.mark.full
@pytest.mark.postgres
def test_web_and_worker_end_in_time_while_the_database_hangs(home: Home, cluster: Cluster) -> None:
    """It takes connections and answers nothing. A hook and a delivery wait for it."""
    more = {"DATABASE_URL": cluster.url, "SETTLE_SECONDS": "0"}
    assert home.start("migrate", more=more).wait(60) == 0
    web, worker = home.start("web", more=more), home.start("worker", more=more)
    wait_for("web answers", lambda: home.answers("/readyz"), seconds=READY_SECONDS)
    wait_for("the worker is there", lambda: cluster_has_worker(cluster), seconds=READY_SECONDS)
    assert send(home.port) == 204
    cluster.freeze()
    with suppress(requests.RequestException):
        send(home.port)  # waits in a thread of web from now on
    for process in (web, worker):
        process.terminate()
    for process in (web, worker):
        process.wait(ENDED_SECONDS)
    wait_for("nothing is left", lambda: not home.processes())


@pytest.mark.full
@pytest.mark.postgres
def test_a_process_of_web_ends_with_gunicorn_while_the_database_hangs(
    home: Home, cluster: Cluster
) -> None:
    """kill -9 of gunicorn's first process: nobody is left who would kill the other."""
    more = {"DATABASE_URL": cluster.url}
    assert home.start("migrate", more=more).wait(60) == 0
    web = home.start("web", more=more)
    wait_for("web answers", lambda: home.answers("/livez"), seconds=READY_SECONDS)
    assert send(home.port) == 204
    cluster.freeze()
    with suppress(requests.RequestException):
        send(home.port)
    web.kill()
    web.wait()
    wait_for("nothing is left", lambda: not home.processes(), seconds=ENDED_SECONDS + 10)


def cluster_has_worker(cluster: Cluster) -> bool:
    import psycopg

    with psycopg.connect(cluster.url) as connection:
        return connection.execute("SELECT 1 FROM workers").fetchone() is not None


def send(port: int) -> int:
    params = simulate.hook(
        "missed", call=simulate.new_sid(), account=ACCOUNT, caller="+16175550134", called=LINE
    )
    url = f"http://127.0.0.1:{port}{PATH}"
    return simulate.send(url, params, token=TOKEN, signed_url=BASE_URL + PATH).status_code


# The moment before it waits, or in which it handles a first signal, whoever waits holds the event's own lock.
_SIGNALLED_AT_ITS_WORST = """
import os, signal
from adapter.processes.lifetime import leave, stop_signal
stopping = stop_signal()
with stopping._cond:
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGHUP)
stopping.wait()
leave(0)
"""


# The system may hand a signal to any thread. The main one sleeps by then: it has not run for some looks.
_SIGNALLED_ELSEWHERE = """
import signal, sys, threading, time
from adapter.processes.lifetime import leave, stop_signal
def signalled():
    main, same, last = threading.main_thread().ident, 0, None
    while same < 20:
        time.sleep(0.01)
        frame = sys._current_frames()[main]
        where = (frame.f_code.co_name, frame.f_lasti)
        same, last = same + 1 if where == last and where[0] == "wait" else 0, where
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    threading.Event().wait()
stopping = stop_signal()
threading.Thread(target=signalled, daemon=True).start()
stopping.wait()
leave(0)
"""


@pytest.mark.parametrize("program", [_SIGNALLED_AT_ITS_WORST, _SIGNALLED_ELSEWHERE])
def test_a_process_takes_notice_of_each_signal(program: str) -> None:
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, timeout=30, check=False).returncode == 0
