"""A whole adapter without processes: the real store, intake and delivery; time, target and provider made up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapter.config.lines_file import read_lines
from adapter.delivery.bulk_confirm import BulkConfirmation
from adapter.delivery.confirm import Confirmation
from adapter.delivery.correct import Correction
from adapter.delivery.deliver import Steps
from adapter.delivery.enrich import Enrichment
from adapter.delivery.event_write import EventComposer
from adapter.delivery.find_person import PersonFinder
from adapter.delivery.lead_creation import LeadCreation
from adapter.delivery.relays import Relays
from adapter.delivery.run import Delivery
from adapter.delivery.unrecorded_writes import UnrecordedWrites
from adapter.delivery.write_once import WriteOnce
from adapter.domain.assessment import CallRules
from adapter.domain.call import Call
from adapter.domain.call_event import CallEvent, WriteRequest
from adapter.domain.call_links import Links
from adapter.domain.due import RecordingLinks, SettlePolicy
from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import Person
from adapter.domain.record import Leg, Recording
from adapter.domain.summary import CallSummary
from adapter.errors import PermanentError
from adapter.intake.service import Intake
from adapter.providers.base import Reply
from adapter.storage.api_health import ApiHealth
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.lead_requests import LeadRequests
from adapter.storage.schema import calls
from adapter.storage.store import Store
from adapter.targets.base import EarlierWrite, NoTrace, WriteOutcome, WriteState
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, BASE_URL, LINE, TOKEN
from tests.support.hooks import signed
from tests.support.providers import NoApi, twilio_provider

OTHER_LINE = "+16175550101"
STAFF = "+16175550150"
SUBACCOUNT = "AC00000000000000000000000000000002"
SUBACCOUNT_TOKEN = "subaccount-token"
NEXT_DUE = sa.select(sa.func.min(calls.c.due_at)).where(
    calls.c.queued_run < calls.c.run, calls.c.due_at.isnot(None)
)
LINES = f"""
[defaults]
integration_id = "int_entrata"
event_type = "Call"
staff = ["{STAFF}"]
[lines."{LINE}"]
name = "Main Street leasing"
property_id = "prop_main"
[lines."{OTHER_LINE}"]
property_id = "prop_oak"
"""
LEAD, APPLICANT, RESIDENT = PersonKind.LEAD, PersonKind.APPLICANT, PersonKind.RESIDENT


def person(kind: PersonKind, id: str, number: str, *, property_id: str = "prop_main") -> Person:
    return Person(
        kind=kind,
        id=id,
        integration_id="int_entrata",
        name=id.partition("_")[2].title(),
        property_id=property_id,
        numbers=frozenset({number}),
        vendor="ENTRATA",
    )


ANNA = person(LEAD, "lead_anna", "+16175550134")
# The sandbox knows the same people.
PEOPLE = (
    ANNA,
    person(LEAD, "lead_ben", "+16175550135"),
    person(LEAD, "lead_cara", "+16175550136"),
    person(APPLICANT, "applicant_finn", "+16175550140"),
    person(RESIDENT, "resident_gia", "+16175550141", property_id="prop_oak"),
)


@dataclass
class FakeTarget:
    """A TargetApi that keeps what it is told. Each list of answers is used up; then all goes well.

    An answer is what a method returns, or the error that it raises.
    """

    people: Sequence[Person] = PEOPLE
    posts: list[WriteRequest] = field(default_factory=list)
    amendments: list[tuple[str, WriteRequest]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    lookups: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    traces: list[Any] = field(default_factory=list)
    earlier: list[Any] = field(default_factory=list)
    earlier_looks: list[tuple[datetime, bool]] = field(default_factory=list)
    confirmations: list[Any] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    retries: list[Any] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    ended: dict[str, bool] = field(default_factory=dict)
    no_logs: Exception | None = None
    no_amending: Exception | None = None
    is_correctable: bool = True
    is_complete: bool = True
    no_leads: list[Exception] = field(default_factory=list)

    def find_people(self, number: str, line: Line) -> Sequence[Person]:
        found: Sequence[Person] = self._next("find_people", self.lookups, self.people)
        return found

    def knows_everybody(self, line: Line) -> bool:
        return self.is_complete

    def person(self, kind: PersonKind, person_id: str, line: Line) -> Person:
        self.asked["person"] += 1
        for known in self.people:
            if (known.kind, known.id) == (kind, person_id):
                return known
        raise PermanentError(f"Propexo answered 404: no {kind.value} {person_id}", status=404)

    def known_person(self, kind: PersonKind, person_id: str, line: Line) -> Person | None:
        return next((p for p in self.people if (p.kind, p.id) == (kind, person_id)), None)

    def people_by_email(self, email: str, line: Line) -> Sequence[Person]:
        found: Sequence[Person] = self._next("people_by_email", self.lookups, ())
        return found

    def why_refused(self, person: Person) -> str | None:
        return person.refused

    def new_lead(self, number: str, line: Line, reference: str) -> WriteRequest:
        self.asked["new_lead"] += 1
        if self.no_leads:
            raise self.no_leads.pop(0)
        body = {"phone_1": number, "notes": reference, "first_name": "Unknown"}
        return WriteRequest("/leads", {}, body)

    def made_lead(self, request: WriteRequest, lead_id: str, line: Line) -> Person:
        name = request.body["first_name"]
        assert line.integration_id is not None
        return Person(PersonKind.LEAD, lead_id, line.integration_id, name=name)

    def prepare(self, summary: CallSummary, person: Person, line: Line) -> WriteRequest:
        self.asked["prepare"] += 1
        if self.refusals:
            raise self.refusals.pop(0)
        told = asdict(summary)
        told |= {"started_at": summary.started_at.isoformat(), "person_id": person.id}
        return WriteRequest(f"/events/{person.kind.value}", {}, told)

    def post(self, request: WriteRequest) -> str:
        """Kept also where an error follows: it may have got through, and the test says if it did."""
        self.posts.append(request)
        return str(self._next("post", self.answers, f"job_{len(self.posts)}"))

    def find_earlier(
        self,
        reference: str,
        request: WriteRequest,
        since: datetime,
        *,
        after_job: str | None = None,
    ) -> EarlierWrite:
        assert reference in str(request.body)
        found: EarlierWrite = self._next("find_earlier", self.traces, NoTrace())
        return found

    def find_unrecorded(
        self, reference: str, request: WriteRequest, since: datetime, *, thorough: bool
    ) -> EarlierWrite:
        assert reference in str(request.body)
        self.earlier_looks.append((since, thorough))
        found: EarlierWrite = self._next("find_unrecorded", self.earlier, NoTrace())
        return found

    def confirm(self, job_id: str, *, integration_id: str | None = None) -> WriteOutcome:
        written = WriteOutcome(WriteState.WRITTEN, record_id="event_1")
        found: WriteOutcome = self._next("confirm", self.confirmations, written)
        return found

    def ended_writes(self, integration_id: str, since: datetime) -> Mapping[str, bool]:
        self.asked["ended_writes"] += 1
        if self.no_logs is not None:
            raise self.no_logs
        return self.ended

    def retry(self, job_id: str, *, integration_id: str | None = None) -> str:
        return str(self._next("retry", self.retries, f"{job_id}_again"))

    def find_event(self, reference: str, request: WriteRequest, event_id: str | None) -> str | None:
        found: str | None = self._next("find_event", self.events, event_id)
        return found

    def takes_corrections(self, person: Person) -> bool:
        return self.is_correctable

    def amend(self, event_id: str, event: CallEvent) -> None:
        self.asked["amend"] += 1
        if self.no_amending is not None:
            raise self.no_amending
        self.amendments.append((event_id, event.request))

    def _next(self, name: str, answers: list[Any], otherwise: Any) -> Any:
        self.asked[name] += 1
        answer = answers.pop(0) if answers else otherwise
        if isinstance(answer, BaseException):
            raise answer
        return answer


@dataclass
class FakeReader:
    """A provider's API that knows these legs and recordings, and counts what it is asked."""

    call: Leg | None = None
    children: Sequence[Leg] = ()
    recordings: Sequence[Recording] = ()
    errors: list[Exception] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    has_credentials: bool = True
    on_lines: Sequence[Leg] = ()

    def can_read(self, account: str) -> bool:
        return self.has_credentials

    def leg(self, account: str, sid: str) -> Leg | None:
        self._ask("leg")
        return self.call

    def legs_dialled_by(self, account: str, sid: str) -> Sequence[Leg]:
        self._ask("legs")
        return [leg for leg in self.children if leg.parent_id in (None, sid)]

    def recordings_of(self, account: str, sid: str) -> Sequence[Recording]:
        self._ask("recordings")
        return self.recordings

    def calls_to(self, account: str, number: str, since: datetime) -> Sequence[Leg]:
        self._ask("calls to a line")
        return [leg for leg in self.on_lines if leg.to_number == number]

    def _ask(self, what: str) -> None:
        self.reads.append(what)
        if self.errors:
            raise self.errors.pop(0)


class World:
    """One adapter. Hooks go in at the clock's time; runs happen when their time has come.

    has_write_logs: writes are confirmed in bulk (`world.bulk.work()`), by a run of their own only late.
    """

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        *,
        target: FakeTarget | None = None,
        reader: FakeReader | None = None,
        lines: str = LINES,
        recording_links: str = "adapter",
        visible_seconds: float = 60.0,
        has_write_logs: bool = False,
    ) -> None:
        self.clock = clock
        self.store = Store(engine)
        self.target = target or FakeTarget()
        self.reader = reader
        self.rules = CallRules(
            read_lines(lines, {}), SettlePolicy(links=RecordingLinks(recording_links))
        )
        self.twilio = twilio_provider(
            subaccounts={SUBACCOUNT: [SUBACCOUNT_TOKEN]}, api=reader or NoApi()
        )
        providers = {"twilio": self.twilio}
        self.intake = Intake(store=self.store, providers=providers, rules=self.rules)
        self.bulk = BulkConfirmation(store=self.store, target=self.target, clock=clock)
        if not has_write_logs:
            self.bulk.without_logs.add("int_entrata")
        self.write_once = WriteOnce(
            store=self.store,
            target=self.target,
            breakers=Breakers(self.store),
            clock=clock,
            visible_seconds=visible_seconds,
            monotonic=lambda: clock().timestamp(),
        )
        self.unrecorded = UnrecordedWrites(
            store=self.store, target=self.target, rules=self.rules, clock=clock
        )
        composer = EventComposer(
            target=self.target,
            rules=self.rules,
            links=Links(BASE_URL, ["secret"], call_id_prefix="CA"),
            providers=providers,
        )
        correction = Correction(
            rules=self.rules, target=self.target, composer=composer, clock=clock
        )
        self.steps = Steps(
            store=self.store,
            rules=self.rules,
            enrichment=Enrichment(
                store=self.store,
                rules=self.rules,
                providers=providers,
                fold=self.intake.add,
                health=ApiHealth(self.store),
                relays=Relays(self.store, self.rules),
                clock=clock,
            ),
            person_finder=PersonFinder(
                target=self.target,
                lead_creation=LeadCreation(
                    store=self.store,
                    leads=LeadRequests(self.store),
                    target=self.target,
                    write_once=self.write_once,
                    unrecorded=self.unrecorded,
                    clock=clock,
                ),
                clock=clock,
            ),
            composer=composer,
            write_once=self.write_once,
            unrecorded=self.unrecorded,
            confirmation=Confirmation(
                store=self.store,
                target=self.target,
                write_once=self.write_once,
                correction=correction,
                bulk=self.bulk,
                clock=clock,
            ),
            correction=correction,
        )
        self.delivery = Delivery(store=self.store, advance=self.steps.advance, clock=clock)

    def hook(self, params: Mapping[str, str], *, method: str = "POST") -> Reply:
        """Send a signed hook now."""
        token = SUBACCOUNT_TOKEN if params.get("AccountSid") == SUBACCOUNT else TOKEN
        return self.intake.take(
            self.twilio, signed(params, token=token, method=method, at=self.clock())
        )

    def next_due(self) -> datetime | None:
        """When the next run is due, if any is planned."""
        with self.store.begin() as connection:
            found: datetime | None = connection.execute(NEXT_DUE).scalar_one()
        return found

    def queue_next(self) -> tuple[str, int]:
        """Let the time come for the next run and hand it out, as the worker's dispatcher does."""
        due = self.next_due()
        assert due is not None, "no run is planned"
        self.clock.now = max(self.clock.now, due)
        with self.store.begin() as connection:
            return self.store.runs.take_due(connection, self.clock.now, 1)[0]

    def run_next(self) -> tuple[str, int]:
        """Let the time come for the next run, and run it."""
        key, number = self.queue_next()
        self.delivery.run(key, number)
        return key, number

    def pass_time(self, seconds: float) -> None:
        """All runs of the next seconds, each at its time."""
        end = self.clock() + timedelta(seconds=seconds)
        for _ in range(10_000):
            due = self.next_due()
            if due is None or due > end:
                self.clock.now = max(self.clock.now, end)
                return
            self.run_next()
        raise AssertionError("the runs never end")

    def finish(self) -> None:
        """All runs, until none is planned any more."""
        for _ in range(10_000):
            if self.next_due() is None:
                return
            self.run_next()
        raise AssertionError("the runs never end")

    def call(self, sid: str, account: str = ACCOUNT) -> Call:
        found = self.store.calls.get(f"twilio:{account}:{sid}")
        assert found is not None, f"no call {sid}"
        return found


# Hooks ----------------------------------------------------------------------------------------------
