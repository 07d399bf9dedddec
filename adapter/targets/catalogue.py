"""What does a target offer to choose from when lines are set up? `adapter setup` asks by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from adapter.domain.lines import Line


@dataclass(frozen=True)
class Integration:
    """An account at a system of property managers.

    system: its name. problem: why nothing can be written there.
    """

    id: str
    name: str
    system: str
    problem: str | None = None


@dataclass(frozen=True)
class Place:
    """A property. address: as far as it is known, else "". owner: the integration's name and system."""

    id: str
    name: str
    address: str
    integration_id: str
    is_active: bool = True
    owner: str = ""

    @property
    def label(self) -> str:
        """Return its name, and what tells it from others of the same name."""
        state = "" if self.is_active else "not active"
        return ", ".join(filter(None, [self.name, self.address, self.owner, state]))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One answer to a question: the key of a line and its value. remark: what tells it from others.

    ids: the target's own ids of it. is_likely: it is what calls usually have.
    """

    key: str
    value: str
    name: str
    remark: str = ""
    ids: frozenset[str] = frozenset()
    is_likely: bool = False

    def is_meant_by(self, text: str) -> bool:
        """Return whether this text is its id, its value or its name."""
        wanted = text.strip().casefold()
        return text in self.ids or wanted in (self.value.casefold(), self.name.casefold())


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a line lacks. key: of the line. what: in words. why: who needs it, as a sentence.

    choices: the likely ones first. is_needed: without it calls are held. is_free: other texts are allowed too.
    """

    key: str
    what: str
    why: str
    choices: Sequence[Choice]
    is_needed: bool = True
    is_free: bool = False

    @property
    def proposal(self) -> Choice | None:
        """Return the one choice that is likely, or that is there at all; None where there are more."""
        likely = [choice for choice in self.choices if choice.is_likely]
        found = likely or ([] if self.is_free else self.choices)
        return found[0] if len(found) == 1 else None

    def choice(self, text: str) -> Choice | None:
        """Return what this text means; None if it is no choice. Where nothing is listed, it is an id."""
        for choice in self.choices:
            if choice.is_meant_by(text):
                return choice
        if self.is_free or not self.choices:
            return Choice(key=self.key, value=text.strip(), name="")
        return None


@dataclass(frozen=True)
class FailureHook:
    """A webhook by which the target tells of failed writes. secret: with which it signs; None if not told."""

    url: str
    secret: str | None


class Catalogue(Protocol):
    """What there is at a target. Errors of all methods: RemoteError."""

    def integrations(self) -> Sequence[Integration]:
        """Return those of this key, without archived ones."""

    def places(self, integration_id: str) -> Sequence[Place]:
        """Return the properties of an integration, by their names."""

    def questions(self, line: Line) -> Sequence[Question]:
        """Return what this line lacks, in the order in which to ask; those that must be answered first."""

    def failure_hook(self, url: str) -> FailureHook | None:
        """Return the webhook to this address that tells of failed writes; None if there is none."""

    def add_failure_hook(self, url: str, secret: str) -> FailureHook:
        """Make such a webhook. An error that is in_doubt: it may have been made."""
