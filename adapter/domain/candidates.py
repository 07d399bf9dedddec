"""Who could a call have been with, and what speaks for and against each?

The rule itself is `adapter.domain.matching.choose_person`; this says in words what it does with each person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapter.domain.lines import Line
from adapter.domain.matching import LONG_AGO, Person, choose_person


@dataclass(frozen=True)
class Candidate:
    """Somebody who has the number of a call.

    speaks_for, speaks_against: facts in words.
    why_not: why the rule does not choose this person; None if it does.
    """

    person: Person
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    why_not: str | None

    @property
    def is_choice(self) -> bool:
        return self.why_not is None


def candidates(number: str, people: Iterable[Person], line: Line) -> Sequence[Candidate]:
    """Everybody of the line's integration who has this number (E.164), the best first."""
    order = {kind: place for place, kind in enumerate(line.people)}
    having = [
        person
        for person in people
        if person.integration_id == line.integration_id
        and number in person.numbers | person.among_words
    ]
    choice = choose_person(number, having, line).person
    has_owner = any(number in person.numbers for person in having)

    def fit(person: Person) -> tuple[bool, bool, bool, bool, bool, int]:
        return (
            person.kind not in order,
            has_owner and number not in person.numbers,
            bool(person.refused),
            _is_elsewhere(person, line),
            not person.is_active,
            order.get(person.kind, len(order)),
        )

    def rank(person: Person) -> tuple[object, ...]:
        return (person != choice, *fit(person), LONG_AGO - person.updated_at, person.id)

    ranked = sorted(having, key=rank)

    def why_not(person: Person) -> str | None:
        if person == choice:
            return None
        is_tied = choice is None and fit(person) == fit(ranked[0])
        return _why_not(number, person, choice, line, has_owner=has_owner, is_tied=is_tied)

    return [
        Candidate(
            person,
            tuple(_facts(number, person, line, speak_for=True)),
            tuple(_facts(number, person, line, speak_for=False)),
            why_not(person),
        )
        for person in ranked
    ]


def _is_elsewhere(person: Person, line: Line) -> bool:
    return line.property_id is not None and person.property_id != line.property_id


def _facts(number: str, person: Person, line: Line, *, speak_for: bool) -> Iterable[str]:
    is_whole = number in person.numbers
    if is_whole is speak_for:
        yield (
            "the number is all of a phone field"
            if is_whole
            else "the number stands among other words in a phone field"
        )
    if person.is_active is speak_for:
        yield "active" if person.is_active else "closed"
    if line.property_id is not None and _is_elsewhere(person, line) is not speak_for:
        yield (
            "at the line's property"
            if speak_for
            else f"at another property ({person.property_id or 'none is known'})"
        )
    if not speak_for and person.kind not in line.people:
        yield f"the line takes no {person.kind.plural}"
    if not speak_for and person.refused:
        yield person.refused


def _why_not(
    number: str,
    person: Person,
    choice: Person | None,
    line: Line,
    *,
    has_owner: bool,
    is_tied: bool,
) -> str:
    if person.kind not in line.people:
        return f"this line does not look among {person.kind.plural}"
    if number not in person.numbers and has_owner:
        return "the number is all of somebody else's phone field"
    if person.refused:
        return person.refused
    if choice is None:
        how = "equally well, and this line holds such calls" if is_tied else "better"
        return f"others fit {how}"
    title = choice.title
    if _is_elsewhere(person, line) and not _is_elsewhere(choice, line):
        return f"{title} is at the line's property"
    if choice.is_active and not person.is_active:
        return f"{title} is active"
    if person.kind is not choice.kind:
        return f"this line prefers {choice.kind.plural} to {person.kind.plural}"
    if person.updated_at < choice.updated_at:
        return f"{title} was updated later"
    return f"{title} comes first by its id"
