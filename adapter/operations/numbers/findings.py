"""Do the provider's numbers call back here, and what does each lack? For commands, pages and alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from adapter.domain.callback import (
    NONE_OF_OURS,
    Callback,
    ChangeKind,
    Place,
    deviations,
    place_of,
    shown_url,
)
from adapter.domain.lines import Lines
from adapter.errors import RemoteError, SettingsError
from adapter.providers.base import NumberList, OwnNumber, Provider

NO_SUCH_NUMBER = (
    "lines.toml names it, and no account has it: correct the number, or the account's id and token"
)


class OwnAddresses(Protocol):
    """Knows which addresses were ours once."""

    def own_addresses(self) -> Mapping[str, ChangeKind]:
        """Return them, without fragments, and why a number was last connected to each."""


@dataclass(frozen=True)
class NumberFinding:
    """A number of an account and how it stands.

    line_name: as lines.toml has it; None if it is no line there. place: None if an obstacle makes the callback
    useless. lacks: what keeps its calls from coming here as they should. shared_with: other numbers on the same
    application.
    """

    provider: str
    number: OwnNumber
    is_meant: bool
    line_name: str | None
    place: Place | None
    wanted: Callback
    lacks: Sequence[str]
    shared_with: Sequence[OwnNumber] = ()

    @property
    def callback(self) -> Callback:
        """Return the callback as it is now."""
        return Callback(self.number.callback or "", self.number.method)

    @property
    def title(self) -> str:
        """Return its name in lines.toml, else the one at the provider."""
        return self.line_name or self.number.name


@dataclass(frozen=True)
class NumbersReport:
    """All numbers, the lines that are no number of any account, and why accounts could not be read."""

    numbers: Sequence[NumberFinding]
    missing_lines: Sequence[str]
    failures: Mapping[str, RemoteError]

    @property
    def is_complete(self) -> bool:
        """Return whether every account was read."""
        return not self.failures


@dataclass(frozen=True)
class NumberCheck:
    """Asks the providers for their numbers. base_url: PUBLIC_BASE_URL. own: None if nothing is kept."""

    providers: Sequence[Provider]
    lines: Lines
    base_url: str
    own: OwnAddresses | None

    @property
    def has_accounts(self) -> bool:
        """Return whether there is any account whose numbers can be read."""
        return any(provider.numbers and provider.accounts for provider in self.providers)

    def report_if_any(self) -> NumbersReport | None:
        """Return the report; None if there is no account. Raise StoreUnavailable."""
        return self.report() if self.has_accounts else None

    def report(self) -> NumbersReport:
        """Ask for all numbers. Raise SettingsError if there is no account, StoreUnavailable."""
        if not self.has_accounts:
            raise SettingsError(
                "no numbers can be read or connected: no account has its id and its token set; "
                "adapter doctor names the settings"
            )
        own = self.own.own_addresses() if self.own else NONE_OF_OURS
        findings: list[NumberFinding] = []
        failures: dict[str, RemoteError] = {}
        for provider in self.providers:
            for account in provider.accounts if provider.numbers else ():
                try:
                    found = list(self._of_account(provider, account, own))
                except RemoteError as error:
                    failures[account] = error
                    continue
                findings += found
        known = {finding.number.number for finding in findings}
        missing = [] if failures else [n for n in self.lines.by_number if n not in known]
        order = {number: index for index, number in enumerate(self.lines.by_number)}
        findings.sort(key=lambda each: (order.get(each.number.number, len(order)), each.title))
        return NumbersReport(findings, missing, failures)

    def unread_subaccounts(self) -> Sequence[str]:
        """Return the accounts under ours for which no token is set. One that cannot be asked has none."""
        return unread_subaccounts(self.providers)

    def _of_account(
        self, provider: Provider, account: str, own: Mapping[str, ChangeKind]
    ) -> Iterable[NumberFinding]:
        assert provider.numbers is not None  # nosec B101 - tells the type checker what its callers ensure
        wanted = provider.numbers.wanted(self.base_url)
        numbers = provider.numbers.all(account)
        for number in numbers:
            line = self.lines.by_number.get(number.number)
            callback = Callback(number.callback or "", number.method)
            place = None if number.obstacle else place_of(callback, wanted, own)
            yield NumberFinding(
                provider=provider.name,
                number=number,
                is_meant=is_meant(number, self.lines),
                line_name=(line.name or None) if line else None,
                place=place,
                wanted=wanted,
                lacks=_lacks(number, callback, place, wanted, self.lines),
                shared_with=[
                    other
                    for other in numbers
                    if number.application
                    and other.application
                    and other.set_at == number.set_at
                    and other.id != number.id
                ],
            )


def is_meant(number: OwnNumber, lines: Lines) -> bool:
    """Return whether this is a line. Where lines.toml names none, every number is one."""
    return not lines.by_number or lines.is_line(number.number)


def is_here(number: OwnNumber, numbers: NumberList, base_url: str) -> bool:
    """Return whether the number calls back to this address."""
    callback = Callback(number.callback or "", number.method)
    return place_of(callback, numbers.wanted(base_url)) is Place.HERE


def _lacks(
    number: OwnNumber, callback: Callback, place: Place | None, wanted: Callback, lines: Lines
) -> list[str]:
    """Return what is to be mended. A number that is no line lacks nothing, unless it points here."""
    if not is_meant(number, lines):
        if place is not Place.HERE:
            return []
        fact = "it calls back here and is no line of lines.toml: list it there, or adapter disconnect it"
        return [fact]
    if place is None:
        return [number.obstacle or ""]
    if place is Place.NOWHERE:
        return ["its status callback is not set: adapter connect sets it"]
    if place is Place.TUNNEL:
        address = shown_url(callback.address)
        return [
            f"it calls back to a tunnel of adapter run --tunnel, {address}: leave it while that runs; after "
            "that adapter disconnect gives back what was there, and adapter connect sets this address"
        ]
    if place is Place.OLD_ADDRESS:
        address = shown_url(callback.address)
        return [f"it calls back to an old address of ours, {address}: adapter connect mends it"]
    if place is Place.ELSEWHERE:
        address = shown_url(callback.address)
        return [
            f"it calls back to somebody else, {address}: adapter connect --replace takes it over, "
            "and adapter disconnect gives it back"
        ]
    return [f"{fact}: adapter connect mends it" for fact in deviations(callback, wanted)]


def unread_subaccounts(providers: Iterable[Provider]) -> Sequence[str]:
    """Return the accounts under ours for which no token is set. One that cannot be asked has none."""
    unread: list[str] = []
    for provider in providers:
        found: list[str] = []
        for account in provider.accounts if provider.numbers else ():
            assert provider.numbers is not None  # nosec B101 - tells the type checker what its callers ensure
            with suppress(RemoteError):
                found += provider.numbers.subaccounts(account)
        unread += [account for account in found if account not in provider.accounts]
    return unread
