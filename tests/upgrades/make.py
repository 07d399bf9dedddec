"""How is a database of an earlier version made, as a fixture for upgrades? By that version itself.

python -m tests.upgrades.make [sqlite.sql] [postgres.sql]

Takes the code of 0.1.0 out of git, runs its sandbox, web and worker, sends signed hooks with faults in
between so that calls stand in every state, kills the worker, and dumps the database to
tests/payloads/upgrades/0.1.0/. Needs pg_dump and a PostgreSQL server, as the tests do (TEST_DATABASE_URL).
The dumps are kept in git; this is run again only if they lack something.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
import sqlalchemy as sa

from adapter.config.settings import Settings
from adapter.sandbox.twilio import hook, send
from tests.support.databases import PostgresServer
from tests.support.waiting import free_port

VERSION, REVISION = "0.1.0", "399f719cae9b1b79e8a403240a441931b2fede46"
FOLDER = Path(__file__).parents[1] / "payloads" / "upgrades" / VERSION
ACCOUNT, TOKEN = "AC" + "0" * 31 + "1", "main-token"
LINE, LEADS_LINE, IGNORED = "+16175550100", "+16175550101", "+16175550166"
LINES = f"""
[defaults]
integration_id = "int_entrata"
event_type = "Call"
ignore = ["{IGNORED}"]
[lines."{LINE}"]
name = "Main Street leasing"
property_id = "prop_main"
[lines."{LEADS_LINE}"]
property_id = "prop_main"
unknown_caller = "create_lead"
lead_source_id = "ls_phone"
"""
# People whom 0.1.0 does not find, or judges otherwise than the versions after it.
_APPLICATIONS = [
    {"applicant_id": "applicant_two", "application_id": id, "status_normalized": status}
    for id, status in (("application_live", "PENDING"), ("application_gone", "CANCELED"))
]
_LEASE = {"lease_id": "lease_1", "move_in_date": "2026-01-01", "move_out_date": None}
PEOPLE: list[dict[str, Any]] = [
    {"kind": "lead", "id": "lead_words", "phone_1": "(617) 556-1002 (cell)"},
    {"kind": "lead", "id": "lead_both", "phone_1": "6175561003/6175561004"},
    {"kind": "lead", "id": "lead_active", "phone_1": "617-556-1005", "status": "Not Leased - active"},
    {"kind": "lead", "id": "lead_closed", "phone_1": "617-556-1005", "status": "Lost"},
    {"kind": "lead", "id": "lead_leased", "phone_1": "617-556-1006", "status": "Leased"},
    {"kind": "resident", "id": "resident_now", "phone_1": "617-556-1006", "leases_meta_data": [_LEASE]},
    {"kind": "applicant", "id": "applicant_two", "phone_1": "617-556-1007", "applications": _APPLICATIONS},
    {"kind": "lead", "id": "lead_mexico", "phone_1": "+52 1 55 1234 5678", "status": "Active"},
]  # fmt: skip


def call_id(name: str) -> str:
    """The id of a call of the dump, the same in every dump."""
    return "CA" + name.encode().hex().rjust(32, "0")[-32:]


# Names of the calls, and the state that 0.1.0 leaves each in.
CALLS: Mapping[str, str] = {
    "answered": "written",
    "missed": "written",
    "ringall": "written",  # as abandoned, which it was not
    "leased": "written",  # on the closed lead, not on the resident
    "applicant": "written",  # with the application that was canceled
    "voicemail": "written",
    "stranger": "held",
    "withheld": "held",
    "unavailable": "held",
    "words": "held",
    "second": "held",
    "mexico": "held",
    "ignored": "ignored",
    "refused": "failed",
    "leg": "folded",
    "legs parent": "written",
    "posted": "posted",
    "retrying": "delivering",
    "doubtful": "delivering",
    "new lead": "delivering",
    "ringing": "open",
    "due": "open",
}


@dataclass
class Old:
    """The old version at work on a database of its own."""

    code: Path
    environ: Mapping[str, str]
    sandbox_url: str
    hooks_url: str
    engine: sa.Engine
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> None:
        with (self.code / f"{name}.log").open("wb") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, "-m", "adapter", name, *arguments], cwd=self.code, env=self.environ,
                stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
            )  # fmt: skip

    def end(self, name: str, number: int) -> None:
        child = self.children.pop(name)
        os.killpg(child.pid, number)
        child.wait(40)

    def control(self, name: str, body: Any) -> None:
        answer = requests.post(f"{self.sandbox_url}/_sandbox/{name}", json=body, timeout=10)
        answer.raise_for_status()

    def fault(self, kind: str, **more: Any) -> None:
        """What happens to the next post of an event."""
        given = {"kind": kind, "path": "/v1/events/", "method": "POST", **more}
        self.control("faults", [given])

    def hook(self, kind: str, name: str, caller: str, called: str = LINE, **more: str) -> None:
        params = hook(
            kind, call=call_id(name), account=ACCOUNT, caller=caller, called=called,
            recording="RE" + call_id(name)[2:],
        )  # fmt: skip
        params |= {"DialCallSid": call_id(f"{name} leg")} if kind == "dial" else {}
        self.send({**params, **more})

    def send(self, params: Mapping[str, str]) -> None:
        send(self.hooks_url, params, token=TOKEN).raise_for_status()

    def await_state(self, name: str, *, also: str = "true") -> None:
        query = sa.text(f"SELECT state FROM calls WHERE call_id = :id AND {also}")

        def is_there() -> bool:
            with self.engine.connect() as connection:
                found = connection.execute(query, {"id": call_id(name)}).scalar_one_or_none()
            return found == CALLS[name]

        wait_until(is_there, f"{name} to be {CALLS[name]} ({also})")


def wait_until(is_so: Callable[[], bool], what: str, within_seconds: float = 120) -> None:
    until = time.monotonic() + within_seconds
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.1)


def live(old: Old) -> None:
    """A day in the life of the old version; it ends with the worker killed amid its work."""
    old.control("people", PEOPLE)
    old.start("worker")
    read = sa.text("SELECT count(*) FROM syncs WHERE is_filled")

    def is_read() -> bool:
        with old.engine.connect() as connection:
            return int(connection.execute(read).scalar_one()) == 3

    wait_until(is_read, "the index of people to be read")
    for kind in ("dial", "answered"):
        old.hook(kind, "answered", "+16175550134")
    old.hook("missed", "missed", "+16175550135")
    old.hook("voicemail", "voicemail", "+16175550136")
    old.hook("answered", "voicemail", "+16175550136")
    old.hook("missed", "leased", "+16175561006")
    old.hook("missed", "applicant", "+16175561007")
    # Of two phones that rang one picked up; its hooks are lost, and the other was canceled.
    leg = {"CallSid": call_id("ringall leg"), "ParentCallSid": call_id("ringall")}
    old.hook("missed", "ringall", "+16175550134", "+16175550151", **leg,
             Direction="outbound-dial", CallStatus="canceled")  # fmt: skip
    old.hook("answered", "ringall", "+16175550134")
    # What is known of a leg comes before it is known to be one.
    old.hook("machine", "leg", "+16175550135")
    old.hook("dial", "legs parent", "+16175550135", DialCallSid=call_id("leg"))
    old.hook("answered", "legs parent", "+16175550135")
    for name, caller in (
        ("stranger", "+16175550199"), ("withheld", "+266696687"), ("unavailable", "+8656696"),
        ("words", "+16175561002"), ("second", "+16175561004"), ("mexico", "+525512345678"),
        ("ignored", IGNORED),
    ):  # fmt: skip
        old.hook("missed", name, caller)
    for name, state in CALLS.items():
        if state in ("written", "held", "ignored", "folded"):
            old.await_state(name)
    old.send({"AccountSid": ACCOUNT, "CallSid": call_id("parked"), "Unheard": "of"})
    old.fault("status", status=400)
    old.hook("missed", "refused", "+16175550135")
    old.await_state("refused")
    old.fault("pending_forever")
    old.hook("missed", "posted", "+16175550135")
    old.await_state("posted")
    old.fault("pending_forever", path="/v1/leads/")
    old.hook("missed", "new lead", "+16175550177", LEADS_LINE)
    old.await_state("new lead", also="EXISTS (SELECT 1 FROM new_leads WHERE job_id IS NOT NULL)")
    old.fault("status", status=503, retry_after="3000")
    old.hook("missed", "retrying", "+16175550135")
    old.await_state("retrying", also="tries > 0")
    old.fault("reset_before")  # which the adapter cannot tell from an answer lost
    old.hook("missed", "doubtful", "+16175550136")
    doubt = "EXISTS (SELECT 1 FROM attempts WHERE call_key = calls.key AND doubtful)"
    old.await_state("doubtful", also=f"{doubt} AND reason LIKE '%may have got through%'")
    old.end("worker", signal.SIGKILL)
    old.hook("missed", "due", "+16175550134")
    old.hook("missed", "ringing", "+16175550134", CallStatus="ringing", CallDuration="")
    with old.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT call_id, state FROM calls")).all()
        states = {row.call_id: row.state for row in rows}
        parked = connection.execute(sa.text("SELECT count(*) FROM hooks WHERE state = 'parked'"))
        assert parked.scalar_one() == 1, "no parked hook"
    assert states == {call_id(name): state for name, state in CALLS.items()}, states


def is_cut_off() -> bool:
    """True in a shallow clone, whose history does not reach back to the old code."""

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *words], cwd=FOLDER.parents[3], capture_output=True, text=True, check=False
        )

    is_shallow = git("rev-parse", "--is-shallow-repository").stdout.strip() == "true"
    return is_shallow and git("cat-file", "-e", f"{REVISION}^{{commit}}").returncode != 0


@contextmanager
def old_version(folder: Path, database_url: str) -> Iterator[Old]:
    """The old code with its web and sandbox running, on a database that it migrated."""
    code = folder / "code"
    packed = subprocess.run(
        ["git", "archive", REVISION], cwd=FOLDER.parents[3], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(code, filter="data")
    sandbox_port, port = free_port(), free_port()
    sandbox_url, base_url = f"http://127.0.0.1:{sandbox_port}", f"http://127.0.0.1:{port}"
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(code),
        "DATABASE_URL": database_url,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "PUBLIC_BASE_URL": base_url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_BASE_URL": sandbox_url,  # nothing leaves this machine; it knows no call
        "PROPEXO_API_KEY": "sandbox-key",
        "PROPEXO_BASE_URL": sandbox_url,
        "PROPEXO_RATE_LIMIT": "0",
        "PROPEXO_VISIBLE_SECONDS": "3000",
        "PEOPLE_SYNC_SECONDS": "3000",
        "CONFIRM_SECONDS": "1",
        "SETTLE_SECONDS": "1",
        "ADAPTER_LINES": LINES,
        "SECRET_KEY": "secret-key",
    }
    url = Settings.from_environ({"DATABASE_URL": database_url}).database_url
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    old = Old(code, environ, sandbox_url, f"{base_url}/webhooks/twilio", engine)
    try:
        old.start("migrate")
        assert old.children.pop("migrate").wait(60) == 0, "the old version cannot migrate"
        old.start("sandbox", "--port", str(sandbox_port), "--rate-limit", "0")
        old.start("web")
        wait_until(lambda: _answers(f"{sandbox_url}/_sandbox/health"), "the sandbox")
        wait_until(lambda: _answers(f"{base_url}/livez"), "the web process")
        yield old
    finally:
        for name in list(old.children):
            old.end(name, signal.SIGTERM)
        engine.dispose()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def sqlite_dump() -> str:
    with TemporaryDirectory() as name:
        path = Path(name) / "old.sqlite3"
        with old_version(Path(name), f"sqlite:///{path}") as old:
            live(old)
        with sqlite3.connect(path) as connection:
            return "\n".join(connection.iterdump()) + "\n"


def postgres_dump() -> str:
    given = os.environ.get("TEST_DATABASE_URL")
    server = PostgresServer(given or "postgresql://postgres@127.0.0.1:5432/postgres")
    with TemporaryDirectory() as name, ExitStack() as stack:
        url = server.create()
        stack.callback(server.drop, url)
        with old_version(Path(name), url) as old:
            live(old)
        options = ("--no-owner", "--no-privileges", "--no-comments", "--inserts")
        found = subprocess.run(
            ["pg_dump", *options, url], check=True, capture_output=True, text=True
        ).stdout
    # psql's own commands, and what servers before 17 do not know; the rest any client can run.
    return re.sub(r"(?m)^(?:\\.*|SET transaction_timeout.*)\n", "", found)


DUMPS = {"sqlite.sql": sqlite_dump, "postgres.sql": postgres_dump}


def main(names: Sequence[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or DUMPS:
        text = DUMPS[name]()
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{FOLDER / name}: {len(text) // 1024} kB\n")


if __name__ == "__main__":
    main(sys.argv[1:])
