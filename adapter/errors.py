"""Which kinds of error are there, and what may a caller do about each?"""

from __future__ import annotations

from datetime import datetime


class AdapterError(Exception):
    """An error of the adapter. Its message names the thing, the fact and the way out."""


class SettingsError(AdapterError):
    """A setting, lines.toml or what a command was given is missing or wrong. Nothing was started or changed.

    setting, fact: if the value of one setting is wrong, its name and what is wrong with it.
    """

    def __init__(self, message: str, *, setting: str | None = None, fact: str = "") -> None:
        super().__init__(message)
        self.setting = setting
        self.fact = fact


class DecidedMeanwhile(SettingsError):
    """Somebody else decided about the call after it was looked at. Nothing was changed.

    who, at, what: the decision that was first. at: aware UTC.
    """

    def __init__(self, message: str, *, who: str, at: datetime, what: str) -> None:
        super().__init__(message)
        self.who = who
        self.at = at
        self.what = what


class CountChanged(SettingsError):
    """There are more or fewer calls than was said. Nothing was changed. expected, actual: how many."""

    def __init__(self, message: str, *, expected: int, actual: int) -> None:
        super().__init__(message)
        self.expected = expected
        self.actual = actual


class HookError(AdapterError):
    """A hook that is refused. status: the HTTP status of the answer.

    facts: what the log says beside the message. It holds no secrets and no personal data.
    """

    status = 400

    def __init__(self, message: str, **facts: str) -> None:
        super().__init__(message)
        self.facts = facts


class MalformedHook(HookError):
    """The body is no form: it is empty, or its encoding is broken."""


class HookTooLarge(HookError):
    """The body is over the limit."""

    status = 413


class UnsupportedHook(HookError):
    """The body has a type that no hook of this provider has."""

    status = 415


class UntrustedHook(HookError):
    """The signature is missing or wrong, or no token is known for the account."""

    status = 403


class UnreadableHook(AdapterError):
    """A signed hook that cannot be understood. It is parked, not refused."""


class StoreUnavailable(AdapterError):
    """The database cannot be reached or written now. The same request may succeed later."""


class DatabaseMoved(StoreUnavailable):
    """The database was moved to another one by `adapter copy`, and takes nothing any more."""


class StoreRefused(AdapterError):
    """The database refuses a statement: a right is missing, an index is full, or a rule is broken.

    Trying again helps after somebody has mended that. The sender of a hook has done nothing wrong.
    """


class RemoteError(AdapterError):
    """A provider or a target did not do what was asked.

    permanent: the same request cannot succeed later.
    in_doubt: the request may have been carried out, although no good answer came.
    retry_after_seconds: how long the other side asks to wait; None if it does not say.
    """

    permanent = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        in_doubt: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.in_doubt = in_doubt
        self.retry_after_seconds = retry_after_seconds


class TemporaryError(RemoteError):
    """No connection, a timeout, a 5xx or a 429: the same request may succeed later."""


class NotReached(TemporaryError):
    """No connection could be made, so nothing was asked."""


class LocalRateLimit(TemporaryError):
    """Our own rate limiter refuses the request. Nothing was sent, and it does not count as a try."""


class Paused(TemporaryError):
    """Nothing was sent, since the other side refuses our key or such requests. It does not count as a try.

    waits_for: the name of the pause (adapter.storage.pauses) that has to end first.
    """

    def __init__(self, message: str, *, waits_for: str, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.waits_for = waits_for


class PermanentError(RemoteError):
    """A 400, 404 or the like. The message has the other side's own words."""

    permanent = True


class CredentialsRefused(PermanentError):
    """401 or 403: the key is wrong or lacks a right."""


class NotSupported(PermanentError):
    """The PMS has no such operation (405), or the profile says so."""


class LineIncomplete(PermanentError):
    """lines.toml lacks what the PMS needs, or names what is not there."""


class NoValidEvent(PermanentError):
    """What is known of the call cannot be said in an event of this PMS."""


class EndingUnknown(NoValidEvent):
    """It is not known how the call ended, and no event says that."""


class ProviderRefused(PermanentError):
    """The provider of calls refuses a question about a call."""


class CannotVerify(NotSupported):
    """A write may have got through, and nothing that would show it can be read. A person has to look."""
