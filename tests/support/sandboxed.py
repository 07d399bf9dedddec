"""A whole adapter in this process on the sandbox over HTTP. Time passes only when a test says so."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import requests
import sqlalchemy as sa
import time_machine

from adapter.bootstrap import Container
from adapter.cli.render import print_story
from adapter.config.settings import Settings
from adapter.domain.call import Call
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.sandbox.twilio import new_sid
from adapter.storage.schema import calls
from tests.support.environment import ACCOUNT, BASE_URL, ENVIRON, NOW
from tests.support.hooks import signed

API_KEY = "sandbox-key"
MAIN = "+16175550100"
STRANGER, OTHER_STRANGER = "+16175550160", "+16175550161"


class Adapter:
    """An adapter, its sandbox, and the time in which both live."""

    def __init__(
        self,
        database_url: str,
        traveller: time_machine.Traveller,
        url: str,
        container: type[Container] = Container,
        **more: str,
    ) -> None:
        self.traveller = traveller
        self.url = url
        self.environ = {
            **ENVIRON,
            "DATABASE_URL": database_url,
            "PROPEXO_API_KEY": API_KEY,
            "PROPEXO_BASE_URL": url,
            "PROPEXO_INTEGRATION_ID": "",
            "PROPEXO_RATE_LIMIT": "0",
            "TWILIO_API_BASE_URL": f"{url}/_sandbox",  # knows no call: 404
            **more,
        }
        self.container = container(
            Settings.from_environ(self.environ), pool_size=20, monotonic=time.time
        )
        self.store = self.container.store

    # Time and work --------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.now(UTC)

    def next_due(self) -> datetime | None:
        waiting = sa.and_(calls.c.queued_run < calls.c.run, calls.c.due_at.isnot(None))
        with self.store.begin() as connection:
            found: datetime | None = connection.execute(
                sa.select(sa.func.min(calls.c.due_at)).where(waiting)
            ).scalar_one()
        return found

    def take_due(self) -> Sequence[tuple[str, int]]:
        """What is due now, as the dispatcher hands it out."""
        with self.store.begin() as connection:
            return self.store.runs.take_due(connection, self.now(), 1000)

    def work(self) -> int:
        """All runs that are due now, and those that they plan for now; how many those were."""
        done = 0
        while found := self.take_due():
            for key, run in found:
                self.container.delivery.run(key, run)
            done += len(found)
            assert done < 10_000, "the runs never end"
        return done

    def pass_time(self, seconds: float) -> None:
        """All runs of the next seconds, each at its time."""
        end = self.now() + timedelta(seconds=seconds)
        while (due := self.next_due()) is not None and due <= end:
            self.traveller.move_to(max(self.now(), due))
            self.work()
        self.traveller.move_to(end)

    def fill_index(self) -> None:
        """Read all people, as the worker's upkeep does, and run what that wakes."""
        while self.container.target.people.step(timedelta(minutes=5)):
            self.work()

    # Calls ----------------------------------------------------------------------------------------

    def hook(self, **params: str) -> None:
        base_url = self.container.settings.public_base_url or BASE_URL
        hook = signed(params, base_url=base_url, at=self.now())
        self.container.intake.take(self.container.providers["twilio"], hook)

    def missed(self, caller: str = STRANGER, line: str = MAIN, sid: str | None = None) -> str:
        """A call that found the line busy, due at once; its id."""
        sid = sid or new_sid()
        self.hook(**missed_hook(sid, caller, line))
        return sid

    def call(self, sid: str) -> Call:
        (found,) = self.store.calls.find(sid)
        return found

    def story(self, sid: str) -> str:
        """What `adapter show` says."""
        from rich.console import Console

        call = self.call(sid)
        console = Console(width=200, record=True, quiet=True)
        hooks, attempts = self.store.hooks.of_call(call.key), self.store.attempts.of_call(call.key)
        console.quiet = False
        with console.capture() as shown:
            print_story(
                console,
                call,
                hooks,
                attempts,
                self.store.decisions.of_call(call.key),
                ending=self.container.rules.assess(call.record).ending,
            )
        return shown.get()

    # The sandbox ----------------------------------------------------------------------------------

    def control(self, path: str, body: Any = None) -> Any:
        method = "GET" if body is None else "POST"
        answer = requests.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind: str, **more: Any) -> None:
        self.control("faults", [{"kind": kind, **more}])

    def person(self, kind: str, **fields: Any) -> str:
        """Somebody new at Propexo; the id."""
        return str(self.control("people", {"kind": kind, **fields})["results"][0]["id"])

    def events(self) -> list[dict[str, Any]]:
        return list(self.control("events")["events"])

    def leads(self) -> list[dict[str, Any]]:
        """The leads that were asked for and accepted."""
        return [each for each in self.control("writes")["writes"] if each["category"] == "leads"]

    def refused(self) -> list[dict[str, Any]]:
        return list(self.control("refused")["refused"])

    def asked(self, path: str = "", method: str = "") -> int:
        """How many requests came to such paths."""
        routes = self.control("requests")["routes"]
        return sum(
            each["count"]
            for each in routes
            if path in each["path"] and method in ("", each["method"])
        )


@contextmanager
def adapter(
    database_url: str,
    *,
    vendors: Sequence[str] = ("ENTRATA",),
    now: datetime = NOW,
    rate_limit: int = 0,
    read_back_seconds: float = 0.5,
    container: type[Container] = Container,
    **environ: str,
) -> Iterator[Adapter]:
    """An adapter and its sandbox; both live in the time of the test.

    container: one with a part of the test's own in the place of the real one.
    """
    with time_machine.travel(now, tick=False) as traveller:
        app = create_sandbox(
            SandboxState(vendors),
            api_key=API_KEY,
            rate_limit=rate_limit,
            slow_seconds=0,
            read_back_seconds=read_back_seconds,
        )
        with SandboxServer(app) as server:
            made = Adapter(database_url, traveller, server.url, container, **environ)
            try:
                yield made
            finally:
                made.store.engine.dispose()


@contextmanager
def acquainted(database_url: str, **more: Any) -> Iterator[Adapter]:
    """An adapter whose index of people has been read: who is not found is nobody it knows."""
    with adapter(database_url, **more) as made:
        made.fill_index()
        yield made


def missed_hook(sid: str, caller: str, line: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "CallSid": sid,
        "From": caller,
        "To": line,
        "Direction": "inbound",
        "CallStatus": "busy",
        "CallDuration": "0",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "0",
        "Timestamp": format_datetime(datetime.now(UTC)),
    }


def lines(vendor: str = "ENTRATA", policy: str = "create_lead", **more: str) -> str:
    """A line of the sandbox's company for this PMS, with all that a new lead needs."""
    suffix = "" if vendor == "ENTRATA" else f"_{vendor.lower()}"
    keys = {
        "integration_id": f"int_{vendor.lower()}",
        "property_id": f"prop_main{suffix}",
        "event_type": "Call",
        "employee": "lee@example.com",
        "agent_name": "Lee Agent",
        "lead_source_id": f"ls_phone{suffix}",
        "lead_relationship_id": "relationship_1",
        "organization_name": "Example Living",
        "unknown_caller": policy,
        **more,
    }
    return f'[lines."{MAIN}"]\n' + "".join(f'{k} = "{v}"\n' for k, v in keys.items() if v)
