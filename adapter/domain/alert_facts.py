"""What do the rules of alerts look at, and what do they find? The rules are adapter.domain.alert_rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapter.domain.call import CallState


@dataclass(frozen=True)
class SilentApi:
    """A provider's API that does not answer, or refuses our key. account: its beginning, for people."""

    provider: str
    account: str
    since: datetime
    is_refusal: bool
    is_unreachable: bool


@dataclass(frozen=True)
class Writes:
    """What became of an integration's writes lately. failed: the calls that failed, by cause."""

    written: int
    failed: Mapping[str, int]


@dataclass(frozen=True)
class HeldCalls:
    """Calls that are held for one cause. waiting_long: those that came long ago."""

    count: int
    waiting_long: int


@dataclass(frozen=True)
class Compared:
    """What the last comparison with the providers' lists of calls found.

    missed: calls that no hook told of. unheard: listed calls that ended after the last hook that came.
    refused: accounts whose list the provider refused to show.
    """

    at: datetime
    missed: int
    unheard: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the rules look at, all of one moment. None: it could not be looked at.

    last_sign: of any worker. newest_hook: when the last hook came. pauses: since when the target refuses what,
    by name (adapter.storage.pauses). breakers: how many writes of an integration failed in a row, where it is
    left alone for that. numbers_elsewhere: the provider's ids of numbers whose callback pointed here once and
    does no longer.
    """

    now: datetime
    last_sign: datetime | None = None
    oldest_due: datetime | None = None
    newest_hook: datetime | None = None
    hooks_refused: int = 0
    parked: int = 0
    pauses: Mapping[str, datetime] = field(default_factory=dict)
    silent_apis: Sequence[SilentApi] = ()
    breakers: Mapping[str, int] = field(default_factory=dict)
    writes: Mapping[str, Writes] = field(default_factory=dict)
    held: Mapping[str, HeldCalls] = field(default_factory=dict)
    compared: Compared | None = None
    numbers_elsewhere: Sequence[str] = ()
    wrong_passwords: int | None = None


@dataclass(frozen=True, kw_only=True)
class HitCalls:
    """Which calls a trouble hits: those to which all conditions that are set apply.

    is_unwritten: they are to be written and are not. unheard_since: no hook told of them, and they came
    since then.
    """

    is_unwritten: bool = False
    is_retrying: bool = False
    due_before: datetime | None = None
    waits_for: str | None = None
    state: CallState | None = None
    cause: str | None = None
    integration_id: str | None = None
    came_before: datetime | None = None
    failed_since: datetime | None = None
    unheard_since: datetime | None = None


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong now.

    key: the same while it lasts. words: what it is and what to do about it. since: when it began, where that is
    known better than by when it was first seen.
    """

    key: str
    words: str
    hits: HitCalls | None = None
    since: datetime | None = None
