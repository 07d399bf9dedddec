"""How does a test get a PostgreSQL server that it may stop, without hurting anybody else's?"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import psycopg

from tests.support.waiting import free_port

_SETTINGS = (
    "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c listen_addresses=127.0.0.1 "
    "-c max_connections=200"
)


def binaries() -> Path | None:
    """Where initdb and pg_ctl are: Debian's newest, else those on the PATH, else nowhere."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


class Cluster:
    """A server of our own with an empty database; its commits are on disk when they are answered."""

    def __init__(self) -> None:
        found = binaries()
        if found is None:
            raise FileNotFoundError("no initdb: install Debian's postgresql")
        self._bin = found
        self._home = Path(mkdtemp(prefix="faults-postgres-"))
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user is not None:  # the server refuses to run as root
            account = pwd.getpwnam(self._user)
            os.chown(self._home, account.pw_uid, account.pw_gid)
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync")
        self.start()

    @property
    def _data(self) -> str:
        return str(self._home / "data")

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        options = f"-p {self.port} -k {self._home} {_SETTINGS}"
        log = str(self._home / "log")
        self._run("pg_ctl", "start", "-w", "-t", "60", "-D", self._data, "-l", log, "-o", options)

    def stop(self, mode: str) -> None:
        """Stop it: fast (connections are cut), or immediate (as in a crash)."""
        self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", self._data)

    def freeze(self) -> None:
        """It takes connections and answers nothing, as behind a network that lost its way."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._processes():
            # A process that vacuums may have ended since it was listed.
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _processes(self) -> list[int]:
        """The server's first process, then those that it started."""
        first = int((self._home / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def back_up(self, file_name: str) -> None:
        """Dump the database into this file of the server's folder, as docs/backup.md says."""
        file = f"--file={self._home / file_name}"
        self._run("pg_dump", "--format=custom", file, f"--dbname={self.url}")

    def restore(self, file_name: str) -> None:
        """Put this dump in the place of the database; whoever is connected to it is cut off."""
        other = self.url.removesuffix("postgres") + "template1"
        with psycopg.connect(other, autocommit=True) as connection:
            connection.execute("DROP DATABASE postgres WITH (FORCE)")
            connection.execute("CREATE DATABASE postgres TEMPLATE template0")
        self._run("pg_restore", "--no-owner", f"--dbname={self.url}", str(self._home / file_name))

    @property
    def version(self) -> str:
        done = subprocess.run(
            [str(self._bin / "postgres"), "--version"], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self._home, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._bin / program), *arguments],
            user=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
