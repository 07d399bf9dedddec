"""How are the parts of alerts joined? `Alerting` makes each when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from adapter.config.settings import Settings
from adapter.domain.lines import Lines
from adapter.net.alert_channels import alert_channels, channel_titles
from adapter.operations.alerts.callbacks import CallbackCheck
from adapter.operations.alerts.digest import Digest
from adapter.operations.alerts.manage import AlertDesk
from adapter.operations.alerts.send import Channel, Sender
from adapter.operations.alerts.watch import AlertWatch
from adapter.operations.numbers.findings import NumberCheck
from adapter.providers.base import Provider
from adapter.storage.alert_facts import AlertFacts, WrongPasswords
from adapter.storage.callback_changes import CallbackChanges
from adapter.storage.store import Store


@dataclass(frozen=True, kw_only=True)
class Alerting:
    """All that tells people. wrong_passwords: None where nobody signs in by password."""

    settings: Settings
    store: Store
    providers: Sequence[Provider]
    lines: Callable[[], Lines]
    clock: Callable[[], datetime]
    wrong_passwords: WrongPasswords | None = None

    @cached_property
    def channels(self) -> Sequence[Channel]:
        """The channels of ALERT_URLS. Raise SettingsError if they cannot be used."""
        return alert_channels(self._urls)

    def refuse_unusable(self) -> None:
        """Raise SettingsError if the channels of ALERT_URLS cannot be used."""
        self.channels  # noqa: B018 - made here

    @cached_property
    def sender(self) -> Sender:
        return Sender(self.store, channel_titles(self._urls), lambda: self.channels, self.clock)

    @property
    def page(self) -> str:
        """The address of the page of alerts."""
        return f"{self._base_url}/alerts"

    @cached_property
    def watch(self) -> AlertWatch:
        hours = self.settings.alert_remind_hours
        return AlertWatch(
            self.store,
            AlertFacts(self.store, self.wrong_passwords),
            channels=lambda: self.sender.switched_on(),
            page=self.page,
            remind=timedelta(hours=hours) if hours else None,
            clock=self.clock,
        )

    @cached_property
    def desk(self) -> AlertDesk:
        return AlertDesk(self.store, self.clock)

    @property
    def numbers(self) -> NumberCheck:
        """What says how the providers' numbers stand. Raise SettingsError if the lines are wrong."""
        own = CallbackChanges(self.store)
        return NumberCheck(self.providers, self.lines(), self._base_url, own)

    @cached_property
    def digest(self) -> Digest | None:
        """None without ALERT_DIGEST_HOUR."""
        if self.settings.alert_digest_hour is None:
            return None
        return Digest(
            store=self.store,
            sender=self.sender,
            hour=self.settings.alert_digest_hour,
            zone=ZoneInfo(self.lines().defaults.timezone),
            page=f"{self._base_url}/inbox",
            clock=self.clock,
        )

    @cached_property
    def callbacks(self) -> CallbackCheck:
        return CallbackCheck(
            session=self.store,
            providers=self.providers,
            lines=self.lines,
            base_url=self._base_url,
            clock=self.clock,
        )

    @property
    def _urls(self) -> Sequence[str]:
        return [url.get_secret_value() for url in self.settings.alert_urls]

    @property
    def _base_url(self) -> str:
        return self.settings.public_base_url or "http://localhost"
