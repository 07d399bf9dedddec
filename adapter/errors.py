"""Which kinds of failure are there, and what may a caller do about each?"""

from __future__ import annotations


class AdapterError(Exception):
    """Anything the adapter says went wrong; the message names the thing, the fact and the way out."""


class SettingsError(AdapterError):
    """A setting or lines.toml is missing or wrong; nothing was started."""


class HookError(AdapterError):
    """A hook that is not taken; `status` is the HTTP status of the answer.

    facts: what else the log says of it, and the answer does not. Without secrets and personal data.
    """

    status = 400

    def __init__(self, message: str, **facts: str) -> None:
        super().__init__(message)
        self.facts = facts


class MalformedHook(HookError):
    """Not even a form: empty, broken encoding, repeated limits."""


class HookTooLarge(HookError):
    """The body is over the limit."""

    status = 413


class UnsupportedHook(HookError):
    """The body is of a type that no hook of this provider has."""

    status = 415


class UntrustedHook(HookError):
    """The signature is missing or wrong, or no token is known for the account."""

    status = 403


class UnreadableHook(AdapterError):
    """A trusted hook that cannot be understood; it is parked, not refused."""


class StoreUnavailable(AdapterError):
    """The database cannot be reached or written now; the same request may work later."""


class StoreRefused(AdapterError):
    """The database is there and does not take this: a missing right, a full index, a rule of its own.

    Asking again helps once that is mended; it is never the fault of whoever sent a hook.
    """


class RemoteError(AdapterError):
    """A provider or a target did not do what was asked.

    permanent: asking again the same way cannot help.
    in_doubt: the request may have been carried out although no good answer came back.
    retry_after_seconds: when the other side says when to come back.
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
    """Connect error, timeout, 5xx, 429: again later."""


class LocalRateLimit(TemporaryError):
    """Our own rate limiter refuses the request. Nothing was sent, and it does not count as a try."""


class Paused(TemporaryError):
    """The other side refuses our key, or what it was asked for, and so it is not asked; it is no try.

    waits_for: the name of the pause (adapter.storage.pauses) whose end is waited for.
    """

    def __init__(self, message: str, *, waits_for: str, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.waits_for = waits_for


class PermanentError(RemoteError):
    """400, 404, 405 and the like: the other side's own words are in the message."""

    permanent = True


class CredentialsRefused(PermanentError):
    """401 or 403: the key is wrong or lacks a right."""


class NotSupported(PermanentError):
    """The PMS has no such operation (405), or the profile says so."""


class CannotVerify(NotSupported):
    """A write may have got through, and what would show it cannot be read: a person has to look."""
