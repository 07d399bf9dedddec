"""How is a number made to call back here, and how does it get back what it had before?

The old value is committed before the provider is asked for the change, so that it can be given back whatever
happens in between. docs/decisions/0020-callbacks-are-given-back.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.domain.actor import Actor
from adapter.domain.callback import (
    Callback,
    CallbackChange,
    ChangeKind,
    Place,
    deviations,
    shown_url,
    value_before,
)
from adapter.errors import RemoteError, SettingsError
from adapter.operations.numbers.findings import NumberFinding, NumbersReport
from adapter.providers.base import NumberList, OwnNumber, Provider
from adapter.storage.callback_changes import CallbackChanges
from adapter.text.plain import plain


class Step(StrEnum):
    """What is to be done about a callback."""

    CHANGE = "change"
    NOTHING = "nothing to do"
    REFUSED = "left alone"


@dataclass(frozen=True)
class Plan:
    """What is to be done about one callback. numbers: all that go by it. why: empty for a plain change.

    title: the name of the first number, or of what has the callback if no number goes by it any longer.
    is_wanted: it was asked for by its number or by lines.toml, so leaving it alone is a failure.
    """

    kind: ChangeKind
    provider: str
    account: str
    set_at: str
    numbers: Sequence[OwnNumber]
    before: Callback
    after: Callback
    step: Step
    why: str = ""
    is_wanted: bool = True
    title: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a plan. is_done: the new value was read back. fact: what happened, in a sentence."""

    plan: Plan
    is_done: bool
    fact: str


def choose(
    report: NumbersReport, wanted: Sequence[str], *, is_all: bool
) -> Sequence[NumberFinding]:
    """Return the numbers that are meant: those named, or the lines, or all where there are no lines.

    Raise SettingsError if one is no number of any account that could be read.
    """
    if is_all:
        return [finding for finding in report.numbers if finding.is_meant]
    known = {finding.number.number for finding in report.numbers}
    unknown = [number for number in wanted if number not in known]
    if unknown:
        unread = "; an account could not be read" if report.failures else ""
        raise SettingsError(
            f"no account has the number {', '.join(unknown)}{unread}. Nothing was changed; "
            "adapter numbers lists those that there are"
        )
    return [finding for finding in report.numbers if finding.number.number in wanted]


def plans_to_connect(
    findings: Sequence[NumberFinding],
    *,
    replace: bool,
    are_named: bool,
    kind: ChangeKind = ChangeKind.CONNECT,
) -> Sequence[Plan]:
    """Return what connecting these numbers takes; one plan for numbers that share an application.

    are_named: by their number or by lines.toml. Else a number that cannot be connected is no failure.
    kind: TUNNEL if they are to get back what they have when a tunnel ends.
    """
    plans: dict[tuple[str, str], Plan] = {}
    for finding in findings:
        number = finding.number
        step, why = _connecting(finding, replace=replace)
        plans.setdefault(
            (number.account, number.set_at),
            Plan(
                kind=kind,
                provider=finding.provider,
                account=number.account,
                set_at=number.set_at,
                numbers=[number, *finding.shared_with],
                before=finding.callback,
                after=finding.wanted,
                step=step,
                why=why,
                is_wanted=are_named or number.obstacle is None,
                title=finding.title,
            ),
        )
    return list(plans.values())


def _connecting(finding: NumberFinding, *, replace: bool) -> tuple[Step, str]:
    if finding.place is None:
        return Step.REFUSED, finding.number.obstacle or ""
    if finding.place is Place.HERE:
        found = deviations(finding.callback, finding.wanted)
        return (Step.CHANGE, "; ".join(found)) if found else (Step.NOTHING, "it calls back here")
    if finding.place is Place.TUNNEL:
        return Step.CHANGE, "a tunnel of ours, which then hears of no call any longer"
    if finding.place is Place.OLD_ADDRESS:
        return Step.CHANGE, "an old address of ours"
    if finding.place is Place.ELSEWHERE:
        if replace:
            return Step.CHANGE, "somebody else's; adapter disconnect gives it back"
        return Step.REFUSED, (
            f"it calls back to somebody else, {shown_url(finding.callback.url)}, who would hear of no call any "
            "longer. To take it over all the same: --replace, and adapter disconnect gives it back"
        )
    return Step.CHANGE, ""


@dataclass(frozen=True, kw_only=True)
class Connector:
    """Plans and makes the changes, and keeps each."""

    providers: Mapping[str, Provider]
    changes: CallbackChanges
    by: Actor
    clock: Callable[[], datetime]

    def plans_to_disconnect(
        self, report: NumbersReport, chosen: Sequence[NumberFinding] | None
    ) -> Sequence[Plan]:
        """Return what giving back takes. chosen: None for all that this database has connected.

        Raise RemoteError if a present value cannot be read, StoreUnavailable.
        """
        plans: list[Plan] = []
        for account, of_account in _by_account(report.numbers).items():
            provider = of_account[0].provider
            places = self.changes.by_place(provider, account)
            meant = of_account if chosen is None else [f for f in of_account if f in chosen]
            found = dict(_places(meant, places))
            if chosen is None:  # also what no number goes by any longer
                found |= {set_at: [] for set_at in places if set_at not in found}
            for set_at, findings in found.items():
                present = self._present(provider, account, set_at)
                if present is None:
                    continue
                decided = _giving_back(
                    places.get(set_at, []),
                    present,
                    of_account[0].wanted,
                    by_name=chosen is not None,
                )
                if decided is None:
                    continue
                step, why, after = decided
                numbers = [finding.number for finding in findings]
                plan = Plan(
                    kind=ChangeKind.DISCONNECT,
                    provider=provider,
                    account=account,
                    set_at=set_at,
                    numbers=[*numbers, *_sharing(of_account, set_at, numbers)],
                    before=present,
                    after=after,
                    step=step,
                    why=why,
                    title=findings[0].title if findings else set_at,
                )
                plans.append(plan)
        return plans

    def _present(self, provider: str, account: str, set_at: str) -> Callback | None:
        """Return the present value; None if what had it is there no longer."""
        try:
            return self._numbers(provider).callback(account, set_at)
        except RemoteError as error:
            if error.status == 404:
                return None
            raise

    def carry_out(self, plans: Iterable[Plan]) -> Iterator[Outcome]:
        """Make each change and yield what became of it. Raise StoreUnavailable: the rest is not changed."""
        for plan in plans:
            if plan.step is Step.CHANGE:
                yield self._change(plan)

    def _change(self, plan: Plan) -> Outcome:
        numbers = self._numbers(plan.provider)
        try:
            present = numbers.callback(plan.account, plan.set_at)
        except RemoteError as error:
            return Outcome(plan, False, f"not changed, for it could not be read: {_words(error)}")
        if present == plan.after:
            return Outcome(plan, True, "somebody else has just done it")
        if present != plan.before:
            fact = f"not changed: it has just become {present}. Look at it, and run this again"
            return Outcome(plan, False, fact)
        change = self.changes.begin(
            plan.provider,
            plan.account,
            plan.set_at,
            kind=plan.kind,
            old=present,
            new=plan.after,
            by=self.by,
            now=self.clock(),
        )
        problem = None
        try:
            numbers.set_callback(plan.account, plan.set_at, plan.after)
        except RemoteError as error:
            if not error.in_doubt:
                return Outcome(plan, False, f"not changed: {_words(error)}")
            problem = error
        try:
            present = numbers.callback(plan.account, plan.set_at)
        except RemoteError as error:
            fact = f"it is not known whether it was changed: {_words(problem or error)}. Run this again"
            return Outcome(plan, False, fact)
        if not _is_same(present, plan.after):
            why = f": {_words(problem)}" if problem else ", although the change was accepted"
            return Outcome(plan, False, f"not changed{why}. It is {present}")
        self.changes.confirm(change, self.clock())
        return Outcome(plan, True, f"is now {present}")

    def _numbers(self, provider: str) -> NumberList:
        numbers = self.providers[provider].numbers
        assert numbers is not None  # nosec B101 - tells the type checker what its callers ensure
        return numbers


def _giving_back(
    changes: list[CallbackChange], present: Callback, wanted: Callback, *, by_name: bool
) -> tuple[Step, str, Callback] | None:
    """Return the step, the reason and the value after it; None if there is nothing to be said."""
    before = value_before(changes, present)
    if before is not None:
        return Step.CHANGE, "", before
    if present.address == wanted.address:
        return (
            Step.REFUSED,
            "it calls back here, but this database does not know what was there before: it was connected from "
            "another database, or by hand. Run adapter disconnect with that database",
            present,
        )
    if not changes:
        return (Step.NOTHING, "it was not connected from here", present) if by_name else None
    if _is_same(present, changes[-1].new if _is_given_back(changes[-1]) else changes[-1].old):
        return (Step.NOTHING, "it is as it was before", present) if by_name else None
    return (
        Step.REFUSED,
        f"somebody has changed it since to {present}, which is not ours to take away",
        present,
    )


def _is_given_back(change: CallbackChange) -> bool:
    return change.kind is ChangeKind.DISCONNECT


def _is_same(present: Callback, wanted: Callback) -> bool:
    """Return whether the callback is this one. A method that is not told does not count."""
    methods = (present.method, wanted.method)
    return present.url == wanted.url and ("" in methods or methods[0] == methods[1])


def _by_account(findings: Iterable[NumberFinding]) -> Mapping[str, Sequence[NumberFinding]]:
    accounts: dict[str, list[NumberFinding]] = {}
    for finding in findings:
        accounts.setdefault(finding.number.account, []).append(finding)
    return accounts


def _places(
    findings: Iterable[NumberFinding], changes: Mapping[str, object]
) -> Mapping[str, list[NumberFinding]]:
    """Return what has the callback that counts, and what we changed, with the numbers that it is about.

    A number that came onto an application after it was connected has a value of ours too.
    """
    places: dict[str, list[NumberFinding]] = {}
    for finding in findings:
        number = finding.number
        places.setdefault(number.set_at, []).append(finding)
        if number.application and number.id in changes:
            places.setdefault(number.id, []).append(finding)
    return places


def _sharing(
    findings: Iterable[NumberFinding], set_at: str, named: Sequence[OwnNumber]
) -> Iterator[OwnNumber]:
    """Yield the other numbers that go by the same callback."""
    for finding in findings:
        number = finding.number
        if number.set_at == set_at and number not in named:
            yield number


def _words(error: RemoteError) -> str:
    return plain(str(error))[:300]
