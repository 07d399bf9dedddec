"""What must a telephony provider offer? A Provider has it all. bootstrap.PROVIDERS names what builds each.

docs/adding-a-provider.md leads through the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from werkzeug.datastructures import Headers, MultiDict

from adapter.domain.callback import Callback
from adapter.domain.record import CallRecord, Leg, Recording
from adapter.providers.call_log import CallLog
from adapter.providers.media import Media

# A hook's parameters in their order, with blanks and repeats.
Parameters = MultiDict[str, str]


class HookKind(StrEnum):
    """What a hook tells about."""

    STATUS = "status"
    DIAL = "dial"
    RECORDING = "recording"
    MESSAGE = "message"  # the action of a <Record>
    MACHINE = "machine"
    TRANSCRIPTION = "transcription"
    QUEUE = "queue"


@dataclass(frozen=True)
class HookRequest:
    """One HTTP request as it came in. target: path and query exactly as requested, not decoded."""

    method: str
    target: str
    headers: Headers
    body: bytes
    received_at: datetime

    def header(self, name: str) -> str:
        """Return the header's value, or "" if it was not sent. name: in upper or lower case."""
        return self.headers.get(name, "")


@dataclass(frozen=True)
class ParsedHook:
    """What one hook states: its kind, and a record that holds just these facts."""

    kind: HookKind
    facts: CallRecord


@dataclass(frozen=True)
class UnusedHook:
    """A hook that says nothing of how a call went. what: of which kind, in a word.

    conference_call: the ids of a conference and of a call that took part in it, if it names both.
    """

    provider: str
    account: str
    what: str
    conference_call: tuple[str, str] | None = None


@dataclass(frozen=True)
class ConferenceRecording:
    """A hook about the recording of a conference that names no call."""

    provider: str
    account: str
    conference_id: str
    recording: Recording


HookContent = ParsedHook | UnusedHook | ConferenceRecording


@dataclass(frozen=True)
class Reply:
    """The answer that the provider wants for a hook that was taken."""

    status: int
    body: str = ""
    content_type: str | None = None


class HookParser(Protocol):
    """What a provider's hooks say, whether they are its own, and what it wants to be answered."""

    def parse(self, request: HookRequest) -> Parameters:
        """Return the hook's parameters, which are not trusted yet. Errors: MalformedHook, UnsupportedHook."""

    def verify(self, request: HookRequest, params: Parameters) -> str:
        """Return the account that sent this hook.

        Errors: UntrustedHook if its signature does not prove that.
        """

    def read(self, params: Parameters, account: str, received_at: datetime) -> HookContent:
        """Return the facts of a trusted hook. Errors: UnreadableHook."""

    def call_ids(self, params: Parameters) -> Sequence[str]:
        """Return the ids of the calls that a hook names, also of one that cannot be read.

        The call that the hook is about comes first.
        """

    def reply(self, event: ParsedHook | None) -> Reply:
        """Return the answer to a hook that was stored. event: None if it was parked."""


class CallLookup(Protocol):
    """What a provider knows of one call. Errors: TemporaryError, CredentialsRefused, PermanentError."""

    def leg(self, account: str, sid: str) -> Leg | None:
        """Return one leg, or None if the provider has no such call, or has it no longer."""

    def legs_dialled_by(self, account: str, sid: str) -> Sequence[Leg]:
        """Return the legs that this call dialled."""

    def recordings_of(self, account: str, sid: str) -> Sequence[Recording]:
        """Return the recordings of this call."""


class CallApi(CallLookup, Protocol):
    """A provider's API. It is asked for what the hooks left open."""

    def can_read(self, account: str) -> bool:
        """True if there are credentials for this account."""

    def calls_to(self, account: str, number: str, since: datetime) -> Sequence[Leg]:
        """Return the incoming calls to one of our lines that began since then.

        number: E.164. since: at most a day ago.
        """


@dataclass(frozen=True)
class Application:
    """Settings at the provider that several numbers may share. id: the provider's own."""

    id: str
    name: str
    callback: Callback


@dataclass(frozen=True)
class OwnNumber:
    """A number that the account has.

    id: the provider's own. number: E.164. callback: where its hooks go, if anywhere. method: of HTTP.
    name: what it is called at the provider. application: whose callback counts, and not one of its own.
    obstacle: why hooks of its calls cannot come, and what works instead.
    """

    id: str
    number: str
    callback: str | None
    method: str = "POST"
    account: str = ""
    name: str = ""
    application: Application | None = None
    obstacle: str | None = None

    @property
    def set_at(self) -> str:
        """Return the id of what has the callback: the application or the number."""
        return self.application.id if self.application else self.id


class NumberList(Protocol):
    """The numbers of an account. Errors: TemporaryError, CredentialsRefused, PermanentError.

    set_at: as of `OwnNumber`.
    """

    def wanted(self, base_url: str) -> Callback:
        """Return the callback with which hooks come here. base_url: PUBLIC_BASE_URL."""

    def all(self, account: str) -> Sequence[OwnNumber]:
        """Return all of them."""

    def subaccounts(self, account: str) -> Sequence[str]:
        """Return the ids of the active accounts under this one."""

    def callback(self, account: str, set_at: str) -> Callback:
        """Return a callback as it is now. PermanentError with status 404: there is no such thing."""

    def set_callback(self, account: str, set_at: str, callback: Callback) -> None:
        """Set a callback. An error that is `in_doubt`: it may be set."""


@dataclass(frozen=True)
class Provider:
    """A telephony provider: all that the rest of the adapter knows of it.

    name: stands in routes (/webhooks/<name>), in the keys of calls, and in bootstrap.PROVIDERS.
    label: the provider's name as people write it.
    accounts: the ids of the accounts whose call log can be read, because there are credentials for them.
    kept_headers: the headers of a hook that may help to explain it later. Others are not stored.
    signature_header: the one of them that holds the signature. Two hooks with the same one are the same hook.
    call_id_prefix: what stands before the 32 hexadecimal digits of each call's id, for shorter links to
    calls. None if ids have another form.
    numbers: None where the provider's API lists none.
    """

    name: str
    label: str
    hooks: HookParser
    api: CallApi
    media: Media
    call_log: CallLog
    accounts: Sequence[str]
    kept_headers: Sequence[str]
    signature_header: str
    call_id_prefix: str | None = None
    numbers: NumberList | None = None
