"""What does a worker find out about its set-up, and what does /health know of it afterwards?"""

from __future__ import annotations

from datetime import timedelta

from adapter.operations import set_up_checks
from adapter.operations.set_up_checks import WorkerChecks, set_up_report
from adapter.storage.set_up_checks import SetUpChecks
from adapter.storage.store import Store
from tests.support.clock import Clock

ADDRESS = "https://calls.example.com"


class Answers:
    """Answers of the public address, one after the other; the last one stays. waits: how long was paused."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str | None]] = []
        self.waits: list[float] = []

    def ask(self, address: str, instance: str | None) -> str | None:
        self.asked.append((address, instance))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


def look(
    store: Store, clock: Clock, answers: Answers, address: str | None = ADDRESS, **settings: str
) -> None:
    checks = WorkerChecks(
        store=store, address=address, settings=lambda: settings, clock=clock, ask=answers.ask
    )
    checks.look(answers)


def test_an_address_that_leads_here_is_no_problem(store: Store, clock: Clock) -> None:
    answers = Answers(None)
    look(store, clock, answers)
    report = set_up_report(SetUpChecks(store), {}, clock())
    assert (report.problems, report.not_known) == ({}, ())
    assert answers.asked == [(ADDRESS, store.secrets.instance())] and answers.waits == []


def test_a_blip_is_asked_again_before_it_is_a_problem(store: Store, clock: Clock) -> None:
    answers = Answers("cannot be reached", None)
    look(store, clock, answers)
    assert set_up_report(SetUpChecks(store), {}, clock()).problems == {}
    assert len(answers.asked) == 2 and len(answers.waits) == 1
    look(store, clock, Answers("cannot be reached"))
    report = set_up_report(SetUpChecks(store), {}, clock())
    assert report.problems == {"public address": "cannot be reached"}


def test_what_was_found_long_ago_is_not_known_any_more(store: Store, clock: Clock) -> None:
    own = {"ADMIN_PASSWORD": "it is too short"}
    report = set_up_report(SetUpChecks(store), own, clock())
    assert report.problems == own and len(report.not_known) == 2
    look(store, clock, Answers("cannot be reached"))
    clock.advance((set_up_checks.KNOWN_FOR + timedelta(seconds=1)).total_seconds())
    report = set_up_report(SetUpChecks(store), {}, clock())
    assert report.problems == {}
    assert "no worker has asked for it in the last 5 minutes" in report.not_known[0]


def test_what_the_worker_lacks_is_told_beside_what_web_lacks(store: Store, clock: Clock) -> None:
    lacks = {"PROPEXO_API_KEY": "it is not set"}
    look(store, clock, Answers(None), **lacks)
    assert set_up_report(SetUpChecks(store), lacks, clock()).problems == lacks
    report = set_up_report(SetUpChecks(store), {}, clock())
    assert report.problems == {"PROPEXO_API_KEY (worker)": "it is not set"}


def test_without_an_address_nothing_is_asked(store: Store, clock: Clock) -> None:
    answers = Answers(None)
    look(store, clock, answers, None)
    assert answers.asked == []
    (not_known,) = set_up_report(SetUpChecks(store), {}, clock()).not_known
    assert not_known.startswith("whether the public address leads here")
