"""Does every target keep what adapter.targets promises? One test for all, whoever they are.

A new target needs a Specimen here: a stand-in over HTTP with a lead called Anna, whose number is ANNA.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from werkzeug.datastructures import Headers

from adapter.bootstrap import TARGETS, Container
from adapter.config.settings import Settings
from adapter.domain.call_event import WriteRequest
from adapter.domain.lines import Line, PersonKind
from adapter.domain.matching import Person
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.domain.summary import CallSummary
from adapter.errors import (
    CannotVerify,
    HookError,
    PermanentError,
    TemporaryError,
    UntrustedHook,
)
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.targets.base import FoundJob, NoTrace, Target, WriteState
from tests.support.environment import ENVIRON, NOW
from tests.support.waiting import wait_for

ANNA = "+16175550134"
NOBODY = "+16175550199"
LINE = "+16175550100"
NOWHERE = "http://127.0.0.1:1"


@dataclass(frozen=True)
class Specimen:
    """settings: for a target at this URL. serve: its stand-in, whose writes end within a second."""

    settings: Callable[[str], Mapping[str, str]]
    serve: Callable[[], AbstractContextManager[str]]


def _propexo(url: str) -> Mapping[str, str]:
    key = 'integration_id = "int_entrata"\nproperty_id = "prop_main"\nevent_type = "Call"\n'
    return {
        **ENVIRON,
        "PROPEXO_BASE_URL": url,
        "PROPEXO_API_KEY": "sandbox-key",
        "PROPEXO_RATE_LIMIT": "0",
        "PROPEXO_WEBHOOK_SECRET": "webhook-secret",
        "PEOPLE_SYNC_SECONDS": "0",
        "ADAPTER_LINES": f'[lines."{LINE}"]\n{key}',
    }


@contextmanager
def _sandbox() -> Iterator[str]:
    app = create_sandbox(
        SandboxState(),
        api_key="sandbox-key",
        rate_limit=0,
        write_seconds=0.2,
        read_back_seconds=0.2,
    )
    with SandboxServer(app) as server:
        yield server.url


SPECIMENS = {"propexo": Specimen(_propexo, _sandbox)}


def test_every_target_has_a_specimen() -> None:
    assert set(SPECIMENS) == set(TARGETS)


@dataclass
class Connected:
    """A target on its stand-in, and one whose other side does not answer."""

    target: Target
    dead: Target
    line: Line

    @property
    def anna(self) -> Person:
        leads = self.target.api.find_people(ANNA, self.line)
        return next(person for person in leads if person.kind is PersonKind.LEAD)

    def request(self, reference: str) -> WriteRequest:
        return self.target.api.prepare(summary(reference), self.anna, self.line)


def lately() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


def summary(reference: str) -> CallSummary:
    return CallSummary(
        reference=reference,
        direction=Direction.INBOUND,
        outcome=Outcome.ANSWERED,
        assumed=False,
        because="answered",
        talk_seconds=42,
        started_at=NOW,
        from_number=ANNA,
        to_number=LINE,
        link="https://calls.example.com/recordings/abc",
        has_recording=True,
        transcript="",
        line_name="Main Street",
    )


@pytest.fixture(scope="module", params=sorted(SPECIMENS))
def url(request: pytest.FixtureRequest) -> Iterator[tuple[Specimen, str]]:
    specimen = SPECIMENS[request.param]
    with specimen.serve() as url:
        yield specimen, url


@pytest.fixture
def it(url: tuple[Specimen, str], database_url: str) -> Iterator[Connected]:
    specimen, address = url

    def container(at: str) -> Container:
        environ = {**specimen.settings(at), "DATABASE_URL": database_url}
        return Container(Settings.from_environ(environ))

    alive, dead = container(address), container(NOWHERE)
    line = alive.lines.of(LINE)
    assert line is not None
    yield Connected(alive.target, dead.target, line)
    alive.store.engine.dispose()
    dead.store.engine.dispose()


def test_its_name_fits_into_routes(it: Connected) -> None:
    assert it.target.name in SPECIMENS
    assert it.target.name.isidentifier() and it.target.label.strip()


def test_it_finds_people_by_their_number_and_nobody_by_no_ones(it: Connected) -> None:
    assert it.anna.integration_id == it.line.integration_id
    assert list(it.target.api.find_people(NOBODY, it.line)) == []
    same = it.target.api.person(PersonKind.LEAD, it.anna.id, it.line)
    assert (same.id, same.kind) == (it.anna.id, it.anna.kind)
    with pytest.raises(PermanentError):
        it.target.api.person(PersonKind.LEAD, "nobody-at-all", it.line)


def test_it_finds_people_by_their_address(it: Connected) -> None:
    found = it.target.api.people_by_email("anna.alvarez@example.com", it.line)
    assert [(person.kind, person.id) for person in found] == [(it.anna.kind, it.anna.id)]
    assert list(it.target.api.people_by_email("nobody@example.com", it.line)) == []


def test_whom_it_knows_is_told_without_asking(
    it: Connected, url: tuple[Specimen, str], database_url: str
) -> None:
    """Where nothing answers, too: pages do not wait for the target."""
    environ = {**url[0].settings(NOWHERE), "PEOPLE_SYNC_SECONDS": "60"}
    container = Container(Settings.from_environ({**environ, "DATABASE_URL": database_url}))
    api, anna = container.target.api, it.anna
    assert api.known_person(PersonKind.LEAD, anna.id, it.line) is None
    container.index.save([anna])
    known = api.known_person(PersonKind.LEAD, anna.id, it.line)
    assert known is not None and known.id == anna.id
    elsewhere = it.line.model_copy(update={"integration_id": "int_other"})
    with pytest.raises(PermanentError):
        api.known_person(PersonKind.LEAD, anna.id, elsewhere)
    assert api.why_refused(anna) is None
    container.store.engine.dispose()


def test_the_same_call_makes_the_same_request(it: Connected) -> None:
    assert it.request("CA1") == it.request("CA1")
    assert it.request("CA1") != it.request("CA2")


def test_what_is_written_is_confirmed_and_found_by_its_reference(it: Connected) -> None:
    api, reference = it.target.api, f"CA{uuid4().hex}"
    request, since = it.request(reference), lately()
    assert isinstance(api.find_earlier(reference, request, since), NoTrace)
    job = api.post(request)
    wait_for(
        "the write to be confirmed",
        lambda: api.confirm(job, integration_id=it.line.integration_id).state is WriteState.WRITTEN,
    )
    found = api.find_earlier(reference, request, since)
    assert isinstance(found, FoundJob) and found.job_id == job
    assert it.line.integration_id is not None
    assert api.ended_writes(it.line.integration_id, since)[job] is True
    other = f"CA{uuid4().hex}"
    assert isinstance(api.find_earlier(other, it.request(other), since), NoTrace)
    assert api.find_event(reference, request, None) is not None


def test_a_refused_request_says_so_and_is_not_in_doubt(it: Connected) -> None:
    request = it.request("CA3")
    with pytest.raises(PermanentError) as raised:
        it.target.api.post(replace(request, body={**request.body, "integration_id": "none"}))
    assert not getattr(raised.value, "in_doubt", False)


def test_a_target_that_does_not_answer_may_answer_later(it: Connected) -> None:
    """Of a post that never left nothing is in doubt, or all is; but it is never taken for refused."""
    api, request = it.dead.api, it.request("CA4")
    for ask in (
        lambda: api.find_people(ANNA, it.line),
        lambda: api.person(PersonKind.LEAD, it.anna.id, it.line),
        lambda: api.post(request),
        lambda: api.confirm("job", integration_id=it.line.integration_id),
        lambda: api.ended_writes(str(it.line.integration_id), lately()),
    ):
        with pytest.raises(TemporaryError):
            ask()
    with pytest.raises((TemporaryError, CannotVerify)):
        api.find_earlier("CA4", request, lately())
    with pytest.raises(TemporaryError):
        it.dead.line_check.lacking(it.line)


def test_a_line_that_lacks_nothing_is_said_to_lack_nothing(it: Connected) -> None:
    system, lacks = it.target.line_check.lacking(it.line)
    assert (system != "?", list(lacks)) == (True, [])
    assert it.target.line_check.refuse_unknown([it.line])


def test_webhooks_of_failed_writes_are_trusted_by_their_signature_alone(it: Connected) -> None:
    for body in (b"", b"{}", b'{"event": "WRITE_OPERATION_FAILURE"}', b"\xff"):
        for headers in (Headers(), Headers({"propexo-signature": "0" * 64})):
            with pytest.raises((UntrustedHook, HookError)):
                it.target.failure_hooks.read(body, headers)


def test_the_pause_of_its_key_does_not_tell_the_key(it: Connected) -> None:
    assert it.target.key_pause.startswith("key/")
    assert "sandbox-key" not in it.target.key_pause
    it.target.try_key()  # nothing is paused: nothing is asked
