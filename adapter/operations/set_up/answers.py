"""Who answers the questions of a set-up, and what was given before any was asked?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adapter.domain.lines import UnknownCaller
from adapter.providers.base import OwnNumber
from adapter.targets.catalogue import Choice, Integration, Place, Question


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was said beforehand. Numbers are in E.164.

    places: the ids of properties by number. no_lines: numbers that are no line. integrations: ids; none: all.
    answers: by the key of a line, a text for all lines (under "") or for one number.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    no_lines: frozenset[str] = frozenset()
    integrations: Sequence[str] = ()
    unknown_caller: UnknownCaller | None = None
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def answer(self, key: str, number: str) -> str | None:
        """Return what was given for this key of the line with this number."""
        given = self.answers.get(key, {})
        return given.get(number) or given.get("") or None


@dataclass(frozen=True)
class Missing:
    """What has to be given. what: in words. key: of a line, or of a setting.

    choices: value and name of each. number: the line that it is about, if it is about one. problem: what is
    wrong with what was given. for_each: number and name of each that wants an answer.
    """

    what: str
    key: str
    choices: Sequence[tuple[str, str]] = ()
    number: str = ""
    problem: str = ""
    for_each: Sequence[tuple[str, str]] = ()


class NoLine:
    """The answer that a number is no line, now and later."""


class Asker(Protocol):
    """Answers questions about lines: somebody at a terminal, or nobody."""

    def integrations(self, usable: Sequence[Integration]) -> Sequence[Integration]:
        """Return those of these whose properties are to have lines. It is asked if there are several."""

    def place(
        self, number: OwnNumber, places: Sequence[Place], proposal: Place | None
    ) -> Place | NoLine | None:
        """Return the property of this number; None if nobody says. places: the most alike first."""

    def unknown_caller(self) -> UnknownCaller:
        """Return what to do with callers whom nobody knows."""

    def answer(self, number: OwnNumber, question: Question, usual: Choice | None) -> Choice | None:
        """Return the answer; None for none. usual: what another line of the same integration has."""

    def lacks(self, missing: Missing) -> None:
        """Take note of what has to be given, or is wrong with what was given."""
