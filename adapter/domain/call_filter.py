"""Which calls does somebody want to see, and where in their list?"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from adapter.domain.call import CallState
from adapter.domain.cause import Cause
from adapter.domain.lines import PersonKind
from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction

MAX_CURSOR = 800


@dataclass(frozen=True)
class Search:
    """What is searched for; a call fits if one of these does.

    numbers: of the other side, in E.164. ending: the last digits of that number, four at least. id: of the
    call, of its job, or its key. words: beginnings of the words of the person's name; each has to fit.
    """

    numbers: frozenset[str] = frozenset()
    ending: str | None = None
    id: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class CallFilter:
    """Which calls are meant; None: all. Legs of other calls are left out unless their state is asked for.

    lines: numbers in E.164; kind: of the person. since, until: when the call was first heard of, aware UTC; the
    end is not part of it.
    """

    state: CallState | None = None
    outcome: Outcome | None = None
    cause: Cause | None = None
    lines: frozenset[str] | None = None
    kind: PersonKind | None = None
    direction: Direction | None = None
    since: datetime | None = None
    until: datetime | None = None
    search: Search | None = None


class Cursor(NamedTuple):
    """The place in a list behind this call. It stays right when calls are added, and among equal times."""

    first_seen_at: datetime
    key: str

    def encode(self) -> str:
        """The cursor as an opaque text for URLs."""
        text = json.dumps([self.first_seen_at.isoformat(), self.key])
        return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """The cursor that was encoded so. Errors: ValueError."""
        problem = ValueError("it is no place in a list that this adapter gave out")
        if len(text) > MAX_CURSOR:
            raise problem
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            moment, key = json.loads(packed)
            at = datetime.fromisoformat(moment)
            is_aware = at.tzinfo is not None
            at = at.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
            raise problem from error
        if not is_aware or not isinstance(key, str) or not key.isprintable():
            raise problem
        return cls(at, key)


@dataclass(frozen=True)
class Count:
    """How many calls there are. is_more: there are more than that."""

    value: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"more than {self.value:,}" if self.is_more else f"{self.value:,}"
