"""Which one person was the call with? (design.md section 7)"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from adapter.calls.lines import Ambiguous, Line, PersonKind

# A day after the first one there is: in a time zone west of Greenwich that has to be a date too.
LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """A lead, applicant or resident as the target knows them. numbers: E.164; updated_at: aware UTC."""

    kind: PersonKind
    id: str
    integration_id: str
    name: str = ""
    property_id: str | None = None
    numbers: frozenset[str] = frozenset()
    is_active: bool = True
    updated_at: datetime = LONG_AGO
    vendor: str | None = None
    application_id: str | None = None
    refused: str = ""  # why the target takes no event for this person

    @property
    def title(self) -> str:
        """The person in lists: name and kind, or the id where no name is known."""
        return f"{self.name or self.id} ({self.kind.value})"


@dataclass(frozen=True)
class Match:
    """The person, or None; and in either case why, in words an operator understands."""

    person: Person | None
    because: str
    is_unknown: bool = False  # nobody at all has this number


def choose_person(number: str, candidates: Iterable[Person], line: Line) -> Match:
    """The one person of the call, by one deterministic rule; never two.

    The line's property first, then the kind (the line's order), then active before closed, then the
    latest updated. Only people of the line's integration who have this number (E.164) count.
    """
    order = {kind: place for place, kind in enumerate(line.people)}
    fitting = {
        (p.kind, p.id): p
        for p in sorted(candidates, key=lambda p: (p.updated_at, p.is_active, repr(p)))
        if number in p.numbers and p.kind in order and p.integration_id == line.integration_id
    }
    if not fitting:
        nobody = f"nobody with this number among the {_kinds(line.people)}"
        return Match(None, nobody, is_unknown=True)
    writable = {key: person for key, person in fitting.items() if not person.refused}
    if not writable:
        first = next(iter(fitting.values()))
        return Match(None, f"{first.kind.value} {first.id} has this number, but {first.refused}")
    fitting = writable

    def rank(person: Person) -> tuple[bool, int, bool, float]:
        elsewhere = line.property_id is not None and person.property_id != line.property_id
        return (elsewhere, order[person.kind], not person.is_active, -_stamp(person))

    ranked = sorted(fitting.values(), key=lambda p: (rank(p), p.id))
    best = ranked[0]
    tied = [p for p in ranked[1:] if rank(p)[:3] == rank(best)[:3]]
    if tied and line.ambiguous is Ambiguous.HOLD:
        names = ", ".join(sorted(p.id for p in [best, *tied]))
        return Match(None, f"{len(tied) + 1} people fit equally well: {names}")
    return Match(best, _explain(best, ranked, tied, line))


def _stamp(person: Person) -> float:
    return (person.updated_at - LONG_AGO).total_seconds()


def _explain(best: Person, ranked: Sequence[Person], tied: Sequence[Person], line: Line) -> str:
    state = "active " if best.is_active else "closed "
    at_line = line.property_id is not None and best.property_id == line.property_id
    place = " at the line's property" if at_line else ""
    if tied:
        what = f"the latest updated of {len(tied) + 1} {state}{best.kind.value}s with this number{place}"
    else:
        what = f"the only {state}{best.kind.value} with this number{place}"
    others = len(ranked) - 1 - len(tied)
    rest = ""
    if others:
        rest = f"; {others} other{'s' if others > 1 else ''} ranked behind"
    if line.property_id is not None and not at_line:
        rest += "; nobody with it at the line's property"
    return f"{best.kind.value} {best.id}: {what}{rest}"


def _kinds(kinds: Sequence[PersonKind]) -> str:
    words = [f"{kind.value}s" for kind in kinds]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
