"""How does a message get into a chat, a mailbox or a phone? By apprise, one channel for each address.

https://appriseit.com has the addresses of all services. An address holds secrets, so neither it nor what
apprise says about it gets into logs, errors or the database. apprise comes with the extra `alerts`, and is
imported only where ALERT_URLS is set.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from adapter.errors import SettingsError

SEND_SECONDS = 30.0
# The answers of a service that does not take the address: it stays so until somebody changes the address.
_FOR_GOOD = frozenset({"400", "401", "403", "404", "405", "410"})
_STATUS = re.compile(r"\berror\s*[=:]\s*(\d{3})\b|\bstatus(?: code)?\s*[=:]\s*(\d{3})\b", re.I)


@dataclass(frozen=True)
class Delivery:
    """What became of a message. error: None if it got through.

    is_permanent: the channel refuses for good. is_in_doubt: it may have got through all the same.
    """

    error: str | None = None
    is_permanent: bool = False
    is_in_doubt: bool = False


def channel_titles(urls: Sequence[str]) -> Mapping[str, str]:
    """Return what each address is called, by the id of its channel. Neither tells the address."""
    return {_id(url): f"{url.partition(':')[0].lower()} {_id(url)[:4]}" for url in urls}


def _id(url: str) -> str:
    return sha256(url.encode()).hexdigest()[:12]


class AppriseChannel:
    """One address. plugin: apprise's object for it."""

    def __init__(self, url: str, plugin: Any, seconds: float = SEND_SECONDS) -> None:
        self.id = _id(url)
        self._url = url
        self._plugin = plugin
        self._seconds = seconds

    def with_limit(self, seconds: float) -> AppriseChannel:
        """Return the same channel with another time limit."""
        return AppriseChannel(self._url, self._plugin, seconds)

    def send(self, title: str, body: str) -> Delivery:
        """Send one message. It takes `seconds` at the most, and raises nothing."""
        result: list[Delivery] = []

        def work() -> None:
            result.append(self._send(title, body))

        thread = threading.Thread(target=work, name="alert channel", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if not result:
            return Delivery(f"no answer within {self._seconds:.0f} s", is_in_doubt=True)
        return result[0]

    def _send(self, title: str, body: str) -> Delivery:
        with _Statuses() as statuses:
            try:
                if self._plugin.notify(title=title, body=body):
                    return Delivery()
            except Exception as error:  # whatever a service's own module raises
                return Delivery(f"it failed ({type(error).__name__})")
        if not statuses:
            return Delivery("no answer")
        return Delivery(f"it answered {statuses[-1]}", is_permanent=statuses[-1] in _FOR_GOOD)


class _Statuses(logging.Handler):
    """Collects the HTTP statuses that apprise logs in this thread. It returns no more than True or False."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self._found: list[str] = []

    def __enter__(self) -> list[str]:
        logging.getLogger("apprise").addHandler(self)
        return self._found

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if threading.get_ident() != self._thread:  # records do not name it: observability.logs
            return
        for status in _STATUS.findall(record.getMessage()):
            self._found.append(next(filter(None, status)))


def alert_channels(urls: Sequence[str]) -> Sequence[AppriseChannel]:
    """Return the channels of these addresses.

    Raise SettingsError if apprise is not installed or does not know an address.
    """
    if not urls:
        return []
    try:
        from apprise import Apprise
    except ImportError as error:
        raise SettingsError(
            "ALERT_URLS is set, and apprise is not installed: pip install 'call-adapter[alerts]'",
            setting="ALERT_URLS",
            fact="apprise is not installed",
        ) from error
    _silence()
    channels: dict[str, AppriseChannel] = {}
    for place, url in enumerate(urls, start=1):
        plugin = Apprise.instantiate(url, suppress_exceptions=True)
        if plugin is None:
            fact = f"address {place} of {len(urls)} is none that apprise knows"
            raise SettingsError(
                f"ALERT_URLS: {fact}; https://appriseit.com has those of all services",
                setting="ALERT_URLS",
                fact=fact,
            )
        channel = AppriseChannel(url, plugin)
        channels[channel.id] = channel
    return list(channels.values())


def _silence() -> None:
    """Keep apprise's own words out of the log: they tell hosts, addresses and what was sent."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
