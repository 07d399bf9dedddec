"""Which keys does `adapter setup` need, and are they good?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from adapter.bootstrap import Container
from adapter.cli.setup.files import Files
from adapter.config.settings import Settings
from adapter.errors import (
    CredentialsRefused,
    PermanentError,
    RemoteError,
    SettingsError,
)
from adapter.operations.numbers.findings import unread_subaccounts
from adapter.providers.base import OwnNumber
from adapter.targets.catalogue import Catalogue
from adapter.targets.propexo.catalogue import catalogue
from adapter.text.plain import plain

T = TypeVar("T")
# Of integrations.
_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Key:
    """A setting that is asked for. what: in words. where: it is found there. flag: says it instead."""

    setting: str
    what: str
    where: str
    flag: str
    is_secret: bool = False
    is_needed: bool = True


ACCOUNT = Key(
    setting="TWILIO_ACCOUNT_SID",
    what="Twilio account's id",
    where="Twilio's Console, Account info; AC...",
    flag="--twilio-account-sid",
)
TOKEN = Key(
    setting="TWILIO_AUTH_TOKEN",
    what="Twilio account's auth token",
    where="beside it",
    flag="--twilio-auth-token",
    is_secret=True,
)
API_KEY = Key(
    setting="PROPEXO_API_KEY",
    what="Propexo API key",
    where="Propexo's dashboard",
    flag="--propexo-api-key",
    is_secret=True,
)
ADDRESS = Key(
    setting="PUBLIC_BASE_URL",
    what="public https address of this adapter",
    where="like https://calls.example.com; Enter: later",
    flag="--public-base-url",
    is_needed=False,
)
KEYS = (ACCOUNT, TOKEN, API_KEY, ADDRESS)


class KeyAsker(Protocol):
    """Answers for keys: somebody at a terminal, or nobody."""

    def key(self, key: Key, usual: str | None) -> str | None:
        """Return the key; None if nobody says. usual: what is taken if nothing is typed."""

    def refused(self, key: Key, problem: str) -> bool:
        """Say that this key is no good. Return whether it can be given anew."""

    def well(self, words: str) -> None:
        """Say what was found to be in order."""


class Keys:
    """The settings as far as they are known. given: by flags, which win over the environment and the file."""

    def __init__(self, files: Files, given: Mapping[str, str], asker: KeyAsker) -> None:
        self.values = dict(files.merged) | dict(given)
        self._asker = asker

    @property
    def settings(self) -> Settings:
        """Return them. Raise SettingsError if another one of them is wrong."""
        return Settings.from_environ(self.values)

    @property
    def _without_address(self) -> Settings:
        """Return them without the address, which is looked at later."""
        return Settings.from_environ({**self.values, ADDRESS.setting: ""})

    def numbers(self) -> list[OwnNumber] | None:
        """Ask for the account and its token until they are good. Return its numbers; None if they are not."""

        def check() -> list[OwnNumber]:
            return self._numbers(self._without_address)

        return self._until_good((ACCOUNT, TOKEN), check, "TWILIO_API_BASE_URL")

    def catalogue(self) -> Catalogue | None:
        """Ask for Propexo's key until it is good. Return what there is to choose from; None if it is not."""

        def check() -> Catalogue:
            found = catalogue(self._without_address)
            all_of_them = found.integrations()
            usable = [each.name for each in all_of_them if each.problem is None]
            named = f" ({_some(usable)})" if usable else ""
            self._asker.well(
                f"Propexo{self._where('PROPEXO_BASE_URL')} takes the key: {len(usable)} integration(s) "
                f"that take call events{named}."
            )
            unusable = [f"{each.name} ({each.problem})" for each in all_of_them if each.problem]
            if unusable:
                self._asker.well(f"Not used: {_some(unusable)}")
            return found

        return self._until_good((API_KEY,), check, "PROPEXO_BASE_URL")

    def address(self) -> str | None:
        """Ask for the public address, if nobody has said it. Return it without a trailing slash."""
        while True:
            if not self._known(ADDRESS) and not self._ask(ADDRESS):
                return None
            try:
                return self.settings.public_base_url
            except SettingsError as error:
                if error.setting != ADDRESS.setting:
                    raise
                self.values.pop(ADDRESS.setting)
                if not self._asker.refused(ADDRESS, error.fact):
                    return None

    def _until_good(self, keys: tuple[Key, ...], check: Callable[[], T], base: str) -> T | None:
        while True:
            for key in keys:
                if not self._known(key):
                    self._ask(key)
            if not all(self._known(key) for key in keys):
                return None
            try:
                return check()
            except CredentialsRefused as error:
                problem = _of_key(keys, self.values) or (
                    f"it is refused ({error.status})" if error.status else str(error)
                )
            except PermanentError as error:
                if error.status != 404:
                    raise
                problem = _of_key(keys, self.values) or f"it is not known there ({error})"
            except RemoteError as error:
                raise SettingsError(
                    f"{error}{self._where(base, ' is ')}; check {base} and the network, and run this again"
                ) from error
            if not self._asker.refused(keys[-1], problem):
                return None
            for key in keys:
                usual = self.values.pop(key.setting)
                self._ask(key, None if key.is_secret else usual)

    def _numbers(self, settings: Settings) -> list[OwnNumber]:
        """Return the numbers of the main account, and of those under it that have a token."""
        found: list[OwnNumber] = []
        providers = [*Container(settings).providers.values()]
        for provider in providers:
            for account in provider.accounts if provider.numbers else ():
                assert provider.numbers is not None  # nosec B101 - tells the type checker what is known
                try:
                    numbers = provider.numbers.all(account)
                except RemoteError as error:
                    if account == settings.twilio_account_sid:
                        raise
                    self._asker.well(
                        f"The numbers of the subaccount {account[:6]}... cannot be read: {plain(str(error))}"
                    )
                    continue
                found += numbers
        where = self._where("TWILIO_API_BASE_URL")
        self._asker.well(f"Twilio{where} takes the token: {len(found)} number(s).")
        for account in unread_subaccounts(providers):
            self._asker.well(
                f"The numbers of the subaccount {plain(account)} are not among them: "
                "TWILIO_SUBACCOUNT_TOKENS has no token of it. Set it, and run this again"
            )
        return found

    def _where(self, base: str, between: str = " ") -> str:
        """Return the address of the API in words, if it is not the usual one."""
        url = self.values.get(base, "").strip()
        if not url:
            return ""
        return f"; {base}{between}{url}" if between != " " else f" at {url} ({base})"

    def _known(self, key: Key) -> bool:
        return bool(self.values.get(key.setting, "").strip())

    def _ask(self, key: Key, usual: str | None = None) -> bool:
        answer = self._asker.key(key, usual)
        if answer:
            self.values[key.setting] = answer
        return bool(answer)


def _some(names: list[str]) -> str:
    """Return the first names."""
    return ", ".join([*names[:_MOST_NAMED], *(["..."] if len(names) > _MOST_NAMED else [])])


def _of_key(keys: tuple[Key, ...], values: Mapping[str, str]) -> str | None:
    """Return what is wrong with the account's id by its looks, which explains a refusal best."""
    sid = values.get(ACCOUNT.setting, "").strip()
    if ACCOUNT not in keys or (sid.startswith("AC") and len(sid) == 34):
        return None
    if sid.startswith("SK"):
        return "the account's id is that of an API key (SK...): give the account's own, AC..."
    return "the account's id does not look like one: AC and 32 more characters"
