"""How are messages sent? One after the other, each claimed in the database before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from adapter.net.alert_channels import Delivery
from adapter.observability.logs import logger
from adapter.storage.alert_notices import Message, Notice, Notices
from adapter.storage.session import Session

# In one turn; more are sent in the next one.
MOST_AT_ONCE = 50
REPEATED = "(This may have come before: its sender ended while it was sent.)"

log = logger("adapter.alerts")


class Channel(Protocol):
    """Where messages go. id: made of its address, which is a secret."""

    @property
    def id(self) -> str: ...

    def send(self, title: str, body: str) -> Delivery:
        """Send one message. It ends within a time limit, and raises nothing."""


class Sender:
    """Sends what is planned.

    titles: what each channel is called, by its id. channels: makes them, when the first message is to be sent.
    """

    def __init__(
        self,
        session: Session,
        titles: Mapping[str, str],
        channels: Callable[[], Sequence[Channel]],
        clock: Callable[[], datetime],
    ) -> None:
        self._session = session
        self._notices = Notices(session)
        self._titles = titles
        self._channels = channels
        self._clock = clock
        self._is_registered = False

    def switched_on(self) -> Sequence[str]:
        """Return the ids of the channels that take messages now. Raise StoreUnavailable."""
        self._register()
        off = {state.id for state in self._notices.channels() if state.off_since is not None}
        return [id for id in self._titles if id not in off]

    def plan(self, message: Message, *, to_all: bool = False) -> int:
        """Plan a message that is no alert. Return how many channels get it; 0 if it was planned before.

        to_all: also in channels that are off.
        """
        channels = list(self._titles) if to_all else self.switched_on()
        self._register()
        with self._session.begin() as connection:
            return self._notices.add(connection, message, channels, self._clock())

    def send_waiting(self, go_on: Callable[[], None] = lambda: None) -> int:
        """Send what is due. Return how many messages got through. Raise StoreUnavailable."""
        if not self._titles:
            return 0
        self._register()
        sent = 0
        for _ in range(MOST_AT_ONCE):
            notice = self._notices.claim(list(self._titles), self._clock())
            if notice is None:
                break
            sent += self._send(notice)
            go_on()
        return sent

    def notices_of(self, topic: str) -> Sequence[Notice]:
        """Return the messages about this topic, one for each channel."""
        return self._notices.of_topic(topic)

    def title_of(self, channel: str) -> str:
        return self._titles[channel]

    def _send(self, notice: Notice) -> bool:
        channel = next(each for each in self._channels() if each.id == notice.channel)
        body = f"{notice.body}\n{REPEATED}" if notice.is_repeat else notice.body
        result = channel.send(notice.title, body)
        now = self._clock()
        if result.error is None:
            self._notices.sent(notice, now)
            log.info("message sent", kind=notice.kind, channel=self.title_of(notice.channel))
            return True
        log.warning(
            "message not sent",
            kind=notice.kind,
            channel=self.title_of(notice.channel),
            reason=result.error,
            is_switched_off=result.is_permanent,
        )
        self._notices.not_sent(
            notice,
            result.error,
            now,
            is_permanent=result.is_permanent,
            is_in_doubt=result.is_in_doubt,
        )
        return False

    def _register(self) -> None:
        if not self._is_registered:
            self._notices.register(self._titles)
            self._is_registered = True
